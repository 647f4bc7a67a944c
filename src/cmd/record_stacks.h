/* How the stacks of a recording are taken, and when that changes while it runs. */
#ifndef CMD_RECORD_STACKS_H
#define CMD_RECORD_STACKS_H

#include <evprof/collect.h>
#include <evprof/symbol_unwind.h>

enum record_chains {
	RECORD_CHAINS_AUTO, /* also when nothing was asked for */
	RECORD_CHAINS_NONE,
	RECORD_CHAINS_FP,    /* as the kernel follows frame pointers */
	RECORD_CHAINS_DWARF, /* copies of one size */
	RECORD_CHAINS_LBR,   /* as the processor keeps calls */
	RECORD_CHAINS_BPF,   /* followed in the kernel; copies of what cannot be */
};

struct record_stacks {
	uint32_t sizes[EV_STACK_SIZES]; /* rising, then perhaps 0 */
	size_t count;                   /* 0 = no copies at all */
	size_t first;                   /* the size that is on in the beginning */
	size_t copies;                  /* of them are not 0 */
	size_t now;                     /* the size that is on */
	size_t size;                    /* the one among the copies, also while none are taken */
	size_t highest;                 /* not beyond this one */
	/* Since the last decision. */
	uint64_t stacks, truncated, absent, samples,
		lost;           /* absent: in memory that was not there */
	uint64_t deepest_bytes; /* UINT64_MAX: some were not followed to their roots */
	uint64_t eager_until_ns;
	uint64_t samples_hz; /* that were asked for; 0 = nobody knows how many there will be */
	unsigned settling;   /* steps in which what comes may be of the time before */
	unsigned bad;        /* decisions in a row that saw too much lost */
	bool given_up;
	/* Stacks that copies are too short for may be followed in the kernel; it is time for that.
	 */
	bool may_stream, wants_stream;
	bool was_small; /* and stacks have been too deep for it */
	/* Of the code that is mapped: all of it keeps frame pointers. */
	bool mapped, kept;
	struct ev_map files; /* paths that were looked at */
	struct ev_strings *paths;
	uint32_t largest_bytes; /* of the copies that were taken */
	uint64_t by_kernel;     /* stacks that were left to the kernel */
};

/* What the sampler is to be opened with. */
void record_stacks_plan(struct record_stacks *stacks, enum record_chains chains,
			uint32_t stack_bytes, bool whole_machine,
			const struct ev_event_list *events, struct ev_sampler_options *sampling);
/* Only the first size is left. */
void record_stacks_fix(struct record_stacks *stacks, struct ev_sampler_options *sampling);
/* A mapping of a process that is watched. */
void record_stacks_map(struct record_stacks *stacks, const struct ev_mmap *mmap);
/* One stack of a sample, and what came of it; bytes were copied of what there was room for, 0 when
 * it was left to the kernel. */
void record_stacks_count(struct record_stacks *stacks, const struct ev_unwound *how, uint64_t bytes,
			 uint64_t room_bytes);
/* A decision waits for stacks: the rings should be read soon. */
bool record_stacks_eager(const struct record_stacks *stacks, uint64_t now_ns);
/* Decides anew, after so many bytes of the rings were unwound; what is given up goes into the
 * recording's notes. */
int record_stacks_step(struct record_stacks *stacks, uint64_t bytes, struct ev_sampler *sampler,
		       struct ev_recording *recording, struct ev_err *err);
void record_stacks_done(struct record_stacks *stacks);

#endif
