/* base: fields in Google's wire format (protobuf.dev/programming-guides/encoding), appended to a
 * buffer and read from a cursor. */
#ifndef EVPROF_PROTOBUF_H
#define EVPROF_PROTOBUF_H

#include <evprof/base.h>

enum ev_protobuf_wire {
	EV_PROTOBUF_NUMBER = 0,
	EV_PROTOBUF_FIXED64 = 1,
	EV_PROTOBUF_BYTES = 2,
	EV_PROTOBUF_FIXED32 = 5,
};

/* A number; nothing for 0, which is what a reader takes a missing one for. */
void ev_protobuf_number(struct ev_buffer *out, unsigned field, uint64_t value);
void ev_protobuf_bytes(struct ev_buffer *out, unsigned field, const void *bytes, size_t size_bytes);
/* A message that is complete; it is emptied. */
void ev_protobuf_message(struct ev_buffer *out, unsigned field, struct ev_buffer *message);
void ev_protobuf_packed(struct ev_buffer *out, unsigned field, const uint64_t *values,
			size_t count);

struct ev_protobuf_field {
	unsigned number, wire;
	uint64_t value;         /* of all but bytes */
	struct ev_cursor bytes; /* a text, a message or packed numbers, within the message's own */
};
/* The next field of the message; false at its end and where its bytes make no sense: it is bad
 * then. */
bool ev_protobuf_next(struct ev_cursor *message, struct ev_protobuf_field *field);

#endif
