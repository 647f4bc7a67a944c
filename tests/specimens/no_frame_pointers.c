// flags: -fomit-frame-pointer
/* outer() calls inner(), without frame pointers: chains walked over frame pointers lose outer(). */
#include <stdint.h>
#include <stdlib.h>

static volatile uint64_t result;

static __attribute__((noinline)) void inner(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 1000000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
}

static __attribute__((noinline)) void outer(void)
{
	inner();
	__asm__ volatile("" ::: "memory");
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 300;

	for (unsigned long i = 0; i < rounds; i++)
		outer();
	return 0;
}
