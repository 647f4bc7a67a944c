/* Growing arrays and growing bytes. */
#include <stdlib.h>
#include <string.h>
#include <evprof/base.h>

void *ev_array_grow(void **items, size_t *count, size_t *room, size_t item_bytes)
{
	if (*count == *room) {
		size_t more = *room ? *room * 2 : 16;
		size_t bytes;
		if (__builtin_mul_overflow(more, item_bytes, &bytes))
			bytes = SIZE_MAX / 2; /* ends the program with the ordinary message */
		*items = ev_realloc(*items, bytes);
		*room = more;
	}
	void *item = (uint8_t *)*items + *count * item_bytes;
	++*count;
	return memset(item, 0, item_bytes);
}

void ev_array_shrink(void **items, size_t count, size_t *room, size_t item_bytes)
{
	if (count == *room)
		return;
	if (!count) {
		free(*items);
		*items = NULL;
	} else {
		*items = ev_realloc(*items, count * item_bytes);
	}
	*room = count;
}

static uint8_t *more_bytes(struct ev_buffer *buffer, size_t size_bytes)
{
	if (buffer->room_bytes - buffer->size_bytes < size_bytes) {
		size_t room = buffer->room_bytes ? buffer->room_bytes : 256;
		while (room - buffer->size_bytes < size_bytes)
			room *= 2;
		buffer->bytes = ev_realloc(buffer->bytes, room);
		buffer->room_bytes = room;
	}
	uint8_t *at = buffer->bytes + buffer->size_bytes;
	buffer->size_bytes += size_bytes;
	return at;
}

void ev_buffer_add(struct ev_buffer *buffer, const void *bytes, size_t size_bytes)
{
	if (size_bytes)
		memcpy(more_bytes(buffer, size_bytes), bytes, size_bytes);
}

void ev_buffer_u8(struct ev_buffer *buffer, uint8_t value)
{
	ev_buffer_add(buffer, &value, sizeof(value));
}

void ev_buffer_u16(struct ev_buffer *buffer, uint16_t value)
{
	ev_buffer_add(buffer, &value, sizeof(value));
}

void ev_buffer_u32(struct ev_buffer *buffer, uint32_t value)
{
	ev_buffer_add(buffer, &value, sizeof(value));
}

void ev_buffer_u64(struct ev_buffer *buffer, uint64_t value)
{
	ev_buffer_add(buffer, &value, sizeof(value));
}

void ev_buffer_varint(struct ev_buffer *buffer, uint64_t value)
{
	for (; value > 127; value >>= 7)
		ev_buffer_u8(buffer, (uint8_t)(value | 128));
	ev_buffer_u8(buffer, (uint8_t)value);
}

void ev_buffer_zero(struct ev_buffer *buffer, size_t size_bytes)
{
	if (size_bytes)
		memset(more_bytes(buffer, size_bytes), 0, size_bytes);
}

void ev_buffer_printf(struct ev_buffer *buffer, const char *fmt, ...)
{
	va_list args, again;
	va_start(args, fmt);
	va_copy(again, args);
	int length = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (length > 0) {
		vsnprintf((char *)more_bytes(buffer, (size_t)length + 1), (size_t)length + 1, fmt,
			  again);
		buffer->size_bytes--; /* the NUL */
	}
	va_end(again);
}

void ev_buffer_done(struct ev_buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct ev_buffer){ 0 };
}
