/* One sample record becomes one entry of a profile. */
#ifndef CMD_SAMPLES_H
#define CMD_SAMPLES_H

#include <evprof/profile.h>
#include "load.h"

struct sample_options {
	const struct load_options *load;
	uint64_t from_ns, to_ns; /* samples outside are left out; to_ns 0 = no end */
};
/* "12.5,13" in seconds of the recording's clock. */
int sample_options_time(struct sample_options *options, const char *text, struct ev_err *err);

struct sample_sink {
	const struct sample_options *options;
	const struct ev_recording *recording;
	const struct ev_space_set *spaces;
	struct ev_profile *profile;
	struct ev_space_cache cache;
	struct ev_map comm_ids; /* address of a name -> its string id */
	uint64_t want;
	EV_ARRAY(struct sample_frame) frames; /* of the chain at hand, leaf first */
};
struct sample_frame {
	uint64_t address;
	uint16_t cpumode;
};
void sample_sink_open(struct sample_sink *sink, const struct sample_options *options,
		      const struct ev_recording *recording, const struct ev_space_set *spaces,
		      struct ev_profile *profile);
void sample_take(struct sample_sink *sink, struct ev_decoder *decoder, const struct ev_raw *raw);
void sample_sink_close(struct sample_sink *sink);

#endif
