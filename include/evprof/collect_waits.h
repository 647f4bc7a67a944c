/* collect, without BPF: waiting told by the kernel's records of switches, and how long threads are
 * on a CPU. Records in, intervals out; nothing is asked of the kernel. */
#ifndef EVPROF_COLLECT_WAITS_H
#define EVPROF_COLLECT_WAITS_H

#include <evprof/collect.h>

/* ---- on a CPU -----------------------------------------------------------------------------------
 * How long threads were on a CPU, beside how much of that samples tell of. A zeroed one is empty.
 */

struct ev_on_cpu_thread {
	uint32_t pid, tid;
	uint64_t sampled_ns, measured_ns;
	uint64_t last_ns; /* time of the last that was told */
	uint64_t given_ns;
	bool ended;
};
struct ev_on_cpu {
	EV_ARRAY(struct ev_on_cpu_thread) threads;
	struct ev_map by_tid; /* index + 1 */
};
/* A sample stands for so long on a CPU. */
void ev_on_cpu_sampled(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t time_ns,
		       uint64_t ns);
/* It was so long on one, in all; `ended`: and will not be again. */
void ev_on_cpu_measured(struct ev_on_cpu *on, uint32_t pid, uint32_t tid, uint64_t time_ns,
			uint64_t all_ns, bool ended);
/* Of a thread: how much no sample tells of, and was not given before. */
uint64_t ev_on_cpu_rest(struct ev_on_cpu_thread *thread);
/* Forgets threads that had ended and were last told of before then; what no sample tells of was
 * asked for. */
void ev_on_cpu_forget(struct ev_on_cpu *on, uint64_t before_ns);
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
