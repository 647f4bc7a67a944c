/* Rings into which the kernel writes what becomes of single threads. */
#ifndef COLLECT_THREAD_RINGS_H
#define COLLECT_THREAD_RINGS_H

#include <linux/perf_event.h>
#include "ring.h"

/* Zeroed = closed. */
struct ev_thread_rings {
	struct ev_ring *items; /* READ records of each event on each thread, then turns by CPU */
	size_t count, read_count;
	size_t tid_count;
	EV_ARRAY(int) turn_fds; /* of threads behind the first: they lead into its rings */
	size_t ring_bytes;      /* to begin with */
};

/* What an event's attr needs so that each inherited copy tells its count when its thread ends. */
void ev_thread_rings_prepare(struct perf_event_attr *attr);
/* Births, names and ends of these threads and all that are born of them are noted from here on; the
 * only one is 0 for the calling thread. Those that have ended are passed over. -errno with a
 * sentence; close it then too. */
int ev_thread_rings_open(struct ev_thread_rings *rings, size_t event_count, const int32_t *tids,
			 size_t tid_count, struct ev_err *err);
/* Leads the counts of an event that is open on a thread, `place` among the tids, here. -errno with
 * a sentence. */
int ev_thread_rings_follow(struct ev_thread_rings *rings, size_t event, size_t place, int32_t tid,
			   int fd, struct ev_err *err);
/* Whose READ records a ring holds; false when it is one of turns. */
bool ev_thread_rings_reads(const struct ev_thread_rings *rings, size_t ring, size_t *event,
			   size_t *place);
void ev_thread_rings_close(struct ev_thread_rings *rings);

#endif
