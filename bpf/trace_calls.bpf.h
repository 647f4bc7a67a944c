/* The calls that are under way, a stack of them for every thread, and the sums that they add to
 * when they end.
 *
 * The stack pointer tells what is over. A call whose return address stands at S is over when
 * anything happens above S; so calls that end without a return (longjmp, exceptions) are taken
 * away by whatever happens next, and a function that jumps to another one stays, below that.
 */
#ifndef BPF_TRACE_CALLS_BPF_H
#define BPF_TRACE_CALLS_BPF_H

#include <linux/ptrace.h>
#include "watched.bpf.h"
#include "trace.h"

#define ANY_CALLER (~0u)

struct trace_trouble trouble = { 0 };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct trace_function);
} functions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct trace_edge_key);
	__type(value, struct trace_edge);
} edges SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, __u32); /* tid */
	__type(value, struct trace_thread);
} threads SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, struct trace_frame_key);
	__type(value, struct trace_frame);
} frames SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 131072);
	__type(key, struct trace_active_key);
	__type(value, struct trace_active);
} active SEC(".maps");

/* A thread's own clock stands while others have its CPU: neither is that the time of its functions,
 * nor would what tracing costs be as long as it was measured. */
static __always_inline __u64 clock_of(const struct trace_thread *thread)
{
	return bpf_ktime_get_ns() - thread->preempted_ns;
}

/* ---- one call ---------------------------------------------------------------------------------
 */

enum ending { ENDED_RETURN, ENDED_LEFT, ENDED_THREAD };

/* How often it was on the thread's stack before; it is now once more. */
static __always_inline __u32 activate(__u32 tid, __u32 caller, __u32 callee, __u32 *first_caller)
{
	struct trace_active_key key = { .tid = tid, .caller = ANY_CALLER, .callee = callee };
	struct trace_active first = { 1, caller };
	struct trace_active *is = bpf_map_lookup_elem(&active, &key);
	*first_caller = caller;
	if (!is) {
		if (bpf_map_update_elem(&active, &key, &first, BPF_ANY))
			__sync_fetch_and_add(&trouble.no_edge, 1);
		return 0;
	}
	*first_caller = is->first_caller;
	return is->count++;
}

static __always_inline __u32 activate_edge(__u32 tid, __u32 caller, __u32 callee)
{
	struct trace_active_key key = { .tid = tid, .caller = caller, .callee = callee };
	struct trace_active first = { 1, caller };
	struct trace_active *is = bpf_map_lookup_elem(&active, &key);
	if (is)
		return is->count++;
	if (bpf_map_update_elem(&active, &key, &first, BPF_ANY))
		__sync_fetch_and_add(&trouble.no_edge, 1);
	return 0;
}

static __always_inline void deactivate(__u32 tid, __u32 caller, __u32 callee)
{
	struct trace_active_key key = { .tid = tid, .caller = caller, .callee = callee };
	struct trace_active *is = bpf_map_lookup_elem(&active, &key);
	if (is && --is->count == 0)
		bpf_map_delete_elem(&active, &key);
}

static __always_inline __u32 bucket_of(__s64 ns)
{
	__u64 left = ns > 0 ? (__u64)ns : 0;
	__u32 bits = 0;
	for (__u32 step = 32; step; step >>= 1)
		if (left >> step) {
			bits += step;
			left >>= step;
		}
	return left ? bits + 1 : 0;
}

static __always_inline void add_call(const struct trace_frame *frame, __s64 total, __s64 own,
				     enum ending how)
{
	__u32 id = frame->function;
	struct trace_function *function = bpf_map_lookup_elem(&functions, &id);
	struct trace_edge_key key = { frame->caller, frame->function };
	struct trace_edge *edge = bpf_map_lookup_elem(&edges, &key);
	__u64 length = total > 0 ? (__u64)total : 0;
	if (!function)
		return;
	__sync_fetch_and_add(&function->ended, 1);
	__sync_fetch_and_add(&function->own_ns, own);
	if (frame->primitive)
		__sync_fetch_and_add(&function->total_ns, total);
	if (how == ENDED_THREAD)
		__sync_fetch_and_add(&function->unfinished, 1);
	else if (how == ENDED_LEFT && frame->jumped_ns)
		__sync_fetch_and_add(&function->jumped, 1);
	else if (how == ENDED_LEFT && frame->too_deep)
		__sync_fetch_and_add(&function->too_deep, 1);
	else if (how == ENDED_LEFT)
		__sync_fetch_and_add(&function->left, 1);
	__sync_fetch_and_add(&function->histogram[bucket_of(total) & (TRACE_BUCKETS - 1)], 1);
	/* Two threads may do this at once, and one of the values is lost: rarely, and not a count.
	 */
	if (length > function->longest_ns)
		function->longest_ns = length;
	if (!function->shortest_ns || length + 1 < function->shortest_ns)
		function->shortest_ns = length + 1;
	if (!edge)
		return;
	__sync_fetch_and_add(&edge->own_ns, own);
	if (frame->primitive_edge)
		__sync_fetch_and_add(&edge->total_ns, total);
}

/* Ends a thread's innermost call: was there one? Not inlined and not static: verified once. */
__noinline int ev_trace_pop(__u32 tid, __u64 end_ns, __u32 how)
{
	struct trace_thread *thread = bpf_map_lookup_elem(&threads, &tid);
	if (!thread || !thread->calls)
		return 0;
	struct trace_frame_key key = { tid, thread->calls };
	struct trace_frame *frame = bpf_map_lookup_elem(&frames, &key);
	thread->calls--;
	if (!frame)
		return 1;
	__u32 id = frame->function;
	struct trace_function *function = bpf_map_lookup_elem(&functions, &id);
	bool returned = how == ENDED_RETURN && !frame->jumped_ns;
	__s64 inside = 0, outside = 0;
	if (function) {
		inside = returned ? function->inside_ns : function->left_inside_ns;
		outside = returned ? function->outside_ns : function->left_outside_ns;
	}
	__s64 total = (__s64)(end_ns - frame->start_ns) - frame->cost_ns - inside;
	if (frame->start_ns)
		add_call(frame, total, total - frame->below_ns, how);
	if (frame->watched_return && thread->watched_returns)
		thread->watched_returns--;
	deactivate(tid, ANY_CALLER, frame->function);
	if (!frame->primitive)
		deactivate(tid, frame->caller, frame->function);
	struct trace_frame_key above = { tid, thread->calls };
	struct trace_frame *caller = bpf_map_lookup_elem(&frames, &above);
	if (caller && thread->calls && frame->start_ns) {
		caller->below_ns += total;
		caller->cost_ns += frame->cost_ns + inside + outside;
		if (caller->jumped_ns && caller->jumped_ns < end_ns)
			caller->jumped_ns = end_ns;
	}
	bpf_map_delete_elem(&frames, &key);
	return 1;
}

/* When a call ended that was not seen to. */
static __always_inline __u64 unseen_end(const struct trace_thread *thread,
					const struct trace_frame *frame)
{
	if (frame->jumped_ns)
		return frame->jumped_ns;
	if (thread->leaving_ns > thread->event_ns)
		return thread->leaving_ns;
	return thread->event_ns > frame->start_ns ? thread->event_ns : frame->start_ns;
}

/* A function that jumped away is over when its return address is no longer where it stood: what it
 * jumped to has returned, and its caller has used that place. Only x86 keeps it on the stack, and
 * the kernel puts its own there where it watches returns, which are seen then. */
static __always_inline bool has_returned(const struct trace_frame *top)
{
#if defined(__TARGET_ARCH_x86)
	__u64 address = 0;
	__u32 id = top->function;
	struct trace_function *function = bpf_map_lookup_elem(&functions, &id);
	return function && function->exit == TRACE_EXIT_INSTRUCTIONS && top->jumped_ns &&
	       top->jumped_address &&
	       !bpf_probe_read_user(&address, sizeof(address), (const void *)top->stack) &&
	       address != top->jumped_address;
#else
	return false;
#endif
}

/* Ends the innermost call if the stack pointer tells that it is over: was it? Functions of their
 * own make loops of them simple enough for the verifier. */
__noinline int ev_trace_settle_one(__u32 tid, __u64 stack)
{
	struct trace_thread *thread = bpf_map_lookup_elem(&threads, &tid);
	if (!thread || !thread->calls)
		return 0;
	struct trace_frame_key key = { tid, thread->calls };
	struct trace_frame *top = bpf_map_lookup_elem(&frames, &key);
	if (!top)
		return 0;
	if (!has_returned(top) && (top->stack >= stack || stack - top->stack > TRACE_STACK_SPAN))
		return 0;
	ev_trace_pop(tid, unseen_end(thread, top), ENDED_LEFT);
	return 1;
}

/* One step after another until one has nothing to do; the verifier looks at it once, where the
 * kernel can. `name` is of the function made of it: true when the steps came to their end. */
struct steps {
	__u32 tid;
	__u64 stack, now_ns;
	bool done;
};
#define STEPS(name, step)                                                                          \
	static long name##_step(__u32 index, void *context)                                        \
	{                                                                                          \
		struct steps *steps = context;                                                     \
		steps->done = !(step);                                                             \
		return steps->done;                                                                \
	}                                                                                          \
	static __always_inline void name(__u32 tid, __u64 stack, __u64 now_ns)                     \
	{                                                                                          \
		struct steps steps = { tid, stack, now_ns, false };                                \
		if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_loop))                   \
			bpf_loop(TRACE_POPS_MAX, name##_step, &steps, 0);                          \
		else                                                                               \
			for (int i = 0; i < TRACE_POPS_PLAIN; i++)                                 \
				if (name##_step(i, &steps))                                        \
					break;                                                     \
		if (!steps.done)                                                                   \
			__sync_fetch_and_add(&trouble.unsettled, 1);                               \
	}

STEPS(settle, ev_trace_settle_one(steps->tid, steps->stack))

#endif
