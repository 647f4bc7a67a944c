/* Places in the details of tags get names, as those in stacks do. */
#include <stdlib.h>
#include "named.h"

static uint32_t place_of(const struct ev_profile *profile, size_t tag)
{
	uint64_t place = ev_tag_detail(profile, &profile->tags.items[tag], EV_DETAIL_FROM_PLACE);
	return place < profile->places.count ? (uint32_t)place : 0;
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
