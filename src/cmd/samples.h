/* One sample record becomes one entry of a profile. */
#ifndef CMD_SAMPLES_H
#define CMD_SAMPLES_H

#include <evprof/profile.h>
#include <evprof/tables.h>
#include "deferred.h"
#include "load.h"
#include "time_range.h"

struct sample_options {
	const struct load_options *load;
	/* Where samples carry registers and copies of their stacks: their tables, for all readers;
	 * else NULL. */
	const struct ev_unwinder *unwinder;
	bool unwound;           /* they did when they were recorded: chains tell how they ended */
	bool deferred;          /* parts of chains are in records of their own */
	struct time_range time; /* samples outside are left out */
	uint64_t blocks_from_ns, block_ns; /* of load->blocks; 0 = none are kept apart */
	/* Where samples carry counts; NULL else. */
	struct ev_reads *reads;
	const struct ev_ratio_list *ratios;
	struct ev_joints *joints;
	const struct sample_groups *groups; /* NULL when not asked for */
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
	bool whole; /* all of a sample is looked at, not only what is in want */
	struct ev_tracepoints *tracepoints; /* NULL when not asked for */
	struct sample_history *history;     /* NULL when branches are no frames */
	bool counted;                       /* a sample stands for so many as its weight says */
	bool has_links;                     /* the recording is of a machine with a link register */

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
	} places[32768];

	struct sample_socket {
		uint32_t cpu, socket;
		bool known;
	} sockets[64];

	/* Whole chains that were seen lately, by 128 bits of hash. */
	struct sample_chain {
		uint64_t one, other;
		uint32_t cell; /* of the profile */
		bool known;
	} chains[32768];
	uint64_t seeds[4];

	struct deferred *deferred;          /* NULL where whole chains are in samples */
	struct sample_calls *calls;         /* NULL where no processor kept the stack of calls */
	struct sample_quick *quick;         /* NULL where samples take more than that does */
	struct python_chain python;         /* where not all frames count */
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
/* Is an event, by the id of its tracepoint, one that the field is wanted of? */
bool sample_field_is_of(const struct sample_field *field, struct ev_tracepoints *tracepoints,
			uint64_t id);
/* Who a sample is of, and what its details are; `branch` is one of its branches or NULL. */
uint32_t sample_tag(struct sample_sink *sink, const struct ev_record *record,
		    const struct ev_branch *branch);
/* A sample that does not carry its period stands for the event's fixed one. */
uint64_t sample_period(const struct sample_sink *sink, const struct ev_record *record);
/* Its chain as it is to be counted: unwound where it is a copy of a stack, cut where that was asked
 * for, and how it ended told to the quality. */
void sample_settle_chain(struct sample_sink *sink, struct ev_record *record);
/* The place of an address of a sample whose mode only the address tells. */
uint32_t sample_place(struct sample_sink *sink, const struct ev_record *record, uint64_t address);
void sample_take(struct sample_sink *sink, struct ev_decoder *decoder, const struct ev_raw *raw);
/* The same where samples carry counts: each stands for what every member of its group counted since
 * the one before. Wants the samples in the order of the file. */
void sample_take_reads(struct sample_sink *sink, struct ev_decoder *decoder,
		       const struct ev_raw *raw);
/* The same for one that is decoded. */
void sample_take_decoded(struct sample_sink *sink, struct ev_record *record);
/* All of the records that are samples, in whatever way. */
void sample_take_all(struct sample_sink *sink, struct ev_decoder *decoder,
		     const struct ev_raw *raws, size_t count);
/* No more records come. */
void sample_end(struct sample_sink *sink, struct ev_decoder *decoder);
void sample_sink_close(struct sample_sink *sink);

/* ---- what the quick way shares ----------------------------------------------------------------
 */

static inline bool sample_is_in(const struct ev_span *span, uint64_t time_ns)
{
	return time_ns >= span->from_ns && time_ns < span->to_ns;
}
/* For as long as the epoch of a process (EV_KERNEL_PID: of the kernel) is the same. */
uint32_t sample_epoch(struct sample_sink *sink, uint32_t pid, uint64_t time_ns,
		      struct ev_span *span);
/* How many samples one of the file stands for. More than any recorder counts is damage. */
static inline uint32_t sample_hits(const struct sample_sink *sink, bool has_weight, uint64_t weight)
{
	bool counts = sink->counted && has_weight && weight;
	return !counts ? 1 : weight > 1u << 30 ? 1u << 30 : (uint32_t)weight;
}
/* False for samples outside of the time asked for; else they are the profile's. */
static inline bool sample_count(struct sample_sink *sink, uint64_t time_ns, uint32_t hits)
{
	struct ev_profile *profile = sink->profile;
	if (!time_range_has(&sink->options->time, time_ns))
		return false;
	profile->quality.samples += hits;
	if (!profile->first_time_ns || time_ns < profile->first_time_ns)
		profile->first_time_ns = time_ns;
	if (time_ns > profile->last_time_ns)
		profile->last_time_ns = time_ns;
	return true;
}
/* The cell of a decoded sample, by its chain if it has one that is wanted. */
uint32_t sample_cell(struct sample_sink *sink, const struct ev_record *record, uint32_t tag);
/* The same, looked for among the chains of late first; the quality counts the chain. */
uint32_t sample_cell_counted(struct sample_sink *sink, const struct ev_record *record,
			     uint32_t tag);
/* The place that a sample was at. */
uint32_t sample_leaf(struct sample_sink *sink, const struct ev_record *record);
/* The product of two numbers, folded: every bit of both decides every bit of it. */
static inline uint64_t sample_fold(uint64_t one, uint64_t other)
{
	unsigned __int128 product = (unsigned __int128)one * other;
	return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* ---- sample_calls.c ---------------------------------------------------------------------------
 */

/* NULL where no event of the recording has such stacks. */
struct sample_calls *sample_calls_open(const struct ev_recording *recording);
/* True when the record has got another chain, which lives until the next call. */
bool sample_calls_join(struct sample_calls *calls, const struct ev_recording *recording,
		       struct ev_record *record);
void sample_calls_close(struct sample_calls *calls);

/* ---- samples_quick.c --------------------------------------------------------------------------
 *
 * Samples of which only the thread, the place and the chain count, which is most of them. */
void sample_quick_open(struct sample_sink *sink);
void sample_quick_take(struct sample_sink *sink, struct ev_decoder *decoder,
		       const struct ev_raw *raws, size_t count);
void sample_quick_close(struct sample_sink *sink);

#endif
