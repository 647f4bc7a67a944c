/* Does something of a thread pass the filter that was set before the program was loaded? What takes
 * the thread itself to decide are facts, a bit for each step, which may be asked for earlier than
 * the rest is known. */
#ifndef BPF_FILTER_BPF_H
#define BPF_FILTER_BPF_H

#include "count.h"
#include "watched.bpf.h"

const volatile bool has_filter = false;
const volatile struct ev_count_step filter[EV_COUNT_STEPS_MAX] = {};
const volatile struct ev_count_glob globs[EV_COUNT_GLOBS_MAX] = {};

struct ev_filter_subject {
	__u64 period, latency;
	__u32 cpu, pid, tid;
	__u32 facts;
};

static __noinline bool ev_filter_name(struct task_struct *task, __u32 number)
{
	const volatile struct ev_count_glob *glob = &globs[number & (EV_COUNT_GLOBS_MAX - 1)];
	unsigned char comm[EV_COUNT_COMM_BYTES] = {};
	__u32 state = 1, live = 1;
	bpf_probe_read_kernel(comm, sizeof(comm),
			      (char *)task + bpf_core_field_offset(struct task_struct, comm));
	for (int i = 0; i < EV_COUNT_COMM_BYTES; i++) {
		__u32 next = ((state << 1) & glob->moves[comm[i]]) | (state & glob->stay);
		live &= comm[i] != 0;
		state = live ? next : state;
	}
	return state & glob->accept;
}

static __noinline bool ev_filter_cgroup(struct task_struct *task, __u64 wanted)
{
	struct cgroup_subsys_state *state = ev_task_cgroup(task);
	for (int depth = 0; depth < EV_CGROUP_DEPTH && state; depth++) {
		if (ev_cgroup_id(state) == wanted)
			return true;
		state = BPF_CORE_READ(state, parent);
	}
	return false;
}

static __noinline __u32 ev_filter_facts(struct task_struct *task)
{
	__u32 facts = 0;
	for (__u32 i = 0; i < EV_COUNT_STEPS_MAX; i++) {
		__u8 kind = filter[i].kind;
		if (kind == EV_COUNT_END)
			break;
		if (kind == EV_COUNT_GLOB && ev_filter_name(task, filter[i].value))
			facts |= 1u << i;
		if (kind == EV_COUNT_CGROUP && ev_filter_cgroup(task, filter[i].value))
			facts |= 1u << i;
	}
	return facts;
}

static __always_inline __u64 ev_filter_field(const struct ev_filter_subject *subject, __u8 field)
{
	if (field == EV_COUNT_PERIOD)
		return subject->period;
	if (field == EV_COUNT_LATENCY)
		return subject->latency;
	if (field == EV_COUNT_CPU)
		return subject->cpu;
	return field == EV_COUNT_PID ? subject->pid : subject->tid;
}

static __noinline bool ev_filter_holds(struct ev_filter_subject *subject, __u32 number)
{
	const volatile struct ev_count_step *step = &filter[number & (EV_COUNT_STEPS_MAX - 1)];
	__u64 have, value = step->value;
	if (!subject)
		return false;
	if (step->kind != EV_COUNT_COMPARE)
		return subject->facts >> (number & (EV_COUNT_STEPS_MAX - 1)) & 1;
	have = ev_filter_field(subject, step->field);
	return step->compare & (have < value    ? EV_COUNT_LESS
				: have == value ? EV_COUNT_EQUAL
						: EV_COUNT_MORE);
}

static __noinline bool ev_filter_passes(struct ev_filter_subject *subject)
{
	__u64 truth = 0;
	if (!subject)
		return false;
	for (__u32 i = 0; i < EV_COUNT_STEPS_MAX; i++) {
		__u8 kind = filter[i].kind;
		if (kind == EV_COUNT_END)
			break;
		if (kind == EV_COUNT_NOT)
			truth ^= 1;
		else if (kind == EV_COUNT_AND)
			truth = truth >> 1 & (truth | ~1ull);
		else if (kind == EV_COUNT_OR)
			truth = truth >> 1 | (truth & 1);
		else
			truth = truth << 1 | ev_filter_holds(subject, i);
	}
	return truth & 1;
}

#endif
