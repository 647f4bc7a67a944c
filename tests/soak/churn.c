/* Starts programs and lets them die, some at a time, for so many seconds: half of them are exec'd,
 * half only forked. Prints how many there were. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile unsigned long sink;

static void compute(void)
{
	for (unsigned long i = 0; i < 300000; i++)
		sink += i;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 10, until_s = now_s() + seconds;
	unsigned long most = argc > 2 ? strtoul(argv[2], NULL, 10) : 4, alive = 0, all = 0;
	struct timespec breath = { .tv_nsec = 2000000 };

	while (now_s() < until_s) {
		for (; alive < most; alive++, all++) {
			pid_t child = fork();

			if (child < 0)
				return 1;
			if (!child && all % 2) {
				compute();
				_exit(0);
			}
			if (!child) {
				execlp("true", "true", (char *)NULL);
				_exit(127);
			}
		}
		while (alive && waitpid(-1, NULL, alive == most ? 0 : WNOHANG) > 0)
			alive--;
		nanosleep(&breath, NULL);
	}
	while (alive && waitpid(-1, NULL, 0) > 0)
		alive--;
	printf("%lu\n", all);
	return 0;
}
