/* What of a profile's stacks and functions goes into a page. */
#ifndef VIEW_REPORT_HTML_H
#define VIEW_REPORT_HTML_H

#include "report.h"

/* In place of a frame: stacks that were left out for being small. */
#define EV_HTML_LEFT_OUT UINT32_MAX
/* Names are cut to so many bytes. */
enum { EV_HTML_NAME_BYTES = 400 };

struct ev_html_node {
	uint32_t parent; /* index of the node, below its own; 0 is the root, which has no frame */
	uint32_t frame;  /* of the named profile, or EV_HTML_LEFT_OUT */
};
struct ev_html_cell {
	uint32_t event, thread; /* string id of the thread's name */
	uint32_t node;
	uint64_t samples, period;
};
struct ev_html_stacks {
	EV_ARRAY(struct ev_html_node) nodes; /* in the order of a depth-first walk */
	EV_ARRAY(struct ev_html_cell) cells; /* unique (event, thread, node) */
	double least;      /* share of an event that every stack but those left out has, 0 to 1 */
	uint64_t left_out; /* stacks that are smaller */
};

/* The stacks of a report that can be written in about so many bytes: the heaviest, and in place of
 * the others nodes that have their weight, so that every total stays what it is. Each event's
 * shares count, of samples and of the period. */
void ev_html_stacks_find(struct ev_html_stacks *stacks, const struct ev_report *report,
			 uint64_t limit_bytes);
void ev_html_stacks_done(struct ev_html_stacks *stacks);

struct ev_html_function {
	uint32_t frame; /* one of its frames */
	uint64_t self_samples, self_period, children_samples, children_period;
};
struct ev_html_functions {
	EV_ARRAY(struct ev_html_function) items;
	size_t all; /* that there are, with those that had no room */
};
/* An event's functions, of all its stacks: the heaviest that can be written in about so many bytes.
 */
void ev_html_functions_find(struct ev_html_functions *functions, const struct ev_report *report,
			    size_t event, uint64_t limit_bytes);
void ev_html_functions_done(struct ev_html_functions *functions);

#endif
