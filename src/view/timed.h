/* Samples in the order of their time, thread by thread, for formats that show when things were. */
#ifndef VIEW_TIMED_H
#define VIEW_TIMED_H

#include "report.h"

struct ev_timed {
	uint32_t pid, tid, comm; /* comm a string id */
	uint32_t event, stack;
	uint64_t time_ns; /* from the first sample on, as fine as the profile's slice_ns */
	uint64_t samples, period;
};
typedef EV_ARRAY(struct ev_timed) ev_timed_list;
/* All that pass the report's filter, by process, thread, event and time; ev_array_done() it. False
 * where the recording has no times: samples then stand 1 ms behind one another. */
bool ev_timed_collect(const struct ev_report *report, ev_timed_list *list);
/* The index behind those of the same thread and, where it matters, event. */
size_t ev_timed_end(const ev_timed_list *list, size_t first, bool by_event);
/* What a sample of an event stands for by the rate at which they were taken, 1 ms where that does
 * not tell; ns, never 0. */
uint64_t ev_timed_interval(const struct ev_report *report, size_t event);

#endif
