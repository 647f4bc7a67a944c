/* What the files that explain a refused perf_event_open share. */
#ifndef COLLECT_EXPLAIN_H
#define COLLECT_EXPLAIN_H

#include "opening.h"

struct ev_refusal {
	int error;
	const struct perf_event_attr *attr;
	const struct ev_target *target; /* may be NULL: evprof itself */
	char *why;
	size_t size_bytes;
};

#define ev_say(refusal, ...) snprintf((refusal)->why, (refusal)->size_bytes, __VA_ARGS__)

/* Opens attr, switched off, on evprof itself, or where that cannot be on a CPU; closes it at once.
 * 0 or -errno. */
int ev_explain_try(const struct perf_event_attr *attr);
/* EINVAL and EOPNOTSUPP: leaves out one wish after another until the event opens, and names the one
 * that made the difference. False when none did. */
bool ev_explain_wish(const struct ev_refusal *refusal);
#endif
