/* Everything of a perf.data file that stands outside its data section -> the recording. */
#include <errno.h>
#include <string.h>
#include <stdlib.h>
#include <sys/stat.h>
#include "layout.h"

/* What is read while the header is walked. `budget_bytes` is what may still be loaded: places that
 * overlap a hundred times must not become a hundred copies of the file. */
struct loading {
	const struct ev_source *source;
	struct ev_recording *recording;
	uint64_t budget_bytes;
};

/* The bytes of a place in the arena, NULL when they are not all there. */
static const void *load(struct loading *loading, struct ev_file_place place)
{
	void *bytes;

	if (place.offset > loading->source->first_bytes ||
	    place.size_bytes > loading->source->first_bytes - place.offset ||
	    place.size_bytes > loading->budget_bytes)
		return NULL;
	bytes = ev_arena_take(&loading->recording->arena, place.size_bytes + 1);
	if (ev_source_read_at(loading->source, place.offset, bytes, place.size_bytes) !=
	    (ssize_t)place.size_bytes)
		return NULL;
	loading->budget_bytes -= place.size_bytes;
	return bytes;
}

static struct ev_file_place read_place(struct ev_cursor *cursor)
{
	struct ev_file_place place;

	place.offset = ev_cursor_u64(cursor);
	place.size_bytes = ev_cursor_u64(cursor);
	return place;
}

static int read_attrs(struct loading *loading, struct ev_file_place attrs, uint64_t entry_bytes,
		      struct ev_err *err)
{
	struct ev_recording *recording = loading->recording;
	const void *bytes;
	struct ev_cursor cursor;

	if (entry_bytes < EV_ATTR_BYTES_MIN + EV_PLACE_BYTES || entry_bytes > EV_ATTR_BYTES_MAX)
		return ev_fail(err, EINVAL, "damaged: events of %llu bytes each",
			       (unsigned long long)entry_bytes);
	bytes = load(loading, attrs);
	if (!bytes || attrs.size_bytes < entry_bytes)
		return ev_fail(err, EINVAL, "damaged or cut off: no event is described in it");
	cursor = ev_cursor_of(bytes, attrs.size_bytes, recording->swapped);
	while (ev_cursor_left(&cursor) >= entry_bytes) {
		struct ev_recorded_event *event = ev_recording_add_event(recording);
		struct ev_file_place ids;
		const void *id_bytes;
		struct ev_cursor id_cursor;

		if (!ev_attr_decode(&cursor, entry_bytes - EV_PLACE_BYTES, &event->attr))
			return ev_fail(err, EINVAL, "damaged: an event's attributes make no sense");
		ids = read_place(&cursor);
		ids.size_bytes &= ~(uint64_t)7;
		if (!ids.size_bytes)
			continue;
		id_bytes = load(loading, ids);
		if (!id_bytes)
			return ev_fail(err, EINVAL,
				       "damaged or cut off: the ids of an event are missing");
		id_cursor = ev_cursor_of(id_bytes, ids.size_bytes, recording->swapped);
		event->ids = (uint64_t *)(uintptr_t)id_bytes; /* ours: put right in place */
		event->id_count = ids.size_bytes / sizeof(uint64_t);
		for (size_t i = 0; i < event->id_count; i++)
			event->ids[i] = ev_cursor_u64(&id_cursor);
	}
	return 0;
}

/* Before 3.10 the names stood here by config alone, when there was no EVENT_DESC. */
static void read_event_types(struct loading *loading, struct ev_file_place types)
{
	const void *bytes = types.size_bytes ? load(loading, types) : NULL;
	struct ev_cursor cursor =
		ev_cursor_of(bytes, bytes ? types.size_bytes : 0, loading->recording->swapped);

	while (ev_cursor_left(&cursor) >= 72) {
		uint64_t config = ev_cursor_u64(&cursor);
		const char *name = ev_cursor_bytes(&cursor, 64);

		for (size_t i = 0; i < loading->recording->event_count; i++) {
			struct ev_recorded_event *event = &loading->recording->events[i];

			if (event->name[0] || event->attr.config != config)
				continue;
			event->name =
				ev_arena_text(&loading->recording->arena, name, strnlen(name, 64));
			break;
		}
	}
}

/* Feature bits were written as longs: a 32-bit machine of the other byte order has the halves of
 * our words exchanged. Every recorder tells its host name, so that bit decides. */
static void put_bits_right(uint64_t bits[4])
{
	const uint64_t known = 1ULL << EV_FEATURE_HOSTNAME;

	if (bits[0] & known || !(bits[0] >> 32 & known))
		return;
	for (int i = 0; i < 4; i++)
		bits[i] = bits[i] >> 32 | bits[i] << 32;
}

/* false when some are missing: the file was cut off. */
static bool read_features(struct loading *loading, uint64_t table_offset, const uint64_t bits[4])
{
	struct ev_recording *recording = loading->recording;
	struct ev_file_place table = { .offset = table_offset };
	const void *bytes;
	struct ev_cursor cursor;
	bool all = true;

	for (int i = 0; i < 4; i++)
		table.size_bytes += (uint64_t)__builtin_popcountll(bits[i]) * EV_PLACE_BYTES;
	bytes = load(loading, table);
	if (!bytes)
		return false;
	cursor = ev_cursor_of(bytes, table.size_bytes, recording->swapped);
	for (unsigned number = 0; number < EV_FEATURE_COUNT; number++) {
		struct ev_file_place place;
		const void *section;

		if (!(bits[number / 64] >> (number % 64) & 1))
			continue;
		place = read_place(&cursor);
		section = load(loading, place);
		if (!section) {
			all = false;
			continue;
		}
		ev_recording_put_section(recording, number, section, place.size_bytes);
		ev_feature_decode(recording, number, section, place.size_bytes);
	}
	return all;
}

/* false when there is an end of which sections are missing. */
static bool read_tail(struct loading *loading)
{
	struct ev_recording *recording = loading->recording;
	uint64_t size_bytes = loading->source->first_bytes;
	struct ev_file_place last = { size_bytes - EV_TAIL_ENTRY_BYTES, EV_TAIL_ENTRY_BYTES };
	struct ev_file_place entries;
	struct ev_cursor cursor;
	const void *bytes = load(loading, last);
	bool all = true;

	if (!bytes || !ev_tail_find(bytes, size_bytes, recording->swapped, &entries))
		return true;
	bytes = load(loading, entries);
	if (!bytes)
		return false;
	cursor = ev_cursor_of(bytes, entries.size_bytes, recording->swapped);
	while (ev_cursor_left(&cursor)) {
		uint64_t number = ev_cursor_u64(&cursor);
		struct ev_file_place place = read_place(&cursor);
		const void *section = load(loading, place);

		if (section && number >= EV_FEATURE_EVPROF_FIRST && number < EV_FEATURE_COUNT)
			ev_recording_put_section(recording, (unsigned)number, section,
						 place.size_bytes);
		else
			all = false;
	}
	return all;
}

#define NEVER ((uint64_t)1 << 62)

/* Without GROUP_DESC: an event that has no period of its own (simpleperf's has one that never
 * comes) is read out by the one before. */
static void guess_leaders(struct ev_recording *recording)
{
	if (ev_recording_section(recording, EV_FEATURE_GROUP_DESC))
		return;
	for (size_t i = 1; i < recording->event_count; i++) {
		const struct perf_event_attr *attr = &recording->events[i].attr;

		if (attr->read_format & PERF_FORMAT_GROUP && attr->sample_type & PERF_SAMPLE_READ &&
		    (!attr->sample_period || attr->sample_period >= NEVER))
			recording->events[i].leader = recording->events[i - 1].leader;
	}
}

static int read_file_layout(struct loading *loading, struct ev_cursor *cursor,
			    struct ev_file_header *header, struct ev_err *err)
{
	struct ev_recording *recording = loading->recording;
	uint64_t size_bytes = loading->source->first_bytes, entry_bytes, bits[4];
	struct ev_file_place attrs, data, types;
	int rc;

	entry_bytes = ev_cursor_u64(cursor);
	attrs = read_place(cursor);
	data = read_place(cursor);
	types = read_place(cursor);
	for (int i = 0; i < 4; i++)
		bits[i] = ev_cursor_u64(cursor);
	if (cursor->bad)
		return ev_fail(err, EINVAL, "cut off in its header");
	if (recording->swapped)
		put_bits_right(bits);
	rc = read_attrs(loading, attrs, entry_bytes, err);
	if (rc < 0)
		return rc;
	if (data.offset > size_bytes)
		return ev_fail(err, EINVAL, "cut off before its data");
	header->data_begin = data.offset;
	header->data_end = data.offset + data.size_bytes;
	header->data_open_ended = data.size_bytes == 0;
	recording->data_offset = data.offset;
	recording->data_size_bytes = data.size_bytes;
	if (data.size_bytes == 0 || data.size_bytes > size_bytes - data.offset) {
		header->data_end = size_bytes;
		recording->unfinished = true;
	} else if (!(bits[0] | bits[1] | bits[2] | bits[3])) {
		recording->unfinished = true;
	} else if (!read_features(loading, header->data_end, bits) || !read_tail(loading)) {
		recording->unfinished = true;
	} else if (ev_recording_note(recording, EV_NOTE_PARTIAL, NULL)) {
		recording->unfinished = true;
	}
	read_event_types(loading, types);
	guess_leaders(recording);
	return 0;
}

int ev_file_header_read(const struct ev_source *source, struct ev_recording *recording,
			struct ev_file_header *header, struct ev_err *err)
{
	struct loading loading = { source, recording, source->first_bytes };
	struct stat status;
	uint8_t bytes[EV_FILE_HEADER_BYTES];
	struct ev_cursor cursor;
	size_t got = 0;
	uint64_t header_bytes;
	static const char swapped_magic[] = "2ELIFREP";

	if (source->fd >= 0 && source->seekable && !fstat(source->fd, &status))
		recording->written_s = status.st_mtime;
	/* Of a pipe no more than its short header may be taken. */
	while (got < (source->seekable ? sizeof(bytes) : EV_PIPE_HEADER_BYTES)) {
		ssize_t more;

		if (source->seekable)
			more = ev_source_read_at(source, got, bytes + got, sizeof(bytes) - got);
		else
			more = ev_source_read_more(source, bytes + got, EV_PIPE_HEADER_BYTES - got);
		if (more < 0)
			return ev_fail(err, (int)-more, "can't be read: %s", strerror((int)-more));
		if (more == 0)
			break;
		got += (size_t)more;
	}
	if (got == 0)
		return ev_fail(err, EINVAL, "it is empty");
	if (got >= 8 && memcmp(bytes, EV_MAGIC_V1, 8) == 0)
		return ev_fail(err, ENOTSUP,
			       "recorded by a perf of before 2010 (format PERFFILE), "
			       "only PERFILE2 can be read");
	if (got < 8 || (memcmp(bytes, EV_MAGIC, 8) != 0 && memcmp(bytes, swapped_magic, 8) != 0))
		return ev_fail(err, EINVAL, "not a perf.data file: it does not start with %s",
			       EV_MAGIC);
	recording->swapped =
		(memcmp(bytes, EV_MAGIC, 8) == 0) != (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);
	cursor = ev_cursor_of(bytes + 8, got - 8, recording->swapped);
	header_bytes = ev_cursor_u64(&cursor);
	if (cursor.bad)
		return ev_fail(err, EINVAL, "cut off in its header");
	if (header_bytes == EV_PIPE_HEADER_BYTES) {
		recording->pipe = true;
		header->data_begin = EV_PIPE_HEADER_BYTES;
		header->data_end = source->seekable ? source->first_bytes : UINT64_MAX;
		header->data_open_ended = true;
		return 0;
	}
	if (header_bytes < EV_FILE_HEADER_BYTES)
		return ev_fail(err, EINVAL, "damaged: a header of %llu bytes",
			       (unsigned long long)header_bytes);
	if (!source->seekable)
		return ev_fail(err, ESPIPE,
			       "this recording was written as a file and can't be read from a "
			       "pipe; "
			       "name the file");
	return read_file_layout(&loading, &cursor, header, err);
}
