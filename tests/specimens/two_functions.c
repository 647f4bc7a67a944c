/* twice() does exactly two times the work of once(); nothing else takes time. Compilers make no
 * frame for a function that calls none, whatever -fno-omit-frame-pointer says; these two ask for
 * theirs. */
#include <stdint.h>
#include <stdlib.h>

static volatile uint64_t result;

static __attribute__((noinline)) void once(unsigned long steps)
{
	uint64_t state = steps + ((uintptr_t)__builtin_frame_address(0) & 1);

	for (unsigned long i = 0; i < steps; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
}

static __attribute__((noinline)) void twice(unsigned long steps)
{
	uint64_t state = steps + ((uintptr_t)__builtin_frame_address(0) & 1);

	for (unsigned long i = 0; i < 2 * steps; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 100;

	for (unsigned long i = 0; i < rounds; i++) {
		once(1000000);
		twice(1000000);
	}
	return 0;
}
