/* Probes that children and new threads inherit. */
#ifndef COLLECT_PROBE_POINTS_H
#define COLLECT_PROBE_POINTS_H

#include <evprof/collect.h>

/* The kernel's PMU for probes is not made to be inherited: it reads the path of the file anew, from
 * the memory of the thread that forks, and what fails then is that thread's fork or pthread_create.
 * So probes that are to be inherited are opened as tracepoints that stand for them while they are
 * open. Zeroed: there are none. */
struct ev_probe_points {
	char group[48];
	uint32_t *ids; /* per event of the list: of its tracepoint, 0 = none */
	size_t count;  /* of ids */
	bool made;
	EV_ARRAY(int) guards;
	char why[160]; /* why there are none although some were wanted, or "" */
};
/* Is this probe to be inherited? */
bool ev_probe_is_inherited(const struct ev_event *event, const struct ev_target *target);
/* Makes those that the target needs. Never fails: see `why`. `root` is "" but for tests. */
void ev_probe_points_open(struct ev_probe_points *points, const char *root,
			  const struct ev_event_list *events, const struct ev_target *target);
/* Threads' events may change places with those of their children at a switch; the probes of one of
 * them are then taken away when the other ends (Linux 6.18 does so, and others). What is opened
 * here first, on the same threads, keeps them apart. Again for other threads: the former ones are
 * given up. */
void ev_probe_points_guard(struct ev_probe_points *points, const uint32_t *tids, size_t count);
/* What is still to be said to the kernel about one event: the tracepoint that stands for it, or
 * that it is not inherited. */
void ev_probe_points_apply(const struct ev_probe_points *points, const struct ev_event_list *events,
			   size_t index, const struct ev_target *target,
			   struct ev_opening *opening);
/* After the descriptors are closed. */
void ev_probe_points_close(struct ev_probe_points *points, const char *root);

#endif
