/* Places in the details of tags get names, as those in stacks do. */
#include <inttypes.h>
#include <stdlib.h>
#include "named.h"

static uint32_t place_in(const struct ev_profile *profile, size_t tag, enum ev_detail detail)
{
	uint64_t place = ev_tag_detail(profile, &profile->tags.items[tag], detail);
	return place < profile->places.count ? (uint32_t)place : 0;
}

static uint32_t place_of(const struct ev_profile *profile, size_t tag)
{
	return place_in(profile, tag, EV_DETAIL_FROM_PLACE);
}

void ev_details_want(const struct ev_profile *profile, struct ev_place_names *names)
{
	if (!(profile->detail_mask & EV_DETAIL_BIT(FROM_PLACE)))
		return;
	for (size_t i = 1; i < profile->tags.count; i++)
		names->roles[place_of(profile, i)] |= 1 << EV_ROLE_EXACT;
	names->roles[0] = 0;
}

/* The innermost frame, as where a sample was. */
void ev_details_name(struct ev_named *named, const struct ev_place_names *names)
{
	const struct ev_profile *profile = named->profile;
	if (!(profile->detail_mask & EV_DETAIL_BIT(FROM_PLACE)))
		return;
	for (size_t i = 1; i < profile->tags.count; i++) {
		uint32_t place = place_of(profile, i);
		uint32_t first = place ? names->first[place][EV_ROLE_EXACT] : 0;
		if (first)
			*ev_map_add(&named->frame_of_place, place, 0, NULL) =
				names->frames.items[first + names->frames.items[first]];
	}
}

/* As perf writes it: of variables with the distance from their beginning. */
void ev_details_name_data(struct ev_named *named, const struct ev_namer *namer)
{
	const struct ev_profile *profile = named->profile;
	struct ev_arena scratch = { 0 };
	if (!(profile->detail_mask & EV_DETAIL_BIT(DATA_PLACE)) || !namer->find_variable)
		return;
	for (size_t i = 1; i < profile->tags.count; i++) {
		uint32_t index = place_in(profile, i, EV_DETAIL_DATA_PLACE);
		const struct ev_place *place = &profile->places.items[index];
		struct ev_symbol symbol;
		bool added = false, in_code;
		uint32_t *text = index ? ev_map_add(&named->data_of_place, index, 0, &added) : NULL;
		if (!added)
			continue;
		*text = 0;
		if (!namer->find_variable(namer->context, *place, &symbol, &in_code))
			continue;
		const char *name = symbol.function;
		if (!in_code)
			name = ev_arena_printf(&scratch, "%s+0x%" PRIx64, name,
					       place->offset - symbol.start);
		*text = ev_strings_add_text(profile->strings, name);
		ev_arena_reset(&scratch);
	}
	ev_arena_done(&scratch);
}
