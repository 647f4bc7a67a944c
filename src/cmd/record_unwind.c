/* Between the rings and the file: a sample with registers and a copy of its stack becomes a sample
 * with a call chain, so that files hold addresses and not stacks, which are a hundred times as
 * long. */
#include <stdlib.h>
#include <string.h>
#include "record_unwind.h"

enum { CHAIN_LIMIT = 4096 };

struct record_unwind {
	struct ev_recording opened; /* events as the kernel has them; borrows all but their attrs */
	struct ev_recording *recording;
	struct ev_decoder *decoder;
	struct ev_space_set *spaces;
	struct ev_unwinder *unwinder;
	struct ev_writer *writer;
	/* A mapping may be in a ring that was drained before the one with the first sample in it:
	 * so samples wait for one more drain. */
	struct ev_buffer waiting, arrived;
	struct ev_buffer record;
	uint64_t chain[CHAIN_LIMIT];
	uint64_t ends[EV_UNWOUND_END_COUNT];
	uint64_t unreadable; /* samples that made no sense */
};

struct record_unwind *record_unwind_open(struct ev_recording *recording)
{
	struct record_unwind *unwind = ev_alloc(sizeof(*unwind));
	size_t count = recording->event_count;
	unwind->recording = recording;
	unwind->opened = *recording;
	unwind->opened.events = ev_alloc(count * sizeof(*recording->events));
	for (size_t i = 0; i < count; i++) {
		struct perf_event_attr *attr = &recording->events[i].attr;
		unwind->opened.events[i] = recording->events[i];
		attr->sample_type &= ~(uint64_t)(PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER);
		attr->sample_regs_user = 0;
		attr->sample_stack_user = 0;
		attr->exclude_callchain_user = 0;
	}
	unwind->decoder = ev_decoder_open(&unwind->opened);
	unwind->spaces = ev_space_set_open();
	ev_space_set_ready(unwind->spaces);
	unwind->unwinder = ev_unwinder_open(unwind->spaces, NULL, NULL);
	return unwind;
}

void record_unwind_to(struct record_unwind *unwind, struct ev_writer *writer)
{
	unwind->writer = writer;
}

int record_unwind_told(struct record_unwind *unwind, const struct ev_record *record,
		       struct ev_err *err)
{
	ev_space_set_add(unwind->spaces, record);
	return ev_writer_add_record(unwind->writer, record, err);
}

/* ---- records in a span ------------------------------------------------------------------------
 */

/* The next whole record at `at`; false at the end. */
static bool next_record(const struct ev_buffer *buffer, size_t *at, struct ev_raw *raw)
{
	size_t left = buffer->size_bytes - *at;
	const struct perf_event_header *header = (const void *)(buffer->bytes + *at);
	if (left < sizeof(*header) || header->size < sizeof(*header) || header->size > left)
		return false;
	*raw = (struct ev_raw){ .header = header,
				.type = header->type,
				.misc = header->misc,
				.size_bytes = header->size };
	*at += header->size;
	return true;
}

int record_unwind_take(struct record_unwind *unwind, const void *bytes, size_t size_bytes,
		       struct ev_err *err)
{
	size_t from = unwind->arrived.size_bytes;
	struct ev_record record;
	struct ev_raw raw;
	(void)err;
	ev_buffer_add(&unwind->arrived, bytes, size_bytes);
	while (next_record(&unwind->arrived, &from, &raw))
		if (raw.type != PERF_RECORD_SAMPLE && !ev_decode(unwind->decoder, &raw, &record))
			ev_space_set_add(unwind->spaces, &record);
	return 0;
}

static int write_sample(struct record_unwind *unwind, const struct ev_raw *raw, struct ev_err *err)
{
	struct ev_record record;
	struct ev_sample *sample = &record.sample;
	struct ev_unwound how;
	/* Its layout is the kernel's, not the file's: it can't be written as it is. */
	if (ev_decode(unwind->decoder, raw, &record)) {
		unwind->unreadable++;
		return 0;
	}
	size_t count = ev_unwind_chain(unwind->unwinder, &record, unwind->chain, CHAIN_LIMIT, &how);
	if (sample->user_regs_abi != PERF_SAMPLE_REGS_ABI_NONE)
		unwind->ends[how.end]++;
	sample->chain = unwind->chain;
	sample->chain_count = count;
	sample->has &= ~(uint64_t)(PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER);
	unwind->record.size_bytes = 0;
	int rc = ev_encode(unwind->recording, &record, &unwind->record, err);
	return rc ? rc
		  : ev_writer_add(unwind->writer, unwind->record.bytes, unwind->record.size_bytes,
				  err);
}

int record_unwind_step(struct record_unwind *unwind, struct ev_err *err)
{
	struct ev_raw raw;
	size_t at = 0;
	int rc = 0;
	ev_space_set_ready(unwind->spaces);
	while (!rc && next_record(&unwind->waiting, &at, &raw))
		rc = raw.type == PERF_RECORD_SAMPLE
			     ? write_sample(unwind, &raw, err)
			     : ev_writer_add(unwind->writer, raw.header, raw.size_bytes, err);
	struct ev_buffer done = unwind->waiting;
	unwind->waiting = unwind->arrived;
	unwind->arrived = done;
	unwind->arrived.size_bytes = 0;
	return rc;
}

uint64_t record_unwind_unreadable(const struct record_unwind *unwind)
{
	return unwind->unreadable;
}

const uint64_t *record_unwind_ends(const struct record_unwind *unwind)
{
	return unwind->ends;
}

void record_unwind_close(struct record_unwind *unwind)
{
	if (!unwind)
		return;
	ev_unwinder_close(unwind->unwinder);
	ev_space_set_close(unwind->spaces);
	ev_decoder_close(unwind->decoder);
	ev_buffer_done(&unwind->waiting);
	ev_buffer_done(&unwind->arrived);
	ev_buffer_done(&unwind->record);
	free(unwind->opened.events);
	free(unwind);
}
