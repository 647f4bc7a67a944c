/* What the stacks of a recording have been like becomes the way the next ones are taken: copies of
 * 8 KiB, larger ones where stacks come out truncated, smaller ones again where the rings lose
 * samples with them or many shallow ones are taken, and none at all where everything that is mapped
 * keeps frame pointers. */
#include <inttypes.h>
#include <string.h>
#include "record_stacks.h"

/* The second holds the stacks of most programs, 40 frames of 200 bytes; the kernel copies only what
 * is there, but keeps room for all of it in the ring. The last is the kernel's largest. The first
 * is for samples that are so many that copies weigh: mostly they are of what lies beyond main, the
 * environment. */
static const uint32_t usual_sizes[] = { 4096, 8192, 32768, 65528 };
#define USUAL_BYTES 8192
#define LARGEST_BYTES 65528
enum { SMALL, USUAL };
#define MANY_HZ 10000

/* A decision needs so many stacks, or so many that are truncated; it is for larger copies when more
 * of them are, and for following them in the kernel, which has no limit, earlier. One or two, of a
 * process that is about to end, decide nothing. */
enum {
	ENOUGH_STACKS = 64,
	ENOUGH_TRUNCATED = 8,
	LEAST_TRUNCATED = 3,
	TRUNCATED_PERCENT = 2,
	STREAM_PERCENT = 1,
};
/* Nobody may read the rings for so long, while programs are loaded. */
#define STREAM_BEGINS_MS 400
/* So many that leave a quarter of it say that the small copy will do. */
enum { SHALLOW_STACKS = 500 };
/* So long the rings are read more often, until there are enough of them. */
#define EAGER_NS 2000000000u
/* Who has so much to unwind at once is behind, and does not ask for more. */
#define BEHIND_BYTES (24u << 20)
/* After a change so many steps have records from before it. */
#define SETTLED_AFTER 3
/* Copies are made smaller when of so many samples more were lost; the smallest are given up when
 * that happens several times in a row. */
enum { ENOUGH_SAMPLES = 1000, LOST_PERCENT = 1, LOST_PERCENT_SMALLEST = 10, BAD_LIMIT = 3 };

/* Does every occurrence make a sample? Then more than one copy of the event may not be had
 * (breakpoints, of which a processor has four), or costs (probes), and what fills the rings is not
 * a rate that was chosen. */
static bool is_each_one(const struct ev_event *event)
{
	return event->attr.type == PERF_TYPE_TRACEPOINT ||
	       event->attr.type == PERF_TYPE_BREAKPOINT || event->probe || event->probe_path;
}

/* Counts that come with samples are compared with those of the sample before, of the same open
 * event; and a thread's own count is one event's. */
static bool leave_a_choice(const struct ev_event_list *events,
			   const struct ev_sampler_options *sampling)
{
	for (size_t i = 0; i < events->count; i++)
		if (is_each_one(&events->items[i]) || events->items[i].fixed & EV_SAMPLE_READ)
			return false;
	return !sampling->per_thread_counts;
}

/* How ev_sampler_copy numbers a size: the first one is on in the beginning. */
static size_t sampler_size(const struct record_stacks *stacks, size_t size)
{
	return size == stacks->first ? 0 : size < stacks->first ? size + 1 : size;
}

static void add_sizes(struct record_stacks *stacks, bool whole_machine,
		      const struct ev_sampler_options *sampling)
{
	bool many = sampling->max_frequency || sampling->frequency_hz >= MANY_HZ;
	/* Some process of a machine always is deep: all others should not pay for it. */
	size_t first = many && !whole_machine ? SMALL : USUAL;
	for (size_t i = first; i < EV_LENGTH(usual_sizes) - whole_machine; i++)
		stacks->sizes[stacks->count++] = usual_sizes[i];
	stacks->sizes[stacks->count++] = 0;
	stacks->first = USUAL - first;
}

void record_stacks_plan(struct record_stacks *stacks, enum record_chains chains,
			uint32_t stack_bytes, bool whole_machine,
			const struct ev_event_list *events, struct ev_sampler_options *sampling)
{
	*stacks = (struct record_stacks){ 0 };
	if (chains == RECORD_CHAINS_NONE || chains == RECORD_CHAINS_FP ||
	    chains == RECORD_CHAINS_LBR)
		return;
	bool chooses = chains == RECORD_CHAINS_AUTO || chains == RECORD_CHAINS_BPF;
	if (chooses && leave_a_choice(events, sampling))
		add_sizes(stacks, whole_machine, sampling);
	else
		stacks->sizes[stacks->count++] = stack_bytes ? stack_bytes : USUAL_BYTES;
	stacks->copies = stacks->count > 1 ? stacks->count - 1 : 1;
	stacks->highest = stacks->copies - 1;
	stacks->now = stacks->size = stacks->first;
	stacks->largest_bytes = stacks->sizes[stacks->first];
	stacks->eager_until_ns = ev_now_ns() + EAGER_NS;
	if (!sampling->max_frequency)
		stacks->samples_hz = sampling->frequency_hz * events->count;
	sampling->stack_bytes = stacks->sizes[stacks->first];
	sampling->other_stack_count = stacks->count - 1;
	for (size_t i = 0; i < stacks->count; i++)
		if (i != stacks->first)
			sampling->other_stack_bytes[sampler_size(stacks, i) - 1] = stacks->sizes[i];
}

void record_stacks_fix(struct record_stacks *stacks, struct ev_sampler_options *sampling)
{
	sampling->other_stack_count = 0;
	stacks->sizes[0] = stacks->sizes[stacks->first];
	stacks->count = stacks->copies = 1;
	stacks->first = stacks->now = stacks->size = stacks->highest = 0;
}

/* ---- evidence -----------------------------------------------------------------------------------
 */

void record_stacks_map(struct record_stacks *stacks, const struct ev_mmap *mmap)
{
	bool is_file = *mmap->path == '/' && strncmp(mmap->path, "//anon", 6);
	bool added;
	if (stacks->copies == stacks->count || !mmap->executable ||
	    (stacks->mapped && !stacks->kept))
		return; /* there is no choice, or it was made for good */
	if (!strncmp(mmap->path, "[vdso", 5) || !strncmp(mmap->path, "[vsyscall", 9))
		return;
	if (!stacks->paths)
		stacks->paths = ev_strings_open();
	ev_map_add(&stacks->files, ev_strings_add_text(stacks->paths, mmap->path), 0, &added);
	if (!added)
		return;
	bool keeps = is_file && ev_frame_pointers_of_file(mmap->path) == EV_FRAME_POINTERS_KEPT;
	stacks->kept = keeps && (stacks->kept || !stacks->mapped);
	stacks->mapped = true;
}

void record_stacks_count(struct record_stacks *stacks, const struct ev_unwound *how, uint64_t bytes,
			 uint64_t room_bytes)
{
	uint64_t wanted = stacks->sizes[stacks->now];
	if (!room_bytes) {
		stacks->by_kernel++;
		return;
	}
	/* Of the largest size a record has not room for all. A copy that is full and of another
	 * size is from before the last decision, and says nothing about it. */
	bool all_there = bytes < room_bytes;
	if (!all_there && bytes != wanted && wanted < LARGEST_BYTES)
		return;
	stacks->stacks++;
	stacks->truncated += !all_there && how->end == EV_UNWOUND_TRUNCATED && bytes <= wanted;
	stacks->absent += how->end == EV_UNWOUND_UNREADABLE;
	uint64_t deep_bytes = how->end == EV_UNWOUND_COMPLETE ? how->stack_bytes : UINT64_MAX;
	if (deep_bytes > stacks->deepest_bytes)
		stacks->deepest_bytes = deep_bytes;
}

/* ---- decisions ----------------------------------------------------------------------------------
 */

static void forget(struct record_stacks *stacks)
{
	stacks->stacks = stacks->truncated = stacks->absent = stacks->samples = stacks->lost = 0;
	stacks->deepest_bytes = 0;
}

static int change(struct record_stacks *stacks, size_t to, struct ev_sampler *sampler,
		  struct ev_err *err)
{
	forget(stacks);
	stacks->settling = SETTLED_AFTER;
	stacks->eager_until_ns = ev_now_ns() + EAGER_NS;
	stacks->now = to;
	if (stacks->sizes[to]) {
		stacks->size = to;
		if (stacks->sizes[to] > stacks->largest_bytes)
			stacks->largest_bytes = stacks->sizes[to];
	}
	return ev_sampler_copy(sampler, sampler_size(stacks, to), err);
}

static void tell_retreat(const struct record_stacks *stacks, size_t next,
			 struct ev_sampler *sampler, struct ev_recording *recording)
{
	char from[32], to[32];
	uint64_t ring_kib = ev_sampler_ring_bytes(sampler) >> 10;
	ev_stack_bytes_text(from, sizeof(from), stacks->sizes[stacks->now]);
	ev_stack_bytes_text(to, sizeof(to), stacks->sizes[next]);
	if (stacks->sizes[next])
		ev_recording_add_note(recording, "fallback",
				      "stacks: copies of %s again, for with %s of each the rings "
				      "of "
				      "%" PRIu64 " KiB lost samples",
				      to, from, ring_kib);
	else
		ev_recording_add_note(recording, "fallback",
				      "stacks: by frame pointers in the end, for with copies of %s "
				      "the rings of %" PRIu64 " KiB lost too many samples",
				      from, ring_kib);
}

/* Copies that the rings could not hold: smaller ones, and in the end none. */
static int retreat(struct record_stacks *stacks, struct ev_sampler *sampler,
		   struct ev_recording *recording, struct ev_err *err)
{
	uint64_t all = stacks->samples + stacks->lost;
	unsigned percent = stacks->now ? LOST_PERCENT : LOST_PERCENT_SMALLEST;
	if (all < ENOUGH_SAMPLES)
		return 0;
	bool bad = stacks->lost * 100 > all * percent;
	stacks->bad = bad ? stacks->bad + 1 : 0;
	if (!bad || (!stacks->now && stacks->bad < BAD_LIMIT)) {
		forget(stacks);
		return 0;
	}
	size_t next = stacks->now ? stacks->now - 1 : stacks->count - 1;
	stacks->highest = stacks->now ? next : 0;
	stacks->given_up = !stacks->now;
	tell_retreat(stacks, next, sampler, recording);
	return change(stacks, next, sampler, err);
}

/* Who was deep once may be so again. */
static int grow(struct record_stacks *stacks, struct ev_sampler *sampler, struct ev_err *err)
{
	stacks->was_small |= stacks->now < stacks->first;
	return change(stacks, stacks->now + 1, sampler, err);
}

static bool are_too_many(const struct record_stacks *stacks, uint64_t short_ones, unsigned percent)
{
	bool enough = stacks->stacks >= ENOUGH_STACKS || short_ones >= ENOUGH_TRUNCATED;
	return enough && short_ones >= LEAST_TRUNCATED &&
	       short_ones * 100 > stacks->stacks * percent;
}

/* To begin with it takes a moment, in which larger copies pile up: they are made where the rings
 * have room for that. Later they grow where it turns out that still many are too short. */
static int begin_stream(struct record_stacks *stacks, struct ev_sampler *sampler,
			struct ev_err *err)
{
	uint64_t samples = stacks->samples_hz * STREAM_BEGINS_MS / 1000;
	uint64_t room_bytes = ev_sampler_ring_bytes(sampler);
	stacks->wants_stream = true;
	if (samples && stacks->sizes[stacks->now + 1] < room_bytes / samples)
		return grow(stacks, sampler, err);
	forget(stacks);
	stacks->eager_until_ns = ev_now_ns() + EAGER_NS;
	return 0;
}

bool record_stacks_eager(const struct record_stacks *stacks, uint64_t now_ns)
{
	return stacks->count > 1 && now_ns < stacks->eager_until_ns;
}

int record_stacks_step(struct record_stacks *stacks, uint64_t bytes, struct ev_sampler *sampler,
		       struct ev_recording *recording, struct ev_err *err)
{
	size_t none = stacks->count - 1, small = stacks->first - 1;
	if (stacks->count < 2 || stacks->given_up)
		return 0;
	if (stacks->mapped && stacks->kept)
		return stacks->now == none ? 0 : change(stacks, none, sampler, err);
	if (stacks->now == none) /* code has come that omits them */
		return change(stacks, stacks->size, sampler, err);
	if (stacks->settling) {
		stacks->settling--;
		stacks->lost = stacks->samples = 0;
	}
	if (stacks->lost)
		return retreat(stacks, sampler, recording, err);
	bool may_grow = stacks->now < stacks->highest && bytes < BEHIND_BYTES;
	if (may_grow && stacks->may_stream && stacks->now >= stacks->first &&
	    are_too_many(stacks, stacks->truncated + stacks->absent, STREAM_PERCENT))
		return begin_stream(stacks, sampler, err);
	if (may_grow && are_too_many(stacks, stacks->truncated, TRUNCATED_PERCENT))
		return grow(stacks, sampler, err);
	if (stacks->stacks < ENOUGH_STACKS)
		return 0;
	stacks->eager_until_ns = 0;
	if (stacks->now == stacks->first && stacks->first && !stacks->was_small &&
	    stacks->stacks >= SHALLOW_STACKS &&
	    stacks->deepest_bytes <= stacks->sizes[small] / 4 * 3)
		return change(stacks, small, sampler, err);
	if (stacks->samples > ENOUGH_SAMPLES)
		forget(stacks);
	return 0;
}

void record_stacks_done(struct record_stacks *stacks)
{
	ev_map_done(&stacks->files);
	ev_strings_close(stacks->paths);
}
