/* collect, with BPF: what programs in the kernel count and measure. All of it refuses with a
 * sentence where ev_bpf_absence tells why (see evprof/collect.h). */
#ifndef EVPROF_COLLECT_BPF_H
#define EVPROF_COLLECT_BPF_H

#include <evprof/collect.h>
#include <evprof/collect_waits.h>

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
	const char *cache; /* as in ev_symbolizer_options, borrowed: for tables of large files */
	bool on_demand;    /* after the first step, tables are read when a walk lacked them */
};
struct ev_bpf_walk_tally {
	uint64_t ends[EV_UNWOUND_END_COUNT]; /* of all walks */
	uint64_t frames, guessed;            /* guessed: by the frame pointer */
	/* Now: */
	uint64_t processes, processes_left_out; /* left out: for want of room */
	uint64_t objects, objects_left_out;
	uint64_t rows, bytes; /* of the tables, and all their memory */
};

/* ---- a second source of records ---------------------------------------------------------------
 */

/* What programs in the kernel leave to be fetched, beside the rings of a sampler. */
struct ev_bpf_source {
	void *self;
	/* Readable when something waits; the source's own. */
	int (*fd)(void *self);
	/* Hands records to `take` when it is time; with `last` all that there are, and none will
	 * follow. Stops at take's first non-zero answer and returns it. */
	int (*drain)(void *self, bool last, ev_take_record take, void *context, struct ev_err *err);
};

/* ---- samples counted in the kernel ------------------------------------------------------------
 */

struct ev_bpf_python;
struct ev_bpf_counts_options {
	uint64_t interval_ns;                   /* what is counted is fetched so often */
	bool callchain, kernel_only, user_only; /* stacks; else only places */
	bool at_exec;                           /* as in the sampler's */
	/* Nothing is counted: each sample is followed in the kernel and passed on, with `walk`, of
	 * a sampler that was opened without `counted` and with copies of stacks. What has no tables
	 * yet stays a sample of the sampler's. */
	bool streams;
	bool walk;         /* user stacks by unwind tables, in the kernel; else by frame pointers */
	const char *cache; /* of `walk`, as in ev_bpf_walk_options */
	uint32_t room;     /* for so many different ones; 0 = as the rates of the events ask for */
	/* Stacks get the Python frames of their threads, of addresses in its table of functions;
	 * NULL: none. Borrowed, closed later. */
	struct ev_bpf_python *python;
};
struct ev_bpf_counts_tally {
	uint64_t seen;      /* by the programs: samples and lost, and what is not fetched yet */
	uint64_t samples;   /* fetched: counted, or passed on one by one */
	uint64_t records;   /* that they became */
	uint64_t passed_on; /* of the samples: one by one, for want of room */
	uint64_t lost;      /* for want of room even for that */
	uint64_t collided;  /* of those passed on: stacks that could have been taken for others */
	uint64_t early; /* times that maps were fetched before their time, because they filled */
	uint64_t unreadable;  /* samples whose stack nobody could read: only their place is known */
	uint64_t map_bytes;   /* of memory in the kernel */
	uint64_t most_stacks; /* that one interval had */
	uint64_t truncated_stacks; /* samples whose stacks ended at the depth limit */
	uint64_t python_lost;      /* notes of Python code and frames that found no room */
};
/* Is this a condition for what is filtered (struct ev_event has it, or ev_waits_options)? -EINVAL
 * with a sentence and the place; -ENOENT for a cgroup that is not there. Numbers: period, cpu, pid,
 * tid; comm, by == and globs; cgroup; latency, the time that a thread was off the CPUs. */
enum ev_bpf_filtered {
	EV_BPF_FILTERED_SAMPLES,
	EV_BPF_FILTERED_WAITS, /* period and latency are the same */
	EV_BPF_FILTERED_WALL,  /* latency is 0 of the time on the CPUs */
};
int ev_bpf_filter_check(const char *text, enum ev_bpf_filtered of, struct ev_err *err);
struct ev_bpf_counts;
/* Loads a program for each event of a sampler that was opened with `counted`, and switches the
 * recording's events to what their samples now are. Events that no program can count stay as they
 * are, with a note. Nothing runs before the sampler is enabled. The sampler is closed later than
 * the counts. -EPERM, -ENOSYS … with the missing part and its cure. */
int ev_bpf_counts_open(struct ev_bpf_counts **counts, struct ev_sampler *sampler,
		       const struct ev_event_list *events, const struct ev_target *target,
		       const struct ev_bpf_counts_options *options, struct ev_recording *recording,
		       struct ev_err *err);
/* A record of what already runs, or out of the rings: with `walk`, all of them, soon. */
void ev_bpf_counts_know(struct ev_bpf_counts *counts, const struct ev_record *record);
/* With `walk`: this program is about to be run. Its unwind tables, and those of what it maps as it
 * begins, are read now, and are there from its first instruction on. */
void ev_bpf_counts_expect(struct ev_bpf_counts *counts, const char *path);
/* After the rings were read: what the records told reaches the programs. True when there is more to
 * do, for which the rings should not wait: then read them, and call it again at once. */
bool ev_bpf_counts_step(struct ev_bpf_counts *counts);
/* What the walks came to; false where stacks are not followed so. */
bool ev_bpf_counts_walked(const struct ev_bpf_counts *counts, struct ev_bpf_walk_tally *tally);
/* Is every event that was listed counted so? */
bool ev_bpf_counts_all(const struct ev_bpf_counts *counts);
struct ev_bpf_source ev_bpf_counts_source(struct ev_bpf_counts *counts);
void ev_bpf_counts_tally(const struct ev_bpf_counts *counts, struct ev_bpf_counts_tally *tally);
void ev_bpf_counts_close(struct ev_bpf_counts *counts);

/* ---- what the kernel's verifier says ----------------------------------------------------------
 */

struct ev_bpf_verified {
	const char *collection, *program;
	int error;             /* 0, or the positive errno that refused it */
	uint64_t instructions; /* that were looked at; 0 where the kernel does not tell */
	uint64_t took_ns;      /* to load it, with its maps */
	const char *said;      /* the verifier's last words on one that is refused, else "" */
};
typedef void (*ev_take_verified)(void *context, const struct ev_bpf_verified *verified);
/* Loads every program of the build once, and attaches none. */
int ev_bpf_verify(ev_take_verified take, void *context, struct ev_err *err);

/* ---- time off the CPUs --------------------------------------------------------------------------
 */

struct ev_waits;
struct ev_waits_options {
	uint64_t shortest_ns; /* shorter intervals are added up by thread, state and stack */
	uint32_t stack_bytes; /* copied of user stacks, to unwind them by; 0 = frame pointers */
	bool user_stacks, kernel_stacks;
	bool wakers;
	const char *condition; /* of intervals that are told, NULL = all; it was checked */
};
/* What was seen until now. */
struct ev_waits_tally {
	uint64_t intervals, ns;       /* that were told, also in sums */
	uint64_t shorts, short_ns;    /* of those, in sums */
	uint64_t samples;             /* that they became */
	uint64_t open, open_ns;       /* of those, that had not ended at the end */
	uint64_t on_ns;               /* that the same threads were on a CPU */
	uint64_t run_ns;              /* of that: without a sample, given to the stack at the end */
	uint64_t dropped, dropped_ns; /* the ring buffer had no room for them */
	uint64_t threads_left_out;    /* there were too many */
	uint64_t kinds;               /* of short ones, that are added up now */
	uint64_t missed; /* switches that the kernel did not tell of: by its accounts of time */
};
/* Begins to measure intervals in which the target's threads are off the CPUs, from now on: threads
 * that wait already do so from now. -EPERM, -ENOSYS … with a sentence where BPF is not to be had.
 */
int ev_waits_open(struct ev_waits **waits, const struct ev_watch_target *target,
		  const struct ev_waits_options *options, struct ev_err *err);
/* The events of the recording that its samples are of, and their ids. */
void ev_waits_are(struct ev_waits *waits, int event, uint64_t id, int waker_event,
		  uint64_t waker_id);
/* `on` is told how long threads were on a CPU, and of every turn there in which they were sampled:
 * by the events of a sampler that a program is put beside. A turn without a sample becomes one of
 * the waits' own, of the stack at its end and with the address of EV_STATE_RUNNING. Where the
 * program cannot be put there, samples and what is measured of a thread are all that is known. */
void ev_waits_tell_on_cpu(struct ev_waits *waits, struct ev_sampler *sampler, struct ev_on_cpu *on);
/* Nothing is measured while it is off; intervals that began or end then are left out. */
void ev_waits_turn(struct ev_waits *waits, bool on);
/* Its records are samples, one for each interval that has ended: period in ns, time CLOCK_MONOTONIC
 * at its end, ip the address of its state (ev_wait_state_address), which also is the innermost of
 * its chain; registers and the copy of the stack where copies are taken. What is short is told as
 * sums, every second. With wakers also samples of those, whose period is that of the interval they
 * ended. The last ones are intervals that did not end. */
struct ev_bpf_source ev_waits_source(struct ev_waits *waits);
struct ev_waits_tally ev_waits_tally(struct ev_waits *waits);
void ev_waits_close(struct ev_waits *waits);

#endif
