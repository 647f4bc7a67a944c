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
 * waits for memory, the more. Measured: 26 times where nearly every load misses, 211 for sorting.
 */
enum { SLOWDOWN_LEAST = 25, SLOWDOWN_USUAL = 50, SLOWDOWN_MOST = 200 };
#define START_S 0.5 /* of the simulator itself */

/* "1:05 min" */
static const char *span(struct ev_arena *arena, double seconds)
{
	char text[32];
	unsigned long long minutes = (unsigned long long)(seconds / 60);
	if (seconds < 10)
		return ev_arena_printf(arena, "%s s",
				       ev_format_fixed(text, sizeof(text), seconds, 1));
	if (seconds < 100)
		return ev_arena_printf(arena, "%s s",
				       ev_format_fixed(text, sizeof(text), seconds, 0));
	if (minutes < 100)
		return ev_arena_printf(arena, "%llu:%02d min", minutes,
				       (int)(seconds - 60.0 * (double)minutes));
	return ev_arena_printf(arena, "%llu:%02llu h", minutes / 60, minutes % 60);
}

static double expected_s(const struct simulate_plan *plan, int slowdown)
{
	return START_S + plan->own_time_s * slowdown;
}

static void print_plan(const struct simulate_plan *plan)
{
	struct ev_arena arena = { 0 };
	const char *expect =
		plan->own_time_s > 0
			? ev_arena_printf(&arena,
					  "about %s (%s to %s), estimated from the %s that it "
					  "computes by itself",
					  span(&arena, expected_s(plan, SLOWDOWN_USUAL)),
					  span(&arena, expected_s(plan, SLOWDOWN_LEAST)),
					  span(&arena, expected_s(plan, SLOWDOWN_MOST)),
					  span(&arena, plan->own_time_s))
			: ev_arena_printf(&arena,
					  "about %d s (%d to %d, estimated) for each second that "
					  "it computes by itself",
					  SLOWDOWN_USUAL, SLOWDOWN_LEAST, SLOWDOWN_MOST);
	if (!plan->quiet)
		fprintf(stderr,
			"[ evprof %s: simulating %s under valgrind's callgrind: expect %s ]\n",
			plan->verb->name, ev_text_safe(&arena, plan->command[0]), expect);
	ev_arena_done(&arena);
}

/* One line that is written over; nothing is left of it. */
static void print_progress(const struct simulate_plan *plan, uint64_t elapsed_ns, bool clear)
{
	struct ev_arena arena = { 0 };
	double elapsed_s = (double)elapsed_ns / 1e9;
	if (plan->quiet || !isatty(STDERR_FILENO))
		return;
	fputs("\r\033[K", stderr);
	if (!clear && plan->own_time_s > 0)
		fprintf(stderr, "[ evprof %s: simulating for %s of about %s, estimated ]",
			plan->verb->name, span(&arena, elapsed_s),
			span(&arena, expected_s(plan, SLOWDOWN_USUAL)));
	else if (!clear)
		fprintf(stderr,
			"[ evprof %s: simulating for %s: about %s of the program's own time, "
			"estimated ]",
			plan->verb->name, span(&arena, elapsed_s),
			span(&arena,
			     elapsed_s > START_S ? (elapsed_s - START_S) / SLOWDOWN_USUAL : 0));
	fflush(stderr);
	ev_arena_done(&arena);
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
