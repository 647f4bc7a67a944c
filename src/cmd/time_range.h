/* --time: which part of a recording is looked at. */
#ifndef CMD_TIME_RANGE_H
#define CMD_TIME_RANGE_H

#include <evprof/base.h>

struct time_range {
	bool given, of_whole;    /* of_whole: from and to are fractions of the recording's length */
	double from, to;         /* seconds of the recording's clock, or fractions */
	uint64_t from_ns, to_ns; /* set by time_range_resolve; to_ns is inside */
};
/* "START,STOP" in seconds (either may be left out), "10%-50%", or "10%/2" for the second tenth.
 * text NULL = everything. */
int time_range_parse(struct time_range *range, const char *text, struct ev_err *err);
/* first_ns and last_ns of the recording's samples; needed only for of_whole. */
void time_range_resolve(struct time_range *range, uint64_t first_ns, uint64_t last_ns);

#endif
