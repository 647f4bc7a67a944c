/* Where a walk is, and what of that the machine decides: its registers, as the kernel saved them,
 * and how words lie in frames. */
#ifndef BPF_WALK_MACHINE_BPF_H
#define BPF_WALK_MACHINE_BPF_H

#include "kernel_types.h"
#include "walk.h"

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
	__u8 asked;        /* the kernel was, for what is mapped */
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

#endif
