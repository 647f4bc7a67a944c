/* A recording on disk becomes a profile in memory: the walk that report and its kin share. */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include <evprof/profile.h>
#include <evprof/tables.h>
#include "progress.h"
#include "python_chain.h"

struct option_list;
struct verb;

/* A field of tracepoints whose text is a detail. */
struct sample_field {
	const char *event; /* "sched_switch", "sched:sched_switch"; NULL = of any */
	const char *name;
	const char *title; /* as it was typed */
	bool plain;        /* as it is stored, not as the kernel prints it */
};
struct load_options {
	bool unwound; /* chains were unwound when they were recorded, as a note would say */
	bool stacks;  /* keep call chains; else only where each sample was */
	bool by_pid, by_tid, by_comm, by_cpu; /* keep these apart */
	uint32_t details;                     /* and these: bits 1 << ev_detail */
	bool by_branch;                       /* each branch of a sample counts, not the sample */
	bool by_weight;                       /* a sample counts its weight, not its period */
	bool branch_history;       /* branches become frames inside the innermost of a stack */
	enum python_frames python; /* which frames count */
	uint64_t chain_limit;      /* addresses of a chain that are kept, 0 = all */
	/* Where Python's lines are wanted whatever else is: with stacks, and, of page faults, with
	 * the time in which they were. */
	bool python_lines;
	unsigned blocks;   /* keep so many equal parts of the time apart, for intervals; 0 = no */
	uint64_t slice_ns; /* keep time slices of this length apart, 0 = no */
	const char *time;  /* --time, as time_range_parse takes it; NULL = all */
	const struct ev_symbolizer_options
		*symbols;                  /* where files are, for unwinding; may be NULL */
	unsigned threads;                  /* 0 = as many as there are CPUs */
	const struct sample_field *fields; /* EV_DETAIL_FIELD and so on */
	size_t field_count;
	bool reads; /* counts that samples carry become periods of their events, and ratios */
	const struct option_list *ratios; /* those asked for; none: those the groups give */
};
struct sample_groups;
struct loaded {
	struct ev_reader *reader;
	struct ev_recording *recording; /* the reader's */
	struct ev_space_set *spaces;
	struct ev_profile *profile;
	struct sample_groups *groups; /* cgroups and their namespaces; NULL when not asked for */
	struct progress progress;
	bool has_deferred; /* parts of chains are in records of their own */
	char *partial;     /* why not everything could be read, or NULL */
	/* Of samples that carry counts, when `reads` was asked for; empty else. */
	struct ev_reads_tally reads;
	struct ev_ratio_list ratios;
	struct ev_joints joints;
};
/* `path` "-" is stdin, which is put into an unnamed file first, because reading takes two walks.
 * 0 also for a recording that ends early or is damaged on the way: `partial` then says so. */
int load(struct loaded *loaded, const char *path, const struct load_options *options,
	 struct ev_err *err);
/* Give back all but what the recording says about itself: the reader, and `partial`. */
void loaded_shrink(struct loaded *loaded);
void loaded_done(struct loaded *loaded);
/* load() for a verb: 0, or the status to exit with, after saying why there is nothing to show (no
 * file of the usual name, no CPUs where they are asked for). */
int load_or_complain(const struct verb *verb, struct loaded *loaded, const char *path,
		     const struct load_options *options);
/* Only the reader of a recording, for other walks; "-" as above. Close it. */
int load_reader(struct ev_reader **reader, const char *path, struct ev_err *err);
/* Do its samples say on which CPU they were taken? */
bool load_tells_cpus(const struct ev_recording *recording);
/* What is known of why a recording was never ended; free() it. */
char *load_why_unfinished(const struct ev_recording *recording);
/* Samples have copies of stacks and registers to unwind them by. */
bool load_carries_stacks(const struct ev_recording *recording, bool *all);

#endif
