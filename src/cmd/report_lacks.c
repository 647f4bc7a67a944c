/* What of a recording a format has no place for becomes sentences for who reads it elsewhere. */
#include <stdio.h>
#include <string.h>
#include <evprof/event.h>
#include "report.h"
#include "verbs.h"

#define DOUBLE_EXACT (1ull << 53) /* up to which every whole number is one */

/* All events together, of which a sum may be made. */
static bool has_huge_counts(const struct ev_profile *profile)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < profile->cells.count; i++)
		if (__builtin_add_overflow(sum, profile->cells.items[i].period, &sum))
			return true;
	return sum > DOUBLE_EXACT;
}

static bool has_several_events(const struct ev_profile *profile)
{
	for (size_t i = 1; i < profile->cells.count; i++)
		if (profile->tags.items[profile->cells.items[i].tag].event !=
		    profile->tags.items[profile->cells.items[0].tag].event)
			return true;
	return false;
}

static bool is_clock(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE && (attr->config == PERF_COUNT_SW_CPU_CLOCK ||
						    attr->config == PERF_COUNT_SW_TASK_CLOCK);
}

/* The samples of an event stand for different counts: how many they are says less than that. -1:
 * there is no such event. Those whose periods are shown in any case are none of them. */
static int event_with_periods(const struct ev_recording *recording,
			      const struct ev_profile *profile,
			      const struct ev_report_format *format)
{
	struct ev_map each = { 0 }; /* event -> what its samples stand for, the first's */
	int found = -1;
	uint32_t first = UINT32_MAX;
	if (ev_recording_note(recording, EV_NOTE_SIMULATED, NULL))
		return -1;
	for (size_t i = 0; format->lacks_events && i < profile->cells.count; i++) {
		uint32_t event = profile->tags.items[profile->cells.items[i].tag].event;
		first = event < first ? event : first;
	}
	for (size_t i = 0; i < profile->cells.count && found < 0; i++) {
		const struct ev_cell *cell = &profile->cells.items[i];
		uint32_t event = profile->tags.items[cell->tag].event;
		uint64_t stands_for = cell->samples ? cell->period / cell->samples : 0;
		bool added;
		if (event >= recording->event_count || (format->lacks_events && event != first) ||
		    !strcmp(recording->events[event].name, EV_NAME_WAITS) ||
		    (format->clocks && is_clock(&recording->events[event].attr)))
			continue;
		uint32_t *known = ev_map_add(&each, event, 0, &added);
		if (added)
			*known = (uint32_t)stands_for;
		else if (*known != (uint32_t)stands_for)
			found = (int)event;
	}
	ev_map_done(&each);
	return found;
}

static void tell_samples(const struct verb *verb, const struct ev_report_format *format,
			 const struct ev_recorded_event *event)
{
	char buffer[128];
	const char *name = event->name && *event->name
				   ? event->name
				   : ev_event_modifiers(&event->attr, buffer, sizeof(buffer));
	struct ev_arena arena = { 0 };
	fprintf(stderr,
		"evprof %s: %s has samples of %s, not what they stand for: --show-total-period\n",
		verb->name, format->name, ev_text_safe(&arena, name));
	ev_arena_done(&arena);
}

/* What is printed is less than the recording: who reads it elsewhere should know. */
void report_tell_lacks(const struct verb *verb, const struct report_options *options,
		       const struct report_plan *plan, const struct ev_recording *recording,
		       const struct ev_profile *profile)
{
	const struct ev_report_format *format = plan->format;
	if (options->view.quiet)
		return;
	const char *events = has_several_events(profile) ? format->lacks_events : NULL;
	if (format->lacks)
		fprintf(stderr, "evprof %s: %s has no place for %s%s%s\n", verb->name, format->name,
			events ? events : "", events ? ", " : "", format->lacks);
	int event = format->one_number && !options->view.show_period
			    ? event_with_periods(recording, profile, format)
			    : -1;
	if (event >= 0)
		tell_samples(verb, format, &recording->events[event]);
	if (format->doubles && has_huge_counts(profile))
		fprintf(stderr,
			"evprof %s: readers of %s round counts above %llu, which there are here\n",
			verb->name, format->name, DOUBLE_EXACT);
}
