/* Which event a record belongs to and how that event lays its records out: the part of decoding
 * that is worked out once per recording. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "layout.h"

static int bits_of(uint64_t set)
{
	return __builtin_popcountll(set);
}

/* Which word of a sample the field is; each takes one. */
static int word_of(uint64_t sample_type, uint64_t field)
{
	/* In the order of the kernel, whose bits are not quite in it. */
	static const uint64_t order[] = { PERF_SAMPLE_IDENTIFIER, PERF_SAMPLE_IP,
					  PERF_SAMPLE_TID,        PERF_SAMPLE_TIME,
					  PERF_SAMPLE_ADDR,       PERF_SAMPLE_ID,
					  PERF_SAMPLE_STREAM_ID,  PERF_SAMPLE_CPU,
					  PERF_SAMPLE_PERIOD };
	int word = 0;

	if (!(sample_type & field))
		return -1;
	for (size_t i = 0; order[i] != field; i++)
		word += (sample_type & order[i]) != 0;
	return word;
}

struct ev_layout ev_layout_of(const struct perf_event_attr *attr)
{
	/* What stands before ID in a sample, and behind it in a sample id. */
	const uint64_t before = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
				PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR;
	const uint64_t behind = PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU;
	struct ev_layout layout = {
		.sample_type = attr->sample_type,
		.read_format = attr->read_format,
		.branch_type = attr->branch_sample_type,
		.user_regs = attr->sample_regs_user,
		.intr_regs = attr->sample_regs_intr,
		.id_word = -1,
		.id_word_back = -1,
		.ip_word = word_of(attr->sample_type, PERF_SAMPLE_IP),
		.tid_word = word_of(attr->sample_type, PERF_SAMPLE_TID),
		.time_word = word_of(attr->sample_type, PERF_SAMPLE_TIME),
		.period_word = word_of(attr->sample_type, PERF_SAMPLE_PERIOD),
		.is_brief =
			!(attr->sample_type & ~(uint64_t)(EV_FIXED_FIELDS | PERF_SAMPLE_CALLCHAIN |
							  PERF_SAMPLE_WEIGHT)),
	};

	layout.fixed_bytes = 8 * (uint32_t)bits_of(attr->sample_type & EV_FIXED_FIELDS);
	if (attr->sample_id_all)
		layout.trailer_bytes = 8 * (uint32_t)bits_of(attr->sample_type & EV_TRAILER_FIELDS);
	if (attr->sample_type & PERF_SAMPLE_IDENTIFIER) {
		layout.id_word = 0;
		layout.id_word_back = 1;
	} else if (attr->sample_type & PERF_SAMPLE_ID) {
		layout.id_word = bits_of(attr->sample_type & before);
		layout.id_word_back = 1 + bits_of(attr->sample_type & behind);
	}
	if (!attr->sample_id_all)
		layout.id_word_back = -1;
	return layout;
}

static void add_position(int **positions, size_t *count, int position)
{
	for (size_t i = 0; i < *count; i++)
		if ((*positions)[i] == position)
			return;
	if (position < 0)
		return;
	*positions = ev_realloc(*positions, (*count + 1) * sizeof(**positions));
	(*positions)[(*count)++] = position;
}

/* The events of a stream become known while it is read. */
static void learn(struct ev_decoder *decoder)
{
	const struct ev_recording *recording = decoder->recording;
	size_t count = recording->event_count;

	decoder->layouts = ev_realloc(decoder->layouts, count * sizeof(*decoder->layouts));
	memset(decoder->recent, 0, sizeof(decoder->recent));
	for (size_t i = decoder->event_count; i < count; i++) {
		const struct ev_recorded_event *event = &recording->events[i];

		decoder->layouts[i] = ev_layout_of(&event->attr);
		add_position(&decoder->id_words, &decoder->id_word_count,
			     decoder->layouts[i].id_word);
		add_position(&decoder->id_words_back, &decoder->id_word_back_count,
			     decoder->layouts[i].id_word_back);
		for (size_t k = 0; k < event->id_count; k++) {
			bool added;
			uint32_t *value = ev_map_add(&decoder->ids, event->ids[k], 0, &added);

			if (added)
				*value = (uint32_t)i;
		}
	}
	decoder->event_count = count;
	decoder->uniform = true;
	for (size_t i = 1; i < count; i++)
		if (memcmp(&decoder->layouts[0], &decoder->layouts[i], sizeof(struct ev_layout)))
			decoder->uniform = false;
}

struct ev_decoder *ev_decoder_open(const struct ev_recording *recording)
{
	struct ev_decoder *decoder = ev_alloc(sizeof(*decoder));

	decoder->recording = recording;
	learn(decoder);
	return decoder;
}

void ev_decoder_close(struct ev_decoder *decoder)
{
	if (!decoder)
		return;
	free(decoder->layouts);
	free(decoder->id_words);
	free(decoder->id_words_back);
	ev_map_done(&decoder->ids);
	ev_arena_done(&decoder->scratch);
	free(decoder);
}

/* -1 for an id that no event has. */
static inline int find_id(struct ev_decoder *decoder, uint64_t id)
{
	struct ev_recent_id *recent = &decoder->recent[id % EV_LENGTH(decoder->recent)];
	uint32_t *found;

	if (__builtin_expect(recent->id == id && recent->event_plus1, 1))
		return (int)recent->event_plus1 - 1;
	found = ev_map_find(&decoder->ids, id, 0);
	if (!found)
		return -1;
	recent->id = id;
	recent->event_plus1 = *found + 1;
	return (int)*found;
}

/* The word of a record at that place, 0 when it is too short for it. */
static inline uint64_t word_at(const struct ev_decoder *decoder, const struct ev_raw *raw,
			       bool sample, int position)
{
	size_t offset = sizeof(*raw->header) + 8 * (size_t)position;
	uint64_t word;

	if (!sample)
		offset = raw->size_bytes - 8 * (size_t)position;
	if (offset < sizeof(*raw->header) || offset > raw->size_bytes ||
	    raw->size_bytes - offset < sizeof(word))
		return 0;
	memcpy(&word, (const uint8_t *)raw->header + offset, sizeof(word));
	return decoder->recording->swapped ? ev_swap64(word) : word;
}

/* Where positions differ, an id found at one of them must be of an event that has it there. */
static bool has_id_at(const struct ev_decoder *decoder, int event, bool sample, int position)
{
	const struct ev_layout *layout = &decoder->layouts[event];

	return (sample ? layout->id_word : layout->id_word_back) == position;
}

/* The event that a kernel record belongs to. Id 0 is what recorders put into records that they
 * make up themselves: it stands for the first event. */
static inline int event_of(struct ev_decoder *decoder, const struct ev_raw *raw)
{
	bool sample = raw->type == PERF_RECORD_SAMPLE;
	const int *positions = sample ? decoder->id_words : decoder->id_words_back;
	size_t count = sample ? decoder->id_word_count : decoder->id_word_back_count;
	int zero = -1;

	if (decoder->event_count == 1)
		return 0;
	if (decoder->event_count == 0)
		return -1;
	if (count == 0)
		return sample ? -1 : 0;
	for (size_t i = 0; i < count; i++) {
		uint64_t id = word_at(decoder, raw, sample, positions[i]);
		int event = find_id(decoder, id);

		if (event >= 0 && (count == 1 || has_id_at(decoder, event, sample, positions[i])))
			return event;
		if (event < 0 && id == 0)
			zero = 0;
	}
	return zero;
}

const uint64_t *ev_decoder_words(struct ev_decoder *decoder, struct ev_cursor *cursor,
				 uint64_t count)
{
	const uint8_t *bytes;
	uint64_t *words;

	if (count > ev_cursor_left(cursor) / sizeof(*words)) {
		cursor->bad = true;
		return NULL;
	}
	bytes = ev_cursor_bytes(cursor, count * sizeof(*words));
	if (!cursor->swap && (uintptr_t)bytes % sizeof(*words) == 0)
		return (const uint64_t *)(const void *)bytes;
	decoder->scratch_used = true;
	words = ev_arena_copy(&decoder->scratch, bytes, count * sizeof(*words));
	for (uint64_t i = 0; cursor->swap && i < count; i++)
		words[i] = ev_swap64(words[i]);
	return words;
}

bool ev_decode_read(struct ev_decoder *decoder, struct ev_cursor *cursor, uint64_t format,
		    const struct ev_read_value **values, size_t *count, uint64_t *enabled_ns,
		    uint64_t *running_ns)
{
	struct ev_read_value *value, only = { 0 };
	size_t value_bytes =
		8 * (size_t)(1 + bits_of(format & (PERF_FORMAT_ID | PERF_FORMAT_LOST)));
	uint64_t number = 1;

	if (format & PERF_FORMAT_GROUP)
		number = ev_cursor_u64(cursor);
	else
		only.value = ev_cursor_u64(cursor);
	if (format & PERF_FORMAT_TOTAL_TIME_ENABLED)
		*enabled_ns = ev_cursor_u64(cursor);
	if (format & PERF_FORMAT_TOTAL_TIME_RUNNING)
		*running_ns = ev_cursor_u64(cursor);
	if (format & PERF_FORMAT_GROUP && number > ev_cursor_left(cursor) / value_bytes)
		return false;
	decoder->scratch_used = true;
	*values = value = ev_arena_take(&decoder->scratch, number * sizeof(*value));
	*count = number;
	for (uint64_t i = 0; i < number; i++, value++) {
		value->value = format & PERF_FORMAT_GROUP ? ev_cursor_u64(cursor) : only.value;
		if (format & PERF_FORMAT_ID)
			value->id = ev_cursor_u64(cursor);
		if (format & PERF_FORMAT_LOST)
			value->lost = ev_cursor_u64(cursor);
	}
	return !cursor->bad;
}

/* The sample id that ends a record of the kernel. */
static void decode_trailer(const struct ev_layout *layout, struct ev_cursor cursor,
			   struct ev_record *record)
{
	uint64_t type = layout->sample_type;

	if (type & PERF_SAMPLE_TID) {
		record->pid = ev_cursor_u32(&cursor);
		record->tid = ev_cursor_u32(&cursor);
	}
	if (type & PERF_SAMPLE_TIME)
		record->time_ns = ev_cursor_u64(&cursor);
	if (type & PERF_SAMPLE_ID)
		record->id = ev_cursor_u64(&cursor);
	if (type & PERF_SAMPLE_STREAM_ID)
		ev_cursor_u64(&cursor);
	if (type & PERF_SAMPLE_CPU) {
		record->cpu = ev_cursor_u32(&cursor);
		ev_cursor_u32(&cursor);
	}
	if (type & PERF_SAMPLE_IDENTIFIER)
		record->id = ev_cursor_u64(&cursor);
}

static inline void start(struct ev_decoder *decoder, const struct ev_raw *raw,
			 struct ev_record *record)
{
	size_t size_bytes = sizeof(*record);

	if (__builtin_expect(decoder->event_count != decoder->recording->event_count, 0))
		learn(decoder);
	if (__builtin_expect(decoder->scratch_used, 0)) {
		ev_arena_reset(&decoder->scratch);
		decoder->scratch_used = false;
	}
	/* With a size that the compiler knows this becomes a string instruction, which takes twice
	 * as long as all the rest of a sample. */
	__asm__("" : "+r"(size_bytes));
	memset(record, 0, size_bytes);
	record->type = raw->type;
	record->misc = raw->misc;
	record->event = -1;
}

/* How a record is laid out whose event is not known: as all are, if they are all alike. */
static const struct ev_layout *layout_of(const struct ev_decoder *decoder, int event)
{
	if (event >= 0)
		return &decoder->layouts[event];
	return decoder->event_count && decoder->uniform ? &decoder->layouts[0] : NULL;
}

/* Words of a sample, in the order of the file. */
static uint64_t take(const uint8_t **at, bool swapped)
{
	uint64_t word;

	memcpy(&word, *at, sizeof(word));
	*at += sizeof(word);
	return swapped ? ev_swap64(word) : word;
}

static void take_pair(const uint8_t **at, bool swapped, uint32_t *first, uint32_t *second)
{
	uint32_t half[2];

	memcpy(half, *at, sizeof(half));
	*at += sizeof(half);
	*first = swapped ? ev_swap32(half[0]) : half[0];
	*second = swapped ? ev_swap32(half[1]) : half[1];
}

/* The fields that open every sample, in the order of the kernel. */
static const uint8_t *decode_fixed(const uint8_t *at, uint64_t type, bool swapped,
				   struct ev_record *record)
{
	struct ev_sample *sample = &record->sample;
	uint32_t reserved;

	if (type & PERF_SAMPLE_IDENTIFIER)
		sample->id = take(&at, swapped);
	if (type & PERF_SAMPLE_IP)
		sample->ip = take(&at, swapped);
	if (type & PERF_SAMPLE_TID)
		take_pair(&at, swapped, &sample->pid, &sample->tid);
	if (type & PERF_SAMPLE_TIME)
		sample->time_ns = take(&at, swapped);
	if (type & PERF_SAMPLE_ADDR)
		sample->addr = take(&at, swapped);
	if (type & PERF_SAMPLE_ID)
		sample->id = take(&at, swapped);
	if (type & PERF_SAMPLE_STREAM_ID)
		sample->stream_id = take(&at, swapped);
	if (type & PERF_SAMPLE_CPU)
		take_pair(&at, swapped, &sample->cpu, &reserved);
	if (type & PERF_SAMPLE_PERIOD)
		sample->period = take(&at, swapped);
	record->pid = sample->pid;
	record->tid = sample->tid;
	record->cpu = sample->cpu;
	record->time_ns = sample->time_ns;
	record->id = sample->id;
	return at;
}

int ev_decode_sample(struct ev_decoder *decoder, const struct ev_raw *raw, uint64_t want,
		     struct ev_record *record)
{
	const uint8_t *begin = (const uint8_t *)raw->header, *at;
	bool swapped = decoder->recording->swapped;
	const struct ev_layout *layout;
	struct ev_cursor cursor;

	start(decoder, raw, record);
	record->event = event_of(decoder, raw);
	layout = layout_of(decoder, record->event);
	if (!layout)
		return 0;
	if (raw->size_bytes - sizeof(*raw->header) < layout->fixed_bytes)
		return -EINVAL;
	at = decode_fixed(begin + sizeof(*raw->header), layout->sample_type, swapped, record);
	record->sample.has = layout->sample_type & EV_FIXED_FIELDS;
	want &= layout->sample_type & ~(uint64_t)EV_FIXED_FIELDS;
	if (!want)
		return 0;
	cursor = ev_cursor_of(at, raw->size_bytes - (size_t)(at - begin), swapped);
	return ev_decode_variable(decoder, layout, cursor, want, &record->sample) ? 0 : -EINVAL;
}

/* The sample id and what stands before it. A record too short for a sample id has none: some
 * recorders leave it out of records that they make up themselves. */
static const struct ev_layout *find_trailer(struct ev_decoder *decoder, const struct ev_raw *raw,
					    struct ev_record *record, struct ev_cursor *body)
{
	const uint8_t *begin = (const uint8_t *)raw->header;
	size_t body_bytes = raw->size_bytes - sizeof(*raw->header);
	const struct ev_layout *layout;

	record->event = event_of(decoder, raw);
	layout = layout_of(decoder, record->event);
	if (layout && layout->trailer_bytes <= body_bytes) {
		body_bytes -= layout->trailer_bytes;
		if (layout->trailer_bytes)
			decode_trailer(layout,
				       ev_cursor_of(begin + sizeof(*raw->header) + body_bytes,
						    layout->trailer_bytes,
						    decoder->recording->swapped),
				       record);
	}
	*body = ev_cursor_of(begin + sizeof(*raw->header), body_bytes, decoder->recording->swapped);
	return layout;
}

int ev_decode(struct ev_decoder *decoder, const struct ev_raw *raw, struct ev_record *record)
{
	const struct ev_layout *layout;
	struct ev_cursor body;

	if (raw->type == PERF_RECORD_SAMPLE)
		return ev_decode_sample(decoder, raw, ~0ULL, record);
	start(decoder, raw, record);
	if (raw->type >= EV_RECORD_HEADER_ATTR)
		return 0;
	layout = find_trailer(decoder, raw, record, &body);
	return ev_decode_body(decoder, body, layout ? layout->read_format : 0, record) ? 0
										       : -EINVAL;
}

uint64_t ev_decode_time(struct ev_decoder *decoder, const struct ev_raw *raw)
{
	struct ev_record record;
	struct ev_cursor body;

	if (raw->type == PERF_RECORD_SAMPLE)
		return ev_decode_sample(decoder, raw, 0, &record) < 0 ? 0 : record.time_ns;
	if (raw->type >= EV_RECORD_HEADER_ATTR)
		return 0;
	start(decoder, raw, &record);
	find_trailer(decoder, raw, &record, &body);
	return record.time_ns;
}
