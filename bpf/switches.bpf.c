/* Counts context switches away from the threads of processes and their descendants, or of
 * everybody. Every program is there twice: on typed tracepoints, and on raw ones for kernels that
 * refuse them. */
#include "watched.bpf.h"

char LICENSE[] SEC("license") = "GPL";

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} switches SEC(".maps");

static __always_inline int count_switch(struct task_struct *from)
{
	__u32 first = 0;
	__u64 *value = ev_watched(from) ? bpf_map_lookup_elem(&switches, &first) : NULL;
	if (value)
		*value += 1;
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(typed_switch, bool preempted, struct task_struct *from)
{
	return count_switch(from);
}

SEC("raw_tp/sched_switch")
int BPF_PROG(raw_switch, bool preempted, struct task_struct *from)
{
	return count_switch(from);
}

EV_WATCH_PROGRAMS
