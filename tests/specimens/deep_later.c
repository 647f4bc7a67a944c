/* shallow() works for some 300 ms with next to nothing on the stack, then descend() does the same
 * below 40 frames of 128 bytes: what was learnt of the first stacks is too little for the others.
 */
#include <stdint.h>
#include <stdlib.h>

static volatile uint64_t result;

static __attribute__((noinline)) void work(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 1000000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
}

static __attribute__((noinline)) void shallow(unsigned long rounds)
{
	for (unsigned long i = 0; i < rounds; i++)
		work();
	result++;
}

static __attribute__((noinline)) void descend(int left, unsigned long rounds)
{
	volatile char wide[128];

	wide[left] = 1;
	if (left > 0)
		descend(left - 1, rounds);
	else
		shallow(rounds);
	result += (uint64_t)wide[left];
}

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 300;

	shallow(rounds);
	descend(40, 3 * rounds);
	return 0;
}
