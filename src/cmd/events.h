/* Options that say which events, the same for every verb that collects. */
#ifndef CMD_EVENTS_H
#define CMD_EVENTS_H

#include <evprof/event.h>
#include "options.h"
#include "target.h"

struct event_options {
	struct option_list words; /* -e, --filter and -G, in the order typed */
	bool all_user, all_kernel;
	bool grouped;    /* --group: all that is named is one group */
	bool waits;      /* --filter before the first -e is for waits, and behind a dummy */
	bool conditions; /* --filter may also be for events whose samples a program counts */
};
/* Rows of a verb's table; `field` is where its options hold a struct event_options. */
#define EVENT_ROWS(type, field)                                                                    \
	OPTION('e', "event", "EVENT", LIST, type, field.words,                                     \
	       "the events, `evprof list` shows them; may repeat"),                                \
		OPTION(0, "filter", "FILTER", LIST, type, field.words,                             \
		       "condition for the tracepoints of the -e before; with record --bpf, and "   \
		       "--call-graph bpf, for any event by period, cpu, tid, pid, comm, cgroup; "  \
		       "with --off-cpu and --wall, before any -e, also by latency: how long a "    \
		       "thread was off the CPUs (5ms), 0 on one"),                                 \
		OPTION('G', "cgroup", "NAME[,NAME]", LIST, type, field.words,                      \
		       "with -a, only in these cgroups: one for each event of the -e before, or "  \
		       "one for all"),                                                             \
		OPTION(0, "group", NULL, FLAG, type, field.grouped,                                \
		       "all events as one group, counted at the same times: as -e '{a,b}'"),       \
		OPTION(0, "all-user", NULL, FLAG, type, field.all_user, "leave out the kernel"),   \
		OPTION(0, "all-kernel", NULL, FLAG, type, field.all_kernel,                        \
		       "leave out user space")

/* Parse the words into the list: -EINVAL and the like with a sentence. */
int events_parse(const struct event_options *options, struct ev_event_list *list,
		 struct ev_err *err);
/* Is there any -e? */
bool events_are_named(const struct event_options *options);
/* The condition for waits, where there may be one; NULL = none. */
const char *events_wait_condition(const struct event_options *options, struct ev_arena *arena);
/* -G: `text` names the cgroups of the events from *given on, which is moved on. -EINVAL, -ENOENT
 * with a sentence. */
int events_put_in_cgroups(struct ev_event_list *list, size_t *given, const char *text,
			  struct ev_err *err);
/* The whole list again for each cgroup that `text` names or matches. */
int events_for_each_cgroup(struct ev_event_list *list, const char *text, struct ev_err *err);
/* -EINVAL with a sentence when there are cgroups without whole CPUs, or named in two ways.
 * `for_each` may be NULL. */
int events_check_cgroups(const struct event_options *options, const char *for_each,
			 const struct target_options *target, struct ev_err *err);
/* --all-user and --all-kernel, on every event of the list. */
void events_limit_levels(const struct event_options *options, struct ev_event_list *list);
/* On a terminal: why it takes a while, where many probes are to be closed. */
void events_tell_closing(const struct verb *verb, const struct ev_event_list *list);
void events_done(struct event_options *options);

#endif
