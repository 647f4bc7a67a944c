/* Two profiles of the same recording become one: every id of the second is looked up in the first.
 */
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

void ev_profile_merge(struct ev_profile *into, const struct ev_profile *from)
{
	uint32_t *places = ev_alloc(from->places.count * sizeof(*places));
	uint32_t *stacks = ev_alloc(from->stacks.count * sizeof(*stacks));
	uint32_t *tags = ev_alloc(from->tags.count * sizeof(*tags));
	if (!into->details.count)
		into->detail_mask = from->detail_mask;
	into->of_branches |= from->of_branches;
	into->has_history |= from->has_history;
	into->tell_ends |= from->tell_ends;
	for (size_t i = 1; i < from->places.count; i++)
		places[i] = ev_profile_place(into, from->places.items[i]);
	for (size_t i = 1; i < from->stacks.count; i++) {
		const struct ev_stack *stack = &from->stacks.items[i];
		uint32_t mark = stack->place & EV_PLACE_GUESSED;
		stacks[i] = ev_profile_stack(into, stacks[stack->parent],
					     places[stack->place & ~EV_PLACE_GUESSED] | mark);
	}
	for (size_t i = 1; i < from->tags.count; i++)
		tags[i] = merge_tag(into, from, (uint32_t)i, places);
	for (size_t i = 0; i < from->cells.count; i++) {
		const struct ev_cell *cell = &from->cells.items[i];
		ev_profile_add(into, tags[cell->tag], stacks[cell->stack], cell->samples,
			       cell->period);
	}
	free(places);
	free(stacks);
	free(tags);
	ev_quality_merge(&into->quality, &from->quality);
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
