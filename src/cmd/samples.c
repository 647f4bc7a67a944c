/* Sample records become stacks of places with a tag that says whose they are. */
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <evprof/collect.h>
#include "sample_details.h"
#include "samples.h"

enum { UNWOUND_LIMIT = 4096 }; /* frames of a copied stack */

/* arm64's x30, and the bits of a user address; above them may be a signature. */
#define LINK_REGISTER 30
#define USER_ADDRESS_BITS 48

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
		      options->load->by_weight || options->load->branch_history;
	if (options->load->details & EV_DETAIL_BIT(TRACE))
		sink->tracepoints = ev_tracepoints_open(recording);
	if (options->load->branch_history)
		sink->history = sample_history_open();
	sink->has_links = recording->arch && !strcmp(recording->arch, "aarch64");
	if (getrandom(sink->seeds, sizeof(sink->seeds), GRND_NONBLOCK) < 0)
		for (size_t i = 0; i < EV_LENGTH(sink->seeds); i++)
			sink->seeds[i] = ev_hash64((uintptr_t)sink ^ (ev_now_ns() + i));
	if (options->deferred && options->load->stacks && !options->reads)
		sample_deferred_open(sink);
	else
		sample_quick_open(sink);
	if (!options->unwind)
		return;
	sink->unwinder = ev_unwinder_open(spaces, recording, options->load->symbols);
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
		tag.slice = (uint32_t)(record->time_ns / load->slice_ns) + 1;
	if (load->details)
		tag.detail = sample_detail(sink, record, branch);
	if (sink->options->block_ns)
		tag.block = block_of(sink->options, record->time_ns);
	return ev_profile_tag(sink->profile, &tag);
}

/* ---- frames ------------------------------------------------------------------------------------
 */

uint32_t sample_epoch(struct sample_sink *sink, uint32_t pid, uint64_t time_ns,
		      struct ev_span *span)
{
	struct sample_process *process =
		pid == EV_KERNEL_PID ? &sink->kernel
				     : &sink->processes[pid % EV_LENGTH(sink->processes)];
	if (!process->epoch || process->pid != pid || !sample_is_in(&process->span, time_ns)) {
		process->span = ev_space_still(sink->spaces, pid, time_ns);
		process->pid = pid;
		process->epoch = ++sink->last_epoch;
	}
	if (span)
		*span = process->span;
	return process->epoch;
}

static uint32_t epoch_of(struct sample_sink *sink, uint32_t pid, uint64_t time_ns)
{
	return sample_epoch(sink, pid, time_ns, NULL);
}

/* Whose mappings an address of this mode is in; guests' and unmarked addresses are looked up one by
 * one, under an epoch of their own. */
static uint32_t epoch_of_mode(struct sample_sink *sink, const struct ev_record *record,
			      uint16_t cpumode)
{
	switch (cpumode) {
	case PERF_RECORD_MISC_KERNEL:
		return epoch_of(sink, EV_KERNEL_PID, record->time_ns);
	case PERF_RECORD_MISC_USER:
		return epoch_of(sink, record->pid, record->time_ns);
	default:
		return ++sink->last_epoch;
	}
}

static uint32_t place_of(struct sample_sink *sink, const struct ev_record *record,
			 const struct sample_frame *frame)
{
	uint64_t hash = (frame->address ^ (uint64_t)frame->epoch << 48) * 0x9e3779b97f4a7c15ULL;
	_Static_assert(EV_LENGTH(sink->places) == 1 << (64 - 49), "the hash's top bits choose");
	__typeof__(&sink->places[0]) known = &sink->places[hash >> 49];
	if (known->address == frame->address && known->epoch == frame->epoch)
		return known->place;
	struct ev_place place = ev_space_find(sink->spaces, &sink->cache, record->pid,
					      record->time_ns, frame->address, frame->cpumode);
	known->address = frame->address;
	known->epoch = frame->epoch;
	return known->place = ev_profile_place(sink->profile, place);
}

uint32_t sample_place(struct sample_sink *sink, const struct ev_record *record, uint64_t address)
{
	uint16_t cpumode = address >> 63 ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER;
	struct sample_frame frame = { address, epoch_of_mode(sink, record, cpumode), cpumode,
				      false };
	return place_of(sink, record, &frame);
}

static uint16_t cpumode_of_context(uint64_t marker)
{
	switch (marker) {
	case (uint64_t)PERF_CONTEXT_HV:
		return PERF_RECORD_MISC_HYPERVISOR;
	case (uint64_t)PERF_CONTEXT_KERNEL:
		return PERF_RECORD_MISC_KERNEL;
	case (uint64_t)PERF_CONTEXT_USER:
		return PERF_RECORD_MISC_USER;
	case (uint64_t)PERF_CONTEXT_GUEST_KERNEL:
		return PERF_RECORD_MISC_GUEST_KERNEL;
	case (uint64_t)PERF_CONTEXT_GUEST_USER:
		return PERF_RECORD_MISC_GUEST_USER;
	default:
		return 0;
	}
}

static void make_room(struct sample_sink *sink, size_t frames)
{
	sink->room = frames * 2;
	sink->frames = ev_realloc(sink->frames, sink->room * sizeof(*sink->frames));
	sink->last = ev_realloc(sink->last, sink->room * sizeof(*sink->last));
	sink->stacks = ev_realloc(sink->stacks, sink->room * sizeof(*sink->stacks));
}

/* Where the link register pointed in user code; 0 when that was not recorded. */
static uint64_t link_of(const struct sample_sink *sink, const struct ev_sample *sample)
{
	uint64_t mask = sample->user_regs_mask;
	if (!sink->has_links || sample->user_regs_abi != PERF_SAMPLE_REGS_ABI_64 ||
	    !(mask >> LINK_REGISTER & 1))
		return 0;
	uint64_t before = mask & ((UINT64_C(1) << LINK_REGISTER) - 1);
	return sample->user_regs[__builtin_popcountll(before)] &
	       ((UINT64_C(1) << USER_ADDRESS_BITS) - 1);
}

/* A caller that the chain leaves out, as far as one can tell before functions are known. */
static bool may_be_caller(const struct ev_sample *sample, size_t running, uint64_t link)
{
	return link && link != sample->chain[running] &&
	       (running + 1 == sample->chain_count || link != sample->chain[running + 1]);
}

/* The chain with its markers becomes frames with their modes, leaf first. */
static void collect_frames(struct sample_sink *sink, const struct ev_record *record)
{
	const struct ev_sample *sample = &record->sample;
	uint16_t cpumode = record->misc & PERF_RECORD_MISC_CPUMODE_MASK;
	uint32_t epoch = epoch_of_mode(sink, record, cpumode);
	uint64_t link = link_of(sink, sample);
	if (sink->room < sample->chain_count + 2)
		make_room(sink, sample->chain_count + 2);
	struct sample_frame *next = sink->frames;
	for (size_t i = 0; i < sample->chain_count; i++) {
		uint64_t address = sample->chain[i];
		if (address == EV_CONTEXT_USER_DEFERRED)
			break; /* a cookie follows */
		if (address >= (uint64_t)PERF_CONTEXT_MAX) {
			cpumode = cpumode_of_context(address);
			epoch = epoch_of_mode(sink, record, cpumode);
		} else {
			*next++ = (struct sample_frame){ address, epoch, cpumode, false };
			if (cpumode != PERF_RECORD_MISC_USER)
				continue;
			if (may_be_caller(sample, i, link))
				*next++ = (struct sample_frame){ link, epoch, cpumode, true };
			link = 0; /* it was the innermost user frame's */
		}
	}
	if (next == sink->frames) /* markers only */
		*next++ = (struct sample_frame){ sample->ip, epoch, cpumode, false };
	sink->frame_count = (size_t)(next - sink->frames);
}

static bool same_frame(const struct sample_frame *one, const struct sample_frame *other)
{
	return one->address == other->address && one->epoch == other->epoch &&
	       one->guessed == other->guessed;
}

/* Neighbouring samples often share their outer frames: those are taken over from the last one. */
static uint32_t stack_of(struct sample_sink *sink, const struct ev_record *record)
{
	size_t count = sink->frame_count, last_count = sink->last_count, shared = 0;
	struct sample_frame *frames = sink->frames, *last = sink->last;
	while (shared < count && shared < last_count &&
	       same_frame(&frames[count - 1 - shared], &last[last_count - 1 - shared]))
		shared++;
	uint32_t stack = shared ? sink->stacks[shared - 1] : 0;
	for (size_t i = shared; i < count; i++) {
		const struct sample_frame *frame = &frames[count - 1 - i];
		uint32_t place = place_of(sink, record, frame);
		if (frame->guessed) {
			place |= EV_PLACE_GUESSED;
			sink->profile->has_guesses = true;
		}
		stack = ev_profile_stack(sink->profile, stack, place);
		sink->stacks[i] = stack;
	}
	sink->last = frames;
	sink->last_count = count;
	sink->frames = last;
	return stack;
}

/* A sample that does not carry its period stands for the event's fixed one. */
static uint64_t period_of(const struct sample_sink *sink, const struct ev_record *record)
{
	if (sink->options->load->by_weight)
		return record->sample.weight ? record->sample.weight : 1;
	if (record->sample.has & PERF_SAMPLE_PERIOD || record->event < 0)
		return record->sample.period;
	return sink->recording->events[record->event].attr.sample_period;
}

/* Two independent hashes of a chain and of everything else that decides its cell, two addresses at
 * a step. The seeds keep a file from being made so that two of its chains are taken for one. */
static struct sample_chain hash_chain(struct sample_sink *sink, const struct ev_record *record,
				      uint32_t tag)
{
	const struct ev_sample *sample = &record->sample;
	const uint64_t *seeds = sink->seeds, *chain = sample->chain;
	uint64_t epochs = (uint64_t)epoch_of(sink, record->pid, record->time_ns) << 32 |
			  epoch_of(sink, EV_KERNEL_PID, record->time_ns);
	uint64_t mode = record->misc & PERF_RECORD_MISC_CPUMODE_MASK;
	uint64_t about = (uint64_t)tag << 32 ^ sample->chain_count << 16 ^ mode;
	uint64_t one = sample_fold(epochs ^ seeds[0], about ^ seeds[1]);
	uint64_t other = sample_fold(epochs ^ seeds[2], about ^ seeds[3]);
	uint64_t link = link_of(sink, sample);
	if (link) { /* a guessed caller is a frame as well */
		one = sample_fold(link ^ one, seeds[3]);
		other = sample_fold(link ^ seeds[0], other);
	}
	size_t count = sample->chain_count, i = 0;
	for (; i + 1 < count; i += 2) {
		one = sample_fold(chain[i] ^ one, chain[i + 1] ^ seeds[1]);
		other = sample_fold(chain[i] ^ seeds[2], chain[i + 1] ^ other);
	}
	if (i < count) {
		one = sample_fold(chain[i] ^ one, seeds[1]);
		other = sample_fold(chain[i] ^ seeds[2], other);
	}
	return (struct sample_chain){ .one = one, .other = other };
}

/* The cell of a sample with a chain: most chains were seen a moment ago. */
static uint32_t cell_of_chain(struct sample_sink *sink, const struct ev_record *record,
			      uint32_t tag)
{
	struct sample_chain chain = hash_chain(sink, record, tag);
	struct sample_chain *known = &sink->chains[chain.one % EV_LENGTH(sink->chains)];
	if (known->known && known->one == chain.one && known->other == chain.other)
		return known->cell;
	collect_frames(sink, record);
	chain.cell = ev_profile_cell(sink->profile, tag, stack_of(sink, record));
	chain.known = true;
	*known = chain;
	return chain.cell;
}

/* ---- stacks that are copies --------------------------------------------------------------------
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

/* A chain that was unwound when it was recorded tells by its last address how it ended. */
static void count_end(struct sample_sink *sink, const struct ev_sample *sample)
{
	if (sink->options->unwound && sample->chain_count)
		sink->profile->quality
			.unwound[ev_stack_end_at(sample->chain[sample->chain_count - 1])]++;
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

void sample_take_decoded(struct sample_sink *sink, struct ev_record *record)
{
	struct ev_profile *profile = sink->profile;
	bool stacks = sink->options->load->stacks;
	if (sink->options->load->by_branch) {
		if (time_range_has(&sink->options->time, record->time_ns))
			sample_take_branches(sink, record);
		return;
	}
	if (!sample_count(sink, record->time_ns))
		return;
	if (sink->unwinder && record->sample.user_stack)
		unwind(sink, record);
	count_end(sink, &record->sample);
	if (stacks)
		adapt_chain(sink, record);
	uint32_t tag = sample_tag(sink, record, NULL);
	uint64_t period = period_of(sink, record);
	if (stacks && record->sample.chain_count) {
		profile->quality.with_stack++;
		uint32_t index = cell_of_chain(sink, record, tag);
		struct ev_cell *cell = &profile->cells.items[index];
		cell->samples++;
		cell->period += period;
	} else {
		uint16_t cpumode = record->misc & PERF_RECORD_MISC_CPUMODE_MASK;
		struct sample_frame leaf = { record->sample.ip,
					     epoch_of_mode(sink, record, cpumode), cpumode, false };
		ev_profile_add_leaf(profile, tag, place_of(sink, record, &leaf), 1, period);
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

uint32_t sample_cell(struct sample_sink *sink, const struct ev_record *record, uint32_t tag)
{
	uint32_t stack;
	if (sink->options->load->stacks && record->sample.chain_count) {
		collect_frames(sink, record);
		stack = stack_of(sink, record);
	} else {
		uint16_t cpumode = record->misc & PERF_RECORD_MISC_CPUMODE_MASK;
		struct sample_frame leaf = { record->sample.ip,
					     epoch_of_mode(sink, record, cpumode), cpumode, false };
		stack = ev_profile_stack(sink->profile, 0, place_of(sink, record, &leaf));
	}
	return ev_profile_cell(sink->profile, tag, stack);
}

/* ---- samples that carry counts -----------------------------------------------------------------
 */

static const struct ev_read_delta *delta_of(const struct ev_read_delta *deltas, size_t count,
					    size_t event)
{
	for (size_t i = 0; i < count; i++)
		if (deltas[i].event >= 0 && (size_t)deltas[i].event == event)
			return &deltas[i];
	return NULL;
}

static void add_ratios(struct sample_sink *sink, uint32_t tag, uint32_t stack,
		       const struct ev_read_delta *deltas, size_t count)
{
	const struct ev_ratio_list *ratios = sink->options->ratios;
	for (uint32_t i = 0; i < ratios->items.count; i++) {
		const struct ev_ratio *ratio = &ratios->items.items[i];
		const struct ev_read_delta *above = delta_of(deltas, count, ratio->above);
		const struct ev_read_delta *below = delta_of(deltas, count, ratio->below);
		if (above && below)
			ev_joints_add(sink->options->joints, i, tag, stack, (double)below->value,
				      (double)above->value);
	}
}

static uint32_t cell_of_reads(struct sample_sink *sink, const struct ev_record *record,
			      uint32_t tag)
{
	if (sink->options->load->stacks && record->sample.chain_count) {
		sink->profile->quality.with_stack++;
		return cell_of_chain(sink, record, tag);
	}
	return sample_cell(sink, record, tag);
}

static void mark_member(struct ev_profile *profile, uint32_t event)
{
	while (profile->is_member.count <= event)
		*ev_array_add(&profile->is_member) = false;
	profile->is_member.items[event] = true;
}

/* As perf counts: a member has no sample where it counted nothing. */
static void add_members(struct sample_sink *sink, const struct ev_record *record, uint32_t stack,
			const struct ev_read_delta *deltas, size_t count)
{
	struct ev_record member = *record;
	for (size_t i = 0; i < count; i++) {
		if (deltas[i].event < 0 || deltas[i].event == record->event || !deltas[i].value)
			continue;
		member.event = deltas[i].event;
		mark_member(sink->profile, (uint32_t)member.event);
		ev_profile_add(sink->profile, sample_tag(sink, &member, NULL), stack, 1,
			       deltas[i].value);
	}
}

void sample_take_reads(struct sample_sink *sink, struct ev_decoder *decoder,
		       const struct ev_raw *raw)
{
	struct ev_profile *profile = sink->profile;
	const struct ev_read_delta *deltas;
	struct ev_record record;
	if (ev_decode(decoder, raw, &record)) {
		profile->quality.damaged_records++;
		return;
	}
	/* What is left out of the profile counts as well: the next one is compared with it. */
	size_t count = ev_reads_take(sink->options->reads, &record, &deltas);
	if (!sample_count(sink, record.time_ns))
		return;
	if (sink->unwinder && record.sample.user_stack)
		unwind(sink, &record);
	count_end(sink, &record.sample);
	if (sink->options->load->stacks)
		adapt_chain(sink, &record);
	uint32_t tag = sample_tag(sink, &record, NULL);
	uint32_t index = cell_of_reads(sink, &record, tag);
	const struct ev_read_delta *own =
		record.event < 0 ? NULL : delta_of(deltas, count, (size_t)record.event);
	struct ev_cell *cell = &profile->cells.items[index];
	uint32_t stack = cell->stack;
	cell->samples++;
	cell->period += own ? own->value : period_of(sink, &record);
	add_members(sink, &record, stack, deltas, count);
	add_ratios(sink, tag, stack, deltas, count);
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
			sample_deferred_take(sink, decoder, &raws[i]);
		else if (raws[i].type != PERF_RECORD_SAMPLE)
			continue;
		else if (sink->options->reads)
			sample_take_reads(sink, decoder, &raws[i]);
		else
			sample_take(sink, decoder, &raws[i]);
	}
}

void sample_sink_close(struct sample_sink *sink)
{
	sample_quick_close(sink);
	sample_deferred_close(sink);
	ev_map_done(&sink->comm_ids);
	ev_unwinder_close(sink->unwinder);
	sample_history_close(sink->history);
	ev_stack_ends_close(sink->ends);
	ev_tracepoints_close(sink->tracepoints);
	free(sink->unwound);
	free(sink->frames);
	free(sink->last);
	free(sink->stacks);
}
