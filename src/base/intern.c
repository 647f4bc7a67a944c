/* The same text or pair of numbers becomes the same small number: hash tables with open addressing.
 */
#include <stdlib.h>
#include <string.h>
#include <evprof/base.h>

uint64_t ev_hash64(uint64_t value)
{
	/* The finalizer of MurmurHash3: every input bit reaches every output bit. */
	value ^= value >> 33;
	value *= 0xff51afd7ed558ccdULL;
	value ^= value >> 33;
	value *= 0xc4ceb9fe1a85ec53ULL;
	return value ^ value >> 33;
}

uint64_t ev_hash_bytes(const void *bytes, size_t size_bytes)
{
	const uint8_t *at = bytes;
	uint64_t hash = size_bytes * 0x9e3779b97f4a7c15ULL;
	while (size_bytes >= 8) {
		uint64_t word;
		memcpy(&word, at, 8);
		hash = ev_hash64(hash ^ word);
		at += 8;
		size_bytes -= 8;
	}
	uint64_t word = 0;
	if (size_bytes)
		memcpy(&word, at, size_bytes);
	return ev_hash64(hash ^ word);
}

static size_t place_of(size_t room, uint64_t key, uint64_t more)
{
	return ev_hash64(key ^ ev_hash64(more)) & (room - 1);
}

static struct ev_map_slot *slot_of(struct ev_map_slot *slots, size_t room, uint64_t key,
				   uint64_t more)
{
	size_t at = place_of(room, key, more);
	while (slots[at].used && (slots[at].key != key || slots[at].more != more))
		at = (at + 1) & (room - 1);
	return &slots[at];
}

static void map_grow(struct ev_map *map, size_t room)
{
	struct ev_map_slot *slots = ev_alloc_touched(room * sizeof(*slots));
	for (size_t i = 0; i < map->room; i++)
		if (map->slots[i].used)
			*slot_of(slots, room, map->slots[i].key, map->slots[i].more) =
				map->slots[i];
	free(map->slots);
	map->slots = slots;
	map->room = room;
}

void ev_map_reserve(struct ev_map *map, size_t count)
{
	size_t room = map->room ? map->room : 64;
	while (count * 3 > room * 2)
		room *= 2;
	if (room > map->room)
		map_grow(map, room);
}

uint32_t *ev_map_add(struct ev_map *map, uint64_t key, uint64_t more, bool *added)
{
	if (map->count * 3 >= map->room * 2)
		map_grow(map, map->room ? map->room * 2 : 64);
	struct ev_map_slot *slot = slot_of(map->slots, map->room, key, more);
	if (added)
		*added = !slot->used;
	if (!slot->used) {
		*slot = (struct ev_map_slot){ .key = key, .more = more, .used = 1 };
		map->count++;
	}
	return &slot->value;
}

uint32_t *ev_map_find(const struct ev_map *map, uint64_t key, uint64_t more)
{
	if (!map->room)
		return NULL;
	struct ev_map_slot *slot = slot_of(map->slots, map->room, key, more);
	return slot->used ? &slot->value : NULL;
}

/* Those behind it that would no longer be found move up. */
void ev_map_remove(struct ev_map *map, uint64_t key, uint64_t more)
{
	if (!map->room)
		return;
	struct ev_map_slot *slots = map->slots;
	size_t mask = map->room - 1;
	size_t hole = (size_t)(slot_of(slots, map->room, key, more) - slots);
	if (!slots[hole].used)
		return;
	for (size_t at = (hole + 1) & mask; slots[at].used; at = (at + 1) & mask) {
		size_t wanted = place_of(map->room, slots[at].key, slots[at].more);
		if (((at - wanted) & mask) < ((at - hole) & mask))
			continue;
		slots[hole] = slots[at];
		hole = at;
	}
	slots[hole] = (struct ev_map_slot){ 0 };
	map->count--;
}

void ev_map_done(struct ev_map *map)
{
	free(map->slots);
	*map = (struct ev_map){ 0 };
}

/* ---- texts ------------------------------------------------------------------------------------
 */

struct text {
	const char *text;
	size_t length;
	uint64_t hash;
};
struct ev_strings {
	EV_ARRAY(struct text) texts;
	uint32_t *ids; /* open addressing; 0 = free, so "" is never in it */
	size_t room;
	struct ev_arena arena;
};

struct ev_strings *ev_strings_open(void)
{
	struct ev_strings *strings = ev_alloc(sizeof(*strings));
	strings->room = 256;
	strings->ids = ev_alloc(strings->room * sizeof(*strings->ids));
	*ev_array_add(&strings->texts) = (struct text){ .text = "" };
	return strings;
}

static void strings_grow(struct ev_strings *strings)
{
	size_t room = strings->room * 2;
	uint32_t *ids = ev_alloc(room * sizeof(*ids));
	for (uint32_t id = 1; id < strings->texts.count; id++) {
		size_t at = strings->texts.items[id].hash & (room - 1);
		while (ids[at])
			at = (at + 1) & (room - 1);
		ids[at] = id;
	}
	free(strings->ids);
	strings->ids = ids;
	strings->room = room;
}

uint32_t ev_strings_add(struct ev_strings *strings, const char *text, size_t length)
{
	if (!length)
		return 0;
	if (strings->texts.count * 3 >= strings->room * 2)
		strings_grow(strings);
	uint64_t hash = ev_hash_bytes(text, length);
	size_t at = hash & (strings->room - 1);
	for (uint32_t id; (id = strings->ids[at]); at = (at + 1) & (strings->room - 1)) {
		const struct text *known = &strings->texts.items[id];
		if (known->hash == hash && known->length == length &&
		    !memcmp(known->text, text, length))
			return id;
	}
	strings->ids[at] = (uint32_t)strings->texts.count;
	*ev_array_add(&strings->texts) = (struct text){
		.text = ev_arena_text(&strings->arena, text, length),
		.length = length,
		.hash = hash,
	};
	return strings->ids[at];
}

uint32_t ev_strings_add_text(struct ev_strings *strings, const char *text)
{
	return ev_strings_add(strings, text, strlen(text));
}

const char *ev_strings_text(const struct ev_strings *strings, uint32_t id)
{
	return id < strings->texts.count ? strings->texts.items[id].text : "";
}

uint32_t ev_strings_count(const struct ev_strings *strings)
{
	return (uint32_t)strings->texts.count;
}

void ev_strings_close(struct ev_strings *strings)
{
	if (!strings)
		return;
	ev_array_done(&strings->texts);
	free(strings->ids);
	ev_arena_done(&strings->arena);
	free(strings);
}
