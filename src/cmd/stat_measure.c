/* What evprof measures itself (elapsed, user and system time) stands in the same rows as counts,
 * for whole runs and for intervals. */
#include <math.h>
#include "stat.h"

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static struct stat_clocks add_tasks(const struct stat_run *run)
{
	const struct ev_target *target = &run->target;
	struct stat_clocks sum = { 0 };
	for (size_t i = 0; i < target->id_count; i++) {
		uint64_t user_ns, system_ns;
		if (!ev_task_times(target->ids[i], target->kind == EV_TARGET_TIDS, &user_ns,
				   &system_ns))
			continue;
		sum.user_ns += (double)user_ns;
		sum.system_ns += (double)system_ns;
		sum.are_known = true;
	}
	return sum;
}

/* Of who is watched, so far. Those of a process that ended are not to be had any more, but for a
 * command's: its parent, evprof, is told them. */
static struct stat_clocks clocks_now(const struct stat_run *run)
{
	struct ev_stat_machine machine;
	switch (run->target.kind) {
	case EV_TARGET_COMMAND:
		if (!run->command_ended)
			return add_tasks(run);
		return (struct stat_clocks){ 1e9 * seconds_of(run->usage.ru_utime),
					     1e9 * seconds_of(run->usage.ru_stime), true };
	case EV_TARGET_PIDS:
	case EV_TARGET_TIDS:
		return add_tasks(run);
	case EV_TARGET_SYSTEM:
		machine = stat_machine_now(&run->target);
		return (struct stat_clocks){ 1e9 * machine.user_s, 1e9 * machine.sys_s,
					     machine.cpus };
	default:
		return (struct stat_clocks){ 0 };
	}
}

static bool has_clock_events(const struct stat_run *run)
{
	for (size_t i = 0; i < run->events.count; i++) {
		const struct ev_event *event = &run->events.items[i];
		if (event->kind == EV_EVENT_TOOL && event->tool != EV_TOOL_DURATION)
			return true;
	}
	return false;
}

void stat_measure_begin(struct stat_run *run)
{
	run->clocks_at_start = (struct stat_clocks){ 0 };
	/* A command that is only now let go has used nothing yet. */
	if (has_clock_events(run) &&
	    (run->target.kind != EV_TARGET_COMMAND || run->options->delay_ms > 0))
		run->clocks_at_start = clocks_now(run);
	run->clocks_before = run->clocks_at_start;
}

static double part_of(double now_ns, double before_ns)
{
	return now_ns > before_ns ? now_ns - before_ns : 0;
}

void stat_measure(struct stat_run *run, uint64_t elapsed_ns, bool interval)
{
	struct stat_clocks now = { 0 };
	const struct stat_clocks *before = interval ? &run->clocks_before : &run->clocks_at_start;
	if (has_clock_events(run))
		now = clocks_now(run);
	for (size_t i = 0; i < run->counts.cells.count; i++) {
		struct stat_cell *cell = &run->counts.cells.items[i];
		const struct ev_event *event = &run->events.items[cell->event];
		double value = -1;
		if (event->kind == EV_EVENT_KERNEL) {
			if (!interval && stat_counts_from_usage(run, cell->event))
				value = (double)(run->usage.ru_nvcsw + run->usage.ru_nivcsw);
		} else if (event->tool == EV_TOOL_DURATION) {
			value = (double)elapsed_ns;
		} else if (now.are_known) {
			value = event->tool == EV_TOOL_USER
					? part_of(now.user_ns, before->user_ns)
					: part_of(now.system_ns, before->system_ns);
		}
		if (value < 0 || !stat_pass_has(run, cell->event))
			continue;
		cell->value = round(value);
		cell->enabled_ns = cell->running_ns = elapsed_ns;
	}
	if (now.are_known)
		run->clocks_before = now;
}
