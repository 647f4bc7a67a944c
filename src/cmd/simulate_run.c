/* The simulated command from its start to what was counted, with a word on how long it takes. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "signals.h"
#include "simulate.h"

#define TICK_MS 1000
/* What callgrind with caches and branches takes of a program's own time: the less of it a program
 * waits for memory, the more. */
#define SLOWDOWN "some 50 times its own time (25 to 150)"

static void print_plan(const struct simulate_plan *plan)
{
	struct ev_arena arena = { 0 };
	if (!plan->quiet)
		fprintf(stderr,
			"[ evprof %s: simulating %s under valgrind's callgrind: expect " SLOWDOWN
			" ]\n",
			plan->verb->name, ev_text_safe(&arena, plan->command[0]));
	ev_arena_done(&arena);
}

/* One line that is written over; nothing is left of it. */
static void print_progress(const struct simulate_plan *plan, uint64_t elapsed_ns, bool clear)
{
	if (plan->quiet || !isatty(STDERR_FILENO))
		return;
	if (clear)
		fputs("\r\033[K", stderr);
	else
		fprintf(stderr, "\r\033[K[ evprof %s: simulating for %llu s ]", plan->verb->name,
			(unsigned long long)(elapsed_ns / 1000000000));
	fflush(stderr);
}

static void pass_on(struct ev_workload *workload, int *passed)
{
	int number = signals_stop();
	if (!number || number == *passed)
		return;
	if (!(number == SIGINT && signals_share_terminal()))
		ev_workload_signal(workload, number);
	*passed = number;
}

static void run_until_over(struct simulate_plan *plan)
{
	struct ev_workload *workload = ev_simulation_workload(plan->simulation);
	struct pollfd fds[] = { { .fd = signals_fd(), .events = POLLIN },
				{ .fd = ev_simulation_fd(plan->simulation), .events = POLLIN } };
	uint64_t begin_ns = ev_now_ns(), shown_s = 0;
	int passed = 0;
	while (ev_workload_ended(workload, false, &plan->status, NULL) != 1) {
		pass_on(workload, &passed);
		poll(fds, EV_LENGTH(fds), TICK_MS);
		signals_clear();
		ev_simulation_tend(plan->simulation);
		plan->elapsed_ns = ev_now_ns() - begin_ns;
		if (plan->elapsed_ns / 1000000000 > shown_s) {
			shown_s = plan->elapsed_ns / 1000000000;
			print_progress(plan, plan->elapsed_ns, false);
		}
	}
	plan->elapsed_ns = ev_now_ns() - begin_ns;
	if (shown_s)
		print_progress(plan, 0, true);
}

static int exec_status(int rc)
{
	return rc == -ENOENT   ? STATUS_NOT_FOUND
	       : rc == -EACCES ? STATUS_NOT_EXECUTABLE
			       : STATUS_REFUSED;
}

static int read_result(struct simulate_plan *plan)
{
	struct ev_err err = { 0 };
	char text[256];
	bool ended = WIFEXITED(plan->status);
	int status = ended ? WEXITSTATUS(plan->status) : STATUS_SIGNAL + WTERMSIG(plan->status);
	if (!ev_simulation_read(plan->simulation, &plan->result, &err)) {
		snprintf(plan->model, sizeof(plan->model), "%s: %s", plan->result.simulator,
			 ev_caches_text(&plan->how.caches, text, sizeof(text)));
		return -1;
	}
	if (ended && status)
		complain_text(plan->verb, 0,
			      "%s; valgrind may have refused to run '%s' (exit status %d; what it "
			      "says stands above)",
			      err.text, plan->command[0], status);
	else
		complain(plan->verb, &err, 0);
	return status ? status : STATUS_FAILED;
}

int simulate_run(struct simulate_plan *plan)
{
	struct ev_err err = { 0 };
	plan->how.command = plan->command;
	int rc = ev_simulation_start(&plan->simulation, &plan->how, &err);
	if (rc)
		return complain(plan->verb, &err, exec_status(rc));
	print_plan(plan);
	rc = ev_workload_go(ev_simulation_workload(plan->simulation), &err);
	if (rc)
		return complain(plan->verb, &err, STATUS_REFUSED);
	run_until_over(plan);
	return read_result(plan);
}
