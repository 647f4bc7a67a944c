/* A COMPRESSED or COMPRESSED2 record -> the records in it, one after another. */
#include <errno.h>
#include <stdlib.h>
#include "reader.h"

int ev_reader_feed(struct ev_reader *reader, const struct ev_raw *raw, struct ev_err *err)
{
	struct ev_cursor cursor =
		ev_cursor_of(raw->header, raw->size_bytes, reader->recording->swapped);
	size_t size_bytes;

	if (reader->whole)
		return ev_reader_fail(reader, err, ENOTSUP,
				      "compressed records can't be read in parts");
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
	reader->packed[raw->type == EV_RECORD_COMPRESSED2]++;
	ev_unpacker_feed(reader->unpacker, ev_cursor_bytes(&cursor, size_bytes), size_bytes);
	reader->unpacking = true;
	return 0;
}

uint64_t ev_reader_packed(const struct ev_reader *reader, uint32_t type)
{
	return reader->packed[type == EV_RECORD_COMPRESSED2];
}

int ev_reader_next_unpacked(struct ev_reader *reader, struct ev_raw *raw, struct ev_err *err)
{
	bool swapped = reader->recording->swapped;
	struct ev_err why = { 0 };
	const void *record;
	size_t size_bytes;
	int rc = ev_unpacker_next(reader->unpacker, swapped, &record, &size_bytes, &why);

	if (rc < 0)
		return ev_reader_fail(reader, err, why.code, why.text);
	if (rc == 0) {
		reader->unpacking = false;
		return 0;
	}
	raw->header = record;
	raw->type = reader_type_of(raw->header, swapped);
	raw->misc = swapped ? ev_swap16(raw->header->misc) : raw->header->misc;
	raw->size_bytes = (uint32_t)size_bytes;
	raw->offset = reader->packed_at;
	if (raw->type == EV_RECORD_COMPRESSED || raw->type == EV_RECORD_COMPRESSED2)
		return ev_reader_fail(reader, err, EINVAL,
				      "damaged: compressed records in compressed ones");
	return 1;
}
