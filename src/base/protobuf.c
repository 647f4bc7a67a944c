/* Numbers and bytes become fields in Google's wire format, and those numbers and bytes again. */
#include <evprof/protobuf.h>

enum { NUMBER_MAX = (1 << 29) - 1 };

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
	ev_buffer_varint(out, (uint64_t)field << 3 | EV_PROTOBUF_NUMBER);
	ev_buffer_varint(out, value);
}

void ev_protobuf_bytes(struct ev_buffer *out, unsigned field, const void *bytes, size_t size_bytes)
{
	ev_buffer_varint(out, (uint64_t)field << 3 | EV_PROTOBUF_BYTES);
	ev_buffer_varint(out, size_bytes);
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
	ev_buffer_varint(out, (uint64_t)field << 3 | EV_PROTOBUF_BYTES);
	ev_buffer_varint(out, bytes);
	for (size_t i = 0; i < count; i++)
		ev_buffer_varint(out, values[i]);
}

bool ev_protobuf_next(struct ev_cursor *message, struct ev_protobuf_field *field)
{
	if (!ev_cursor_left(message))
		return false;
	uint64_t key = ev_cursor_varint(message), length;
	*field = (struct ev_protobuf_field){ .number = (unsigned)(key >> 3),
					     .wire = (unsigned)(key & 7) };
	switch (field->wire) {
	case EV_PROTOBUF_NUMBER:
		field->value = ev_cursor_varint(message);
		break;
	case EV_PROTOBUF_FIXED64:
		field->value = ev_cursor_u64(message);
		break;
	case EV_PROTOBUF_FIXED32:
		field->value = ev_cursor_u32(message);
		break;
	case EV_PROTOBUF_BYTES:
		length = ev_cursor_varint(message);
		field->bytes = ev_cursor_part(message, length > SIZE_MAX ? SIZE_MAX : length);
		break;
	default: /* groups, which nobody writes any more */
		message->bad = true;
	}
	if (key >> 3 == 0 || key >> 3 > NUMBER_MAX)
		message->bad = true;
	return !message->bad;
}
