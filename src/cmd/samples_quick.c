/* Samples become cells of a profile by a hash of all that decides the cell, so that a chain is
 * looked at frame by frame only once. A few samples at a time: while the table's lines for one
 * come from memory, the next ones are hashed. */
#include <stdlib.h>
#include <string.h>
#include "samples.h"

enum {
	THREADS = 256,
	ROOM_MIN = 1 << 12,
	ROOM_MAX = 1 << 19, /* entries; then what was counted goes to the profile, and all is new */
	PENDING_MAX = 32,
};

/* Everything of a thread that decides, for a span of time. */
struct quick_thread {
	struct ev_span span;
	uint32_t pid, tid;
	int event;
	uint32_t tag;
	uint64_t epochs; /* of the process and of the kernel */
	bool known;
};

/* Samples of one cell since the table was emptied; none: the entry is free. */
struct quick_entry {
	uint64_t one, other; /* 128 bits of hash */
	uint64_t period;
	uint32_t samples, cell;
};

struct pending {
	uint64_t one, other, period;
	const struct ev_raw *raw;
	uint32_t tag, hits;
};

struct sample_quick {
	struct quick_thread threads[THREADS]; /* direct-mapped */
	struct quick_entry *entries;
	size_t room, used;
	struct pending pending[PENDING_MAX];
	size_t pending_count;
};

/* Does a sample's cell depend on its event, thread, time and chain only? */
static bool is_quick(const struct sample_options *options, const struct ev_recording *recording)
{
	const struct load_options *load = options->load;
	if (load->by_cpu || load->details || load->by_branch || load->by_weight ||
	    load->branch_history || load->chain_limit || load->python || load->slice_ns ||
	    options->block_ns || options->reads || options->unwinder)
		return false;
	/* A link register is a frame as well; and a weight that stands behind more than the chain
	 * is not found in brief. */
	uint64_t hides = ev_recording_note(recording, EV_NOTE_COUNTED, NULL)
				 ? PERF_SAMPLE_READ | PERF_SAMPLE_RAW | PERF_SAMPLE_BRANCH_STACK |
					   PERF_SAMPLE_STACK_USER
				 : 0;
	for (size_t i = 0; i < recording->event_count; i++)
		if (recording->events[i].attr.sample_type & (PERF_SAMPLE_REGS_USER | hides))
			return false;
	return true;
}

void sample_quick_open(struct sample_sink *sink)
{
	if (sink->calls || !is_quick(sink->options, sink->recording))
		return;
	sink->quick = ev_alloc(sizeof(*sink->quick));
	sink->quick->room = ROOM_MIN;
	sink->quick->entries = ev_alloc_touched(ROOM_MIN * sizeof(*sink->quick->entries));
}

/* ---- the table --------------------------------------------------------------------------------
 */

static struct quick_entry *entry_of(const struct sample_quick *quick, uint64_t one, uint64_t other)
{
	size_t mask = quick->room - 1;
	size_t at = one & mask;
	while (quick->entries[at].samples &&
	       (quick->entries[at].one != one || quick->entries[at].other != other))
		at = (at + 1) & mask;
	return &quick->entries[at];
}

static void flush(struct sample_sink *sink)
{
	struct sample_quick *quick = sink->quick;
	for (size_t i = 0; i < quick->room; i++) {
		const struct quick_entry *entry = &quick->entries[i];
		if (!entry->samples)
			continue;
		struct ev_cell *cell = &sink->profile->cells.items[entry->cell];
		cell->samples += entry->samples;
		cell->period += entry->period;
	}
	memset(quick->entries, 0, quick->room * sizeof(*quick->entries));
	quick->used = 0;
}

static void grow(struct sample_sink *sink)
{
	struct sample_quick *quick = sink->quick;
	struct quick_entry *old = quick->entries;
	size_t old_room = quick->room;
	if (old_room == ROOM_MAX) {
		flush(sink);
		return;
	}
	quick->room *= 2;
	quick->entries = ev_alloc_touched(quick->room * sizeof(*quick->entries));
	for (size_t i = 0; i < old_room; i++)
		if (old[i].samples)
			*entry_of(quick, old[i].one, old[i].other) = old[i];
	free(old);
}

/* A chain that was not seen before. */
static void add(struct sample_sink *sink, struct ev_decoder *decoder, const struct pending *pending)
{
	struct sample_quick *quick = sink->quick;
	struct ev_record record;
	if (quick->used * 4 >= quick->room * 3)
		grow(sink);
	/* What was decoded in brief is sound: it decodes in full as well. */
	if (sink->options->load->stacks)
		ev_decode(decoder, pending->raw, &record);
	else
		ev_decode_sample(decoder, pending->raw, sink->want, &record);
	struct quick_entry *entry = entry_of(quick, pending->one, pending->other);
	quick->used += !entry->samples;
	entry->one = pending->one;
	entry->other = pending->other;
	entry->cell = sample_cell(sink, &record, pending->tag);
	entry->samples += pending->hits;
	entry->period += pending->period;
}

static void take_pending(struct sample_sink *sink, struct ev_decoder *decoder)
{
	struct sample_quick *quick = sink->quick;
	for (size_t i = 0; i < quick->pending_count; i++) {
		const struct pending *pending = &quick->pending[i];
		struct quick_entry *entry = entry_of(quick, pending->one, pending->other);
		if (entry->samples && entry->samples <= UINT32_MAX - pending->hits) {
			entry->samples += pending->hits;
			entry->period += pending->period;
		} else if (entry->samples) {
			flush(sink);
			add(sink, decoder, pending);
		} else {
			add(sink, decoder, pending);
		}
	}
	quick->pending_count = 0;
}

/* ---- samples ----------------------------------------------------------------------------------
 */

static void narrow(struct ev_span *span, const struct ev_span *by)
{
	if (by->from_ns > span->from_ns)
		span->from_ns = by->from_ns;
	if (by->to_ns < span->to_ns)
		span->to_ns = by->to_ns;
}

static __attribute__((noinline)) void learn(struct sample_sink *sink, struct quick_thread *thread,
					    const struct ev_brief *brief)
{
	struct ev_record record = { .type = PERF_RECORD_SAMPLE,
				    .event = brief->event,
				    .pid = brief->pid,
				    .tid = brief->tid,
				    .time_ns = brief->time_ns };
	struct ev_span span;
	*thread = (struct quick_thread){
		.span = ev_space_comm_still(sink->spaces, brief->pid, brief->tid, brief->time_ns),
		.pid = brief->pid,
		.tid = brief->tid,
		.event = brief->event,
		.known = true,
	};
	thread->tag = sample_tag(sink, &record, NULL);
	thread->epochs = (uint64_t)sample_epoch(sink, brief->pid, brief->time_ns, &span) << 32;
	narrow(&thread->span, &span);
	thread->epochs |= sample_epoch(sink, EV_KERNEL_PID, brief->time_ns, &span);
	narrow(&thread->span, &span);
}

static inline const struct quick_thread *thread_of(struct sample_sink *sink,
						   const struct ev_brief *brief)
{
	struct quick_thread *thread =
		&sink->quick->threads[(brief->tid ^ (uint32_t)brief->event * 31) % THREADS];
	if (!thread->known || thread->tid != brief->tid || thread->pid != brief->pid ||
	    thread->event != brief->event || !sample_is_in(&thread->span, brief->time_ns))
		learn(sink, thread, brief);
	return thread;
}

/* Two independent hashes of all that decides a sample's cell, two addresses at a step. The seeds
 * keep a file from being made so that two of its chains are taken for one. */
static inline void hash(const struct sample_sink *sink, const struct quick_thread *thread,
			uint16_t misc, const uint64_t *chain, size_t count, bool leaf,
			struct pending *out)
{
	const uint64_t *seeds = sink->seeds;
	uint64_t mode = misc & PERF_RECORD_MISC_CPUMODE_MASK;
	uint64_t about = (uint64_t)thread->tag << 32 ^ count << 16 ^ mode << 1 ^ leaf;
	uint64_t one = sample_fold(thread->epochs ^ seeds[0], about ^ seeds[1]);
	uint64_t other = sample_fold(thread->epochs ^ seeds[2], about ^ seeds[3]);
	size_t i = 0;
	for (; i + 1 < count; i += 2) {
		one = sample_fold(chain[i] ^ one, chain[i + 1] ^ seeds[1]);
		other = sample_fold(chain[i] ^ seeds[2], chain[i + 1] ^ other);
	}
	if (i < count) {
		one = sample_fold(chain[i] ^ one, seeds[1]);
		other = sample_fold(chain[i] ^ seeds[2], other);
	}
	out->one = one;
	out->other = other;
}

void sample_quick_take(struct sample_sink *sink, struct ev_decoder *decoder,
		       const struct ev_raw *raws, size_t count)
{
	struct sample_quick *quick = sink->quick;
	bool stacks = sink->options->load->stacks;
	for (size_t i = 0; i < count; i++) {
		struct ev_brief brief;
		if (raws[i].type != PERF_RECORD_SAMPLE)
			continue;
		if (!ev_decode_brief(decoder, &raws[i], stacks, &brief)) {
			sample_take(sink, decoder, &raws[i]);
			continue;
		}
		uint32_t hits = sample_hits(sink, brief.has_weight, brief.weight);
		if (!sample_count(sink, brief.time_ns, hits))
			continue;
		const struct quick_thread *thread = thread_of(sink, &brief);
		struct pending *pending = &quick->pending[quick->pending_count++];
		pending->raw = &raws[i];
		pending->tag = thread->tag;
		pending->hits = hits;
		pending->period = brief.has_period
					  ? brief.period
					  : sink->recording->events[brief.event].attr.sample_period;
		sink->profile->quality.with_stack += brief.chain_count ? hits : 0;
		if (sink->options->unwound && brief.chain_count)
			sink->profile->quality
				.unwound[ev_stack_end_at(brief.chain[brief.chain_count - 1])] +=
				hits;
		if (brief.chain_count)
			hash(sink, thread, raws[i].misc, brief.chain, brief.chain_count, false,
			     pending);
		else
			hash(sink, thread, raws[i].misc, &brief.ip, 1, true, pending);
		__builtin_prefetch(&quick->entries[pending->one & (quick->room - 1)]);
		if (quick->pending_count == PENDING_MAX)
			take_pending(sink, decoder);
	}
	take_pending(sink, decoder);
}

void sample_quick_close(struct sample_sink *sink)
{
	if (!sink->quick)
		return;
	flush(sink);
	free(sink->quick->entries);
	free(sink->quick);
	sink->quick = NULL;
}
