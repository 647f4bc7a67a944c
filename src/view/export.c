/* What frames, objects and events are called in the formats of other programs. */
#include <linux/perf_event.h>
#include <string.h>
#include "export.h"

const char *ev_export_name(const struct ev_named *named, const struct ev_frame *frame,
			   struct ev_arena *arena)
{
	const struct ev_strings *strings = named->profile->strings;
	const char *function = ev_strings_text(strings, frame->function);
	if (frame->resolved || *function == '[')
		return ev_report_safe(arena, function);
	const char *object = ev_strings_text(strings, named->object_names[frame->object]);
	object = ev_report_safe(arena, object);
	return *object == '[' ? object : ev_arena_printf(arena, "[%s]", object);
}

const char *ev_export_object(const struct ev_report *report, uint32_t object,
			     struct ev_arena *arena)
{
	const struct ev_named *named = report->named;
	const struct ev_object *known =
		report->spaces ? ev_space_set_object(report->spaces, object) : NULL;
	if (known && known->path && *known->path)
		return ev_report_safe(arena, known->path);
	uint32_t name =
		named->object_paths ? named->object_paths[object] : named->object_names[object];
	return ev_report_safe(arena, ev_strings_text(named->profile->strings, name));
}

const char *ev_export_file(const struct ev_named *named, const struct ev_frame *frame,
			   struct ev_arena *arena)
{
	return ev_report_safe(arena, ev_strings_text(named->profile->strings, frame->file));
}

bool ev_export_is_time(const struct ev_report *report, size_t event)
{
	const struct ev_recording *recording = report->recording;
	if (!recording || event >= recording->event_count || report->named->profile->of_branches ||
	    report->named->profile->of_weights)
		return false;
	const struct perf_event_attr *attr = &recording->events[event].attr;
	return attr->type == PERF_TYPE_SOFTWARE && (attr->config == PERF_COUNT_SW_CPU_CLOCK ||
						    attr->config == PERF_COUNT_SW_TASK_CLOCK);
}

bool ev_export_by_period(const struct ev_report *report, const struct ev_report_options *options,
			 size_t event)
{
	return options->show_period || ev_report_simulated(report) ||
	       ev_export_is_time(report, event);
}

const char *ev_export_origin(const struct ev_report *report, struct ev_arena *arena)
{
	const struct ev_recording *recording = report->recording;
	const char *simulated = ev_report_simulated(report);
	const char *text = ev_arena_printf(arena, "evprof %s:", EV_VERSION);
	for (size_t i = 0; recording && i < recording->cmdline_count; i++)
		text = ev_arena_printf(arena, "%s %s", text, recording->cmdline[i]);
	if (simulated)
		text = ev_arena_printf(arena, "%s; simulated: %s", text, simulated);
	if (report->partial)
		text = ev_arena_printf(arena, "%s; partial: %s", text, report->partial);
	return text;
}
