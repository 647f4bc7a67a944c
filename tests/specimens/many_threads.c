/* Starts five thousand threads (or as many as told), up to fifty alive at a time; each does a
 * little work and ends. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#define ALIVE 50
static volatile uint64_t result;

static __attribute__((noinline)) void *thread_work(void *unused)
{
	uint64_t state = 1;

	for (int i = 0; i < 50000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
	return unused;
}

int main(int argc, char **argv)
{
	unsigned long left = argc > 1 ? strtoul(argv[1], NULL, 10) : 5000;
	pthread_t threads[ALIVE];

	while (left > 0) {
		unsigned long count = left < ALIVE ? left : ALIVE;

		for (unsigned long i = 0; i < count; i++)
			if (pthread_create(&threads[i], NULL, thread_work, NULL))
				return 1;
		for (unsigned long i = 0; i < count; i++)
			pthread_join(threads[i], NULL);
		left -= count;
	}
	return 0;
}
