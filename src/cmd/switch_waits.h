/* Intervals off the CPUs from the kernel's records of switches, where no program of ours can run
 * there: as exact in time, but what a thread waits for is not told, and its stack is that of the
 * last sample before. */
#ifndef CMD_SWITCH_WAITS_H
#define CMD_SWITCH_WAITS_H

#include <evprof/collect.h>
#include "on_cpu.h"

struct switch_waits;
/* Gets a sample's thread, state, chain (user's side), times. */
struct switch_wait {
	uint32_t pid, tid;
	enum ev_wait_state state;
	uint64_t end_ns, ns;
	const uint64_t *chain; /* with its marker; NULL = none known */
	size_t chain_count;
};
typedef int (*switch_waits_take)(void *context, const struct switch_wait *wait, struct ev_err *err);
struct switch_waits_tally {
	uint64_t intervals, ns, shorts, short_ns, open, open_ns;
	uint64_t without_stack; /* of the intervals: no sample was there before */
};
/* Shorter intervals are added up by thread, state and chain. `from_ns`: threads that were there
 * before wait since then; 0 = there are none. `on` is told how long threads were on a CPU. */
struct switch_waits *switch_waits_open(uint64_t shortest_ns, uint64_t from_ns, struct on_cpu *on);
/* A record of any type, in any order within a few rounds. */
void switch_waits_add(struct switch_waits *waits, const struct ev_record *record);
/* A round of records is complete: what happened before the end of the round before can be told now.
 * The last round, at now_ns, tells all. */
int switch_waits_round(struct switch_waits *waits, bool last, uint64_t now_ns,
		       switch_waits_take take, void *context, struct ev_err *err);
struct switch_waits_tally switch_waits_tally(const struct switch_waits *waits);
void switch_waits_close(struct switch_waits *waits);

#endif
