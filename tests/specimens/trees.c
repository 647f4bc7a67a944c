// flags: -fomit-frame-pointer -fno-optimize-sibling-calls
/* Known trees of calls without frame pointers, one by its name: deep (200 calls into one another),
 * handler (a signal's, on a stack of its own), alloca (frames of no fixed size), sorted (libc calls
 * back), child (after a fork), asleep (in the kernel, 200 deep). */
#include <alloca.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile uint64_t result;
static unsigned long rounds;

static __attribute__((noinline)) void work(void)
{
	uint64_t state = 1;

	for (int i = 0; i < 1000000; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		__asm__ volatile("" : "+r"(state));
	}
	result = state;
}

static __attribute__((noinline)) void nap(void)
{
	struct timespec time = { 0, 200000 };

	nanosleep(&time, NULL);
	__asm__ volatile("" ::: "memory");
}

static __attribute__((noinline)) void descend(int left, void (*bottom)(void))
{
	if (left > 0)
		descend(left - 1, bottom);
	else
		bottom();
	__asm__ volatile("" ::: "memory");
}

static void deep(void)
{
	for (unsigned long i = 0; i < rounds; i++)
		descend(199, work);
}

static void asleep(void)
{
	for (unsigned long i = 0; i < rounds; i++)
		descend(199, nap);
}

static void handle(int number)
{
	(void)number;
	work();
	__asm__ volatile("" ::: "memory");
}

static void interrupt(void)
{
	raise(SIGUSR1);
	__asm__ volatile("" ::: "memory");
}

static void handler(void)
{
	static char other[65536];
	stack_t stack = { .ss_sp = other, .ss_size = sizeof(other) };
	struct sigaction action = { .sa_handler = handle, .sa_flags = SA_ONSTACK };

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (unsigned long i = 0; i < rounds; i++)
		descend(20, interrupt);
}

static __attribute__((noinline)) void vary(int left)
{
	volatile char *room = alloca((size_t)(left % 7 + 1) * 40);

	room[0] = 1;
	if (left > 0)
		vary(left - 1);
	else
		work();
	result += (uint64_t)room[0];
}

static void varied(void)
{
	for (unsigned long i = 0; i < rounds; i++)
		vary(50);
}

static int compare(const void *one, const void *other)
{
	work();
	return *(const int *)one - *(const int *)other;
}

static void sorted(void)
{
	for (unsigned long i = 0; i < rounds / 8 + 1; i++) {
		int numbers[] = { 4, 3, 2, 1, 8, 7, 6, 5 };

		qsort(numbers, 8, sizeof(*numbers), compare);
	}
}

static void child(void)
{
	pid_t pid = fork();

	if (!pid) {
		deep();
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} trees[] = { { "deep", deep },     { "handler", handler }, { "alloca", varied },
		      { "sorted", sorted }, { "child", child },     { "asleep", asleep } };

	rounds = argc > 2 ? strtoul(argv[2], NULL, 10) : 300;
	for (size_t i = 0; argc > 1 && i < sizeof(trees) / sizeof(*trees); i++)
		if (!strcmp(trees[i].name, argv[1])) {
			trees[i].run();
			return 0;
		}
	fprintf(stderr, "trees: which?\n");
	return 1;
}
