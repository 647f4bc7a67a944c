/* What of a profile's stacks and functions goes into a page, and how it is written there. */
#ifndef VIEW_REPORT_HTML_H
#define VIEW_REPORT_HTML_H

#include "report.h"

/* In place of a frame: stacks that were left out for being small. */
#define EV_HTML_LEFT_OUT UINT32_MAX
/* Names are cut to so many bytes; so many threads are told apart, the others by their names. */
enum { EV_HTML_NAME_BYTES = 400, EV_HTML_THREADS = 64 };

/* ---- threads ----------------------------------------------------------------------------------
 */

struct ev_html_thread {
	uint32_t comm, pid, tid; /* comm is a string id */
	uint32_t merged;         /* so many threads of this name are one here; 1 else */
};
struct ev_html_threads {
	EV_ARRAY(struct ev_html_thread) items;
	uint32_t *of_tag; /* for every tag of the profile that a cell has: its index */
};
/* The threads of the cells that pass: the heaviest each, of the others those of a name together. */
void ev_html_threads_find(struct ev_html_threads *threads, const struct ev_report *report);
void ev_html_threads_done(struct ev_html_threads *threads);

/* ---- stacks -----------------------------------------------------------------------------------
 */

struct ev_html_node {
	uint32_t parent; /* index of the node, below its own; 0 is the root, which has no frame */
	uint32_t frame;  /* of the named profile, or EV_HTML_LEFT_OUT */
};
struct ev_html_stacks {
	EV_ARRAY(struct ev_html_node) nodes; /* in the order of a depth-first walk */
	uint32_t *node_of;                   /* of every named stack; 0: of no frame or no weight */
	double least;      /* share of an event that every stack but those left out has, 0 to 1 */
	uint64_t left_out; /* stacks that are smaller */
	uint64_t bytes;    /* what nodes and weights without times take, about */
};
/* The stacks of a report that can be written in about so many bytes: the heaviest, and in place of
 * the others nodes that have their weight, so that every total stays what it is. Each event's
 * shares count, of samples and of the period. */
void ev_html_stacks_find(struct ev_html_stacks *stacks, const struct ev_report *report,
			 const struct ev_html_threads *threads, uint64_t limit_bytes);
void ev_html_stacks_done(struct ev_html_stacks *stacks);

/* ---- weights ----------------------------------------------------------------------------------
 */

struct ev_html_cell {
	uint32_t event, node, thread;
	uint32_t time; /* part of the time; 0 where times are not told */
	uint64_t samples, period;
};
struct ev_html_cells {
	EV_ARRAY(struct ev_html_cell) items; /* unique, by event, node, thread and time */
	uint32_t grain; /* columns that one part of the time has; 0: times are not told */
};
/* What the nodes weigh in which part of the time: of 1, 2, 4 … columns, so that it can be written
 * in about so many bytes. A `grain` of 0: times are not told. */
void ev_html_cells_find(struct ev_html_cells *cells, const struct ev_report *report,
			const struct ev_html_threads *threads, const struct ev_html_stacks *stacks,
			uint32_t grain, uint64_t limit_bytes);
/* What threads weigh over time, whatever they do: node is 0. */
void ev_html_cells_heat(struct ev_html_cells *cells, const struct ev_report *report,
			const struct ev_html_threads *threads, uint64_t limit_bytes);
/* What the periods of some are all multiples of. */
uint64_t ev_html_unit(const struct ev_html_cell *cells, size_t count);
void ev_html_cells_done(struct ev_html_cells *cells);
/* Why samples have no times that a page could show, or NULL. */
const char *ev_html_timeless(const struct ev_report *report);

/* ---- functions --------------------------------------------------------------------------------
 */

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

/* ---- the page ---------------------------------------------------------------------------------
 */

/* Numbers for what the page names, from 0 on, in the order of asking. */
struct ev_html_numbers {
	struct ev_map known;
	EV_ARRAY(uint32_t) items;
};
uint32_t ev_html_number(struct ev_html_numbers *numbers, uint32_t item);

struct ev_html_page {
	FILE *out;
	const struct ev_report *report;
	const struct ev_diff *diff; /* NULL: of one profile */
	size_t newer;               /* of the diff: the recording that is compared */
	struct ev_html_threads threads;
	struct ev_html_stacks stacks;
	struct ev_html_cells cells, heat;
	struct ev_html_numbers frames, objects, files;
	struct ev_arena scratch;
};
/* The whole page. */
int ev_html_print(FILE *out, struct ev_html_page *page, struct ev_err *err);
/* A JSON string that is safe to show: what could change how the text around it is read is spelled
 * out, and of what is too long the beginning. */
void ev_html_text(struct ev_html_page *page, const char *text);
/* "events":[…], and "code":{…}, with a comma behind. */
void ev_html_events(struct ev_html_page *page);
void ev_html_code(struct ev_html_page *page, uint64_t limit_bytes);

#endif
