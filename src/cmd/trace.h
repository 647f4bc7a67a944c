/* What the files of `evprof trace` share. */
#ifndef CMD_TRACE_H
#define CMD_TRACE_H

#include <evprof/symbol_calls.h>
#include <evprof/view_calls.h>
#include "options.h"

enum trace_exits {
	TRACE_EXITS_AUTO,   /* the kernel's way where nothing forbids it */
	TRACE_EXITS_KERNEL, /* by replaced return addresses */
	TRACE_EXITS_CODE,   /* at the instructions that return */
};
enum trace_graph { TRACE_GRAPH_NONE, TRACE_GRAPH_TEXT, TRACE_GRAPH_DOT };

struct trace_options {
	struct option_list functions; /* -f */
	const char *pids;
	const char *sort;
	uint64_t rows, limit, max_rate, timeout_ms;
	enum trace_exits exits;
	enum trace_graph graph;
	bool histogram, json, csv, quiet, no_inherit, singly;
	const char *output;
};

/* From the options to the figures. */
struct trace_run {
	const struct verb *verb;
	const struct trace_options *options;
	char *const *command; /* NULL with -p */
	struct ev_arena arena;
	uint32_t *pids;
	size_t pid_count;
	const char *const *programs; /* files that the target runs */
	size_t program_count;
	struct ev_call_points points;
	struct ev_leavers leavers;
	const char *walker;       /* why return addresses must stay, NULL = they need not */
	size_t unknown;           /* functions left out: how they are left is not known */
	const char *unknown_name; /* one of them */
	struct ev_trace_function *functions; /* of points, in their order */
	struct ev_workload *workload;
	struct ev_trace *trace;
	int status; /* of the command, as from waitpid */
	struct ev_trace_result result;
	EV_ARRAY(const char *) notes;
};

/* The programs, their functions, and how each is to be probed. 0, or the exit status. */
int trace_choose(struct trace_run *run);
/* Sentences about what the figures leave out. */
void trace_note(struct trace_run *run);

#endif
