/* COMPRESSED records -> the records packed in them. The packed bytes of all of them are one zstd
 * stream; a record may begin in one chunk and end in a later one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include "layout.h"

enum { ROOM_BYTES = 256 * 1024 };
/* Of one chunk, which is 64 KiB packed. Recorders stay far below; a few bytes of hostile input
 * would otherwise be unpacked for minutes. */
enum { CHUNK_BYTES_MAX = 64 << 20 };

struct ev_unpacker {
	ZSTD_DStream *stream;
	ZSTD_inBuffer packed;
	uint8_t *bytes; /* unpacked: [at, filled) has not been handed out */
	size_t at, filled;
	size_t chunk_bytes; /* unpacked from the chunk that was fed last */
	bool more;          /* the stream may hold more without new input */
	uint8_t *copy;      /* of a record that does not stand at a multiple of 8 */
};

struct ev_unpacker *ev_unpacker_open(void)
{
	struct ev_unpacker *unpacker = ev_alloc(sizeof(*unpacker));

	unpacker->stream = ZSTD_createDStream();
	unpacker->bytes = ev_realloc(NULL, ROOM_BYTES);
	unpacker->copy = ev_realloc(NULL, EV_RECORD_BYTES_MAX + 1);
	return unpacker;
}

void ev_unpacker_feed(struct ev_unpacker *unpacker, const void *bytes, size_t size_bytes)
{
	unpacker->packed = (ZSTD_inBuffer){ bytes, size_bytes, 0 };
	unpacker->more = true;
	unpacker->chunk_bytes = 0;
}

/* Unpack as much as there is room for. */
static int fill(struct ev_unpacker *unpacker, struct ev_err *err)
{
	ZSTD_outBuffer out;

	memmove(unpacker->bytes, unpacker->bytes + unpacker->at, unpacker->filled - unpacker->at);
	unpacker->filled -= unpacker->at;
	unpacker->at = 0;
	out = (ZSTD_outBuffer){ unpacker->bytes, ROOM_BYTES, unpacker->filled };
	if (!unpacker->stream)
		return ev_fail(err, ENOMEM, "not enough memory to unpack compressed records");
	while (unpacker->more && out.pos < out.size) {
		size_t in_before = unpacker->packed.pos, out_before = out.pos;
		size_t rc = ZSTD_decompressStream(unpacker->stream, &out, &unpacker->packed);

		if (ZSTD_isError(rc)) {
			unpacker->more = false;
			unpacker->filled = out.pos;
			return ev_fail(err, EINVAL, "damaged: compressed records don't unpack (%s)",
				       ZSTD_getErrorName(rc));
		}
		/* With room left in `out`, nothing held back is left inside the stream. */
		if (unpacker->packed.pos == unpacker->packed.size && out.pos < out.size)
			unpacker->more = false;
		if (unpacker->packed.pos == in_before && out.pos == out_before)
			unpacker->more = false;
	}
	unpacker->chunk_bytes += out.pos - unpacker->filled;
	unpacker->filled = out.pos;
	if (unpacker->chunk_bytes > CHUNK_BYTES_MAX)
		return ev_fail(err, EINVAL,
			       "damaged: compressed records unpack to more than %d MiB",
			       CHUNK_BYTES_MAX >> 20);
	return 0;
}

int ev_unpacker_next(struct ev_unpacker *unpacker, bool swapped, const void **record,
		     size_t *size_bytes, struct ev_err *err)
{
	for (;;) {
		size_t left = unpacker->filled - unpacker->at,
		       size = sizeof(struct perf_event_header);
		const uint8_t *at = unpacker->bytes + unpacker->at;

		if (left >= size) {
			struct ev_cursor cursor = ev_cursor_of(at + 6, 2, swapped);

			size = ev_cursor_u16(&cursor);
			if (size < sizeof(struct perf_event_header))
				return ev_fail(err, EINVAL,
					       "damaged: a compressed record of %zu bytes", size);
		}
		if (left >= size) {
			unpacker->at += size;
			*size_bytes = size;
			*record = at;
			if ((uintptr_t)at % 8)
				*record = memcpy(unpacker->copy, at, size);
			return 1;
		}
		if (!unpacker->more)
			return 0;
		int rc = fill(unpacker, err);
		if (rc < 0)
			return rc;
	}
}

bool ev_unpacker_partial(const struct ev_unpacker *unpacker)
{
	return unpacker->filled > unpacker->at;
}

void ev_unpacker_reset(struct ev_unpacker *unpacker)
{
	if (unpacker->stream)
		ZSTD_DCtx_reset(unpacker->stream, ZSTD_reset_session_only);
	unpacker->packed = (ZSTD_inBuffer){ 0 };
	unpacker->at = unpacker->filled = 0;
	unpacker->more = false;
}

void ev_unpacker_close(struct ev_unpacker *unpacker)
{
	if (!unpacker)
		return;
	ZSTD_freeDStream(unpacker->stream);
	free(unpacker->bytes);
	free(unpacker->copy);
	free(unpacker);
}
