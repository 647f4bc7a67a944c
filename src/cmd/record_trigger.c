/* Once a second: what has happened of each thing that the condition names, and whether that makes
 * it true. It fires when it becomes true, not for as long as it is. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "record.h"
#include "record_trigger.h"

#define LOOK_EVERY_NS 1000000000u

struct record_trigger {
	struct condition condition;
	struct ev_event_list events; /* one for each that is counted */
	struct ev_counters *counters;
	const struct ev_target *target;
	struct measure {
		size_t event; /* of the counted ones; SIZE_MAX = none */
		double before;
		bool seen; /* a name, since the last look */
	} * measures;
	double *values;
	uint64_t looked_ns, next_ns, rest_ns, silent_until_ns;
	double busy_s, all_s; /* of the machine, at the last look */
	bool armed;           /* it was false since it fired */
	bool sees;            /* names are looked for */
	struct ev_decoder *decoder;
	const struct ev_recording *recording;
};

int record_trigger_plan(struct record_trigger **trigger, const char *text, uint64_t rest_ns,
			struct ev_err *err)
{
	*trigger = ev_alloc(sizeof(**trigger));
	(*trigger)->rest_ns = rest_ns;
	(*trigger)->armed = true;
	return condition_parse(&(*trigger)->condition, text, err);
}

/* ---- what is counted ----------------------------------------------------------------------------
 */

/* The time that the target was on CPUs, which a counter tells of its children too; of a whole
 * machine /proc tells it. */
static const char *event_of(const struct record_trigger *trigger, const struct condition_term *term)
{
	bool machine = trigger->target->kind == EV_TARGET_SYSTEM;
	if (term->kind == CONDITION_EVENT)
		return term->word;
	return term->kind == CONDITION_CPU && !machine ? "task-clock" : NULL;
}

static int add_event(struct record_trigger *trigger, struct measure *measure, const char *name,
		     struct ev_err *err)
{
	measure->event = trigger->events.count;
	if (ev_event_parse(&trigger->events, name, err))
		return -EINVAL;
	return trigger->events.count == measure->event + 1
		       ? 0
		       : ev_fail(err, EINVAL, "--snapshot-when: '%s' is more than one event here",
				 name);
}

static int check_openings(const struct record_trigger *trigger, struct ev_err *err)
{
	for (size_t i = 0; i < trigger->events.count; i++) {
		const struct ev_opening *opening = ev_counters_opening(trigger->counters, i);
		if (opening->error)
			return ev_fail(err, opening->error,
				       "--snapshot-when: %s cannot be counted: %s",
				       trigger->events.items[i].name, opening->why);
	}
	return 0;
}

int record_trigger_open(struct record_trigger *trigger, const struct record_run *run,
			struct ev_err *err)
{
	const struct condition *condition = &trigger->condition;
	struct ev_counters_options options = { 0 };
	int rc = 0;
	trigger->target = &run->target;
	trigger->recording = &run->recording;
	trigger->measures = ev_alloc(condition->terms.count * sizeof(*trigger->measures));
	trigger->values = ev_alloc(condition->terms.count * sizeof(*trigger->values));
	for (size_t i = 0; i < condition->terms.count && !rc; i++) {
		const struct condition_term *term = &condition->terms.items[i];
		const char *name = event_of(trigger, term);
		trigger->measures[i] = (struct measure){ .event = SIZE_MAX, .before = NAN };
		trigger->sees |= term->kind == CONDITION_COMM;
		if (term->kind == CONDITION_RSS && run->target.kind == EV_TARGET_USER)
			rc = ev_fail(err, EINVAL,
				     "--snapshot-when: rss is that of processes (-p), "
				     "a command or the machine (-a), not of a user");
		else if (name)
			rc = add_event(trigger, &trigger->measures[i], name, err);
	}
	if (!rc && trigger->events.count)
		rc = ev_counters_open(&trigger->counters, &trigger->events, trigger->target,
				      &options, err);
	if (!rc && trigger->counters)
		rc = check_openings(trigger, err);
	if (!rc && trigger->counters)
		rc = ev_counters_enable(trigger->counters, err);
	trigger->next_ns = ev_now_ns();
	return rc;
}

static double count_of(const struct record_trigger *trigger, size_t event)
{
	double sum = 0;
	for (size_t slot = 0; slot < ev_counters_slot_count(trigger->counters); slot++) {
		struct ev_count count;
		if (ev_counters_read(trigger->counters, event, slot, &count))
			continue;
		sum += count.running_ns && count.running_ns < count.enabled_ns
			       ? (double)count.value * (double)count.enabled_ns /
					 (double)count.running_ns
			       : (double)count.value;
	}
	return sum;
}

/* ---- what /proc tells ---------------------------------------------------------------------------
 */

/* Percent of all CPUs since the last look; NAN for the first. */
static double machine_percent(struct record_trigger *trigger)
{
	unsigned long long at[8] = { 0 };
	double all = 0, percent;
	char *text;
	if (ev_file_read("/proc/stat", &text, NULL))
		return NAN;
	int got = sscanf(text, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &at[0], &at[1],
			 &at[2], &at[3], &at[4], &at[5], &at[6], &at[7]);
	free(text);
	if (got < 4)
		return NAN;
	for (size_t i = 0; i < EV_LENGTH(at); i++)
		all += (double)at[i];
	double busy = all - (double)at[3] - (double)at[4]; /* idle, and waiting for disks */
	percent = trigger->all_s > 0 && all > trigger->all_s
			  ? 100 * (busy - trigger->busy_s) / (all - trigger->all_s)
			  : NAN;
	trigger->busy_s = busy;
	trigger->all_s = all;
	return percent;
}

static double memory_used(void)
{
	unsigned long long total = 0, available = 0;
	char *text;
	if (ev_file_read("/proc/meminfo", &text, NULL))
		return NAN;
	const char *line = strstr(text, "MemAvailable:");
	bool known = sscanf(text, "MemTotal: %llu", &total) == 1 && line &&
		     sscanf(line, "MemAvailable: %llu", &available) == 1 && available <= total;
	free(text);
	return known ? 1024.0 * (double)(total - available) : NAN;
}

static double resident_bytes(const struct ev_target *target)
{
	double sum = 0;
	if (target->kind == EV_TARGET_SYSTEM)
		return memory_used();
	for (size_t i = 0; i < target->id_count; i++) {
		unsigned long long pages;
		char path[64], *text;
		snprintf(path, sizeof(path), "/proc/%u/statm", target->ids[i]);
		if (ev_file_read(path, &text, NULL))
			continue;
		if (sscanf(text, "%*u %llu", &pages) == 1)
			sum += (double)pages * (double)sysconf(_SC_PAGESIZE);
		free(text);
	}
	return sum;
}

/* ---- names --------------------------------------------------------------------------------------
 */

void record_trigger_see(struct record_trigger *trigger, const void *bytes, size_t size_bytes)
{
	struct ev_record record;
	struct ev_raw raw;
	for (size_t at = 0; trigger->sees && ev_records_next(bytes, size_bytes, &at, &raw);) {
		if (raw.type != PERF_RECORD_COMM)
			continue;
		if (!trigger->decoder)
			trigger->decoder = ev_decoder_open(trigger->recording);
		if (ev_decode(trigger->decoder, &raw, &record) || !record.time_ns)
			continue; /* what has its name already is nothing new */
		for (size_t i = 0; i < trigger->condition.terms.count; i++) {
			const struct condition_term *term = &trigger->condition.terms.items[i];
			trigger->measures[i].seen |=
				term->kind == CONDITION_COMM &&
				ev_glob_match_exact(term->word, record.comm.comm);
		}
	}
}

/* ---- looking ------------------------------------------------------------------------------------
 */

static double measure(struct record_trigger *trigger, size_t index, double machine,
		      double elapsed_s)
{
	const struct condition_term *term = &trigger->condition.terms.items[index];
	struct measure *of = &trigger->measures[index];
	if (term->kind == CONDITION_RSS)
		return resident_bytes(trigger->target);
	if (term->kind == CONDITION_COMM) {
		bool seen = of->seen;
		of->seen = false;
		return seen;
	}
	if (of->event == SIZE_MAX)
		return machine;
	double now = count_of(trigger, of->event), rate = (now - of->before) / elapsed_s;
	of->before = now;
	return term->kind == CONDITION_CPU ? rate / 1e9 * 100 : rate;
}

static void tell_values(const struct record_trigger *trigger, char *why, size_t size_bytes)
{
	size_t used = 0;
	*why = 0;
	for (size_t i = 0; i < trigger->condition.terms.count && used < size_bytes; i++) {
		const struct condition_term *term = &trigger->condition.terms.items[i];
		double value = trigger->values[i];
		int more =
			term->kind == CONDITION_COMM
				? snprintf(why + used, size_bytes - used, "%s%s: %s", i ? ", " : "",
					   term->text, value > 0 ? "it began" : "no")
				: snprintf(why + used, size_bytes - used, "%s%s: %.*f",
					   i ? ", " : "", term->text, term->kind == CONDITION_CPU,
					   value);
		used += more > 0 ? (size_t)more : 0;
	}
}

bool record_trigger_fires(struct record_trigger *trigger, uint64_t now_ns, char *why,
			  size_t size_bytes)
{
	if (now_ns < trigger->next_ns)
		return false;
	bool machine = trigger->target->kind == EV_TARGET_SYSTEM;
	double elapsed_s = (double)(now_ns - trigger->looked_ns) / 1e9;
	double percent = machine ? machine_percent(trigger) : NAN;
	for (size_t i = 0; i < trigger->condition.terms.count; i++)
		trigger->values[i] = measure(trigger, i, percent, elapsed_s);
	trigger->looked_ns = now_ns;
	trigger->next_ns = now_ns + LOOK_EVERY_NS;
	bool holds = condition_holds(&trigger->condition, trigger->values);
	if (!holds) {
		trigger->armed = true;
		return false;
	}
	if (!trigger->armed || now_ns < trigger->silent_until_ns)
		return false;
	trigger->armed = false;
	trigger->silent_until_ns = now_ns + trigger->rest_ns;
	tell_values(trigger, why, size_bytes);
	return true;
}

uint64_t record_trigger_next_ns(const struct record_trigger *trigger)
{
	return trigger->next_ns;
}

void record_trigger_close(struct record_trigger *trigger)
{
	if (!trigger)
		return;
	ev_counters_close(trigger->counters);
	ev_event_list_done(&trigger->events);
	condition_done(&trigger->condition);
	ev_decoder_close(trigger->decoder);
	free(trigger->measures);
	free(trigger->values);
	free(trigger);
}
