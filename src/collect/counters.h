/* Open counters: one descriptor per event and place. */
#ifndef COLLECT_COUNTERS_H
#define COLLECT_COUNTERS_H

#include "opening.h"
#include "probe_points.h"
#include "threads.h"

struct ev_counters {
	const struct ev_event_list *events;
	struct ev_target target;     /* its ids copied: who must live */
	struct ev_opening *openings; /* per event */
	struct ev_slot *places;      /* what descriptors are opened on */
	size_t place_count;
	bool unsettled;     /* threads were born during the last pass over them too */
	struct ev_slot all; /* the one slot, when places are not kept apart */
	bool apart;
	struct ev_threads *threads; /* slots are threads that may be born and end; else NULL */
	bool newborn;               /* of those that are there, not of a command */
	bool own;                   /* evprof itself was counted too, beside those threads */
	bool *leads; /* per event: switched on and off itself, not by its group's leader */
	int *fds;    /* [event * place_count + place], -1 = not open */
	struct ev_descriptor_limit limit;
	struct ev_probe_points probe_points;
};

/* Where the descriptor of an event on a place stands; -1 when it is not open. */
int *ev_counters_fd(const struct ev_counters *counters, size_t event, size_t place);
void ev_counters_close_event(struct ev_counters *counters, size_t event);
void ev_counters_close_fds(struct ev_counters *counters);

#endif
