/* Where a processor kept the stack of calls (--call-graph lbr), its branches become the user's side
 * of a sample's chain, as perf joins them:
 *
 *   chain:    kernel addresses, CONTEXT_USER, where it was    branches: from C to D, from B to C …
 *   becomes:  kernel addresses, CONTEXT_USER, D, C's call, B's call … */
#include <stdlib.h>
#include "samples.h"

struct sample_calls {
	EV_ARRAY(uint64_t) chain;
};

struct sample_calls *sample_calls_open(const struct ev_recording *recording)
{
	for (size_t i = 0; i < recording->event_count; i++)
		if (recording->events[i].attr.sample_type & PERF_SAMPLE_BRANCH_STACK &&
		    recording->events[i].attr.branch_sample_type & PERF_SAMPLE_BRANCH_CALL_STACK)
			return ev_alloc(sizeof(struct sample_calls));
	return NULL;
}

static bool keeps_calls(const struct ev_recording *recording, int event)
{
	return event >= 0 && (size_t)event < recording->event_count &&
	       recording->events[event].attr.branch_sample_type & PERF_SAMPLE_BRANCH_CALL_STACK;
}

/* Callers are looked up one byte before their address, which for a chain is where they return to;
 * a branch tells where the call itself is. */
bool sample_calls_join(struct sample_calls *calls, const struct ev_recording *recording,
		       struct ev_record *record)
{
	struct ev_sample *sample = &record->sample;
	size_t user = 0;
	if (!sample->branch_count || !keeps_calls(recording, record->event))
		return false;
	while (user < sample->chain_count && sample->chain[user] != (uint64_t)PERF_CONTEXT_USER)
		user++;
	if (user == sample->chain_count)
		return false;
	calls->chain.count = 0;
	for (size_t i = 0; i <= user; i++)
		*ev_array_add(&calls->chain) = sample->chain[i];
	*ev_array_add(&calls->chain) = sample->branches[0].to;
	for (size_t i = 0; i < sample->branch_count; i++)
		*ev_array_add(&calls->chain) = sample->branches[i].from + 1;
	sample->chain = calls->chain.items;
	sample->chain_count = calls->chain.count;
	return true;
}

void sample_calls_close(struct sample_calls *calls)
{
	if (calls)
		ev_array_done(&calls->chain);
	free(calls);
}
