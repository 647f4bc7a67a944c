/* The branches of a sample become entries of their own, or frames of its stack. */
#include <stdlib.h>
#include "sample_details.h"

void sample_take_branches(struct sample_sink *sink, const struct ev_record *record)
{
	struct ev_profile *profile = sink->profile;
	const struct ev_sample *sample = &record->sample;
	if (sample->branch_count) {
		if (!profile->first_time_ns || record->time_ns < profile->first_time_ns)
			profile->first_time_ns = record->time_ns;
		if (record->time_ns > profile->last_time_ns)
			profile->last_time_ns = record->time_ns;
	}
	for (size_t i = 0; i < sample->branch_count; i++) {
		const struct ev_branch *branch = &sample->branches[i];
		uint32_t tag = sample_tag(sink, record, branch);
		profile->quality.samples++;
		ev_profile_add_leaf(profile, tag, sample_place(sink, record, branch->to), 1, 1);
	}
}

/* ---- history ----------------------------------------------------------------------------------
 */

struct sample_history {
	uint64_t *chain;
	size_t count, room;
	uint64_t context; /* the marker that is in force */
};

/* A call is not longer than this: where the branch began and where it returns to are that near. */
#define CALL_BYTES 8

struct sample_history *sample_history_open(void)
{
	return ev_alloc(sizeof(struct sample_history));
}

static bool is_marker(uint64_t address)
{
	return address >= (uint64_t)PERF_CONTEXT_MAX;
}

static void add_address(struct sample_history *history, uint64_t address)
{
	uint64_t context =
		address >> 63 ? (uint64_t)PERF_CONTEXT_KERNEL : (uint64_t)PERF_CONTEXT_USER;
	if (history->context != context)
		history->chain[history->count++] = context;
	history->context = context;
	history->chain[history->count++] = address;
}

/* Where the chain goes on when its first frames are in the branches as well: at each call that is
 * one of them. */
static size_t beyond_calls(const struct ev_sample *sample)
{
	size_t next = 0;
	for (size_t i = 0; i < sample->branch_count; i++) {
		while (next < sample->chain_count && is_marker(sample->chain[next]))
			next++;
		if (next == sample->chain_count)
			break;
		uint64_t from = sample->branches[i].from, address = sample->chain[next];
		if (!i || (from < address && address - from <= CALL_BYTES))
			next++;
	}
	return next;
}

/* The chain from `first` on. All frames of a history are looked up where they are, so a return
 * address is put back into its call: every address but the first of each context is one. */
static void add_calls(struct sample_history *history, const struct ev_sample *sample, size_t first)
{
	bool fresh = true;
	uint64_t context = 0;
	for (size_t i = 0; i < sample->chain_count; i++) {
		uint64_t address = sample->chain[i];
		if (is_marker(address)) {
			fresh = true;
			context = address;
			continue;
		}
		if (i >= first) {
			if (history->context != context && context)
				history->chain[history->count++] = context;
			history->context = context;
			history->chain[history->count++] = address - !fresh;
		}
		fresh = false;
	}
}

void sample_history_add(struct sample_history *history, struct ev_record *record)
{
	struct ev_sample *sample = &record->sample;
	size_t need = 4 * sample->branch_count + 2 * sample->chain_count + 4;
	if (need > history->room) {
		history->room = need * 2;
		history->chain =
			ev_realloc(history->chain, history->room * sizeof(*history->chain));
	}
	history->count = 0;
	history->context = 0;
	if (sample->branch_count)
		add_address(history, sample->ip);
	for (size_t i = 0; i < sample->branch_count; i++) {
		add_address(history, sample->branches[i].to);
		add_address(history, sample->branches[i].from);
	}
	add_calls(history, sample, sample->branch_count ? beyond_calls(sample) : 0);
	sample->chain = history->chain;
	sample->chain_count = history->count;
}

void sample_history_close(struct sample_history *history)
{
	if (history)
		free(history->chain);
	free(history);
}
