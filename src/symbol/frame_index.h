/* Where functions begin, and where their entries of .eh_frame are, by the sorted table that linkers
 * write beside it. */
#ifndef SYMBOL_FRAME_INDEX_H
#define SYMBOL_FRAME_INDEX_H

#include "frame_section.h"

struct frame_index {
	uint8_t *bytes;
	size_t count;
	uint64_t address; /* where the table is loaded */
	bool swap;
};

/* False where there is none, none of the form that linkers write, or not all of it. */
bool ev_frame_index_open(struct frame_index *index, const struct image *image);
/* How many functions begin at or before an address: the one around it is the last of them. */
size_t ev_frame_index_before(const struct frame_index *index, uint64_t address);
/* The address where function i begins. */
uint64_t ev_frame_index_start(const struct frame_index *index, size_t i);
/* Its entry in the image's .eh_frame; false where none is. */
bool ev_frame_index_function(const struct frame_index *index, size_t i,
			     struct frame_section *section, struct frame_function *function);
/* A zeroed index is closed. */
void ev_frame_index_close(struct frame_index *index);

#endif
