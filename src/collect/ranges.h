/* Numbers below a limit, given out in runs: the places of a table that others read meanwhile. */
#ifndef COLLECT_RANGES_H
#define COLLECT_RANGES_H

#include <evprof/base.h>

struct ev_range {
	uint32_t first, count;
	uint64_t step; /* of those that wait: when they were given back */
};
struct ev_ranges {
	EV_ARRAY(struct ev_range) free;    /* sorted, none touching another */
	EV_ARRAY(struct ev_range) waiting; /* somebody may still look there */
	uint32_t limit, used;              /* used: given out, or waiting */
};

void ev_ranges_init(struct ev_ranges *ranges, uint32_t limit);
/* The lowest run of `count` numbers in a row; false when there is none. */
bool ev_ranges_take(struct ev_ranges *ranges, uint32_t count, uint32_t *first);
void ev_ranges_give(struct ev_ranges *ranges, uint32_t first, uint32_t count);
/* The same, for when ev_ranges_settle is called with a later step than this. */
void ev_ranges_give_later(struct ev_ranges *ranges, uint32_t first, uint32_t count, uint64_t step);
void ev_ranges_settle(struct ev_ranges *ranges, uint64_t step);
/* Is none of [first, first + count) given out? */
bool ev_ranges_free(const struct ev_ranges *ranges, uint32_t first, uint32_t count);
void ev_ranges_done(struct ev_ranges *ranges);

#endif
