/* Two threads: "three-parts" does three times the work of "one-part"; the main thread waits. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

static unsigned long part_rounds = 100;
static volatile uint64_t result;

static __attribute__((noinline)) void part(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 1000000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
}

static void *one_part(void *unused)
{
	pthread_setname_np(pthread_self(), "one-part");
	for (unsigned long i = 0; i < part_rounds; i++)
		part();
	return unused;
}

static void *three_parts(void *unused)
{
	pthread_setname_np(pthread_self(), "three-parts");
	for (unsigned long i = 0; i < 3 * part_rounds; i++)
		part();
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t one, three;

	if (argc > 1)
		part_rounds = strtoul(argv[1], NULL, 10);
	if (pthread_create(&one, NULL, one_part, NULL) ||
	    pthread_create(&three, NULL, three_parts, NULL))
		return 1;
	pthread_join(one, NULL);
	pthread_join(three, NULL);
	return 0;
}
