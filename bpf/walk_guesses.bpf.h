/* From a frame to its caller where no table knows the place: by the frame pointer, behind a call to
 * nowhere, out of a signal handler. */
#ifndef BPF_WALK_GUESSES_BPF_H
#define BPF_WALK_GUESSES_BPF_H

#include "walk_machine.bpf.h"
#include "walk_rules.bpf.h"
#include "walk_search.bpf.h"

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

#endif
