/* Context switches counted by a BPF program, for a process tree or for everybody; where BPF is not
 * built in or not allowed, why. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "machine.h"
#include "tasks.h"

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
	if (!why)
		return NULL;
	snprintf(out, size_bytes, "%s", why);
	return out;
}

/* Programs on typed tracepoints or, where the kernel refuses those, on raw ones. */
static struct switches_bpf *load(bool raw, uint32_t pid, int *error)
{
	struct switches_bpf *programs = switches_bpf__open();
	*error = errno;
	if (!programs)
		return NULL;
	programs->rodata->root_pid = (int)pid;
	bpf_program__set_autoload(programs->progs.typed_switch, !raw);
	bpf_program__set_autoload(programs->progs.typed_fork, !raw);
	bpf_program__set_autoload(programs->progs.typed_free, !raw);
	bpf_program__set_autoload(programs->progs.raw_switch, raw);
	bpf_program__set_autoload(programs->progs.raw_fork, raw);
	bpf_program__set_autoload(programs->progs.raw_free, raw);
	int rc = switches_bpf__load(programs);
	uint8_t watched = 1;
	/* The root is known before the first fork can be seen. */
	if (!rc && pid)
		rc = bpf_map_update_elem(bpf_map__fd(programs->maps.processes), &pid, &watched,
					 BPF_ANY);
	if (!rc)
		rc = switches_bpf__attach(programs);
	if (!rc)
		return programs;
	*error = -rc;
	switches_bpf__destroy(programs);
	return NULL;
}

/* Descendants that were there before the programs: children of watched ones, until none is new. */
static void add_descendants(struct ev_bpf_counter *counter, uint32_t root)
{
	struct ev_task_list pids = { 0 };
	struct ev_map watched = { 0 };
	int processes = bpf_map__fd(counter->programs->maps.processes);
	bool grew = true;
	ev_map_add(&watched, root, 0, NULL);
	ev_processes_list(&pids, false, 0);
	while (grew) {
		grew = false;
		for (size_t i = 0; i < pids.count; i++) {
			uint32_t pid = pids.items[i], parent;
			char comm[16];
			uint8_t yes = 1;
			if (ev_map_find(&watched, pid, 0) ||
			    !ev_process_parent(pid, comm, &parent) ||
			    !ev_map_find(&watched, parent, 0))
				continue;
			ev_map_add(&watched, pid, 0, NULL);
			bpf_map_update_elem(processes, &pid, &yes, BPF_ANY);
			grew = true;
		}
	}
	ev_array_done(&pids);
	ev_map_done(&watched);
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
	struct switches_bpf *programs = load(false, pid, &error);
	if (!programs)
		programs = load(true, pid, &error);
	if (!programs)
		return ev_fail(err, error, "the kernel refuses the BPF program: %s",
			       strerror(error));
	*counter = ev_alloc(sizeof(**counter));
	**counter = (struct ev_bpf_counter){ .programs = programs, .cpu_count = cpu_count };
	(*counter)->per_cpu = ev_alloc((size_t)cpu_count * sizeof(uint64_t));
	if (pid)
		add_descendants(*counter, pid);
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
