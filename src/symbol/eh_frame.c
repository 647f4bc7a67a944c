/* The entries of .eh_frame become ranges of code, one for each function. */
#include <stdlib.h>
#include "eh_frame.h"
#include "frame_section.h"

#define RANGE_LIMIT ((size_t)4 << 20)

static void add_range(struct code_ranges *ranges, const struct image *image,
		      const struct frame_function *function)
{
	uint64_t offset;
	if (function->size_bytes > image->size_bytes ||
	    !ev_image_offset(image, function->start, &offset) ||
	    offset > UINT64_MAX - function->size_bytes)
		return;
	*ev_array_add(&ranges->items) =
		(struct code_range){ .start = offset, .end = offset + function->size_bytes };
}

static int by_start(const void *one, const void *other)
{
	const struct code_range *a = one, *b = other;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->end < b->end ? -1 : a->end > b->end;
}

void ev_code_ranges_read(struct code_ranges *ranges, const struct image *image)
{
	struct frame_section section;
	struct frame_function function;
	*ranges = (struct code_ranges){ 0 };
	if (ev_frame_section_open(&section, image, false))
		for (size_t at = 0; ranges->items.count < RANGE_LIMIT &&
				    ev_frame_section_next(&section, &at, &function);)
			add_range(ranges, image, &function);
	ev_frame_section_close(&section);
	if (ranges->items.count)
		qsort(ranges->items.items, ranges->items.count, sizeof(*ranges->items.items),
		      by_start);
}

struct code_range *ev_code_ranges_find(const struct code_ranges *ranges, uint64_t offset)
{
	size_t low = 0, high = ranges->items.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ranges->items.items[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	struct code_range *found = low ? &ranges->items.items[low - 1] : NULL;
	return found && offset < found->end ? found : NULL;
}

void ev_code_ranges_done(struct code_ranges *ranges)
{
	ev_array_done(&ranges->items);
}
