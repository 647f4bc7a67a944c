/* Threads with known shares of the work: worker-1 does one part, worker-2 two parts, and so on.
 * With the usual four threads they take 10, 20, 30 and 40 % of the time. */
#define _GNU_SOURCE
#include <getopt.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static unsigned long part_steps = 30000000;
static volatile uint64_t result;

static __attribute__((noinline)) uint64_t work(unsigned long steps)
{
	uint64_t state = steps;

	for (unsigned long i = 0; i < steps; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	return state;
}

static void *worker(void *argument)
{
	unsigned number = (unsigned)(uintptr_t)argument;
	char name[16];

	snprintf(name, sizeof(name), "worker-%u", number);
	pthread_setname_np(pthread_self(), name);
	result = work(number * part_steps);
	return NULL;
}

static void usage(void)
{
	fputs("usage: threads [-t threads] [-s steps of one part]\n", stderr);
	exit(2);
}

static unsigned long number(const char *text, unsigned long limit)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || value < 1 || value > limit)
		usage();
	return value;
}

int main(int argc, char **argv)
{
	unsigned count = 4;
	int option;

	while ((option = getopt(argc, argv, "t:s:")) != -1) {
		switch (option) {
		case 't':
			count = (unsigned)number(optarg, 1000);
			break;
		case 's':
			part_steps = number(optarg, 1000000000);
			break;
		default:
			usage();
		}
	}
	pthread_t *threads = calloc(count, sizeof(*threads));
	if (!threads || optind < argc)
		usage();
	for (unsigned i = 0; i < count; i++) {
		if (pthread_create(&threads[i], NULL, worker, (void *)(uintptr_t)(i + 1)) != 0) {
			perror("threads");
			return 1;
		}
	}
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	free(threads);
	printf("%u threads did %u parts\n", count, count * (count + 1) / 2);
	return 0;
}
