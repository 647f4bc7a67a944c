/* The stack of the thread that runs now, as addresses, innermost first. `max`, a constant, is how
 * many there is room for; the answer is how many there are, or -errno. */
#ifndef BPF_STACKS_BPF_H
#define BPF_STACKS_BPF_H

#include "kernel_types.h"

static __always_inline long ev_stack_by_kernel(void *ctx, __u64 *ips, __u32 max, __u64 flags)
{
	long bytes = bpf_get_stack(ctx, ips, max * sizeof(*ips), flags);
	return bytes < 0 ? bytes : (long)((__u64)bytes / sizeof(*ips));
}

/* Of the kernel's side; -EFAULT when the thread is in user space. */
static __always_inline long ev_kernel_stack(void *ctx, __u64 *ips, __u32 max)
{
	return ev_stack_by_kernel(ctx, ips, max, 0);
}

/* Of user space, by frame pointers; -EFAULT for threads that have none. */
static __always_inline long ev_user_stack(void *ctx, __u64 *ips, __u32 max)
{
	return ev_stack_by_kernel(ctx, ips, max, BPF_F_USER_STACK);
}

#endif
