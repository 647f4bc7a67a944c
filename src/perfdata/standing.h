/* What stands at one moment of a recording: processes with their threads and mappings, and what the
 * kernel has loaded. */
#ifndef PERFDATA_STANDING_H
#define PERFDATA_STANDING_H

#include <evprof/perfdata_flight.h>

/* One mapping, shared by processes that were forked with it. */
struct ev_mapping {
	unsigned users;
	uint32_t type; /* MMAP or MMAP2 */
	uint16_t misc;
	struct ev_mmap mmap; /* its path stands behind */
	char path[];
};
struct ev_mapping_list {
	struct ev_mapping **items;
	size_t count, room;
};
struct ev_standing_thread {
	uint32_t tid;
	char comm[16];
};
struct ev_standing_process {
	uint32_t pid, parent;
	EV_ARRAY(struct ev_standing_thread) threads; /* those that live */
	struct ev_mapping_list mappings;             /* in the order of their time */
	struct ev_standing_process *next;
};
/* A record that stands until another one of its kind takes it back. */
struct ev_standing_fact {
	uint32_t type;
	uint64_t key;
	uint8_t *bytes;
};
struct ev_pending {
	uint64_t time_ns;
	size_t at, size_bytes;
};

struct ev_standing {
	const struct ev_recording *recording;
	struct ev_decoder *decoder;
	struct ev_standing_process *buckets[4096]; /* by pid */
	size_t process_count;
	struct ev_mapping_list everywhere; /* of the kernel, and of every process */
	EV_ARRAY(struct ev_standing_fact) facts;
	/* Records that those to come may be older than. */
	struct ev_buffer bytes;
	EV_ARRAY(struct ev_pending) pending;
	uint64_t seen_ns, known_ns; /* the latest time, now and when the last round ended */
};

/* standing_apply.c: what a record says becomes what stands. In the order of time. */
void ev_standing_apply(struct ev_standing *standing, const struct ev_record *record);
void ev_standing_forget(struct ev_standing *standing); /* everything */

#endif
