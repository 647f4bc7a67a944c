/* collect, with BPF: every call of chosen functions, counted and measured. Refuses with a sentence
 * where ev_bpf_absence tells why (see evprof/collect.h). */
#ifndef EVPROF_COLLECT_TRACE_H
#define EVPROF_COLLECT_TRACE_H

#include <evprof/collect_bpf.h>

/* An instruction in a file. */
struct ev_trace_place {
	const char *path;
	uint64_t offset;
};
/* A function whose calls are traced. Offsets are in its file. */
struct ev_trace_function {
	const char *path;
	uint64_t offset;      /* run once per call */
	uint32_t stack_bytes; /* by how much the stack has grown there */
	bool cheap;           /* the kernel emulates the instruction there */
	/* How its end is seen: at the instructions that return, or (false) by the kernel, which
	 * replaces the return address: cheaper, but exceptions can not pass through such a call
	 * and end the program, and the kernel sees no more than 64 returns deep. */
	bool by_instructions;
	const uint64_t *returns, *jumps; /* see ev_call_point */
	const uint32_t
		*jump_targets; /* index + 1 of the function, 0 = none of these, or not known */
	size_t return_count, jump_count;
};
struct ev_trace_options {
	const struct ev_trace_function *functions;
	size_t function_count;
	/* Where throws and jumps out of calls begin (longjmp): when calls end that do not return.
	 */
	const struct ev_trace_place *leavers;
	size_t leaver_count;
	uint64_t rate_limit; /* a function called oftener in a second is let go; 0 = none is */
	bool singly;         /* put each probe by itself, as kernels before 6.6 want it */
};

enum { EV_TRACE_BUCKETS = 64 };
struct ev_trace_sums { /* what was counted of a function; times without what tracing costs */
	uint64_t calls, primitive_calls; /* primitive: not from within itself, in a thread */
	uint64_t ended;                  /* of all: those whose time is known */
	uint64_t left;                   /* of them: without a return, by longjmp or an exception */
	uint64_t jumped;                 /* with a jump to a function that is not traced */
	uint64_t unfinished;             /* with their thread or program */
	uint64_t too_deep; /* unseen by the kernel: nested deeper than it watches returns */
	int64_t own_ns;    /* without calls of other traced functions */
	int64_t total_ns;  /* of primitive calls, with them */
	uint64_t shortest_ns, longest_ns;
	uint64_t histogram[EV_TRACE_BUCKETS]; /* 0 ns, 1, 2 to 3, 4 to 7 … */
	uint64_t let_go_per_second; /* it was called about so often and is traced no more; 0 = no */
	bool refused;               /* the kernel puts no probe there */
};
struct ev_trace_edge {
	uint32_t caller, callee; /* index + 1 of a function; caller 0: one that is not traced */
	uint64_t calls, primitive_calls;
	int64_t own_ns, total_ns; /* of the callee, when called from there */
};
struct ev_trace_cost { /* of one call, measured before the start and taken off */
	bool used;
	double inside_ns, outside_ns; /* within the time of the function, and of its caller */
};
enum {
	EV_TRACE_COST_STEPPED_KERNEL, /* the entry is single-stepped, the kernel sees the return */
	EV_TRACE_COST_CHEAP_KERNEL,   /* the entry is emulated */
	EV_TRACE_COST_STEPPED_CODE,   /* the return is seen at its instruction */
	EV_TRACE_COST_CHEAP_CODE,
	EV_TRACE_COST_SINGLE, /* a function of one instruction, that returns */
	EV_TRACE_COST_LEFT,   /* there is no return, but a jump to another function */
	EV_TRACE_COST_STUB,   /* its first probe is on that jump */
	EV_TRACE_COSTS
};
struct ev_trace_result {
	struct ev_trace_sums *functions; /* as many as were asked for */
	struct ev_trace_edge *edges;
	size_t edge_count;
	uint64_t no_room;         /* calls that were not counted: the tables were full */
	uint64_t no_edge;         /* calls that are in no edge, for the same reason */
	uint64_t unsettled;       /* times that thousands of calls were over at once */
	uint64_t children_missed; /* processes that could not be followed */
	struct ev_trace_cost costs[EV_TRACE_COSTS];
};

struct ev_trace;
/* Measures what tracing costs here, puts the probes and follows the target from now on. A command
 * waits for its exec meanwhile. */
int ev_trace_open(struct ev_trace **trace, const struct ev_trace_options *options,
		  const struct ev_watch_target *target, struct ev_err *err);
/* To be called several times a second: lets functions go that are called too often. */
void ev_trace_look(struct ev_trace *trace);
/* Takes the probes away. */
void ev_trace_stop(struct ev_trace *trace);
int ev_trace_read(struct ev_trace *trace, struct ev_trace_result *result, struct ev_err *err);
void ev_trace_result_done(struct ev_trace_result *result);
void ev_trace_close(struct ev_trace *trace);

#endif
