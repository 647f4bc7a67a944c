/* The processor's own record of the calls that a sample is in (LBR call stack) becomes its chain in
 * user space. */
#include <stdlib.h>
#include <string.h>
#include "samples.h"

static bool has_calls(const struct perf_event_attr *attr)
{
	return attr->sample_type & PERF_SAMPLE_BRANCH_STACK &&
	       attr->branch_sample_type & PERF_SAMPLE_BRANCH_CALL_STACK;
}

bool sample_calls_recorded(const struct ev_recording *recording)
{
	for (size_t i = 0; i < recording->event_count; i++)
		if (has_calls(&recording->events[i].attr))
			return true;
	return false;
}

/* What the kernel found stays up to where user space begins, and the innermost place in it, which
 * is no call. Each record's `from` is a call; chains hold the addresses behind calls. */
void sample_take_calls(struct sample_sink *sink, struct ev_record *record)
{
	struct ev_sample *sample = &record->sample;
	size_t kept = 0, count = sample->branch_count;
	if (record->event < 0 || !has_calls(&sink->recording->events[record->event].attr) || !count)
		return;
	while (kept < sample->chain_count && sample->chain[kept] != (uint64_t)PERF_CONTEXT_USER)
		kept++;
	if (kept + count + 2 > sink->calls_room) {
		sink->calls_room = 2 * (kept + count + 2);
		sink->calls = ev_realloc(sink->calls, sink->calls_room * sizeof(*sink->calls));
	}
	bool user_known = kept + 1 < sample->chain_count;
	uint64_t leaf = user_known ? sample->chain[kept + 1]
			: kept     ? sample->branches[0].to /* the kernel's side is all there is */
				   : sample->ip;
	if (kept)
		memcpy(sink->calls, sample->chain, kept * sizeof(*sink->calls));
	sink->calls[kept++] = (uint64_t)PERF_CONTEXT_USER;
	sink->calls[kept++] = leaf;
	for (size_t i = 0; i < count; i++)
		sink->calls[kept++] = sample->branches[i].from + 1;
	sample->chain = sink->calls;
	sample->chain_count = kept;
}
