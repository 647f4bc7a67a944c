/* The table of report formats, and what more than one of them needs. */
#include <stdlib.h>
#include <string.h>
#include <evprof/event.h>
#include "report.h"

enum { EVENT_NAME_BYTES = 128 };

const struct ev_report_format ev_report_formats[] = {
	{ "text", "a table as perf report --stdio prints it", ev_report_text },
	{ "folded", "one line per stack, for flame graphs", ev_report_folded },
	{ "json", "everything, for programs", ev_report_json },
};
const size_t ev_report_format_count = EV_LENGTH(ev_report_formats);

const struct ev_report_format *ev_report_format_find(const char *name)
{
	for (size_t i = 0; i < EV_LENGTH(ev_report_formats); i++)
		if (!strcmp(ev_report_formats[i].name, name))
			return &ev_report_formats[i];
	return NULL;
}

const char *ev_report_event_name(const struct ev_recorded_event *event, struct ev_arena *arena)
{
	if (event->name && *event->name)
		return event->name;
	char *name = ev_arena_take(arena, EVENT_NAME_BYTES);
	return ev_event_modifiers(&event->attr, name, EVENT_NAME_BYTES);
}

const char *ev_report_event(const struct ev_report *report, size_t event, struct ev_arena *arena)
{
	const struct ev_recording *recording = report->recording;
	if (recording && event < recording->event_count)
		return ev_report_event_name(&recording->events[event], arena);
	return ev_arena_printf(arena, "event %zu", event + 1);
}

/* Samples count as having a stack only where stacks are looked at. */
bool ev_report_stacks_skipped(const struct ev_report *report)
{
	const struct ev_recording *recording = report->recording;
	if (!recording || report->named->profile->quality.with_stack)
		return false;
	for (size_t i = 0; i < recording->event_count; i++)
		if (recording->events[i].attr.sample_type & PERF_SAMPLE_CALLCHAIN)
			return true;
	return false;
}

const char *ev_report_safe(struct ev_arena *arena, const char *text)
{
	for (const char *at = text; *at; at++)
		if (*at < ' ' || *at > '~')
			return ev_text_safe(arena, text);
	return text;
}

double ev_percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

struct order {
	const struct ev_table *table;
	size_t event;
};

static uint64_t weight(const struct ev_table *table, const struct ev_row *row, size_t event)
{
	return table->has_children ? row->children[event] : row->period[event];
}

static int by_event(const void *one, const void *other, void *context)
{
	const struct order *order = context;
	const struct ev_row *a = *(const struct ev_row *const *)one;
	const struct ev_row *b = *(const struct ev_row *const *)other;
	uint64_t left = weight(order->table, a, order->event);
	uint64_t right = weight(order->table, b, order->event);
	if (left != right)
		return left > right ? -1 : 1;
	return a < b ? -1 : a > b; /* the table's own order */
}

static bool is_shown(const struct ev_table *table, const struct ev_row *row, size_t event,
		     double limit)
{
	bool any = row->samples[event] || (table->has_children && row->children_samples[event]);
	return any && ev_percent(weight(table, row, event), table->total_period[event]) >= limit;
}

const struct ev_row **ev_report_rows(const struct ev_report *report,
				     const struct ev_report_options *options, size_t event,
				     bool group, size_t *count)
{
	const struct ev_table *table = report->table;
	const struct ev_row **rows = ev_alloc((table->row_count + 1) * sizeof(struct ev_row *));
	struct order order = { table, event };
	*count = 0;
	for (size_t i = 0; i < table->row_count; i++) {
		bool shown = false;
		for (size_t e = group ? 0 : event; e < (group ? table->event_count : event + 1);
		     e++)
			shown |= is_shown(table, &table->rows[i], e, options->percent_limit);
		if (shown)
			rows[(*count)++] = &table->rows[i];
	}
	if (!group && event) /* the table's order is that of the first event */
		qsort_r(rows, *count, sizeof(struct ev_row *), by_event, &order);
	return rows;
}
