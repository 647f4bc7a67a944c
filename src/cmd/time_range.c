/* A part of a recording, as typed, becomes two times. */
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

static bool parse_percent(struct time_range *range, const char *text)
{
	double first = number_at(&text);
	if (isnan(first) || !take(&text, '%'))
		return false;
	range->of_whole = true;
	if (take(&text, '/')) {
		double nth = number_at(&text);
		range->from = first / 100 * (nth - 1);
		range->to = first / 100 * nth;
		return nth >= 1 && first > 0 && !*text;
	}
	double last = take(&text, '-') ? number_at(&text) : NAN;
	range->from = first / 100;
	range->to = last / 100;
	return last >= first && take(&text, '%') && !*text;
}

static bool parse_seconds(struct time_range *range, const char *text)
{
	range->from = *text == ',' ? 0 : number_at(&text);
	range->to = LONGEST_S;
	if (take(&text, ',') && *text)
		range->to = number_at(&text);
	return range->to >= range->from && !*text; /* false also for a NAN */
}

int time_range_parse(struct time_range *range, const char *text, struct ev_err *err)
{
	*range = (struct time_range){ .to_ns = UINT64_MAX };
	if (!text)
		return 0;
	range->given = true;
	if (parse_percent(range, text))
		return 0;
	range->of_whole = false;
	if (parse_seconds(range, text))
		return 0;
	return ev_fail(err, EINVAL,
		       "--time takes START,STOP in seconds (either may be left out), 10%%-50%%, or "
		       "10%%/2 for the second tenth, not '%s'",
		       text);
}

void time_range_resolve(struct time_range *range, uint64_t first_ns, uint64_t last_ns)
{
	if (!range->given)
		return;
	double length_ns = last_ns > first_ns ? (double)(last_ns - first_ns) : 0;
	if (range->of_whole) {
		range->from_ns = first_ns + (uint64_t)(range->from * length_ns);
		range->to_ns = first_ns + (uint64_t)(range->to * length_ns);
	} else {
		range->from_ns = (uint64_t)(range->from * 1e9 + 0.5);
		range->to_ns = (uint64_t)(range->to * 1e9 + 0.5);
	}
}
