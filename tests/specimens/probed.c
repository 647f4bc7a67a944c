/* work() is called 1000 times by each of four threads, of a child and of the child's child, ten
 * times over: 60000 calls, most of them in threads and processes that are born meanwhile. */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define THREADS 4
#define ROUNDS 10
#define CALLS 1000

static volatile int result;

__attribute__((noinline)) int work(int n);
int work(int n)
{
	result = n;
	return n + 1;
}

static void *run(void *argument)
{
	for (int i = 0; i < CALLS; i++)
		work(i);
	return argument;
}

/* In a process of its own, the given number of generations deep. */
static int descend(int generations)
{
	pid_t pid = generations ? fork() : 1;
	int status = 0;

	if (pid < 0)
		return 1;
	if (pid == 0) {
		run(NULL);
		_exit(descend(generations - 1));
	}
	if (generations && (waitpid(pid, &status, 0) != pid || status))
		return 1;
	return 0;
}

int main(void)
{
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t threads[THREADS];

		for (int i = 0; i < THREADS; i++)
			if (pthread_create(&threads[i], NULL, run, NULL)) {
				perror("a thread can't be made");
				return 1;
			}
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		if (descend(2)) {
			perror("a child can't be made");
			return 1;
		}
	}
	return 0;
}
