/* The bytes of .eh_frame_hdr become a table that is searched. The format is that of the Linux
 * Standard Base, "Exception Frame Header". */
#include <stdlib.h>
#include "frame_index.h"

enum {
	HEADER_VERSION = 1,
	HEADER_BYTES = 12,
	COUNT_AT = 8,
	ENTRY_BYTES = 8,        /* a function's address and its entry's, both from the section on */
	POINTER_SIGNED4 = 0x1b, /* relative to where it stands */
	COUNT_4 = 0x03,
	TABLE_SIGNED4 = 0x3b, /* relative to the section */
};

static uint32_t number_at(const struct frame_index *index, size_t at)
{
	struct ev_cursor cursor = ev_cursor_of(index->bytes + at, sizeof(uint32_t), index->swap);
	return ev_cursor_u32(&cursor);
}

bool ev_frame_index_open(struct frame_index *index, const struct image *image)
{
	static const uint8_t form[] = { HEADER_VERSION, POINTER_SIGNED4, COUNT_4, TABLE_SIGNED4 };
	const struct section *section = ev_image_find(image, ".eh_frame_hdr");
	size_t size_bytes = 0;
	*index = (struct frame_index){ .swap = image->swap };
	if (!section || ev_image_section(image, section, &index->bytes, &size_bytes))
		return false;
	if (size_bytes >= HEADER_BYTES && !memcmp(index->bytes, form, sizeof(form)))
		index->count = number_at(index, COUNT_AT);
	index->address = section->address;
	if (index->count && index->count <= (size_bytes - HEADER_BYTES) / ENTRY_BYTES)
		return true;
	ev_frame_index_close(index); /* it tells of more than there is */
	return false;
}

static uint64_t address_at(const struct frame_index *index, size_t i, size_t which)
{
	uint32_t distance = number_at(index, HEADER_BYTES + i * ENTRY_BYTES + which * 4);
	return index->address + (uint64_t)(int64_t)(int32_t)distance;
}

uint64_t ev_frame_index_start(const struct frame_index *index, size_t i)
{
	return address_at(index, i, 0);
}

bool ev_frame_index_function(const struct frame_index *index, size_t i,
			     struct frame_section *section, struct frame_function *function)
{
	uint64_t at = address_at(index, i, 1) - section->address;
	size_t from = (size_t)at;
	return at < section->size_bytes && ev_frame_section_next(section, &from, function) &&
	       function->at == at;
}

size_t ev_frame_index_before(const struct frame_index *index, uint64_t address)
{
	size_t low = 0, high = index->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ev_frame_index_start(index, middle) <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void ev_frame_index_close(struct frame_index *index)
{
	free(index->bytes);
	*index = (struct frame_index){ 0 };
}
