/* Fields in Google's wire format (protobuf.dev/programming-guides/encoding), appended. */
#ifndef VIEW_PROTOBUF_H
#define VIEW_PROTOBUF_H

#include <evprof/base.h>

/* A number; nothing for 0, which is what a reader takes a missing one for. */
void ev_protobuf_number(struct ev_buffer *out, unsigned field, uint64_t value);
void ev_protobuf_bytes(struct ev_buffer *out, unsigned field, const void *bytes, size_t size_bytes);
/* A message that is complete; it is emptied. */
void ev_protobuf_message(struct ev_buffer *out, unsigned field, struct ev_buffer *message);
void ev_protobuf_packed(struct ev_buffer *out, unsigned field, const uint64_t *values,
			size_t count);

#endif
