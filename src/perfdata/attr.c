/* perf_event_attr as it stands in files of any age and byte order <-> the struct of this machine.
 */
#include <string.h>
#include "layout.h"

/* The flags are bit fields: a machine of the other byte order allots them from the other end of
 * every byte. precise_ip, the one field of two bits, straddles two bytes and comes out mirrored. */
static void swap_flags(struct perf_event_attr *attr)
{
	uint8_t *byte = (uint8_t *)&attr->read_format + sizeof(attr->read_format);
	unsigned precise;

	for (int i = 0; i < 8; i++) {
		uint8_t old = byte[i], mirrored = 0;

		for (int bit = 0; bit < 8; bit++)
			mirrored |= (uint8_t)(((old >> bit) & 1) << (7 - bit));
		byte[i] = mirrored;
	}
	precise = attr->precise_ip;
	attr->precise_ip = (precise >> 1 | precise << 1) & 3;
}

static void swap_attr(struct perf_event_attr *attr)
{
	attr->type = ev_swap32(attr->type);
	attr->size = ev_swap32(attr->size);
	attr->config = ev_swap64(attr->config);
	attr->sample_period = ev_swap64(attr->sample_period);
	attr->sample_type = ev_swap64(attr->sample_type);
	attr->read_format = ev_swap64(attr->read_format);
	swap_flags(attr);
	attr->wakeup_events = ev_swap32(attr->wakeup_events);
	attr->bp_type = ev_swap32(attr->bp_type);
	attr->config1 = ev_swap64(attr->config1);
	attr->config2 = ev_swap64(attr->config2);
	attr->branch_sample_type = ev_swap64(attr->branch_sample_type);
	attr->sample_regs_user = ev_swap64(attr->sample_regs_user);
	attr->sample_stack_user = ev_swap32(attr->sample_stack_user);
	attr->clockid = (int32_t)ev_swap32((uint32_t)attr->clockid);
	attr->sample_regs_intr = ev_swap64(attr->sample_regs_intr);
	attr->aux_watermark = ev_swap32(attr->aux_watermark);
	attr->sample_max_stack = ev_swap16(attr->sample_max_stack);
	attr->aux_sample_size = ev_swap32(attr->aux_sample_size);
	attr->sig_data = ev_swap64(attr->sig_data);
}

size_t ev_attr_decode(struct ev_cursor *cursor, size_t room_bytes, struct perf_event_attr *attr)
{
	struct ev_cursor part = ev_cursor_part(cursor, room_bytes), peek = part;
	size_t size_bytes;

	memset(attr, 0, sizeof(*attr));
	ev_cursor_skip(&peek, sizeof(attr->type));
	size_bytes = ev_cursor_u32(&peek);
	if (size_bytes < EV_ATTR_BYTES_MIN) /* the first version said 0 */
		size_bytes = EV_ATTR_BYTES_MIN;
	if (size_bytes > room_bytes)
		size_bytes = room_bytes;
	if (part.bad || size_bytes < EV_ATTR_BYTES_MIN)
		return 0;
	memcpy(attr, part.at, size_bytes < sizeof(*attr) ? size_bytes : sizeof(*attr));
	if (cursor->swap)
		swap_attr(attr);
	attr->size = size_bytes < sizeof(*attr) ? (uint32_t)size_bytes : sizeof(*attr);
	return size_bytes;
}

size_t ev_attr_size(const struct perf_event_attr *attr)
{
	const uint8_t *bytes = (const uint8_t *)attr;

	for (size_t i = sizeof(*attr); i > EV_ATTR_BYTES_WRITTEN; i--)
		if (bytes[i - 1])
			return sizeof(*attr);
	return EV_ATTR_BYTES_WRITTEN;
}

void ev_attr_encode(const struct perf_event_attr *attr, size_t size_bytes, struct ev_buffer *out)
{
	struct perf_event_attr copy = *attr;

	copy.size = (uint32_t)size_bytes;
	ev_buffer_add(out, &copy, size_bytes < sizeof(copy) ? size_bytes : sizeof(copy));
	if (size_bytes > sizeof(copy))
		ev_buffer_zero(out, size_bytes - sizeof(copy));
}
