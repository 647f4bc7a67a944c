/* Bytes of records in native order, as rings give them -> one record after another. */
#include <evprof/perfdata.h>

bool ev_records_next(const void *bytes, size_t size_bytes, size_t *at, struct ev_raw *raw)
{
	size_t left = *at < size_bytes ? size_bytes - *at : 0;
	const struct perf_event_header *header;

	if (left < sizeof(*header))
		return false;
	header = (const void *)((const uint8_t *)bytes + *at);
	if (header->size < sizeof(*header) || header->size > left)
		return false;
	*raw = (struct ev_raw){ .header = header,
				.type = header->type,
				.misc = header->misc,
				.size_bytes = header->size };
	*at += header->size;
	return true;
}
