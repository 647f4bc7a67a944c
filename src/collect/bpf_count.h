/* Programs that count samples, and what was fetched from them and is not yet a record. */
#ifndef COLLECT_BPF_COUNT_H
#define COLLECT_BPF_COUNT_H

#include <evprof/collect_bpf.h>
#include <count.h>
#include <walk.h>
#include <watched.h>
#include "bpf_python.h"

struct count_bpf;
struct ev_sampler;
struct ring_buffer;

/* A stack that the programs told of in one generation. */
struct ev_counted_stack {
	uint64_t ip;
	uint32_t first; /* of its chain, in the generation's addresses */
	uint32_t count;
	uint16_t user_frames; /* as the program told them */
	bool in_kernel;
	uint8_t end; /* enum ev_unwound_end */
};
struct ev_counted_stacks {
	struct ev_map ids; /* by hash: index + 1 */
	EV_ARRAY(struct ev_counted_stack) stacks;
	EV_ARRAY(uint64_t) addresses;
};

enum { EV_COUNT_CHAIN = EV_COUNT_KERNEL_FRAMES + EV_COUNT_USER_FRAMES + EV_PYTHON_FRAMES_MAX + 5 };
struct ev_bpf_counts {
	struct ev_sampler *sampler;
	const struct ev_recording *recording;
	struct ev_bpf_counts_options options;
	struct count_bpf **programs; /* one for each event that is counted; the first one's maps */
	size_t program_count;
	struct ring_buffer *notes;
	struct ev_bpf_walk *walk;    /* NULL: stacks are followed by frame pointers */
	bool named[EV_WALKED_COUNT]; /* ends of stacks whose names were given */
	struct ev_counted_stacks generations[2];
	uint32_t room; /* keys of a generation */
	uint64_t fetched_ns;
	struct ev_count_key *keys; /* of one batch */
	struct ev_count_sum *values;
	uint64_t *known;
	uint32_t *told;
	uint64_t chain[EV_COUNT_CHAIN], merged[EV_COUNT_CHAIN];
	uint32_t pid; /* of what is merged */
	struct ev_bpf_counts_tally tally;
	/* While notes are read. */
	ev_take_record take;
	void *context;
	struct ev_err *err;
	int failed;
};

enum { EV_COUNT_BATCH = 4096 };

/* How many keys the maps should have room for: all samples of an interval, were they all different,
 * twice over, as far as the rates of the events tell. */
uint32_t ev_bpf_counts_room(const struct ev_sampler *sampler, bool streams, uint64_t interval_ns);
/* Memory of all maps with room for so many, about. */
uint64_t ev_bpf_counts_map_bytes(uint32_t room);
/* Loads the programs for an event and tells them whom to watch; *loaded may be there on failure as
 * well. */
int ev_bpf_counts_load(struct ev_bpf_counts *counts, size_t index, const struct ev_target *target,
		       struct count_bpf **loaded, struct ev_err *err);
/* Takes one note out of the ring buffer. */
int ev_bpf_counts_note(void *counts, void *bytes, size_t size_bytes);
int ev_bpf_counts_drain(void *counts, bool last, ev_take_record take, void *context,
			struct ev_err *err);

#endif
