/* A perf.data file or stream -> its records, one after another, as they stand there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "reader.h"

enum { ELSEWHERE = 2 }; /* the next record is in the next file */

int ev_reader_fail(struct ev_reader *reader, struct ev_err *err, int code, const char *reason)
{
	reader->failed = -code;
	reader->failure =
		ev_printf("at byte %llu: %s", (unsigned long long)ev_reader_tell(reader), reason);
	return ev_fail(err, code, "%s", reader->failure);
}

/* A record that is cut off at the end is no damage where nothing says how much there should be. */
static bool is_open_ended(const struct ev_reader *reader)
{
	return reader->open_ended ||
	       (reader->source.piece_count && reader->window.base > reader->source.first_bytes);
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
	if (!is_open_ended(reader))
		return ev_reader_fail(reader, err, EINVAL,
				      "damaged: what follows a record goes beyond the data");
	if (!reader->whole)
		reader->recording->unfinished = true;
	reader->window.at = reader->window.filled; /* the rest is a part of the payload */
	if (reader->source.seekable)
		reader->window.base = reader->window.end - reader->window.filled;
	return 0;
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

/* The end of a file's records, in order or not: ELSEWHERE when there is another file. */
static int at_end(struct ev_reader *reader, size_t left, struct ev_err *err)
{
	uint64_t here = reader->window.base + reader->window.at;
	uint64_t next = ev_source_next(&reader->source, here);

	if (left > 0 || (reader->unpacker && ev_unpacker_partial(reader->unpacker))) {
		if (!is_open_ended(reader))
			return ev_reader_fail(reader, err, EINVAL,
					      "damaged: the last record goes beyond the data");
		if (!reader->whole)
			reader->recording->unfinished = true;
	}
	if (next == UINT64_MAX)
		return 0;
	if (reader->unpacker)
		ev_unpacker_reset(reader->unpacker);
	ev_reader_go_to(reader, next);
	return ELSEWHERE;
}

/* The next record of the source, packed ones as such; ELSEWHERE to be asked once more. */
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
			return ev_reader_fail(reader, err, (int)-got, strerror((int)-got));
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
		if (is_open_ended(reader) && !reader->recording->pipe && !header->type)
			return at_end(reader, left, err);
		size = overrun_size(reader);
		if (!size) {
			return ev_reader_fail(reader, err, EINVAL,
					      "damaged: a record without a size");
		}
		left = reader->window.filled - reader->window.at;
	}
	if (__builtin_expect(left < size, 0)) {
		got = ev_window_ready(&reader->window, size);
		if (got < 0)
			return ev_reader_fail(reader, err, (int)-got, strerror((int)-got));
		if ((size_t)got < size)
			return at_end(reader, (size_t)got, err);
	}
	header = (const void *)(reader->window.buffer + reader->window.at);
	if (__builtin_expect((uintptr_t)header % 8, 0))
		header = memcpy(reader->copy, header, size);
	reader->window.at += size;
	raw->header = header;
	raw->type = reader_type_of(header, swapped);
	raw->misc = swapped ? ev_swap16(header->misc) : header->misc;
	raw->size_bytes = (uint32_t)size;
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
			rc = ev_reader_next_unpacked(reader, raw, err);
			if (rc == 0)
				continue;
		} else {
			rc = next_stored(reader, raw, err);
			if (rc == ELSEWHERE)
				continue;
		}
		if (rc != 1)
			return rc;
		if (raw->type != EV_RECORD_COMPRESSED && raw->type != EV_RECORD_COMPRESSED2)
			break;
		rc = ev_reader_feed(reader, raw, err);
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
	size_t at = window->at;
	uint64_t base = window->base;
	uint64_t until = reader->stop > base ? reader->stop - base : 0;

	for (; count < room && at < until; count++) {
		const struct perf_event_header *header = (const void *)(window->buffer + at);
		size_t left = window->filled - at;
		uint32_t type;
		size_t size;

		if (left < sizeof(*header) || (uintptr_t)header % 8)
			break;
		type = header->type;
		size = header->size;
		/* What perf's own records ask for is done one by one. */
		if (size > left || size < sizeof(*header) || type >= EV_RECORD_HEADER_ATTR)
			break;
		raws[count].header = header;
		raws[count].type = type;
		raws[count].misc = header->misc;
		raws[count].size_bytes = size;
		raws[count].offset = base + at;
		at += size;
	}
	window->at = at;
	reader->sequence += count;
	return count;
}
