/* Records that tell of processes are shown, as they come, to who keeps their file systems. */
#include "record.h"

void record_roots_open(struct record_run *run)
{
	run->roots = ev_roots_open();
	run->roots_decoder = ev_decoder_open(&run->recording);
}

void record_roots_take(struct record_run *run, const void *bytes, size_t size_bytes)
{
	const uint8_t *at = bytes, *end = at + size_bytes;
	struct ev_record record;
	while (run->roots && (size_t)(end - at) >= sizeof(struct perf_event_header)) {
		const struct perf_event_header *header = (const void *)at;
		if (header->size < sizeof(*header) || header->size > end - at)
			return;
		struct ev_raw raw = { .header = header,
				      .type = header->type,
				      .misc = header->misc,
				      .size_bytes = header->size };
		bool tells = raw.type == PERF_RECORD_MMAP || raw.type == PERF_RECORD_MMAP2 ||
			     raw.type == PERF_RECORD_COMM || raw.type == PERF_RECORD_FORK;
		if (tells && !ev_decode(run->roots_decoder, &raw, &record))
			ev_roots_note(run->roots, &record);
		at += header->size;
	}
}

void record_roots_close(struct record_run *run)
{
	ev_roots_close(run->roots);
	ev_decoder_close(run->roots_decoder);
	run->roots = NULL;
	run->roots_decoder = NULL;
}
