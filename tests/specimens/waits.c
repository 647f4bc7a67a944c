/* A thread that sleeps, waits for a lock and a pipe, writes to a disk, touches pages of a file, and
 * computes: a function for each, which tells how long it took and how long of that on a CPU. */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 4
#define NAP_US 40000
#define FILE_BYTES (1 << 20)

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int to_partner[2], from_partner[2];
static const char *path;
static volatile uint64_t sink;

static uint64_t now(clockid_t clock)
{
	struct timespec at;
	clock_gettime(clock, &at);
	return (uint64_t)at.tv_sec * 1000000000u + (uint64_t)at.tv_nsec;
}

__attribute__((noinline)) static void sleeps(void)
{
	usleep(NAP_US);
}

/* The partner takes the lock, answers, naps and gives it back. */
__attribute__((noinline)) static void waits_for_lock(void)
{
	char byte = 'l';
	if (write(to_partner[1], &byte, 1) != 1 || read(from_partner[0], &byte, 1) != 1)
		exit(1);
	pthread_mutex_lock(&lock);
	pthread_mutex_unlock(&lock);
}

/* The partner naps and answers. */
__attribute__((noinline)) static void reads_pipe(void)
{
	char byte = 'p';
	if (write(to_partner[1], &byte, 1) != 1 || read(from_partner[0], &byte, 1) != 1)
		exit(1);
}

__attribute__((noinline)) static void writes_disk(void)
{
	static char block[1 << 16];
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	for (int i = 0; fd >= 0 && i < FILE_BYTES / (int)sizeof(block); i++) {
		memset(block, i, sizeof(block));
		if (write(fd, block, sizeof(block)) < 0 || (i % 16 == 15 && fdatasync(fd)))
			exit(1);
	}
	close(fd);
}

__attribute__((noinline)) static void touches_file(void)
{
	int fd = open(path, O_RDONLY);
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	char *map = mmap(NULL, FILE_BYTES, PROT_READ, MAP_PRIVATE, fd, 0);
	if (map == MAP_FAILED)
		exit(1);
	madvise(map, FILE_BYTES, MADV_RANDOM);
	for (size_t i = 0; i < FILE_BYTES; i += 4096)
		sink += (uint64_t)map[i];
	munmap(map, FILE_BYTES);
	close(fd);
}

__attribute__((noinline)) static void computes(void)
{
	uint64_t until = now(CLOCK_THREAD_CPUTIME_ID) + NAP_US * 1000ull;
	while (now(CLOCK_THREAD_CPUTIME_ID) < until)
		for (int i = 0; i < 10000; i++)
			sink += (uint64_t)i * i;
}

static void *partner(void *unused)
{
	char byte;
	while (read(to_partner[0], &byte, 1) == 1 && byte != 'e') {
		if (byte == 'l')
			pthread_mutex_lock(&lock);
		else
			usleep(NAP_US);
		if (write(from_partner[1], &byte, 1) != 1)
			exit(1);
		if (byte != 'l')
			continue;
		usleep(NAP_US);
		pthread_mutex_unlock(&lock);
	}
	return unused;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*call)(void);
	} phases[] = {
		{ "sleeps", sleeps },
		{ "waits_for_lock", waits_for_lock },
		{ "reads_pipe", reads_pipe },
		{ "writes_disk", writes_disk },
		{ "touches_file", touches_file },
		{ "computes", computes },
	};
	uint64_t life = now(CLOCK_MONOTONIC), cpu = now(CLOCK_THREAD_CPUTIME_ID);
	pthread_t thread;
	path = argc > 1 ? argv[1] : "waits.data";
	if (pipe(to_partner) || pipe(from_partner) || pthread_create(&thread, NULL, partner, NULL))
		return 1;
	for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
		uint64_t wall_ns = now(CLOCK_MONOTONIC), cpu_ns = now(CLOCK_THREAD_CPUTIME_ID);
		for (int round = 0; round < ROUNDS; round++)
			phases[i].call();
		cpu_ns = now(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
		wall_ns = now(CLOCK_MONOTONIC) - wall_ns;
		printf("%s %llu %llu\n", phases[i].name, (unsigned long long)wall_ns,
		       (unsigned long long)cpu_ns);
	}
	char byte = 'e';
	if (write(to_partner[1], &byte, 1) != 1)
		return 1;
	pthread_join(thread, NULL);
	unlink(path);
	printf("main %llu %llu\n", (unsigned long long)(now(CLOCK_MONOTONIC) - life),
	       (unsigned long long)(now(CLOCK_THREAD_CPUTIME_ID) - cpu));
	return 0;
}
