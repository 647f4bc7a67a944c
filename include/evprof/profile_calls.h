/* profile, of traced calls: the exact table of functions, in the order of one's choice, and who
 * calls whom. The words are those of Python's pstats. */
#ifndef EVPROF_PROFILE_CALLS_H
#define EVPROF_PROFILE_CALLS_H

#include <evprof/collect_trace.h>
#include <evprof/profile.h>

struct ev_call_function {
	const char *name;
	const char *source; /* file that declares it, NULL = not known */
	uint32_t line;      /* 0 = not known */
	const char *object; /* the ELF file it is in */
	const struct ev_trace_sums *sums;
};
struct ev_calls { /* edges number functions from 1 on; borrowed from the reader's result */
	const struct ev_call_function *functions;
	size_t count;
	const struct ev_trace_edge *edges;
	size_t edge_count;
};

enum ev_call_key {
	EV_CALL_KEY_CALLS,
	EV_CALL_KEY_CUMULATIVE,
	EV_CALL_KEY_FILE,
	EV_CALL_KEY_LINE,
	EV_CALL_KEY_NAME,
	EV_CALL_KEY_NFL, /* name, file, line */
	EV_CALL_KEY_PRIMITIVE,
	EV_CALL_KEY_STANDARD, /* file:line(name) as text */
	EV_CALL_KEY_TIME,
};
enum { EV_CALL_KEYS_MAX = 16 };
/* "cumulative,name" -> keys, by all the words of pstats and their beginnings, as far as those are
 * clear; how many, or -EINVAL with a sentence. */
int ev_call_keys_parse(const char *text, enum ev_call_key keys[EV_CALL_KEYS_MAX],
		       struct ev_err *err);
/* "cumulative time": as pstats calls it. */
const char *ev_call_key_title(enum ev_call_key key);
/* Numbers of the functions that were called at all, in this order; how many. `order` has room for
 * all. */
size_t ev_calls_order(const struct ev_calls *calls, const enum ev_call_key *keys, size_t key_count,
		      uint32_t *order);

struct ev_calls_total {
	uint64_t calls, primitive_calls;
	int64_t own_ns;     /* of all functions together */
	int64_t largest_ns; /* total time of the function that has most */
};
struct ev_calls_total ev_calls_total(const struct ev_calls *calls);
/* What a table shows of a time: below 0, what was taken off for tracing was more than there was. */
double ev_calls_seconds(int64_t time_ns);

/* Numbers of the edges into (or, with `out`, out of) a function, most calls first; free() them. */
size_t ev_calls_edges(const struct ev_calls *calls, uint32_t function, bool out,
		      const struct ev_trace_edge ***edges);

#endif
