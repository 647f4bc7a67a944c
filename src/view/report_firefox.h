/* What the parts of a processed profile of the Firefox Profiler share. */
#ifndef VIEW_REPORT_FIREFOX_H
#define VIEW_REPORT_FIREFOX_H

#include "report.h"

struct firefox {
	FILE *out;
	const struct ev_report *report;
	const struct ev_report_options *options;
	const struct ev_named *named;
	struct ev_strings *texts;
	struct ev_map function_ids;            /* (name, object << 32 | file) -> index */
	EV_ARRAY(uint32_t) functions;          /* a frame of each */
	uint32_t *function_of, *depth_of;      /* of frames */
	uint32_t *library_of;                  /* of objects: index + 1 */
	EV_ARRAY(uint32_t) libraries, sources; /* objects; texts of files */
	struct ev_map source_ids;
	struct ev_arena scratch;
};

/* Of a frame: its index in the list of categories. */
enum { FIREFOX_USER, FIREFOX_KERNEL, FIREFOX_OTHER };

/* Gives functions, objects and inlined frames their numbers; ev_firefox_done() frees them. */
void ev_firefox_number(struct firefox *to);
/* "shared": the tables of all threads, column by column. */
void ev_firefox_tables(struct firefox *to);
/* The name of a numbered object, safe for a terminal; in the scratch arena. */
const char *ev_firefox_library(struct firefox *to, uint32_t index);
void ev_firefox_done(struct firefox *to);

#endif
