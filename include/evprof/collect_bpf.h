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

/* ---- stacks followed in the kernel, by unwind tables -------------------------------------------
 */

/* NULL when BPF programs can follow user stacks by unwind tables here; else why not. Stacks can be
 * copied then, and followed by ev_unwind. */
const char *ev_bpf_walk_absence(char *out, size_t size_bytes);
struct ev_bpf_walk_options {
	uint64_t limit_bytes;         /* of memory for unwind tables; 0 = 256 MiB */
	const struct ev_roots *roots; /* borrowed; NULL: processes as they are now */
};
struct ev_bpf_walk_tally {
	uint64_t ends[EV_UNWOUND_END_COUNT]; /* of all walks */
	uint64_t frames, guessed;            /* guessed: by the frame pointer */
	/* Now: */
	uint64_t processes, processes_left_out; /* left out: for want of room */
	uint64_t objects, objects_left_out;
	uint64_t rows, bytes; /* of the tables, and all their memory */
};

#endif
