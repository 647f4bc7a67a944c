/* Open sampling events, their rings, and what was counted while draining them. */
#ifndef COLLECT_SAMPLER_H
#define COLLECT_SAMPLER_H

#include <pthread.h>
#include "opening.h"
#include "probe_points.h"
#include "ring.h"

/* An event as it is opened: those of the list, all of them once more for each other size of stack
 * copies, and perhaps one more that only tells of mappings, names and tasks. */
struct ev_sampled_event {
	const struct ev_event *event; /* NULL for the one that only tells */
	struct ev_opening opening;
	size_t leader;  /* index of the group's leader */
	bool runs;      /* of the list: was switched on, or will be at exec, and not off since */
	bool counted;   /* its samples are left to a BPF program */
	uint32_t *gate; /* what switches that program where the kernel cannot; NULL = it can */
};

/* Of one counter, once its rate may change. */
struct ev_sampler_rate {
	/* What its samples count for, where the kernel tells another; 0 = it is right. */
	uint64_t period, period_before;
	uint64_t changed_at; /* in the stream of its ring's bytes: from there on it is `period` */
	uint64_t samples;    /* since it was changed */
};

struct ev_sampler {
	struct ev_sampled_event *events;
	size_t event_count;
	size_t listed; /* of the list: so many times the number of sizes */
	size_t size;   /* of stack copies, that is on */
	size_t left;   /* the one before, and how often it is to be switched off again */
	unsigned unsettled;
	bool has_teller;   /* the last event only tells */
	bool uneven;       /* samples are laid out in more ways than one */
	bool no_build_ids; /* nobody asked for them */
	enum ev_target_kind kind;
	uint32_t *tids; /* one, (uint32_t)-1, for whole CPUs */
	size_t tid_count;
	struct ev_ring *rings; /* one per CPU */
	size_t ring_count;
	int *fds;       /* [(event * ring_count + ring) * tid_count + tid], -1 = not open */
	size_t *polled; /* per ring: index into its descriptors of the one that is polled */
	struct ev_map event_of_id;     /* index + 1 */
	struct ev_sampler_rate *rates; /* of each descriptor; NULL until a rate may change */
	struct ev_map place_of_id;     /* index + 1 of a descriptor, for rates */
	struct ev_buffer owned;        /* records that were corrected */
	uint32_t depth_limit;          /* addresses of a call chain */
	struct ev_buffer copy;
	struct ev_sampler_tally tally;
	struct ev_descriptor_limit limit;
	char ring_note[512];
	struct ev_probe_points probe_points;
	int marked_by;                /* a program beside all events; 0 = none */
	pthread_mutex_t follow_lock;  /* of what follows */
	struct ev_followed *followed; /* processes, a list */
	struct ev_map followed_ids;   /* of all their events ever -> index + 1 */
	EV_ARRAY(uint64_t) told_ids;  /* the ids that readers know for them */
};

static inline int *ev_sampler_fd(const struct ev_sampler *sampler, size_t event, size_t ring,
				 size_t tid)
{
	return &sampler->fds[(event * sampler->ring_count + ring) * sampler->tid_count + tid];
}

/* The event of the list that this one is, or is another size of. */
static inline size_t ev_sampler_listed(const struct ev_sampler *sampler, size_t index)
{
	bool teller = sampler->has_teller && index == sampler->event_count - 1;
	return teller || !sampler->listed ? index : index % sampler->listed;
}

/* Makes the sampled events of the list and their attrs. -EINVAL with a sentence for a frequency the
 * kernel does not allow, -EOPNOTSUPP for what has no samples. */
int ev_sampler_plan(struct ev_sampler *sampler, const struct ev_event_list *events,
		    const struct ev_target *target, const struct ev_sampler_options *options,
		    struct ev_err *err);
/* Which of the recording's events this one of the list is. */
size_t ev_sampler_recorded(const struct ev_sampler *sampler, size_t index);
/* Can a BPF program count the samples of this event in its place? Else why not. */
bool ev_sampler_may_count(const struct ev_event *event, const struct ev_target *target,
			  const char **why);
/* Maps every ring, as large as asked or as fits, and leads all descriptors of its CPU there. */
int ev_sampler_map(struct ev_sampler *sampler, const struct ev_sampler_options *options,
		   struct ev_err *err);
/* Switches what ev_sampler_copy left off once more: a thread that was started meanwhile may have
 * inherited it while it was on. */
void ev_sampler_settle(struct ev_sampler *sampler);
/* -EINVAL, with a sentence, for a frequency that the kernel does not allow. */
int ev_sampler_check_rate(uint64_t frequency_hz, struct ev_err *err);
/* From now on the rates of counters are known, as what may change. */
int ev_sampler_steer(struct ev_sampler *sampler, struct ev_err *err);
/* The bytes of records that may be corrected: the ring itself is the kernel's. These, where they
 * are such a copy already; it lasts until the next span. */
uint8_t *ev_sampler_own(struct ev_sampler *sampler, const void *bytes, size_t size_bytes);
/* Records out of a ring, as they are or in a copy that lasts until the next call: in it samples
 * count for the period that they were taken with. Before the ring's tail is moved behind them. */
const void *ev_sampler_weigh(struct ev_sampler *sampler, size_t ring, const void *bytes,
			     size_t size_bytes);
/* A sample that a program passed on, of this event of the recording, and not through the rings. */
void ev_sampler_passed(struct ev_sampler *sampler, size_t recorded, uint32_t cpu, uint32_t tid);
/* One event of the sampler (with its size of copies) is on or off with the followed as well. */
void ev_sampler_turn_followed(struct ev_sampler *sampler, size_t event, bool on);
/* Records out of a ring, as ev_sampler_weigh gave them, or a copy in which those of followed
 * processes have the ids of the events that they are of; samples have EV_MISC_FOLLOWED. */
const void *ev_sampler_mark(struct ev_sampler *sampler, const void *bytes, size_t size_bytes);
void ev_sampler_close_followed(struct ev_sampler *sampler);
/* A value up to so many percent (at most 100) below or above, at least 1; all are as likely. */
uint64_t ev_jittered(uint64_t value, unsigned percent, uint64_t *state);
/* Counts one span of records. */
void ev_sampler_count(struct ev_sampler *sampler, const void *bytes, size_t size_bytes);

#endif
