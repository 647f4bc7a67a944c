/* Annotated functions and files become one JSON document; its shape is told in view.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "annotate.h"

struct json {
	FILE *out;
	const struct ev_annotation *annotation;
	const struct ev_strings *strings;
};

static void print_text(FILE *out, const char *name, const char *text)
{
	fprintf(out, "\"%s\": ", name);
	if (text)
		ev_json_text(out, text);
	else
		fputs("null", out);
}

static void print_name(const struct json *json, const char *name, uint32_t string)
{
	print_text(json->out, name, string ? ev_strings_text(json->strings, string) : NULL);
}

static void print_weights(const struct json *json, const char *name,
			  const struct ev_weight *weights)
{
	fprintf(json->out, "\"%s\": [", name);
	for (size_t e = 0; e < json->annotation->lines->event_count; e++)
		fprintf(json->out, "%s{\"samples\": %" PRIu64 ", \"period\": %" PRIu64 "}",
			e ? ", " : "", weights ? weights[e].samples : 0,
			weights ? weights[e].period : 0);
	putc(']', json->out);
}

/* ---- lines ------------------------------------------------------------------------------------
 */

/* Bytes that are no text become what JSON can hold. */
static void print_source(const struct json *json, uint32_t file, uint32_t number)
{
	size_t length = 0;
	const char *text = NULL;
	if (file && number)
		text = ev_source_line(ev_sources_find(json->annotation->sources,
						      ev_strings_text(json->strings, file)),
				      number, &length);
	char *copy = text ? ev_printf("%.*s", (int)(length < INT32_MAX ? length : 0), text) : NULL;
	print_text(json->out, "text", copy);
	free(copy);
}

static void print_links(const struct json *json, const struct ev_lines *lines, size_t line,
			enum ev_line_link_kind kind, const char *name)
{
	const struct ev_line *it = &lines->lines.items[line];
	bool first = true;
	fprintf(json->out, ", \"%s\": [", name);
	for (uint32_t i = it->first_link; i < it->first_link + it->link_count; i++) {
		if (lines->links.items[i].kind != kind)
			continue;
		fputs(first ? "{" : ", {", json->out);
		first = false;
		print_name(json, "function", lines->links.items[i].name);
		fputs(", ", json->out);
		print_weights(json, "weight", ev_line_link_weight(lines, i));
		putc('}', json->out);
	}
	putc(']', json->out);
}

static void print_measures(const struct json *json, const struct ev_weight *self,
			   const struct ev_weight *inlined, const struct ev_weight *called)
{
	fputs(", ", json->out);
	print_weights(json, "self", self);
	fputs(", ", json->out);
	print_weights(json, "inlined", inlined);
	fputs(", ", json->out);
	print_weights(json, "called", called);
}

/* Of Python: samples below it, in native code and in the kernel. */
static void print_parts(const struct json *json, const struct ev_weight *native,
			const struct ev_weight *system)
{
	fputs(", ", json->out);
	print_weights(json, "native", native);
	fputs(", ", json->out);
	print_weights(json, "system", system);
}

static void print_ratios(const struct json *json, const struct ev_annotated *it,
			 const struct ev_ratio_sums *sums)
{
	const struct ev_ratio_list *ratios = json->annotation->report.ratios;
	bool first = true;
	fputs(", \"ratios\": [", json->out);
	for (size_t i = 0; i < ratios->items.count; i++) {
		char value[64], low[64], high[64];
		struct ev_ratio_value is = ev_annotate_ratio(json->annotation, it, sums, i);
		int decimals = ev_ratio_decimals(is.value) + 3;
		fputs(first ? "{" : ", {", json->out);
		first = false;
		print_text(json->out, "name", ratios->items.items[i].name);
		fprintf(json->out, ", \"value\": %s, \"low\": %s, \"high\": %s, \"few\": %s}",
			is.known ? ev_format_fixed(value, sizeof(value), is.value, decimals)
				 : "null",
			is.bounded ? ev_format_fixed(low, sizeof(low), is.low, decimals) : "null",
			is.bounded ? ev_format_fixed(high, sizeof(high), is.high, decimals)
				   : "null",
			is.few || !is.known ? "true" : "false");
	}
	putc(']', json->out);
}

static void print_line(const struct json *json, const struct ev_annotated *section, size_t line)
{
	const struct ev_lines *lines = section->lines;
	const struct ev_line *it = &lines->lines.items[line];
	putc('{', json->out);
	print_name(json, "file", it->file);
	fputs(", \"line\": ", json->out);
	if (it->line)
		fprintf(json->out, "%" PRIu32 ", ", it->line);
	else
		fputs("null, ", json->out);
	print_source(json, it->file, it->line);
	print_measures(json, ev_line_weight(lines, line, EV_MEASURE_SELF),
		       ev_line_weight(lines, line, EV_MEASURE_INLINED),
		       ev_line_weight(lines, line, EV_MEASURE_CALLED));
	if (lines->functions.items[it->function].python)
		print_parts(json, ev_line_weight(lines, line, EV_MEASURE_NATIVE),
			    ev_line_weight(lines, line, EV_MEASURE_SYSTEM));
	print_links(json, lines, line, EV_LINK_INTO, "inlined_into");
	print_links(json, lines, line, EV_LINK_HERE, "inlined_here");
	print_links(json, lines, line, EV_LINK_OF, "functions");
	if (section->ratio_sums)
		print_ratios(json, section,
			     &section->ratio_sums[line *
						  json->annotation->report.ratios->items.count]);
	putc('}', json->out);
}

/* ---- instructions -----------------------------------------------------------------------------
 */

static void print_frames(const struct json *json, const struct ev_annotated_code *code, size_t i)
{
	fputs("\"frames\": [", json->out);
	for (uint32_t f = code->first[i]; f < code->first[i + 1]; f++) {
		const struct ev_symbol *frame = &code->frames.items[f];
		fputs(f == code->first[i] ? "{" : ", {", json->out);
		print_text(json->out, "function", frame->function);
		fputs(", ", json->out);
		print_text(json->out, "file", frame->file);
		fprintf(json->out, ", \"line\": ");
		if (frame->line)
			fprintf(json->out, "%" PRIu32, frame->line);
		else
			fputs("null", json->out);
		fprintf(json->out, ", \"inlined\": %s}", frame->inlined ? "true" : "false");
	}
	putc(']', json->out);
}

/* `ratios` has room for every ratio, or is NULL. */
static void print_instruction(const struct json *json, const struct ev_annotated *section,
			      const struct ev_annotated_code *code, size_t i,
			      struct ev_ratio_sums *ratios)
{
	const struct ev_annotation *annotation = json->annotation;
	size_t ratio_count = ratios ? annotation->report.ratios->items.count : 0;
	const struct ev_spots *spots = json->annotation->spots;
	const struct ev_instruction *it = &code->assembly.items.items[i];
	size_t events = spots->event_count;
	struct ev_weight *sum = ev_alloc(events * sizeof(*sum));
	if (ratios)
		memset(ratios, 0, ratio_count * sizeof(*ratios));
	for (size_t s = ev_spots_find(spots, code->object, it->offset); s < spots->items.count;
	     s++) {
		const struct ev_place *place = &spots->items.items[s].place;
		if (place->object != code->object || place->offset >= it->offset + it->size_bytes)
			break;
		for (size_t e = 0; e < events; e++) {
			sum[e].samples += spots->weights[s * events + e].samples;
			sum[e].period += spots->weights[s * events + e].period;
		}
		for (size_t r = 0; r < ratio_count; r++)
			ev_ratio_sums_merge(&ratios[r],
					    &annotation->spot_ratios[s * ratio_count + r]);
	}
	fprintf(json->out, "{\"address\": %" PRIu64 ", \"offset\": %" PRIu64 ", \"bytes\": \"",
		it->address, it->offset);
	for (size_t b = 0; b < it->size_bytes; b++)
		fprintf(json->out, "%02x", it->bytes[b]);
	fputs("\", ", json->out);
	print_text(json->out, "text", it->text);
	fputs(", ", json->out);
	print_weights(json, "weight", sum);
	if (it->has_target)
		fprintf(json->out, ", \"target\": %" PRIu64 ", ", it->target_offset);
	else
		fputs(", \"target\": null, ", json->out);
	print_frames(json, code, i);
	if (ratios)
		print_ratios(json, section, ratios);
	putc('}', json->out);
	free(sum);
}

static void print_code(const struct json *json, const struct ev_annotated *it)
{
	bool first = true;
	struct ev_ratio_sums *ratios = NULL;
	if (json->annotation->spot_ratios && it->ratio_sums)
		ratios = ev_alloc((json->annotation->report.ratios->items.count + 1) *
				  sizeof(*ratios));
	fputs("],\n     \"code\": [", json->out);
	for (size_t c = 0; c < it->code.count; c++) {
		const struct ev_annotated_code *code = &it->code.items[c];
		for (size_t i = 0; i < code->assembly.items.count; i++, first = false) {
			fputs(first ? "\n      " : ",\n      ", json->out);
			print_instruction(json, it, code, i, ratios);
		}
	}
	free(ratios);
	fputs("], ", json->out);
	print_text(json->out, "code_trouble", it->code_trouble);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static void print_annotated(const struct json *json, const struct ev_annotated *it)
{
	const struct ev_lines *lines = it->lines;
	const struct ev_line_function *function = &lines->functions.items[it->function];
	const struct ev_source *source = NULL;
	if (it->file)
		source = ev_sources_find(json->annotation->sources,
					 ev_strings_text(json->strings, it->file));
	fputs("    {", json->out);
	if (lines->by_file) {
		print_name(json, "file", function->name);
	} else {
		print_name(json, "function", function->name);
		fputs(", ", json->out);
		print_name(json, "object",
			   json->annotation->report.named->object_names[function->object]);
		fprintf(json->out, ", \"kernel\": %s", function->kernel ? "true" : "false");
		if (function->python)
			fputs(", \"python\": true", json->out);
	}
	fputs(", ", json->out);
	print_text(json->out, "source", source && !source->trouble ? source->path : NULL);
	fprintf(json->out, ", \"first\": %" PRIu32 ", \"last\": %" PRIu32, it->first, it->last);
	print_measures(json, ev_line_function_weight(lines, it->function, EV_MEASURE_SELF),
		       ev_line_function_weight(lines, it->function, EV_MEASURE_INLINED),
		       ev_line_function_weight(lines, it->function, EV_MEASURE_CALLED));
	if (function->python)
		print_parts(json, ev_line_function_weight(lines, it->function, EV_MEASURE_NATIVE),
			    ev_line_function_weight(lines, it->function, EV_MEASURE_SYSTEM));
	fputs(",\n     \"lines\": [", json->out);
	for (uint32_t i = 0; i < function->line_count; i++) {
		fputs(i ? ",\n      " : "\n      ", json->out);
		print_line(json, it, function->first_line + i);
	}
	if (json->annotation->spots)
		print_code(json, it);
	else
		putc(']', json->out);
	putc('}', json->out);
}

static void print_head(const struct json *json)
{
	const struct ev_report *report = &json->annotation->report;
	const struct ev_lines *lines = json->annotation->lines;
	struct ev_arena names = { 0 };
	fputs("{\n  \"evprof\": \"" EV_VERSION "\",\n  ", json->out);
	print_text(json->out, "recording", report->path);
	fputs(",\n  ", json->out);
	print_text(json->out, "partial", report->partial);
	fputs(",\n  ", json->out);
	print_text(json->out, "simulated", ev_report_simulated(report));
	fputs(",\n  \"events\": [", json->out);
	for (size_t e = 0; e < lines->event_count; e++) {
		fputs(e ? ",\n    {" : "\n    {", json->out);
		print_text(json->out, "name", ev_report_event(report, e, &names));
		fprintf(json->out, ", \"samples\": %" PRIu64 ", \"period\": %" PRIu64 "}",
			lines->totals[e].samples, lines->totals[e].period);
	}
	fputs("\n  ],\n", json->out);
	ev_arena_done(&names);
}

static struct json json_of(FILE *out, const struct ev_annotation *annotation)
{
	return (struct json){ .out = out,
			      .annotation = annotation,
			      .strings = annotation->report.named->profile->strings };
}

static void print_begin(FILE *out, const struct ev_annotation *annotation,
			const struct ev_annotate_options *options)
{
	const struct json json = json_of(out, annotation);
	(void)options;
	print_head(&json);
	fputs("  \"sections\": [", out);
}

static void print_section(FILE *out, const struct ev_annotation *annotation,
			  const struct ev_annotate_options *options, const struct ev_annotated *it,
			  bool first)
{
	const struct json json = json_of(out, annotation);
	(void)options;
	fputs(first ? "\n" : ",\n", out);
	print_annotated(&json, it);
}

static void print_end(FILE *out, const struct ev_annotation *annotation,
		      const struct ev_annotate_options *options)
{
	(void)annotation, (void)options;
	fputs("\n  ]\n}\n", out);
}

const struct ev_annotate_format ev_annotate_json = { print_begin, print_section, print_end };
