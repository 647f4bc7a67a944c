/* A profile whose tags have time slices becomes a list of samples by thread and time. */
#include <stdlib.h>
#include "export.h"
#include "timed.h"

#define UNKNOWN_INTERVAL_NS 1000000

static int by_thread_and_time(const void *one, const void *other)
{
	const struct ev_timed *a = one, *b = other;
	const uint64_t keys[][2] = {
		{ a->pid, b->pid },         { a->tid, b->tid },     { a->event, b->event },
		{ a->time_ns, b->time_ns }, { a->stack, b->stack }, { a->comm, b->comm },
	};
	for (size_t i = 0; i < EV_LENGTH(keys); i++)
		if (keys[i][0] != keys[i][1])
			return keys[i][0] < keys[i][1] ? -1 : 1;
	return 0;
}

/* A time before the first one is its. */
static uint64_t since_first(const struct ev_profile *profile, uint64_t slice)
{
	uint64_t first = profile->first_time_ns / profile->slice_ns;
	return slice && slice - 1 > first ? (slice - 1 - first) * profile->slice_ns : 0;
}

uint64_t ev_timed_interval(const struct ev_report *report, size_t event)
{
	const struct ev_recording *recording = report->recording;
	if (!recording || event >= recording->event_count)
		return UNKNOWN_INTERVAL_NS;
	const struct perf_event_attr *attr = &recording->events[event].attr;
	if (attr->freq && attr->sample_freq)
		return attr->sample_freq < 1000000000 ? 1000000000 / attr->sample_freq : 1;
	if (!attr->freq && attr->sample_period && ev_export_is_time(report, event))
		return attr->sample_period;
	return UNKNOWN_INTERVAL_NS;
}

size_t ev_timed_end(const ev_timed_list *list, size_t first, bool by_event)
{
	const struct ev_timed *of = &list->items[first];
	size_t end = first + 1;
	while (end < list->count && list->items[end].pid == of->pid &&
	       list->items[end].tid == of->tid &&
	       (!by_event || list->items[end].event == of->event))
		end++;
	return end;
}

static void stand_in_row(ev_timed_list *list, uint64_t step_ns)
{
	for (size_t from = 0, end; from < list->count; from = end) {
		end = ev_timed_end(list, from, true);
		for (size_t i = from; i < end; i++)
			list->items[i].time_ns = (i - from) * step_ns;
	}
}

bool ev_timed_collect(const struct ev_report *report, ev_timed_list *list)
{
	const struct ev_named *named = report->named;
	const struct ev_profile *profile = named->profile;
	bool timed = profile->slice_ns && profile->last_time_ns;
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		const struct ev_tag *tag = &profile->tags.items[cell->tag];
		if (!ev_table_passes(report->table, named, cell) ||
		    tag->event >= report->table->event_count)
			continue;
		*ev_array_add(list) = (struct ev_timed){
			.pid = tag->pid,
			.tid = tag->tid,
			.comm = tag->comm,
			.event = tag->event,
			.stack = cell->stack,
			.time_ns = timed ? since_first(profile, tag->slice) : 0,
			.samples = cell->samples,
			.period = cell->period,
		};
	}
	if (list->count)
		qsort(list->items, list->count, sizeof(*list->items), by_thread_and_time);
	if (!timed)
		stand_in_row(list, UNKNOWN_INTERVAL_NS);
	return timed;
}
