/* collect, with BPF: what programs in the kernel count and measure. All of it refuses with a
 * sentence where ev_bpf_absence tells why (see evprof/collect.h). */
#ifndef EVPROF_COLLECT_BPF_H
#define EVPROF_COLLECT_BPF_H

#include <evprof/collect.h>

/* ---- who is watched ---------------------------------------------------------------------------
 */

/* A target for BPF programs, which see everybody and pick whom they watch by themselves. A command
 * is its pid, the target's only id. CPUs are not looked at: who opens events chooses them. */
struct ev_watch_target {
	const struct ev_target *target;
	/* Whoever is in or under one of these (names as ev_cgroup_open takes them), with a target
	 * of EV_TARGET_SYSTEM; none = everybody. */
	const char *const *cgroups;
	size_t cgroup_count;
	bool descendants; /* of processes, also those that they started before */
};

#endif
