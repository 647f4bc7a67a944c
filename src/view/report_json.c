/* A profile becomes one JSON object:
 *
 *   evprof      version of this program
 *   recording   {path, hostname, osrelease, arch, cmdline: [...]}, null for what is not known
 *   recordings  [{path, hostname, samples, lost}], only of several: `recording` then has what they
 *               agree on
 *   simulated   the model that made the counts, or null for measured ones
 *   partial     why not everything could be read, or null
 *   events      [{name, samples, period}], of everything that passes the filters
 *   quality     {samples, lost, throttled, unresolved, with_stack, truncated_stacks,
 *               damaged_records, fallbacks: [...], worst: [{object, cause, samples}]}
 *   keys        the keys of a row, as --sort asks: its names, but object for dso and symbol for sym
 *   rows        [{event, a value for each key, kernel, samples, period, children_samples,
 *               children_period, ratios: [{name, value, low, high, samples, few}]}], heaviest
 *               first, event after event; with --ci also share_low, share_high,
 *               children_share_low, children_share_high: 95 % intervals of shares, 0 to 1
 *   ranking     [{event, first, last, samples}]: of an event's rows those from first (0 is its
 *               heaviest) to last could as well stand in another order; so many samples would
 *               tell, null when they are equal
 *
 * pid, tid, cpu, socket, weights and latencies are numbers, time is in seconds, other values are
 * text; null is not known. The name of a pid is its comm key's business. kernel is there with
 * symbol or object; and of Python code python, which is true, with symbol also file and line, where
 * the function begins. Period is the event's own count (of ns, cycles, ...). children_... count
 * what was called as well; null when that was not asked for. ratios is there with counts that were
 * read together, in the rows of every event of their group: of the row's own samples, low to high
 * being the 95 % interval, null where it is not known, and few where there are too few samples to
 * tell.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "report.h"

static void print_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\"%s\": ", name);
	if (text)
		ev_json_text(out, text);
	else
		fputs("null", out);
}

static void print_parts(FILE *out, const struct ev_report *report)
{
	if (!report->part_count)
		return;
	fputs("\"recordings\": [", out);
	for (size_t i = 0; i < report->part_count; i++) {
		const struct ev_report_part *part = &report->parts[i];
		fputs(i ? ",\n    {" : "\n    {", out);
		print_text(out, "path", part->path);
		fputs(", ", out);
		print_text(out, "hostname", part->recording ? part->recording->hostname : NULL);
		fprintf(out, ", \"samples\": %" PRIu64 ", \"lost\": %" PRIu64 "}",
			part->quality->samples, part->quality->lost);
	}
	fputs("\n  ],\n  ", out);
}

static void print_recording(FILE *out, const struct ev_report *report)
{
	const struct ev_recording *recording = report->recording;
	const struct {
		const char *name, *value;
	} texts[] = {
		{ "path", report->path },
		{ "hostname", recording->hostname },
		{ "osrelease", recording->osrelease },
		{ "arch", recording->arch },
	};
	fputs("  \"recording\": {", out);
	for (size_t i = 0; i < EV_LENGTH(texts); i++) {
		print_text(out, texts[i].name, texts[i].value);
		fputs(", ", out);
	}
	fputs("\"cmdline\": [", out);
	for (size_t i = 0; i < recording->cmdline_count; i++) {
		fputs(i ? ", " : "", out);
		ev_json_text(out, recording->cmdline[i]);
	}
	fputs("]},\n  ", out);
	print_parts(out, report);
	print_text(out, "partial", report->partial);
	fputs(",\n  ", out);
	print_text(out, "simulated", ev_report_simulated(report));
	fputs(",\n", out);
}

static void print_events(FILE *out, const struct ev_report *report)
{
	const struct ev_table *table = report->table;
	struct ev_arena names = { 0 };
	bool first = true;
	fputs("  \"events\": [", out);
	for (size_t e = 0; e < table->event_count; e++) {
		if (ev_report_only_tells(report, e))
			continue;
		fputs(first ? "\n    {" : ",\n    {", out);
		first = false;
		print_text(out, "name", ev_report_event(report, e, &names));
		fprintf(out, ", \"samples\": %" PRIu64 ", \"period\": %" PRIu64 "}",
			table->total_samples[e], table->total_period[e]);
	}
	fputs("\n  ],\n", out);
	ev_arena_done(&names);
}

static void print_quality(FILE *out, const struct ev_report *report)
{
	const struct ev_quality *quality = &report->named->profile->quality;
	const struct {
		const char *name;
		uint64_t value;
	} counts[] = {
		{ "samples", quality->samples },
		{ "lost", quality->lost },
		{ "throttled", quality->throttled },
		{ "unresolved", quality->unresolved },
		{ "with_stack", quality->with_stack },
		{ "truncated_stacks", quality->truncated_stacks },
		{ "damaged_records", quality->damaged_records },
		{ "aux_bytes", quality->aux_bytes },
	};
	fputs("  \"quality\": {", out);
	for (size_t i = 0; i < EV_LENGTH(counts); i++)
		fprintf(out, "\"%s\": %" PRIu64 ", ", counts[i].name, counts[i].value);
	fputs("\"fallbacks\": [", out);
	const char *note = NULL;
	for (bool first = true; (note = ev_recording_note(report->recording, "fallback", note));
	     first = false) {
		fputs(first ? "" : ", ", out);
		ev_json_text(out, note);
	}
	fputs("], \"worst\": [", out);
	for (size_t i = 0; i < report->worst_count; i++) {
		const struct ev_named *named = report->named;
		uint32_t object = report->worst[i].object;
		fputs(i ? ", {" : "{", out);
		print_text(out, "object",
			   object < named->object_count
				   ? ev_strings_text(named->profile->strings,
						     named->object_names[object])
				   : NULL);
		fputs(", ", out);
		print_text(out, "cause", report->worst[i].trouble);
		fprintf(out, ", \"samples\": %" PRIu64 "}", report->worst[i].samples);
	}
	fputs("]},\n", out);
}

/* "00012:name" or "12" as a number. */
static void print_number(FILE *out, const char *text)
{
	if (*text)
		fprintf(out, "%" PRIu64, (uint64_t)strtoull(text, NULL, 10));
	else
		fputs("null", out);
}

static void print_key(FILE *out, const struct ev_report_options *options, enum ev_key key)
{
	ev_json_text(out,
		     ev_keys[key].json ? ev_keys[key].json : ev_report_key_title(options, key));
}

static void print_value(FILE *out, const struct ev_report_options *options, enum ev_key key,
			const char *text)
{
	print_key(out, options, key);
	fputs(": ", out);
	switch (ev_keys[key].kind) {
	case EV_KEY_IS_OWNER:
	case EV_KEY_IS_NUMBER:
		print_number(out, text);
		break;
	case EV_KEY_IS_SECONDS: /* digits with a point */
		fputs(*text ? text : "null", out);
		break;
	default:
		ev_json_text(out, text);
	}
}

static void print_real(FILE *out, const char *name, bool known, double value)
{
	char number[64];
	fprintf(out, ", \"%s\": %s", name,
		known ? ev_format_fixed(number, sizeof(number), value, ev_ratio_decimals(value) + 3)
		      : "null");
}

static void print_ratios(FILE *out, const struct ev_report *report, const struct ev_row *row,
			 size_t event)
{
	size_t count = report->ratios->items.count, index = (size_t)(row - report->table->rows);
	bool first = true;
	fputs(", \"ratios\": [", out);
	for (size_t i = 0; i < count; i++) {
		if (!ev_report_has_ratio(report, (struct ev_events){ event, 1 }, i))
			continue;
		struct ev_ratio_value value = ev_report_ratio(report, row, i);
		fputs(first ? "{" : ", {", out);
		first = false;
		print_text(out, "name", report->ratios->items.items[i].name);
		print_real(out, "value", value.known, value.value);
		print_real(out, "low", value.bounded, value.low);
		print_real(out, "high", value.bounded, value.high);
		fprintf(out, ", \"samples\": %" PRIu64 ", \"few\": %s}",
			report->ratio_sums[index * count + i].samples,
			value.few || !value.known ? "true" : "false");
	}
	putc(']', out);
}

static void print_interval(FILE *out, const char *what, struct ev_estimate share)
{
	char low[48], high[48];
	fprintf(out, ", \"%sshare_low\": %s, \"%sshare_high\": %s", what,
		ev_format_fixed(low, sizeof(low), share.low, 8), what,
		ev_format_fixed(high, sizeof(high), share.high, 8));
}

static void print_intervals(FILE *out, const struct ev_report *report, const struct ev_row *row,
			    size_t event)
{
	print_interval(out, "", ev_report_share(report, row, event, false));
	if (report->table->has_children)
		print_interval(out, "children_", ev_report_share(report, row, event, true));
}

/* Whose code it is; and of Python where it begins. */
static void print_origin(FILE *out, const struct ev_report *report, const struct ev_row *row)
{
	const struct ev_named *named = report->named;
	const struct ev_frame *frame = &named->frames.items[row->frame];
	bool function = false;
	for (size_t k = 0; k < report->table->key_count; k++)
		function |= report->table->keys[k] == EV_KEY_SYMBOL;
	fprintf(out, ", \"kernel\": %s", frame->kernel ? "true" : "false");
	if (!frame->python)
		return;
	fputs(", \"python\": true", out);
	if (!function)
		return;
	fputs(", \"file\": ", out);
	ev_json_text(out, ev_strings_text(named->profile->strings, frame->file));
	fprintf(out, ", \"line\": %" PRIu32, frame->declared);
}

static void print_row(FILE *out, const struct ev_report *report,
		      const struct ev_report_options *options, const struct ev_row *row,
		      size_t event, const char *event_name)
{
	const struct ev_table *table = report->table;
	struct ev_arena texts = { 0 };
	bool has_function = false;
	fputs("    {", out);
	print_text(out, "event", event_name);
	for (size_t k = 0; k < table->key_count; k++) {
		enum ev_key key = table->keys[k];
		has_function |= ev_keys[key].of_frame && !ev_keys[key].of_lines;
		fputs(", ", out);
		print_value(out, options, key, ev_report_key_text(report, row, k, event, &texts));
	}
	if (has_function)
		print_origin(out, report, row);
	fprintf(out, ", \"samples\": %" PRIu64 ", \"period\": %" PRIu64, row->samples[event],
		row->period[event]);
	if (table->has_children)
		fprintf(out, ", \"children_samples\": %" PRIu64 ", \"children_period\": %" PRIu64,
			row->children_samples[event], row->children[event]);
	else
		fputs(", \"children_samples\": null, \"children_period\": null", out);
	if (report->scatters)
		print_intervals(out, report, row, event);
	if (report->ratios && report->ratios->items.count)
		print_ratios(out, report, row, event);
	putc('}', out);
	ev_arena_done(&texts);
}

static void print_rows(FILE *out, const struct ev_report *report,
		       const struct ev_report_options *options)
{
	const struct ev_table *table = report->table;
	bool first = true;
	fputs("  \"keys\": [", out);
	for (size_t k = 0; k < table->key_count; k++) {
		fputs(k ? ", " : "", out);
		print_key(out, options, table->keys[k]);
	}
	fputs("],\n  \"rows\": [", out);
	for (size_t e = 0; e < table->event_count; e++) {
		struct ev_arena names = { 0 };
		const char *name = ev_report_event(report, e, &names);
		size_t count;
		const struct ev_row **rows =
			ev_report_rows(report, options, (struct ev_events){ e, 1 }, &count);
		for (size_t i = 0; i < count; i++, first = false) {
			fputs(first ? "\n" : ",\n", out);
			print_row(out, report, options, rows[i], e, name);
		}
		free(rows);
		ev_arena_done(&names);
	}
	fputs(first ? "],\n" : "\n  ],\n", out);
}

static void print_ranking(FILE *out, const struct ev_report *report,
			  const struct ev_report_options *options)
{
	const struct ev_table *table = report->table;
	bool first = true;
	fputs("  \"ranking\": [", out);
	for (size_t e = 0; e < table->event_count; e++) {
		struct ev_unsettled unsettled[EV_RANKING_LIMIT];
		struct ev_arena names = { 0 };
		size_t count;
		const struct ev_row **rows =
			ev_report_rows(report, options, (struct ev_events){ e, 1 }, &count);
		size_t found = ev_report_ranking(report, options, e, rows, count, unsettled);
		for (size_t i = 0; i < found; i++, first = false) {
			double samples = unsettled[i].times * (double)table->total_samples[e];
			fputs(first ? "\n    {" : ",\n    {", out);
			print_text(out, "event", ev_report_event(report, e, &names));
			fprintf(out, ", \"first\": %zu, \"last\": %zu, \"samples\": ",
				unsettled[i].first, unsettled[i].last);
			if (samples < 1e15)
				fprintf(out, "%.0f}", samples);
			else
				fputs("null}", out);
		}
		free(rows);
		ev_arena_done(&names);
	}
	fputs(first ? "]\n" : "\n  ]\n", out);
}

int ev_report_json(FILE *out, const struct ev_report *report,
		   const struct ev_report_options *options, struct ev_err *err)
{
	(void)err;
	fputs("{\n  \"evprof\": \"" EV_VERSION "\",\n", out);
	print_recording(out, report);
	print_events(out, report);
	print_quality(out, report);
	print_rows(out, report, options);
	print_ranking(out, report, options);
	fputs("}\n", out);
	return 0;
}
