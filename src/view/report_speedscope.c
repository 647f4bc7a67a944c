/* A profile becomes speedscope's JSON (www.speedscope.app/file-format-schema.json): frames once,
 * and for every event a profile whose samples are stacks, root first, with their weights. */
#include <inttypes.h>
#include <stdlib.h>
#include "export.h"

static void print_frames(FILE *out, const struct ev_named *named)
{
	struct ev_arena names = { 0 };
	fputs("  \"shared\": {\"frames\": [", out);
	for (size_t i = 0; i < named->frames.count; i++) {
		const struct ev_frame *frame = &named->frames.items[i];
		const char *file = ev_export_file(named, frame, &names);
		fputs(i ? ",\n    {\"name\": " : "\n    {\"name\": ", out);
		ev_json_text(out, ev_export_name(named, frame, &names));
		if (*file) {
			fputs(", \"file\": ", out);
			ev_json_text(out, file);
		}
		if (frame->line)
			fprintf(out, ", \"line\": %" PRIu32, frame->line);
		putc('}', out);
		ev_arena_reset(&names);
	}
	fputs("\n  ]},\n", out);
	ev_arena_done(&names);
}

/* The frames of a stack, root first. */
static void print_stack(FILE *out, const struct ev_named *named, uint32_t stack)
{
	EV_ARRAY(uint32_t) path = { 0 };
	for (; stack; stack = named->stacks.items[stack].parent)
		*ev_array_add(&path) = named->stacks.items[stack].place;
	if (!path.count)
		*ev_array_add(&path) = 0; /* the frame of samples without any */
	putc('[', out);
	while (path.count--)
		fprintf(out, "%" PRIu32 "%s", path.items[path.count], path.count ? "," : "]");
	ev_array_done(&path);
}

struct walk {
	const struct ev_report *report;
	size_t event;
	bool by_period;
	size_t at; /* of the next cell */
};

/* The next stack of an event that weighs something, all of its threads together. */
static bool next_stack(struct walk *walk, uint32_t *stack, uint64_t *weight)
{
	const struct ev_named *named = walk->report->named;
	while (walk->at < named->cells.count) {
		*stack = named->cells.items[walk->at].stack;
		*weight = 0;
		for (;
		     walk->at < named->cells.count && named->cells.items[walk->at].stack == *stack;
		     walk->at++) {
			const struct ev_cell *cell = &named->cells.items[walk->at];
			if (named->profile->tags.items[cell->tag].event == walk->event &&
			    ev_table_passes(walk->report->table, named, cell))
				*weight += walk->by_period ? cell->period : cell->samples;
		}
		if (*weight)
			return true;
	}
	return false;
}

static void print_event(FILE *out, const struct ev_report *report,
			const struct ev_report_options *options, size_t event)
{
	struct walk walk = { report, event, ev_export_by_period(report, options, event), 0 };
	struct ev_arena names = { 0 };
	uint64_t weight, total = 0;
	uint32_t stack;
	const char *unit =
		walk.by_period && ev_export_is_time(report, event) ? "nanoseconds" : "none";
	fputs("{\"type\": \"sampled\", \"name\": ", out);
	ev_json_text(out, ev_report_event(report, event, &names));
	fprintf(out, ", \"unit\": \"%s\", \"startValue\": 0,\n    \"samples\": [", unit);
	for (bool first = true; next_stack(&walk, &stack, &weight); first = false) {
		fputs(first ? "\n" : ",\n", out);
		print_stack(out, report->named, stack);
		total += weight;
	}
	walk.at = 0;
	fputs("],\n    \"weights\": [", out);
	for (bool first = true; next_stack(&walk, &stack, &weight); first = false)
		fprintf(out, "%s%" PRIu64, first ? "" : ",", weight);
	fprintf(out, "],\n    \"endValue\": %" PRIu64 "}", total);
	ev_arena_done(&names);
}

int ev_report_speedscope(FILE *out, const struct ev_report *report,
			 const struct ev_report_options *options, struct ev_err *err)
{
	struct ev_arena names = { 0 };
	bool first = true;
	(void)err;
	fputs("{\"$schema\": \"https://www.speedscope.app/file-format-schema.json\",\n"
	      "  \"exporter\": \"evprof " EV_VERSION "\",\n  \"name\": ",
	      out);
	ev_json_text(out, ev_export_origin(report, &names));
	fputs(",\n", out);
	print_frames(out, report->named);
	fputs("  \"profiles\": [", out);
	for (size_t e = 0; e < report->table->event_count; e++) {
		if (!report->table->total_samples[e])
			continue;
		fputs(first ? "\n    " : ",\n    ", out);
		print_event(out, report, options, e);
		first = false;
	}
	fputs("\n  ]\n}\n", out);
	ev_arena_done(&names);
	return 0;
}
