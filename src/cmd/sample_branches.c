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

static void add_mark(struct sample_history *history, uint64_t context)
{
	if (history->context != context)
		history->chain[history->count++] = context;
	history->context = context;
}

/* What is outside of another frame is looked up one byte before, as return addresses are: an
 * address that is none is put forward so far. */
static void add_address(struct sample_history *history, uint64_t address, bool innermost)
{
	add_mark(history,
		 address >> 63 ? (uint64_t)PERF_CONTEXT_KERNEL : (uint64_t)PERF_CONTEXT_USER);
	history->chain[history->count++] = address + !innermost;
}

static bool is_marker(uint64_t address)
{
	return address >= (uint64_t)PERF_CONTEXT_MAX;
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

void sample_history_add(struct sample_history *history, struct ev_record *record)
{
	struct ev_sample *sample = &record->sample;
	size_t need = 4 * sample->branch_count + sample->chain_count + 4;
	if (!sample->branch_count)
		return;
	if (need > history->room) {
		history->room = need * 2;
		history->chain =
			ev_realloc(history->chain, history->room * sizeof(*history->chain));
	}
	history->count = 0;
	history->context = 0;
	add_address(history, sample->chain_count ? sample->ip : sample->branches[0].to, true);
	for (size_t i = 0; i < sample->branch_count; i++) {
		add_address(history, sample->branches[i].to, false);
		add_address(history, sample->branches[i].from, false);
	}
	size_t first = beyond_calls(sample);
	uint64_t context = 0;
	for (size_t i = 0; i < first; i++)
		if (is_marker(sample->chain[i]))
			context = sample->chain[i];
	if (context && first < sample->chain_count)
		add_mark(history, context);
	for (size_t i = first; i < sample->chain_count; i++)
		history->chain[history->count++] = sample->chain[i];
	sample->chain = history->chain;
	sample->chain_count = history->count;
}

void sample_history_close(struct sample_history *history)
{
	if (history)
		free(history->chain);
	free(history);
}
