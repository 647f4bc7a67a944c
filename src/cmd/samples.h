/* One sample record becomes one entry of a profile. */
#ifndef CMD_SAMPLES_H
#define CMD_SAMPLES_H

#include <evprof/profile.h>
#include "load.h"
#include "time_range.h"

struct sample_options {
	const struct load_options *load;
	bool unwind;            /* samples carry registers and copies of their stacks */
	bool unwound;           /* they did when they were recorded: chains tell how they ended */
	struct time_range time; /* samples outside are left out */
	/* Where samples carry counts; NULL else. */
	struct ev_reads *reads;
	const struct ev_ratio_list *ratios;
	struct ev_joints *joints;
};

/* An address and the epoch it was seen in: a time of one process (or the kernel) in which no
 * mapping changed, so that equal frames are equal places. */
struct sample_frame {
	uint64_t address;
	uint32_t epoch;
	uint16_t cpumode;
	bool guessed; /* from the link register */
};
/* What is known of a process, and of a thread, for a span of time. */
struct sample_process {
	struct ev_span span;
	uint32_t pid, epoch; /* epoch 0 = free */
};
struct sample_thread {
	struct ev_span span;
	uint32_t pid, tid, comm;
	bool known;
};

struct sample_sink {
	const struct sample_options *options;
	const struct ev_recording *recording;
	const struct ev_space_set *spaces;
	struct ev_profile *profile;
	uint64_t want;
	bool has_links; /* the recording is of a machine with a link register */

	struct ev_space_cache cache;
	struct ev_map comm_ids; /* address of a name -> its string id */
	uint32_t last_epoch;
	struct sample_process kernel;
	/* Direct-mapped: a collision only costs time. */
	struct sample_process processes[256];
	struct sample_thread threads[256];
	struct {
		uint64_t address;
		uint32_t epoch, place;
	} places[8192];

	/* Whole chains that were seen lately, by 128 bits of hash. */
	struct sample_chain {
		uint64_t one, other;
		uint32_t cell; /* of the profile */
		bool known;
	} chains[32768];
	uint64_t seeds[4];

	struct ev_unwinder *unwinder;       /* NULL when no stack is a copy */
	struct ev_stack_ends *ends;         /* the same */
	uint64_t *unwound;                  /* chain of such a sample */
	struct sample_frame *frames, *last; /* of this sample and of the one before, leaf first */
	uint32_t *stacks;                   /* of `last`, root first */
	size_t frame_count, last_count;
	size_t room; /* of all three */
};
void sample_sink_open(struct sample_sink *sink, const struct sample_options *options,
		      const struct ev_recording *recording, const struct ev_space_set *spaces,
		      struct ev_profile *profile);
void sample_take(struct sample_sink *sink, struct ev_decoder *decoder, const struct ev_raw *raw);
/* The same where samples carry counts: each stands for what every member of its group counted since
 * the one before. Wants the samples in the order of the file. */
void sample_take_reads(struct sample_sink *sink, struct ev_decoder *decoder,
		       const struct ev_raw *raw);
void sample_sink_close(struct sample_sink *sink);

#endif
