/* One run: the command and the counters are opened, counting goes on until the command ends, the
 * time is over or someone says stop, and everything is read. */
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "signals.h"
#include "stat.h"

#define MS_NS 1000000ull
#define LOOK_NS (50 * MS_NS)    /* how often to see whether watched processes are gone */
#define GATHER_NS (10 * MS_NS)  /* how often to take in what ended threads have counted */
#define GRACE_NS (2000 * MS_NS) /* from SIGTERM to SIGKILL, when the time is over */

static bool watches_command(const struct stat_run *run)
{
	return run->target.kind == EV_TARGET_COMMAND;
}

bool stat_follows_threads(const struct stat_run *run)
{
	size_t running;
	bool lost;
	if (!run->options->per_thread || watches_command(run))
		return run->options->per_thread;
	return run->counters && ev_counters_follow(run->counters, &running, &lost);
}

/* ---- opening ----------------------------------------------------------------------------------
 */

static int open_counters(struct stat_run *run, struct ev_err *err)
{
	struct ev_counters_options options = {
		.per_thread = run->options->per_thread,
		.newborn = run->options->per_thread && !watches_command(run) &&
			   !run->options->interval_ms && !run->options->target.no_inherit &&
			   run->options->repeat == 1,
		.at_exec = watches_command(run) && run->options->delay_ms == 0,
		.only = run->passes.only,
	};
	options.disabled = !options.at_exec;
	if (watches_command(run) && run->workload) {
		free(run->target.ids);
		run->target.ids = ev_alloc(sizeof(*run->target.ids));
		run->target.ids[0] = ev_workload_pid(run->workload);
		run->target.id_count = 1;
	}
	if (!run->events.count)
		return 0;
	int rc = ev_counters_open(&run->counters, &run->events, &run->target, &options, err);
	if (!rc)
		run->watched = ev_counters_place_count(run->counters, &run->unsettled);
	return rc ? rc : stat_counts_opened(run, err);
}

/* 0, or the exit status. */
static int open_run(struct stat_run *run)
{
	struct ev_err err = { 0 };
	/* To follow every thread, the events must be there before the first one is. */
	bool counters_first = stat_follows_threads(run);
	int rc = counters_first ? open_counters(run, &err) : 0;
	if (!rc && run->options->command)
		rc = ev_workload_start(&run->workload, run->options->command, &err);
	if (!rc && !counters_first)
		rc = open_counters(run, &err);
	if (!rc)
		rc = stat_output_open(run, &err);
	return rc ? complain(run->verb, &err, STATUS_REFUSED) : 0;
}

/* What is to be known of the moment when counting begins. */
static void mark_start(struct stat_run *run)
{
	run->start_ns = run->interval_ns = ev_now_ns();
	stat_measure_begin(run);
	stat_slices_begin(run);
}

/* Begin to count what does not begin by itself at the exec. */
static int enable(struct stat_run *run, struct ev_err *err)
{
	mark_start(run);
	if (run->target.kind == EV_TARGET_SYSTEM)
		run->machine = stat_machine_now(&run->target);
	return run->counters ? ev_counters_enable(run->counters, err) : 0;
}

/* 0, or the exit status. */
static int start_run(struct stat_run *run)
{
	struct ev_err err = { 0 };
	int rc = 0;
	if (!run->options->delay_ms && !watches_command(run))
		rc = enable(run, &err);
	if (rc)
		return complain(run->verb, &err, STATUS_REFUSED);
	if (!run->options->delay_ms && watches_command(run))
		mark_start(run);
	run->command_ns = ev_now_ns();
	if (!run->workload)
		return 0;
	rc = ev_workload_go(run->workload, &err);
	if (!rc)
		return 0;
	return complain(run->verb, &err, rc == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
}

/* ---- counting ---------------------------------------------------------------------------------
 */

/* What must happen without a signal; 0 = never. */
struct stat_deadlines {
	uint64_t enable_ns, stop_ns, next_ns;
};

static void wait_until(struct stat_run *run, const struct stat_deadlines *at)
{
	uint64_t now_ns = ev_now_ns(), until = UINT64_MAX;
	const uint64_t all[] = { at->enable_ns,
				 at->stop_ns,
				 at->next_ns,
				 run->command_ended ? 0 : run->slices.next_ns,
				 run->workload ? 0 : now_ns + LOOK_NS,
				 stat_follows_threads(run) ? now_ns + GATHER_NS : 0 };
	for (size_t i = 0; i < EV_LENGTH(all); i++) {
		if (all[i] && all[i] < until)
			until = all[i];
	}
	uint64_t left = until > now_ns ? until - now_ns : 0;
	struct timespec time = { (time_t)(left / 1000000000), (long)(left % 1000000000) };
	struct pollfd fds[] = { { .fd = signals_fd(), .events = POLLIN },
				{ .fd = run->control.fd, .events = POLLIN } };
	ppoll(fds, EV_LENGTH(fds), until == UINT64_MAX ? NULL : &time, NULL);
	signals_clear();
	if (run->counters)
		ev_counters_gather(run->counters, false, NULL);
}

static bool has_ended(struct stat_run *run)
{
	if (run->workload && !run->command_ended)
		run->command_ended =
			ev_workload_ended(run->workload, false, &run->status, &run->usage) > 0;
	return run->command_ended;
}

/* Someone wants an end: a watched command decides itself when, all else is left at once. */
static bool stops_at_signal(struct stat_run *run, bool *passed_on)
{
	int number = signals_stop();
	if (!number || !watches_command(run))
		return number;
	if (!*passed_on && !(number == SIGINT && signals_share_terminal()))
		ev_workload_signal(run->workload, number);
	*passed_on = true;
	return false;
}

static bool is_over(struct stat_run *run, const struct stat_deadlines *at, bool *passed_on)
{
	const struct stat_options *options = run->options;
	if (run->workload ? has_ended(run)
			  : run->counters && ev_counters_targets_gone(run->counters))
		return true;
	if (at->stop_ns && ev_now_ns() >= at->stop_ns)
		return true;
	if (options->interval_count && run->intervals >= options->interval_count)
		return true;
	return run->told_to_stop || stops_at_signal(run, passed_on);
}

/* ---- what --control says ------------------------------------------------------------------------
 */

struct told {
	struct stat_run *run;
	struct stat_deadlines *at;
};

static int turn(void *context, bool on, struct ev_err *err)
{
	const struct told *told = context;
	struct stat_run *run = told->run;
	uint64_t interval = run->options->interval_ms * MS_NS;
	told->at->enable_ns = 0; /* -D has been overtaken */
	if (on && !run->start_ns) {
		int rc = enable(run, err);
		told->at->next_ns = interval ? run->start_ns + interval : 0;
		return rc;
	}
	int rc = !run->counters ? 0
		 : on           ? ev_counters_enable(run->counters, err)
				: ev_counters_disable(run->counters, err);
	/* What was counted up to here is a part of its own. */
	if (!rc && interval && run->start_ns)
		stat_show_interval(run, ev_now_ns());
	return rc;
}

static int turn_event(void *context, size_t event, bool on, struct ev_err *err)
{
	const struct told *told = context;
	struct stat_run *run = told->run;
	if (on && !run->start_ns) {
		run->start_ns = run->interval_ns = ev_now_ns();
		if (run->options->interval_ms)
			told->at->next_ns = run->start_ns + run->options->interval_ms * MS_NS;
	}
	return run->counters ? ev_counters_turn(run->counters, event, on, err) : 0;
}

static void status(void *context, struct ev_buffer *text)
{
	const struct stat_run *run = ((const struct told *)context)->run;
	double ran_s = run->start_ns ? (double)(ev_now_ns() - run->start_ns) / 1e9 : 0;
	ev_buffer_printf(text, "seconds: %.1f\nevents: %zu\nintervals: %" PRIu64 "\n", ran_s,
			 run->events.count, (uint64_t)run->intervals);
}

static const struct perf_event_attr *attr_of(void *context, size_t event)
{
	return &((const struct told *)context)->run->events.items[event].attr;
}

static int obey(struct stat_run *run, struct stat_deadlines *at, struct ev_err *err)
{
	static const struct control_ways ways = { turn, turn_event, status, NULL, NULL, attr_of };
	struct told told = { run, at };
	int rc = control_obey(&run->control, &ways, &told, &run->events, "stat", err);
	run->told_to_stop |= rc > 0;
	return rc < 0 ? rc : 0;
}

/* Until it is over. The counters still run. */
static int count_until_over(struct stat_run *run, struct ev_err *err)
{
	const struct stat_options *options = run->options;
	uint64_t begin_ns = ev_now_ns(), interval = options->interval_ms * MS_NS;
	struct stat_deadlines at = {
		.enable_ns =
			options->delay_ms > 0 ? begin_ns + (uint64_t)options->delay_ms * MS_NS : 0,
		.stop_ns = options->timeout_ms ? begin_ns + options->timeout_ms * MS_NS : 0,
		.next_ns = interval && run->start_ns ? run->start_ns + interval : 0,
	};
	bool passed_on = false;
	int rc = 0;
	while (!rc && !is_over(run, &at, &passed_on)) {
		wait_until(run, &at);
		rc = obey(run, &at, err);
		uint64_t now_ns = ev_now_ns();
		if (!rc && at.enable_ns && now_ns >= at.enable_ns) {
			at.enable_ns = 0;
			rc = enable(run, err);
			at.next_ns = interval ? run->start_ns + interval : 0;
		}
		if (!rc && run->slices.next_ns && now_ns >= run->slices.next_ns && !has_ended(run))
			stat_slices_read(run);
		if (!rc && at.next_ns && now_ns >= at.next_ns && !has_ended(run)) {
			stat_show_interval(run, now_ns);
			while (at.next_ns <= now_ns)
				at.next_ns += interval;
		}
	}
	return rc;
}

/* ---- the end ----------------------------------------------------------------------------------
 */

/* A command that is not done when the counting is ends with it. */
static void end_command(struct stat_run *run)
{
	if (!run->workload || has_ended(run))
		return;
	struct stat_deadlines at = { .stop_ns = ev_now_ns() + GRACE_NS };
	run->ended_by_us = true;
	ev_workload_signal(run->workload, SIGTERM);
	while (!has_ended(run)) {
		if (at.stop_ns && ev_now_ns() >= at.stop_ns) {
			ev_workload_signal(run->workload, SIGKILL);
			at.stop_ns = 0;
		}
		wait_until(run, &at);
	}
}

static void finish_run(struct stat_run *run)
{
	uint64_t now_ns = ev_now_ns();
	struct ev_stat_machine machine = { 0 };
	if (run->machine.cpus)
		machine = stat_machine_now(&run->target);
	if (run->counters && !(watches_command(run) && run->command_ended))
		ev_counters_disable(run->counters, NULL);
	run->slices.next_ns = 0;
	if (run->options->interval_ms && run->start_ns && now_ns > run->interval_ns &&
	    !(run->options->interval_count && run->intervals >= run->options->interval_count))
		stat_show_interval(run, now_ns);
	end_command(run);
	if (run->counters)
		ev_counters_gather(run->counters, true, NULL);
	stat_counts_read(run, false);
	/* A run that was cut short would spoil the mean of whole ones. */
	if (!run->runs || !signals_stop()) {
		stat_counts_add_run(run, run->start_ns ? now_ns - run->start_ns : 0);
		stat_machine_add(&run->times.machine, &run->machine, &machine);
	}
}

void stat_run_done(struct stat_run *run)
{
	if (run->counters)
		events_tell_closing(run->verb, &run->events);
	ev_counters_close(run->counters);
	run->counters = NULL;
}

static int run_beside(const struct stat_run *run, const char *name, const char *command)
{
	if (!command)
		return 0;
	fflush(NULL);
	int status = system(command);
	if (status >= 0 && WIFEXITED(status) && !WEXITSTATUS(status))
		return 0;
	return complain_text(run->verb, STATUS_REFUSED, "%s '%s' failed%s", name, command,
			     status >= 0 && WIFSIGNALED(status) ? " by a signal" : "");
}

int stat_run_before(const struct stat_run *run)
{
	int status = run_beside(run, "--pre", run->options->pre);
	if (!status && run->options->sync)
		sync();
	return status;
}

int stat_run_after(const struct stat_run *run)
{
	return run_beside(run, "--post", run->options->post);
}

int stat_once(struct stat_run *run)
{
	struct ev_err err = { 0 };
	/* Those of the last run stay open until its counts are shown: probes take long to close. */
	ev_counters_close(run->counters);
	run->counters = NULL;
	run->start_ns = run->interval_ns = 0;
	run->slices.next_ns = 0;
	run->machine = (struct ev_stat_machine){ 0 };
	run->command_ended = run->ended_by_us = false;
	int status = stat_run_before(run);
	if (!status)
		status = open_run(run);
	if (!status)
		status = start_run(run);
	if (!status && count_until_over(run, &err))
		status = complain(run->verb, &err, STATUS_FAILED);
	if (!status)
		finish_run(run);
	ev_workload_close(run->workload);
	run->workload = NULL;
	run->counts.before.count = 0;
	if (!status)
		status = stat_run_after(run);
	return status ? status : -1;
}
