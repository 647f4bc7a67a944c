/* All time is spent in innermost(), which is inlined into middle(), which is inlined into outer():
 * outer() is the only one of the three with an address. */
#include <stdint.h>
#include <stdlib.h>

static volatile uint64_t result;

static inline __attribute__((always_inline)) uint64_t innermost(uint64_t state)
{
	for (int i = 0; i < 1000000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	return state;
}

static inline __attribute__((always_inline)) uint64_t middle(uint64_t state)
{
	return innermost(state + 1);
}

static __attribute__((noinline)) void outer(uint64_t state)
{
	/* So that it has a frame although it calls nothing. */
	result = middle(state + ((uintptr_t)__builtin_frame_address(0) & 1));
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 300;

	for (unsigned long i = 0; i < rounds; i++)
		outer(i);
	return 0;
}
