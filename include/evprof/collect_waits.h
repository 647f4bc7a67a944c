/* collect, without BPF: waiting told by the kernel's records of switches, and how long threads are
 * on a CPU. Records in, intervals out; nothing is asked of the kernel. */
#ifndef EVPROF_COLLECT_WAITS_H
#define EVPROF_COLLECT_WAITS_H

#include <evprof/collect.h>
#include <evprof/symbol_unwind.h>

/* ---- on a CPU -----------------------------------------------------------------------------------
 * What samples on the CPUs are worth: when a thread came on a CPU and left it is known to the
 * nanosecond, and samples only say where it was. Each counts for the time since the one before it,
 * the last one also for what is left of that turn on the CPU, so that all of a thread add up to
 * the time that it was on one. A zeroed one is empty.
 *
 *   on the CPU   |----s------s-----s----|         |---|         s a sample
 *   counts for   [----|------|---------]           no sample: the stack at its end, or the last
 */

struct ev_on_cpu_thread {
	uint32_t pid, tid;
	uint64_t measured_ns;   /* on a CPU, in all; told at the end of a thread */
	uint64_t given_ns;      /* of that to samples and stacks */
	int64_t owed_ns;        /* measured turns less what their samples were given */
	uint64_t turn_ns;       /* given in the turn that has not ended */
	uint64_t last_ns;       /* time of the last that was told */
	uint64_t sampled_at_ns; /* of the sample that is held back */
	uint64_t held_ns;       /* what it is worth so far */
	void *held;             /* its record, NULL = none is */
	size_t held_bytes;
	uint64_t *chain; /* user's side of the last sample's, from its marker on */
	size_t chain_count;
	bool in_turn, ended;
};
struct ev_on_cpu {
	EV_ARRAY(struct ev_on_cpu_thread) threads;
	struct ev_map by_tid; /* index + 1 */
	EV_ARRAY(struct ev_on_cpu_step) steps;
	uint64_t seen_ns[3]; /* latest times: of this round, and of those before */
	uint64_t settled_ns; /* when ended threads were looked for */
	struct ev_on_cpu_tally {
		uint64_t samples;    /* that were given their worth */
		uint64_t between_ns; /* given to the nearest stack, without a sample */
	} tally;
};
/* One share of a thread's time: of a sample that was held back, or, without a record, for the chain
 * of the last sample before (none where there was none). */
struct ev_on_cpu_share {
	uint32_t pid, tid;
	uint64_t time_ns, ns;
	const void *record; /* in the file's layout, NULL = time without a sample */
	size_t record_bytes;
	const uint64_t *chain;
	size_t chain_count;
};
typedef int (*ev_on_cpu_take)(void *context, const struct ev_on_cpu_share *share,
			      struct ev_err *err);
/* A sample, as it is for the file (copied); nominal_ns is what it says it is worth. */
void ev_on_cpu_sampled(struct ev_on_cpu *on, const struct ev_record *record, uint64_t nominal_ns,
		       const void *bytes, size_t size_bytes);
/* It left a CPU that it came on at begin_ns (0 = not known), with or without samples there. */
void ev_on_cpu_ran(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t begin_ns,
		   uint64_t end_ns);
/* So much of its time was given to a stack by somebody else. */
void ev_on_cpu_given(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t ns);
/* It was so long on one, in all; `ended`: and will not be again. */
void ev_on_cpu_measured(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t time_ns,
			uint64_t all_ns, bool ended);
/* It has ended, whether or not somebody measures it any more. */
void ev_on_cpu_ended(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t time_ns);
/* A round of what was told is complete: what happened before the round before can be shared out.
 * The last one shares out all. */
int ev_on_cpu_round(struct ev_on_cpu *on, bool last, uint64_t now_ns, ev_on_cpu_take take,
		    void *context, struct ev_err *err);
void ev_on_cpu_done(struct ev_on_cpu *on);

/* ---- off the CPUs -------------------------------------------------------------------------------
 * As exact in time as a program in the kernel would tell, but what a thread waits for is not known,
 * and its stack is that of its last sample before.
 */

struct ev_switch_waits;
/* Gets a sample's thread, state, chain (user's side), times. */
struct ev_switch_wait {
	uint32_t pid, tid;
	enum ev_wait_state state;
	uint64_t end_ns, ns;
	const uint64_t *chain; /* with its marker; NULL = none known */
	size_t chain_count;
};
typedef int (*ev_switch_waits_take)(void *context, const struct ev_switch_wait *wait,
				    struct ev_err *err);
struct ev_switch_waits_tally {
	uint64_t intervals, ns, shorts, short_ns, open, open_ns;
	uint64_t without_stack; /* of the intervals: no sample was there before */
};
/* Shorter intervals are added up by thread, state and chain. `from_ns`: threads that were there
 * before wait since then; 0 = there are none. `on` is told how long threads were on a CPU. */
struct ev_switch_waits *ev_switch_waits_open(uint64_t shortest_ns, uint64_t from_ns,
					     struct ev_on_cpu *on);
/* A record of any type, in any order within a few rounds. */
void ev_switch_waits_add(struct ev_switch_waits *waits, const struct ev_record *record);
/* A round of records is complete: what happened before the end of the round before can be told now.
 * The last round, at now_ns, tells all. */
int ev_switch_waits_round(struct ev_switch_waits *waits, bool last, uint64_t now_ns,
			  ev_switch_waits_take take, void *context, struct ev_err *err);
struct ev_switch_waits_tally ev_switch_waits_tally(const struct ev_switch_waits *waits);
void ev_switch_waits_close(struct ev_switch_waits *waits);

#endif
