/* Bytes from outside become numbers and texts; a read past the end gives 0 and is remembered. */
#include <string.h>
#include <evprof/base.h>

uint16_t ev_swap16(uint16_t value)
{
	return __builtin_bswap16(value);
}

uint32_t ev_swap32(uint32_t value)
{
	return __builtin_bswap32(value);
}

uint64_t ev_swap64(uint64_t value)
{
	return __builtin_bswap64(value);
}

struct ev_cursor ev_cursor_of(const void *bytes, size_t size_bytes, bool swap)
{
	const uint8_t *at = bytes;
	return (struct ev_cursor){ .at = at, .end = at ? at + size_bytes : at, .swap = swap };
}

size_t ev_cursor_left(const struct ev_cursor *cursor)
{
	return cursor->bad ? 0 : (size_t)(cursor->end - cursor->at);
}

const void *ev_cursor_bytes(struct ev_cursor *cursor, size_t size_bytes)
{
	if (ev_cursor_left(cursor) < size_bytes || cursor->bad) {
		cursor->bad = true;
		return NULL;
	}
	const void *bytes = cursor->at;
	cursor->at += size_bytes;
	return bytes;
}

uint64_t ev_cursor_varint(struct ev_cursor *cursor)
{
	uint64_t value = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = ev_cursor_u8(cursor);
		value |= (uint64_t)(byte & 127) << shift;
		if (!(byte & 128))
			return value;
	}
	cursor->bad = true;
	return 0;
}

const char *ev_cursor_text(struct ev_cursor *cursor)
{
	size_t left = ev_cursor_left(cursor);
	const uint8_t *end = left ? memchr(cursor->at, 0, left) : NULL;
	if (!end) {
		cursor->bad = true;
		return NULL;
	}
	const char *text = (const char *)cursor->at;
	cursor->at = end + 1;
	return text;
}

void ev_cursor_skip(struct ev_cursor *cursor, size_t size_bytes)
{
	ev_cursor_bytes(cursor, size_bytes);
}

struct ev_cursor ev_cursor_part(struct ev_cursor *cursor, size_t size_bytes)
{
	const void *bytes = ev_cursor_bytes(cursor, size_bytes);
	if (!bytes)
		return (struct ev_cursor){ .bad = true, .swap = cursor->swap };
	return ev_cursor_of(bytes, size_bytes, cursor->swap);
}
