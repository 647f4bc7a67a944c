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

struct kernfs_node {
	__u64 id; /* the inode */
};

struct cgroup {
	struct kernfs_node *kn;
};

/* What one controller has of a cgroup. */
struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

enum cgroup_subsys_id { perf_event_cgrp_id = 7 };

struct css_set {
	struct cgroup_subsys_state *subsys[1]; /* by enum cgroup_subsys_id */
};

/* Of a processor: where the thread-local memory of user space is. */
struct thread_struct {
	unsigned long fsbase; /* x86-64 */
};

struct super_block {
	unsigned int s_dev;
};

struct inode {
	unsigned long i_ino;
	unsigned int i_generation;
	long long i_size;
	struct super_block *i_sb;
};

struct file {
	struct inode *f_inode;
};

struct mm_struct {
	unsigned long start_code; /* of the program itself */
};

/* A mapping of a process. */
struct vm_area_struct {
	unsigned long vm_start, vm_end;
	unsigned long vm_pgoff; /* in the file, in pages */
	unsigned long vm_flags; /* VM_… */
	struct mm_struct *vm_mm;
	struct file *vm_file;
};

struct linux_binprm {
	const char *interp; /* path of the program that runs, of a script its interpreter */
};

struct sched_entity {
	__u64 sum_exec_runtime; /* ns on a CPU, when it last left one */
};

struct task_struct {
	struct sched_entity se;
	struct thread_struct thread;
	int pid;              /* of the thread */
	int tgid;             /* of the process */
	unsigned int flags;   /* PF_… */
	struct mm_struct *mm; /* NULL: it has no memory, or none any more */
	struct css_set *cgroups;
	__u64 start_time;   /* CLOCK_MONOTONIC */
	__u32 self_exec_id; /* wider in newer kernels: its low half */
	char comm[16];
	unsigned int __state; /* TASK_… */
	unsigned int in_iowait : 1;
};

/* Before Linux 5.14. */
struct task_struct___old {
	long state;
};

struct hw_perf_event {
	__u64 sample_period; /* now */
};

struct perf_event {
	struct hw_perf_event hw;
};

/* What the context of a program on a perf event really is. */
struct bpf_perf_event_data_kern {
	struct perf_event *event;
};

#pragma clang attribute pop

#endif
