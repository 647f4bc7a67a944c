/* view, of traced calls: Python's tables of calls, graphs and histograms, for people and programs.
 */
#ifndef EVPROF_VIEW_CALLS_H
#define EVPROF_VIEW_CALLS_H

#include <evprof/profile_calls.h>

struct ev_calls_view {
	const struct ev_calls *calls;
	const enum ev_call_key *keys; /* order of rows */
	size_t key_count;
	uint64_t row_limit;                /* 0 = all */
	const struct ev_trace_cost *costs; /* EV_TRACE_COSTS */
	const char *const *notes; /* sentences about what the figures leave out, safe to print */
	size_t note_count;
	const char *target; /* what was traced, safe to print */
};
/* pstats' print_stats, callers and callees as its print_callers and print_callees. */
void ev_calls_print(FILE *out, const struct ev_calls_view *view);
void ev_calls_print_graph(FILE *out, const struct ev_calls_view *view);
/* How long the calls of each function took, in powers of two. */
void ev_calls_print_histograms(FILE *out, const struct ev_calls_view *view);
/* For graphviz: edges with their counts. */
void ev_calls_print_dot(FILE *out, const struct ev_calls_view *view);
void ev_calls_print_json(FILE *out, const struct ev_calls_view *view);
void ev_calls_print_csv(FILE *out, const struct ev_calls_view *view);

/* "name (file.c:12)", "name (libc.so.6)": in the arena, safe to print. */
const char *ev_call_function_text(struct ev_arena *arena, const struct ev_call_function *function);

#endif
