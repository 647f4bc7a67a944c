/* Forks a thousand children (or as many as told), one after the other; each does a little work. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile uint64_t result;

static __attribute__((noinline)) void child_work(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 200000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
}

int main(int argc, char **argv)
{
	unsigned long children = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;

	for (unsigned long i = 0; i < children; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid == 0) {
			child_work();
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	return 0;
}
