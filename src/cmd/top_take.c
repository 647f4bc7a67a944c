/* Records out of the rings become a profile that fades: the reader of recordings, on memory. */
#include <inttypes.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "cache_folder.h"
#include "record_bpf.h"
#include "record_reader.h"
#include "record_unwind.h"
#include "top.h"

/* After so much more that is no sample, everything is begun anew: histories of address spaces only
 * grow, to some ten times of what told of them, and a machine that starts thousands of threads a
 * second fills any memory. What ran at the beginning does not count: a large machine would begin
 * anew with every portion. */
#define OTHERS_LIMIT_BYTES (32u << 20)
/* Of batches: older samples are left out of what `w` writes. */
#define KEPT_LIMIT_BYTES (64u << 20)
/* As perf top has it: what is older counts 7/8 with every refresh. */
enum { FADE_PARTS = 7, FADE_OF = 8 };

/* ---- what already runs ----------------------------------------------------------------------- */

static int take_told(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct top *top = context;
	ev_space_set_add(top->spaces, record);
	if (top->run.unwind && record_unwind_told(top->run.unwind, record, err))
		return -err->code;
	return ev_encode(&top->run.recording, record, &top->told, err);
}

static void drop_batches(struct top *top)
{
	for (size_t i = 0; i < top->batches.count; i++)
		ev_buffer_done(&top->batches.items[i].records);
	top->batches.count = 0;
	top->kept_bytes = 0;
}

static int begin_spaces(struct top *top, struct ev_err *err)
{
	top->spaces = ev_space_set_open();
	top->told.size_bytes = 0;
	drop_batches(top);
	int rc = ev_synthesize(&top->run.target, take_told, top, &top->unreadable, err);
	if (!rc)
		rc = ev_synthesize_bpf(&top->run.recording, take_told, top, err);
	top->arrived.size_bytes = 0; /* that is known already */
	record_python_remap(&top->run);
	ev_space_set_ready(top->spaces);
	top->other_bytes = 0;
	top->fresh = ev_profile_open();
	top->fading = ev_profile_open();
	top->loaded.spaces = top->spaces;
	return rc;
}

static void end_spaces(struct top *top)
{
	browse_forget(&top->browse);
	ev_symbolizer_close(top->browse.symbolizer);
	top->browse.symbolizer = NULL;
	if (top->loaded.profile)
		ev_profile_close(top->loaded.profile);
	if (top->fresh)
		ev_profile_close(top->fresh);
	if (top->fading)
		ev_profile_close(top->fading);
	ev_space_set_close(top->spaces);
	top->loaded.profile = top->fresh = top->fading = NULL;
	top->loaded.spaces = top->spaces = NULL;
}

static int take_merged(void *context, const void *bytes, size_t size_bytes, bool from_rings,
		       struct ev_err *err)
{
	(void)from_rings, (void)err;
	ev_buffer_add(&((struct top *)context)->arrived, bytes, size_bytes);
	return 0;
}

/* Stacks that are copied are followed on the way from the rings, and samples of Python programs get
 * their functions. */
static int open_way(struct top *top, struct ev_err *err)
{
	struct record_run *run = &top->run;
	int rc = record_agent_open(run, err);
	if (!rc)
		rc = record_python_open(run, err);
	if (rc)
		return rc;
	record_python_beside(run);
	run->unwind = record_unwind_open(&run->recording, &run->stacks, run->python, run->agent);
	if (!run->unwind)
		return 0;
	record_unwind_to(run->unwind, take_merged, top);
	top->report.symbols.python = record_python_live(run);
	return 0;
}

int top_open(struct top *top, struct ev_err *err)
{
	struct record_run *run = &top->run;
	int rc = record_begin(run, err);
	if (!rc)
		rc = open_way(top, err);
	if (rc)
		return rc;
	record_note_openings(run);
	top->decoder = ev_decoder_open(&run->recording);
	top->loaded.recording = &run->recording;
	top->load = report_load_options(&top->report, &top->plan);
	browse_load_options(&top->load);
	top->load.stacks = run->sampling.callchain;
	top->load.reads = false;
	top->wanted.load = &top->load;
	top->wanted.time = (struct time_range){ .to_ns = UINT64_MAX };
	browse_open(&top->browse, &top->report, &top->loaded, NULL, &top->load);
	return begin_spaces(top, err);
}

void top_done(struct top *top)
{
	record_reader_close(top->reader);
	end_spaces(top);
	browse_close(&top->browse);
	drop_batches(top);
	ev_array_done(&top->batches);
	ev_array_done(&top->raws);
	ev_buffer_done(&top->told);
	ev_buffer_done(&top->arrived);
	ev_decoder_close(top->decoder);
	ev_ratios_done(&top->loaded.ratios);
	ev_joints_done(&top->loaded.joints);
	free(top->cache);
}

/* ---- taking ---------------------------------------------------------------------------------- */

static void count_loss(struct top *top, const struct ev_record *record)
{
	if (record->type == PERF_RECORD_LOST || record->type == PERF_RECORD_LOST_SAMPLES)
		top->lost += record->lost.lost;
	else if (record->type == PERF_RECORD_THROTTLE)
		top->throttled++;
}

/* What is told of processes goes into their histories before samples are looked up in them. */
static size_t take_others(struct top *top, size_t *other_bytes)
{
	const struct ev_buffer *arrived = &top->arrived;
	struct ev_record record;
	struct ev_raw raw;
	size_t others = 0;
	top->raws.count = 0;
	*other_bytes = 0;
	for (size_t at = 0; ev_records_next(arrived->bytes, arrived->size_bytes, &at, &raw);) {
		if (raw.type == PERF_RECORD_SAMPLE) {
			*ev_array_add(&top->raws) = raw;
			continue;
		}
		*other_bytes += raw.size_bytes;
		if (ev_decode(top->decoder, &raw, &record))
			continue;
		count_loss(top, &record);
		ev_space_set_add(top->spaces, &record);
		others++;
	}
	return others;
}

static void take_samples(struct top *top)
{
	uint64_t before = top->fresh->quality.samples;
	/* A new one each time: what it remembers of processes holds until something is told. */
	struct sample_sink *sink = ev_alloc(sizeof(*sink));
	sample_sink_open(sink, &top->wanted, &top->run.recording, top->spaces, top->fresh);
	sample_take_all(sink, top->decoder, top->raws.items, top->raws.count);
	sample_end(sink, top->decoder);
	sample_sink_close(sink);
	free(sink);
	top->samples += top->fresh->quality.samples - before;
}

/* Of a batch that is too old only what is no sample is kept on. */
static void shorten(struct top *top)
{
	size_t gone = 0;
	for (; gone < top->batches.count && top->kept_bytes > KEPT_LIMIT_BYTES; gone++) {
		struct top_batch *batch = &top->batches.items[gone];
		const struct ev_buffer *all = &batch->records;
		struct ev_raw raw;
		for (size_t at = 0; ev_records_next(all->bytes, all->size_bytes, &at, &raw);)
			if (raw.type != PERF_RECORD_SAMPLE)
				ev_buffer_add(&top->told, raw.header, raw.size_bytes);
		top->kept_bytes -= batch->records.size_bytes;
		ev_buffer_done(&batch->records);
	}
	if (!gone)
		return;
	memmove(top->batches.items, top->batches.items + gone,
		(top->batches.count - gone) * sizeof(*top->batches.items));
	top->batches.count -= gone;
}

static void keep(struct top *top)
{
	struct top_batch *batch = ev_array_add(&top->batches);
	batch->samples = top->raws.count;
	ev_buffer_add(&batch->records, top->arrived.bytes, top->arrived.size_bytes);
	top->kept_bytes += top->arrived.size_bytes;
	shorten(top);
}

/* What the rings have, or, where something is done on the way, what they had the time before. */
static int fetch(struct top *top, struct ev_err *err)
{
	struct record_run *run = &top->run;
	size_t others, *unwound;
	if (!run->unwind)
		return record_reader_take(top->reader, &top->arrived, &others, err);
	top->arrived.size_bytes = 0;
	struct ev_buffer *from = record_unwind_arrived(run->unwind, &unwound);
	int rc = record_reader_take(top->reader, from, unwound, err);
	if (!rc)
		rc = record_sources_drain(run, top->over, err);
	if (!rc)
		rc = record_agent_round(run->agent, run->unwind, err);
	if (!rc)
		rc = record_unwind_step(run->unwind, err);
	if (rc || !top->over)
		return rc;
	record_unwind_arrived(run->unwind, &unwound)->size_bytes = 0;
	return record_unwind_end(run->unwind, err);
}

int top_take(struct top *top, struct ev_err *err)
{
	size_t other_bytes;
	int rc = fetch(top, err);
	if (rc || !top->arrived.size_bytes)
		return rc;
	if (take_others(top, &other_bytes))
		ev_space_set_ready(top->spaces);
	take_samples(top);
	keep(top);
	top->other_bytes += other_bytes;
	if (top->other_bytes > OTHERS_LIMIT_BYTES) {
		end_spaces(top);
		malloc_trim(0);
		rc = begin_spaces(top, err);
		if (top->browser)
			ev_browser_tell(top->browser, "so much has started meanwhile that "
						      "everything was begun anew");
	}
	return rc;
}

/* ---- showing --------------------------------------------------------------------------------- */

static double own_cpu_s(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static void measure(struct top *top)
{
	uint64_t now_ns = ev_now_ns();
	double cpu_s = own_cpu_s();
	double seconds = (double)(now_ns - top->refreshed_ns) / 1e9;
	if (top->refreshed_ns && seconds > 0) {
		top->rate_hz = (double)top->samples / seconds;
		top->cost = (cpu_s - top->cpu_s) / seconds;
	}
	top->refreshed_ns = now_ns;
	top->cpu_s = cpu_s;
	top->samples = 0;
}

void top_refresh(struct top *top)
{
	struct ev_profile *faded = ev_profile_open(), *shown = ev_profile_open();
	if (!top->zeroes)
		ev_profile_merge_part(faded, top->fading, FADE_PARTS, FADE_OF);
	ev_profile_merge_part(faded, top->fresh, TOP_PARTS, 1);
	ev_profile_close(top->fading);
	ev_profile_close(top->fresh);
	top->fading = faded;
	top->fresh = ev_profile_open();
	measure(top);
	if (top->frozen) {
		ev_profile_close(shown);
		return;
	}
	ev_profile_merge_part(shown, faded, 1, TOP_PARTS);
	shown->quality.lost = top->lost;
	shown->quality.throttled = top->throttled;
	shown->event_count = (uint32_t)top->run.recording.event_count;
	ev_profile_origin(shown, "evprof top", top->run.recording.hostname);
	browse_forget(&top->browse);
	if (top->loaded.profile)
		ev_profile_close(top->loaded.profile);
	top->loaded.profile = shown;
}

void top_status(const struct top *top, FILE *out)
{
	char rate[32], lost[32], cost[48];
	fprintf(out, "%s/s  lost %s  evprof %s%% of a CPU",
		ev_format_grouped(rate, sizeof(rate), (uint64_t)(top->rate_hz + 0.5)),
		ev_format_grouped(lost, sizeof(lost), top->lost),
		ev_format_fixed(cost, sizeof(cost), top->cost * 100, 1));
	if (top->zeroes)
		fputs("  zeroing", out);
	if (top->over)
		fputs("  it has ended", out);
	if (top->frozen)
		fputs("  FROZEN", out);
}
