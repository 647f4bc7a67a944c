/* touch() does nothing but touch pages for the first time, compute() never does. Arguments: rounds;
 * and anything more lets a thread go through them as well, before main does. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

static volatile uint64_t result;

static __attribute__((noinline)) void compute(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 4000000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
}

static __attribute__((noinline)) void touch(void)
{
	size_t size_bytes = 8 << 20;
	char *pages =
		mmap(NULL, size_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pages == MAP_FAILED)
		abort();
	for (size_t i = 0; i < size_bytes; i += 4096)
		((volatile char *)pages)[i] = 1;
	munmap(pages, size_bytes);
}

static void *rounds(void *count)
{
	for (uintptr_t i = 0; i < (uintptr_t)count; i++) {
		compute();
		touch();
	}
	return NULL;
}

int main(int argc, char **argv)
{
	uintptr_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 30;
	pthread_t thread;

	if (argc > 2 && !pthread_create(&thread, NULL, rounds, (void *)count))
		pthread_join(thread, NULL);
	rounds((void *)count);
	return 0;
}
