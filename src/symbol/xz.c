/* The .xz container (tukaani.org/xz/xz-file-format.txt) becomes LZMA2 chunks, and these bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "lzma.h"
#include "xz.h"

#define FILTER_LZMA2 0x21

static uint64_t number(struct ev_cursor *at)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 63; shift += 7) {
		uint8_t byte = ev_cursor_u8(at);
		value |= (uint64_t)(byte & 127) << shift;
		if (!(byte & 128))
			return value;
	}
	at->bad = true;
	return 0;
}

/* 0 when the block is packed with LZMA2 and nothing else. */
static int read_block_header(struct ev_cursor *at, uint8_t first)
{
	struct ev_cursor header = ev_cursor_part(at, ((size_t)first + 1) * 4 - 1);
	uint8_t flags = ev_cursor_u8(&header);
	if (flags & 0x40)
		number(&header); /* packed size */
	if (flags & 0x80)
		number(&header); /* unpacked size */
	if (flags & 3 || number(&header) != FILTER_LZMA2 || number(&header) != 1 || header.bad)
		return -EINVAL;
	return 0;
}

struct unpacker {
	struct lzma lzma;
	bool ready;  /* properties were given */
	size_t from; /* where the dictionary begins */
	size_t limit;
	struct ev_buffer *out;
};

static int unpack_plain(struct unpacker *unpacker, struct ev_cursor *at, uint8_t control)
{
	uint8_t high = ev_cursor_u8(at);
	size_t size = ((size_t)high << 8 | ev_cursor_u8(at)) + 1;
	if (control > 2)
		return -EINVAL;
	if (control == 1)
		unpacker->from = unpacker->out->size_bytes;
	const void *bytes = ev_cursor_bytes(at, size);
	if (!bytes)
		return -EINVAL;
	if (size > unpacker->limit - unpacker->out->size_bytes)
		return -EFBIG;
	ev_buffer_add(unpacker->out, bytes, size);
	return 0;
}

static int unpack_packed(struct unpacker *unpacker, struct ev_cursor *at, uint8_t control)
{
	size_t size = (size_t)(control & 0x1f) << 16;
	size |= (size_t)ev_cursor_u8(at) << 8;
	size = (size | ev_cursor_u8(at)) + 1;
	size_t packed = (size_t)ev_cursor_u8(at) << 8;
	packed = (packed | ev_cursor_u8(at)) + 1;
	unsigned reset = control >> 5 & 3;
	if (reset == 3)
		unpacker->from = unpacker->out->size_bytes;
	if (reset >= 2)
		unpacker->ready = ev_lzma_properties(&unpacker->lzma, ev_cursor_u8(at));
	if (!unpacker->ready)
		return -EINVAL;
	if (reset)
		ev_lzma_reset(&unpacker->lzma);
	struct ev_cursor part = ev_cursor_part(at, packed);
	if (part.bad)
		return -EINVAL;
	if (size > unpacker->limit - unpacker->out->size_bytes)
		return -EFBIG;
	return ev_lzma_decode(&unpacker->lzma, part, size, unpacker->out, unpacker->from);
}

static int unpack_block(struct unpacker *unpacker, struct ev_cursor *at)
{
	unpacker->ready = false;
	unpacker->from = unpacker->out->size_bytes;
	for (;;) {
		uint8_t control = ev_cursor_u8(at);
		if (at->bad)
			return -EINVAL;
		if (!control)
			return 0;
		int code = control < 0x80 ? unpack_plain(unpacker, at, control)
					  : unpack_packed(unpacker, at, control);
		if (code)
			return code;
	}
}

int ev_xz_unpack(const void *bytes, size_t size_bytes, size_t limit, struct ev_buffer *out)
{
	static const uint8_t check_bytes[16] = { 0,  4,  4,  4,  8,  8,  8,  16,
						 16, 16, 32, 32, 32, 64, 64, 64 };
	if (size_bytes < 12 || memcmp(bytes,
				      "\xfd"
				      "7zXZ\0",
				      7))
		return -EINVAL;
	struct ev_cursor at = ev_cursor_of(bytes, size_bytes, false);
	ev_cursor_skip(&at, 7);
	unsigned check = ev_cursor_u8(&at) & 15;
	ev_cursor_skip(&at, 4);
	struct unpacker *unpacker = ev_alloc(sizeof(*unpacker));
	unpacker->out = out;
	unpacker->limit = limit;
	int code = 0;
	while (!code && !at.bad) {
		uint8_t first = ev_cursor_u8(&at);
		if (!first)
			break; /* the index: no more blocks */
		code = read_block_header(&at, first);
		if (!code)
			code = unpack_block(unpacker, &at);
		size_t used = size_bytes - ev_cursor_left(&at);
		if (!at.bad)
			ev_cursor_skip(&at, (4 - used % 4) % 4 + check_bytes[check]);
	}
	free(unpacker);
	return code ? code : at.bad ? -EINVAL : 0;
}
