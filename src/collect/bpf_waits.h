/* Intervals off the CPUs as the BPF program tells them, on their way to samples. */
#ifndef COLLECT_BPF_WAITS_H
#define COLLECT_BPF_WAITS_H

#include <evprof/collect_bpf.h>
#include <waits.h>
#include "kernel_functions.h"

/* State, the kernel's and the user's frames, and their markers. */
enum { EV_WAIT_CHAIN = EV_WAIT_KERNEL_FRAMES + EV_WAIT_USER_FRAMES + 4 };

/* Functions of the kernel by which its stacks are told apart: what is inside of the first two is
 * the program that looks, what is outside of the others was interrupted. */
enum { EV_WAIT_OF_SWITCH, EV_WAIT_OF_WAKING, EV_WAIT_OF_INTERRUPT, EV_WAIT_FUNCTIONS = 16 };

/* What a record points to while it is given away. */
struct ev_wait_sample {
	uint64_t chain[EV_WAIT_CHAIN];
	uint64_t registers[64];
	struct ev_kernel_function functions[EV_WAIT_FUNCTIONS];
};
void ev_wait_sample_init(struct ev_wait_sample *room);
/* The sample of one interval, or of who ended it; `period` and time are those of the interval. The
 * bytes behind `wait` are as its counts say. */
void ev_wait_record(const struct ev_wait *wait, struct ev_wait_sample *room,
		    struct ev_record *record);
/* Are there as many bytes as the counts say? */
bool ev_wait_is_whole(const struct ev_wait *wait, size_t size_bytes);
/* A thread that waits now, by /proc: false for one that runs, is the kernel's own, or is gone. */
bool ev_wait_of_task(uint32_t tid, struct ev_wait *wait);

#endif
