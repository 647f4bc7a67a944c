/* view, of a recording as a file: how many records of which type are in it, and which threads they
 * tell of. */
#ifndef EVPROF_VIEW_RECORDS_H
#define EVPROF_VIEW_RECORDS_H

#include <evprof/perfdata.h>

/* Records of types that are larger are counted in the whole alone. */
enum { EV_RECORD_TYPES = 84 };

struct ev_record_counts {
	uint64_t all, of_type[EV_RECORD_TYPES];
	struct ev_event_counts {
		uint64_t samples, lost;
	} * of_event; /* as many as the recording has events */
};
/* perf report --stats: types in the order of their numbers, then the samples of each event. */
void ev_record_counts_print(FILE *out, const struct ev_record_counts *counts,
			    const struct ev_recording *recording);

/* A thread that a recording tells of. */
struct ev_told_task {
	uint32_t pid, tid;
	int64_t ppid;     /* -1: nothing is told of who began it */
	const char *comm; /* may hold anything */
};
/* perf report --tasks: who began whom. Sorts them by tid, of which each stands there once. */
void ev_told_tasks_print(FILE *out, struct ev_told_task *tasks, size_t count);

#endif
