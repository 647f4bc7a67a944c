/* Runs of numbers are taken from a sorted list of free ones, and given back to it. */
#include <stdlib.h>
#include <string.h>
#include "ranges.h"

void ev_ranges_init(struct ev_ranges *ranges, uint32_t limit)
{
	*ranges = (struct ev_ranges){ .limit = limit };
	if (limit)
		*ev_array_add(&ranges->free) = (struct ev_range){ 0, limit, 0 };
}

static void remove_at(struct ev_ranges *ranges, size_t at)
{
	ranges->free.count--;
	memmove(&ranges->free.items[at], &ranges->free.items[at + 1],
		(ranges->free.count - at) * sizeof(*ranges->free.items));
}

bool ev_ranges_take(struct ev_ranges *ranges, uint32_t count, uint32_t *first)
{
	for (size_t i = 0; count && i < ranges->free.count; i++) {
		struct ev_range *range = &ranges->free.items[i];
		if (range->count < count)
			continue;
		*first = range->first;
		range->first += count;
		range->count -= count;
		if (!range->count)
			remove_at(ranges, i);
		ranges->used += count;
		return true;
	}
	return false;
}

/* The first free run behind a number. */
static size_t place_of(const struct ev_ranges *ranges, uint32_t first)
{
	size_t low = 0, high = ranges->free.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ranges->free.items[middle].first <= first)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void ev_ranges_give(struct ev_ranges *ranges, uint32_t first, uint32_t count)
{
	size_t at = place_of(ranges, first);
	struct ev_range *before = at ? &ranges->free.items[at - 1] : NULL;
	if (!count)
		return;
	ranges->used -= count;
	if (before && before->first + before->count == first) {
		before->count += count;
		at--;
	} else {
		ev_array_add(&ranges->free);
		memmove(&ranges->free.items[at + 1], &ranges->free.items[at],
			(ranges->free.count - 1 - at) * sizeof(*ranges->free.items));
		ranges->free.items[at] = (struct ev_range){ first, count, 0 };
	}
	struct ev_range *here = &ranges->free.items[at];
	if (at + 1 < ranges->free.count && here->first + here->count == here[1].first) {
		here->count += here[1].count;
		remove_at(ranges, at + 1);
	}
}

void ev_ranges_give_later(struct ev_ranges *ranges, uint32_t first, uint32_t count, uint64_t step)
{
	if (count)
		*ev_array_add(&ranges->waiting) = (struct ev_range){ first, count, step };
}

void ev_ranges_settle(struct ev_ranges *ranges, uint64_t step)
{
	size_t kept = 0;
	for (size_t i = 0; i < ranges->waiting.count; i++) {
		struct ev_range range = ranges->waiting.items[i];
		if (range.step < step)
			ev_ranges_give(ranges, range.first, range.count);
		else
			ranges->waiting.items[kept++] = range;
	}
	ranges->waiting.count = kept;
}

bool ev_ranges_free(const struct ev_ranges *ranges, uint32_t first, uint32_t count)
{
	size_t at = place_of(ranges, first);
	const struct ev_range *range = at ? &ranges->free.items[at - 1] : NULL;
	return range && first - range->first <= range->count &&
	       range->count - (first - range->first) >= count;
}

void ev_ranges_done(struct ev_ranges *ranges)
{
	ev_array_done(&ranges->free);
	ev_array_done(&ranges->waiting);
}
