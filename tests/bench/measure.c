/* Runs commands in turn, round after round, and prints for each the medians of its wall time in
 * seconds, of the CPU time in seconds of it and all that it started, whether it waited for them or
 * not, and of the peak memory in KiB of the biggest of these.
 *   measure ROUNDS -- COMMAND ARGUMENT… [-- COMMAND ARGUMENT…]… */
#define _GNU_SOURCE
#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#define COMMANDS_MAX 8
#define ROUNDS_MAX 1000

extern char **environ;

struct run {
	double wall_s, cpu_s, peak_kib;
};
static struct run runs[COMMANDS_MAX][ROUNDS_MAX];

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void add_usage(struct run *run, const struct rusage *usage)
{
	run->cpu_s += seconds_of(usage->ru_utime) + seconds_of(usage->ru_stime);
	if ((double)usage->ru_maxrss > run->peak_kib)
		run->peak_kib = (double)usage->ru_maxrss;
}

static struct run run_once(char **command, const posix_spawn_file_actions_t *quiet)
{
	struct rusage usage;
	struct run run = { 0 };
	int status;
	pid_t pid;
	double began_s = now_s();

	if (posix_spawnp(&pid, command[0], quiet, NULL, command, environ) ||
	    wait4(pid, &status, 0, &usage) != pid || !WIFEXITED(status) || WEXITSTATUS(status)) {
		fprintf(stderr, "measure: %s failed\n", command[0]);
		exit(1);
	}
	run.wall_s = now_s() - began_s;
	add_usage(&run, &usage);
	/* perf leaves the programs that read debug information for it to themselves. */
	while (wait4(-1, NULL, 0, &usage) > 0)
		add_usage(&run, &usage);
	return run;
}

static int compare(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return (a > b) - (a < b);
}

/* Of the double at this offset in each run. */
static double median(const struct run *of, int count, size_t offset)
{
	double values[ROUNDS_MAX];

	for (int i = 0; i < count; i++)
		memcpy(&values[i], (const char *)&of[i] + offset, sizeof(double));
	qsort(values, (size_t)count, sizeof(double), compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

int main(int argc, char **argv)
{
	char **commands[COMMANDS_MAX];
	int command_count = 0, rounds = argc > 1 ? atoi(argv[1]) : 0;
	posix_spawn_file_actions_t quiet;

	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "--") != 0)
			continue;
		if (command_count == COMMANDS_MAX || i + 1 == argc)
			return 2;
		commands[command_count++] = &argv[i + 1];
		argv[i] = NULL;
	}
	if (rounds < 1 || rounds > ROUNDS_MAX || command_count == 0) {
		fputs("usage: measure ROUNDS -- COMMAND… [-- COMMAND…]…\n", stderr);
		return 2;
	}
	/* What is left behind becomes a child of this process. */
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < command_count; i++)
			runs[i][round] = run_once(commands[i], &quiet);
	for (int i = 0; i < command_count; i++)
		printf("%.6f %.6f %.0f\n", median(runs[i], rounds, offsetof(struct run, wall_s)),
		       median(runs[i], rounds, offsetof(struct run, cpu_s)),
		       median(runs[i], rounds, offsetof(struct run, peak_kib)));
	posix_spawn_file_actions_destroy(&quiet);
	return 0;
}
