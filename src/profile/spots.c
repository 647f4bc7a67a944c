/* The places that samples were at become instructions with their weights, each with the function
 * whose machine code it is. */
#include <stdlib.h>
#include <string.h>
#include <evprof/profile.h>
#include <evprof/tables.h>

static int by_place(const void *one, const void *other)
{
	const struct ev_spot *a = one, *b = other;
	if (a->place.object != b->place.object)
		return a->place.object < b->place.object ? -1 : 1;
	return a->place.offset < b->place.offset ? -1 : a->place.offset > b->place.offset;
}

/* The functions of the place that a named stack ends in, innermost first: `id` becomes the example
 * of those that have none. The last is the one whose machine code it is, and is returned. */
static uint32_t walk(const struct ev_lines *lines, uint32_t stack, uint32_t *example, uint32_t id)
{
	const struct ev_named *named = lines->named;
	const struct ev_stack *stacks = named->stacks.items;
	for (;; stack = stacks[stack].parent) {
		uint32_t frame = stacks[stack].place;
		uint32_t function = lines->lines.items[lines->line_of[frame]].function;
		bool is_last =
			!stack || !named->frames.items[frame].inlined || !stacks[stack].parent;
		/* Code of its own tells more about a function than where it was inlined. */
		if (example && (is_last || !example[function]))
			example[function] = id;
		if (is_last)
			return function;
	}
}

/* Every place that a sample was at, once. */
static void find_spots(struct ev_spots *spots, const struct ev_lines *lines)
{
	const struct ev_profile *profile = lines->named->profile;
	bool *seen = ev_alloc(profile->places.count + 1);
	for (size_t i = 0; i < profile->cells.count; i++) {
		uint32_t stack = profile->cells.items[i].stack;
		uint32_t place = profile->stacks.items[stack].place;
		if (!stack || seen[place])
			continue;
		seen[place] = true;
		*ev_array_add(&spots->items) = (struct ev_spot){
			.place = profile->places.items[place],
			.function = walk(lines, lines->named->stack_of[stack], NULL, 0),
		};
	}
	free(seen);
	if (spots->items.count)
		qsort(spots->items.items, spots->items.count, sizeof(*spots->items.items),
		      by_place);
}

size_t ev_spots_find(const struct ev_spots *spots, uint32_t object, uint64_t offset)
{
	struct ev_spot wanted = { .place = { .object = object, .offset = offset } };
	size_t low = 0, high = spots->items.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_place(&spots->items.items[middle], &wanted) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void sort_by_function(struct ev_spots *spots, size_t function_count)
{
	size_t count = spots->items.count, events = spots->event_count;
	uint32_t *end = spots->function_end = ev_alloc((function_count + 1) * sizeof(*end));
	spots->by_function = ev_alloc((count + 1) * sizeof(*spots->by_function));
	spots->of_functions =
		ev_alloc((function_count * events + 1) * sizeof(*spots->of_functions));
	for (size_t i = 0; i < count; i++)
		end[spots->items.items[i].function + 1]++;
	for (size_t f = 1; f <= function_count; f++)
		end[f] += end[f - 1];
	/* Begins become ends while the ids are filled in. */
	for (uint32_t i = 0; i < count; i++) {
		uint32_t function = spots->items.items[i].function;
		spots->by_function[end[function]++] = i;
		for (size_t e = 0; e < events; e++) {
			const struct ev_weight *weight = &spots->weights[i * events + e];
			struct ev_weight *sum = &spots->of_functions[function * events + e];
			sum->samples += weight->samples;
			sum->period += weight->period;
		}
	}
}

void ev_spots_build(struct ev_spots *spots, const struct ev_lines *lines)
{
	const struct ev_profile *profile = lines->named->profile;
	*spots = (struct ev_spots){ .event_count = lines->event_count };
	find_spots(spots, lines);
	spots->example = ev_alloc(lines->functions.count * sizeof(*spots->example));
	spots->weights =
		ev_alloc((spots->items.count * spots->event_count + 1) * sizeof(*spots->weights));
	for (size_t i = 0; i < profile->cells.count; i++) {
		const struct ev_cell *cell = &profile->cells.items[i];
		const struct ev_tag *tag = &profile->tags.items[cell->tag];
		if (!cell->stack || !lines->passes[cell->tag])
			continue;
		const struct ev_place *place =
			&profile->places.items[profile->stacks.items[cell->stack].place];
		size_t spot = ev_spots_find(spots, place->object, place->offset);
		walk(lines, lines->named->stack_of[cell->stack], spots->example,
		     (uint32_t)spot + 1);
		struct ev_weight *weight = &spots->weights[spot * spots->event_count + tag->event];
		weight->samples += cell->samples;
		weight->period += cell->period;
	}
	sort_by_function(spots, lines->functions.count);
}

void ev_spots_done(struct ev_spots *spots)
{
	ev_array_done(&spots->items);
	free(spots->weights);
	free(spots->by_function);
	free(spots->function_end);
	free(spots->of_functions);
	free(spots->example);
	*spots = (struct ev_spots){ 0 };
}
