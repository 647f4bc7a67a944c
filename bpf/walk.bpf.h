/* The user stack of the thread that runs now, followed by the unwind tables of its code, in memory
 * as it is: nothing is copied, so that no stack is too large. For programs of any type, whether the
 * thread was interrupted in user space or entered the kernel. EV_WALK_PROGRAMS makes the two
 * programs that keep processes known while they fork and exec.
 *
 * All loops are bpf_loop's, and functions that are not static are looked at by the verifier once
 * and apart from their callers: else it would follow every way through all of them. */
#ifndef BPF_WALK_BPF_H
#define BPF_WALK_BPF_H

#include "kernel_types.h"
#include "walk.h"

/* Without it no table is ever asked, and kernels that lack bpf_loop load the programs too. */
const volatile bool walk_wanted = false;

/* ---- tables ------------------------------------------------------------------------------------
 */

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, EV_WALK_PROCESSES);
	__type(key, __u32);
	__type(value, struct ev_walk_process);
} walk_processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EV_WALK_MAPPINGS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct ev_walk_mapping);
} walk_mappings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EV_WALK_OBJECTS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct ev_walk_object);
} walk_objects SEC(".maps");

struct walk_segment {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EV_WALK_SEGMENT_ROWS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(key_size, sizeof(__u32));
	__uint(value_size,
	       sizeof(struct ev_walk_row)); /* clang forgets the type of an inner map's */
};

/* Row n is in segment n / EV_WALK_SEGMENT_ROWS: segments come and go with the need for room. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, EV_WALK_SEGMENTS);
	__type(key, __u32);
	__array(values, struct walk_segment);
} walk_rows SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, EV_WALK_OTHERS);
	__uint(map_flags, BPF_F_MMAPABLE);
	__type(key, __u32);
	__type(value, struct ev_walk_rule);
} walk_others SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, EV_WALK_REMEMBERED);
	__type(key, __u32);
	__type(value, struct ev_walk_remembered);
} walk_remembered SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct ev_walk_tally);
} walk_tally SEC(".maps");

/* ---- machines ----------------------------------------------------------------------------------
 */

#define EV_WALK_WORD 8
#define EV_WALK_CALLER_FP 0      /* words from the frame pointer to where the caller's is */
#define EV_WALK_RETURN_ADDRESS 1 /* and to the return address */
#define EV_WALK_ADDRESS_MASK (~0ull)
#if defined(bpf_target_x86)
#define EV_WALK_LINKS 0
#elif defined(bpf_target_arm64)
#define EV_WALK_LINKS 1
#undef EV_WALK_ADDRESS_MASK
#define EV_WALK_ADDRESS_MASK ((1ull << 48) - 1) /* above it: authentication codes */
#elif defined(bpf_target_riscv)
#define EV_WALK_LINKS 1
#undef EV_WALK_CALLER_FP
#define EV_WALK_CALLER_FP (-2)
#undef EV_WALK_RETURN_ADDRESS
#define EV_WALK_RETURN_ADDRESS (-1)
#else
#error "registers of this machine are not known"
#endif

enum {
	EV_PF_KTHREAD = 0x200000, /* PF_KTHREAD of the kernel's sched.h */
};

struct walk {
	__u64 registers; /* the kernel's address of what user space had in them */
	__u64 pc, sp, fp, lr;
	__u64 start, end; /* the mapping that was found last */
	__u32 file_offset, object;
	__u64 version;
	__u32 first, count; /* mappings of the process */
	__u32 frames, guessed;
	__u8 fp_known, lr_known;
	__u8 others_known; /* other registers are still those that the thread has */
	__u8 interrupted;  /* pc is the next instruction, not one behind a call */
	__u8 by_pointer;   /* the frame was found by the frame pointer */
	__u8 why;          /* EV_WALKED_… */
	__u8 settled;      /* the mappings are all there */
	__u8 unused[1];
};

static __always_inline bool walk_ends(struct walk *walk, __u32 why)
{
	walk->why = (__u8)why;
	return false;
}

static __always_inline bool walk_word(struct walk *walk, __u64 address, __u64 *value)
{
	if (bpf_probe_read_user(value, sizeof(*value), (const void *)address))
		return walk_ends(walk, EV_WALKED_UNREADABLE);
	return true;
}

/* Of another register than those that are followed, by its number in DWARF. */
static __always_inline bool walk_register(struct walk *walk, __u32 number, __u64 *value)
{
#if defined(bpf_target_x86)
	/* Five bits each: rax rdx rcx rbx rsi rdi rbp rsp r8 … r15 as words of pt_regs. */
	const __u64 first = 10ull | 12ull << 5 | 11ull << 10 | 5ull << 15 | 13ull << 20 |
			    14ull << 25 | 4ull << 30 | 19ull << 35;
	const __u64 second =
		9ull | 8ull << 5 | 7ull << 10 | 6ull << 15 | 3ull << 20 | 2ull << 25 | 1ull << 30;
	if (number > 15)
		return false;
	__u64 at = (number < 8 ? first : second) >> (number & 7) * 5 & 31;
#elif defined(bpf_target_arm64)
	if (number > 30)
		return false;
	__u64 at = number;
#else
	if (!number || number > 31)
		return false;
	__u64 at = number; /* pt_regs begins with pc, in the place of x0 */
#endif
	return walk->others_known &&
	       !bpf_probe_read_kernel(value, sizeof(*value),
				      (const void *)(walk->registers + at * 8));
}

/* ---- searches ---------------------------------------------------------------------------------
 */

/* The last of the items [low, high], counted from `base`, that does not begin behind the key. */
struct walk_search {
	__u64 key;
	__u32 base, low, high, unused;
};

static __always_inline long walk_halve(struct walk_search *search, bool behind, __u32 middle)
{
	if (behind)
		search->high = middle - 1;
	else
		search->low = middle;
	return 0;
}

static long walk_halve_mappings(__u32 index, void *context)
{
	struct walk_search *search = context;
	__u32 low = search->low, high = search->high;
	if (low >= high)
		return 1;
	__u32 middle = low + (high - low + 1) / 2, at = search->base + middle;
	const struct ev_walk_mapping *mapping = bpf_map_lookup_elem(&walk_mappings, &at);
	return mapping ? walk_halve(search, mapping->start > search->key, middle) : 1;
}

/* 1 when the address is mapped, and the mapping is in `walk`. */
__noinline int walk_find_mapping(struct walk *walk, __u64 address)
{
	if (!walk_wanted || !walk)
		return 0;
	if (address >= walk->start && address < walk->end)
		return 1;
	if (!walk->count)
		return 0;
	struct walk_search search = { address, walk->first, 0, walk->count - 1, 0 };
	bpf_loop(20, walk_halve_mappings, &search, 0);
	__u32 at = search.base + search.low;
	const struct ev_walk_mapping *mapping = bpf_map_lookup_elem(&walk_mappings, &at);
	if (!mapping || address < mapping->start || address >= mapping->end)
		return 0;
	walk->start = mapping->start;
	walk->end = mapping->end;
	walk->file_offset = mapping->file_offset;
	walk->object = mapping->object;
	return 1;
}

static __always_inline const struct ev_walk_row *walk_row_at(__u32 number)
{
	__u32 segment = number / EV_WALK_SEGMENT_ROWS, at = number % EV_WALK_SEGMENT_ROWS;
	void *rows = bpf_map_lookup_elem(&walk_rows, &segment);
	return rows ? bpf_map_lookup_elem(rows, &at) : NULL;
}

static long walk_halve_rows(__u32 index, void *context)
{
	struct walk_search *search = context;
	__u32 low = search->low, high = search->high;
	if (low >= high)
		return 1;
	__u32 middle = low + (high - low + 1) / 2;
	const struct ev_walk_row *row = walk_row_at(search->base + middle);
	return row ? walk_halve(search, row->offset > search->key, middle) : 1;
}

/* ---- rules -------------------------------------------------------------------------------------
 */

static __always_inline bool walk_rule_of(const struct ev_walk_row *row, __u32 first_other,
					 struct ev_walk_rule *rule)
{
	__u8 kind = row->kind;
	__s32 cfa = row->cfa_words, fp = row->fp_words;
	if (kind == EV_WALK_ROW_OTHER) {
		__u32 at = first_other + (__u16)cfa;
		const struct ev_walk_rule *other = bpf_map_lookup_elem(&walk_others, &at);
		if (!other)
			return false;
		*rule = *other;
		return true;
	}
	__builtin_memset(rule, 0, sizeof(*rule));
	rule->base = kind == EV_WALK_ROW_SP    ? EV_WALK_BASE_SP
		     : kind == EV_WALK_ROW_FP  ? EV_WALK_BASE_FP
		     : kind == EV_WALK_ROW_PLT ? EV_WALK_BASE_PLT
					       : EV_WALK_BASE_NOTHING;
	rule->cfa_offset = kind == EV_WALK_ROW_PLT ? cfa : cfa * EV_WALK_WORD;
	rule->fp = fp ? EV_WALK_AT_CFA : EV_WALK_KEPT;
	rule->fp_offset = fp * EV_WALK_WORD;
	rule->ra = kind == EV_WALK_ROW_END ? EV_WALK_LOST
		   : EV_WALK_LINKS && !fp  ? EV_WALK_KEPT
					   : EV_WALK_AT_CFA;
	rule->ra_offset = EV_WALK_LINKS ? rule->fp_offset + EV_WALK_WORD : -EV_WALK_WORD;
	return rule->base != EV_WALK_BASE_NOTHING || rule->ra == EV_WALK_LOST;
}

static __always_inline bool walk_find_rule(struct walk *walk, const struct ev_walk_object *object,
					   __u64 address, struct ev_walk_rule *rule)
{
	if (!object->row_count)
		return false;
	struct walk_search search = { address - walk->start + walk->file_offset, object->first_row,
				      0, object->row_count - 1, 0 };
	bpf_loop(28, walk_halve_rows, &search, 0);
	const struct ev_walk_row *row = walk_row_at(search.base + search.low);
	return row && row->offset <= search.key && walk_rule_of(row, object->first_other, rule);
}

/* To the caller whose frame begins at `cfa`. A frame takes room, except that the innermost function
 * may not have made one yet, and that a signal's handler may have had a stack of its own. */
static __always_inline bool walk_leave(struct walk *walk, __u64 cfa, __u64 return_address)
{
	if (cfa < walk->sp || (cfa == walk->sp && walk->frames > 1))
		if (!walk->interrupted)
			return walk_ends(walk, EV_WALKED_BROKEN);
	walk->sp = cfa;
	walk->pc = return_address & EV_WALK_ADDRESS_MASK;
	walk->lr_known = false;
	return walk->pc ? true : walk_ends(walk, EV_WALKED_COMPLETE);
}

static __always_inline bool walk_find_cfa(struct walk *walk, const struct ev_walk_rule *rule,
					  __u64 *cfa)
{
	__u64 base = walk->sp;
	__s64 offset = rule->cfa_offset;
	if (rule->base == EV_WALK_BASE_PLT) {
		*cfa = base + EV_WALK_WORD + ((walk->pc & 15) >= (__u64)offset ? EV_WALK_WORD : 0);
		return true;
	}
	if (rule->base == EV_WALK_BASE_NOTHING ||
	    (rule->base == EV_WALK_BASE_FP && !walk->fp_known) ||
	    (rule->base == EV_WALK_BASE_REGISTER &&
	     !walk_register(walk, rule->base_register, &base)))
		return walk_ends(walk, EV_WALKED_BROKEN);
	if (rule->base == EV_WALK_BASE_FP)
		base = walk->fp;
	*cfa = base + offset;
	if (!rule->indirect)
		return true;
	if (!walk_word(walk, *cfa, &base))
		return false;
	*cfa = base + (__s64)rule->beyond;
	return true;
}

static __always_inline __u64 walk_base_of(const struct walk *walk, __u8 where, __u64 cfa)
{
	return where == EV_WALK_AT_CFA ? cfa : where == EV_WALK_AT_SP ? walk->sp : walk->fp;
}

static __always_inline bool walk_follow_rule(struct walk *walk, const struct ev_walk_rule *rule)
{
	__u64 cfa = 0, return_address = walk->lr, fp = walk->fp, address;
	bool by_fp = rule->ra == EV_WALK_AT_FP || rule->fp == EV_WALK_AT_FP;
	if (rule->ra == EV_WALK_LOST)
		return walk_ends(walk, EV_WALKED_COMPLETE);
	if (!walk_find_cfa(walk, rule, &cfa))
		return false;
	if ((rule->ra == EV_WALK_KEPT && !walk->lr_known) || (by_fp && !walk->fp_known))
		return walk_ends(walk, EV_WALKED_BROKEN);
	if (rule->ra != EV_WALK_KEPT &&
	    !walk_word(walk, walk_base_of(walk, rule->ra, cfa) + (__s64)rule->ra_offset,
		       &return_address))
		return false;
	if (rule->fp == EV_WALK_LOST)
		walk->fp_known = false;
	else if (rule->fp != EV_WALK_KEPT) {
		address = walk_base_of(walk, rule->fp, cfa) + (__s64)rule->fp_offset;
		/* On its way out a function has popped it already, and its rule need not say so. */
		if (address >= walk->sp && !walk_word(walk, address, &fp))
			return false;
	}
	walk->fp = fp;
	/* What pushed nothing is mostly written by hand, for callers that count on it. */
	walk->others_known = walk->others_known && cfa - walk->sp <= EV_WALK_WORD;
	walk->interrupted = rule->is_signal;
	walk->by_pointer = false;
	return walk_leave(walk, cfa, return_address);
}

/* ---- without tables ----------------------------------------------------------------------------
 */

#if defined(bpf_target_x86)
static __always_inline bool walk_calls_by(__u8 code, __u8 how)
{
	return code == 0xff && (how & 0x38) == 0x10;
}
#endif

/* Is this where a call would return to? */
__noinline int walk_is_behind_call(struct walk *walk, __u64 address)
{
	if (!walk_wanted || !walk || (walk->count && !walk_find_mapping(walk, address - 1)))
		return false;
#if defined(bpf_target_x86)
	__u8 code[8] = { 0 };
	if (bpf_probe_read_user(code, 7, (const void *)(address - 7)))
		return false;
	/* e8, or ff /2 of two to seven bytes */
	return code[2] == 0xe8 || walk_calls_by(code[5], code[6]) ||
	       walk_calls_by(code[4], code[5]) || walk_calls_by(code[3], code[4]) ||
	       walk_calls_by(code[1], code[2]) || walk_calls_by(code[0], code[1]);
#elif defined(bpf_target_arm64)
	__u32 code = 0;
	if (bpf_probe_read_user(&code, sizeof(code), (const void *)(address - 4)))
		return false;
	return (code & 0xfc000000) == 0x94000000 || (code & 0xfffffc1f) == 0xd63f0000 ||
	       (code & 0xfefff800) == 0xd63f0800;
#else
	return true;
#endif
}

/* It must point upwards, and from there back to code. `why` is the end that it is without. */
__noinline int walk_follow_pointer(struct walk *walk, __u32 why)
{
	if (!walk_wanted || !walk)
		return false;
	__u64 fp = walk->fp, saved = 0, return_address = 0;
	if (walk->frames > 1 && walk->by_pointer && walk->fp_known && !fp)
		return walk_ends(walk, EV_WALKED_COMPLETE);
	if (!walk->fp_known || fp < walk->sp || fp % EV_WALK_WORD)
		return walk_ends(walk, why);
	if (!walk_word(walk, fp + EV_WALK_CALLER_FP * EV_WALK_WORD, &saved) ||
	    !walk_word(walk, fp + EV_WALK_RETURN_ADDRESS * EV_WALK_WORD, &return_address))
		return walk_ends(walk, why);
	return_address &= EV_WALK_ADDRESS_MASK;
	if ((saved && saved <= fp) ||
	    (return_address && !walk_is_behind_call(walk, return_address)))
		return walk_ends(walk, why);
	walk->guessed++;
	walk->fp = saved;
	walk->interrupted = false;
	walk->others_known = false;
	walk->by_pointer = true;
	return walk_leave(walk, fp + (EV_WALK_CALLER_FP < 0 ? 0 : 2 * EV_WALK_WORD),
			  return_address);
}

/* A call to nowhere: it has just been made, and where it came from is on top of the stack. */
static __always_inline bool walk_follow_wild_call(struct walk *walk)
{
	__u64 return_address = walk->lr, cfa = walk->sp;
	if (!EV_WALK_LINKS && !walk_word(walk, walk->sp, &return_address))
		return false;
	if (!EV_WALK_LINKS)
		cfa += EV_WALK_WORD;
	else if (!walk->lr_known)
		return false;
	if (!walk_is_behind_call(walk, return_address & EV_WALK_ADDRESS_MASK))
		return false;
	walk->guessed++;
	walk->interrupted = false;
	return walk_leave(walk, cfa, return_address);
}

#if defined(bpf_target_arm64)
/* The kernel's own return from a signal's handler has no table there: a call of rt_sigreturn, with
 * the interrupted registers behind the signal's information on the stack. */
static __always_inline bool walk_follow_signal(struct walk *walk)
{
	const __u64 sigreturn = 0xd4000001d2801168; /* mov x8, #139; svc #0 */
	const __u64 registers = 312, fp = 29 * 8, lr = 30 * 8, sp = 31 * 8, pc = 32 * 8;
	__u64 code = 0, from = walk->sp + registers, next = 0;
	if (bpf_probe_read_user(&code, sizeof(code), (const void *)walk->pc) || code != sigreturn)
		return false;
	if (!walk_word(walk, from + fp, &walk->fp) || !walk_word(walk, from + lr, &walk->lr) ||
	    !walk_word(walk, from + sp, &walk->sp) || !walk_word(walk, from + pc, &next))
		return false;
	walk->pc = next;
	walk->fp_known = walk->lr_known = walk->interrupted = true;
	walk->others_known = walk->by_pointer = false;
	return next ? true : walk_ends(walk, EV_WALKED_BROKEN);
}
#else
static __always_inline bool walk_follow_signal(struct walk *walk)
{
	return false;
}
#endif

/* ---- the walk ----------------------------------------------------------------------------------
 */

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

/* 1 when the caller was found. */
__noinline int walk_step(struct walk *walk)
{
	if (!walk_wanted || !walk)
		return false;
	struct ev_walk_rule rule;
	/* A call may be the last instruction of its function. */
	__u64 address = walk->interrupted ? walk->pc : walk->pc - 1;
	if (!walk->count)
		return walk_follow_pointer(walk, EV_WALKED_NOT_YET);
	struct ev_walk_remembered *known = walk_remember(walk, address);
	if (known && known->address == address && known->version == walk->version)
		return walk_follow_rule(walk, &known->rule);
	if (!walk_find_mapping(walk, address)) {
		if (walk->frames == 1 && walk_follow_wild_call(walk))
			return true;
		return walk_follow_pointer(walk,
					   walk->settled ? EV_WALKED_NO_OBJECT : EV_WALKED_NOT_YET);
	}
	__u32 index = walk->object;
	const struct ev_walk_object *object = bpf_map_lookup_elem(&walk_objects, &index);
	if (!object)
		return walk_ends(walk, EV_WALKED_BROKEN);
	if (object->tables == EV_WALK_READY && walk_find_rule(walk, object, address, &rule)) {
		if (known) {
			known->address = address;
			known->version = walk->version;
			known->rule = rule;
		}
		return walk_follow_rule(walk, &rule);
	}
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
	if (!process || process->pid != pid)
		return;
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

/* ---- processes come and go ---------------------------------------------------------------------
 */

/* A child has its parent's mappings, which are there before it runs. */
static __always_inline int ev_walk_fork(struct task_struct *parent, struct task_struct *child)
{
	__u32 from = BPF_CORE_READ(parent, tgid), to = BPF_CORE_READ(child, tgid);
	const struct ev_walk_process *known;
	struct ev_walk_process copy;
	if (!walk_wanted || from == to)
		return 0;
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
	if (walk_wanted)
		bpf_map_delete_elem(&walk_processes, &pid);
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
