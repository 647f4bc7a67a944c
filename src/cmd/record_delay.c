/* -D: when sampling is on, as text, becomes the times at which it is switched on and off. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "record.h"
#include "record_waits.h"

/* Digits only: what strtoull takes besides (signs, blanks) is none. */
static bool take_number(const char **text, uint64_t *number)
{
	size_t digits = strspn(*text, "0123456789");
	if (!digits || digits > 12)
		return false;
	*number = strtoull(*text, NULL, 10);
	*text += digits;
	return true;
}

static int refuse(const char *value, struct ev_err *err)
{
	return ev_fail(err, EINVAL,
		       "-D takes milliseconds, -1 for never, or rising ranges of them such as "
		       "10-20,30-40, not '%s'",
		       value);
}

int record_parse_delay(void *into, const char *value, struct ev_err *err)
{
	struct record_options *options = into;
	const char *at = value;
	uint64_t from_ms, to_ms, before_ms = 0;
	options->delay_ms = 0;
	options->range_count = 0;
	if (!strcmp(value, "-1")) {
		options->delay_ms = -1;
		return 0;
	}
	if (!take_number(&at, &from_ms))
		return refuse(value, err);
	options->delay_ms = (int64_t)from_ms;
	if (!*at)
		return 0;
	for (;;) {
		if (*at++ != '-' || !take_number(&at, &to_ms) || to_ms <= from_ms ||
		    (options->range_count && from_ms <= before_ms))
			return refuse(value, err);
		if (options->range_count == EV_LENGTH(options->ranges))
			return ev_fail(err, E2BIG, "-D takes at most %zu ranges",
				       EV_LENGTH(options->ranges));
		options->ranges[options->range_count++] = (struct record_range){ from_ms, to_ms };
		if (!*at)
			return 0;
		before_ms = to_ms;
		if (*at++ != ',' || !take_number(&at, &from_ms))
			return refuse(value, err);
	}
}

void record_switches_begin(struct record_run *run, uint64_t now_ns)
{
	const struct record_options *options = run->options;
	run->switches = (struct record_switches){ .begin_ns = now_ns };
	if (options->delay_ms > 0)
		run->switches.next_ns = now_ns + (uint64_t)options->delay_ms * 1000000;
	else if (options->delay_ms == 0 && options->range_count)
		run->switches = (struct record_switches){
			.begin_ns = now_ns,
			.next_ns = now_ns + options->ranges[0].to_ms * 1000000,
			.on = true,
		};
}

int record_turn(struct record_run *run, bool on, struct ev_err *err)
{
	record_waits_turn(run, on);
	return on ? ev_sampler_enable(run->sampler, err) : ev_sampler_disable(run->sampler, err);
}

/* Late by more than a range: the range is passed over, not made up for. */
int record_switch(struct record_run *run, uint64_t now_ns, struct ev_err *err)
{
	const struct record_options *options = run->options;
	struct record_switches *switches = &run->switches;
	bool on = switches->on;
	while (switches->next_ns && now_ns >= switches->next_ns) {
		on = !on;
		switches->next_ns = 0;
		if (on && switches->range < options->range_count)
			switches->next_ns = switches->begin_ns +
					    options->ranges[switches->range].to_ms * 1000000;
		else if (!on && ++switches->range < options->range_count)
			switches->next_ns = switches->begin_ns +
					    options->ranges[switches->range].from_ms * 1000000;
	}
	if (on == switches->on)
		return 0;
	switches->on = on;
	return record_turn(run, on, err);
}
