/* Any bytes as a recording: read twice, decoded fully and in part, in order of time, in parts. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include "../../src/perfdata/layout.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

/* Every byte that a record points to is looked at, so that a sanitizer sees each one. */
static uint64_t touch(const void *bytes, size_t size_bytes)
{
	const uint8_t *at = bytes;
	uint64_t sum = 0;

	for (size_t i = 0; at && i < size_bytes; i++)
		sum += at[i];
	return sum;
}

static uint64_t touch_sample(const struct ev_sample *sample)
{
	return touch(sample->chain, sample->chain_count * 8) +
	       touch(sample->branches, sample->branch_count * sizeof(struct ev_branch)) +
	       touch(sample->reads, sample->read_count * sizeof(struct ev_read_value)) +
	       touch(sample->raw, sample->raw_bytes) +
	       touch(sample->user_stack, sample->user_stack_bytes) +
	       touch(sample->aux, sample->aux_bytes) +
	       touch(sample->user_regs, 8 * (size_t)__builtin_popcountll(sample->user_regs_mask)) +
	       touch(sample->intr_regs, 8 * (size_t)__builtin_popcountll(sample->intr_regs_mask));
}

/* What was decoded must be fit to be encoded. */
static void encode_again(const struct ev_recording *recording, const struct ev_record *record)
{
	struct ev_buffer bytes = { 0 };

	if (record->type == PERF_RECORD_SAMPLE)
		ev_encode(recording, record, &bytes, NULL);
	ev_buffer_done(&bytes);
}

static uint64_t walk(struct ev_reader *reader, uint64_t want)
{
	const struct ev_recording *recording = ev_reader_recording(reader);
	struct ev_decoder *decoder = ev_decoder_open(recording);
	struct ev_reads *reads = ev_reads_open(recording);
	const struct ev_read_delta *deltas;
	struct ev_record record;
	struct ev_raw raw;
	uint64_t sum = 0;

	while (ev_reader_next(reader, &raw, NULL) == 1) {
		sum += touch(raw.header, raw.size_bytes);
		if (raw.type == PERF_RECORD_SAMPLE &&
		    ev_decode_sample(decoder, &raw, want, &record) == 0) {
			sum += touch_sample(&record.sample);
			for (size_t i = ev_reads_take(reads, &record, &deltas); i-- > 0;)
				sum += deltas[i].value;
			encode_again(recording, &record);
		} else {
			ev_decode(decoder, &raw, &record);
		}
	}
	ev_reads_close(reads);
	ev_decoder_close(decoder);
	return sum;
}

/* Records at hand, and what is decoded in brief is what is decoded in full. */
static uint64_t walk_briefly(struct ev_reader *reader)
{
	struct ev_decoder *decoder = ev_decoder_open(ev_reader_recording(reader));
	struct ev_raw raws[7];
	struct ev_brief brief;
	struct ev_record record;
	uint64_t sum = 0;

	for (;;) {
		size_t count = ev_reader_batch(reader, raws, 7);

		if (!count && ev_reader_next(reader, raws, NULL) != 1)
			break;
		for (size_t i = 0; i < (count ? count : 1); i++) {
			bool full = raws[i].type == PERF_RECORD_SAMPLE &&
				    ev_decode(decoder, &raws[i], &record) == 0;

			if (raws[i].type != PERF_RECORD_SAMPLE ||
			    !ev_decode_brief(decoder, &raws[i], true, &brief))
				continue;
			sum += touch(brief.chain, brief.chain_count * 8);
			if (!full || brief.ip != record.sample.ip || brief.tid != record.tid ||
			    brief.event != record.event || brief.time_ns != record.time_ns ||
			    brief.chain_count != record.sample.chain_count)
				abort();
		}
	}
	ev_decoder_close(decoder);
	return sum;
}

static void walk_parts(struct ev_reader *reader)
{
	uint64_t begin = ev_reader_tell(reader), end = ev_reader_size(reader);
	struct ev_reader *part;

	for (uint64_t at = begin; at < end; at += (end - begin) / 3 + 1) {
		ev_reader_guess(reader, at);
		if (ev_reader_part(reader, at, at + (end - begin) / 3, &part, NULL) == 0) {
			walk(part, PERF_SAMPLE_IP);
			ev_reader_close(part);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct ev_reader *reader;
	struct ev_ordered *ordered;
	struct ev_record record;
	volatile uint64_t sum;

	if (ev_reader_open_memory(&reader, bytes, size_bytes, NULL) < 0)
		return 0;
	sum = walk(reader, ~0ULL);
	if (ev_reader_rewind(reader, NULL) == 0)
		sum += walk(reader, PERF_SAMPLE_CALLCHAIN);
	ev_reader_rewind(reader, NULL);
	sum += walk_briefly(reader);
	ev_reader_rewind(reader, NULL);
	walk_parts(reader);
	ordered = ev_ordered_open(reader);
	for (size_t i = 0; i < size_bytes && ev_ordered_next(ordered, &record, NULL); i++)
		;
	ev_ordered_close(ordered);
	ev_recording_note(ev_reader_recording(reader), "fallback", NULL);
	ev_reader_close(reader);
	(void)sum;
	return 0;
}
