/* Sampled places become the bytes of a recording's symbol section. */
#include <stdlib.h>
#include <string.h>
#include "carried.h"
#include "space.h"
#include "symbolizer.h"

#define OBJECTS_KEPT 32

struct encoder {
	struct ev_symbolizer *symbolizer;
	const struct ev_space_set *set;
	unsigned flags;
	struct ev_strings *texts; /* their ids are the section's numbers */
	struct ev_buffer objects;
	size_t object_count;
	struct ev_buffer codes;
	size_t code_count;
};

struct known_function {
	uint64_t start, size_bytes;
	uint32_t function, linkage;
	bool made_up;
};

static uint32_t text(struct encoder *encoder, const char *words)
{
	return words ? ev_strings_add_text(encoder->texts, words) : 0;
}

static int by_place(const void *one, const void *other)
{
	const struct ev_place *a = one, *b = other;
	if (a->object != b->object)
		return a->object < b->object ? -1 : 1;
	return a->offset < b->offset ? -1 : a->offset > b->offset;
}

static int by_start(const void *one, const void *other)
{
	const struct known_function *a = one, *b = other;
	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	return a->size_bytes > b->size_bytes ? -1 : a->size_bytes < b->size_bytes;
}

/* What a place looks like in the section: its frames without the offsets. */
static void put_frames(struct encoder *encoder, struct ev_buffer *out,
		       const struct ev_symbol *symbols, size_t count)
{
	ev_buffer_varint(out, count);
	for (size_t i = 0; i < count; i++) {
		ev_buffer_varint(out, symbols[i].made_up ? 0 : text(encoder, symbols[i].function));
		ev_buffer_varint(out, text(encoder, symbols[i].linkage));
		ev_buffer_varint(out, text(encoder, symbols[i].file));
		ev_buffer_varint(out, symbols[i].line);
	}
}

/* Neighbouring offsets with the same frames are one place: an instruction and the byte before it,
 * under which it is looked up when it is a return address, mostly are. */
struct run {
	uint64_t from, to, last_to;
	struct ev_buffer frames, places;
	size_t count;
};

static void run_end(struct run *run)
{
	if (!run->frames.size_bytes)
		return;
	ev_buffer_varint(&run->places, run->from - run->last_to);
	ev_buffer_varint(&run->places, run->to - run->from);
	ev_buffer_add(&run->places, run->frames.bytes, run->frames.size_bytes);
	run->last_to = run->to;
	run->count++;
	run->frames.size_bytes = 0;
}

static void run_add(struct run *run, uint64_t at, const struct ev_buffer *frames)
{
	bool same = run->frames.size_bytes && run->to == at &&
		    run->frames.size_bytes == frames->size_bytes &&
		    !memcmp(run->frames.bytes, frames->bytes, frames->size_bytes);
	if (!same) {
		run_end(run);
		run->from = at;
		ev_buffer_add(&run->frames, frames->bytes, frames->size_bytes);
	}
	run->to = at + 1;
}

struct object_encoder {
	struct encoder *encoder;
	uint32_t object;
	uint64_t last; /* offset looked at */
	bool any;
	struct run run;
	EV_ARRAY(struct known_function) functions;
};

static void look_at(struct object_encoder *part, uint64_t at)
{
	struct ev_symbol symbols[CARRIED_FRAMES];
	if ((part->any && at <= part->last) || at == UINT64_MAX)
		return;
	part->last = at;
	part->any = true;
	struct encoder *encoder = part->encoder;
	unsigned flags = encoder->flags | EV_SYMBOL_EXACT;
	size_t count = ev_symbolize(encoder->symbolizer,
				    (struct ev_place){ .object = part->object, .offset = at },
				    flags, symbols, CARRIED_FRAMES);
	const struct ev_symbol *around = &symbols[count - 1];
	if (around->function && around->size_bytes) {
		size_t known = part->functions.count;
		if (!known || part->functions.items[known - 1].start != around->start)
			*ev_array_add(&part->functions) = (struct known_function){
				around->start, around->size_bytes, text(encoder, around->function),
				text(encoder, around->linkage), around->made_up
			};
	}
	/* The function's name alone is found by its extent. */
	if (count == 1 && !around->file && (!around->function || around->size_bytes))
		return;
	struct ev_buffer frames = { 0 };
	put_frames(encoder, &frames, symbols, count);
	run_add(&part->run, at, &frames);
	ev_buffer_done(&frames);
}

static void put_functions(struct object_encoder *part, struct ev_buffer *out)
{
	size_t kept = 0, count = part->functions.count;
	struct known_function *functions = part->functions.items;
	if (count)
		qsort(functions, count, sizeof(*functions), by_start);
	for (size_t i = 0; i < count; i++)
		if (!kept || functions[kept - 1].start != functions[i].start)
			functions[kept++] = functions[i];
	ev_buffer_varint(out, kept);
	uint64_t last = 0;
	for (size_t i = 0; i < kept; i++) {
		ev_buffer_varint(out, functions[i].start - last);
		ev_buffer_varint(out, functions[i].size_bytes);
		ev_buffer_varint(out, functions[i].function);
		ev_buffer_varint(out, functions[i].linkage);
		ev_buffer_varint(out, functions[i].made_up);
		last = functions[i].start;
	}
}

static void encode_object(struct encoder *encoder, const struct ev_place *places, size_t count)
{
	struct object_encoder part = { .encoder = encoder, .object = places[0].object };
	for (size_t i = 0; i < count; i++) {
		uint64_t at = places[i].offset;
		if (!(encoder->flags & EV_SYMBOL_EXACT) && at)
			look_at(&part, at - 1);
		look_at(&part, at);
	}
	run_end(&part.run);
	const struct ev_object *object = ev_space_set_object(encoder->set, part.object);
	struct ev_buffer *out = &encoder->objects;
	ev_buffer_varint(out, object->kind);
	ev_buffer_varint(out, text(encoder, object->path));
	ev_buffer_varint(out,
			 text(encoder, ev_symbolizer_trouble(encoder->symbolizer, part.object)));
	ev_buffer_varint(out, object->pid);
	/* Files may be found later that are missing now. */
	ev_buffer_varint(out, ev_symbolizer_skipped(encoder->symbolizer, part.object) ||
				      ev_symbolizer_lacks(encoder->symbolizer, part.object));
	ev_buffer_varint(out, object->build_id_bytes);
	ev_buffer_add(out, object->build_id, object->build_id_bytes);
	put_functions(&part, out);
	ev_buffer_varint(out, part.run.count);
	if (part.run.count)
		ev_buffer_add(out, part.run.places.bytes, part.run.places.size_bytes);
	encoder->object_count++;
	ev_buffer_done(&part.run.frames);
	ev_buffer_done(&part.run.places);
	ev_array_done(&part.functions);
}

/* Is a place of the mapped code among the sorted ones? The byte behind it is where a call at its
 * end returns to. */
static bool is_sampled(const struct mapping *mapping, const struct ev_place *places, size_t count)
{
	struct ev_place first = { .object = mapping->object, .offset = mapping->file_offset };
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_place(&places[middle], &first) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low < count && places[low].object == first.object &&
	       places[low].offset - first.offset <= mapping->end - mapping->start;
}

/* Where generated code was that was sampled. */
static void put_codes(struct encoder *encoder, const struct ev_place *places, size_t count)
{
	const struct ev_space_set *set = encoder->set;
	for (size_t i = 0; i < set->events.count; i++) {
		const struct event *event = &set->events.items[i];
		const struct mapping *mapping = &set->mappings.items[event->what];
		if (event->kind != MAPPED || !mapping->dumped ||
		    !is_sampled(mapping, places, count))
			continue;
		ev_buffer_varint(&encoder->codes, event->pid);
		ev_buffer_varint(&encoder->codes,
				 text(encoder, ev_strings_text(set->texts, mapping->path)));
		ev_buffer_varint(&encoder->codes, event->time_ns);
		ev_buffer_varint(&encoder->codes, mapping->start);
		ev_buffer_varint(&encoder->codes, mapping->end - mapping->start);
		ev_buffer_varint(&encoder->codes, mapping->file_offset);
		encoder->code_count++;
	}
}

/* How many objects the sorted places are in. */
static size_t count_objects(const struct ev_place *places, size_t count)
{
	size_t objects = 0;
	for (size_t i = 0; i < count; i++)
		objects += !i || places[i].object != places[i - 1].object;
	return objects;
}

void ev_symbols_encode(struct ev_symbolizer *symbolizer, const struct ev_space_set *set,
		       const struct ev_place *places, size_t count, unsigned flags,
		       struct ev_buffer *out)
{
	struct encoder encoder = {
		.symbolizer = symbolizer,
		.set = set,
		.flags = flags & ~(unsigned)EV_SYMBOL_MANGLED,
		.texts = ev_strings_open(),
	};
	struct ev_place *sorted = ev_alloc(count * sizeof(*sorted));
	if (count)
		memcpy(sorted, places, count * sizeof(*sorted));
	if (count)
		qsort(sorted, count, sizeof(*sorted), by_place);
	symbolizer->sparing = true;
	/* Of a whole machine's objects, symbols and debug info would take gigabytes: each is given
	 * back as it is done with. A few stay for who asks next. */
	bool gives_back = count_objects(sorted, count) > OBJECTS_KEPT;
	ev_symbolizer_want(symbolizer, sorted, count);
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from + 1; to < count && sorted[to].object == sorted[from].object; to++)
			;
		/* Python's functions travel in a table of their own. */
		if (sorted[from].object &&
		    ev_space_set_object(set, sorted[from].object)->kind != EV_OBJECT_PYTHON)
			encode_object(&encoder, &sorted[from], to - from);
		if (gives_back)
			ev_symbolizer_forget(symbolizer, sorted[from].object);
	}
	symbolizer->sparing = false;
	put_codes(&encoder, sorted, count);
	free(sorted);
	ev_buffer_add(out, CARRIED_MAGIC, 4);
	ev_buffer_u8(out, CARRIED_VERSION);
	ev_buffer_u8(out, (uint8_t)(flags & (EV_SYMBOL_LINES | EV_SYMBOL_INLINES)));
	ev_buffer_varint(out, ev_strings_count(encoder.texts) - 1);
	for (uint32_t id = 1; id < ev_strings_count(encoder.texts); id++) {
		const char *words = ev_strings_text(encoder.texts, id);
		ev_buffer_add(out, words, strlen(words) + 1);
	}
	ev_buffer_varint(out, encoder.object_count);
	if (encoder.objects.size_bytes)
		ev_buffer_add(out, encoder.objects.bytes, encoder.objects.size_bytes);
	ev_buffer_varint(out, encoder.code_count);
	if (encoder.codes.size_bytes)
		ev_buffer_add(out, encoder.codes.bytes, encoder.codes.size_bytes);
	ev_buffer_done(&encoder.codes);
	ev_buffer_done(&encoder.objects);
	ev_strings_close(encoder.texts);
}
