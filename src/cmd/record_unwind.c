/* Between the rings and the file: a sample with registers and a copy of its stack becomes a sample
 * with a call chain, so that files hold addresses and not stacks, which are a hundred times as
 * long. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/perfdata_flight.h>
#include "record_agent.h"
#include "record_unwind.h"

enum { CHAIN_LIMIT = 4096, KEPT_BYTES = 16 << 20 };
/* Records of processes that the spaces remember before they are told anew; more where more stand.
 */
enum { LEAST_WEIGHT = 50000, TIMES_STANDING = 4 };
/* So many objects more, and the unwind tables that were read are given back: on a machine that
 * builds programs most of them are of files that have gone. */
enum { OBJECTS_MORE = 256 };

struct record_unwind {
	struct ev_recording opened; /* events as the kernel has them; borrows all but their attrs */
	struct ev_recording *recording;
	struct ev_decoder *decoder;
	struct ev_space_set *spaces;
	/* What the spaces are told anew when they have become too large by what has ended. */
	struct ev_standing *standing;
	size_t restart_weight, reopen_objects;
	struct ev_unwinder *unwinder;
	struct ev_stack_ends *stack_ends;
	struct ev_map ends_told; /* addresses of ends whose mapping is in the file */
	struct record_stacks *stacks;
	record_unwind_put put;
	struct record_python *python;
	void *context;
	struct record_agent *agent;
	bool last; /* nothing more will come */
	uint32_t own_pid;
	/* A mapping may be in a ring that was drained before the one with the first sample in it:
	 * so samples wait for one more drain. */
	struct ev_buffer waiting, arrived;
	size_t waiting_others, arrived_others; /* of them are no samples */
	/* The latest time in all that the rings gave until now, until the drain before and the one
	 * before that. What happened before a drain ended has come with the next one, so that the
	 * spaces can be told of everything in order. */
	uint64_t seen_ns, known_ns, told_ns;
	struct ev_buffer record, made;
	uint64_t chain[CHAIN_LIMIT];
	/* Where stacks of threads ended; address 0: here and there. */
	struct ended {
		uint64_t address, time_ns;
		uint32_t tid, count;
	} ended[64];
	uint64_t ends[EV_UNWOUND_END_COUNT];
	uint64_t guessed;    /* frames, by the frame pointer */
	uint64_t unreadable; /* samples that made no sense */
};

static bool has_copies(const struct perf_event_attr *attr)
{
	return attr->sample_type & PERF_SAMPLE_STACK_USER;
}

static bool any_has_copies(const struct ev_recording *recording)
{
	for (size_t i = 0; i < recording->event_count; i++)
		if (has_copies(&recording->events[i].attr))
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
		if (!has_copies(attr))
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

static int put(struct record_unwind *unwind, const void *bytes, size_t size_bytes,
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

/* One that was made here. */
static int put_record(struct record_unwind *unwind, const struct ev_record *record,
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
	return put_record(unwind, record, err);
}

/* ---- records in a span ------------------------------------------------------------------------
 */

/* The next whole record at `at`; false at the end. */
static bool next_record(const struct ev_buffer *buffer, size_t *at, struct ev_raw *raw)
{
	size_t left = buffer->size_bytes - *at;
	const struct perf_event_header *header = (const void *)(buffer->bytes + *at);
	if (left < sizeof(*header) || header->size < sizeof(*header) || header->size > left)
		return false;
	*raw = (struct ev_raw){ .header = header,
				.type = header->type,
				.misc = header->misc,
				.size_bytes = header->size };
	*at += header->size;
	return true;
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
	for (size_t at = 0; next_record(records, &at, &raw);) {
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
	for (size_t at = 0; next_record(records, &at, &raw);)
		if (raw.type != PERF_RECORD_SAMPLE && !ev_decode(unwind->decoder, &raw, &record) &&
		    record.time_ns >= after_ns && record.time_ns < until_ns)
			ev_space_set_add(unwind->spaces, &record);
}

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
	int rc = put_record(unwind, &mapping, err);
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
static bool add_python(struct record_unwind *unwind, struct ev_record *record, struct ev_err *err,
		       int *rc)
{
	struct ev_record mapping;
	if (unwind->agent)
		return record_agent_merge(unwind->agent, unwind->spaces, record);
	if (!unwind->python || !record_python_merge(unwind->python, unwind->spaces, record))
		return false;
	if (record_python_mapping(unwind->python, record, &mapping))
		*rc = put_record(unwind, &mapping, err);
	return true;
}

static int encode(struct record_unwind *unwind, const struct ev_record *record, struct ev_err *err)
{
	unwind->record.size_bytes = 0;
	int rc = ev_encode(unwind->recording, record, &unwind->record, err);
	return rc ? rc : put(unwind, unwind->record.bytes, unwind->record.size_bytes, err);
}

static int write_sample(struct record_unwind *unwind, const struct ev_raw *raw, struct ev_err *err)
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
	if (record.event >= 0 && !has_copies(&unwind->opened.events[record.event].attr)) {
		if (!add_python(unwind, &record, err, &rc))
			return put(unwind, raw->header, raw->size_bytes, err);
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
		add_python(unwind, &record, err, &rc);
	return rc ? rc : encode(unwind, &record, err);
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
	while (!rc && next_record(&unwind->waiting, &at, &raw))
		rc = raw.type == PERF_RECORD_SAMPLE ? write_sample(unwind, &raw, err)
						    : put(unwind, raw.header, raw.size_bytes, err);
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
		if (has_samples && attr->sample_type & PERF_SAMPLE_CALLCHAIN && !has_copies(attr))
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
