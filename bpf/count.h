/* Stacks counted in the kernel: what the programs and their reader agree on. */
#ifndef BPF_COUNT_H
#define BPF_COUNT_H

#include <linux/types.h>
#include "python.h"

enum {
	EV_COUNT_KERNEL_FRAMES = 127,
	EV_COUNT_USER_FRAMES = 512,
	EV_COUNT_EVENTS_MAX = 64,
	EV_COUNT_COMM_BYTES = 16,
	EV_COUNT_STEPS_MAX = 32, /* of a filter */
	EV_COUNT_GLOBS_MAX = 8,  /* in one */
};

/* What is counted together. */
struct ev_count_key {
	__u64 stack[2]; /* two independent hashes of the addresses */
	__u32 pid, tid;
	__u32 program; /* how many a process has executed: addresses mean something else then */
	__u16 cpu, event;
};

struct ev_count_sum {
	__u64 hits, period;
	__u64 first_ns; /* CLOCK_MONOTONIC, of the first one */
};

enum ev_count_note_kind {
	EV_COUNT_STACK,  /* seen for the first time in this generation */
	EV_COUNT_SAMPLE, /* there was no room to count it: it stands for itself */
};

/* In the ring buffer; so many addresses follow, the kernel's first, and behind them so many of
 * struct ev_python_word. */
struct ev_count_note {
	struct ev_count_key key;
	struct ev_count_sum count;
	__u64 ip;
	__u16 kind, generation, kernel_frames, user_frames;
	__u32 in_kernel; /* ip is */
	__u32 end;       /* why user_frames are not more, EV_WALKED_… of walk.h; 0 else */
	__u16 python_frames, python_flags; /* EV_PYTHON_DEEPER … */
	__u32 unused;
};

/* A filter is evaluated step by step on a stack of truth values, one bit each. */
enum ev_count_step_kind {
	EV_COUNT_END,
	EV_COUNT_AND,
	EV_COUNT_OR,
	EV_COUNT_NOT,
	EV_COUNT_COMPARE, /* a number of the sample with `value`, as `compare` says */
	EV_COUNT_GLOB,    /* the thread's name with glob number `value` */
	EV_COUNT_CGROUP,  /* is it in, or under, the cgroup with the id `value`? */
};
enum ev_count_field {
	EV_COUNT_PERIOD,
	EV_COUNT_CPU,
	EV_COUNT_PID,
	EV_COUNT_TID,
	EV_COUNT_LATENCY, /* ns off the CPUs; 0 of what happens on one */
};
enum ev_count_compare { EV_COUNT_LESS = 1, EV_COUNT_EQUAL = 2, EV_COUNT_MORE = 4 };
struct ev_count_step {
	__u8 kind, field, compare; /* compare: any of these */
	__u64 value;
};
/* A pattern as a machine of at most 16 literal places: bit n of its state says that n of them have
 * matched. A byte moves those bits on that `moves` has for it; bits of `stay` stand before a star.
 */
struct ev_count_glob {
	__u32 moves[256];
	__u32 stay, accept;
};

#endif
