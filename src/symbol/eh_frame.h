/* Where functions begin and end, which even a stripped file tells whoever unwinds its stacks. */
#ifndef SYMBOL_EH_FRAME_H
#define SYMBOL_EH_FRAME_H

#include "frame_index.h"
#include "frame_section.h"

struct code_range {
	uint64_t start, end; /* file offsets */
	const char *name;    /* whoever needs one may keep it here */
};
struct code_ranges {
	EV_ARRAY(struct code_range) items; /* sorted */
	/* Where the file has an index each item is read when it is asked for first: until then its
	 * end is 0. */
	struct frame_index index;
	struct frame_section section;
};

/* The ranges that .eh_frame describes; none when there is no such section or it makes no sense. */
void ev_code_ranges_read(struct code_ranges *ranges, const struct image *image);
/* `image`: the same, of which no more than the segments is needed. */
struct code_range *ev_code_ranges_find(struct code_ranges *ranges, const struct image *image,
				       uint64_t offset);
void ev_code_ranges_done(struct code_ranges *ranges);

#endif
