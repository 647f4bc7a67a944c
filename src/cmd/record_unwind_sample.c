/* A sample with registers and a copy of its stack becomes a sample with a call chain, so that files
 * hold addresses and not stacks, which are a hundred times as long. */
#include "record_unwind_state.h"

/* The end of a chain gets its name when it first occurs: from the beginning and for every process,
 * because samples are not in order. */
static int tell_end(struct record_unwind *unwind, struct ev_stack_end end, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	struct ev_record mapping;
	bool added;
	ev_map_add(&unwind->ends_told, ev_stack_end_address(end), 0, &added);
	if (!added)
		return 0;
	ev_stack_end_mapping(&mapping, unwind->spaces, end, &arena);
	int rc = record_unwind_write_record(unwind, &mapping, err);
	ev_arena_done(&arena);
	return rc;
}

static void note_end(struct record_unwind *unwind, const struct ev_record *record, uint64_t address)
{
	struct ended *ended = &unwind->ended[record->tid % EV_LENGTH(unwind->ended)];
	if (ended->tid != record->tid)
		*ended = (struct ended){ .tid = record->tid };
	if (!ended->count)
		ended->address = address;
	else if (ended->address != address)
		ended->address = 0;
	ended->count++;
	ended->time_ns = record->time_ns;
}

void record_unwind_outermost(struct record_unwind *unwind, struct record_outermost *all)
{
	for (size_t i = 0; i < EV_LENGTH(unwind->ended); i++) {
		struct ended *ended = &unwind->ended[i];
		if (ended->count)
			record_outermost_see(all, ended->tid, ended->address, ended->count,
					     ended->time_ns);
		ended->count = 0;
	}
}

/* The chain of a sample with a copy of its stack; how many addresses. */
static size_t chain_of(struct record_unwind *unwind, const struct ev_record *record,
		       struct ev_stack_end *end)
{
	const struct ev_sample *sample = &record->sample;
	struct ev_unwound how;
	size_t count =
		ev_unwind_chain(unwind->unwinder, record, unwind->chain, CHAIN_LIMIT - 2, &how);
	count = ev_stack_end_add(unwind->stack_ends, sample, &how, unwind->chain, count,
				 CHAIN_LIMIT, end);
	if (sample->user_regs_abi != PERF_SAMPLE_REGS_ABI_NONE) {
		unwind->ends[how.end]++;
		unwind->guessed += how.guessed;
		if (how.end == EV_UNWOUND_COMPLETE)
			note_end(unwind, record, how.outermost);
		/* The recorder's own stacks decide nothing: what they need would be more of them.
		 */
		if (record->pid != unwind->own_pid)
			record_stacks_count(unwind->stacks, &how, sample->user_stack_bytes,
					    sample->user_stack_asked_bytes);
	}
	return count;
}

/* True when the sample is not for the file, at least not yet. */
static bool leave_out(struct record_unwind *unwind, const struct ev_raw *raw,
		      struct ev_record *record)
{
	if (!unwind->agent || record->event < 0)
		return false;
	const struct perf_event_attr *attr = &unwind->opened.events[record->event].attr;
	enum record_agent_wants wants =
		record_agent_judge(unwind->agent, record, attr, unwind->last);
	if (wants == RECORD_AGENT_WAIT) {
		struct perf_event_header header = *raw->header;
		header.misc |= RECORD_AGENT_AGAIN;
		ev_buffer_add(&unwind->arrived, &header, sizeof(header));
		ev_buffer_add(&unwind->arrived, raw->header + 1, raw->size_bytes - sizeof(header));
	}
	return wants != RECORD_AGENT_KEEP;
}

/* True when the sample is no longer what the ring had. */
static bool add_python(struct record_unwind *unwind, struct ev_record *record, bool complete,
		       struct ev_err *err, int *rc)
{
	struct ev_record mapping;
	if (unwind->agent)
		return record_agent_merge(unwind->agent, unwind->spaces, record, complete);
	if (!unwind->python || !record_python_merge(unwind->python, unwind->spaces, record))
		return false;
	if (record_python_mapping(unwind->python, record, &mapping))
		*rc = record_unwind_write_record(unwind, &mapping, err);
	return true;
}

static int encode(struct record_unwind *unwind, const struct ev_record *record, struct ev_err *err)
{
	unwind->record.size_bytes = 0;
	int rc = ev_encode(unwind->recording, record, &unwind->record, err);
	return rc ? rc
		  : record_unwind_write(unwind, unwind->record.bytes, unwind->record.size_bytes,
					err);
}

int record_unwind_sample(struct record_unwind *unwind, const struct ev_raw *raw, struct ev_err *err)
{
	struct ev_record record;
	struct ev_sample *sample = &record.sample;
	struct ev_stack_end end = { .end = EV_UNWOUND_COMPLETE };
	static const struct ev_unwound by_kernel = { .end = EV_UNWOUND_COMPLETE };
	/* Its layout is the kernel's, not the file's: it can't be written as it is. */
	if (ev_decode(unwind->decoder, raw, &record)) {
		unwind->unreadable++;
		return 0;
	}
	if (leave_out(unwind, raw, &record))
		return 0;
	int rc = 0;
	if (record.event >= 0 && !record_unwind_copies(&unwind->opened.events[record.event].attr)) {
		if (!add_python(unwind, &record, false, err, &rc))
			return record_unwind_write(unwind, raw->header, raw->size_bytes, err);
		return rc ? rc : encode(unwind, &record, err);
	}
	if (sample->user_stack_asked_bytes) {
		sample->chain_count = chain_of(unwind, &record, &end);
		sample->chain = unwind->chain;
	} else if (sample->user_regs_abi != PERF_SAMPLE_REGS_ABI_NONE) {
		record_stacks_count(unwind->stacks, &by_kernel, 0, 0);
	}
	sample->has &= ~(uint64_t)(PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER);
	if (ev_stack_end_address(end))
		rc = tell_end(unwind, end, err);
	if (!rc)
		add_python(unwind, &record, end.end == EV_UNWOUND_COMPLETE, err, &rc);
	return rc ? rc : encode(unwind, &record, err);
}
