/* Measures every interval in which a thread is off the CPUs: its stack and state are taken as it
 * leaves, and told when it comes back. Every program is there twice: on typed tracepoints, and on
 * raw ones for kernels that refuse them. */
#include "filter.bpf.h"
#include "stacks.bpf.h"
#include "waits.h"
#include "watched.bpf.h"

char LICENSE[] SEC("license") = "GPL";

#define TASK_DEAD 0x80
#define PF_KTHREAD 0x00200000
#define PAGE_BYTES 4096
#define HEAD_BYTES offsetof(struct ev_wait, user)

const volatile struct ev_wait_options options = { 0 };
struct ev_wait_losses losses = { 0 };
bool paused = false;  /* nothing is measured */
__u64 opened_ns = 0;  /* when measuring began; 0 = not yet */
bool marking = false; /* mark_sample sees what is sampled */

/* By tid. Its values are as large as options.copy_bytes asks for, which the loader sees to. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EV_WAIT_THREADS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ev_wait);
} waits SEC(".maps");

/* By the tid of who was woken. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EV_WAIT_THREADS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, struct ev_wait);
} wakers SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EV_WAIT_KINDS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u64);
	__type(value, struct ev_wait_sum);
} kinds SEC(".maps");

/* A value of zeros, and room for a chain that is only hashed. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ev_wait);
} blank SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64[EV_WAIT_USER_FRAMES]);
} chains SEC(".maps");

/* Samples since a CPU last changed hands: all of the thread that is on it. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} sampled SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, EV_WAIT_RING_BYTES);
} ring SEC(".maps");

static __always_inline __u32 state_of(struct task_struct *task)
{
	struct task_struct___old *old = (void *)task;
	if (bpf_core_field_exists(task->__state))
		return BPF_CORE_READ(task, __state);
	return (__u32)BPF_CORE_READ(old, state);
}

/* The entry of a thread in one of the maps; made when it has none. */
static __always_inline struct ev_wait *entry_of(void *map, __u32 tid)
{
	__u32 first = 0;
	struct ev_wait *wait = bpf_map_lookup_elem(map, &tid);
	if (wait)
		return wait;
	void *zeros = bpf_map_lookup_elem(&blank, &first);
	if (zeros)
		bpf_map_update_elem(map, &tid, zeros, BPF_NOEXIST);
	wait = bpf_map_lookup_elem(map, &tid);
	if (!wait)
		__sync_fetch_and_add(&losses.untold, 1);
	return wait;
}

/* ---- stacks -----------------------------------------------------------------------------------
 */

/* The stack pointer and the system call, -1 for none, among the registers. */
static __always_inline __u64 stack_pointer(const struct ev_wait *wait)
{
#if defined(__TARGET_ARCH_x86)
	return wait->registers[19];
#elif defined(__TARGET_ARCH_arm64)
	return wait->registers[31];
#else
	return 0;
#endif
}

static __always_inline void find_syscall(struct ev_wait *wait)
{
#if defined(__TARGET_ARCH_x86)
	wait->syscall = (__s64)wait->registers[15];
	wait->compat = (__u16)wait->registers[17] == 0x23;
#elif defined(__TARGET_ARCH_arm64)
	wait->syscall = (__s32)wait->registers[35];
	wait->compat = wait->registers[33] >> 4 & 1;
#else
	wait->syscall = -1;
#endif
}

/* By pages, because what lies behind the stack's end can not be read. */
static __always_inline void copy_stack(struct ev_wait *wait)
{
	__u64 from = stack_pointer(wait);
	__u32 at = 0, length = PAGE_BYTES - (from & (PAGE_BYTES - 1));
	for (int i = 0; i <= EV_WAIT_COPY_LIMIT / EV_WAIT_CHUNK; i++) {
		if (at >= options.copy_bytes || length > EV_WAIT_CHUNK ||
		    bpf_probe_read_user(&wait->copy[at], length, (void *)(from + at)))
			break;
		at += length;
		length = PAGE_BYTES;
	}
	wait->copied_bytes = at < options.copy_bytes ? at : options.copy_bytes;
}

/* The stack of the thread that runs now. */
static __always_inline void take_stack(void *ctx, struct ev_wait *wait, bool has_user)
{
	struct task_struct *task = bpf_get_current_task_btf();
	long count = options.kernel ? ev_kernel_stack(ctx, wait->kernel, EV_WAIT_KERNEL_FRAMES) : 0;
	wait->kernel_count = count > 0 ? (__u32)count : 0;
	wait->user_count = wait->copied_bytes = 0;
	wait->syscall = -1;
	void *registers = has_user ? (void *)bpf_task_pt_regs(task) : NULL;
#if defined(__TARGET_ARCH_x86)
	__u32 bytes = 21 * sizeof(__u64);
#else
	__u32 bytes = sizeof(wait->registers);
#endif
	if (!registers || bpf_probe_read_kernel(wait->registers, bytes, registers))
		return;
	find_syscall(wait);
	if (!options.user)
		return;
	if (options.copy_bytes && !wait->compat) {
		copy_stack(wait);
		return;
	}
	count = ev_user_stack(ctx, wait->user, EV_WAIT_USER_FRAMES);
	wait->user_count = count > 0 ? (__u32)count : 0;
}

static __always_inline __u64 mix(__u64 hash, __u64 word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15ull;
	return hash ^ hash >> 29;
}

/* What waits must have in common to be added up: the thread, how and where it waits. Of a stack
 * that is copied the chain by frame pointers and the stack pointer stand for all of it. */
static __always_inline __u64 kind_of(void *ctx, const struct ev_wait *wait)
{
	__u32 first = 0;
	__u64 hash = mix((__u64)wait->pid << 32 | wait->tid,
			 (__u64)wait->task_state << 32 | (__u32)wait->syscall);
	hash = mix(hash, (__u64)wait->preempted << 8 | wait->in_iowait);
	for (__u32 i = 0; i < EV_WAIT_KERNEL_FRAMES && i < wait->kernel_count; i++)
		hash = mix(hash, wait->kernel[i]);
	const __u64 *chain = wait->user;
	long count = wait->user_count;
	if (options.copy_bytes && wait->copied_bytes) {
		__u64 *room = bpf_map_lookup_elem(&chains, &first);
		if (!room)
			return hash;
		hash = mix(hash, stack_pointer(wait));
		count = ev_user_stack(ctx, room, EV_WAIT_USER_FRAMES);
		chain = room;
	}
	for (long i = 0; i < EV_WAIT_USER_FRAMES && i < count; i++)
		hash = mix(hash, chain[i]);
	return hash ? hash : 1;
}

/* ---- telling ----------------------------------------------------------------------------------
 */

/* False when there was no room, which is counted. */
static __always_inline bool tell(struct ev_wait *wait, __u32 what)
{
	__u64 bytes = HEAD_BYTES;
	wait->what = what;
	if (options.copy_bytes)
		bytes += wait->copied_bytes;
	if (wait->user_count)
		bytes = HEAD_BYTES + wait->user_count * sizeof(__u64);
	__u64 most = HEAD_BYTES + (options.copy_bytes > sizeof(wait->user) ? options.copy_bytes
									   : sizeof(wait->user));
	if (bytes > most)
		bytes = most;
	/* The reader looks by itself, and is called only when it should hurry. */
	bool full = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > EV_WAIT_RING_BYTES / 4;
	if (!bpf_ringbuf_output(&ring, wait, bytes, full ? BPF_RB_FORCE_WAKEUP : BPF_RB_NO_WAKEUP))
		return true;
	__sync_fetch_and_add(&losses.dropped, what == EV_WAIT_INTERVAL || what == EV_WAIT_SHORT);
	if (what != EV_WAIT_WAKER)
		__sync_fetch_and_add(&losses.dropped_ns, wait->end_ns - wait->begin_ns);
	return false;
}

/* Adds a short wait up with those of its kind; false when there is no room for one more kind. */
static __always_inline bool add_up(struct ev_wait *wait)
{
	__u64 ns = wait->end_ns - wait->begin_ns;
	struct ev_wait_sum *sum = bpf_map_lookup_elem(&kinds, &wait->kind);
	if (sum) {
		__sync_fetch_and_add(&sum->ns, ns);
		__sync_fetch_and_add(&sum->count, 1);
		__sync_fetch_and_add(&sum->run_ns, wait->run_ns);
		sum->last_ns = wait->end_ns;
		return true;
	}
	/* The first one is told on its own. */
	struct ev_wait_sum none = { .last_ns = wait->end_ns };
	if (bpf_map_update_elem(&kinds, &wait->kind, &none, BPF_NOEXIST))
		return false;
	if (!tell(wait, EV_WAIT_SHORT))
		bpf_map_delete_elem(&kinds, &wait->kind);
	return true;
}

static __always_inline void tell_waker(const struct ev_wait *wait)
{
	__u32 tid = wait->tid;
	struct ev_wait *waker = bpf_map_lookup_elem(&wakers, &tid);
	if (!waker || waker->begin_ns != wait->begin_ns)
		return;
	waker->end_ns = wait->end_ns;
	tell(waker, EV_WAIT_WAKER);
	waker->begin_ns = 0;
}

/* ---- on -----------------------------------------------------------------------------------------
 */

static __always_inline __u32 take_sampled(void)
{
	__u32 first = 0, *count = bpf_map_lookup_elem(&sampled, &first), taken = 0;
	if (count) {
		taken = *count;
		*count = 0;
	}
	return taken;
}

static __always_inline bool passes(const struct ev_wait *wait, __u64 latency)
{
	struct ev_filter_subject subject = {
		.period = latency,
		.latency = latency,
		.cpu = bpf_get_smp_processor_id(),
		.pid = wait->pid,
		.tid = wait->tid,
		.facts = wait->facts,
	};
	return !has_filter || ev_filter_passes(&subject);
}

/* Its time on this CPU is over: samples that were taken share it, or else it counts for the stack
 * at its end. */
static __always_inline void end_run(struct ev_wait *wait, __u32 samples, __u64 now_ns)
{
	__u64 since_ns = paused || !passes(wait, 0) ? 0 : wait->on_since_ns;
	__u64 ns = since_ns ? now_ns - since_ns : 0;
	wait->on_since_ns = 0;
	wait->on_ns += ns;
	wait->run_ns = samples || !marking ? 0 : ns;
	if (!samples)
		return;
	struct ev_wait_ran ran = {
		.begin_ns = since_ns, .end_ns = now_ns, .pid = wait->pid, .tid = wait->tid
	};
	/* One that finds no room is measured all the same, with all that the thread ran. */
	bpf_ringbuf_output(&ring, &ran, sizeof(ran), BPF_RB_NO_WAKEUP);
}

/* ---- off and on -------------------------------------------------------------------------------
 */

static __always_inline void forget(__u32 tid)
{
	bpf_map_delete_elem(&waits, &tid);
	if (options.wakers)
		bpf_map_delete_elem(&wakers, &tid);
}

/* The kernel's own threads wait for work; so does who measures. */
static __always_inline bool is_measured(struct task_struct *task)
{
	return BPF_CORE_READ(task, pid) && !(BPF_CORE_READ(task, flags) & PF_KTHREAD) &&
	       BPF_CORE_READ(task, tgid) != options.own_pid && ev_watched(task);
}

/* A thread that was made since measuring began has waited for a CPU until now. */
static __always_inline void be_born(struct task_struct *task, struct ev_wait *wait)
{
	__u64 born_ns = BPF_CORE_READ(task, start_time);
	if (wait->met || !opened_ns || born_ns < opened_ns || paused)
		return;
	wait->begin_ns = born_ns;
	wait->preempted = 1;
	wait->syscall = -1;
}

static __always_inline void end_wait(struct ev_wait *wait, __u64 now_ns)
{
	if (!wait->begin_ns)
		return;
	wait->end_ns = now_ns;
	wait->cpu = bpf_get_smp_processor_id();
	if (!paused && passes(wait, now_ns - wait->begin_ns) &&
	    (now_ns - wait->begin_ns >= options.shortest_ns || !wait->kind || !add_up(wait))) {
		if (options.wakers)
			tell_waker(wait);
		tell(wait, EV_WAIT_INTERVAL);
	}
	wait->begin_ns = 0;
}

/* ---- switches that nobody told of ---------------------------------------------------------------
 * The kernel does not call its tracepoint for every switch. How long a thread ran is in its own
 * accounts as well, from which follows when it came or went.
 */

static __always_inline __u64 ran_since(struct task_struct *task, const struct ev_wait *wait,
				       __u64 begin_ns, __u64 now_ns)
{
	__u64 ns = BPF_CORE_READ(task, se.sum_exec_runtime) - wait->exec_ns;
	return ns < now_ns - begin_ns ? ns : now_ns - begin_ns;
}

/* It leaves and was not seen to enter: it waited until then. */
static __always_inline void make_good_entering(struct task_struct *task, struct ev_wait *wait,
					       __u64 now_ns)
{
	if (!wait->met)
		be_born(task, wait);
	if (!wait->begin_ns || wait->begin_ns >= now_ns || wait->began_before)
		return;
	__sync_fetch_and_add(&losses.missed, 1);
	wait->on_since_ns = now_ns - ran_since(task, wait, wait->begin_ns, now_ns);
	end_wait(wait, wait->on_since_ns);
}

/* It enters and was not seen to leave: for what it waited, and where, nobody knows. */
static __always_inline void make_good_leaving(struct task_struct *task, struct ev_wait *wait,
					      __u64 now_ns)
{
	__u64 ns = ran_since(task, wait, wait->on_since_ns, now_ns);
	__sync_fetch_and_add(&losses.missed, 1);
	wait->begin_ns = wait->on_since_ns + ns;
	wait->on_ns += ns;
	wait->run_ns =
		0; /* with samples or not: what is measured and not given is told at the end */
	wait->kind = 0;
	wait->untold = 1;
	wait->kernel_count = wait->user_count = wait->copied_bytes = 0;
}

static __always_inline void leave(void *ctx, struct task_struct *task, bool preempted, __u64 now_ns)
{
	__u32 tid = BPF_CORE_READ(task, pid), samples = take_sampled();
	if (!is_measured(task))
		return;
	struct ev_wait *wait = entry_of(&waits, tid);
	if (!wait)
		return;
	wait->pid = BPF_CORE_READ(task, tgid);
	wait->tid = tid;
	if (has_filter)
		wait->facts = ev_filter_facts(task);
	wait->cpu = bpf_get_smp_processor_id();
	if (!wait->on_since_ns && !paused)
		make_good_entering(task, wait, now_ns);
	end_run(wait, samples, now_ns);
	wait->exec_ns = BPF_CORE_READ(task, se.sum_exec_runtime);
	wait->met = 1;
	wait->task_state = state_of(task);
	wait->began_before = wait->untold = 0;
	if (wait->task_state & TASK_DEAD) {
		wait->begin_ns = wait->end_ns = now_ns;
		wait->user_count = wait->copied_bytes = 0;
		tell(wait, EV_WAIT_ENDED);
		forget(tid);
		return;
	}
	if (paused) {
		wait->begin_ns = 0;
		return;
	}
	wait->preempted = preempted;
	wait->in_iowait = BPF_CORE_READ_BITFIELD_PROBED(task, in_iowait);
	take_stack(ctx, wait, true);
	wait->kind = options.shortest_ns ? kind_of(ctx, wait) : 0;
	wait->begin_ns = now_ns;
}

static __always_inline void enter(struct task_struct *task, __u64 now_ns)
{
	__u32 tid = BPF_CORE_READ(task, pid);
	struct ev_wait *wait = tid ? bpf_map_lookup_elem(&waits, &tid) : NULL;
	if (!wait) {
		/* New: its time on the CPU counts from here. */
		if (!is_measured(task))
			return;
		wait = entry_of(&waits, tid);
		if (!wait)
			return;
		wait->pid = BPF_CORE_READ(task, tgid);
		wait->tid = tid;
		if (has_filter)
			wait->facts = ev_filter_facts(task);
		be_born(task, wait);
	}
	if (wait->on_since_ns && !paused)
		make_good_leaving(task, wait, now_ns);
	wait->on_since_ns = paused ? 0 : now_ns;
	wait->met = 1;
	end_wait(wait, now_ns);
}

static __always_inline int take_switch(void *ctx, bool preempted, struct task_struct *from,
				       struct task_struct *to)
{
	__u64 now_ns = bpf_ktime_get_ns();
	leave(ctx, from, preempted, now_ns);
	enter(to, now_ns);
	return 0;
}

/* In the context of whoever wakes it, or of whom the interrupt that does so has stopped; the
 * reader can tell by the stack. */
static __always_inline int take_waking(void *ctx, struct task_struct *woken)
{
	__u32 tid = BPF_CORE_READ(woken, pid);
	struct ev_wait *wait = options.wakers ? bpf_map_lookup_elem(&waits, &tid) : NULL;
	if (!wait || !wait->begin_ns)
		return 0;
	struct ev_wait *waker = entry_of(&wakers, tid);
	if (!waker)
		return 0;
	__u64 both = bpf_get_current_pid_tgid();
	struct task_struct *current = (void *)bpf_get_current_task();
	waker->begin_ns = wait->begin_ns;
	waker->pid = both >> 32;
	waker->tid = (__u32)both;
	waker->woken_tid = tid;
	waker->cpu = bpf_get_smp_processor_id();
	/* Of the mappings of others nothing is known. */
	take_stack(ctx, waker,
		   waker->tid && !(BPF_CORE_READ(current, flags) & PF_KTHREAD) &&
			   ev_watched(current));
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(typed_switch, bool preempted, struct task_struct *from, struct task_struct *to)
{
	return take_switch(ctx, preempted, from, to);
}

SEC("raw_tp/sched_switch")
int BPF_PROG(raw_switch, bool preempted, struct task_struct *from, struct task_struct *to)
{
	return take_switch(ctx, preempted, from, to);
}

SEC("tp_btf/sched_waking")
int BPF_PROG(typed_waking, struct task_struct *woken)
{
	return take_waking(ctx, woken);
}

SEC("raw_tp/sched_waking")
int BPF_PROG(raw_waking, struct task_struct *woken)
{
	return take_waking(ctx, woken);
}

/* On the event whose samples are the time on the CPUs. 0: the kernel makes no sample of it. */
SEC("perf_event")
int mark_sample(void *ctx)
{
	__u32 first = 0, *count = bpf_map_lookup_elem(&sampled, &first);
	__u64 ids = bpf_get_current_pid_tgid();
	if (has_filter) {
		struct ev_filter_subject subject = {
			.cpu = bpf_get_smp_processor_id(),
			.pid = ids >> 32,
			.tid = (__u32)ids,
			.facts = ev_filter_facts((void *)bpf_get_current_task()),
		};
		if (!ev_filter_passes(&subject))
			return 0;
	}
	if (count)
		*count += 1;
	return 1;
}

EV_WATCH_PROGRAMS
