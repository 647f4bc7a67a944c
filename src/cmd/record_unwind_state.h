/* What is known while copied stacks become call chains. */
#ifndef CMD_RECORD_UNWIND_STATE_H
#define CMD_RECORD_UNWIND_STATE_H

#include <evprof/perfdata_flight.h>
#include <evprof/symbol_unwind.h>
#include "record_unwind.h"

enum { CHAIN_LIMIT = 4096 };

struct record_unwind {
	struct ev_recording opened; /* events as the kernel has them; borrows all but their attrs */
	struct ev_recording *recording;
	struct ev_decoder *decoder;
	struct ev_space_set *spaces;
	/* What the spaces are told anew when they have become too large by what has ended. */
	struct ev_standing *standing;
	size_t restart_weight, reopen_objects;
	uint64_t forgot_ns; /* when tables were last looked through */
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

/* Does the kernel copy the stack into samples of the event? */
static inline bool record_unwind_copies(const struct perf_event_attr *attr)
{
	return attr->sample_type & PERF_SAMPLE_STACK_USER;
}

/* On to the file: a whole record in its layout, and one that was made here. */
int record_unwind_write(struct record_unwind *unwind, const void *bytes, size_t size_bytes,
			struct ev_err *err);
int record_unwind_write_record(struct record_unwind *unwind, const struct ev_record *record,
			       struct ev_err *err);
/* A sample as the kernel has it goes on as the file has it, or waits in `arrived`. */
int record_unwind_sample(struct record_unwind *unwind, const struct ev_raw *raw,
			 struct ev_err *err);

#endif
