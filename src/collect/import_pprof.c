/* pprof's profile.proto (google/pprof, proto/profile.proto) out of Google's wire format. Ids may
 * stand in any order, so tables are read first and samples in a second walk. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/protobuf.h>
#include "import.h"

enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE,
	PROFILE_MAPPING,
	PROFILE_LOCATION,
	PROFILE_FUNCTION,
	PROFILE_STRING,
	VALUES_MAX = 64,
	DEPTH_MAX = 65536,
};

struct text {
	const char *at;
	size_t length;
};
struct value_type {
	uint64_t type, unit;
	uint32_t event;   /* of the import */
	int samples_from; /* the type that counts this one's samples, -1 = none */
	bool is_count;    /* it only counts the samples of the next one */
};
struct function {
	uint64_t name, file;
};
struct mapping {
	uint64_t start, file, build_id;
};
typedef EV_ARRAY(uint64_t) number_list;
struct pprof {
	struct ev_import *import;
	EV_ARRAY(struct text) texts;
	EV_ARRAY(struct value_type) types;
	EV_ARRAY(struct function) functions;
	EV_ARRAY(struct mapping) mappings;
	EV_ARRAY(uint32_t) places;                             /* of locations */
	struct ev_map function_ids, mapping_ids, location_ids; /* id -> index + 1 */
	number_list locations, values;                         /* of a sample */
};

/* ---- tables ------------------------------------------------------------------------------------
 */

static struct text text_of(const struct pprof *pprof, uint64_t id)
{
	return id < pprof->texts.count ? pprof->texts.items[id] : (struct text){ "", 0 };
}

static bool is_text(const struct pprof *pprof, uint64_t id, const char *words)
{
	struct text text = text_of(pprof, id);
	return text.length == strlen(words) && !memcmp(text.at, words, text.length);
}

static void complain(struct pprof *pprof, const char *what)
{
	ev_import_complain(pprof->import, "%s is damaged", what);
}

/* Numbers of the fields from 1 to `count` of a message; others stay as they are. */
static bool read_numbers(struct ev_cursor bytes, uint64_t *numbers, unsigned count)
{
	struct ev_protobuf_field field;
	while (ev_protobuf_next(&bytes, &field))
		if (field.number <= count && field.wire == EV_PROTOBUF_NUMBER)
			numbers[field.number - 1] = field.value;
	return !bytes.bad;
}

static void read_type(struct pprof *pprof, struct ev_cursor bytes)
{
	uint64_t numbers[2] = { 0 };
	if (!read_numbers(bytes, numbers, 2))
		complain(pprof, "a type of samples");
	*ev_array_add(&pprof->types) =
		(struct value_type){ .type = numbers[0], .unit = numbers[1], .samples_from = -1 };
}

static void read_function(struct pprof *pprof, struct ev_cursor bytes)
{
	uint64_t numbers[4] = { 0 };
	if (!read_numbers(bytes, numbers, 4))
		complain(pprof, "a function");
	*ev_array_add(&pprof->functions) =
		(struct function){ .name = numbers[1] ? numbers[1] : numbers[2],
				   .file = numbers[3] };
	*ev_map_add(&pprof->function_ids, numbers[0], 0, NULL) = (uint32_t)pprof->functions.count;
}

static void read_mapping(struct pprof *pprof, struct ev_cursor bytes)
{
	uint64_t numbers[6] = { 0 };
	if (!read_numbers(bytes, numbers, 6))
		complain(pprof, "a mapping");
	*ev_array_add(&pprof->mappings) = (struct mapping){ numbers[1], numbers[4], numbers[5] };
	*ev_map_add(&pprof->mapping_ids, numbers[0], 0, NULL) = (uint32_t)pprof->mappings.count;
}

static void read_tables(struct pprof *pprof, struct ev_cursor bytes)
{
	struct ev_protobuf_field field;
	while (ev_protobuf_next(&bytes, &field)) {
		if (field.wire != EV_PROTOBUF_BYTES)
			continue;
		size_t length = ev_cursor_left(&field.bytes);
		switch (field.number) {
		case PROFILE_STRING:
			*ev_array_add(&pprof->texts) =
				(struct text){ (const char *)field.bytes.at, length };
			break;
		case PROFILE_SAMPLE_TYPE:
			read_type(pprof, field.bytes);
			break;
		case PROFILE_FUNCTION:
			read_function(pprof, field.bytes);
			break;
		case PROFILE_MAPPING:
			read_mapping(pprof, field.bytes);
			break;
		}
	}
}

/* ---- locations ---------------------------------------------------------------------------------
 */

static uint32_t object_of(struct pprof *pprof, const struct mapping *mapping)
{
	struct text path = mapping ? text_of(pprof, mapping->file) : (struct text){ "", 0 };
	bool kernel = path.length >= 7 && !memcmp(path.at, "[kernel", 7);
	uint32_t id = ev_import_object(pprof->import, path.at, path.length, kernel);
	struct import_object *object = &pprof->import->objects.items[id];
	struct text build = mapping ? text_of(pprof, mapping->build_id) : (struct text){ "", 0 };
	if (object->build_id_bytes || build.length % 2 ||
	    build.length > 2 * sizeof(object->build_id))
		return id;
	for (size_t i = 0; i < build.length; i += 2) {
		char digits[3] = { build.at[i], build.at[i + 1], 0 };
		if (!isxdigit((unsigned char)digits[0]) || !isxdigit((unsigned char)digits[1])) {
			memset(object->build_id, 0, sizeof(object->build_id));
			return id;
		}
		object->build_id[i / 2] = (uint8_t)strtoul(digits, NULL, 16);
	}
	object->build_id_bytes = (uint8_t)(build.length / 2);
	return id;
}

/* "[libx.so+0x1234]" for a location that has no function. */
static uint32_t place_text(struct pprof *pprof, const struct mapping *mapping, uint64_t address)
{
	char words[320];
	struct text path = mapping ? text_of(pprof, mapping->file) : (struct text){ "", 0 };
	const char *slash = path.length ? memrchr(path.at, '/', path.length) : NULL;
	if (slash) {
		path.length -= (size_t)(slash + 1 - path.at);
		path.at = slash + 1;
	}
	int used = path.length
			   ? snprintf(words, sizeof(words), "[%.*s+0x%llx]",
				      (int)(path.length > 200 ? 200 : path.length), path.at,
				      (unsigned long long)(address - mapping->start))
			   : snprintf(words, sizeof(words), "0x%llx", (unsigned long long)address);
	return ev_import_text(pprof->import, words, (size_t)used);
}

static struct import_frame frame_of(struct pprof *pprof, struct ev_cursor bytes)
{
	uint64_t numbers[2] = { 0 };
	struct import_frame frame = { 0 };
	if (!read_numbers(bytes, numbers, 2))
		complain(pprof, "a line of a location");
	const uint32_t *index = ev_map_find(&pprof->function_ids, numbers[0], 0);
	if (index && *index) {
		const struct function *function = &pprof->functions.items[*index - 1];
		struct text name = text_of(pprof, function->name);
		struct text file = text_of(pprof, function->file);
		frame.function = ev_import_text(pprof->import, name.at, name.length);
		frame.file = ev_import_text(pprof->import, file.at, file.length);
	}
	frame.line = numbers[1] > UINT32_MAX ? 0 : (uint32_t)numbers[1];
	return frame;
}

static void read_location(struct pprof *pprof, struct ev_cursor bytes)
{
	EV_ARRAY(struct import_frame) frames = { 0 };
	uint64_t id = 0, mapping_id = 0, address = 0;
	struct ev_protobuf_field field;
	while (ev_protobuf_next(&bytes, &field)) {
		if (field.wire == EV_PROTOBUF_BYTES && field.number == 4)
			*ev_array_add(&frames) = frame_of(pprof, field.bytes);
		else if (field.wire == EV_PROTOBUF_NUMBER)
			*(field.number == 1   ? &id
			  : field.number == 2 ? &mapping_id
			  : field.number == 3 ? &address
					      : &field.value) = field.value;
	}
	if (bytes.bad)
		complain(pprof, "a location");
	const uint32_t *index = ev_map_find(&pprof->mapping_ids, mapping_id, 0);
	const struct mapping *mapping = index && *index ? &pprof->mappings.items[*index - 1] : NULL;
	if (!frames.count)
		ev_array_add(&frames);
	for (size_t i = 0; i < frames.count; i++)
		if (!frames.items[i].function)
			frames.items[i].function = place_text(pprof, mapping, address);
	uint32_t object = object_of(pprof, mapping);
	*ev_array_add(&pprof->places) =
		ev_import_place(pprof->import, object, frames.items, frames.count);
	*ev_map_add(&pprof->location_ids, id, 0, NULL) = (uint32_t)pprof->places.count;
	ev_array_done(&frames);
}

static void read_locations(struct pprof *pprof, struct ev_cursor bytes)
{
	struct ev_protobuf_field field;
	while (ev_protobuf_next(&bytes, &field))
		if (field.number == PROFILE_LOCATION && field.wire == EV_PROTOBUF_BYTES)
			read_location(pprof, field.bytes);
}

/* ---- types -------------------------------------------------------------------------------------
 */

/* "samples", or "X samples" before X, as evprof writes several. */
static bool counts_next(const struct pprof *pprof, size_t index)
{
	struct text name = text_of(pprof, pprof->types.items[index].type);
	static const char behind[] = " samples";
	size_t length = sizeof(behind) - 1;
	if (index + 1 == pprof->types.count ||
	    !is_text(pprof, pprof->types.items[index].unit, "count"))
		return false;
	if (is_text(pprof, pprof->types.items[index].type, "samples"))
		return true;
	struct text next_name = text_of(pprof, pprof->types.items[index + 1].type);
	return name.length == next_name.length + length &&
	       !memcmp(name.at, next_name.at, next_name.length) &&
	       !memcmp(name.at + next_name.length, behind, length);
}

static void settle_types(struct pprof *pprof)
{
	for (size_t i = 0; i < pprof->types.count; i++) {
		struct value_type *type = &pprof->types.items[i];
		struct text name = text_of(pprof, type->type), unit = text_of(pprof, type->unit);
		char words[32];
		type->is_count = counts_next(pprof, i);
		if (type->is_count)
			continue;
		if (i && pprof->types.items[i - 1].is_count)
			type->samples_from = (int)i - 1;
		snprintf(words, sizeof(words), "%.*s", (int)(unit.length > 31 ? 31 : unit.length),
			 unit.at);
		if (!name.length)
			name = (struct text){ "samples", 7 };
		type->event = ev_import_event(pprof->import, name.at, name.length, words);
		if (strcmp(words, "count") && *words &&
		    !pprof->import->events.items[type->event].is_time)
			ev_import_remark(pprof->import,
					 "%.100s is in %s: reports show plain numbers",
					 ev_strings_text(pprof->import->strings,
							 pprof->import->events.items[type->event]
								 .name),
					 words);
	}
}

/* ---- samples -----------------------------------------------------------------------------------
 */

/* Repeated numbers, packed or one by one; false where the packed ones make no sense. */
static bool take_numbers(const struct ev_protobuf_field *field, number_list *into)
{
	struct ev_cursor bytes = field->bytes;
	if (field->wire == EV_PROTOBUF_NUMBER)
		*ev_array_add(into) = field->value;
	while (field->wire == EV_PROTOBUF_BYTES && ev_cursor_left(&bytes)) {
		uint64_t value = ev_cursor_varint(&bytes);
		if (bytes.bad)
			return false;
		*ev_array_add(into) = value;
	}
	return true;
}

struct labels {
	struct text comm;
	bool has_id;
	uint64_t pid, tid;
};

static void take_label(struct pprof *pprof, struct ev_cursor bytes, struct labels *labels)
{
	uint64_t numbers[3] = { 0 };
	if (!read_numbers(bytes, numbers, 3))
		complain(pprof, "a label");
	struct text key = text_of(pprof, numbers[0]);
	if (is_text(pprof, numbers[0], "comm") || is_text(pprof, numbers[0], "thread_name") ||
	    is_text(pprof, numbers[0], "thread"))
		labels->comm = text_of(pprof, numbers[1]);
	else if (is_text(pprof, numbers[0], "pid"))
		labels->pid = numbers[2];
	else if (is_text(pprof, numbers[0], "tid") || is_text(pprof, numbers[0], "thread_id"))
		labels->tid = numbers[2];
	else if (key.length)
		ev_import_remark(pprof->import, "labels '%.*s' have no place in a recording",
				 (int)(key.length > 60 ? 60 : key.length), key.at);
}

static uint32_t task_of(struct pprof *pprof, const struct labels *labels)
{
	uint64_t pid = labels->pid ? labels->pid : labels->tid;
	uint64_t tid = labels->tid ? labels->tid : labels->pid;
	uint32_t comm = ev_import_text(pprof->import, labels->comm.at, labels->comm.length);
	if (!comm)
		comm = ev_import_text(pprof->import, "[unknown]", 9);
	bool known = pid && pid <= INT32_MAX && tid <= INT32_MAX;
	return ev_import_task(pprof->import, known, (uint32_t)pid, (uint32_t)tid, comm);
}

static void add_values(struct pprof *pprof, struct import_sample *sample)
{
	const uint64_t *values = pprof->values.items;
	for (size_t i = 0; i < pprof->types.count && i < pprof->values.count; i++) {
		const struct value_type *type = &pprof->types.items[i];
		uint64_t samples = type->samples_from >= 0 ? values[type->samples_from]
				   : is_text(pprof, type->type, "samples") ? values[i]
									   : 1;
		if (type->is_count || (!values[i] && (type->samples_from < 0 || !samples)))
			continue;
		if (values[i] > INT64_MAX || samples > INT64_MAX) {
			ev_import_remark(pprof->import, "samples that count less than nothing, as "
							"differences have them, are left out");
			continue;
		}
		sample->event = type->event;
		sample->samples = samples;
		sample->period = values[i];
		ev_import_sample(pprof->import, sample);
	}
}

static void read_sample(struct pprof *pprof, struct ev_cursor bytes)
{
	struct labels labels = { .comm = { "", 0 } };
	struct import_sample sample = { 0 };
	struct ev_protobuf_field field;
	bool whole = true;
	pprof->locations.count = pprof->values.count = 0;
	while (ev_protobuf_next(&bytes, &field)) {
		if (field.number == 1)
			whole &= take_numbers(&field, &pprof->locations);
		else if (field.number == 2)
			whole &= take_numbers(&field, &pprof->values);
		else if (field.number == 3 && field.wire == EV_PROTOBUF_BYTES)
			take_label(pprof, field.bytes, &labels);
	}
	if (bytes.bad || !whole)
		complain(pprof, "a sample");
	size_t depth = pprof->locations.count;
	if (depth > DEPTH_MAX) {
		ev_import_remark(pprof->import, "stacks of more than %d places are cut", DEPTH_MAX);
		depth = DEPTH_MAX;
	}
	for (size_t i = depth; i-- > 0;) {
		const uint32_t *index =
			ev_map_find(&pprof->location_ids, pprof->locations.items[i], 0);
		if (index && *index)
			sample.stack = ev_import_stack(pprof->import, sample.stack,
						       pprof->places.items[*index - 1]);
		else
			complain(pprof, "the stack of a sample");
	}
	sample.task = task_of(pprof, &labels);
	add_values(pprof, &sample);
}

int ev_import_pprof(struct ev_import *import, const void *bytes, size_t size_bytes,
		    struct ev_err *err)
{
	struct pprof pprof = { .import = import };
	struct ev_cursor whole = ev_cursor_of(bytes, size_bytes, false), at = whole;
	struct ev_protobuf_field field;
	int rc = 0;
	read_tables(&pprof, whole);
	if (pprof.types.count && pprof.types.count <= VALUES_MAX) {
		settle_types(&pprof);
		read_locations(&pprof, whole);
		while (ev_protobuf_next(&at, &field)) {
			ev_import_tell(import, (uint64_t)(at.at - (const uint8_t *)bytes),
				       size_bytes, IMPORT_UNPACKED, 1000);
			if (field.number == PROFILE_SAMPLE && field.wire == EV_PROTOBUF_BYTES)
				read_sample(&pprof, field.bytes);
		}
		if (at.bad)
			ev_import_complain(import, "the file is damaged or ends early, at byte %zu",
					   (size_t)(at.at - (const uint8_t *)bytes));
		ev_import_remark(import, "addresses are made up: the names that the profile has "
					 "are kept");
	} else {
		rc = ev_fail(err, EINVAL, "it is no pprof profile: it names %s types of samples",
			     pprof.types.count ? "too many" : "no");
	}
	ev_array_done(&pprof.texts);
	ev_array_done(&pprof.types);
	ev_array_done(&pprof.functions);
	ev_array_done(&pprof.mappings);
	ev_array_done(&pprof.places);
	ev_array_done(&pprof.locations);
	ev_array_done(&pprof.values);
	ev_map_done(&pprof.function_ids);
	ev_map_done(&pprof.mapping_ids);
	ev_map_done(&pprof.location_ids);
	return rc;
}
