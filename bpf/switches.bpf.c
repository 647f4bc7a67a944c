/* Counts context switches away from the threads of a process and its descendants, or of everybody.
 * Every program is there twice: on typed tracepoints, and on raw ones for kernels that refuse them.
 */
#include "kernel_types.h"

char LICENSE[] SEC("license") = "GPL";

const volatile int root_pid = 0; /* 0: everybody */
__u64 children_missed = 0;       /* that found no room in `processes` */

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} switches SEC(".maps");

/* Watched processes by pid. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, int);
	__type(value, __u8);
} processes SEC(".maps");

static __always_inline int count_switch(struct task_struct *from)
{
	__u32 first = 0;
	int pid = BPF_CORE_READ(from, pid), tgid = BPF_CORE_READ(from, tgid);
	/* Thread 0 is the idle loop: nobody's switch. */
	bool watched = root_pid ? bpf_map_lookup_elem(&processes, &tgid) != NULL : pid != 0;
	__u64 *value = watched ? bpf_map_lookup_elem(&switches, &first) : NULL;
	if (value)
		*value += 1;
	return 0;
}

static __always_inline int follow_child(struct task_struct *parent, struct task_struct *child)
{
	int from = BPF_CORE_READ(parent, tgid), to = BPF_CORE_READ(child, tgid);
	__u8 watched = 1;
	if (root_pid && from != to && bpf_map_lookup_elem(&processes, &from) &&
	    bpf_map_update_elem(&processes, &to, &watched, BPF_ANY))
		__sync_fetch_and_add(&children_missed, 1);
	return 0;
}

/* A main thread is freed after all others of its process, and after its own last switch. */
static __always_inline int forget(struct task_struct *task)
{
	int pid = BPF_CORE_READ(task, pid), tgid = BPF_CORE_READ(task, tgid);
	if (root_pid && pid == tgid)
		bpf_map_delete_elem(&processes, &tgid);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(typed_switch, bool preempted, struct task_struct *from)
{
	return count_switch(from);
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(typed_fork, struct task_struct *parent, struct task_struct *child)
{
	return follow_child(parent, child);
}

SEC("tp_btf/sched_process_free")
int BPF_PROG(typed_free, struct task_struct *task)
{
	return forget(task);
}

SEC("raw_tp/sched_switch")
int BPF_PROG(raw_switch, bool preempted, struct task_struct *from)
{
	return count_switch(from);
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(raw_fork, struct task_struct *parent, struct task_struct *child)
{
	return follow_child(parent, child);
}

SEC("raw_tp/sched_process_free")
int BPF_PROG(raw_free, struct task_struct *task)
{
	return forget(task);
}
