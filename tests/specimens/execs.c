/* Works in before_exec(), then becomes the command given as its arguments. */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

static volatile uint64_t result;

static __attribute__((noinline)) void before_exec(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 100000000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
}

int main(int argc, char **argv)
{
	before_exec();
	if (argc < 2)
		return 0;
	execvp(argv[1], argv + 1);
	perror(argv[1]);
	return 127;
}
