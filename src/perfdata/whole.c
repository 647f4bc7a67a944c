/* A run of records that may be cut anywhere -> how much of it is whole records. */
#include <string.h>
#include "layout.h"

/* TRACING_DATA: u32 size, AUXTRACE: u64 size, of what stands behind the record. */
static uint64_t bytes_behind(const struct perf_event_header *header, const uint8_t *body)
{
	uint32_t tracing_bytes;
	uint64_t aux_bytes;

	if (header->type == EV_RECORD_HEADER_TRACING_DATA &&
	    header->size >= sizeof(*header) + sizeof(tracing_bytes)) {
		memcpy(&tracing_bytes, body, sizeof(tracing_bytes));
		return ev_align8(tracing_bytes);
	}
	if (header->type == EV_RECORD_AUXTRACE &&
	    header->size >= sizeof(*header) + sizeof(aux_bytes)) {
		memcpy(&aux_bytes, body, sizeof(aux_bytes));
		return aux_bytes;
	}
	return 0;
}

size_t ev_records_whole(const void *bytes, size_t size_bytes)
{
	const uint8_t *at = bytes;
	size_t whole = 0;

	for (;;) {
		struct perf_event_header header;
		size_t left = size_bytes - whole;
		uint64_t behind;

		if (left < sizeof(header))
			return whole;
		memcpy(&header, at + whole, sizeof(header));
		if (header.size < sizeof(header) || header.size > left)
			return whole;
		behind = bytes_behind(&header, at + whole + sizeof(header));
		if (behind > left - header.size)
			return whole;
		whole += header.size + behind;
	}
}
