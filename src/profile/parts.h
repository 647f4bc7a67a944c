/* Equal parts of a recording's time, and what all samples have in each. */
#ifndef PROFILE_PARTS_H
#define PROFILE_PARTS_H

#include <evprof/figures.h>
#include "table.h"

/* The parts of one event's time, and what all samples have in each. */
struct ev_parts {
	unsigned shift; /* of a tag's block */
	size_t count;   /* 0: no times */
	double all[EV_BLOCK_COUNT];
	/* The step into each part: squares over all rows, and whether it is from one phase of the
	 * program to another and left out. */
	double pool[EV_BLOCK_COUNT];
	bool leaps[EV_BLOCK_COUNT];
};

static inline size_t ev_part_of(const struct ev_parts *parts, const struct ev_tag *tag)
{
	uint32_t block = tag->block ? tag->block - 1 : 0;
	return (block < EV_BLOCK_COUNT ? block : EV_BLOCK_COUNT - 1) >> parts->shift;
}

void ev_scatter_add(struct ev_scatter *scatter, const struct ev_cell *cell);
/* The parts of every event, to free(), and the sums of all samples into scatters->all, but for
 * their steps. */
struct ev_parts *ev_parts_find(struct ev_scatters *scatters, const struct ev_table *table,
			       const struct ev_named *named);
/* Once `pool` holds the steps of all rows: which of them are leaps, and the steps of all. */
void ev_parts_find_leaps(struct ev_parts *parts, struct ev_scatter_all *all);

#endif
