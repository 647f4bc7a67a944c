/* collect: opens events in the kernel and brings back counts and records. The only stage that talks
 * to the kernel; every raw system call stands in src/collect/syscalls.c. */
#ifndef EVPROF_COLLECT_H
#define EVPROF_COLLECT_H

#include <sys/resource.h>
#include <sys/types.h>
#include <evprof/event.h>
#include <evprof/perfdata.h>
#include <evprof/perfdata_python.h>
#include <evprof/symbol.h>

/* ---- who is watched ---------------------------------------------------------------------------
 */

enum ev_target_kind {
	EV_TARGET_COMMAND, /* a workload that evprof starts */
	EV_TARGET_PIDS,    /* -p: all their threads, now and later */
	EV_TARGET_TIDS,    /* -t: those threads only (and, inherited, what they start) */
	EV_TARGET_USER,    /* -u: every process of a user, now */
	EV_TARGET_SYSTEM,  /* -a, or -C */
};
struct ev_target {
	enum ev_target_kind kind;
	uint32_t *ids;
	size_t id_count; /* pids, tids, or the one uid */
	uint32_t *cpus;
	size_t cpu_count; /* -C; none = all online */
	bool no_inherit;  /* -i */
	bool by_name;     /* pids were found by names: those that are gone by now are left out */
};
/* Process ids out of "12,15-17,redis*": numbers stay as they are, a name or glob (to the letter, of
 * the whole name) stands for every living process but this one whose main thread or executable file
 * is called so. *by_name: there was one. free() *pids. -EINVAL, or -ESRCH when a name is nobody's,
 * with a sentence. */
int ev_processes_find(const char *text, uint32_t **pids, size_t *count, bool *by_name,
		      struct ev_err *err);

/* ---- cgroups ----------------------------------------------------------------------------------
 */

/* A descriptor of the folder of a cgroup ("" or "/" is the root) in the hierarchy that events know,
 * or -errno with a sentence. close() it. */
int ev_cgroup_open(const char *name, struct ev_err *err);
/* Names ("system.slice/cron.service", "/" for the root) of all cgroups that a regular expression
 * (POSIX extended, anywhere in the name) matches, sorted, in the arena. -EINVAL, -ENOENT … with a
 * sentence. free() *names. */
int ev_cgroup_match(const char *pattern, struct ev_arena *arena, const char ***names, size_t *count,
		    struct ev_err *err);

/* ---- a command to watch -----------------------------------------------------------------------
 */

/* A child that waits before its exec, so that counters can be opened on it and start at exec. */
struct ev_workload;
int ev_workload_start(struct ev_workload **workload, char *const *argv, struct ev_err *err);
uint32_t ev_workload_pid(const struct ev_workload *workload);
/* Let it exec. -ENOENT, -EACCES, … with a sentence when exec failed: exit 127 or 126 as env does.
 */
int ev_workload_go(struct ev_workload *workload, struct ev_err *err);
/* 1 when it has ended (status as of waitpid, usage of it and its waited-for children), 0 while it
 * runs, or with `block` after waiting; -errno. */
int ev_workload_ended(struct ev_workload *workload, bool block, int *status, struct rusage *usage);
/* A descriptor (pidfd) that polls readable when the command has ended; -1 where the kernel has
 * none.
 */
int ev_workload_fd(const struct ev_workload *workload);
/* A peak of the command's memory (ru_maxrss) up to here is not its own: the kernel counts in what
 * the child of evprof had before it became the command. */
uint64_t ev_workload_floor_kb(const struct ev_workload *workload);
void ev_workload_signal(struct ev_workload *workload, int signal_number);
/* Kills and reaps it when it still waits or runs. */
void ev_workload_close(struct ev_workload *workload);

/* ---- opening, told honestly -------------------------------------------------------------------
 */

/* What became of one event. */
struct ev_opening {
	int error;     /* 0, or the positive errno that refused it */
	char why[512]; /* the probed cause and the command that cures it, when refused */
	struct perf_event_attr attr; /* as it was opened */
	bool alone;          /* its weak group (:W) did not fit: it was opened without the others */
	bool in_cgroup;      /* a cgroup's descriptor is given in the thread's place */
	bool filter_refused; /* it opened, and its filter was refused: `why` is about that */
	char fallback[256];  /* what had to be given up ("user space only: perf_event_paranoid is
				2"), "" when nothing */
	/* Id of the tracepoint that stands for a probe, so that children inherit it; 0 = none. */
	uint32_t tracepoint;
};

/* Why this machine has no hardware counters ("KVM guest without a virtual PMU"), in `out`; empty
 * string when it has some. */
const char *ev_pmu_absence(char *out, size_t size_bytes);
/* "; the kernel's watchdog holds a counter: sudo sysctl …", to end a sentence about a missing
 * counter with; "" when it is off. */
const char *ev_watchdog_note(void);
/* Can this event be counted, or sampled, here by this user? 0 or the positive errno, with the cause
 * in `why` (may be NULL). Opened on evprof itself (CPU 0 for what can't follow a task), closed at
 * once. */
int ev_probe_count(const struct ev_event *event, char *why, size_t size_bytes);
int ev_probe_sample(const struct ev_event *event, char *why, size_t size_bytes);
/* Does the kernel take the event's filter? 0 also where it has none, or can't be opened at all. */
int ev_probe_filter(const struct ev_event *event, char *why, size_t size_bytes);
/* The sentence for a refused open of `attr`: cause found by probing (paranoid level, missing
 * capability, ptrace rights, no PMU, descriptors, locked memory, busy, seccomp), then the cure. */
void ev_explain_open(int error, const struct perf_event_attr *attr, const struct ev_target *target,
		     char *why, size_t size_bytes);

/* ---- counting ---------------------------------------------------------------------------------
 */

struct ev_slot {       /* what a counter was opened on */
	int32_t cpu;   /* -1 = any */
	int32_t tid;   /* -1 = any */
	char comm[16]; /* of the thread, when it was opened */
};
struct ev_counters;
struct ev_counters_options {
	/* Keep a slot per thread of -p/-t targets. For a command: one per thread that it and its
	 * children ever start, known when the thread has ended. The events are then opened on the
	 * calling thread, before it starts the workload, and the target needs no id. */
	bool per_thread;
	/* With per_thread for -p and -t: threads that are born meanwhile get slots of their own,
	 * as those of a command do, where the kernel lends the memory for that; slots are known
	 * after ev_counters_gather(last). Else what they count is their maker's. */
	bool newborn;
	bool at_exec;     /* begin when the command execs */
	bool disabled;    /* begin only on ev_counters_enable */
	const bool *only; /* open those of the events alone, whole groups; NULL = all */
};
/* Opens every event of the list that can be opened. 0 also when none could: see the openings. The
 * target's own -errno (no such process …) is an error. `events` must outlive the counters. */
int ev_counters_open(struct ev_counters **counters, const struct ev_event_list *events,
		     const struct ev_target *target, const struct ev_counters_options *options,
		     struct ev_err *err);
const struct ev_opening *ev_counters_opening(const struct ev_counters *counters, size_t event);
size_t ev_counters_slot_count(const struct ev_counters *counters);
/* Do threads that are born meanwhile get slots? *running: those of them that have not ended, whose
 * counts are in the slot of the thread that made them; *lost: the kernel could not tell of all. */
bool ev_counters_follow(const struct ev_counters *counters, size_t *running, bool *lost);
const struct ev_slot *ev_counters_slot(const struct ev_counters *counters, size_t slot);
/* How many threads or CPUs are watched. *unsettled (may be NULL): threads were born faster than
 * they could be watched, so that some may be left out or there twice. */
size_t ev_counters_place_count(const struct ev_counters *counters, bool *unsettled);
/* -ENOENT when this event is not open on this slot; -EIO for a pinned event in error state. */
int ev_counters_read(struct ev_counters *counters, size_t event, size_t slot,
		     struct ev_count *count);
/* Threads of a command: take in what those that ended have counted, every 10 ms or so, lest the
 * kernel's rings fill; `last`, once, when all is over and before slots are read. What then is known
 * of no ended thread gets a slot too, so that the slots always add up to the whole: that of the
 * only thread that still runs, else one with tid -1, "(running)", "(lost)" or "(with evprof)" for
 * what was switched on by ev_counters_enable and holds evprof's own as well. Nothing to do for
 * other targets. -errno with a sentence. */
int ev_counters_gather(struct ev_counters *counters, bool last, struct ev_err *err);
/* For counts of one thread by the PMUs of several kinds of cores: the kernel says that each was
 * wanted all the time, though the thread ran on one kind at a time. Gives each its part of the
 * time, so that value * enabled / running is what it did there, and the sum is the whole. */
void ev_counts_take_turns(struct ev_count *counts, size_t count);
int ev_counters_enable(struct ev_counters *counters, struct ev_err *err);
int ev_counters_disable(struct ev_counters *counters, struct ev_err *err);
/* One event alone, everywhere; nothing to do for one that is not open. */
int ev_counters_turn(struct ev_counters *counters, size_t event, bool on, struct ev_err *err);
/* Opens those of the events that `only` names (NULL: all) for a moment on evprof itself. 0 when
 * they opened and each had the hardware all the time, -ENOSPC when some had to take turns or to
 * wait, else the -errno of the first that was refused. */
int ev_counters_try(const struct ev_event_list *events, const bool *only);
/* Shares the events out to passes in which each has the hardware all the time, together with those
 * that are `common` to all passes; found by trying. pass_of[event] is a number below the result
 * (at least 1); groups stay whole. *unfit gets how many groups do not fit even alone. */
size_t ev_passes_plan(const struct ev_event_list *events, const bool *common, unsigned *pass_of,
		      size_t *unfit);
/* True when every watched process or thread is gone. */
bool ev_counters_targets_gone(const struct ev_counters *counters);
void ev_counters_close(struct ev_counters *counters);

/* ---- sampling ---------------------------------------------------------------------------------
 */

#define EV_STACK_SIZES 5 /* of copies of one stack, among which a sampler may change */
struct ev_sampler_options {
	uint64_t frequency_hz; /* used where the event fixes neither; 0 = use period */
	bool frequency_given;  /* -F was typed: tracepoints, breakpoints and probes obey it too;
				* else each of theirs is a sample */
	uint64_t period_events;
	bool max_frequency;   /* -F max */
	bool callchain;       /* frame-pointer chains */
	uint32_t stack_bytes; /* copy so much of the user stack, and the registers to unwind it by;
			       * the kernel walks its own side only. 0 = no copies */
	/* Other sizes that may be wanted later (ev_sampler_copy), 0 for none: then the kernel
	 * follows frame pointers in user space too, and samples keep their layout. The kernel can
	 * not change the size of an open event, so each is opened once for each size, and one of
	 * them is on at a time. */
	uint32_t other_stack_bytes[EV_STACK_SIZES - 1];
	size_t other_stack_count;
	bool user_callchain_only, kernel_callchain_only;
	bool addresses;         /* -d */
	bool period, cpu, time; /* add PERF_SAMPLE_PERIOD …; time is on unless no_time */
	bool no_time;
	bool identified;        /* samples tell their event also where there is only one */
	bool steered;           /* rates may change while it is sampled */
	bool no_build_ids;      /* mappings are told without them */
	bool per_thread_counts; /* -s: attr.inherit_stat and READ records */
	bool switches;          /* context_switch records */
	bool cgroups;           /* cgroup records */
	bool namespaces;        /* namespaces records */
	bool no_bpf_events;     /* no records of BPF programs that come and go */
	/* PERF_SAMPLE_ bits of each sample besides; PERF_SAMPLE_REGS_INTR: all general registers.
	 */
	uint64_t more_sample_type;
	bool at_exec, disabled;
	bool turned; /* will be switched off and on: mappings and names are told meanwhile */
	/* Samples are counted by BPF programs (ev_bpf_counts_open), where an event allows it; only
	 * what those pass on and what happens beside is in the rings. Nothing begins by itself. */
	bool counted;
	bool prompt; /* with `counted`: what the rings tell of is waited for, ev_sampler_wait wakes
		      */
	uint64_t ring_bytes; /* per CPU, 0 = what fits; power of two of pages is made of it */
	bool ring_given;     /* -m was typed: say so when less had to do */
	int clock_id;        /* -1 = the kernel's own clock */
};
struct ev_sampler_tally { /* counted while draining */
	uint64_t samples, lost, throttled, records, bytes;
	uint64_t truncated_stacks; /* user chains that ended at the depth limit */
	uint64_t ended_threads;
};
struct ev_sampler;
/* Opens the events on the target, maps one ring per CPU and fills `recording`'s events (attr as
 * opened, name, ids). Any event that cannot be opened refuses the whole, with its cause. */
int ev_sampler_open(struct ev_sampler **sampler, const struct ev_event_list *events,
		    const struct ev_target *target, const struct ev_sampler_options *options,
		    struct ev_recording *recording, struct ev_err *err);
const struct ev_opening *ev_sampler_opening(const struct ev_sampler *sampler, size_t event);
uint64_t ev_sampler_ring_bytes(const struct ev_sampler *sampler); /* got, per CPU */
/* Why the rings are smaller than wanted (what may be locked, and the command that allows more), ""
 * when they are not. */
const char *ev_sampler_ring_note(const struct ev_sampler *sampler);
size_t ev_sampler_ring_count(const struct ev_sampler *sampler);
size_t ev_sampler_thread_count(const struct ev_sampler *sampler); /* watched; 0 = whole CPUs */
int ev_sampler_enable(struct ev_sampler *sampler, struct ev_err *err);
int ev_sampler_disable(struct ev_sampler *sampler, struct ev_err *err);
/* One event alone, everywhere. */
int ev_sampler_turn(struct ev_sampler *sampler, size_t event, bool on, struct ev_err *err);
/* From now on copy stack_bytes of each stack (0), or the other size of that number, from 1 on. What
 * was sampled with the size before is in the rings and stays. */
int ev_sampler_copy(struct ev_sampler *sampler, size_t size, struct ev_err *err);
/* From now on sample so often, where an event is sampled by frequency and the sampler is `steered`:
 * threads that are watched already, and those they will start; what they have started keeps its
 * rate, and so may a thread that has forked. Each sample goes on
 * telling what it counts for. *changed: how many events of the list. -EINVAL with a sentence for
 * what the kernel does not allow, or when there is no such event. */
int ev_sampler_frequency(struct ev_sampler *sampler, uint64_t frequency_hz, size_t *changed,
			 struct ev_err *err);
/* Vary frequencies and periods by up to so many percent (1 … 50) at random, so that they do not
 * keep step with what is sampled: called after every drain, it changes each counter once in 200 of
 * its samples. Needs `steered` and `period`. *state: any number to begin with, kept between calls.
 */
int ev_sampler_jitter(struct ev_sampler *sampler, unsigned percent, uint64_t *state,
		      struct ev_err *err);
/* Is there an event whose rate can vary? */
bool ev_sampler_may_jitter(const struct ev_sampler *sampler);
/* Opens the sampler's events once more on a process that has one thread by now, for that and those
 * that it will start, so that every sample of what they do in user space is a signal SIGTRAP there
 * as well, with si_code TRAP_PERF and `data`, before the thread goes on. They end with the next
 * exec, and are not inherited by other processes. What they write has EV_MISC_FOLLOWED. For a
 * sampler with `identified`, from any thread; -errno with a sentence. */
struct ev_followed;
int ev_sampler_follow(struct ev_sampler *sampler, uint32_t pid, uint64_t data,
		      struct ev_followed **followed, struct ev_err *err);
void ev_sampler_leave(struct ev_sampler *sampler, struct ev_followed *followed);
#define EV_MISC_FOLLOWED (1 << 11) /* in the misc of samples, which the kernel leaves free */
/* Can such an event be followed so? */
bool ev_attr_may_follow(const struct perf_event_attr *attr);
/* Wait until a ring is part full, `extra_fd` (-1 for none) is readable, or the time is over. */
int ev_sampler_wait(struct ev_sampler *sampler, int timeout_ms, int extra_fd);
/* Hand every complete record in the rings to `take`, in spans of whole records of native order (one
 * that wraps round the ring's end comes alone, copied). Stops at take's first non-zero answer and
 * returns it; the records not taken stay in the ring. */
typedef int (*ev_take_records)(void *context, const void *bytes, size_t size_bytes,
			       struct ev_err *err);
int ev_sampler_drain(struct ev_sampler *sampler, ev_take_records take, void *context,
		     struct ev_err *err);
/* Adds what the kernel still counts as lost when the kernel can tell (PERF_FORMAT_LOST). */
void ev_sampler_tally(struct ev_sampler *sampler, struct ev_sampler_tally *tally);
bool ev_sampler_targets_gone(const struct ev_sampler *sampler);
void ev_sampler_close(struct ev_sampler *sampler);

/* ---- simulating: what a PMU would count, from a model -------------------------------------------
 * For machines that show no PMU: the command runs under valgrind's callgrind, which simulates two
 * levels of cache and a branch predictor, and counts exactly what its model does, per instruction.
 */

/* What callgrind counts, in its own words: reads r and writes w of instructions I and data D,
 * misses m of the first level 1 and the last level L, branches B, conditional c and indirect i. */
enum ev_cost {
	EV_COST_IR,
	EV_COST_DR,
	EV_COST_DW,
	EV_COST_I1MR,
	EV_COST_D1MR,
	EV_COST_D1MW,
	EV_COST_ILMR,
	EV_COST_DLMR,
	EV_COST_DLMW,
	EV_COST_BC,
	EV_COST_BCM,
	EV_COST_BI,
	EV_COST_BIM,
	EV_COST_COUNT
};

/* A generic event as a sum of costs. */
struct ev_simulated_event {
	const char *name;
	uint32_t type; /* of the attr that the name stands for */
	uint64_t config;
	uint32_t costs;    /* 1 << enum ev_cost, added up */
	const char *about; /* what it is in the model */
};
extern const struct ev_simulated_event ev_simulated_events[];
extern const size_t ev_simulated_event_count;
/* The row that an event stands for; NULL for one that cannot be simulated. */
const struct ev_simulated_event *ev_simulated_event_of(const struct ev_event *event);
/* Why an event cannot be simulated, and which can: the sentence, -EOPNOTSUPP. */
int ev_simulated_refuse(const struct ev_event *event, struct ev_err *err);
/* "simulated/cache-misses/": the name under which such counts and samples go everywhere. */
const char *ev_simulated_name(const struct ev_simulated_event *event, struct ev_arena *arena);
/* The attr of a recording's simulated event: of no type that a kernel knows, so that nothing takes
 * it for the counter of that name. */
void ev_simulated_attr(const struct ev_simulated_event *event, struct perf_event_attr *attr);
/* The same of a member of {a,b}:S, whose counts stand in the samples of the leader. */
void ev_simulated_attr_read(const struct ev_simulated_event *event, struct perf_event_attr *attr);

enum ev_cache_level { EV_CACHE_L1I, EV_CACHE_L1D, EV_CACHE_LL, EV_CACHE_LEVELS };
struct ev_caches {
	struct ev_cache_model {
		uint64_t size_bytes;
		uint32_t ways, line_bytes;
		bool assumed; /* neither given nor told by the machine */
		bool given;
	} levels[EV_CACHE_LEVELS];
};
/* The first CPU's caches as /sys under `root` ("" for the machine's own) tells them, usual ones
 * where it does not. */
void ev_caches_of_machine(struct ev_caches *caches, const char *root);
/* "l1d=32K,8,64,ll=8M": sizes, and where given ways and bytes of a line, replace those that are
 * there; -EINVAL. */
int ev_caches_parse(struct ev_caches *caches, const char *text, struct ev_err *err);
/* Makes the number of sets of each a power of two, which the simulator needs. What was changed or
 * assumed is said in `note`, "" when nothing was. */
void ev_caches_fit(struct ev_caches *caches, char *note, size_t size_bytes);
/* "I1 32K 8-way 64 B; D1 32K 8-way 64 B; LL 8M 16-way 64 B" */
const char *ev_caches_text(const struct ev_caches *caches, char *out, size_t size_bytes);

struct ev_simulation;
struct ev_simulation_options {
	char *const *command;
	struct ev_caches caches; /* fitted */
	unsigned callers;        /* depth to which call chains are kept apart, 0 = none */
	/* Per-instruction costs are kept for these; none = only the totals. */
	const struct ev_simulated_event *const *events;
	size_t event_count;
	/* Functions of Python programs are kept apart, and added to these; NULL: native ones are.
	 * The library is the agent that such programs load. */
	struct ev_python_functions *python;
	const char *python_library;
};
/* Make a private folder and a command that waits before its exec (see ev_workload_go). -ENOENT and
 * -EACCES for a command that is not there or cannot be run; -ENOPKG where valgrind is missing, with
 * the line that installs it; -EIO and others for what stands in evprof's own way. `options` and the
 * arrays in it must stay. */
int ev_simulation_start(struct ev_simulation **simulation,
			const struct ev_simulation_options *options, struct ev_err *err);
struct ev_workload *ev_simulation_workload(struct ev_simulation *simulation);
/* Readable when ev_simulation_tend has something to do; -1 where the kernel cannot tell. */
int ev_simulation_fd(const struct ev_simulation *simulation);
/* Puts results aside that a program written over this one (exec) would write over. */
void ev_simulation_tend(struct ev_simulation *simulation);

struct ev_simulation_result {
	uint64_t totals[EV_COST_COUNT]; /* of all processes and threads */
	size_t processes, threads;
	char simulator[64]; /* "callgrind 3.19.0" */
	char trouble[512];  /* why something is missing from the totals, "" when nothing is */
};
/* After the command has ended: read what it left. -ENODATA when there is nothing. */
int ev_simulation_read(struct ev_simulation *simulation, struct ev_simulation_result *result,
		       struct ev_err *err);
/* The processes, their mappings and a sample per thread, instruction and event, its period the
 * cost, as records of `recording`, whose first events are those of the options. Where those say
 * PERF_SAMPLE_READ, one sample of the leader holds what all of its group have counted so far.
 * Callers are
 * functions as they called one another; where one calls another from several places, the busiest
 * place stands for all. */
typedef int (*ev_take_record)(void *context, const struct ev_record *record, struct ev_err *err);
int ev_simulation_give(struct ev_simulation *simulation, const struct ev_recording *recording,
		       ev_take_record take, void *context, uint64_t *samples, struct ev_err *err);
/* What is known of the Python programs, after it was read. */
struct ev_simulation_python {
	size_t programs, functions;
	bool cut;      /* some costs had more callers than were kept apart */
	char why[200]; /* why a program's functions are not told, "" when all are */
};
void ev_simulation_python_tally(const struct ev_simulation *simulation,
				struct ev_simulation_python *tally);
/* True when a process ran several programs one after another: only the order of samples, their
 * time, tells them apart. */
bool ev_simulation_has_order(const struct ev_simulation *simulation);
/* Ends the command and removes the folder. */
void ev_simulation_close(struct ev_simulation *simulation);

/* ---- what already runs, as records ------------------------------------------------------------
 */

/* Kernel and module mappings, and for the target's processes (every process for EV_TARGET_SYSTEM)
 * FORK, COMM of all threads and MMAP2 with build-ids, all at time 0. Processes that vanish
 * meanwhile are skipped; maps of others' processes that may not be read are counted in *unreadable.
 */
int ev_synthesize(const struct ev_target *target, ev_take_record take, void *context,
		  size_t *unreadable, struct ev_err *err);
/* CGROUP records of all cgroups of the hierarchy that events know. */
int ev_synthesize_cgroups(ev_take_record take, void *context, struct ev_err *err);
/* NAMESPACES records of all threads of the target, as far as they may be asked for. */
int ev_synthesize_namespaces(const struct ev_target *target, ev_take_record take, void *context,
			     struct ev_err *err);
/* BPF programs that are loaded now: KSYMBOL and BPF_EVENT records at time 0, and what the kernel
 * tells of them and of their types into the recording's sections. Nothing for who may not ask the
 * kernel, and where the build has no BPF. */
int ev_synthesize_bpf(struct ev_recording *recording, ev_take_record take, void *context,
		      struct ev_err *err);
/* Fill hostname, release, arch, CPUs, memory, version, command line of a recording, and the
 * sections about its CPUs' topology and caches, memory nodes and PMUs. */
void ev_describe_host(struct ev_recording *recording, int argc, char *const *argv);
/* Add what turns times of this clock (-k) into times of day: both, read together now. Nothing for
 * a clock that is not there. */
void ev_describe_clock(struct ev_recording *recording, int clock_id);
/* Appends the EV_FEATURE_TRACING_DATA section for the tracepoints among the events: the formats by
 * which readers take their raw bytes apart. Nothing when there are none; -EACCES, -ENOENT … when
 * one cannot be read, and `out` is as before. */
int ev_tracing_data(const struct ev_event_list *events, struct ev_buffer *out, struct ev_err *err);

/* ---- BPF: what this build and kernel offer -----------------------------------------------------
 */

/* NULL when BPF programs can be loaded here; else why not ("not built in", "needs root or
 * CAP_BPF"). */
const char *ev_bpf_absence(char *out, size_t size_bytes);
/* Gives back, for good, the capabilities that a recorder does not need any more once everything is
 * open: it may still read files and other processes, and what its programs have counted. */
void ev_capabilities_drop(void);
/* Context switches of a process tree or of everything (pid 0) counted by a BPF program. */
struct ev_bpf_counter;
int ev_bpf_counter_open(struct ev_bpf_counter **counter, uint32_t pid, struct ev_err *err);
int ev_bpf_counter_read(struct ev_bpf_counter *counter, uint64_t *switches);
void ev_bpf_counter_close(struct ev_bpf_counter *counter);

/* ---- what works here, tried ---------------------------------------------------------------------
 */

enum ev_check_state { EV_CHECK_OK, EV_CHECK_LIMITED, EV_CHECK_MISSING };
/* One thing that evprof needs or can use. Texts may hold names from outside: escape them. */
struct ev_check {
	const char *name, *area; /* rows of one area follow one another */
	enum ev_check_state state;
	char value[200]; /* what was found, never empty */
	char why[400];   /* the cause where it is not ok; "" when the value says it all */
	char cure[400];  /* the command, or the setting, that cures it; "" when nothing does */
};
struct ev_checks {
	struct ev_check *items;
	size_t count, room;
	/* The main job: some event can be counted, some sampled, and a recording written here. */
	bool can_count, can_sample, can_write;
};
/* Tries everything, as the user who runs this, and leaves nothing behind. Takes a second or two.
 */
void ev_checks_run(struct ev_checks *checks);
void ev_checks_done(struct ev_checks *checks);

/* ---- the machine ------------------------------------------------------------------------------
 */

uint32_t ev_cpus_online(void);
/* Instructions that the core's PMU says a cycle can issue (its caps/slots), 0 where it does not.
 * `root` stands before /sys, "" for this machine's. */
uint64_t ev_pmu_slots(const char *root);
/* CPU time so far, by the kernel's ticks: of a process with all its threads and the children that
 * it waited for, or of one thread. False when it is gone. */
bool ev_task_times(uint32_t id, bool thread, uint64_t *user_ns, uint64_t *system_ns);

/* Where a CPU is. */
struct ev_cpu_place {
	uint32_t cpu;
	int32_t socket, core;       /* -1 where the machine does not tell */
	int32_t die, cluster, node; /* 0 where there are none */
	int32_t cache_level, cache; /* the last one: its level, and the first CPU that shares it;
				     * 0 and the CPU itself where it is not told */
};
/* From the /sys under `root` ("" for the machine's own). */
struct ev_cpu_place ev_cpu_place(const char *root, uint32_t cpu);

/* What counts of CPUs may be added up by. */
enum ev_by {
	EV_BY_CPU, /* kept apart */
	EV_BY_CORE,
	EV_BY_CLUSTER,
	EV_BY_CACHE,
	EV_BY_DIE,
	EV_BY_SOCKET,
	EV_BY_NODE
};
struct ev_aggregation {
	const char *name; /* of the option --per-NAME, and perf's key in JSON */
	int columns;      /* of an id on the screen, as perf pads it */
	bool sums;        /* an id stands for several CPUs: rows tell how many */
	struct {
		const char *prefix;
		size_t offset; /* of an int32_t in struct ev_cpu_place */
	} parts[4];            /* of an id, "S0" "-D0" "-C1" */
};
extern const struct ev_aggregation ev_aggregations[]; /* by enum ev_by */
extern const size_t ev_aggregation_count;
/* "S0-D0-C1" into `out`, which it returns. 64 bytes suffice. */
char *ev_aggregation_id(const struct ev_aggregation *by, const struct ev_cpu_place *place,
			char *out, size_t size_bytes);
/* Order of ids: below 0, 0 for the same id, above 0. */
int ev_aggregation_compare(const struct ev_aggregation *by, const struct ev_cpu_place *one,
			   const struct ev_cpu_place *other);
/* The CPUs of a system-wide target: those named, else all online. -EINVAL with a sentence when one
 * is not online. free() *cpus. */
int ev_target_cpus(const struct ev_target *target, uint32_t **cpus, size_t *count,
		   struct ev_err *err);
uint64_t ev_now_ns(void); /* CLOCK_MONOTONIC */

#endif
