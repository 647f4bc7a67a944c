/* A profile becomes what go tool pprof opens (google/pprof, proto/profile.proto): a gzipped message
 * of samples, their stacks as locations, which hold inlined functions together with whose code they
 * are in, functions, objects with their build-ids, and texts by number.
 *
 * Every event is two kinds of sample, its samples and its period. Every place that was sampled is a
 * location with its address: the program as its file has it, other objects apart from it, and code
 * without a file where it was in memory. Of several recordings addresses are not kept: frames of
 * one function and line are one location then. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <evprof/protobuf.h>
#include "export.h"
#include "report_pprof_objects.h"

/* Field numbers of profile.proto. */
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE,
	PROFILE_MAPPING,
	PROFILE_LOCATION,
	PROFILE_FUNCTION,
	PROFILE_STRING,
	PROFILE_TIME_NS = 9,
	PROFILE_DURATION_NS,
	PROFILE_PERIOD_TYPE,
	PROFILE_PERIOD,
	PROFILE_COMMENT,
	PROFILE_DEFAULT_TYPE,
	TYPE_TYPE = 1,
	TYPE_UNIT,
	SAMPLE_LOCATIONS = 1,
	SAMPLE_VALUES,
	SAMPLE_LABEL,
	LABEL_KEY = 1,
	LABEL_TEXT,
	LABEL_NUMBER,
	MAPPING_ID = 1,
	MAPPING_START,
	MAPPING_LIMIT,
	MAPPING_OFFSET,
	MAPPING_FILE,
	MAPPING_BUILD_ID,
	MAPPING_HAS_FUNCTIONS,
	MAPPING_HAS_FILES,
	MAPPING_HAS_LINES,
	MAPPING_HAS_INLINES,
	LOCATION_ID = 1,
	LOCATION_MAPPING,
	LOCATION_ADDRESS,
	LOCATION_LINE,
	LINE_FUNCTION = 1,
	LINE_LINE,
	FUNCTION_ID = 1,
	FUNCTION_NAME,
	FUNCTION_SYSTEM_NAME,
	FUNCTION_FILE,
};

struct pprof {
	const struct ev_report *report;
	const struct ev_named *named;
	struct ev_buffer out, part, inner;
	EV_ARRAY(uint64_t) events; /* that have samples */
	size_t *column;            /* of an event: index in `events` */
	struct ev_strings *texts;  /* 0 is "" */
	uint32_t written_texts;
	struct ev_map functions, locations; /* from 1 */
	uint32_t function_count, location_count;
	struct ev_pprof_mapping *mappings; /* per object */
	bool *mapped;                      /* those that are written */
	EV_ARRAY(uint64_t) path;
	struct ev_arena scratch;
};

static uint64_t text_number(struct pprof *to, const char *text)
{
	return ev_strings_add_text(to->texts, text);
}

/* ---- who and where ----------------------------------------------------------------------------
 */

static uint64_t function_number(struct pprof *to, const struct ev_frame *frame)
{
	const char *name = ev_export_name(to->named, frame, &to->scratch);
	uint64_t text = text_number(to, name);
	uint64_t file = text_number(to, ev_export_file(to->named, frame, &to->scratch));
	bool added;
	uint32_t *at = ev_map_add(&to->functions, text, file, &added);
	if (added) {
		*at = ++to->function_count;
		ev_protobuf_number(&to->part, FUNCTION_ID, *at);
		ev_protobuf_number(&to->part, FUNCTION_NAME, text);
		ev_protobuf_number(&to->part, FUNCTION_SYSTEM_NAME, text);
		ev_protobuf_number(&to->part, FUNCTION_FILE, file);
		ev_protobuf_message(&to->out, PROFILE_FUNCTION, &to->part);
	}
	ev_arena_reset(&to->scratch);
	return *at;
}

/* An object's number is its index + 1. */
static uint64_t mapping_number(struct pprof *to, uint32_t object)
{
	const struct ev_object *known =
		to->report->spaces ? ev_space_set_object(to->report->spaces, object) : NULL;
	char build_id[2 * sizeof(known->build_id) + 1] = "";
	if (to->mapped[object])
		return object + 1ull;
	to->mapped[object] = true;
	for (unsigned i = 0; known && i < known->build_id_bytes; i++)
		snprintf(build_id + 2 * i, 3, "%02x", known->build_id[i]);
	const char *path = ev_export_object(to->report, object, &to->scratch);
	const struct ev_pprof_mapping *mapping = &to->mappings[object];
	ev_protobuf_number(&to->part, MAPPING_ID, object + 1ull);
	ev_protobuf_number(&to->part, MAPPING_START, mapping->start);
	ev_protobuf_number(&to->part, MAPPING_LIMIT, mapping->limit);
	ev_protobuf_number(&to->part, MAPPING_OFFSET, mapping->offset);
	ev_protobuf_number(&to->part, MAPPING_FILE, text_number(to, path));
	ev_protobuf_number(&to->part, MAPPING_BUILD_ID, text_number(to, build_id));
	ev_protobuf_number(&to->part, MAPPING_HAS_FUNCTIONS, mapping->has_functions);
	ev_protobuf_number(&to->part, MAPPING_HAS_FILES, mapping->has_files);
	ev_protobuf_number(&to->part, MAPPING_HAS_LINES, mapping->has_lines);
	ev_protobuf_number(&to->part, MAPPING_HAS_INLINES, mapping->has_inlines);
	ev_protobuf_message(&to->out, PROFILE_MAPPING, &to->part);
	ev_arena_reset(&to->scratch);
	return object + 1ull;
}

/* The location of a frame and of those that are inlined into it, innermost first, at a place (0:
 * none is known). It is known by the outer one's frame and the location of the rest. */
static uint64_t location_number(struct pprof *to, const uint32_t *frames, size_t count,
				uint32_t place, bool leaf)
{
	const struct ev_frame *outer = &to->named->frames.items[frames[count - 1]];
	const struct ev_place *at_place = place ? &to->named->profile->places.items[place] : NULL;
	/* Above all numbers of locations. */
	uint64_t rest = ((uint64_t)1 << 32) + 2 * (uint64_t)place + leaf;
	bool added;
	uint32_t *at = NULL;
	/* Numbers of what begins alike: only the last is a location that is written. */
	for (size_t i = 0; i < count; i++) {
		at = ev_map_add(&to->locations, frames[i], rest << 1 | (i + 1 == count), &added);
		if (added)
			*at = ++to->location_count;
		rest = *at;
	}
	if (!added)
		return rest;
	uint64_t mapping = mapping_number(to, outer->object);
	EV_ARRAY(uint64_t) functions = { 0 };
	for (size_t i = 0; i < count; i++)
		*ev_array_add(&functions) =
			function_number(to, &to->named->frames.items[frames[i]]);
	ev_protobuf_number(&to->part, LOCATION_ID, rest);
	ev_protobuf_number(&to->part, LOCATION_MAPPING, mapping);
	if (at_place && at_place->object == outer->object)
		ev_protobuf_number(&to->part, LOCATION_ADDRESS,
				   ev_pprof_address(&to->mappings[outer->object], at_place->offset,
						    leaf));
	for (size_t i = 0; i < count; i++) {
		ev_protobuf_number(&to->inner, LINE_FUNCTION, functions.items[i]);
		ev_protobuf_number(&to->inner, LINE_LINE, to->named->frames.items[frames[i]].line);
		ev_protobuf_message(&to->part, LOCATION_LINE, &to->inner);
	}
	ev_protobuf_message(&to->out, PROFILE_LOCATION, &to->part);
	ev_array_done(&functions);
	return rest;
}

/* ---- samples ----------------------------------------------------------------------------------
 */

/* The locations of a stack, leaf first, in to->path. `places` is the stack of the profile that it
 * was made of, 0 where there is none: each of its places became one frame and those inlined into
 * it. False where they do not go together. */
static bool find_path(struct pprof *to, uint32_t stack, uint32_t places)
{
	const struct ev_stack *stacks = to->named->stacks.items;
	const struct ev_stack *of_places = to->named->profile->stacks.items;
	bool placed = places, leaf = true;
	EV_ARRAY(uint32_t) frames = { 0 };
	to->path.count = 0;
	do {
		uint32_t frame = stacks[stack].place;
		*ev_array_add(&frames) = frame;
		stack = stacks[stack].parent;
		if (to->named->frames.items[frame].inlined && stack)
			continue;
		uint32_t place = places ? of_places[places].place : 0;
		uint64_t number = location_number(to, frames.items, frames.count, place, leaf);
		*ev_array_add(&to->path) = number;
		leaf = false;
		frames.count = 0;
		places = places ? of_places[places].parent : 0;
	} while (stack && (places || !placed));
	ev_array_done(&frames);
	return !stack && !places;
}

static void add_label(struct pprof *to, const char *key, const char *text, uint64_t number)
{
	ev_protobuf_number(&to->inner, LABEL_KEY, text_number(to, key));
	if (text)
		ev_protobuf_number(&to->inner, LABEL_TEXT, text_number(to, text));
	else
		ev_protobuf_number(&to->inner, LABEL_NUMBER, number);
	ev_protobuf_message(&to->part, SAMPLE_LABEL, &to->inner);
}

static void add_sample(struct pprof *to, const struct ev_tag *tag, const uint64_t *values)
{
	const char *comm = ev_strings_text(to->named->profile->strings, tag->comm);
	ev_protobuf_packed(&to->part, SAMPLE_LOCATIONS, to->path.items, to->path.count);
	ev_protobuf_packed(&to->part, SAMPLE_VALUES, values, 2 * to->events.count);
	if (*comm)
		add_label(to, "comm", ev_report_safe(&to->scratch, comm), 0);
	if (tag->pid)
		add_label(to, "pid", NULL, tag->pid);
	if (tag->tid)
		add_label(to, "tid", NULL, tag->tid);
	ev_protobuf_message(&to->out, PROFILE_SAMPLE, &to->part);
	ev_arena_reset(&to->scratch);
}

/* One cell of samples, of a stack that was found last where `found` says so. */
static void add_cell(struct pprof *to, const struct ev_cell *cell, uint32_t places, bool found,
		     uint64_t *values)
{
	const struct ev_tag *tag = &to->named->profile->tags.items[cell->tag];
	/* Stacks that were changed since have no places of their own any more. */
	if (!found && !find_path(to, cell->stack, places))
		find_path(to, cell->stack, 0);
	memset(values, 0, 2 * to->events.count * sizeof(*values));
	values[2 * to->column[tag->event]] = cell->samples;
	values[2 * to->column[tag->event] + 1] = cell->period;
	add_sample(to, tag, values);
}

static bool is_shown(const struct pprof *to, const struct ev_cell *cell)
{
	const struct ev_tag *tag = &to->named->profile->tags.items[cell->tag];
	return ev_table_passes(to->report->table, to->named, cell) &&
	       to->column[tag->event] != SIZE_MAX;
}

/* By stacks of places, so that each keeps its addresses, where there are such. */
static void add_samples(struct pprof *to)
{
	const struct ev_named *named = to->named;
	const struct ev_profile *profile = named->profile;
	bool placed = profile->stacks.count > 1 && profile->places.count > 1 && named->stack_of;
	size_t count = placed ? profile->cells.count : named->cells.count;
	struct ev_keyed *order = ev_alloc((count + 1) * sizeof(*order));
	uint64_t *values = ev_alloc((2 * to->events.count + 1) * sizeof(*values));
	uint32_t last = UINT32_MAX;
	for (size_t i = 0; i < count; i++)
		order[i] = (struct ev_keyed){ placed ? profile->cells.items[i].stack : 0,
					      (uint32_t)i };
	ev_sort_keyed(order, placed ? count : 0);
	for (size_t i = 0; i < count; i++) {
		struct ev_cell cell =
			placed ? profile->cells.items[order[i].id] : named->cells.items[i];
		uint32_t stack = cell.stack;
		if (placed)
			cell.stack = named->stack_of[stack];
		if (!is_shown(to, &cell))
			continue;
		add_cell(to, &cell, placed ? stack : 0, stack == last, values);
		last = stack;
	}
	free(values);
	free(order);
}

/* ---- what it is of ----------------------------------------------------------------------------
 */

static void add_type(struct pprof *to, unsigned field, const char *type, const char *unit)
{
	ev_protobuf_number(&to->part, TYPE_TYPE, text_number(to, type));
	ev_protobuf_number(&to->part, TYPE_UNIT, text_number(to, unit));
	ev_protobuf_message(&to->out, field, &to->part);
}

static void add_types(struct pprof *to)
{
	for (size_t i = 0; i < to->events.count; i++) {
		size_t event = to->events.items[i];
		const char *name = ev_report_safe(&to->scratch,
						  ev_report_event(to->report, event, &to->scratch));
		bool alone = to->events.count == 1;
		add_type(to, PROFILE_SAMPLE_TYPE,
			 alone ? "samples" : ev_arena_printf(&to->scratch, "%s samples", name),
			 "count");
		add_type(to, PROFILE_SAMPLE_TYPE, name,
			 ev_export_is_time(to->report, event) ? "nanoseconds" : "count");
		if (!i)
			ev_protobuf_number(&to->out, PROFILE_DEFAULT_TYPE, text_number(to, name));
	}
	ev_arena_reset(&to->scratch);
}

static void add_origin(struct pprof *to)
{
	const struct ev_profile *profile = to->named->profile;
	const struct ev_recording *recording = to->report->recording;
	ev_protobuf_number(&to->out, PROFILE_COMMENT,
			   text_number(to, ev_export_origin(to->report, &to->scratch)));
	if (recording && recording->written_s > 0)
		ev_protobuf_number(&to->out, PROFILE_TIME_NS,
				   (uint64_t)recording->written_s * 1000000000u);
	if (profile->last_time_ns > profile->first_time_ns)
		ev_protobuf_number(&to->out, PROFILE_DURATION_NS,
				   profile->last_time_ns - profile->first_time_ns);
	ev_arena_reset(&to->scratch);
}

static void add_texts(struct pprof *to)
{
	for (uint32_t i = 0; i < ev_strings_count(to->texts); i++) {
		const char *text = ev_strings_text(to->texts, i);
		ev_protobuf_bytes(&to->out, PROFILE_STRING, text, strlen(text));
	}
}

/* ---- packing ----------------------------------------------------------------------------------
 */

static int write_packed(FILE *out, const struct ev_buffer *bytes, struct ev_err *err)
{
	uint8_t part[32768];
	z_stream packer = { 0 };
	size_t at = 0;
	int answer = deflateInit2(&packer, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8,
				  Z_DEFAULT_STRATEGY);
	if (answer != Z_OK)
		return ev_fail(err, ENOMEM, "zlib cannot pack the profile (%d)", answer);
	do {
		if (!packer.avail_in) {
			size_t size = bytes->size_bytes - at;
			packer.next_in = bytes->bytes + at;
			packer.avail_in = size > UINT32_MAX ? UINT32_MAX : (uInt)size;
			at += packer.avail_in;
		}
		packer.next_out = part;
		packer.avail_out = sizeof(part);
		answer = deflate(&packer, at == bytes->size_bytes ? Z_FINISH : Z_NO_FLUSH);
		fwrite(part, 1, sizeof(part) - packer.avail_out, out);
	} while (answer == Z_OK || answer == Z_BUF_ERROR);
	deflateEnd(&packer);
	return answer == Z_STREAM_END ? 0 : ev_fail(err, EIO, "zlib failed (%d)", answer);
}

int ev_report_pprof(FILE *out, const struct ev_report *report,
		    const struct ev_report_options *options, struct ev_err *err)
{
	struct pprof to = { .report = report, .named = report->named };
	size_t events = report->named->profile->event_count;
	(void)options;
	if (events < report->table->event_count)
		events = report->table->event_count;
	to.texts = ev_strings_open();
	to.column = ev_alloc((events + 1) * sizeof(*to.column));
	for (size_t e = 0; e < events; e++) {
		to.column[e] = SIZE_MAX;
		if (e >= report->table->event_count || !report->table->total_samples[e])
			continue;
		to.column[e] = to.events.count;
		*ev_array_add(&to.events) = e;
	}
	uint32_t program = ev_pprof_program(report);
	to.mappings = ev_pprof_mappings(report, program);
	to.mapped = ev_alloc((report->named->object_count + 1ul) * sizeof(*to.mapped));
	text_number(&to, "");
	add_types(&to);
	/* pprof takes the first object for the program. */
	if (program)
		mapping_number(&to, program);
	add_samples(&to);
	add_origin(&to);
	add_texts(&to);
	int rc = write_packed(out, &to.out, err);
	ev_strings_close(to.texts);
	ev_map_done(&to.functions);
	ev_map_done(&to.locations);
	ev_buffer_done(&to.out);
	ev_buffer_done(&to.part);
	ev_buffer_done(&to.inner);
	ev_array_done(&to.events);
	ev_array_done(&to.path);
	ev_arena_done(&to.scratch);
	free(to.column);
	free(to.mapped);
	free(to.mappings);
	return rc;
}
