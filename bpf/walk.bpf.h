/* The user stack of the thread that runs now, followed by the unwind tables of its code, in memory
 * as it is: nothing is copied, so that no stack is too large. For programs of any type, whether the
 * thread was interrupted in user space or entered the kernel. EV_WALK_PROGRAMS makes the two
 * programs that keep processes known while they fork and exec.
 *
 * All loops are bpf_loop's, and functions that are not static are looked at by the verifier once
 * and apart from their callers: else it would follow every way through all of them. */
#ifndef BPF_WALK_BPF_H
#define BPF_WALK_BPF_H

#include "walk_guesses.bpf.h"
#include "walk_machine.bpf.h"
#include "walk_processes.bpf.h"
#include "walk_recent.bpf.h"
#include "walk_rules.bpf.h"
#include "walk_search.bpf.h"
#include "walk_tables.bpf.h"

static __always_inline __u8 walk_end_without(__u32 tables)
{
	return tables == EV_WALK_GENERATED ? EV_WALKED_NO_OBJECT
	       : tables == EV_WALK_NO_ROOM ? EV_WALKED_NO_ROOM
	       : tables == EV_WALK_NOT_YET ? EV_WALKED_NOT_YET
					   : EV_WALKED_NO_CFI;
}

static __always_inline struct ev_walk_remembered *walk_remember(const struct walk *walk,
								__u64 address)
{
	__u32 slot = (__u32)((address ^ walk->version << 4) * 0x9e3779b97f4a7c15ull >> 32);
	slot &= EV_WALK_REMEMBERED - 1;
	return bpf_map_lookup_elem(&walk_remembered, &slot);
}

/* A caller's registers are not known, whatever its rule says of them. */
static __always_inline bool walk_follow(struct walk *walk, const struct ev_walk_rule *rule)
{
	return rule->ra == EV_WALK_IN_REGISTER && !walk->others_known
		       ? walk_follow_pointer(walk, EV_WALKED_NO_CFI)
		       : walk_follow_rule(walk, rule);
}

/* 1 when the caller was found. */
__noinline int walk_step(struct walk *walk)
{
	if (!walk_wanted || !walk)
		return false;
	struct ev_walk_rule rule;
	/* A call may be the last instruction of its function. */
	__u64 address = walk->interrupted ? walk->pc : walk->pc - 1;
	struct ev_walk_remembered *known = walk_remember(walk, address);
	if (known && known->address == address && known->version == walk->version)
		return walk_follow(walk, &known->rule);
	if (!walk_find_mapping(walk, address)) {
		if (walk->count && walk->frames == 1 && walk_follow_wild_call(walk))
			return true;
		return walk_follow_pointer(walk,
					   walk->settled ? EV_WALKED_NO_OBJECT : EV_WALKED_NOT_YET);
	}
	__u32 index = walk->object;
	struct ev_walk_object *object = bpf_map_lookup_elem(&walk_objects, &index);
	if (!object)
		return walk_ends(walk, EV_WALKED_BROKEN);
	if (object->tables == EV_WALK_READY && walk_find_rule(walk, object, address, &rule)) {
		if (known) {
			known->address = address;
			known->version = walk->version;
			known->rule = rule;
		}
		return walk_follow(walk, &rule);
	}
	if (object->tables == EV_WALK_NOT_YET)
		object->missed = true;
	if (walk_follow_signal(walk))
		return true;
	return walk_follow_pointer(walk, walk_end_without(object->tables));
}

struct walk_to {
	struct walk walk;
	__u64 *ips;
};

static long walk_frame(__u32 index, void *context)
{
	struct walk_to *to = context;
	if (index >= EV_WALK_FRAMES)
		return 1;
	to->ips[index] = to->walk.pc;
	to->walk.frames = index + 1;
	return walk_step(&to->walk) ? 0 : 1;
}

static __always_inline void walk_count(const struct ev_walk_result *result)
{
	__u32 first = 0;
	struct ev_walk_tally *tally = bpf_map_lookup_elem(&walk_tally, &first);
	if (!tally || result->end >= EV_WALKED_COUNT)
		return;
	tally->ends[result->end]++;
	tally->frames += result->count;
	tally->guessed += result->guessed;
}

static __always_inline void walk_find_process(struct walk *walk)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	const struct ev_walk_process *process = bpf_map_lookup_elem(&walk_processes, &pid);
	if (!process || process->pid != pid) {
		const struct ev_walk_recent *recent = walk_wanted ? walk_recent_of(pid) : NULL;
		walk->version = recent ? recent->version : 0;
		return;
	}
	walk->first = process->first;
	walk->count = process->count;
	walk->settled = process->settled;
	walk->version = process->version;
}

static __always_inline long walk_run(struct walk_to *to, __u32 max, struct ev_walk_result *result)
{
	struct walk *walk = &to->walk;
	result->count = 0;
	result->end = EV_WALKED_NO_REGISTERS;
	result->guessed = 0;
	if (!walk->pc)
		return 0;
	walk->fp_known = true;
	walk->lr_known = EV_WALK_LINKS;
	walk->others_known = true;
	walk->interrupted = true;
	walk->why = EV_WALKED_TOO_DEEP;
	walk_find_process(walk);
	bpf_loop(max < EV_WALK_FRAMES ? max : EV_WALK_FRAMES, walk_frame, to, 0);
	result->count = walk->frames;
	result->end = walk->why;
	result->guessed = (__u16)walk->guessed;
	walk_count(result);
	return walk->frames;
}

/* What the kernel saved of user space's registers when it was entered; false for kernel threads. */
static __always_inline bool walk_take_saved(struct walk *walk)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task_btf();
	if (BPF_CORE_READ(task, flags) & EV_PF_KTHREAD || !BPF_CORE_READ(task, mm))
		return false;
	walk->registers = bpf_task_pt_regs(task);
	const __u64 *saved = (const __u64 *)walk->registers;
	/* As ptrace shows them, which stays as it is. */
#if defined(bpf_target_x86)
	bpf_probe_read_kernel(&walk->pc, 8, saved + 16);
	bpf_probe_read_kernel(&walk->sp, 8, saved + 19);
	bpf_probe_read_kernel(&walk->fp, 8, saved + 4);
#elif defined(bpf_target_arm64)
	bpf_probe_read_kernel(&walk->pc, 8, saved + 32);
	bpf_probe_read_kernel(&walk->sp, 8, saved + 31);
	bpf_probe_read_kernel(&walk->fp, 8, saved + 29);
	bpf_probe_read_kernel(&walk->lr, 8, saved + 30);
#else
	bpf_probe_read_kernel(&walk->pc, 8, saved);
	bpf_probe_read_kernel(&walk->sp, 8, saved + 2);
	bpf_probe_read_kernel(&walk->fp, 8, saved + 8);
	bpf_probe_read_kernel(&walk->lr, 8, saved + 1);
#endif
	return true;
}

/* Addresses of the thread that runs now, innermost first, return addresses from the second one on:
 * how many, 0 for a thread that has no user side. There must be room for EV_WALK_FRAMES at `ips`;
 * of those `max` are filled at most. `ip` is the instruction at which the thread was interrupted,
 * as programs on perf events are told; not used, and may be 0, where that is the kernel's. */
static __always_inline long ev_walk_user(__u64 ip, __u64 *ips, __u32 max,
					 struct ev_walk_result *result)
{
	struct walk_to to = { .ips = ips };
	if (walk_take_saved(&to.walk) && ip && (__s64)ip > 0)
		to.walk.pc = ip;
	return walk_run(&to, max, result);
}

#endif
