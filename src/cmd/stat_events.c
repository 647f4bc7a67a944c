/* Which events are counted: those named, or the usual ones. */
#include <errno.h>
#include <string.h>
#include "stat.h"

/* On a whole CPU the clock of a task means nothing. */
static const char *fitting_name(const struct stat_run *run, const char *name)
{
	bool task_clock = !strcmp(name, "task-clock");
	return task_clock && run->target.kind == EV_TARGET_SYSTEM ? "cpu-clock" : name;
}

/* The defaults of `detail` from the place on where those of a lower one end. */
static int add_defaults(struct stat_run *run, unsigned detail, size_t from, struct ev_err *err)
{
	const char *const *names = ev_event_defaults(detail);
	for (size_t i = from; names[i]; i++) {
		int rc = ev_event_parse(&run->events, fitting_name(run, names[i]), err);
		if (rc)
			return rc;
	}
	return 0;
}

static size_t count_defaults(unsigned detail)
{
	const char *const *names = ev_event_defaults(detail);
	size_t count = 0;
	while (names[count])
		count++;
	return count;
}

/* -T, as perf has it: all that Intel's TSX tells, or less of it. */
static int add_transactions(struct stat_run *run, struct ev_err *err)
{
	static const char *const ways[] = {
		"{instructions,cycles,cpu/cycles-t/,cpu/tx-start/,cpu/el-start/,cpu/cycles-ct/}",
		"{instructions,cycles,cpu/cycles-t/,cpu/tx-start/}",
	};
	struct ev_event_list tried = { 0 };
	size_t way = 0;
	while (way < EV_LENGTH(ways) && ev_event_parse(&tried, ways[way], NULL))
		way++;
	ev_event_list_done(&tried);
	if (way == EV_LENGTH(ways))
		return ev_fail(err, EOPNOTSUPP,
			       "-T counts transactions (TSX), and there is no PMU here that does: "
			       "no event cpu/tx-start/");
	int rc = ev_event_parse(&run->events, fitting_name(run, "task-clock"), err);
	return rc ? rc : ev_event_parse(&run->events, ways[way], err);
}

int stat_events(struct stat_run *run, struct ev_err *err)
{
	const struct stat_options *options = run->options;
	if (options->null_run)
		return 0;
	int rc = events_parse(&options->events, &run->events, err);
	run->named_count = run->events.count;
	if (!rc && (options->metrics.count || options->topdown)) {
		rc = stat_metrics_add(run, err);
		run->named_count = run->events.count;
	}
	if (!rc && options->transactions) {
		rc = add_transactions(run, err);
		run->named_count = run->events.count;
	}
	if (!rc && !run->named_count)
		rc = add_defaults(run, options->detail, 0, err);
	else if (!rc && options->detail)
		rc = add_defaults(run, options->detail, count_defaults(0), err);
	events_limit_levels(&options->events, &run->events);
	run->once_count = run->events.count;
	if (!rc && options->for_each_cgroup)
		rc = events_for_each_cgroup(&run->events, options->for_each_cgroup, err);
	return rc;
}
