/* Several recordings, loaded and named one after another, become one profile. */
#ifndef CMD_JOIN_H
#define CMD_JOIN_H

#include <evprof/view.h>
#include "load.h"
#include "options.h"

struct join_options {
	struct load_options load;
	struct ev_symbolizer_options symbols;
	unsigned flags;    /* EV_SYMBOL_… */
	bool by_line;      /* lines of one function apart */
	bool events_apart; /* event e of recording r is event r * events.count + e of the whole */
};
struct joined {
	struct joined_part {
		const char *path;
		struct loaded loaded; /* only what it says about itself is kept */
		struct ev_quality quality;
		uint64_t first_time_ns, last_time_ns; /* of its samples that were looked at */
	} * parts;
	size_t count;
	struct ev_recording recording; /* of the whole: each event once, and what all agree on */
	struct ev_strings *event_names;
	struct ev_map event_ids; /* event's name -> its number in `recording` */
	struct ev_profile *profile;
	struct ev_named *named;
	/* Of the samples that carry counts; empty with events apart. */
	struct ev_ratio_list ratios;
	struct ev_joints joints;
	struct ev_reads_tally reads;
	EV_ARRAY(struct joined_trouble) troubles; /* why objects give no names */
	char *partial;                            /* which recordings are, and why; or NULL */
};
struct joined_trouble {
	uint32_t object; /* of the whole */
	char *text;
};
/* Events of the same name are one; recordings of different machines may be joined. */
int join(struct joined *joined, const char *const *paths, size_t count,
	 const struct join_options *options, struct ev_err *err);
/* Whether no file is given twice, in whatever spelling, and stdin not among several. */
int join_check_paths(const char *const *paths, size_t count, struct ev_err *err);
/* Why an object of the whole gives no names, or NULL. */
const char *joined_trouble(const struct joined *joined, uint32_t object);
void joined_done(struct joined *joined);

#endif
