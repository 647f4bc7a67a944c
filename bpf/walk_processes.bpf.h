/* Processes stay known to walks while they fork and exec, and while they map code, by the programs
 * of EV_WALK_PROGRAMS. */
#ifndef BPF_WALK_PROCESSES_BPF_H
#define BPF_WALK_PROCESSES_BPF_H

#include "kernel_types.h"
#include "walk_recent.bpf.h"
#include "walk_tables.bpf.h"

/* The parent runs: what it had mapped before an exec is not its child's. From here on both map what
 * they like. */
static __always_inline void walk_fork_recent(__u32 from, __u32 to, struct task_struct *child)
{
	const struct ev_walk_recent *known = walk_recent_of(from);
	if (!known || bpf_map_update_elem(&walk_recent, &to, known, BPF_ANY))
		return;
	struct ev_walk_recent *copy = bpf_map_lookup_elem(&walk_recent, &to);
	if (!copy)
		return;
	copy->version = walk_new_version();
	copy->mm = (__u64)BPF_CORE_READ(child, mm);
}

/* A child has its parent's mappings, which are there before it runs. */
static __always_inline int ev_walk_fork(struct task_struct *parent, struct task_struct *child)
{
	__u32 from = BPF_CORE_READ(parent, tgid), to = BPF_CORE_READ(child, tgid);
	const struct ev_walk_process *known;
	struct ev_walk_process copy;
	if (!walk_wanted || from == to)
		return 0;
	walk_fork_recent(from, to, child);
	known = bpf_map_lookup_elem(&walk_processes, &from);
	if (!known || known->pid != from)
		return 0;
	copy = *known;
	copy.pid = to;
	bpf_map_update_elem(&walk_processes, &to, &copy, BPF_ANY);
	return 0;
}

/* Of what was mapped nothing is left. */
static __always_inline int ev_walk_exec(struct task_struct *task)
{
	__u32 pid = BPF_CORE_READ(task, tgid);
	if (!walk_wanted)
		return 0;
	bpf_map_delete_elem(&walk_processes, &pid);
	walk_begin_program(task, pid);
	return 0;
}

/* Programs that begin with typed_ and raw_ are alternatives, as in watched.bpf.h. */
#define EV_WALK_PROGRAMS                                                                           \
	SEC("tp_btf/sched_process_fork")                                                           \
	int BPF_PROG(typed_walk_fork, struct task_struct *parent, struct task_struct *child)       \
	{                                                                                          \
		return ev_walk_fork(parent, child);                                                \
	}                                                                                          \
	SEC("tp_btf/sched_process_exec")                                                           \
	int BPF_PROG(typed_walk_exec, struct task_struct *task)                                    \
	{                                                                                          \
		return ev_walk_exec(task);                                                         \
	}                                                                                          \
	SEC("raw_tp/sched_process_exit")                                                           \
	int BPF_PROG(on_walk_name)                                                                 \
	{                                                                                          \
		return ev_walk_name();                                                             \
	}                                                                                          \
	SEC("raw_tp/sched_process_fork")                                                           \
	int BPF_PROG(raw_walk_fork, struct task_struct *parent, struct task_struct *child)         \
	{                                                                                          \
		return ev_walk_fork(parent, child);                                                \
	}                                                                                          \
	SEC("raw_tp/sched_process_exec")                                                           \
	int BPF_PROG(raw_walk_exec, struct task_struct *task)                                      \
	{                                                                                          \
		return ev_walk_exec(task);                                                         \
	}

#endif
