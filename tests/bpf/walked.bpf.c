/* Gives every stack that the walk finds to its test: of samples, and of switches. */
#include <linux/bpf_perf_event.h>
#include "walk.bpf.h"
#include "watched.bpf.h"
#include "walked.h"

char LICENSE[] SEC("license") = "GPL";

__u64 dropped = 0;

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 32 << 20);
} stacks SEC(".maps");

static __always_inline struct walked *begin(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct walked *walked;
	if (!walk_wanted || !ev_watched((struct task_struct *)bpf_get_current_task_btf()))
		return NULL;
	walked = bpf_ringbuf_reserve(&stacks, sizeof(*walked), 0);
	if (!walked) {
		__sync_fetch_and_add(&dropped, 1);
		return NULL;
	}
	walked->pid = id >> 32;
	walked->tid = (__u32)id;
	return walked;
}

SEC("perf_event")
int on_sample(struct bpf_perf_event_data *ctx)
{
	struct walked *walked = begin();
	if (!walked)
		return 0;
	walked->in_kernel = (__s64)PT_REGS_IP(&ctx->regs) < 0;
	ev_walk_user(PT_REGS_IP(&ctx->regs), walked->ips, EV_WALK_FRAMES, &walked->result);
	bpf_ringbuf_submit(walked, 0);
	return 0;
}

static __always_inline int on_switch(void *ctx)
{
	struct walked *walked = begin();
	if (!walked)
		return 0;
	walked->in_kernel = 2;
	ev_walk_user(0, walked->ips, EV_WALK_FRAMES, &walked->result);
	bpf_ringbuf_submit(walked, 0);
	return 0;
}

SEC("tp_btf/sched_switch")
int BPF_PROG(typed_switch, bool preempted, struct task_struct *from)
{
	return on_switch(ctx);
}

SEC("raw_tp/sched_switch")
int BPF_PROG(raw_switch, bool preempted, struct task_struct *from)
{
	return on_switch(ctx);
}

EV_WATCH_PROGRAMS
EV_WALK_PROGRAMS
