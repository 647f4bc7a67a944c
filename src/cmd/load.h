/* A recording on disk becomes a profile in memory: the walk that report and its kin share. */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include <evprof/profile.h>

struct option_list;

struct load_options {
	bool unwound; /* chains were unwound when they were recorded, as a note would say */
	bool stacks;  /* keep call chains; else only where each sample was */
	bool by_pid, by_tid, by_comm, by_cpu; /* keep these apart */
	uint64_t slice_ns;                    /* keep time slices of this length apart, 0 = no */
	const char *time;                     /* --time, as time_range_parse takes it; NULL = all */
	const struct ev_symbolizer_options
		*symbols; /* where files are, for unwinding; may be NULL */
	unsigned threads; /* 0 = as many as there are CPUs */
	bool reads;       /* counts that samples carry become periods of their events, and ratios */
	const struct option_list *ratios; /* those asked for; none: those the groups give */
};
struct loaded {
	struct ev_reader *reader;
	struct ev_recording *recording; /* the reader's */
	struct ev_space_set *spaces;
	struct ev_profile *profile;
	char *partial; /* why not everything could be read, or NULL */
	/* Of samples that carry counts, when `reads` was asked for; empty else. */
	struct ev_reads_tally reads;
	struct ev_ratio_list ratios;
	struct ev_joints joints;
};
/* `path` "-" is stdin, which is put into an unnamed file first, because reading takes two walks.
 * 0 also for a recording that ends early or is damaged on the way: `partial` then says so. */
int load(struct loaded *loaded, const char *path, const struct load_options *options,
	 struct ev_err *err);
void loaded_done(struct loaded *loaded);

#endif
