/* descend() calls itself 200 times, far beyond the kernel's usual 127 frames, and works at the
 * bottom. */
#include <stdint.h>
#include <stdlib.h>

static volatile uint64_t result;

static __attribute__((noinline)) void bottom(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 1000000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
}

static __attribute__((noinline)) void descend(int left)
{
	if (left > 0)
		descend(left - 1);
	else
		bottom();
	/* Work after the call, or it would become a jump. */
	__asm__ volatile("" ::: "memory");
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 300;

	for (unsigned long i = 0; i < rounds; i++)
		descend(199);
	return 0;
}
