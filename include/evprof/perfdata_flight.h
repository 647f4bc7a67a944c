/* perfdata: files that begin in the middle of a recording, and records kept in memory until someone
 * wants them in a file. */
#ifndef EVPROF_PERFDATA_FLIGHT_H
#define EVPROF_PERFDATA_FLIGHT_H

#include <evprof/perfdata.h>

/* Gets whole records of native byte order. */
typedef int (*ev_take_bytes)(void *context, const void *bytes, size_t size_bytes,
			     struct ev_err *err);

/* ---- what stands ------------------------------------------------------------------------------
 *
 * Records of processes, names and mappings (and of what the kernel has loaded) that have gone by
 * become those that a file needs which begins now. */

struct ev_standing;
/* `recording` says how records are laid out, and outlives it. */
struct ev_standing *ev_standing_open(const struct ev_recording *recording);
/* Records that are in no file to come: samples are passed over, the rest is remembered. */
void ev_standing_add(struct ev_standing *standing, const void *bytes, size_t size_bytes);
/* All rings were read once: what was added before the last round has nothing before it that is
 * still to come. `hold_ns`: samples to come may be so much older than that. */
void ev_standing_round(struct ev_standing *standing, uint64_t hold_ns);
/* What stands now, at time 0, and then, with their own times, the records of which that is not
 * certain yet. They go on being remembered. */
int ev_standing_give(struct ev_standing *standing, ev_take_bytes take, void *context,
		     struct ev_err *err);
/* Processes that live, as far as is known. */
size_t ev_standing_processes(const struct ev_standing *standing);
void ev_standing_close(struct ev_standing *standing);

/* ---- history ----------------------------------------------------------------------------------
 *
 * The records of the last while, packed in memory. What is older passes into what stands. */

struct ev_history_tally {
	uint64_t samples, dropped_samples; /* kept now; dropped since the last ev_history_forget */
	uint64_t from_ns, to_ns;   /* CLOCK_MONOTONIC, when what is kept came; 0 = nothing is */
	uint64_t bytes;            /* of memory, packed */
	uint64_t unpacked_bytes;   /* of the records in it */
	uint64_t short_of_room_ns; /* what was dropped last for want of room was only so old; 0 =
				      there was room */
};
struct ev_history;
/* Keeps what came in the last keep_ns, in at most keep_bytes of packed records (and some that wait
 * to be packed). `standing` is borrowed. */
struct ev_history *ev_history_open(uint64_t keep_ns, uint64_t keep_bytes,
				   struct ev_standing *standing);
void ev_history_add(struct ev_history *history, const void *bytes, size_t size_bytes,
		    uint64_t now_ns);
/* All rings were read once; hold_ns as above. What is too old is dropped. */
int ev_history_round(struct ev_history *history, uint64_t now_ns, uint64_t hold_ns,
		     struct ev_err *err);
/* What stood before it, and all that it has. */
int ev_history_give(struct ev_history *history, ev_take_bytes take, void *context,
		    struct ev_err *err);
/* How much there is now: what comes later is behind the mark. */
int ev_history_mark(struct ev_history *history, uint64_t *mark, struct ev_err *err);
/* What was there at the mark is in a file: it passes into what stands, and is not given again. */
int ev_history_forget(struct ev_history *history, uint64_t mark, uint64_t hold_ns,
		      struct ev_err *err);
struct ev_history_tally ev_history_tally(const struct ev_history *history);
void ev_history_close(struct ev_history *history);

#endif
