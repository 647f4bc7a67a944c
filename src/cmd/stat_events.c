/* Which events are counted: those named, or the usual ones. */
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
