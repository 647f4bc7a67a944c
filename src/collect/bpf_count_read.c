/* What programs have counted becomes sample records: one for each stack, thread and CPU, its weight
 * the number of samples that it stands for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include "bpf_count.h"
#include "bpf_walk.h"
#include "sampler.h"
#include "syscalls.h"
#include <count.skel.h>

/* ---- stacks -----------------------------------------------------------------------------------
 */

static void keep_stack(struct ev_counted_stacks *in, const struct ev_count_note *note,
		       const struct ev_counted_stack *stack, const uint64_t *chain)
{
	bool added;
	uint32_t *id = ev_map_add(&in->ids, note->key.stack[0], note->key.stack[1], &added);
	if (!added)
		return;
	struct ev_counted_stack *kept = ev_array_add(&in->stacks);
	*id = (uint32_t)in->stacks.count;
	*kept = *stack;
	kept->first = (uint32_t)in->addresses.count;
	for (size_t i = 0; i < stack->count; i++)
		*ev_array_add(&in->addresses) = chain[i];
}

static void forget_stacks(struct ev_counted_stacks *stacks)
{
	ev_map_done(&stacks->ids);
	ev_array_done(&stacks->stacks);
	ev_array_done(&stacks->addresses);
}

/* Addresses behind the marker of where they are; the kernel's own markers, which chains of precise
 * events have, are left out. */
static size_t add_frames(uint64_t *chain, size_t count, uint64_t marker, const uint64_t *addresses,
			 size_t frames)
{
	if (frames)
		chain[count++] = marker;
	for (size_t i = 0; i < frames; i++)
		if (addresses[i] < (uint64_t)PERF_CONTEXT_MAX)
			chain[count++] = addresses[i];
	return count;
}

/* Why a chain is not complete stands behind it, as an address that a mapping gives its name. */
static size_t add_end(struct ev_bpf_counts *counts, size_t count, uint8_t why)
{
	struct ev_stack_end end = { .end = why, .detail = UINT32_MAX };
	if (why >= EV_WALKED_COUNT)
		return count;
	if (why == EV_UNWOUND_NO_OBJECT)
		end.detail = EV_GENERATED_UNMAPPED;
	else if (why != EV_UNWOUND_NO_CFI && why != EV_UNWOUND_NO_ROOM)
		end.detail = 0;
	uint64_t address = ev_stack_end_address(end);
	if (!address)
		return count;
	if (!counts->named[why]) {
		struct ev_arena arena = { 0 };
		struct ev_record mapping;
		counts->named[why] = true;
		ev_stack_end_mapping(&mapping, NULL, end, &arena);
		counts->failed = counts->take(counts->context, &mapping, counts->err);
		ev_arena_done(&arena);
	}
	counts->chain[count] = (uint64_t)PERF_CONTEXT_KERNEL;
	counts->chain[count + 1] = address;
	return count + 2;
}

static bool is_generated(void *context, uint64_t address)
{
	const struct ev_bpf_counts *counts = context;
	return ev_bpf_walk_is_generated(counts->walk, counts->pid, address);
}

/* The whole chain of what a program told; it lives until the next. Python's frames go into it
 * here, while their process is known. */
static const uint64_t *make_chain(struct ev_bpf_counts *counts, const struct ev_count_note *note,
				  const uint64_t *addresses, struct ev_counted_stack *stack)
{
	const uint64_t *user = addresses + note->kernel_frames;
	*stack = (struct ev_counted_stack){ .ip = note->ip,
					    .user_frames = note->user_frames,
					    .in_kernel = note->in_kernel,
					    .end = (uint8_t)note->end };
	size_t count =
		add_frames(counts->chain, 0, PERF_CONTEXT_KERNEL, addresses, note->kernel_frames);
	count = add_frames(counts->chain, count, PERF_CONTEXT_USER, user, note->user_frames);
	if (note->user_frames)
		count = add_end(counts, count, stack->end);
	stack->count = (uint32_t)count;
	if (!note->python_frames || !counts->options.python)
		return counts->chain;
	counts->pid = note->key.pid;
	const struct ev_bpf_python_told told = {
		.time_ns = note->count.first_ns,
		.pid = note->key.pid,
		.words = (const void *)(user + note->user_frames),
		.count = note->python_frames,
		.flags = note->python_flags,
		.generated = counts->walk ? is_generated : NULL,
		.context = counts,
	};
	size_t merged = ev_bpf_python_merge(counts->options.python, &told, counts->chain, count,
					    counts->merged, EV_LENGTH(counts->merged),
					    note->in_kernel ? NULL : &stack->ip);
	if (!merged)
		return counts->chain;
	stack->count = (uint32_t)merged;
	return counts->merged;
}

/* ---- records ----------------------------------------------------------------------------------
 */

static int give(struct ev_bpf_counts *counts, const struct ev_count_key *key,
		const struct ev_count_sum *count, const struct ev_counted_stack *stack,
		const uint64_t *chain)
{
	const struct ev_recorded_event *event = &counts->recording->events[key->event];
	struct ev_record record = {
		.type = PERF_RECORD_SAMPLE,
		.misc = stack->in_kernel ? PERF_RECORD_MISC_KERNEL : PERF_RECORD_MISC_USER,
		.event = key->event,
		.pid = key->pid,
		.tid = key->tid,
		.cpu = key->cpu,
		.time_ns = count->first_ns,
	};
	struct ev_sample *sample = &record.sample;
	record.id = sample->id = event->id_count ? event->ids[0] : 0;
	sample->ip = stack->ip;
	sample->period = count->period;
	sample->weight = count->hits;
	sample->chain = chain;
	sample->chain_count = stack->count;
	counts->tally.samples += count->hits;
	counts->tally.records++;
	if (counts->options.streams)
		ev_sampler_passed(counts->sampler, key->event, key->cpu, key->tid);
	if (counts->walk ? stack->end == EV_UNWOUND_TOO_DEEP
			 : stack->user_frames >= counts->sampler->depth_limit)
		counts->tally.truncated_stacks += count->hits;
	return counts->take(counts->context, &record, counts->err);
}

int ev_bpf_counts_note(void *context, void *bytes, size_t size_bytes)
{
	struct ev_bpf_counts *counts = context;
	struct ev_count_note note;
	struct ev_counted_stack stack;
	const uint64_t *addresses = (const void *)((const uint8_t *)bytes + sizeof(note));
	if (size_bytes < sizeof(note) || counts->failed)
		return 0;
	memcpy(&note, bytes, sizeof(note));
	size_t count = (size_t)note.kernel_frames + note.user_frames;
	size_t words = count + note.python_frames * (sizeof(struct ev_python_word) / 8);
	if (words > (size_bytes - sizeof(note)) / sizeof(*addresses) ||
	    count + note.python_frames > EV_LENGTH(counts->chain) - 5 ||
	    note.key.event >= counts->recording->event_count)
		return 0;
	const uint64_t *chain = make_chain(counts, &note, addresses, &stack);
	if (note.kind == EV_COUNT_STACK)
		keep_stack(&counts->generations[note.generation & 1], &note, &stack, chain);
	else if (!counts->failed)
		counts->failed = give(counts, &note.key, &note.count, &stack, chain);
	return 0;
}

static int give_counted(struct ev_bpf_counts *counts, const struct ev_counted_stacks *in,
			const struct ev_count_key *key, const struct ev_count_sum *count)
{
	const uint32_t *id = ev_map_find(&in->ids, key->stack[0], key->stack[1]);
	if (!id || !*id || key->event >= counts->recording->event_count) {
		counts->tally.lost += count->hits;
		return 0;
	}
	const struct ev_counted_stack *stack = &in->stacks.items[*id - 1];
	return give(counts, key, count, stack, in->addresses.items + stack->first);
}

/* ---- fetching ---------------------------------------------------------------------------------
 */

static int map_trouble(int error, struct ev_err *err)
{
	return ev_fail(err, error, "cannot read what the BPF programs have counted: %s",
		       strerror(error));
}

/* The next entries of a map, which is emptied; 0 at its end, or -errno. */
static int next_batch(int map, void *at, bool first, void *keys, void *values)
{
	uint32_t count = EV_COUNT_BATCH;
	int rc = bpf_map_lookup_and_delete_batch(map, first ? NULL : at, at, keys, values, &count,
						 NULL);
	return rc && rc != -ENOENT ? rc : (int)count;
}

static int empty_known(struct ev_bpf_counts *counts, int map)
{
	uint64_t at[2] = { 0 };
	int count = EV_COUNT_BATCH;
	for (bool first = true; count == EV_COUNT_BATCH; first = false)
		count = next_batch(map, at, first, counts->known, counts->told);
	return count < 0 ? count : 0;
}

static int give_all(struct ev_bpf_counts *counts, int map, const struct ev_counted_stacks *in)
{
	uint64_t at[sizeof(struct ev_count_key) / 8] = { 0 };
	int count = EV_COUNT_BATCH, rc = 0;
	for (bool first = true; count == EV_COUNT_BATCH && !rc; first = false) {
		count = next_batch(map, at, first, counts->keys, counts->values);
		if (count < 0)
			return map_trouble(-count, counts->err);
		for (int i = 0; i < count && !rc; i++)
			rc = give_counted(counts, in, &counts->keys[i], &counts->values[i]);
	}
	return rc;
}

/* Programs go on to the other generation; when none is left in this one, it is read. */
static int fetch(struct ev_bpf_counts *counts)
{
	struct count_bpf *first = counts->programs[0];
	uint32_t old = first->bss->generation & 1;
	struct ev_counted_stacks *stacks = &counts->generations[old];
	struct timespec moment = { .tv_nsec = 10000000 };
	__atomic_store_n(&first->bss->generation, old ^ 1, __ATOMIC_SEQ_CST);
	if (ev_sys_wait_for_programs())
		nanosleep(&moment, NULL); /* none runs so long */
	ring_buffer__consume(counts->notes);
	if (stacks->stacks.count > counts->tally.most_stacks)
		counts->tally.most_stacks = stacks->stacks.count;
	int rc = counts->failed;
	if (!rc)
		rc = give_all(counts,
			      bpf_map__fd(old ? first->maps.counts_odd : first->maps.counts_even),
			      stacks);
	int emptied = empty_known(counts, bpf_map__fd(old ? first->maps.known_odd
							  : first->maps.known_even));
	if (!rc && emptied)
		rc = map_trouble(-emptied, counts->err);
	first->bss->used[old] = 0;
	forget_stacks(stacks);
	return rc;
}

int ev_bpf_counts_drain(void *context, bool last, ev_take_record take, void *take_context,
			struct ev_err *err)
{
	struct ev_bpf_counts *counts = context;
	const struct count_bpf *first = counts->programs[0];
	uint64_t now_ns = ev_now_ns();
	bool due = now_ns - counts->fetched_ns >= counts->options.interval_ns;
	bool full = first->bss->used[first->bss->generation & 1] >= first->rodata->mark;
	counts->take = take;
	counts->context = take_context;
	counts->err = err;
	counts->failed = 0;
	ring_buffer__consume(counts->notes);
	int rc = counts->failed;
	if (!rc && !counts->options.streams && (due || full || last)) {
		counts->tally.early += full && !due;
		counts->fetched_ns = now_ns;
		rc = fetch(counts);
	}
	return rc;
}

#endif
