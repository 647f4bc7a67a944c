/* What a thread waited for: what the BPF program and its reader agree on. */
#ifndef BPF_WAITS_H
#define BPF_WAITS_H

#include <linux/types.h>

enum {
	EV_WAIT_KERNEL_FRAMES = 48,
	EV_WAIT_USER_FRAMES = 127,
	EV_WAIT_REGISTERS = 36,      /* words of the kernel's pt_regs, as far as they are there */
	EV_WAIT_COPY_LIMIT = 32768,  /* of a stack */
	EV_WAIT_CHUNK = 4096,        /* stacks are copied by so much */
	EV_WAIT_THREADS_MAX = 16384, /* whose waits are measured at once */
	EV_WAIT_KINDS_MAX = 8192,    /* of short waits that are added up */
	EV_WAIT_RING_BYTES = 16 << 20,
};

/* Set before the program is loaded. */
struct ev_wait_options {
	__u64 shortest_ns;  /* what is shorter is added up */
	__u32 copy_bytes;   /* of user stacks, for unwinding; 0 = frame pointers */
	int own_pid;        /* is not measured */
	__u32 user, kernel; /* stacks of these */
	__u32 wakers;
};

enum ev_wait_what {
	EV_WAIT_INTERVAL,
	EV_WAIT_SHORT, /* the first of its kind: others like it are only added up */
	EV_WAIT_WAKER, /* who ended the interval that comes next, of begin_ns */
	EV_WAIT_ENDED, /* the thread is dead */
};

/* A thread left a CPU where samples had been taken of it: what they are worth in all. In the ring
 * as well, told apart by its size. */
struct ev_wait_ran {
	__u64 begin_ns, end_ns; /* begin 0 = nobody saw it begin */
	__u32 pid, tid;
};

/* One interval, and what is kept of a thread while it lasts. What the ring buffer gets ends with
 * the last of user_count or copied. */
struct ev_wait {
	__u64 begin_ns, end_ns; /* CLOCK_MONOTONIC; begin 0 = on a CPU */
	__u64 on_since_ns;      /* 0 = off, or not known */
	__u64 on_ns;            /* on a CPU in all, before that */
	__u64 exec_ns; /* the same by the scheduler's accounts, as of when it last left one */
	__u64 run_ns;  /* on one without a sample, until it left where it waits now */
	__u64 kind;    /* key in `kinds` */
	__s64 syscall; /* -1 = none */
	__u32 what;    /* enum ev_wait_what */
	__u32 pid, tid, cpu;
	__u32 woken_tid;  /* of a waker */
	__u32 task_state; /* TASK_…, as the switch found it */
	__u8 preempted;
	__u8 in_iowait;
	__u8 began_before; /* the recording */
	__u8 untold;       /* nothing says for what */
	__u8 compat;       /* a 32-bit program's registers */
	__u8 met;          /* it was seen to leave or to enter a CPU */
	__u32 facts;       /* of the filter, as it left its CPU */
	__u32 kernel_count, user_count, copied_bytes;
	__u64 kernel[EV_WAIT_KERNEL_FRAMES];
	__u64 registers[EV_WAIT_REGISTERS];
	union {
		__u64 user[EV_WAIT_USER_FRAMES];
		/* One chunk may begin before the limit and end behind it. */
		__u8 copy[EV_WAIT_COPY_LIMIT + EV_WAIT_CHUNK];
	};
};

/* Short waits of one kind. */
struct ev_wait_sum {
	__u64 ns, count, last_ns; /* end of the last one */
	__u64 run_ns;             /* on a CPU without a sample before them */
};

struct ev_wait_losses {
	__u64 dropped, dropped_ns; /* intervals that the ring buffer had no room for */
	__u64 untold;              /* threads that found no room in `waits` */
	__u64 missed;              /* switches that no tracepoint told of */
};

#endif
