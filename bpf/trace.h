/* Traced calls: what the programs and their loader agree on. */
#ifndef BPF_TRACE_H
#define BPF_TRACE_H

#include <linux/types.h>

enum {
	TRACE_OUTSIDE = 0,        /* the number of whoever is not traced */
	TRACE_BUCKETS = 64,       /* of a histogram: 0, 1, 2-3, 4-7 … ns */
	TRACE_POPS_MAX = 1 << 17, /* calls that can be found to be over at once */
	TRACE_POPS_PLAIN = 256,   /* the same where the kernel has no bpf_loop (before 5.17) */
	TRACE_SEARCH_MAX = 64,    /* calls among which one on another stack is looked for */
	TRACE_COPY_MAX = 512,     /* calls of a forking thread that its child takes over */
	TRACE_RETURNS_MAX = 64    /* returns that the kernel watches in a thread (uretprobes) */
};
/* Two places on one stack are not farther apart. */
#define TRACE_STACK_SPAN ((__u64)64 << 20)

/* How a function's returns are seen. */
enum trace_exit { TRACE_EXIT_RETURN_ADDRESS, TRACE_EXIT_INSTRUCTIONS };

struct trace_function {
	__u32 stack_bytes; /* by how much the stack has grown at the probe */
	__u32 generation;  /* of the entry probes that count, 0 = none does */
	__u32 exit;        /* enum trace_exit */
	__u32 unused;
	/* What one call costs, while the function runs and before and after that. */
	__s64 inside_ns, outside_ns;
	/* The same of a call that ends without a return of its own. */
	__s64 left_inside_ns, left_outside_ns;
	__u64 calls, primitive_calls; /* primitive: not from within itself, in a thread */
	__u64 ended;                  /* of all calls: those whose time is known */
	__u64 left;             /* ended unseen: by longjmp, an exception, a switch of stacks */
	__u64 jumped;           /* of them: to a function that is not traced */
	__u64 unfinished;       /* of them: the thread or its program ended */
	__u64 too_deep;         /* of them: returns that the kernel did not watch */
	__s64 own_ns, total_ns; /* total: of primitive calls */
	__u64 shortest_ns, longest_ns;
	__u64 histogram[TRACE_BUCKETS];
};

struct trace_edge_key {
	__u32 caller, callee;
};
struct trace_edge {
	__u64 calls, primitive_calls;
	__s64 own_ns, total_ns;
};

/* A call that is under way; number 1 is a thread's first. */
struct trace_frame_key {
	__u32 tid, number;
};
struct trace_frame {
	__u64 stack;          /* where the return address stands */
	__u64 start_ns;       /* 0: taken over from a parent, and nothing is counted */
	__u64 jumped_ns;      /* it jumped to another function for ever, 0 = it did not */
	__u64 jumped_address; /* that it returns to, as it was then */
	__s64 below_ns;       /* of calls from it, without what they cost */
	__s64 cost_ns;        /* of those calls and all below them */
	__u32 function, caller;
	__u32 jumped_to; /* the function, TRACE_OUTSIDE = not known */
	__u8 primitive, primitive_edge, watched_return, too_deep;
};

/* How often a function, or an edge, is on a thread's stack. */
struct trace_active_key {
	__u32 tid, caller, callee; /* caller ~0: whoever called */
	__u32 unused;
};
struct trace_active {
	__u32 count, first_caller;
};

struct trace_thread {
	__u32 calls;           /* under way */
	__u32 watched_returns; /* of them by the kernel */
	__u64 event_ns;        /* last entry or return */
	__u64 leaving_ns;      /* last throw or longjmp */
	__u64 preempted_ns;    /* for so long it waited for a CPU, so far */
	__u64 out_ns;          /* since when it does, 0 = it does not */
};

/* Counted for the reader, who tells. */
struct trace_trouble {
	__u64 no_room;   /* calls that found no place in a map, and were not counted */
	__u64 no_edge;   /* calls that were counted, but not by caller */
	__u64 strange;   /* returns of what was not seen to begin */
	__u64 unsettled; /* more calls were over at once than could be looked at */
};

#endif
