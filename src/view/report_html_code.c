/* The hottest functions' source lines and instructions become rows of a page with what each weighs,
 * also over time where there is room. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "annotate.h"
#include "report_html_code.h"

/* Of a text, so many columns; of rows without weight, so many around those with. */
enum { TEXT_COLUMNS = 200, ROWS_LIMIT = 600, ROWS_AROUND = 20, TAB = 8 };

/* A way to write a section: the first that fits is taken. */
static const struct {
	uint32_t context; /* rows around those with weight; UINT32_MAX: all */
	bool times;
} ways[] = {
	{ UINT32_MAX, true }, { 10, true }, { UINT32_MAX, false },
	{ 10, false },        { 2, false }, { 0, false },
};

struct writing {
	struct ev_html_page *page;
	const struct ev_annotation *annotation;
	const struct ev_annotated *section;
	const struct ev_html_moments *moments;
	uint32_t context;
	bool times, first;
	struct ev_arena arena;
};

static void put_weights(struct writing *it, const char *name, const struct ev_weight *weights)
{
	bool first = true;
	for (size_t e = 0; weights && e < it->annotation->lines->event_count; e++) {
		if (!weights[e].samples && !weights[e].period)
			continue;
		if (first)
			fprintf(it->page->out, ",\"%s\":[", name);
		fprintf(it->page->out, "%s[%zu,%" PRIu64 ",%" PRIu64 "]", first ? "" : ",", e,
			weights[e].samples, weights[e].period);
		first = false;
	}
	if (!first)
		putc(']', it->page->out);
}

/* Numbers in fours: event, part of the time, samples, period. */
static void put_times(struct writing *it, bool of_lines, size_t from, size_t to)
{
	const struct ev_html_moment *moments = it->moments->items.items;
	size_t count = it->moments->items.count;
	bool first = true;
	for (size_t i = ev_html_moments_find(it->moments, of_lines, from);
	     it->times && i < count && moments[i].of_lines == of_lines && moments[i].index < to;
	     i++) {
		fprintf(it->page->out, "%s%" PRIu32 ",%" PRIu32 ",%" PRIu64 ",%" PRIu64,
			first ? ",\"times\":[" : ",", moments[i].event, moments[i].time,
			moments[i].weight.samples, moments[i].weight.period);
		first = false;
	}
	if (!first)
		putc(']', it->page->out);
}

/* Tabs become blanks: what follows them stays where it was. */
static void put_source(struct writing *it, const char *text, size_t length)
{
	char line[TEXT_COLUMNS + 1];
	size_t at = 0;
	for (size_t i = 0; i < length && at < TEXT_COLUMNS; i++) {
		if (text[i] != '\t') {
			line[at++] = text[i] ? text[i] : '?';
			continue;
		}
		do
			line[at++] = ' ';
		while (at % TAB && at < TEXT_COLUMNS);
	}
	/* Not within a character. */
	while (at == TEXT_COLUMNS && at && (line[at - 1] & 0x80))
		at--;
	line[at] = 0;
	ev_html_text(it->page, line);
}

static void begin_row(struct writing *it, const char *label)
{
	fputs(it->first ? "{\"label\":" : ",\n{\"label\":", it->page->out);
	it->first = false;
	ev_html_text(it->page, label);
	fputs(",\"text\":", it->page->out);
}

/* ---- lines ------------------------------------------------------------------------------------
 */

static const char *path_of(const struct writing *it, uint32_t file)
{
	return ev_strings_text(it->annotation->report.named->profile->strings, file);
}

/* One line: `line` of the section's lines, or SIZE_MAX where none was sampled. */
static void put_line(struct writing *it, uint32_t file, uint32_t number, size_t line)
{
	const struct ev_lines *lines = it->section->lines;
	const char *path = path_of(it, file), *name = strrchr(path, '/');
	const struct ev_source *source = ev_sources_find(it->annotation->sources, path);
	size_t length = 0;
	const char *text = number ? ev_source_line(source, number, &length) : NULL;
	const char *label = ev_arena_printf(&it->arena, "%" PRIu32, number);
	if (!number)
		label = "?";
	else if (file != it->section->file)
		label = ev_arena_printf(&it->arena, "%s:%s", name ? name + 1 : path, label);
	begin_row(it, label);
	put_source(it, text ? text : "", length);
	if (line != SIZE_MAX) {
		put_weights(it, "self", ev_line_weight(lines, line, EV_MEASURE_SELF));
		put_weights(it, "called", ev_line_weight(lines, line, EV_MEASURE_CALLED));
		put_times(it, true, line, line + 1);
	}
	putc('}', it->page->out);
	ev_arena_reset(&it->arena);
}

static uint32_t around(const struct writing *it, size_t count)
{
	return it->context < count ? it->context : (uint32_t)count;
}

/* The lines of the section's own file, with those between them, `line` … `end` of the sampled. */
static void put_own_lines(struct writing *it, size_t line, size_t end)
{
	const struct ev_annotated *section = it->section;
	const struct ev_line *lines = section->lines->lines.items;
	uint32_t first = lines[line].line, last = lines[end - 1].line;
	if (section->first && section->first < first)
		first = section->first;
	if (section->last > last)
		last = section->last;
	const struct ev_source *source =
		ev_sources_find(it->annotation->sources, path_of(it, section->file));
	if (source->trouble || last - first >= 1u << 20) {
		for (; line < end; line++)
			put_line(it, section->file, lines[line].line, line);
		return;
	}
	size_t count = last - first + 1;
	bool *shown = ev_alloc(count), *hot = ev_alloc(count);
	for (size_t i = line; i < end; i++)
		hot[lines[i].line - first] = true;
	ev_annotate_choose(shown, hot, count, around(it, count));
	if (it->context == UINT32_MAX && count > ROWS_LIMIT)
		ev_annotate_choose(shown, hot, count, ROWS_AROUND);
	for (size_t i = 0; i < count; i++) {
		bool sampled = line < end && lines[line].line == first + i;
		if (shown[i] || sampled)
			put_line(it, section->file, first + (uint32_t)i, sampled ? line : SIZE_MAX);
		line += sampled;
	}
	free(shown);
	free(hot);
}

static void put_lines(struct writing *it)
{
	const struct ev_lines *lines = it->section->lines;
	const struct ev_line_function *function = &lines->functions.items[it->section->function];
	size_t from = function->first_line, to = from + function->line_count;
	it->first = true;
	fputs(",\n\"lines\":[", it->page->out);
	for (size_t i = from, end; i < to; i = end) {
		const struct ev_line *line = &lines->lines.items[i];
		for (end = i + 1; end < to && lines->lines.items[end].file == line->file; end++)
			;
		while (i < end && !lines->lines.items[i].line)
			i++; /* without a line there is no row; the sums tell */
		if (i == end)
			continue;
		if (line->file == it->section->file)
			put_own_lines(it, i, end);
		else
			for (; i < end; i++)
				put_line(it, line->file, lines->lines.items[i].line, i);
	}
	putc(']', it->page->out);
}

/* ---- instructions -----------------------------------------------------------------------------
 */

/* The spots within an instruction: *end is behind the last. */
static size_t spots_of(const struct writing *it, const struct ev_annotated_code *code, size_t i,
		       size_t *end)
{
	const struct ev_spots *spots = it->annotation->spots;
	const struct ev_instruction *at = &code->assembly.items.items[i];
	size_t from = ev_spots_find(spots, code->object, at->offset);
	for (*end = from; *end < spots->items.count; (*end)++) {
		const struct ev_place *place = &spots->items.items[*end].place;
		if (place->object != code->object || place->offset >= at->offset + at->size_bytes)
			break;
	}
	return from;
}

static void put_instruction(struct writing *it, const struct ev_annotated_code *code, size_t i)
{
	const struct ev_spots *spots = it->annotation->spots;
	size_t events = spots->event_count, end, from = spots_of(it, code, i, &end);
	struct ev_weight *sum = ev_alloc((events + 1) * sizeof(*sum));
	const struct ev_instruction *at = &code->assembly.items.items[i];
	for (size_t s = from; s < end; s++)
		for (size_t e = 0; e < events; e++) {
			sum[e].samples += spots->weights[s * events + e].samples;
			sum[e].period += spots->weights[s * events + e].period;
		}
	const struct ev_symbol *frame =
		code->first[i] < code->first[i + 1] ? &code->frames.items[code->first[i]] : NULL;
	const char *line = frame && frame->line
				   ? ev_arena_printf(&it->arena, " line %" PRIu32, frame->line)
				   : "";
	begin_row(it, ev_arena_printf(&it->arena, "%" PRIx64 "%s", at->address, line));
	put_source(it, at->text, strlen(at->text));
	put_weights(it, "self", sum);
	if (from < end)
		put_times(it, false, from, end);
	putc('}', it->page->out);
	ev_arena_reset(&it->arena);
	free(sum);
}

static void put_code(struct writing *it)
{
	it->first = true;
	fputs(",\n\"code\":[", it->page->out);
	for (size_t c = 0; it->annotation->spots && c < it->section->code.count; c++) {
		const struct ev_annotated_code *code = &it->section->code.items[c];
		size_t count = code->assembly.items.count;
		bool *shown = ev_alloc(count + 1), *hot = ev_alloc(count + 1);
		for (size_t i = 0; i < count; i++) {
			size_t end;
			hot[i] = spots_of(it, code, i, &end) < end;
		}
		ev_annotate_choose(shown, hot, count, around(it, count));
		if (it->context == UINT32_MAX && count > ROWS_LIMIT)
			ev_annotate_choose(shown, hot, count, ROWS_AROUND);
		for (size_t i = 0; i < count; i++)
			if (shown[i] || hot[i])
				put_instruction(it, code, i);
		free(shown);
		free(hot);
	}
	putc(']', it->page->out);
}

/* ---- sections ---------------------------------------------------------------------------------
 */

/* Rows are left out: for want of room, or for there being many. */
static bool is_cut(const struct writing *it)
{
	bool cut =
		it->context != UINT32_MAX || it->section->last - it->section->first >= ROWS_LIMIT;
	for (size_t i = 0; it->annotation->spots && i < it->section->code.count; i++)
		cut |= it->section->code.items[i].assembly.items.count > ROWS_LIMIT;
	return cut;
}

/* What a reader should know of the rows. */
static void put_notes(struct writing *it)
{
	const struct ev_annotated *section = it->section;
	const struct ev_source *source =
		section->file ? ev_sources_find(it->annotation->sources, path_of(it, section->file))
			      : NULL;
	const char *note =
		source && source->trouble
			? ev_arena_printf(&it->arena, "source %s", source->trouble)
		: section->source_is_newer
			? "the source is newer than the program: lines may have moved since"
			: NULL;
	if (source) {
		fputs(",\"source\":", it->page->out);
		ev_html_text(it->page, source->trouble ? path_of(it, section->file) : source->path);
	}
	if (is_cut(it))
		note = ev_arena_printf(&it->arena, "%s%sonly rows around those with samples",
				       note ? note : "", note ? "; " : "");
	if (note) {
		fputs(",\"note\":", it->page->out);
		ev_html_text(it->page, note);
	}
	if (section->code_trouble) {
		fputs(",\"trouble\":", it->page->out);
		ev_html_text(it->page, section->code_trouble);
	}
	fprintf(it->page->out, ",\"timed\":%s", it->times ? "true" : "false");
	ev_arena_reset(&it->arena);
}

/* A frame of the report's own naming that is this function, or UINT32_MAX. */
static uint32_t frame_of(const struct writing *it)
{
	const struct ev_line_function *function =
		&it->section->lines->functions.items[it->section->function];
	const struct ev_named *named = it->page->report->named;
	for (uint32_t i = 0; i < named->frames.count; i++)
		if (named->frames.items[i].function == function->name &&
		    named->frames.items[i].object == function->object)
			return i;
	return UINT32_MAX;
}

static void put_section(struct writing *it, uint32_t frame)
{
	const struct ev_strings *strings = it->annotation->report.named->profile->strings;
	const struct ev_line_function *function =
		&it->section->lines->functions.items[it->section->function];
	fprintf(it->page->out,
		"{\"frame\":%" PRIu32 ",\"name\":", ev_html_number(&it->page->frames, frame));
	ev_html_text(it->page, ev_strings_text(strings, function->name));
	fputs(",\"object\":", it->page->out);
	ev_html_text(it->page,
		     ev_strings_text(strings,
				     it->page->report->named->object_names[function->object]));
	put_notes(it);
	put_lines(it);
	put_code(it);
	putc('}', it->page->out);
}

/* The section as text that is not longer than this, or NULL. */
static char *write_section(struct writing *it, uint32_t frame, uint64_t limit_bytes)
{
	FILE *out = it->page->out;
	char *text = NULL;
	for (size_t i = 0; i < EV_LENGTH(ways); i++) {
		size_t size_bytes = 0;
		if (ways[i].times && !it->moments->items.count)
			continue;
		it->context = ways[i].context;
		it->times = ways[i].times;
		free(text);
		text = NULL;
		it->page->out = open_memstream(&text, &size_bytes);
		if (!it->page->out)
			break;
		put_section(it, frame);
		fclose(it->page->out);
		if (size_bytes <= limit_bytes)
			break;
		if (i + 1 == EV_LENGTH(ways)) {
			free(text);
			text = NULL;
		}
	}
	it->page->out = out;
	return text;
}

void ev_html_code(struct ev_html_page *page, uint64_t limit_bytes)
{
	const struct ev_annotation *annotation = page->report->annotation;
	struct ev_html_moments moments = { 0 };
	const char *between = "";
	size_t left_out = 0;
	if (!annotation)
		return;
	size_t count = annotation->sections.count ? annotation->sections.count : 1;
	ev_html_moments_build(&moments, annotation, page->cells.grain);
	fputs("\"code\":{\"sections\":[", page->out);
	for (size_t i = 0; i < annotation->sections.count; i++) {
		struct writing it = { .page = page,
				      .annotation = annotation,
				      .section = &annotation->sections.items[i],
				      .moments = &moments };
		uint32_t frame = frame_of(&it);
		char *text =
			frame != UINT32_MAX ? write_section(&it, frame, limit_bytes / count) : NULL;
		if (text)
			fprintf(page->out, "%s%s", between, text);
		between = text ? ",\n" : between;
		left_out += !text;
		free(text);
		ev_arena_done(&it.arena);
	}
	fprintf(page->out, "],\"left_out\":%zu},\n", left_out);
	ev_html_moments_done(&moments);
}
