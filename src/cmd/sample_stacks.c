/* The chain of a sample becomes a stack of places: neighbours share their outer frames, and most
 * chains were seen a moment ago. */
#include <stdlib.h>
#include "samples.h"

/* arm64's x30, and the bits of a user address; above them may be a signature. */
#define LINK_REGISTER 30
#define USER_ADDRESS_BITS 48

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
			cpumode = ev_context_cpumode(address);
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

uint32_t sample_leaf(struct sample_sink *sink, const struct ev_record *record)
{
	uint16_t cpumode = record->misc & PERF_RECORD_MISC_CPUMODE_MASK;
	struct sample_frame leaf = { record->sample.ip, epoch_of_mode(sink, record, cpumode),
				     cpumode, false };
	return place_of(sink, record, &leaf);
}

uint32_t sample_cell(struct sample_sink *sink, const struct ev_record *record, uint32_t tag)
{
	if (!sink->options->load->stacks || !record->sample.chain_count)
		return ev_profile_cell(sink->profile, tag,
				       ev_profile_stack(sink->profile, 0,
							sample_leaf(sink, record)));
	collect_frames(sink, record);
	return ev_profile_cell(sink->profile, tag, stack_of(sink, record));
}

uint32_t sample_cell_counted(struct sample_sink *sink, const struct ev_record *record, uint32_t tag)
{
	if (!sink->options->load->stacks || !record->sample.chain_count)
		return sample_cell(sink, record, tag);
	sink->profile->quality.with_stack++;
	return cell_of_chain(sink, record, tag);
}
