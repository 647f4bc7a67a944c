/* Counts the calls of functions and measures each, by probes where they begin and where they end.
 */
#include "trace_calls.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#if defined(__TARGET_ARCH_x86)
#define RETURN_ADDRESS_BYTES 8 /* a return takes it from the stack */
#else
#define RETURN_ADDRESS_BYTES 0
#endif

/* ---- entry ------------------------------------------------------------------------------------
 */

static __always_inline struct trace_thread *thread_of(__u32 tid)
{
	struct trace_thread none = { 0 };
	struct trace_thread *thread = bpf_map_lookup_elem(&threads, &tid);
	if (thread)
		return thread;
	bpf_map_update_elem(&threads, &tid, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&threads, &tid);
}

static __always_inline void add_edge(__u32 caller, __u32 callee, bool primitive)
{
	struct trace_edge_key key = { caller, callee };
	struct trace_edge *edge = bpf_map_lookup_elem(&edges, &key);
	if (!edge) {
		struct trace_edge none = { 0 };
		bpf_map_update_elem(&edges, &key, &none, BPF_NOEXIST);
		edge = bpf_map_lookup_elem(&edges, &key);
	}
	if (!edge) {
		__sync_fetch_and_add(&trouble.no_edge, 1);
		return;
	}
	__sync_fetch_and_add(&edge->calls, 1);
	if (primitive)
		__sync_fetch_and_add(&edge->primitive_calls, 1);
}

static __always_inline int push(__u32 tid, struct trace_thread *thread, __u32 id,
				struct trace_function *function, __u64 stack)
{
	struct trace_frame frame = { .stack = stack, .function = id, .caller = TRACE_OUTSIDE };
	struct trace_frame_key key = { tid, thread->calls };
	struct trace_frame *caller = thread->calls ? bpf_map_lookup_elem(&frames, &key) : NULL;
	__u32 first_caller;
	if (caller)
		frame.caller = caller->function;
	if (function->exit == TRACE_EXIT_RETURN_ADDRESS) {
		frame.watched_return = thread->watched_returns < TRACE_RETURNS_MAX;
		frame.too_deep = !frame.watched_return;
	}
	key.number = thread->calls + 1;
	if (bpf_map_update_elem(&frames, &key, &frame, BPF_ANY)) {
		__sync_fetch_and_add(&trouble.no_room, 1);
		return 0;
	}
	struct trace_frame *mine = bpf_map_lookup_elem(&frames, &key);
	if (!mine)
		return 0;
	thread->calls++;
	thread->watched_returns += frame.watched_return;
	mine->primitive = !activate(tid, frame.caller, id, &first_caller);
	/* The outermost call is the first of its edge; it is not told apart. */
	mine->primitive_edge = mine->primitive;
	if (!mine->primitive)
		mine->primitive_edge =
			!activate_edge(tid, frame.caller, id) && first_caller != frame.caller;
	__sync_fetch_and_add(&function->calls, 1);
	if (mine->primitive)
		__sync_fetch_and_add(&function->primitive_calls, 1);
	add_edge(frame.caller, id, mine->primitive_edge);
	mine->start_ns = clock_of(thread);
	thread->event_ns = mine->start_ns;
	return 0;
}

static __always_inline bool is_watched(void)
{
	return ev_watched((struct task_struct *)bpf_get_current_task());
}

/* Is a function that begins where the one before it on the stack began the one that that jumped
 * to? Else that was left, or jumped to one that is not traced, and its caller calls again. */
static __always_inline bool is_jumped_to(const struct trace_frame *top, __u32 id, __u64 stack)
{
	__u64 address = 0;
	if (!top->jumped_ns)
		return false;
	if (top->jumped_to != TRACE_OUTSIDE)
		return top->jumped_to == id;
	bpf_probe_read_user(&address, sizeof(address), (const void *)stack);
	return address == top->jumped_address && id != top->function;
}

static __always_inline int enter(struct pt_regs *registers)
{
	__u64 cookie = bpf_get_attach_cookie(registers);
	__u32 id = (__u32)cookie, tid = (__u32)bpf_get_current_pid_tgid();
	struct trace_function *function = bpf_map_lookup_elem(&functions, &id);
	if (!function || function->generation != cookie >> 32 || !is_watched())
		return 0;
	struct trace_thread *thread = thread_of(tid);
	if (!thread) {
		__sync_fetch_and_add(&trouble.no_room, 1);
		return 0;
	}
	__u64 stack = PT_REGS_SP(registers) + function->stack_bytes;
	settle(tid, stack, 0);
	struct trace_frame_key key = { tid, thread->calls };
	struct trace_frame *top = thread->calls ? bpf_map_lookup_elem(&frames, &key) : NULL;
	if (top && top->stack == stack && !is_jumped_to(top, id, stack))
		ev_trace_pop(tid, unseen_end(thread, top), ENDED_LEFT);
	return push(tid, thread, id, function, stack);
}

/* ---- return -----------------------------------------------------------------------------------
 */

/* Coroutines: calls on another stack may have been put above the one that returns. */
static __always_inline bool find_below(__u32 tid, struct trace_thread *thread, __u64 stack)
{
	__u32 found = 0;
	for (__u32 i = 1; i < TRACE_SEARCH_MAX && i < thread->calls && !found; i++) {
		struct trace_frame_key key = { tid, thread->calls - i };
		struct trace_frame *frame = bpf_map_lookup_elem(&frames, &key);
		if (frame && frame->stack == stack)
			found = i;
	}
	for (__u32 i = 0; i < TRACE_SEARCH_MAX && i < found; i++)
		ev_trace_pop(tid, thread->event_ns, ENDED_LEFT);
	return found;
}

/* Ends the innermost call if it is the one that returns, or one that jumped to that: was it? */
__noinline int ev_trace_return_one(__u32 tid, __u64 now_ns, __u64 stack)
{
	struct trace_thread *thread = bpf_map_lookup_elem(&threads, &tid);
	if (!thread || !thread->calls)
		return 0;
	struct trace_frame_key key = { tid, thread->calls };
	struct trace_frame *top = bpf_map_lookup_elem(&frames, &key);
	if (!top || top->stack != stack)
		return 0;
	ev_trace_pop(tid, now_ns, ENDED_RETURN);
	return 1;
}

STEPS(end_returned, ev_trace_return_one(steps->tid, steps->now_ns, steps->stack))

static __always_inline int leave(__u64 stack)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct trace_thread *thread = bpf_map_lookup_elem(&threads, &tid);
	if (!thread || !thread->calls)
		return 0;
	__u64 now = clock_of(thread);
	settle(tid, stack, 0);
	struct trace_frame_key key = { tid, thread->calls };
	struct trace_frame *top = thread->calls ? bpf_map_lookup_elem(&frames, &key) : NULL;
	if (!top || (top->stack != stack && !find_below(tid, thread, stack))) {
		__sync_fetch_and_add(&trouble.strange, 1);
		return 0;
	}
	end_returned(tid, stack, now);
	thread->event_ns = now;
	return 0;
}

SEC("uprobe")
int BPF_KPROBE(on_entry)
{
	return enter(ctx);
}

/* An instruction that returns: the return address is the next thing on the stack. */
SEC("uprobe")
int BPF_KPROBE(on_return)
{
	return leave(PT_REGS_SP(ctx));
}

/* The kernel's own way, behind the return. */
SEC("uretprobe")
int BPF_KRETPROBE(on_returned)
{
	return leave(PT_REGS_SP(ctx) - RETURN_ADDRESS_BYTES);
}

/* A function jumps to another one, which will return in its place. */
SEC("uprobe")
int BPF_KPROBE(on_jump)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 stack = PT_REGS_SP(ctx);
	struct trace_thread *thread = bpf_map_lookup_elem(&threads, &tid);
	if (!thread || !thread->calls)
		return 0;
	settle(tid, stack, 0);
	struct trace_frame_key key = { tid, thread->calls };
	struct trace_frame *top = thread->calls ? bpf_map_lookup_elem(&frames, &key) : NULL;
	if (!top || top->stack != stack)
		return 0;
	top->jumped_to = (__u32)bpf_get_attach_cookie(ctx);
	bpf_probe_read_user(&top->jumped_address, sizeof(top->jumped_address), (void *)stack);
	top->jumped_ns = clock_of(thread);
	return 0;
}

/* A throw or a longjmp begins: what it leaves is found later, and ended now. */
SEC("uprobe")
int BPF_KPROBE(on_leaving)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct trace_thread *thread = bpf_map_lookup_elem(&threads, &tid);
	if (thread)
		thread->leaving_ns = clock_of(thread);
	return 0;
}

/* ---- threads ----------------------------------------------------------------------------------
 */

STEPS(end_all, ev_trace_pop(steps->tid, steps->now_ns, ENDED_THREAD))

/* All that is under way in a thread ends with it, or with its program. */
static __always_inline int end_thread(__u32 tid)
{
	struct trace_thread *thread = bpf_map_lookup_elem(&threads, &tid);
	if (!thread)
		return 0;
	end_all(tid, 0, clock_of(thread));
	bpf_map_delete_elem(&threads, &tid);
	return 0;
}

__noinline int ev_trace_copy(__u32 from, __u32 to, __u32 number)
{
	struct trace_frame_key key = { from, number };
	struct trace_frame *frame = bpf_map_lookup_elem(&frames, &key);
	__u32 first_caller;
	if (!frame)
		return 0;
	struct trace_frame copy = { .stack = frame->stack,
				    .jumped_ns = frame->jumped_ns,
				    .function = frame->function,
				    .caller = frame->caller,
				    .watched_return = frame->watched_return,
				    .too_deep = frame->too_deep };
	copy.primitive = !activate(to, copy.caller, copy.function, &first_caller);
	if (!copy.primitive)
		activate_edge(to, copy.caller, copy.function);
	key.tid = to;
	bpf_map_update_elem(&frames, &key, &copy, BPF_ANY);
	return 0;
}

/* A child process is in the middle of the calls that its parent is in; they were counted there. */
static __always_inline int inherit(struct task_struct *parent, struct task_struct *child)
{
	__u32 from = (__u32)BPF_CORE_READ(parent, pid), to = (__u32)BPF_CORE_READ(child, pid);
	struct trace_thread *thread = bpf_map_lookup_elem(&threads, &from);
	if (!thread || !watch.follow || thread->calls > TRACE_COPY_MAX ||
	    BPF_CORE_READ(parent, tgid) == BPF_CORE_READ(child, tgid))
		return 0;
	struct trace_thread copy = *thread;
	copy.out_ns = 0;
	for (__u32 i = 1; i <= TRACE_COPY_MAX && i <= copy.calls; i++)
		ev_trace_copy(from, to, i);
	bpf_map_update_elem(&threads, &to, &copy, BPF_ANY);
	return 0;
}

/* Older kernels call it state. */
struct task_struct___state {
	unsigned int __state;
} __attribute__((preserve_access_index));
struct task_struct___older {
	long state;
} __attribute__((preserve_access_index));

static __always_inline bool is_runnable(struct task_struct *task)
{
	struct task_struct___state *now = (void *)task;
	struct task_struct___older *older = (void *)task;
	if (bpf_core_field_exists(now->__state))
		return !BPF_CORE_READ(now, __state);
	return !BPF_CORE_READ(older, state);
}

static __always_inline int note_switch(struct task_struct *from, struct task_struct *to)
{
	__u32 tid = (__u32)BPF_CORE_READ(from, pid);
	struct trace_thread *thread = tid ? bpf_map_lookup_elem(&threads, &tid) : NULL;
	if (thread && is_runnable(from))
		thread->out_ns = bpf_ktime_get_ns();
	tid = (__u32)BPF_CORE_READ(to, pid);
	thread = tid ? bpf_map_lookup_elem(&threads, &tid) : NULL;
	if (thread && thread->out_ns) {
		thread->preempted_ns += bpf_ktime_get_ns() - thread->out_ns;
		thread->out_ns = 0;
	}
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(typed_switch, bool preempted, struct task_struct *from, struct task_struct *to)
{
	return note_switch(from, to);
}

SEC("raw_tp/sched_switch")
int BPF_PROG(raw_switch, bool preempted, struct task_struct *from, struct task_struct *to)
{
	return note_switch(from, to);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(typed_exit, struct task_struct *task)
{
	return end_thread((__u32)bpf_get_current_pid_tgid());
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(typed_exec, struct task_struct *task)
{
	return end_thread((__u32)bpf_get_current_pid_tgid());
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(typed_inherit, struct task_struct *parent, struct task_struct *child)
{
	return inherit(parent, child);
}

SEC("raw_tp/sched_process_exit")
int BPF_PROG(raw_exit, struct task_struct *task)
{
	return end_thread((__u32)bpf_get_current_pid_tgid());
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(raw_exec, struct task_struct *task)
{
	return end_thread((__u32)bpf_get_current_pid_tgid());
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(raw_inherit, struct task_struct *parent, struct task_struct *child)
{
	return inherit(parent, child);
}

EV_WATCH_PROGRAMS
