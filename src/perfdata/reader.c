/* A perf.data file or stream -> its records, one after another, as they stand there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "layout.h"

struct ev_reader {
	struct ev_source source;
	struct ev_recording *recording;
	struct ev_reader *whole; /* of a part: owns source and recording */
	uint64_t begin;          /* of the records in the source */
	uint64_t stop;           /* no record begins at or after it */
	bool open_ended;         /* a record cut off at the end is no damage */

	struct ev_window window;
	uint64_t *copy; /* of a record that does not stand at a multiple of 8 */

	struct ev_unpacker *unpacker;
	bool unpacking;
	uint64_t packed_at; /* place of the compressed record being unpacked */

	uint64_t sequence; /* records handed out since the beginning */
	uint64_t applied;  /* so many of them have been applied to the recording */
	int failed;        /* the answer of every further call */
	char *failure;
};

static struct ev_reader *new_reader(const struct ev_source *source, struct ev_recording *recording)
{
	struct ev_reader *reader = ev_alloc(sizeof(*reader));

	reader->source = *source;
	reader->recording = recording;
	reader->copy = ev_realloc(NULL, EV_RECORD_BYTES_MAX + 1);
	reader->stop = UINT64_MAX;
	return reader;
}

void ev_reader_close(struct ev_reader *reader)
{
	if (!reader)
		return;
	ev_unpacker_close(reader->unpacker);
	ev_window_close(&reader->window);
	free(reader->copy);
	free(reader->failure);
	if (!reader->whole) {
		ev_source_close(&reader->source);
		ev_recording_done(reader->recording);
		free(reader->recording);
	}
	free(reader);
}

struct ev_recording *ev_reader_recording(struct ev_reader *reader)
{
	return reader->recording;
}

uint64_t ev_reader_tell(const struct ev_reader *reader)
{
	return reader->unpacking ? reader->packed_at : reader->window.base + reader->window.at;
}

uint64_t ev_reader_size(const struct ev_reader *reader)
{
	return reader->source.size_bytes;
}

static int fail(struct ev_reader *reader, struct ev_err *err, int code, const char *reason)
{
	reader->failed = -code;
	reader->failure =
		ev_printf("at byte %llu: %s", (unsigned long long)ev_reader_tell(reader), reason);
	return ev_fail(err, code, "%s", reader->failure);
}

/* TRACING_DATA: u32 size, then so many bytes behind the record, or (simpleperf) inside it. */
static bool take_tracing_data(struct ev_reader *reader, struct ev_cursor cursor)
{
	uint32_t size_bytes = ev_cursor_u32(&cursor);
	/* Taken once: a second pass must not load it again. */
	bool first_pass = reader->sequence >= reader->applied && !reader->whole;
	struct ev_buffer behind = { 0 };
	const void *inside = NULL;
	bool whole = true;

	if (ev_cursor_left(&cursor) >= size_bytes)
		inside = ev_cursor_bytes(&cursor, size_bytes);
	else
		whole = ev_window_skip(&reader->window, ev_align8(size_bytes),
				       first_pass ? &behind : NULL);
	if (whole && first_pass && size_bytes)
		ev_recording_set_section(reader->recording, EV_FEATURE_TRACING_DATA,
					 inside ? inside : behind.bytes, size_bytes);
	ev_buffer_done(&behind);
	return whole;
}

/* Some records have more behind them than their size says. */
static int skip_what_follows(struct ev_reader *reader, struct ev_raw *raw, struct ev_err *err)
{
	struct ev_cursor cursor;
	bool whole;

	/* The window moves on, but the record itself is handed out afterwards. */
	raw->header = memmove(reader->copy, raw->header, raw->size_bytes);
	cursor = ev_cursor_of(raw->header, raw->size_bytes, reader->recording->swapped);
	ev_cursor_skip(&cursor, sizeof(struct perf_event_header));
	if (raw->type == EV_RECORD_AUXTRACE)
		whole = ev_window_skip(&reader->window, ev_cursor_u64(&cursor), NULL);
	else
		whole = take_tracing_data(reader, cursor);
	if (whole)
		return 0;
	if (!reader->open_ended)
		return fail(reader, err, EINVAL,
			    "damaged: what follows a record goes beyond the data");
	if (!reader->whole)
		reader->recording->unfinished = true;
	reader->window.at = reader->window.filled; /* the rest is a part of the payload */
	if (reader->source.seekable)
		reader->window.base = reader->window.end - reader->window.filled;
	return 0;
}

static uint32_t header_type(const struct perf_event_header *header, bool swapped)
{
	return swapped ? ev_swap32(header->type) : header->type;
}

/* perf 6.16 lets the size of a COMPRESSED2 record run over to 0 and then writes it unpadded; its
 * u64 after the header tells the truth. */
static size_t overrun_size(struct ev_reader *reader)
{
	ssize_t got = ev_window_ready(&reader->window, 16);
	struct ev_cursor cursor;
	uint64_t data_bytes;

	if (got < 16)
		return 0;
	cursor = ev_cursor_of(reader->window.buffer + reader->window.at, 16,
			      reader->recording->swapped);
	if (ev_cursor_u32(&cursor) != EV_RECORD_COMPRESSED2)
		return 0;
	ev_cursor_u32(&cursor);
	data_bytes = ev_cursor_u64(&cursor);
	return data_bytes + 16 + 7 > EV_RECORD_BYTES_MAX && data_bytes <= EV_RECORD_BYTES_MAX - 16
		       ? (size_t)data_bytes + 16
		       : 0;
}

/* The end of the records, in order or not. */
static int at_end(struct ev_reader *reader, size_t left, struct ev_err *err)
{
	if (left == 0 && !(reader->unpacker && ev_unpacker_partial(reader->unpacker)))
		return 0;
	if (!reader->open_ended)
		return fail(reader, err, EINVAL, "damaged: the last record goes beyond the data");
	if (!reader->whole)
		reader->recording->unfinished = true;
	return 0;
}

/* The next record of the source, packed ones as such. */
static int next_stored(struct ev_reader *reader, struct ev_raw *raw, struct ev_err *err)
{
	const struct perf_event_header *header;
	bool swapped = reader->recording->swapped;
	size_t left = reader->window.filled - reader->window.at, size;
	ssize_t got;

	raw->offset = reader->window.base + reader->window.at;
	if (raw->offset >= reader->stop)
		return 0;
	if (__builtin_expect(left < sizeof(*header), 0)) {
		got = ev_window_ready(&reader->window, sizeof(*header));
		if (got < 0)
			return fail(reader, err, (int)-got, strerror((int)-got));
		left = (size_t)got;
		if (left < sizeof(*header))
			return at_end(reader, left, err);
	}
	header = (const void *)(reader->window.buffer + reader->window.at);
	if (__builtin_expect((uintptr_t)header % 8, 0))
		header = memcpy(reader->copy, header, sizeof(*header));
	size = swapped ? ev_swap16(header->size) : header->size;
	if (__builtin_expect(size < sizeof(*header), 0)) {
		/* Space that a crash left unwritten is the end of what there is. */
		if (reader->open_ended && !reader->recording->pipe && !header->type)
			return at_end(reader, left, err);
		size = overrun_size(reader);
		if (!size) {
			return fail(reader, err, EINVAL, "damaged: a record without a size");
		}
		left = reader->window.filled - reader->window.at;
	}
	if (__builtin_expect(left < size, 0)) {
		got = ev_window_ready(&reader->window, size);
		if (got < 0)
			return fail(reader, err, (int)-got, strerror((int)-got));
		if ((size_t)got < size)
			return at_end(reader, (size_t)got, err);
	}
	header = (const void *)(reader->window.buffer + reader->window.at);
	if (__builtin_expect((uintptr_t)header % 8, 0))
		header = memcpy(reader->copy, header, size);
	reader->window.at += size;
	raw->header = header;
	raw->type = header_type(header, swapped);
	raw->misc = swapped ? ev_swap16(header->misc) : header->misc;
	raw->size_bytes = (uint32_t)size;
	return 1;
}

/* Begin to unpack the chunk that `raw` is. */
static int feed(struct ev_reader *reader, const struct ev_raw *raw, struct ev_err *err)
{
	struct ev_cursor cursor =
		ev_cursor_of(raw->header, raw->size_bytes, reader->recording->swapped);
	size_t size_bytes;

	if (reader->whole)
		return fail(reader, err, ENOTSUP, "compressed records can't be read in parts");
	ev_cursor_skip(&cursor, sizeof(struct perf_event_header));
	if (raw->type == EV_RECORD_COMPRESSED2) {
		uint64_t data_bytes = ev_cursor_u64(&cursor);

		/* Of several chunks packed at once perf sets this in the first only. */
		size_bytes = ev_cursor_left(&cursor);
		if (data_bytes < size_bytes && size_bytes - data_bytes < 8)
			size_bytes = (size_t)data_bytes;
	} else {
		size_bytes = ev_cursor_left(&cursor);
	}
	if (!reader->unpacker)
		reader->unpacker = ev_unpacker_open();
	reader->recording->compressed = true;
	reader->packed_at = raw->offset;
	ev_unpacker_feed(reader->unpacker, ev_cursor_bytes(&cursor, size_bytes), size_bytes);
	reader->unpacking = true;
	return 0;
}

static int next_unpacked(struct ev_reader *reader, struct ev_raw *raw, struct ev_err *err)
{
	bool swapped = reader->recording->swapped;
	struct ev_err why = { 0 };
	const void *record;
	size_t size_bytes;
	int rc = ev_unpacker_next(reader->unpacker, swapped, &record, &size_bytes, &why);

	if (rc < 0)
		return fail(reader, err, why.code, why.text);
	if (rc == 0) {
		reader->unpacking = false;
		return 0;
	}
	raw->header = record;
	raw->type = header_type(raw->header, swapped);
	raw->misc = swapped ? ev_swap16(raw->header->misc) : raw->header->misc;
	raw->size_bytes = (uint32_t)size_bytes;
	raw->offset = reader->packed_at;
	if (raw->type == EV_RECORD_COMPRESSED || raw->type == EV_RECORD_COMPRESSED2)
		return fail(reader, err, EINVAL, "damaged: compressed records in compressed ones");
	return 1;
}

/* What a record of perf's own asks of the reader. */
static int attend(struct ev_reader *reader, struct ev_raw *raw, struct ev_err *err)
{
	int rc = 0;

	if (!reader->unpacking &&
	    (raw->type == EV_RECORD_AUXTRACE || raw->type == EV_RECORD_HEADER_TRACING_DATA))
		rc = skip_what_follows(reader, raw, err);
	else if (reader->sequence >= reader->applied && !reader->whole)
		ev_metadata_apply(reader->recording, raw);
	return rc < 0 ? rc : 1;
}

int ev_reader_next(struct ev_reader *reader, struct ev_raw *raw, struct ev_err *err)
{
	int rc;

	if (__builtin_expect(reader->failed, 0))
		return ev_fail(err, -reader->failed, "%s", reader->failure);
	for (;;) {
		if (__builtin_expect(reader->unpacking, 0)) {
			rc = next_unpacked(reader, raw, err);
			if (rc == 0)
				continue;
		} else {
			rc = next_stored(reader, raw, err);
		}
		if (rc != 1)
			return rc;
		if (raw->type != EV_RECORD_COMPRESSED && raw->type != EV_RECORD_COMPRESSED2)
			break;
		rc = feed(reader, raw, err);
		if (rc < 0)
			return rc;
	}
	if (raw->type >= EV_RECORD_HEADER_ATTR && raw->type <= EV_RECORD_HEADER_FEATURE)
		rc = attend(reader, raw, err);
	reader->sequence++;
	return rc;
}

size_t ev_reader_batch(struct ev_reader *reader, struct ev_raw *raws, size_t room)
{
	struct ev_window *window = &reader->window;
	size_t count = 0;

	if (reader->failed || reader->unpacking || reader->recording->swapped)
		return 0;
	while (count < room) {
		const struct perf_event_header *header =
			(const void *)(window->buffer + window->at);
		size_t left = window->filled - window->at;

		/* What perf's own records ask for is done one by one. */
		if (left < sizeof(*header) || (uintptr_t)header % 8 || header->size > left ||
		    header->size < sizeof(*header) || header->type >= EV_RECORD_HEADER_ATTR ||
		    window->base + window->at >= reader->stop)
			break;
		raws[count++] = (struct ev_raw){
			.header = header,
			.type = header->type,
			.misc = header->misc,
			.size_bytes = header->size,
			.offset = window->base + window->at,
		};
		window->at += header->size;
	}
	reader->sequence += count;
	return count;
}

int ev_reader_rewind(struct ev_reader *reader, struct ev_err *err)
{
	if (!reader->source.seekable)
		return ev_fail(err, ESPIPE, "a pipe can be read only once");
	if (reader->sequence > reader->applied)
		reader->applied = reader->sequence;
	ev_window_move(&reader->window, reader->begin);
	reader->sequence = 0;
	reader->unpacking = false;
	if (reader->unpacker)
		ev_unpacker_reset(reader->unpacker);
	reader->failed = 0;
	free(reader->failure);
	reader->failure = NULL;
	return 0;
}

/* Where no finished header describes the recording, records at its head do: events are known when
 * the reader is open, also of stream layout as long as it can be rewound. */
static void look_ahead(struct ev_reader *reader)
{
	struct ev_err ignored;
	struct ev_raw raw;

	if (!reader->source.seekable || !(reader->recording->pipe || reader->recording->unfinished))
		return;
	while (ev_reader_next(reader, &raw, &ignored) == 1 && ev_metadata_is(raw.type))
		;
	ev_reader_rewind(reader, &ignored);
}

/* Takes `source` over, also when it fails. */
static int open_source(struct ev_reader **reader, const struct ev_source *source,
		       struct ev_err *err)
{
	struct ev_reader *opened = new_reader(source, ev_alloc(sizeof(struct ev_recording)));
	struct ev_file_header header = { 0 };
	int rc;

	rc = ev_file_header_read(&opened->source, opened->recording, &header, err);
	if (rc < 0) {
		ev_reader_close(opened);
		return rc;
	}
	opened->begin = header.data_begin;
	ev_window_open(&opened->window, &opened->source, header.data_begin, header.data_end);
	opened->open_ended = header.data_open_ended || opened->recording->unfinished;
	look_ahead(opened);
	*reader = opened;
	return 0;
}

int ev_reader_open(struct ev_reader **reader, const char *path, struct ev_err *err)
{
	struct ev_source source;
	int rc = ev_source_open(&source, path, err);

	*reader = NULL;
	if (rc < 0)
		return rc;
	rc = open_source(reader, &source, err);
	return rc < 0 ? ev_fail_in(err, "%s", strcmp(path, "-") ? path : "standard input") : 0;
}

int ev_reader_open_memory(struct ev_reader **reader, const void *bytes, size_t size_bytes,
			  struct ev_err *err)
{
	struct ev_source source = {
		.fd = -1, .memory = bytes, .size_bytes = size_bytes, .seekable = true
	};

	*reader = NULL;
	return open_source(reader, &source, err);
}

bool ev_reader_can_split(const struct ev_reader *reader)
{
	return reader->source.seekable && !reader->recording->compressed &&
	       !reader->recording->pipe && !reader->whole;
}

uint64_t ev_reader_end(const struct ev_reader *reader)
{
	return reader->window.end;
}

void ev_reader_skip_to(struct ev_reader *reader, uint64_t place, uint64_t passed)
{
	ev_window_move(&reader->window, place);
	reader->sequence += passed;
}

uint64_t ev_reader_guess(const struct ev_reader *reader, uint64_t from)
{
	return ev_boundary_guess(&reader->source, reader->recording->swapped, from,
				 reader->window.end);
}

int ev_reader_part(struct ev_reader *whole, uint64_t from, uint64_t to, struct ev_reader **part,
		   struct ev_err *err)
{
	struct ev_reader *opened;

	*part = NULL;
	if (!ev_reader_can_split(whole))
		return ev_fail(err, ENOTSUP, "these records can only be read in sequence");
	if (from < whole->begin || from > whole->window.end || to < from)
		return ev_fail(err, EINVAL, "bytes %llu to %llu are not of the data",
			       (unsigned long long)from, (unsigned long long)to);
	opened = new_reader(&whole->source, whole->recording);
	opened->whole = whole;
	opened->begin = from;
	ev_window_open(&opened->window, &opened->source, from, whole->window.end);
	opened->stop = to;
	opened->open_ended = whole->open_ended;
	*part = opened;
	return 0;
}
