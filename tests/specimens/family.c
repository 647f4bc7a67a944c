/* A family of processes and threads, each of which runs burn() for a share of its own:
 * parent 8, forked child 4, two threads 2 each; and a child that becomes another program. */
// flags: -fno-inline
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile long sum;

static void burn(long thousands)
{
	for (long i = 0; i < thousands * 1000; i++)
		sum += i;
}

static void *run_thread(void *unused)
{
	burn(20);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	burn(80);
	if (!fork()) {
		burn(40);
		_exit(0);
	}
	if (!fork()) {
		execlp("true", "true", (char *)NULL);
		_exit(1);
	}
	while (wait(NULL) > 0)
		;
	for (int i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, run_thread, NULL);
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	if (argc > 1)
		*(volatile int *)NULL = **argv;
	return 5;
}
