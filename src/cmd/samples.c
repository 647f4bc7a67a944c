/* Sample records become stacks of places with a tag that says whose they are. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <evprof/collect.h>
#include "sample_details.h"
#include "samples.h"

enum { UNWOUND_LIMIT = 4096 }; /* frames of a copied stack */

static void take_whole(void *context, struct ev_record *record)
{
	sample_take_decoded(context, record);
}

void sample_sink_open(struct sample_sink *sink, const struct sample_options *options,
		      const struct ev_recording *recording, const struct ev_space_set *spaces,
		      struct ev_profile *profile)
{
	*sink = (struct sample_sink){
		.options = options,
		.recording = recording,
		.spaces = spaces,
		.profile = profile,
		.want = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_PERIOD |
			PERF_SAMPLE_CPU,
	};
	sink->whole = options->load->stacks || options->load->details || options->load->by_branch ||
		      options->load->by_weight || options->load->branch_history ||
		      options->load->python;
	if (options->load->details & EV_DETAIL_BIT(TRACE) || options->load->field_count)
		sink->tracepoints = ev_tracepoints_open(recording);
	if (options->load->branch_history)
		sink->history = sample_history_open();
	if (options->load->stacks && !options->load->branch_history)
		sink->calls = sample_calls_open(recording);
	sink->counted = ev_recording_note(recording, EV_NOTE_COUNTED, NULL);
	if (sink->counted)
		sink->want |= PERF_SAMPLE_WEIGHT;
	sink->has_links = recording->arch && !strcmp(recording->arch, "aarch64");
	if (getrandom(sink->seeds, sizeof(sink->seeds), GRND_NONBLOCK) < 0)
		for (size_t i = 0; i < EV_LENGTH(sink->seeds); i++)
			sink->seeds[i] = ev_hash64((uintptr_t)sink ^ (ev_now_ns() + i));
	if (options->deferred && options->load->stacks && !options->reads)
		sink->deferred = deferred_open(take_whole, sink);
	else
		sample_quick_open(sink);
	if (!options->unwinder)
		return;
	sink->unwinder = ev_unwinder_share(options->unwinder);
	sink->ends = ev_stack_ends_open(spaces);
	sink->unwound = ev_alloc(UNWOUND_LIMIT * sizeof(*sink->unwound));
}

static uint32_t comm_of(struct sample_sink *sink, const struct ev_record *record)
{
	struct sample_thread *thread = &sink->threads[record->tid % EV_LENGTH(sink->threads)];
	if (thread->known && thread->tid == record->tid && thread->pid == record->pid &&
	    sample_is_in(&thread->span, record->time_ns))
		return thread->comm;
	const char *comm = ev_space_comm(sink->spaces, record->pid, record->tid, record->time_ns);
	bool added;
	uint32_t *id = ev_map_add(&sink->comm_ids, (uintptr_t)comm, 0, &added);
	if (added)
		*id = ev_strings_add_text(sink->profile->strings, comm);
	*thread = (struct sample_thread){
		.span = ev_space_comm_still(sink->spaces, record->pid, record->tid,
					    record->time_ns),
		.pid = record->pid,
		.tid = record->tid,
		.comm = *id,
		.known = true,
	};
	return *id;
}

/* What a damaged file says lies outside of its time belongs to its ends. */
static uint32_t block_of(const struct sample_options *options, uint64_t time_ns)
{
	uint64_t from = options->blocks_from_ns, last = options->load->blocks - 1;
	uint64_t block = time_ns > from ? (time_ns - from) / options->block_ns : 0;
	return (uint32_t)(block < last ? block : last) + 1;
}

uint32_t sample_tag(struct sample_sink *sink, const struct ev_record *record,
		    const struct ev_branch *branch)
{
	const struct load_options *load = sink->options->load;
	struct ev_tag tag = { .event = record->event < 0 ? 0 : (uint32_t)record->event };
	if (load->by_pid)
		tag.pid = record->pid;
	if (load->by_tid)
		tag.tid = record->tid;
	if (load->by_comm)
		tag.comm = comm_of(sink, record);
	if (load->by_cpu)
		tag.cpu = record->cpu + 1;
	if (load->slice_ns)
		tag.slice = record->time_ns / load->slice_ns + 1;
	if (load->details)
		tag.detail = sample_detail(sink, record, branch);
	if (sink->options->block_ns)
		tag.block = block_of(sink->options, record->time_ns);
	return ev_profile_tag(sink->profile, &tag);
}

uint64_t sample_period(const struct sample_sink *sink, const struct ev_record *record)
{
	if (sink->options->load->by_weight)
		return record->sample.weight ? record->sample.weight : 1;
	if (record->sample.has & PERF_SAMPLE_PERIOD || record->event < 0)
		return record->sample.period;
	return sink->recording->events[record->event].attr.sample_period;
}

/* ---- chains ----------------------------------------------------------------------------------
 */

/* The kernel's part of the chain stays; what the copied stack says follows it. */
static void unwind(struct sample_sink *sink, struct ev_record *record)
{
	struct ev_sample *sample = &record->sample;
	struct ev_unwound how;
	struct ev_stack_end end;
	size_t count =
		ev_unwind_chain(sink->unwinder, record, sink->unwound, UNWOUND_LIMIT - 2, &how);
	count = ev_stack_end_add(sink->ends, sample, &how, sink->unwound, count, UNWOUND_LIMIT,
				 &end);
	sink->profile->quality.unwound[how.end]++;
	sink->profile->quality.guessed_frames += how.guessed;
	if (how.end == EV_UNWOUND_NO_REGISTERS)
		return;
	sample->chain = sink->unwound;
	sample->chain_count = count;
	sample->user_regs_mask = 0; /* the caller that the link register names is among them */
}

static uint32_t hits_of(const struct sample_sink *sink, const struct ev_sample *sample)
{
	return sample_hits(sink, sample->has & PERF_SAMPLE_WEIGHT, sample->weight);
}

/* A chain that was unwound when it was recorded tells by its last address how it ended. */
static void count_end(struct sample_sink *sink, const struct ev_sample *sample)
{
	if (sink->options->unwound && sample->chain_count)
		sink->profile->quality
			.unwound[ev_stack_end_at(sample->chain[sample->chain_count - 1])] +=
			hits_of(sink, sample);
}

/* What options make of a chain before it is one of the profile's. */
static void adapt_chain(struct sample_sink *sink, struct ev_record *record)
{
	uint64_t limit = sink->options->load->chain_limit;
	if (sink->history)
		sample_history_add(sink->history, record);
	for (size_t i = 0, kept = 0; limit && i < record->sample.chain_count; i++)
		if (record->sample.chain[i] < (uint64_t)PERF_CONTEXT_MAX && ++kept > limit)
			record->sample.chain_count = i;
}

void sample_settle_chain(struct sample_sink *sink, struct ev_record *record)
{
	bool joined = sink->calls && sample_calls_join(sink->calls, sink->recording, record);
	if (!joined && sink->unwinder && record->sample.user_stack)
		unwind(sink, record);
	count_end(sink, &record->sample);
	python_chain_adapt(&sink->python, sink->options->load->python, record);
	if (sink->options->load->stacks)
		adapt_chain(sink, record);
}

void sample_take_decoded(struct sample_sink *sink, struct ev_record *record)
{
	struct ev_profile *profile = sink->profile;
	if (sink->options->load->by_branch) {
		if (time_range_has(&sink->options->time, record->time_ns))
			sample_take_branches(sink, record);
		return;
	}
	uint32_t hits = hits_of(sink, &record->sample);
	if (!sample_count(sink, record->time_ns, hits))
		return;
	sample_settle_chain(sink, record);
	uint32_t tag = sample_tag(sink, record, NULL);
	uint64_t period = sample_period(sink, record);
	if (sink->options->load->stacks && record->sample.chain_count) {
		uint32_t index = sample_cell_counted(sink, record, tag);
		struct ev_cell *cell = &profile->cells.items[index];
		profile->quality.with_stack += hits - 1;
		cell->samples += hits;
		cell->period += period;
	} else {
		ev_profile_add_leaf(profile, tag, sample_leaf(sink, record), hits, period);
	}
}

void sample_take(struct sample_sink *sink, struct ev_decoder *decoder, const struct ev_raw *raw)
{
	struct ev_record record;
	if (sink->whole ? ev_decode(decoder, raw, &record)
			: ev_decode_sample(decoder, raw, sink->want, &record)) {
		sink->profile->quality.damaged_records++;
		return;
	}
	sample_take_decoded(sink, &record);
}

/* Damaged records that are no samples were told by the first walk. */
static void take_deferred(struct sample_sink *sink, struct ev_decoder *decoder,
			  const struct ev_raw *raw)
{
	bool is_sample = raw->type == PERF_RECORD_SAMPLE;
	struct ev_record record;
	if (!is_sample && raw->type != EV_RECORD_CALLCHAIN_DEFERRED)
		return;
	if (ev_decode(decoder, raw, &record))
		sink->profile->quality.damaged_records += is_sample;
	else if (is_sample)
		deferred_add_sample(sink->deferred, decoder, raw, &record);
	else
		deferred_add_chain(sink->deferred, decoder, &record);
}

void sample_take_all(struct sample_sink *sink, struct ev_decoder *decoder,
		     const struct ev_raw *raws, size_t count)
{
	if (sink->quick) {
		sample_quick_take(sink, decoder, raws, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (sink->deferred)
			take_deferred(sink, decoder, &raws[i]);
		else if (raws[i].type != PERF_RECORD_SAMPLE)
			continue;
		else if (sink->options->reads)
			sample_take_reads(sink, decoder, &raws[i]);
		else
			sample_take(sink, decoder, &raws[i]);
	}
}

void sample_end(struct sample_sink *sink, struct ev_decoder *decoder)
{
	deferred_end(sink->deferred, decoder);
}

void sample_sink_close(struct sample_sink *sink)
{
	sample_quick_close(sink);
	deferred_close(sink->deferred);
	ev_map_done(&sink->comm_ids);
	ev_unwinder_close(sink->unwinder);
	sample_calls_close(sink->calls);
	sample_history_close(sink->history);
	ev_stack_ends_close(sink->ends);
	ev_tracepoints_close(sink->tracepoints);
	python_chain_done(&sink->python);
	free(sink->unwound);
	free(sink->frames);
	free(sink->last);
	free(sink->stacks);
}
