/* One perf_event_open, with what may be given up when the kernel refuses. */
#ifndef COLLECT_OPENING_H
#define COLLECT_OPENING_H

#include <evprof/collect.h>
#include "limits.h"

/* PERF_FORMAT_LOST, which the headers of older systems do not name. */
#define EV_FORMAT_LOST (1u << 4)

/* Opens attr on (tid, cpu); tid is a descriptor where opening->in_cgroup says so. Where the kernel
 * refuses and the event leaves the choice (fixed: its EV_FIXED_… bits), things are given up one
 * after another: the kernel's share, precision, what older kernels do not know. What was given up
 * stays given up in opening->attr and is told in opening->fallback. A descriptor, or -errno with
 * opening->attr as it was. */
int ev_opening_try(struct ev_opening *opening, unsigned fixed, int32_t tid, int32_t cpu,
		   int group_fd);
/* Adds to opening->fallback, once, what the event's terms ask for and evprof does in another way.
 */
void ev_opening_tell_wishes(struct ev_opening *opening, const struct ev_event *event);
/* Sets opening->error and why. */
void ev_opening_refuse(struct ev_opening *opening, int error, const struct ev_target *target);

/* The group of a member that was refused. */
struct ev_group_shape {
	const struct perf_event_attr *leader;
	size_t hardware; /* members that want a counter of the PMU, the refused one too */
	size_t fitted;   /* those of them that were open already */
};
/* The same for a member of a group: is it the event, or its place in the group? */
void ev_opening_refuse_member(struct ev_opening *opening, int error, const struct ev_target *target,
			      const struct ev_group_shape *group);
/* Does this event only ever happen in the kernel (switches, migrations, tracepoints)? */
bool ev_attr_is_kernel_only(const struct perf_event_attr *attr);
/* cpu-clock or task-clock? */
bool ev_attr_is_clock(const struct perf_event_attr *attr);
/* May the event be opened on this CPU (-1: any)? A PMU that serves several CPUs from one names that
 * one; on the others it would count again. */
bool ev_event_serves(const struct ev_event *event, int32_t cpu);
/* Applies the event's tracepoint filter to an open descriptor: 0 or -errno, and why. */
int ev_opening_filter(struct ev_opening *opening, int fd, const struct ev_event *event);

#endif
