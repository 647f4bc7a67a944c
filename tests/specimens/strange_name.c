/* Gives itself a name that would recolour a terminal and set its title, and works. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/prctl.h>

static volatile uint64_t result;

int main(int argc, char **argv)
{
	unsigned long rounds = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
	uint64_t state = 1;

	prctl(PR_SET_NAME, "\033[31mred\n\033]0;x", 0, 0, 0);
	for (unsigned long i = 0; i < rounds * 1000000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
	return 0;
}
