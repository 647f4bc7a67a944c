/* Records that tell of processes are shown, as they come, to who keeps their file systems. */
#include "record.h"

void record_roots_open(struct record_run *run)
{
	run->roots = ev_roots_open();
	run->roots_decoder = ev_decoder_open(&run->recording);
}

void record_roots_take(struct record_run *run, const void *bytes, size_t size_bytes)
{
	struct ev_record record;
	struct ev_raw raw;
	for (size_t at = 0; run->roots && ev_records_next(bytes, size_bytes, &at, &raw);) {
		bool tells = raw.type == PERF_RECORD_MMAP || raw.type == PERF_RECORD_MMAP2 ||
			     raw.type == PERF_RECORD_COMM || raw.type == PERF_RECORD_FORK ||
			     raw.type == PERF_RECORD_EXIT;
		if (tells && !ev_decode(run->roots_decoder, &raw, &record))
			ev_roots_note(run->roots, &record);
	}
}

void record_roots_close(struct record_run *run)
{
	ev_roots_close(run->roots);
	ev_decoder_close(run->roots_decoder);
	run->roots = NULL;
	run->roots_decoder = NULL;
}
