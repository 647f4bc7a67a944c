/* For formats whose readers open the files themselves: how far the addresses in each file are from
 * the offsets that places have. */
#include <stdlib.h>
#include "report.h"

uint64_t *report_addresses(const struct loaded *loaded, struct ev_symbolizer *symbolizer)
{
	size_t count = ev_space_set_object_count(loaded->spaces);
	const struct ev_profile *profile = loaded->profile;
	uint64_t *ahead = ev_alloc((count + 1) * sizeof(*ahead));
	bool *seen = ev_alloc(count + 1);
	for (size_t i = 0; i < count; i++)
		ahead[i] = EV_ADDRESSES_UNKNOWN;
	for (size_t i = 1; i < profile->places.count; i++) {
		struct ev_place place = profile->places.items[i];
		uint64_t address;
		if (place.object >= count || seen[place.object])
			continue;
		seen[place.object] = true;
		const struct ev_object *object = ev_space_set_object(loaded->spaces, place.object);
		if (object->kind == EV_OBJECT_FILE && ev_place_address(symbolizer, place, &address))
			ahead[place.object] = address - place.offset;
	}
	free(seen);
	return ahead;
}
