/* What a thread waits for, told by how it left its CPU. */
#ifndef COLLECT_WAIT_STATES_H
#define COLLECT_WAIT_STATES_H

#include <evprof/symbol_unwind.h>

/* The kernel's TASK_…, which are no part of its interface but have not changed for long. */
enum {
	EV_TASK_RUNNING = 0,
	EV_TASK_INTERRUPTIBLE = 1,
	EV_TASK_UNINTERRUPTIBLE = 2,
	EV_TASK_STOPPED = 4,
	EV_TASK_TRACED = 8,
	EV_TASK_FROZEN = 0x8000,
};
struct ev_wait_signs {
	uint32_t task_state;
	bool preempted;
	bool in_iowait;     /* the kernel says: for a block device */
	bool has_user;      /* it is not a thread of the kernel's own */
	int64_t syscall;    /* that it is in, -1 = none: an exception or interrupt */
	bool other_numbers; /* the number is not of this program's own system calls */
};
enum ev_wait_state ev_wait_state_of(const struct ev_wait_signs *signs);

#endif
