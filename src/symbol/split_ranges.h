/* Lists of address ranges, moved away from the unit whose base address they count from. */
#ifndef SYMBOL_SPLIT_RANGES_H
#define SYMBOL_SPLIT_RANGES_H

#include "split_package.h"

/* How much longer they may become: sane ones do not grow threefold, but lists may overlap. */
enum { SPLIT_RANGES_GROWTH = 4 };

struct split_base {
	uint64_t address; /* what the lists count from */
	bool swap, wide;
};
/* A .debug_rnglists of one unit, made to say its base; false and nothing in `out` when it is not
 * understood. */
bool ev_split_rnglists_move(struct span lists, const struct split_base *base,
			    struct ev_buffer *out);
/* A piece of .debug_ranges: the same bytes with absolute addresses. */
void ev_split_ranges_move(struct span lists, const struct split_base *base, struct ev_buffer *out);

#endif
