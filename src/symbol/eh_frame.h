/* Where functions begin and end, which even a stripped file tells whoever unwinds its stacks. */
#ifndef SYMBOL_EH_FRAME_H
#define SYMBOL_EH_FRAME_H

#include "image.h"

struct code_range {
	uint64_t start, end; /* file offsets */
	const char *name;    /* whoever needs one may keep it here */
};
struct code_ranges {
	EV_ARRAY(struct code_range) items; /* sorted */
};

/* The ranges that .eh_frame describes; none when there is no such section or it makes no sense. */
void ev_code_ranges_read(struct code_ranges *ranges, const struct image *image);
struct code_range *ev_code_ranges_find(const struct code_ranges *ranges, uint64_t offset);
void ev_code_ranges_done(struct code_ranges *ranges);

#endif
