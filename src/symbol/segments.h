/* Address ranges that override one another, kept as trees whose older versions stay valid: a
 * version is one number, and sharing one costs nothing. */
#ifndef SYMBOL_SEGMENTS_H
#define SYMBOL_SEGMENTS_H

#include <evprof/base.h>

/* A zeroed ev_segments is empty and valid. Tree 0 is the empty tree. */
struct ev_segment {
	uint64_t start, end;
	uint32_t left, right;
	uint32_t value;
	uint32_t batch; /* nodes of the current batch may be changed in place */
};
struct ev_segments {
	EV_ARRAY(struct ev_segment) nodes;
	uint32_t batch;
	uint64_t seed; /* keeps chosen addresses from unbalancing the tree */
};

/* What is inserted from here on leaves every tree known so far as it is. */
void ev_segments_begin(struct ev_segments *segments);
/* The tree with [start, end) -> value on top of what was there. An empty range changes nothing. */
uint32_t ev_segments_insert(struct ev_segments *segments, uint32_t tree, uint64_t start,
			    uint64_t end, uint32_t value);
/* The segment that holds `address`, NULL where there is none. [*low, *high) is narrowed to a range
 * around the address for which the answer holds; the caller sets it first. */
const struct ev_segment *ev_segments_find(const struct ev_segments *segments, uint32_t tree,
					  uint64_t address, uint64_t *low, uint64_t *high);
void ev_segments_done(struct ev_segments *segments);

#endif
