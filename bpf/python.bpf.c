/* Beside the samples that the kernel makes: the Python frames of the thread that each is of, and
 * which processes may run Python. */
#include <linux/bpf_perf_event.h>
#include "python.bpf.h"
#include "watched.bpf.h"

char LICENSE[] SEC("license") = "GPL";

/* 1: the kernel makes its sample. */
SEC("perf_event")
int python_sample(struct bpf_perf_event_data *ctx)
{
	python_tell(PYTHON_OF_EVENT, EV_PYTHON_SAMPLE, PT_REGS_IP(&ctx->regs));
	return 1;
}

SEC("tracepoint")
int python_tracepoint(void *ctx)
{
	python_tell(PYTHON_OF_TRACEPOINT, EV_PYTHON_SAMPLE, 0);
	return 1;
}

SEC("raw_tp/sched_switch")
int python_switch(void *ctx)
{
	return python_tell(PYTHON_OF_SWITCH, EV_PYTHON_SWITCH, 0);
}

/* ---- processes ---------------------------------------------------------------------------------
 */

static __always_inline int python_tell_of(__u8 kind, __u32 pid, __u32 parent, bool call)
{
	struct ev_python_note note = { .time_ns = bpf_ktime_get_ns(),
				       .pid = pid,
				       .tid = pid,
				       .parent = parent,
				       .kind = kind };
	return python_send(&note, sizeof(note), call);
}

SEC("raw_tp/sched_process_fork")
int BPF_PROG(python_fork, struct task_struct *parent, struct task_struct *child)
{
	__u32 from = BPF_CORE_READ(parent, tgid), to = BPF_CORE_READ(child, tgid);
	if (from == to)
		return 0;
	const struct ev_python_process *process = bpf_map_lookup_elem(&python_processes, &from);
	if (!process || !ev_watched(parent))
		return 0;
	bpf_map_update_elem(&python_processes, &to, process, BPF_ANY);
	return python_tell_of(EV_PYTHON_FORK, to, from, false);
}

/* Is "python" in the name, or is it a loader, which may be given any program? So it is of what is
 * worth waking the reader for at once. */
struct python_name {
	char text[128];
	__u32 found;
};
static long python_look(__u32 index, void *context)
{
	struct python_name *name = context;
	if (index > sizeof(name->text) - 8)
		return 1;
	const char *at = name->text + (index & 127);
	if (!*at)
		return 1;
	if (index <= 120 && at[0] == 'p' && at[1] == 'y' && at[2] == 't' && at[3] == 'h' &&
	    at[4] == 'o' && at[5] == 'n') {
		name->found = 1;
		return 1;
	}
	if (index <= 120 && at[0] == '/' && at[1] == 'l' && at[2] == 'd' &&
	    (at[3] == '-' || at[3] == '.')) {
		name->found = 1;
		return 1;
	}
	return 0;
}

SEC("raw_tp/sched_process_exec")
int BPF_PROG(python_exec, struct task_struct *task, int old_pid, struct linux_binprm *program)
{
	struct python_name name = {};
	__u32 pid = BPF_CORE_READ(task, tgid);
	bool known = bpf_map_lookup_elem(&python_processes, &pid) != NULL;
	bpf_map_delete_elem(&python_processes, &pid);
	if (!ev_watched(task))
		return 0;
	bpf_probe_read_kernel_str(name.text, sizeof(name.text), BPF_CORE_READ(program, interp));
	bpf_loop(sizeof(name.text), python_look, &name, 0);
	return name.found || known ? python_tell_of(EV_PYTHON_EXEC, pid, 0, name.found) : 0;
}

SEC("raw_tp/sched_process_free")
int BPF_PROG(python_free, struct task_struct *task)
{
	__u32 pid = BPF_CORE_READ(task, tgid), tid = BPF_CORE_READ(task, pid);
	bpf_map_delete_elem(&python_threads, &tid);
	if (pid != tid || bpf_map_delete_elem(&python_processes, &pid))
		return 0;
	return python_tell_of(EV_PYTHON_EXIT, pid, 0, false);
}

EV_WATCH_PROGRAMS
