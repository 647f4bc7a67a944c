/* Options that say which events, the same for every verb that collects. */
#ifndef CMD_EVENTS_H
#define CMD_EVENTS_H

#include <evprof/event.h>
#include "options.h"

struct event_options {
	struct option_list words; /* -e and --filter, in the order typed */
	bool all_user, all_kernel;
};
/* Rows of a verb's table; `field` is where its options hold a struct event_options. */
#define EVENT_ROWS(type, field)                                                                    \
	OPTION('e', "event", "EVENT", LIST, type, field.words,                                     \
	       "the events, `evprof list` shows them; may repeat"),                                \
		OPTION(0, "filter", "FILTER", LIST, type, field.words,                             \
		       "condition for the tracepoints of the -e before"),                          \
		OPTION(0, "all-user", NULL, FLAG, type, field.all_user, "leave out the kernel"),   \
		OPTION(0, "all-kernel", NULL, FLAG, type, field.all_kernel,                        \
		       "leave out user space")

/* Parse the words into the list: -EINVAL and the like with a sentence. */
int events_parse(const struct event_options *options, struct ev_event_list *list,
		 struct ev_err *err);
/* --all-user and --all-kernel, on every event of the list. */
void events_limit_levels(const struct event_options *options, struct ev_event_list *list);
/* On a terminal: why it takes a while, where many probes are to be closed. */
void events_tell_closing(const struct verb *verb, const struct ev_event_list *list);
void events_done(struct event_options *options);

#endif
