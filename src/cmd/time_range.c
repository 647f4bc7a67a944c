/* Parts of a recording, as typed, become spans of time. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include "time_range.h"

#define LONGEST_S 1e10

/* A number of at least 0 at *text, and past it; NAN when there is none. */
static double number_at(const char **text)
{
	char *end;
	double number = strtod(*text, &end);
	if (end == *text || !(number >= 0 && number <= LONGEST_S))
		return NAN;
	*text = end;
	return number;
}

static bool take(const char **text, char wanted)
{
	bool there = **text == wanted;
	*text += there;
	return there;
}

/* "10%-50%" or "10%/2"; what follows it is left in *text. */
static bool parse_percent(struct time_slice *slice, const char **text)
{
	double first = number_at(text);
	if (isnan(first) || !take(text, '%'))
		return false;
	if (take(text, '/')) {
		double nth = number_at(text);
		slice->from = first / 100 * (nth - 1);
		slice->to = first / 100 * nth;
		return nth >= 1 && first > 0;
	}
	double last = take(text, '-') ? number_at(text) : NAN;
	slice->from = first / 100;
	slice->to = last / 100;
	return last >= first && take(text, '%');
}

/* "1.5,2" or with one side left out. */
static bool parse_seconds(struct time_slice *slice, const char **text)
{
	slice->from = **text == ',' ? 0 : number_at(text);
	slice->to = LONGEST_S;
	if (take(text, ',') && **text && **text != ' ')
		slice->to = number_at(text);
	return slice->to >= slice->from; /* false also for a NAN */
}

static bool parse_slices(struct time_range *range, const char *text, char between,
			 bool (*parse)(struct time_slice *slice, const char **text))
{
	range->count = 0;
	do {
		if (range->count == TIME_SLICE_LIMIT ||
		    !parse(&range->slices[range->count++], &text))
			return false;
	} while (take(&text, between));
	return !*text;
}

int time_range_parse(struct time_range *range, const char *text, struct ev_err *err)
{
	*range = (struct time_range){ .to_ns = UINT64_MAX };
	if (!text)
		return 0;
	range->given = true;
	range->of_whole = true;
	if (parse_slices(range, text, ',', parse_percent))
		return 0;
	range->of_whole = false;
	if (parse_slices(range, text, ' ', parse_seconds))
		return 0;
	return ev_fail(err, EINVAL,
		       "--time takes START,STOP in seconds (either may be left out), 10%%-50%%, or "
		       "10%%/2 for the second tenth, up to %d of them ('1,2 5,6' or "
		       "'10%%-20%%,40%%-50%%'), not '%s'",
		       TIME_SLICE_LIMIT, text);
}

void time_range_resolve(struct time_range *range, uint64_t first_ns, uint64_t last_ns)
{
	if (!range->given)
		return;
	double length_ns = last_ns > first_ns ? (double)(last_ns - first_ns) : 0;
	range->from_ns = UINT64_MAX;
	range->to_ns = 0;
	for (size_t i = 0; i < range->count; i++) {
		struct time_slice *slice = &range->slices[i];
		double unit = range->of_whole ? length_ns : 1e9, round = range->of_whole ? 0 : 0.5;
		uint64_t base = range->of_whole ? first_ns : 0;
		slice->from_ns = base + (uint64_t)(slice->from * unit + round);
		slice->to_ns = base + (uint64_t)(slice->to * unit + round);
		if (slice->from_ns < range->from_ns)
			range->from_ns = slice->from_ns;
		if (slice->to_ns > range->to_ns)
			range->to_ns = slice->to_ns;
	}
}
