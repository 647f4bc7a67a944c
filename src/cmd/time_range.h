/* --time: which parts of a recording are looked at. */
#ifndef CMD_TIME_RANGE_H
#define CMD_TIME_RANGE_H

#include <evprof/base.h>

/* from and to as typed: seconds of the recording's clock, or fractions of its length. */
struct time_slice {
	double from, to;
	uint64_t from_ns, to_ns; /* set by time_range_resolve; to_ns is inside */
};
enum { TIME_SLICE_LIMIT = 64 };
struct time_range {
	bool given, of_whole; /* of_whole: fractions */
	size_t count;
	struct time_slice slices[TIME_SLICE_LIMIT];
	uint64_t from_ns, to_ns; /* around all of them; to_ns is inside */
};
/* "START,STOP" in seconds (either may be left out), several of them between blanks; "10%-50%", or
 * "10%/2" for the second tenth, several with commas. text NULL = everything. */
int time_range_parse(struct time_range *range, const char *text, struct ev_err *err);
/* first_ns and last_ns of the recording's samples; needed only for of_whole. */
void time_range_resolve(struct time_range *range, uint64_t first_ns, uint64_t last_ns);

/* Whether a time is in one of the slices. */
static inline bool time_range_has(const struct time_range *range, uint64_t time_ns)
{
	if (time_ns < range->from_ns || time_ns > range->to_ns)
		return false;
	for (size_t i = 0; i < range->count; i++)
		if (time_ns >= range->slices[i].from_ns && time_ns <= range->slices[i].to_ns)
			return true;
	return !range->count;
}

#endif
