/* Names that are known without any file become the bytes of a recording's symbol section. */
#include <string.h>
#include "carried.h"

struct given {
	struct ev_strings *texts; /* their ids are the section's numbers */
	struct ev_buffer objects;
};

static uint32_t text(struct given *given, const char *words)
{
	return words ? ev_strings_add_text(given->texts, words) : 0;
}

static const char *around(const struct ev_given_place *place)
{
	return place->frame_count ? place->frames[place->frame_count - 1].function : NULL;
}

/* The index behind the places that are of one function with the first. */
static size_t function_end(const struct ev_given_object *object, size_t first)
{
	const char *name = around(&object->places[first]);
	size_t end = first + 1;
	while (end < object->place_count && name && around(&object->places[end]) &&
	       !strcmp(around(&object->places[end]), name))
		end++;
	return end;
}

static void put_functions(struct given *given, const struct ev_given_object *object)
{
	struct ev_buffer *out = &given->objects;
	size_t count = 0;
	for (size_t i = 0; i < object->place_count; i = function_end(object, i))
		count += around(&object->places[i]) != NULL;
	ev_buffer_varint(out, count);
	uint64_t last = 0;
	for (size_t i = 0, end; i < object->place_count; i = end) {
		end = function_end(object, i);
		const struct ev_given_place *from = &object->places[i];
		const struct ev_given_place *to = &object->places[end - 1];
		if (!around(from))
			continue;
		ev_buffer_varint(out, from->offset - last);
		ev_buffer_varint(out, to->offset + to->size_bytes - from->offset);
		ev_buffer_varint(out, text(given, around(from)));
		ev_buffer_varint(out, 0); /* no other name in a symbol table */
		ev_buffer_varint(out, 0); /* not made up */
		last = from->offset;
	}
}

static void put_places(struct given *given, const struct ev_given_object *object)
{
	struct ev_buffer *out = &given->objects;
	uint64_t last = 0;
	ev_buffer_varint(out, object->place_count);
	for (size_t i = 0; i < object->place_count; i++) {
		const struct ev_given_place *place = &object->places[i];
		ev_buffer_varint(out, place->offset - last);
		ev_buffer_varint(out, place->size_bytes);
		ev_buffer_varint(out, place->frame_count);
		for (size_t f = 0; f < place->frame_count; f++) {
			ev_buffer_varint(out, text(given, place->frames[f].function));
			ev_buffer_varint(out, 0);
			ev_buffer_varint(out, text(given, place->frames[f].file));
			ev_buffer_varint(out, place->frames[f].line);
		}
		last = place->offset + place->size_bytes;
	}
}

static void put_object(struct given *given, const struct ev_given_object *object)
{
	struct ev_buffer *out = &given->objects;
	ev_buffer_varint(out, object->kind);
	ev_buffer_varint(out, text(given, object->path));
	ev_buffer_varint(out, 0); /* no trouble */
	ev_buffer_varint(out, 0); /* of no process of its own */
	ev_buffer_varint(out, 0); /* nothing is left to be looked for */
	ev_buffer_varint(out, object->build_id_bytes);
	if (object->build_id_bytes)
		ev_buffer_add(out, object->build_id, object->build_id_bytes);
	put_functions(given, object);
	put_places(given, object);
}

void ev_symbols_encode_given(const struct ev_given_object *objects, size_t count,
			     struct ev_buffer *out)
{
	struct given given = { .texts = ev_strings_open() };
	for (size_t i = 0; i < count; i++)
		put_object(&given, &objects[i]);
	ev_buffer_add(out, CARRIED_MAGIC, 4);
	ev_buffer_u8(out, CARRIED_VERSION);
	ev_buffer_u8(out, EV_SYMBOL_LINES | EV_SYMBOL_INLINES);
	ev_buffer_varint(out, ev_strings_count(given.texts) - 1);
	for (uint32_t id = 1; id < ev_strings_count(given.texts); id++) {
		const char *words = ev_strings_text(given.texts, id);
		ev_buffer_add(out, words, strlen(words) + 1);
	}
	ev_buffer_varint(out, count);
	if (given.objects.size_bytes)
		ev_buffer_add(out, given.objects.bytes, given.objects.size_bytes);
	ev_buffer_varint(out, 0); /* no generated code */
	ev_buffer_done(&given.objects);
	ev_strings_close(given.texts);
}
