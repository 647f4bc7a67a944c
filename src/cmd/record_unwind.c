/* Between the rings and the file: records wait until every mapping that their samples may need has
 * come, and the spaces are told of those in the order of time; then each goes on, samples with what
 * record_unwind_sample makes of them. */
#include <stdlib.h>
#include <unistd.h>
#include "record_unwind_state.h"

enum { KEPT_BYTES = 4 << 20 };
/* Records of processes that the spaces remember before they are told anew; more where more stand.
 */
enum { LEAST_WEIGHT = 16384, TIMES_STANDING = 4 };
/* On a machine that builds programs most files that were met are gone: so many objects more, and
 * all unwind tables that were read are given back; and those that nobody needed for so long, when
 * they are more than that. */
enum { OBJECTS_MORE = 256, TABLES_BYTES = 16 << 20 };
#define UNUSED_NS 30000000000u

static bool any_has_copies(const struct ev_recording *recording)
{
	for (size_t i = 0; i < recording->event_count; i++)
		if (record_unwind_copies(&recording->events[i].attr))
			return true;
	return false;
}

struct record_unwind *record_unwind_open(struct ev_recording *recording,
					 struct record_stacks *stacks, struct record_python *python,
					 struct record_agent *agent)
{
	if (!any_has_copies(recording) && !python && !agent)
		return NULL;
	struct record_unwind *unwind = ev_alloc(sizeof(*unwind));
	size_t count = recording->event_count;
	unwind->recording = recording;
	unwind->stacks = stacks;
	unwind->python = python;
	unwind->agent = agent;
	unwind->own_pid = (uint32_t)getpid();
	unwind->opened = *recording;
	unwind->opened.events = ev_alloc(count * sizeof(*recording->events));
	for (size_t i = 0; i < count; i++) {
		struct perf_event_attr *attr = &recording->events[i].attr;
		unwind->opened.events[i] = recording->events[i];
		if (!record_unwind_copies(attr))
			continue;
		attr->sample_type &= ~(uint64_t)(PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER);
		attr->sample_regs_user = 0;
		attr->sample_stack_user = 0;
		attr->exclude_callchain_user = 0;
	}
	unwind->decoder = ev_decoder_open(&unwind->opened);
	unwind->spaces = ev_space_set_open();
	unwind->standing = ev_standing_open(recording);
	unwind->restart_weight = LEAST_WEIGHT;
	ev_space_set_ready(unwind->spaces);
	unwind->unwinder = ev_unwinder_open(unwind->spaces, NULL, NULL);
	unwind->stack_ends = ev_stack_ends_open(unwind->spaces);
	return unwind;
}

void record_unwind_to(struct record_unwind *unwind, record_unwind_put put_bytes, void *context)
{
	unwind->put = put_bytes;
	unwind->context = context;
}

int record_unwind_write(struct record_unwind *unwind, const void *bytes, size_t size_bytes,
			struct ev_err *err)
{
	ev_standing_add(unwind->standing, bytes, size_bytes);
	return unwind->put(unwind->context, bytes, size_bytes, true, err);
}

static int put_made(struct record_unwind *unwind, struct ev_err *err)
{
	ev_standing_add(unwind->standing, unwind->made.bytes, unwind->made.size_bytes);
	return unwind->put(unwind->context, unwind->made.bytes, unwind->made.size_bytes, false,
			   err);
}

int record_unwind_write_record(struct record_unwind *unwind, const struct ev_record *record,
			       struct ev_err *err)
{
	unwind->made.size_bytes = 0;
	int rc = ev_encode(unwind->recording, record, &unwind->made, err);
	return rc ? rc : put_made(unwind, err);
}

int record_unwind_told(struct record_unwind *unwind, const struct ev_record *record,
		       struct ev_err *err)
{
	ev_space_set_add(unwind->spaces, record);
	return record_unwind_write_record(unwind, record, err);
}

const struct ev_recording *record_unwind_opened(const struct record_unwind *unwind)
{
	return &unwind->opened;
}

struct ev_buffer *record_unwind_arrived(struct record_unwind *unwind, size_t **others)
{
	if (others)
		*others = &unwind->arrived_others;
	return &unwind->arrived;
}

int record_unwind_give(struct record_unwind *unwind, const struct ev_record *record,
		       struct ev_err *err)
{
	unwind->arrived_others += record->type != PERF_RECORD_SAMPLE;
	return ev_encode(&unwind->opened, record, &unwind->arrived, err);
}

/* What is to be known of records before they are looked at one by one. */
static void look_through(struct record_unwind *unwind, const struct ev_buffer *records)
{
	struct record_stacks *stacks = unwind->stacks;
	struct ev_record record;
	struct ev_raw raw;
	for (size_t at = 0; ev_records_next(records->bytes, records->size_bytes, &at, &raw);) {
		bool sample = raw.type == PERF_RECORD_SAMPLE;
		stacks->samples += sample;
		if (sample ? ev_decode_sample(unwind->decoder, &raw, PERF_SAMPLE_TIME, &record)
			   : ev_decode(unwind->decoder, &raw, &record))
			continue;
		if (record.time_ns > unwind->seen_ns)
			unwind->seen_ns = record.time_ns;
		if (raw.type == PERF_RECORD_LOST || raw.type == PERF_RECORD_LOST_SAMPLES)
			stacks->lost += record.lost.lost;
		if (raw.type == PERF_RECORD_MMAP2 || raw.type == PERF_RECORD_MMAP)
			record_stacks_map(stacks, &record.mmap);
		if (unwind->python && !sample)
			record_python_know(unwind->python, &record);
		if (unwind->agent && !sample)
			record_agent_know(unwind->agent, &record);
	}
}

/* Tells the spaces of what happened in a span of time. */
static void tell_spaces(struct record_unwind *unwind, const struct ev_buffer *records,
			uint64_t after_ns, uint64_t until_ns)
{
	struct ev_record record;
	struct ev_raw raw;
	for (size_t at = 0; ev_records_next(records->bytes, records->size_bytes, &at, &raw);)
		if (raw.type != PERF_RECORD_SAMPLE && !ev_decode(unwind->decoder, &raw, &record) &&
		    record.time_ns >= after_ns && record.time_ns < until_ns)
			ev_space_set_add(unwind->spaces, &record);
}

static int tell_standing(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	struct record_unwind *unwind = context;
	struct ev_buffer records = { (uint8_t *)(uintptr_t)bytes, size_bytes, 0 };
	(void)err;
	tell_spaces(unwind, &records, 0, unwind->told_ns + 1);
	return 0;
}

/* The spaces keep the history of everybody, and the recorder may run for days: they are told anew
 * what stands, as old as the samples that wait, and what has come since. */
static int tell_anew(struct record_unwind *unwind, struct ev_err *err)
{
	ev_space_set_restart(unwind->spaces);
	int rc = ev_standing_give(unwind->standing, tell_standing, unwind, err);
	tell_spaces(unwind, &unwind->waiting, 0, unwind->told_ns + 1);
	ev_space_set_ready(unwind->spaces);
	size_t standing = TIMES_STANDING * ev_space_set_weight(unwind->spaces);
	unwind->restart_weight = standing > LEAST_WEIGHT ? standing : LEAST_WEIGHT;
	return rc;
}

static void give_tables_back(struct record_unwind *unwind)
{
	size_t objects = ev_space_set_object_count(unwind->spaces);
	if (unwind->reopen_objects && objects < unwind->reopen_objects)
		return;
	if (unwind->reopen_objects) {
		ev_unwinder_close(unwind->unwinder);
		unwind->unwinder = ev_unwinder_open(unwind->spaces, NULL, NULL);
	}
	unwind->reopen_objects = objects + OBJECTS_MORE;
}

static void forget_tables(struct record_unwind *unwind)
{
	uint64_t now_ns = ev_now_ns();
	if (now_ns - unwind->forgot_ns >= UNUSED_NS) {
		unwind->forgot_ns = now_ns;
		ev_unwinder_forget(unwind->unwinder, TABLES_BYTES);
	}
}

int record_unwind_step(struct record_unwind *unwind, struct ev_err *err)
{
	struct ev_raw raw;
	size_t at = 0;
	int rc = 0;
	look_through(unwind, &unwind->arrived);
	/* Of both, each record once: those of `waiting` from before were told when they came. */
	if (unwind->waiting_others)
		tell_spaces(unwind, &unwind->waiting, unwind->told_ns + 1, UINT64_MAX);
	if (unwind->arrived_others)
		tell_spaces(unwind, &unwind->arrived, 0, unwind->known_ns + 1);
	unwind->told_ns = unwind->known_ns;
	unwind->known_ns = unwind->seen_ns;
	ev_space_set_ready(unwind->spaces);
	while (!rc && ev_records_next(unwind->waiting.bytes, unwind->waiting.size_bytes, &at, &raw))
		rc = raw.type == PERF_RECORD_SAMPLE
			     ? record_unwind_sample(unwind, &raw, err)
			     : record_unwind_write(unwind, raw.header, raw.size_bytes, err);
	ev_standing_round(unwind->standing, 0);
	struct ev_buffer done = unwind->waiting;
	if (done.room_bytes > KEPT_BYTES)
		ev_buffer_done(&done);
	unwind->waiting = unwind->arrived;
	unwind->waiting_others = unwind->arrived_others;
	unwind->arrived_others = 0;
	unwind->arrived = done;
	unwind->arrived.size_bytes = 0;
	if (!rc && ev_space_set_weight(unwind->spaces) >= unwind->restart_weight)
		rc = tell_anew(unwind, err);
	give_tables_back(unwind);
	forget_tables(unwind);
	return rc;
}

int record_unwind_end(struct record_unwind *unwind, struct ev_err *err)
{
	unwind->last = true;
	return record_unwind_step(unwind, err);
}

uint64_t record_unwind_unreadable(const struct record_unwind *unwind)
{
	return unwind->unreadable;
}

bool record_unwind_all(const struct record_unwind *unwind)
{
	for (size_t i = 0; i < unwind->opened.event_count; i++) {
		const struct perf_event_attr *attr = &unwind->opened.events[i].attr;
		bool has_samples =
			attr->type != PERF_TYPE_SOFTWARE || attr->config != PERF_COUNT_SW_DUMMY;
		if (has_samples && attr->sample_type & PERF_SAMPLE_CALLCHAIN &&
		    !record_unwind_copies(attr))
			return false;
	}
	return true;
}

uint64_t record_unwind_guessed(const struct record_unwind *unwind)
{
	return unwind->guessed;
}

const uint64_t *record_unwind_ends(const struct record_unwind *unwind)
{
	return unwind->ends;
}

void record_unwind_close(struct record_unwind *unwind)
{
	if (!unwind)
		return;
	ev_unwinder_close(unwind->unwinder);
	ev_stack_ends_close(unwind->stack_ends);
	ev_map_done(&unwind->ends_told);
	ev_space_set_close(unwind->spaces);
	ev_standing_close(unwind->standing);
	ev_decoder_close(unwind->decoder);
	ev_buffer_done(&unwind->waiting);
	ev_buffer_done(&unwind->arrived);
	ev_buffer_done(&unwind->record);
	ev_buffer_done(&unwind->made);
	free(unwind->opened.events);
	free(unwind);
}
