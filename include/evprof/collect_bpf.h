/* collect, with BPF: what programs in the kernel count and measure. All of it refuses with a
 * sentence where ev_bpf_absence tells why (see evprof/collect.h). */
#ifndef EVPROF_COLLECT_BPF_H
#define EVPROF_COLLECT_BPF_H

#include <evprof/collect.h>

/* ---- who is watched ---------------------------------------------------------------------------
 */

/* A target for BPF programs, which see everybody and pick whom they watch by themselves. A command
 * is its pid, the target's only id. CPUs are not looked at: who opens events chooses them. */
struct ev_watch_target {
	const struct ev_target *target;
	/* Whoever is in or under one of these (names as ev_cgroup_open takes them), with a target
	 * of EV_TARGET_SYSTEM; none = everybody. */
	const char *const *cgroups;
	size_t cgroup_count;
	bool descendants; /* of processes, also those that they started before */
};

/* ---- time off the CPUs --------------------------------------------------------------------------
 */

struct ev_waits;
struct ev_waits_options {
	uint64_t shortest_ns; /* shorter intervals are added up by thread, state and stack */
	uint32_t stack_bytes; /* copied of user stacks, to unwind them by; 0 = frame pointers */
	bool user_stacks, kernel_stacks;
	bool wakers;
};
/* What was seen until now. */
struct ev_waits_tally {
	uint64_t intervals, ns;       /* that were told, also in sums */
	uint64_t shorts, short_ns;    /* of those, in sums */
	uint64_t open, open_ns;       /* of those, that had not ended at the end */
	uint64_t on_ns;               /* that the same threads were on a CPU */
	uint64_t dropped, dropped_ns; /* the ring buffer had no room for them */
	uint64_t threads_left_out;    /* there were too many */
};
/* Begins to measure intervals in which the target's threads are off the CPUs, from now on: threads
 * that wait already do so from now. -EPERM, -ENOSYS … with a sentence where BPF is not to be had.
 */
int ev_waits_open(struct ev_waits **waits, const struct ev_watch_target *target,
		  const struct ev_waits_options *options, struct ev_err *err);
/* The events of the recording that its samples are of, and their ids. */
void ev_waits_are(struct ev_waits *waits, int event, uint64_t id, int waker_event,
		  uint64_t waker_id);
/* Nothing is measured while it is off; intervals that began or end then are left out. */
void ev_waits_turn(struct ev_waits *waits, bool on);
/* Readable when there is much to drain. */
int ev_waits_fd(const struct ev_waits *waits);
/* Gives a sample for each interval that has ended: period in ns, time CLOCK_MONOTONIC at its end,
 * ip the address of its state (ev_wait_state_address), which also is the innermost of its chain;
 * registers and the copy of the stack where copies are taken. What is short is told as sums, when
 * `sums` says so. With wakers also samples of those, whose period is that of the interval they
 * ended. Stops at take's first non-zero answer and returns it. */
int ev_waits_drain(struct ev_waits *waits, bool sums, ev_take_record take, void *context,
		   struct ev_err *err);
/* The end: measures no more, and gives what is left, with the intervals that did not end. */
int ev_waits_finish(struct ev_waits *waits, ev_take_record take, void *context, struct ev_err *err);
struct ev_waits_tally ev_waits_tally(struct ev_waits *waits);
void ev_waits_close(struct ev_waits *waits);

#endif
