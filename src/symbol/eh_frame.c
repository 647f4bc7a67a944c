/* The entries of .eh_frame become ranges of code, one for each function. */
#include <stdlib.h>
#include "eh_frame.h"

#define RANGE_LIMIT ((size_t)4 << 20)

static bool range_of(const struct image *image, const struct frame_function *function,
		     struct code_range *range)
{
	uint64_t offset;
	if (function->size_bytes > image->size_bytes ||
	    !ev_image_offset(image, function->start, &offset) ||
	    offset > UINT64_MAX - function->size_bytes)
		return false;
	*range = (struct code_range){ .start = offset, .end = offset + function->size_bytes };
	return true;
}

/* By start, then by end: ends first, and the order of starts keeps it. */
static void sort_ranges(struct code_ranges *ranges)
{
	size_t count = ranges->items.count;
	struct code_range *items = ranges->items.items;
	struct ev_keyed *order = ev_realloc(NULL, count * sizeof(*order));
	for (uint32_t i = 0; i < count; i++)
		order[i] = (struct ev_keyed){ items[i].end, i };
	ev_sort_keyed(order, count);
	for (size_t i = 0; i < count; i++)
		order[i].key = items[order[i].id].start;
	ev_sort_keyed(order, count);
	ev_order_items(items, sizeof(*items), order, count);
	free(order);
}

static void read_all(struct code_ranges *ranges, const struct image *image)
{
	struct frame_function function;
	struct code_range range;
	for (size_t at = 0; ranges->items.count < RANGE_LIMIT &&
			    ev_frame_section_next(&ranges->section, &at, &function);)
		if (range_of(image, &function, &range))
			*ev_array_add(&ranges->items) = range;
	if (ranges->items.count)
		sort_ranges(ranges);
}

void ev_code_ranges_read(struct code_ranges *ranges, const struct image *image)
{
	*ranges = (struct code_ranges){ 0 };
	if (ev_frame_section_open(&ranges->section, image, false) &&
	    ev_frame_index_open(&ranges->index, image)) {
		ranges->items.count = ranges->items.room = ranges->index.count;
		ranges->items.items = ev_alloc(ranges->items.count * sizeof(*ranges->items.items));
		return;
	}
	read_all(ranges, image);
	ev_frame_section_close(&ranges->section);
}

static struct code_range *find_by_index(struct code_ranges *ranges, const struct image *image,
					uint64_t offset)
{
	uint64_t address;
	size_t before = ev_image_address(image, offset, &address)
				? ev_frame_index_before(&ranges->index, address)
				: 0;
	struct code_range *range = before ? &ranges->items.items[before - 1] : NULL;
	struct frame_function function;
	if (range && !range->end &&
	    !(ev_frame_index_function(&ranges->index, before - 1, &ranges->section, &function) &&
	      range_of(image, &function, range)))
		return NULL;
	return range && offset >= range->start && offset < range->end ? range : NULL;
}

struct code_range *ev_code_ranges_find(struct code_ranges *ranges, const struct image *image,
				       uint64_t offset)
{
	if (ranges->index.count)
		return find_by_index(ranges, image, offset);
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
	ev_frame_index_close(&ranges->index);
	ev_frame_section_close(&ranges->section);
}
