/* The table of report formats, and what more than one of them needs. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/event.h>
#include "report.h"

enum { EVENT_NAME_BYTES = 128 };

const struct ev_report_format ev_report_formats[] = {
	{ .name = "text",
	  .about = "a table as perf report --stdio prints it",
	  .print = ev_report_text,
	  .text = true },
	{ .name = "folded",
	  .about = "one line per stack, for flame graphs",
	  .print = ev_report_folded,
	  .stacks = true,
	  .one_number = true,
	  .lacks = "threads' numbers, source lines, and when samples were taken" },
	{ .name = "json", .about = "everything, for programs", .print = ev_report_json },
	{ .name = "csv", .about = "the rows, for spreadsheets (RFC 4180)", .print = ev_report_csv },
	{ .name = "pprof-text",
	  .about = "flat and cum of functions, as pprof -text",
	  .print = ev_report_pprof_text,
	  .by_function = true,
	  .stacks = true },
	{ .name = "pprof-tree",
	  .about = "with callers and callees, as pprof -tree",
	  .print = ev_report_pprof_tree,
	  .by_function = true,
	  .stacks = true },
	{ .name = "pprof",
	  .about = "a profile that go tool pprof opens",
	  .print = ev_report_pprof,
	  .stacks = true,
	  .lines = true,
	  .addresses = true,
	  .lacks = "CPUs, and when samples were taken" },
	{ .name = "callgrind",
	  .about = "costs of lines and calls, for kcachegrind and callgrind_annotate",
	  .print = ev_report_callgrind,
	  .stacks = true,
	  .one_number = true,
	  .clocks = true,
	  .lines = true,
	  .lacks = "threads, when samples were taken, and how often functions were called, which "
		   "samples do not tell" },
	{ .name = "speedscope",
	  .about = "for speedscope.app",
	  .print = ev_report_speedscope,
	  .stacks = true,
	  .one_number = true,
	  .clocks = true,
	  .doubles = true,
	  .lacks = "threads, CPUs, and when samples were taken" },
	{ .name = "firefox",
	  .about = "for profiler.firefox.com: samples in time, thread by thread",
	  .print = ev_report_firefox,
	  .stacks = true,
	  .one_number = true,
	  .clocks = true,
	  .lines = true,
	  .times = true,
	  .doubles = true,
	  .lacks = "CPUs" },
	{ .name = "chrome",
	  .about = "a trace in time, for ui.perfetto.dev and chrome://tracing",
	  .print = ev_report_chrome,
	  .stacks = true,
	  .times = true,
	  .doubles = true,
	  .lacks = "CPUs and source lines",
	  .lacks_events = "slices of events other than a thread's first" },
	{ .name = "flamegraph",
	  .about = "a picture of the first event, as SVG",
	  .print = ev_report_flamegraph,
	  .stacks = true,
	  .one_number = true,
	  .clocks = true,
	  .lacks = "threads' numbers and when samples were taken",
	  .lacks_events = "events other than the first" },
	{ .name = "html",
	  .about = "a page of pictures and tables, for any browser",
	  .print = ev_report_html,
	  .stacks = true,
	  .doubles = true,
	  .page = true },
	{ .name = "dot",
	  .about = "a graph of calls for graphviz",
	  .print = ev_report_dot,
	  .by_function = true,
	  .stacks = true,
	  .lacks = "threads and when samples were taken",
	  .lacks_events = "events other than the first" },
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

bool ev_report_only_tells(const struct ev_report *report, size_t event)
{
	const struct ev_recording *recording = report->recording;
	return recording && event < recording->event_count &&
	       !report->table->total_samples[event] &&
	       recording->events[event].attr.type == PERF_TYPE_SOFTWARE &&
	       recording->events[event].attr.config == PERF_COUNT_SW_DUMMY;
}

size_t ev_report_shown_events(const struct ev_report *report, struct ev_events events)
{
	size_t shown = 0;
	for (size_t i = 0; i < events.count; i++)
		shown += !ev_report_only_tells(report, events.first + i);
	return shown ? shown : 1;
}

bool ev_report_has_chains(const struct ev_report *report)
{
	const struct ev_recording *recording = report->recording;
	for (size_t i = 0; recording && i < recording->event_count; i++)
		if (recording->events[i].attr.sample_type & PERF_SAMPLE_CALLCHAIN)
			return true;
	return false;
}

const char *ev_report_key_title(const struct ev_report_options *options, enum ev_key key)
{
	if (key < EV_KEY_FIELD || key > EV_KEY_FIELD_LAST)
		return ev_keys[key].title;
	return options->field_titles ? options->field_titles[key - EV_KEY_FIELD] : "";
}

const char *ev_report_key_text(const struct ev_report *report, const struct ev_row *row, size_t key,
			       size_t event, struct ev_arena *arena)
{
	const char *text = ev_row_text(report->table, report->named, row, key);
	uint64_t each, total;
	if (!ev_keys[report->table->keys[key]].is_total || ev_parse_u64(text, &each))
		return text;
	if (__builtin_mul_overflow(each, row->samples[event], &total))
		total = UINT64_MAX;
	return ev_arena_printf(arena, "%" PRIu64, total);
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
