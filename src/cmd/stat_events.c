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

static int add_named(struct stat_run *run, struct ev_err *err)
{
	const struct stat_options *options = run->options;
	int rc = 0;
	for (size_t i = 0; i < options->events.count && !rc; i++)
		rc = ev_event_parse(&run->events, options->events.items[i], err);
	if (!rc && options->filters.count && !run->events.count)
		rc = ev_fail(err, EINVAL, "--filter belongs to a tracepoint: name one with -e");
	for (size_t i = 0; i < options->filters.count && !rc; i++)
		rc = ev_event_filter(&run->events, options->filters.items[i], err);
	return rc;
}

/* --all-user and --all-kernel are modifiers for every event. */
static void limit_levels(struct stat_run *run)
{
	const struct stat_options *options = run->options;
	for (size_t i = 0; i < run->events.count; i++) {
		struct ev_event *event = &run->events.items[i];
		if (options->all_user)
			event->attr.exclude_kernel = event->attr.exclude_hv = 1;
		if (options->all_kernel)
			event->attr.exclude_user = 1;
		if (options->all_user || options->all_kernel)
			event->fixed |= EV_FIXED_LEVEL;
	}
}

int stat_events(struct stat_run *run, struct ev_err *err)
{
	const struct stat_options *options = run->options;
	if (options->null_run)
		return 0;
	int rc = add_named(run, err);
	run->named_count = run->events.count;
	if (!rc && !options->events.count)
		rc = add_defaults(run, options->detail, 0, err);
	else if (!rc && options->detail)
		rc = add_defaults(run, options->detail, count_defaults(0), err);
	limit_levels(run);
	return rc;
}
