/* The text files of callgrind, line by line. Format: cl-format in valgrind's manual. */
#ifndef COLLECT_CALLGRIND_H
#define COLLECT_CALLGRIND_H

#include <evprof/collect.h>

/* What the lines above the costs say. */
struct ev_callgrind_header {
	char creator[64]; /* "callgrind-3.19.0" */
	char command[256];
	uint32_t pid, thread; /* 0 when the file does not tell; threads count from 1 */
	bool complete;        /* it ends with the totals, as every whole dump does */
	bool has_addresses;
};

/* A line of costs: what an instruction did itself, or (calls > 0) everything done in calls that it
 * made. Texts are ids in the reader's strings; a function's text is its name and, where callgrind
 * kept callers apart, theirs behind it: "leaf'caller'main". */
struct ev_callgrind_line {
	uint32_t object, function;
	uint64_t address; /* as in the object's symbol table */
	uint64_t costs[EV_COST_COUNT];
	uint64_t calls;
	uint32_t called_object, called_function;
};
typedef int (*ev_callgrind_take)(void *context, const struct ev_callgrind_line *line,
				 struct ev_err *err);

/* Hands over every line of costs. 0, take's first non-zero answer, or -EINVAL and a sentence where
 * the text is no callgrind text or damaged; what was handed over before stays good. */
int ev_callgrind_parse(const char *text, size_t size_bytes, struct ev_strings *strings,
		       struct ev_callgrind_header *header, ev_callgrind_take take, void *context,
		       struct ev_err *err);

#endif
