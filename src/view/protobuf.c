/* Numbers and bytes become fields in Google's wire format. */
#include "protobuf.h"

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

static void add_varint(struct ev_buffer *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		ev_buffer_u8(out, (uint8_t)(value | 0x80));
	ev_buffer_u8(out, (uint8_t)value);
}

static size_t varint_bytes(uint64_t value)
{
	size_t bytes = 1;
	while (value >>= 7)
		bytes++;
	return bytes;
}

void ev_protobuf_number(struct ev_buffer *out, unsigned field, uint64_t value)
{
	if (!value)
		return;
	add_varint(out, (uint64_t)field << 3 | WIRE_VARINT);
	add_varint(out, value);
}

void ev_protobuf_bytes(struct ev_buffer *out, unsigned field, const void *bytes, size_t size_bytes)
{
	add_varint(out, (uint64_t)field << 3 | WIRE_BYTES);
	add_varint(out, size_bytes);
	ev_buffer_add(out, bytes, size_bytes);
}

void ev_protobuf_message(struct ev_buffer *out, unsigned field, struct ev_buffer *message)
{
	ev_protobuf_bytes(out, field, message->bytes, message->size_bytes);
	message->size_bytes = 0;
}

void ev_protobuf_packed(struct ev_buffer *out, unsigned field, const uint64_t *values, size_t count)
{
	size_t bytes = 0;
	for (size_t i = 0; i < count; i++)
		bytes += varint_bytes(values[i]);
	if (!count)
		return;
	add_varint(out, (uint64_t)field << 3 | WIRE_BYTES);
	add_varint(out, bytes);
	for (size_t i = 0; i < count; i++)
		add_varint(out, values[i]);
}
