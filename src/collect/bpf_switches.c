/* Context switches counted by a BPF program, for a process tree or for everybody; where BPF is not
 * built in or not allowed, why. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "bpf_watched.h"
#include "machine.h"

/* The build says which; without its word there is no BPF. */
#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif
#ifndef EV_BPF_WHY
#define EV_BPF_WHY "the build was not told of it"
#endif

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <switches.skel.h>

struct ev_bpf_counter {
	struct switches_bpf *programs;
	int cpu_count;
	uint64_t *per_cpu;
};

const char *ev_bpf_absence(char *out, size_t size_bytes)
{
	const char *why = NULL;
	if (!ev_machine_has_capability(EV_CAP_SYS_ADMIN) &&
	    !(ev_machine_has_capability(EV_CAP_BPF) && ev_machine_has_capability(EV_CAP_PERFMON)))
		why = "needs root, or CAP_BPF and CAP_PERFMON";
	else if (access("/sys/kernel/btf/vmlinux", R_OK))
		why = "the kernel does not describe its types (no /sys/kernel/btf/vmlinux)";
	/* The newest of what every program wants. */
	else if (!libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_task_pt_regs,
					  NULL))
		why = "the kernel is too old for these programs (Linux 5.15 or newer)";
	if (!why)
		return NULL;
	snprintf(out, size_bytes, "%s", why);
	return out;
}

/* Programs on typed tracepoints or, where the kernel refuses those, on raw ones. */
static struct switches_bpf *load(bool raw, const struct ev_watch_target *target, int *error)
{
	struct switches_bpf *programs = switches_bpf__open();
	*error = errno;
	if (!programs)
		return NULL;
	programs->rodata->watch = ev_watched_plan(target);
	ev_watched_choose(programs->obj, raw);
	ev_watched_size(programs->obj, target);
	int rc = switches_bpf__load(programs);
	if (!rc)
		rc = switches_bpf__attach(programs);
	if (!rc)
		return programs;
	*error = -rc;
	switches_bpf__destroy(programs);
	return NULL;
}

int ev_bpf_counter_open(struct ev_bpf_counter **counter, uint32_t pid, struct ev_err *err)
{
	char absence[256];
	int error;
	*counter = NULL;
	if (ev_bpf_absence(absence, sizeof(absence)))
		return ev_fail(err, EPERM, "BPF programs cannot be used: %s", absence);
	libbpf_set_print(NULL); /* it would speak to the user itself */
	int cpu_count = libbpf_num_possible_cpus();
	if (cpu_count < 1)
		return ev_fail(err, ENOENT, "cannot tell how many CPUs there may be");
	struct ev_target who = { .kind = pid ? EV_TARGET_PIDS : EV_TARGET_SYSTEM,
				 .ids = &pid,
				 .id_count = pid != 0 };
	struct ev_watch_target target = { .target = &who, .descendants = true };
	struct switches_bpf *programs = load(false, &target, &error);
	if (!programs)
		programs = load(true, &target, &error);
	if (!programs)
		return ev_fail(err, error, "the kernel refuses the BPF program: %s",
			       strerror(error));
	int rc = ev_watched_begin(programs->obj, &target, err);
	if (rc) {
		switches_bpf__destroy(programs);
		return rc;
	}
	*counter = ev_alloc(sizeof(**counter));
	**counter = (struct ev_bpf_counter){ .programs = programs, .cpu_count = cpu_count };
	(*counter)->per_cpu = ev_alloc((size_t)cpu_count * sizeof(uint64_t));
	return 0;
}

int ev_bpf_counter_read(struct ev_bpf_counter *counter, uint64_t *switches)
{
	uint32_t first = 0;
	*switches = 0;
	/* Some children were not followed: the sum would be wrong. */
	if (counter->programs->bss->children_missed)
		return -ENOSPC;
	if (bpf_map_lookup_elem(bpf_map__fd(counter->programs->maps.switches), &first,
				counter->per_cpu))
		return -errno;
	for (int cpu = 0; cpu < counter->cpu_count; cpu++)
		*switches += counter->per_cpu[cpu];
	return 0;
}

void ev_bpf_counter_close(struct ev_bpf_counter *counter)
{
	if (!counter)
		return;
	switches_bpf__destroy(counter->programs);
	free(counter->per_cpu);
	free(counter);
}

#else

const char *ev_bpf_absence(char *out, size_t size_bytes)
{
	snprintf(out, size_bytes, "not built in: %s", EV_BPF_WHY);
	return out;
}

int ev_bpf_counter_open(struct ev_bpf_counter **counter, uint32_t pid, struct ev_err *err)
{
	(void)pid;
	*counter = NULL;
	return ev_fail(err, ENOSYS, "BPF programs cannot be used: not built in: %s", EV_BPF_WHY);
}

int ev_bpf_counter_read(struct ev_bpf_counter *counter, uint64_t *switches)
{
	(void)counter;
	*switches = 0;
	return -ENOSYS;
}

void ev_bpf_counter_close(struct ev_bpf_counter *counter)
{
	(void)counter;
}

#endif
