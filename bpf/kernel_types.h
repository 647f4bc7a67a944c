/* The few kernel fields that programs read. Names and types are what counts: at load time the
 * running kernel's own type information says where each field is. */
#ifndef BPF_KERNEL_TYPES_H
#define BPF_KERNEL_TYPES_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct task_struct {
	int pid;  /* of the thread */
	int tgid; /* of the process */
};

#pragma clang attribute pop

#endif
