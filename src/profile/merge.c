/* Two profiles of the same recording become one: every id of the second is looked up in the first.
 * Of the second a part may do, so that what is old counts less and is forgotten. */
#include <stdlib.h>
#include "profile.h"

void ev_quality_merge(struct ev_quality *into, const struct ev_quality *from)
{
	into->samples += from->samples;
	into->lost += from->lost;
	into->throttled += from->throttled;
	into->unresolved += from->unresolved;
	into->with_stack += from->with_stack;
	into->truncated_stacks += from->truncated_stacks;
	into->damaged_records += from->damaged_records;
	into->aux_bytes += from->aux_bytes;
	for (size_t i = 0; i < EV_LENGTH(into->unwound); i++)
		into->unwound[i] += from->unwound[i];
	into->guessed_frames += from->guessed_frames;
}

/* Texts and places in details are numbers of their profile. */
static uint32_t merge_detail(struct ev_profile *into, const struct ev_profile *from,
			     const struct ev_tag *tag, const uint32_t *places)
{
	static const enum ev_detail texts[] = { EV_DETAIL_CGROUP, EV_DETAIL_CGROUP_SPACE,
						EV_DETAIL_PARENT, EV_DETAIL_TRACE };
	uint64_t numbers[EV_DETAIL_COUNT];
	for (enum ev_detail i = 0; i < EV_DETAIL_COUNT; i++)
		numbers[i] = ev_tag_detail(from, tag, i);
	for (size_t i = 0; i < EV_LENGTH(texts); i++)
		numbers[texts[i]] =
			ev_strings_add_text(into->strings,
					    ev_strings_text(from->strings,
							    (uint32_t)numbers[texts[i]]));
	for (enum ev_detail i = EV_DETAIL_FIELD; i <= EV_DETAIL_FIELD_LAST; i++)
		numbers[i] =
			ev_strings_add_text(into->strings,
					    ev_strings_text(from->strings, (uint32_t)numbers[i]));
	numbers[EV_DETAIL_FROM_PLACE] = places[numbers[EV_DETAIL_FROM_PLACE]];
	numbers[EV_DETAIL_DATA_PLACE] = places[numbers[EV_DETAIL_DATA_PLACE]];
	return ev_profile_detail(into, numbers);
}

static uint32_t merge_tag(struct ev_profile *into, const struct ev_profile *from, uint32_t tag,
			  const uint32_t *places)
{
	struct ev_tag copy = from->tags.items[tag];
	if (copy.detail)
		copy.detail = merge_detail(into, from, &copy, places);
	if (copy.comm)
		copy.comm = ev_strings_add_text(into->strings,
						ev_strings_text(from->strings, copy.comm));
	return ev_profile_tag(into, &copy);
}

/* Counts times parts / of, to the nearest; never so much that it overflows. */
static uint64_t part_of(uint64_t count, uint64_t parts, uint64_t of)
{
	if (parts == of)
		return count;
	unsigned __int128 part = ((unsigned __int128)count * parts + of / 2) / of;
	return part > UINT64_MAX / 2 ? UINT64_MAX / 2 : (uint64_t)part;
}

/* What is still there of a profile when only a part of each count is. */
struct kept {
	bool *stacks, *places, *tags;
};

static struct kept find_kept(const struct ev_profile *from, uint64_t parts, uint64_t of)
{
	struct kept kept = {
		.stacks = ev_alloc(from->stacks.count + 1),
		.places = ev_alloc(from->places.count + 1),
		.tags = ev_alloc(from->tags.count + 1),
	};
	bool all = parts == of;
	for (size_t i = 0; i < from->cells.count; i++) {
		const struct ev_cell *cell = &from->cells.items[i];
		bool counts = part_of(cell->samples, parts, of);
		kept.stacks[cell->stack] |= counts;
		kept.tags[cell->tag] |= counts;
	}
	for (size_t i = from->stacks.count; i-- > 1;) {
		const struct ev_stack *stack = &from->stacks.items[i];
		kept.stacks[i] |= all;
		kept.stacks[stack->parent] |= kept.stacks[i];
		kept.places[stack->place & ~EV_PLACE_GUESSED] |= kept.stacks[i];
	}
	/* Details of tags may name any place. */
	for (size_t i = 1; (all || from->details.count) && i < from->places.count; i++)
		kept.places[i] = true;
	for (size_t i = 1; all && i < from->tags.count; i++)
		kept.tags[i] = true;
	return kept;
}

/* So many of each kind as samples are left, which were rounded one by one. */
static void merge_quality(struct ev_profile *into, const struct ev_profile *from, uint64_t parts,
			  uint64_t of)
{
	struct ev_quality part = from->quality;
	uint64_t samples = 0, all = part.samples ? part.samples : 1;
	for (size_t i = 0; i < from->cells.count; i++)
		samples += part_of(ev_cell_samples(from, &from->cells.items[i]), parts, of);
	if (parts != of) {
		part.samples = samples;
		part.unresolved = part_of(part.unresolved, samples, all);
		part.with_stack = part_of(part.with_stack, samples, all);
		part.truncated_stacks = part_of(part.truncated_stacks, samples, all);
		part.guessed_frames = part_of(part.guessed_frames, samples, all);
		for (size_t i = 0; i < EV_LENGTH(part.unwound); i++)
			part.unwound[i] = part_of(part.unwound[i], samples, all);
	}
	ev_quality_merge(&into->quality, &part);
}

static void merge_cells(struct ev_profile *into, const struct ev_profile *from, uint64_t parts,
			uint64_t of)
{
	struct kept kept = find_kept(from, parts, of);
	uint32_t *places = ev_alloc(from->places.count * sizeof(*places));
	uint32_t *stacks = ev_alloc(from->stacks.count * sizeof(*stacks));
	uint32_t *tags = ev_alloc(from->tags.count * sizeof(*tags));
	for (size_t i = 1; i < from->places.count; i++)
		if (kept.places[i])
			places[i] = ev_profile_place(into, from->places.items[i]);
	for (size_t i = 1; i < from->stacks.count; i++) {
		const struct ev_stack *stack = &from->stacks.items[i];
		uint32_t mark = stack->place & EV_PLACE_GUESSED;
		if (kept.stacks[i])
			stacks[i] =
				ev_profile_stack(into, stacks[stack->parent],
						 places[stack->place & ~EV_PLACE_GUESSED] | mark);
	}
	for (size_t i = 1; i < from->tags.count; i++)
		if (kept.tags[i])
			tags[i] = merge_tag(into, from, (uint32_t)i, places);
	for (size_t i = 0; i < from->cells.count; i++) {
		const struct ev_cell *cell = &from->cells.items[i];
		uint64_t samples = part_of(cell->samples, parts, of);
		if (samples || parts == of)
			ev_profile_add(into, tags[cell->tag], stacks[cell->stack], samples,
				       part_of(cell->period, parts, of));
	}
	free(places);
	free(stacks);
	free(tags);
	free(kept.stacks);
	free(kept.places);
	free(kept.tags);
}

void ev_profile_merge(struct ev_profile *into, const struct ev_profile *from)
{
	ev_profile_merge_part(into, from, 1, 1);
}

void ev_profile_merge_part(struct ev_profile *into, const struct ev_profile *from, uint64_t parts,
			   uint64_t of)
{
	if (!into->details.count)
		into->detail_mask = from->detail_mask;
	into->of_branches |= from->of_branches;
	into->has_history |= from->has_history;
	into->tell_ends |= from->tell_ends;
	merge_cells(into, from, parts, of);
	merge_quality(into, from, parts, of);
	if (from->event_count > into->event_count)
		into->event_count = from->event_count;
	if (!into->first_time_ns ||
	    (from->first_time_ns && from->first_time_ns < into->first_time_ns))
		into->first_time_ns = from->first_time_ns;
	if (from->last_time_ns > into->last_time_ns)
		into->last_time_ns = from->last_time_ns;
	into->has_guesses |= from->has_guesses;
	if (!into->slice_ns)
		into->slice_ns = from->slice_ns;
}
