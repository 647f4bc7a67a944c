/* Is a thread watched? Of processes and threads everything that they start is followed, as far as
 * the program that includes this calls ev_watch_fork and ev_watch_free on the tracepoints
 * sched_process_fork and sched_process_free (EV_WATCH_PROGRAMS makes both). */
#ifndef BPF_WATCHED_BPF_H
#define BPF_WATCHED_BPF_H

#include "kernel_types.h"
#include "watched.h"

const volatile struct ev_watch watch = { EV_WATCHING_EVERYBODY, 1 };
__u64 children_missed = 0; /* that found no room in `watched` */

/* Processes by pid, or threads by tid, as the first PID namespace numbers them. Of fixed size, for
 * programs on perf events may use no other; ev_watched_size makes what is not needed small. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EV_WATCHED_MAX);
	__type(key, int);
	__type(value, __u8);
} watched SEC(".maps");

/* Cgroups by id, the inode of their folder, in the hierarchy that perf_event is in. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EV_CGROUPS_MAX);
	__type(key, __u64);
	__type(value, __u8);
} cgroups SEC(".maps");

/* The perf_event node of a thread's cgroup; NULL where the kernel has none. */
static __always_inline struct cgroup_subsys_state *ev_task_cgroup(struct task_struct *task)
{
	struct cgroup_subsys_state *state = NULL;
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, perf_event_cgrp_id))
		return NULL;
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	unsigned long at =
		bpf_core_field_offset(struct css_set, subsys) +
		bpf_core_enum_value(enum cgroup_subsys_id, perf_event_cgrp_id) * sizeof(void *);
	bpf_probe_read_kernel(&state, sizeof(state), (char *)set + at);
	return state;
}

static __always_inline __u64 ev_cgroup_id(struct cgroup_subsys_state *state)
{
	return BPF_CORE_READ(state, cgroup, kn, id);
}

static __noinline bool ev_in_cgroups(struct task_struct *task)
{
	struct cgroup_subsys_state *state = ev_task_cgroup(task);
	for (int depth = 0; depth < EV_CGROUP_DEPTH && state; depth++) {
		__u64 id = ev_cgroup_id(state);
		if (bpf_map_lookup_elem(&cgroups, &id))
			return true;
		state = BPF_CORE_READ(state, parent);
	}
	return false;
}

static __always_inline bool ev_watched(struct task_struct *task)
{
	int id = BPF_CORE_READ(task, pid);
	/* Thread 0 is the idle loop: nobody's. */
	if (watch.whom == EV_WATCHING_EVERYBODY)
		return id != 0;
	if (watch.whom == EV_WATCHING_CGROUPS)
		return ev_in_cgroups(task);
	if (watch.whom == EV_WATCHING_PROCESSES)
		id = BPF_CORE_READ(task, tgid);
	return bpf_map_lookup_elem(&watched, &id) != NULL;
}

static __always_inline bool ev_watch_has_list(void)
{
	return watch.whom == EV_WATCHING_PROCESSES || watch.whom == EV_WATCHING_THREADS;
}

/* A process, or thread, is born. */
static __always_inline int ev_watch_fork(struct task_struct *parent, struct task_struct *child)
{
	bool threads = watch.whom == EV_WATCHING_THREADS;
	int from = threads ? BPF_CORE_READ(parent, pid) : BPF_CORE_READ(parent, tgid);
	int to = threads ? BPF_CORE_READ(child, pid) : BPF_CORE_READ(child, tgid);
	__u8 yes = 1;
	if (watch.follow && ev_watch_has_list() && from != to &&
	    bpf_map_lookup_elem(&watched, &from) &&
	    bpf_map_update_elem(&watched, &to, &yes, BPF_ANY))
		__sync_fetch_and_add(&children_missed, 1);
	return 0;
}

/* A main thread is freed after all others of its process, and after its own last switch. */
static __always_inline int ev_watch_free(struct task_struct *task)
{
	int pid = BPF_CORE_READ(task, pid), tgid = BPF_CORE_READ(task, tgid);
	if (watch.whom == EV_WATCHING_THREADS || (ev_watch_has_list() && pid == tgid))
		bpf_map_delete_elem(&watched, &pid);
	return 0;
}

/* Programs that begin with typed_ and raw_ are alternatives: the loader takes the first ones, and
 * the others where the kernel refuses typed tracepoints. */
#define EV_WATCH_PROGRAMS                                                                          \
	SEC("tp_btf/sched_process_fork")                                                           \
	int BPF_PROG(typed_fork, struct task_struct *parent, struct task_struct *child)            \
	{                                                                                          \
		return ev_watch_fork(parent, child);                                               \
	}                                                                                          \
	SEC("tp_btf/sched_process_free")                                                           \
	int BPF_PROG(typed_free, struct task_struct *task)                                         \
	{                                                                                          \
		return ev_watch_free(task);                                                        \
	}                                                                                          \
	SEC("raw_tp/sched_process_fork")                                                           \
	int BPF_PROG(raw_fork, struct task_struct *parent, struct task_struct *child)              \
	{                                                                                          \
		return ev_watch_fork(parent, child);                                               \
	}                                                                                          \
	SEC("raw_tp/sched_process_free")                                                           \
	int BPF_PROG(raw_free, struct task_struct *task)                                           \
	{                                                                                          \
		return ev_watch_free(task);                                                        \
	}

#endif
