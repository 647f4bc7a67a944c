/* descend() calls itself 60 times (or as told) with half a KiB in each frame, so that the stack is
 * deeper than a copy of 8 KiB, and works at the bottom. */
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
	volatile char wide[512];

	wide[left] = 1;
	if (left > 0)
		descend(left - 1);
	else
		bottom();
	result += (uint64_t)wide[left];
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 300;
	int depth = argc > 2 ? atoi(argv[2]) : 60;

	for (unsigned long i = 0; i < rounds; i++)
		descend(depth);
	return 0;
}
