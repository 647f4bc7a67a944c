/* What a stack costs to unwind: samples of a recording with copies of stacks, the first time, when
 * tables are read, and again. Prints microseconds per sample, frames per sample and the share that
 * is complete, in percent; built and run by tests/bench/run. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <evprof/symbol_unwind.h>

/* Few enough that their copies stay in the processor's cache, as those that the kernel has just
 * made for a recorder. */
enum { SAMPLES = 120, ROUNDS = 50, CHAIN = 4096 };

struct samples {
	struct ev_record records[SAMPLES];
	size_t count;
	struct ev_space_set *set;
};

static void *copy_of(const void *bytes, size_t size_bytes)
{
	void *copy = ev_alloc(size_bytes + 1);
	if (size_bytes)
		memcpy(copy, bytes, size_bytes);
	return copy;
}

static void keep(struct samples *samples, const struct ev_record *record)
{
	const struct ev_sample *sample = &record->sample;
	if (samples->count == SAMPLES || sample->user_regs_abi == PERF_SAMPLE_REGS_ABI_NONE)
		return;
	struct ev_record *kept = &samples->records[samples->count++];
	*kept = *record;
	kept->sample.user_regs =
		copy_of(sample->user_regs,
			(size_t)__builtin_popcountll(sample->user_regs_mask) * sizeof(uint64_t));
	kept->sample.user_stack = copy_of(sample->user_stack, sample->user_stack_bytes);
}

static double now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

int main(int count, char **words)
{
	static struct samples samples;
	static uint64_t chain[CHAIN];
	struct ev_err err = { 0 };
	struct ev_reader *reader;
	struct ev_raw raw;
	struct ev_record record;
	struct ev_unwound how;
	if (count != 2 || ev_reader_open(&reader, words[1], &err)) {
		fprintf(stderr, "%s\n", count == 2 ? err.text : "usage: bench_unwind perf.data");
		return 1;
	}
	samples.set = ev_space_set_open();
	struct ev_decoder *decoder = ev_decoder_open(ev_reader_recording(reader));
	while (ev_reader_next(reader, &raw, &err) > 0) {
		if (ev_decode(decoder, &raw, &record))
			continue;
		if (raw.type == PERF_RECORD_SAMPLE)
			keep(&samples, &record);
		else
			ev_space_set_add(samples.set, &record);
	}
	ev_space_set_build_ids(samples.set, ev_reader_recording(reader));
	ev_space_set_ready(samples.set);
	struct ev_unwinder *unwinder =
		ev_unwinder_open(samples.set, ev_reader_recording(reader), NULL);
	double cold = 0, best = 1e18;
	uint64_t frames = 0, complete = 0;
	for (unsigned round = 0; round < ROUNDS && samples.count; round++) {
		double begin = now_us();
		frames = complete = 0;
		for (size_t i = 0; i < samples.count; i++) {
			frames += ev_unwind(unwinder, &samples.records[i], chain, CHAIN, &how);
			complete += how.end == EV_UNWOUND_COMPLETE;
		}
		double took = now_us() - begin;
		cold = round ? cold : took;
		best = took < best ? took : best;
	}
	double all = samples.count ? (double)samples.count : 1;
	printf("%.3f %.3f %.1f %.1f\n", cold / all, best / all, (double)frames / all,
	       100 * (double)complete / all);
	return 0;
}
