/* The bytes of a recording's symbol section become objects, functions and places again. */
#include <stdlib.h>
#include <string.h>
#include "build_id.h"
#include "carried.h"

static uint32_t number32(struct ev_cursor *at)
{
	uint64_t value = ev_cursor_varint(at);
	if (value > UINT32_MAX)
		at->bad = true;
	return at->bad ? 0 : (uint32_t)value;
}

/* A count of things that take at least `least` bytes each. */
static size_t count_of(struct ev_cursor *at, size_t least)
{
	uint64_t count = ev_cursor_varint(at);
	if (count > ev_cursor_left(at) / least)
		at->bad = true;
	return at->bad ? 0 : (size_t)count;
}

static const char *text_of(const struct carried *carried, struct ev_cursor *at)
{
	uint64_t id = ev_cursor_varint(at);
	if (id > carried->texts.count)
		at->bad = true;
	return id && !at->bad ? carried->texts.items[id - 1] : NULL;
}

static void read_texts(struct carried *carried, struct ev_cursor *at)
{
	for (size_t left = count_of(at, 1); left && !at->bad; left--) {
		const char *text = ev_cursor_text(at);
		if (text)
			*ev_array_add(&carried->texts) = text;
	}
}

static void read_functions(struct carried *carried, struct carried_object *object,
			   struct ev_cursor *at)
{
	uint64_t start = 0;
	for (size_t left = count_of(at, 5); left && !at->bad; left--) {
		uint64_t step = ev_cursor_varint(at), size = ev_cursor_varint(at);
		if (step > UINT64_MAX - start || size > UINT64_MAX - start - step)
			at->bad = true;
		start += step;
		struct carried_function function = { .start = start, .end = start + size };
		function.function = text_of(carried, at);
		function.linkage = text_of(carried, at);
		function.made_up = ev_cursor_varint(at) & 1;
		if (!at->bad)
			*ev_array_add(&object->functions) = function;
	}
}

static void read_frames(struct carried *carried, struct carried_place *place, struct ev_cursor *at)
{
	size_t count = count_of(at, 4);
	if (count > CARRIED_FRAMES)
		at->bad = true;
	place->first_frame = (uint32_t)carried->frames.count;
	for (; count && !at->bad; count--) {
		struct carried_frame frame = { .function = text_of(carried, at) };
		frame.linkage = text_of(carried, at);
		frame.file = text_of(carried, at);
		frame.line = number32(at);
		if (at->bad)
			break;
		*ev_array_add(&carried->frames) = frame;
		place->frame_count++;
	}
}

static void read_places(struct carried *carried, struct carried_object *object,
			struct ev_cursor *at)
{
	uint64_t last = 0;
	for (size_t left = count_of(at, 3); left && !at->bad; left--) {
		uint64_t step = ev_cursor_varint(at), length = ev_cursor_varint(at);
		if (step > UINT64_MAX - last || length > UINT64_MAX - last - step)
			at->bad = true;
		struct carried_place place = { .from = last + step, .to = last + step + length };
		read_frames(carried, &place, at);
		if (at->bad || !place.frame_count)
			continue;
		last = place.to;
		*ev_array_add(&object->places) = place;
	}
}

void ev_carried_add(struct carried *carried, const struct carried_object *object)
{
	uint32_t *first =
		ev_map_add(&carried->by_path, ev_hash_bytes(object->path, strlen(object->path)),
			   (uint64_t)object->pid << 8 | object->kind, NULL);
	struct carried_object *added = ev_array_add(&carried->objects);
	*added = *object;
	added->next = *first;
	*first = (uint32_t)carried->objects.count;
}

static void read_object(struct carried *carried, struct ev_cursor *at)
{
	struct carried_object object = { 0 };
	uint32_t kind = number32(at);
	object.kind = kind <= EV_OBJECT_END ? (enum ev_object_kind)kind : EV_OBJECT_UNKNOWN;
	object.path = text_of(carried, at);
	object.trouble = text_of(carried, at);
	object.pid = number32(at);
	object.skipped = ev_cursor_varint(at) & 1;
	size_t length = count_of(at, 1);
	const void *id = length <= sizeof(object.build_id) ? ev_cursor_bytes(at, length) : NULL;
	if (!object.path || !id || at->bad) {
		at->bad = true;
		return;
	}
	memcpy(object.build_id, id, length);
	object.build_id_bytes = (uint8_t)length;
	read_functions(carried, &object, at);
	read_places(carried, &object, at);
	ev_carried_add(carried, &object);
}

static void read_codes(struct carried *carried, struct ev_cursor *at)
{
	for (size_t left = count_of(at, 6); left && !at->bad; left--) {
		struct carried_code code = { .pid = number32(at), .path = text_of(carried, at) };
		code.time_ns = ev_cursor_varint(at);
		code.start = ev_cursor_varint(at);
		code.size_bytes = ev_cursor_varint(at);
		code.offset = ev_cursor_varint(at);
		if (!at->bad && code.path)
			*ev_array_add(&carried->codes) = code;
	}
}

void ev_carried_decode(struct carried *carried, const void *bytes, size_t size_bytes)
{
	*carried = (struct carried){ 0 };
	if (size_bytes < 6 || memcmp(bytes, CARRIED_MAGIC, 4))
		return;
	carried->bytes = ev_realloc(NULL, size_bytes);
	memcpy(carried->bytes, bytes, size_bytes);
	struct ev_cursor at = ev_cursor_of(carried->bytes, size_bytes, false);
	ev_cursor_skip(&at, 4);
	if (ev_cursor_u8(&at) != CARRIED_VERSION)
		return;
	carried->flags = ev_cursor_u8(&at);
	read_texts(carried, &at);
	for (size_t left = count_of(&at, 8); left && !at.bad; left--)
		read_object(carried, &at);
	read_codes(carried, &at);
}

const struct carried_object *ev_carried_object(const struct carried *carried,
					       const struct ev_object *object)
{
	const uint32_t *first =
		ev_map_find(&carried->by_path, ev_hash_bytes(object->path, strlen(object->path)),
			    (uint64_t)object->pid << 8 | object->kind);
	for (uint32_t index = first ? *first : 0; index;) {
		const struct carried_object *found = &carried->objects.items[index - 1];
		bool named = found->build_id_bytes && object->build_id_bytes;
		if (!strcmp(found->path, object->path) &&
		    (!named || ev_build_id_equal(found->build_id, found->build_id_bytes,
						 object->build_id, object->build_id_bytes)))
			return found;
		index = found->next;
	}
	return NULL;
}

const struct carried_function *ev_carried_function(const struct carried_object *object,
						   uint64_t offset)
{
	size_t low = 0, high = object->functions.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (object->functions.items[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	/* A function inside another one ends before it. */
	for (unsigned tries = 0; low > 0 && tries < 8; low--, tries++)
		if (offset < object->functions.items[low - 1].end)
			return &object->functions.items[low - 1];
	return NULL;
}

const struct carried_place *ev_carried_place(const struct carried_object *object, uint64_t offset)
{
	size_t low = 0, high = object->places.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (object->places.items[middle].from <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low && offset < object->places.items[low - 1].to ? &object->places.items[low - 1]
								: NULL;
}

void ev_carried_done(struct carried *carried)
{
	for (size_t i = 0; i < carried->objects.count; i++) {
		ev_array_done(&carried->objects.items[i].functions);
		ev_array_done(&carried->objects.items[i].places);
	}
	ev_array_done(&carried->objects);
	ev_array_done(&carried->texts);
	ev_array_done(&carried->frames);
	ev_array_done(&carried->codes);
	ev_map_done(&carried->by_path);
	ev_arena_done(&carried->arena);
	free(carried->bytes);
	*carried = (struct carried){ 0 };
}
