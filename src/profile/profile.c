/* Samples become a profile: places, stacks, tags and cells, each interned in an array of its own.
 */
#include <stdlib.h>
#include <string.h>
#include "intern.h"
#include "profile.h"

enum { RECENT_BITS = 12 };

/* What finds things in the profile's arrays. It can be made from them at any time. */
struct ev_profile_index {
	struct ev_ids place_ids, tag_ids, cell_ids, detail_ids;
	uint32_t last_detail;
	struct ev_stack_ids stack_ids;
	struct recent { /* places seen lately, by the top bits of a cheap hash */
		uint64_t offset;
		uint32_t object, id;
	} recent[1 << RECENT_BITS];
	uint32_t last_tag;
	/* Most stacks have one tag: their cell is found here; other tags of a stack in cell_ids.
	 * A cell's id in both is its place in the array + 1. */
	uint32_t *cell_of;
	size_t cell_of_count;
	size_t further_count; /* cells in cell_ids */
	/* By place: the cell in which a sample without a stack was counted last, + 1. */
	uint32_t *leaf_cell;
	size_t leaf_cell_count;
};

static uint64_t place_hash(const struct ev_ids *ids, const struct ev_place *place)
{
	return ev_ids_mix(ids, place->offset * 0x9e3779b97f4a7c15ULL ^ place->object);
}

static uint64_t tag_hash(const struct ev_ids *ids, const struct ev_tag *tag)
{
	uint64_t hash = ev_ids_mix(ids, (uint64_t)tag->event << 32 | tag->pid);
	hash = ev_ids_mix(ids, hash ^ ((uint64_t)tag->tid << 32 | tag->comm));
	hash = ev_ids_mix(ids, hash ^ tag->slice);
	hash ^= ((uint64_t)tag->cpu << 32 | tag->detail) * 0x9e3779b97f4a7c15ULL;
	return ev_ids_mix(ids, hash ^ ((uint64_t)tag->block << 32 | tag->recording));
}

static uint64_t hash_place(const struct ev_ids *ids, const void *items, uint32_t id)
{
	return place_hash(ids, &((const struct ev_place *)items)[id]);
}

static uint64_t hash_tag(const struct ev_ids *ids, const void *items, uint32_t id)
{
	return tag_hash(ids, &((const struct ev_tag *)items)[id]);
}

static uint64_t hash_cell(const struct ev_ids *ids, const void *items, uint32_t id)
{
	const struct ev_cell *cell = &((const struct ev_cell *)items)[id - 1];
	return ev_ids_mix(ids, (uint64_t)cell->tag << 32 | cell->stack);
}

struct ev_profile *ev_profile_open(void)
{
	struct ev_profile *profile = ev_alloc(sizeof(*profile));
	profile->strings = ev_strings_open();
	ev_array_add(&profile->places);
	ev_array_add(&profile->stacks);
	ev_array_add(&profile->tags);
	return profile;
}

void ev_profile_close(struct ev_profile *profile)
{
	if (!profile)
		return;
	ev_profile_forget_index(profile);
	ev_strings_close(profile->strings);
	ev_array_done(&profile->places);
	ev_array_done(&profile->stacks);
	ev_array_done(&profile->tags);
	ev_array_done(&profile->cells);
	ev_array_done(&profile->is_member);
	ev_array_done(&profile->details);
	ev_array_done(&profile->origins);
	free(profile->settled);
	free(profile);
}

uint32_t ev_profile_origin(struct ev_profile *profile, const char *path, const char *host)
{
	struct ev_origin origin = {
		.path = path ? ev_strings_add_text(profile->strings, path) : 0,
		.host = host ? ev_strings_add_text(profile->strings, host) : 0,
	};
	for (uint32_t i = 0; i < profile->origins.count; i++)
		if (!memcmp(&profile->origins.items[i], &origin, sizeof(origin)))
			return i;
	*ev_array_add(&profile->origins) = origin;
	return (uint32_t)profile->origins.count - 1;
}

void ev_profile_forget_index(struct ev_profile *profile)
{
	struct ev_profile_index *index = profile->index;
	if (!index)
		return;
	ev_ids_done(&index->place_ids);
	ev_ids_done(&index->tag_ids);
	ev_ids_done(&index->cell_ids);
	ev_ids_done(&index->detail_ids);
	ev_ids_done(&index->stack_ids.ids);
	free(index->cell_of);
	free(index->leaf_cell);
	free(index);
	profile->index = NULL;
}

/* Make room for `need` numbers, the new ones 0. */
static void cover(uint32_t **numbers, size_t *count, size_t need)
{
	size_t room = *count ? *count : 1024;
	while (room < need)
		room *= 2;
	*numbers = ev_realloc(*numbers, room * sizeof(**numbers));
	memset(*numbers + *count, 0, (room - *count) * sizeof(**numbers));
	*count = room;
}

static void cover_stacks(struct ev_profile_index *index, size_t count)
{
	cover(&index->cell_of, &index->cell_of_count, count);
}

/* Where in cell_ids the cell is or belongs. */
static uint32_t *further_slot(struct ev_profile_index *index, const struct ev_cell *cells,
			      uint32_t tag, uint32_t stack)
{
	struct ev_ids *ids = &index->cell_ids;
	ev_ids_reserve_some(ids, index->further_count + 1, cells, hash_cell);
	size_t mask = ids->room - 1;
	size_t at = ev_ids_mix(ids, (uint64_t)tag << 32 | stack) & mask;
	for (uint32_t id; (id = ids->slots[at]); at = (at + 1) & mask)
		if (cells[id - 1].tag == tag && cells[id - 1].stack == stack)
			break;
	return &ids->slots[at];
}

static __attribute__((noinline)) struct ev_profile_index *make_index(struct ev_profile *profile)
{
	struct ev_profile_index *index = ev_alloc(sizeof(*index));
	const struct ev_cell *cells = profile->cells.items;
	profile->index = index;
	ev_ids_reserve(&index->place_ids, profile->places.count, profile->places.items, hash_place);
	ev_ids_reserve(&index->tag_ids, profile->tags.count, profile->tags.items, hash_tag);
	ev_stack_ids_fill(&index->stack_ids, profile->stacks.items, profile->stacks.count);
	cover_stacks(index, profile->stacks.count);
	for (uint32_t i = 0; i < profile->cells.count; i++) {
		uint32_t *slot = &index->cell_of[cells[i].stack];
		if (*slot) {
			slot = further_slot(index, cells, cells[i].tag, cells[i].stack);
			index->further_count++;
		}
		*slot = i + 1;
	}
	return index;
}

static inline struct ev_profile_index *index_of(struct ev_profile *profile)
{
	return profile->index ? profile->index : make_index(profile);
}

static uint32_t search_place(struct ev_profile *profile, struct ev_ids *ids, struct ev_place place)
{
	if (ev_ids_full(ids, profile->places.count))
		ev_ids_reserve(ids, profile->places.count, profile->places.items, hash_place);
	size_t mask = ids->room - 1;
	size_t at = place_hash(ids, &place) & mask;
	for (uint32_t id; (id = ids->slots[at]); at = (at + 1) & mask) {
		const struct ev_place *other = &profile->places.items[id];
		if (other->offset == place.offset && other->object == place.object)
			return id;
	}
	uint32_t id = (uint32_t)profile->places.count;
	*ev_array_add(&profile->places) = place;
	return ids->slots[at] = id;
}

uint32_t ev_profile_place(struct ev_profile *profile, struct ev_place place)
{
	struct ev_profile_index *index = index_of(profile);
	uint64_t hash = (place.offset ^ (uint64_t)place.object << 40) * 0x9e3779b97f4a7c15ULL;
	struct recent *recent = &index->recent[hash >> (64 - RECENT_BITS)];
	if (recent->id && recent->offset == place.offset && recent->object == place.object)
		return recent->id;
	uint32_t id = search_place(profile, &index->place_ids, place);
	*recent = (struct recent){ place.offset, place.object, id };
	return id;
}

uint32_t ev_profile_stack(struct ev_profile *profile, uint32_t parent, uint32_t place)
{
	return ev_stack_ids_add(&index_of(profile)->stack_ids, &profile->stacks.items,
				&profile->stacks.count, &profile->stacks.room, parent, place);
}

static bool same_tag(const struct ev_tag *one, const struct ev_tag *other)
{
	return memcmp(one, other, sizeof(*one)) == 0; /* no padding: numbers of one size */
}

uint32_t ev_profile_tag(struct ev_profile *profile, const struct ev_tag *tag)
{
	struct ev_profile_index *index = index_of(profile);
	if (index->last_tag && same_tag(&profile->tags.items[index->last_tag], tag))
		return index->last_tag;
	struct ev_ids *ids = &index->tag_ids;
	if (ev_ids_full(ids, profile->tags.count))
		ev_ids_reserve(ids, profile->tags.count, profile->tags.items, hash_tag);
	size_t mask = ids->room - 1;
	size_t at = tag_hash(ids, tag) & mask;
	for (uint32_t id; (id = ids->slots[at]); at = (at + 1) & mask)
		if (same_tag(&profile->tags.items[id], tag))
			return index->last_tag = id;
	if (tag->event >= profile->event_count)
		profile->event_count = tag->event + 1;
	uint32_t id = (uint32_t)profile->tags.count;
	*ev_array_add(&profile->tags) = *tag;
	return index->last_tag = ids->slots[at] = id;
}

/* ---- details --------------------------------------------------------------------------------- */

static uint64_t hash_detail(const struct ev_ids *ids, const void *context, uint32_t id)
{
	const struct ev_profile *profile = context;
	size_t width = (size_t)__builtin_popcount(profile->detail_mask);
	uint64_t hash = 0;
	for (size_t i = 0; i < width; i++)
		hash = ev_ids_mix(ids, hash ^ profile->details.items[(id - 1) * width + i]);
	return hash;
}

uint32_t ev_profile_detail(struct ev_profile *profile, const uint64_t numbers[EV_DETAIL_COUNT])
{
	struct ev_profile_index *index = index_of(profile);
	struct ev_ids *ids = &index->detail_ids;
	size_t width = (size_t)__builtin_popcount(profile->detail_mask);
	size_t bytes = width * sizeof(*numbers);
	uint32_t fresh = width ? (uint32_t)(profile->details.count / width) + 1 : 1;
	if (!width)
		return 0;
	/* The newest is taken back when it is known already. */
	for (enum ev_detail i = 0; i < EV_DETAIL_COUNT; i++)
		if (profile->detail_mask >> i & 1)
			*ev_array_add(&profile->details) = numbers[i];
	const uint64_t *own = &profile->details.items[(fresh - 1) * width];
	if (index->last_detail &&
	    !memcmp(&profile->details.items[(index->last_detail - 1) * width], own, bytes)) {
		profile->details.count -= width;
		return index->last_detail;
	}
	if (ev_ids_full(ids, fresh))
		ev_ids_reserve(ids, fresh, profile, hash_detail);
	size_t mask = ids->room - 1, at = hash_detail(ids, profile, fresh) & mask;
	for (uint32_t id; (id = ids->slots[at]); at = (at + 1) & mask)
		if (!memcmp(&profile->details.items[(id - 1) * width], own, bytes)) {
			profile->details.count -= width;
			return index->last_detail = id;
		}
	return index->last_detail = ids->slots[at] = fresh;
}

uint64_t ev_tag_detail(const struct ev_profile *profile, const struct ev_tag *tag,
		       enum ev_detail detail)
{
	uint32_t mask = profile->detail_mask, bit = UINT32_C(1) << detail;
	size_t width = (size_t)__builtin_popcount(mask);
	if (!tag->detail || !(mask & bit))
		return 0;
	return profile->details
		.items[(tag->detail - 1) * width + (size_t)__builtin_popcount(mask & (bit - 1))];
}

/* The cell of a stack that already has one of another tag. */
static struct ev_cell *further_cell(struct ev_profile *profile, struct ev_profile_index *index,
				    uint32_t tag, uint32_t stack)
{
	uint32_t *slot = further_slot(index, profile->cells.items, tag, stack);
	if (!*slot) {
		*ev_array_add(&profile->cells) = (struct ev_cell){ .tag = tag, .stack = stack };
		*slot = (uint32_t)profile->cells.count;
		index->further_count++;
	}
	return &profile->cells.items[*slot - 1];
}

static struct ev_cell *cell_at(struct ev_profile *profile, uint32_t tag, uint32_t stack)
{
	struct ev_profile_index *index = index_of(profile);
	if (stack >= index->cell_of_count)
		cover_stacks(index, (size_t)stack + 1);
	uint32_t *first = &index->cell_of[stack];
	struct ev_cell *cell;
	if (!*first) {
		cell = ev_array_add(&profile->cells);
		cell->tag = tag;
		cell->stack = stack;
		*first = (uint32_t)profile->cells.count;
	} else {
		cell = &profile->cells.items[*first - 1];
		if (cell->tag != tag)
			cell = further_cell(profile, index, tag, stack);
	}
	return cell;
}

void ev_profile_add(struct ev_profile *profile, uint32_t tag, uint32_t stack, uint64_t samples,
		    uint64_t period)
{
	struct ev_cell *cell = cell_at(profile, tag, stack);
	cell->samples += samples;
	cell->period += period;
}

uint32_t ev_profile_cell(struct ev_profile *profile, uint32_t tag, uint32_t stack)
{
	return (uint32_t)(cell_at(profile, tag, stack) - profile->cells.items);
}

void ev_profile_add_leaf(struct ev_profile *profile, uint32_t tag, uint32_t place, uint64_t samples,
			 uint64_t period)
{
	struct ev_profile_index *index = index_of(profile);
	if (place >= index->leaf_cell_count)
		cover(&index->leaf_cell, &index->leaf_cell_count, (size_t)place + 1);
	uint32_t *last = &index->leaf_cell[place];
	struct ev_cell *cell = *last ? &profile->cells.items[*last - 1] : NULL;
	if (!cell || cell->tag != tag) {
		cell = cell_at(profile, tag, ev_profile_stack(profile, 0, place));
		*last = (uint32_t)(cell - profile->cells.items) + 1;
	}
	cell->samples += samples;
	cell->period += period;
}
