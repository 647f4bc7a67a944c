/* The lines of a function or a file become a table of source text with weights. Every sample of it
 * stands in some row, also in those that stand for what is left out. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "annotate.h"

#define GAP "\342\200\246"
#define NOTE_ARROW "\342\206\263 "
enum { NUMBER_WIDTH = 8, ROW_LIMIT = 1 << 24, NAMES = 4 /* of functions in a note */ };

/* The section's lines of one file: lines->items[from … to), by rising number. */
struct part {
	struct annotate_section *section;
	const struct ev_source *source;
	size_t from, to;
	uint32_t first, last; /* numbers that rows are made for */
	/* Sums of rows that are left out: own weights, and the native and system parts of them. */
	struct ev_weight *sums[3];
	struct ev_ratio_sums *ratios; /* NULL without any */
	size_t ratio_count;
};

static void prefix(struct annotate_section *section, const char *number)
{
	fprintf(section->out, "%*s%s", (int)(NUMBER_WIDTH - ev_text_columns(number)), "", number);
}

static struct annotate_weights weights_of(const struct annotate_section *section, size_t line)
{
	const struct ev_lines *lines = section->it->lines;
	const struct ev_ratio_list *ratios = section->annotation->report.ratios;
	return (struct annotate_weights){
		.self = ev_line_weight(lines, line, EV_MEASURE_OWN),
		.native = ev_line_weight(lines, line, EV_MEASURE_NATIVE),
		.system = ev_line_weight(lines, line, EV_MEASURE_SYSTEM),
		.called = ev_line_weight(lines, line, EV_MEASURE_CALLED),
		.reached = section->it->reached ? section->it->reached[line] : 0,
		.ratios = section->it->ratio_sums
				  ? &section->it->ratio_sums[line * ratios->items.count]
				  : NULL,
	};
}

/* ---- what was inlined --------------------------------------------------------------------------
 */

/* "a 62.1%, b 37.9%": shares of what the line has. */
static void print_links(struct annotate_section *section, size_t line, enum ev_line_link_kind kind,
			const char *words)
{
	const struct ev_lines *lines = section->it->lines;
	const struct ev_line *it = &lines->lines.items[line];
	static const enum ev_line_measure measures[] = { [EV_LINK_INTO] = EV_MEASURE_SELF,
							 [EV_LINK_HERE] = EV_MEASURE_CALLED,
							 [EV_LINK_OF] = EV_MEASURE_INLINED };
	const struct ev_weight *whole = ev_line_weight(lines, line, measures[kind]);
	size_t event = 0, told = 0, more = 0;
	while (event + 1 < lines->event_count && !section->annotation->events[event])
		event++;
	for (uint32_t i = it->first_link; i < it->first_link + it->link_count; i++) {
		const struct ev_weight *weight = ev_line_link_weight(lines, i);
		char number[48];
		if (lines->links.items[i].kind != kind)
			continue;
		if (told == NAMES) {
			more++;
			continue;
		}
		if (!told) {
			ev_annotate_no_cells(section);
			fprintf(section->out, "%*s  " NOTE_ARROW "%s", NUMBER_WIDTH, "", words);
		}
		double percent = ev_percent(weight[event].period, whole[event].period);
		fprintf(section->out, "%s%s %s%%", told ? ", " : " ",
			ev_annotate_name(section, lines->links.items[i].name),
			ev_format_fixed(number, sizeof(number), percent < 100 ? percent : 100, 1));
		told++;
	}
	if (more)
		fprintf(section->out, ", %zu more", more);
	if (told)
		putc('\n', section->out);
}

static size_t count_links(const struct ev_lines *lines, size_t line, enum ev_line_link_kind kind)
{
	const struct ev_line *it = &lines->lines.items[line];
	size_t count = 0;
	for (uint32_t i = it->first_link; i < it->first_link + it->link_count; i++)
		count += lines->links.items[i].kind == kind;
	return count;
}

static void print_notes(struct annotate_section *section, size_t line)
{
	const struct ev_lines *lines = section->it->lines;
	if (count_links(lines, line, EV_LINK_OF) > 1)
		print_links(section, line, EV_LINK_OF, "in");
	/* One function that all of a function went into is told above the table. */
	if (lines->by_file || count_links(lines, line, EV_LINK_INTO) > 1)
		print_links(section, line, EV_LINK_INTO, "inlined into");
	print_links(section, line, EV_LINK_HERE, "inlined here:");
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void print_text(struct part *part, uint32_t number)
{
	struct annotate_section *section = part->section;
	size_t length = 0;
	const char *text = ev_source_line(part->source, number, &length);
	if (text && length) {
		fputs("  ", section->out);
		ev_annotate_source(section, text, length, NUMBER_WIDTH + section->cells_width + 2);
	} else if (!text && part->source->line_count) {
		fputs("  [behind the end of the file]", section->out);
	}
	putc('\n', section->out);
}

/* `line` is an index of lines, or SIZE_MAX for a line of the file without a sample. */
static void print_row(struct part *part, uint32_t number, size_t line)
{
	struct annotate_section *section = part->section;
	const struct annotate_weights nothing = { 0 };
	char text[16];
	snprintf(text, sizeof(text), "%" PRIu32, number);
	prefix(section, text);
	struct annotate_weights weights = line == SIZE_MAX ? nothing : weights_of(section, line);
	ev_annotate_cells(section, &weights);
	print_text(part, number);
	if (line != SIZE_MAX)
		print_notes(section, line);
	ev_arena_reset(&section->scratch);
}

static void sum_up(struct ev_weight *into, const struct ev_weight *from, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		into[i].samples += from[i].samples;
		into[i].period += from[i].period;
	}
}

/* One row for those from `first` to `last`, with the sum of their own weights. */
static void print_gap(struct part *part, uint32_t first, uint32_t last, size_t *line)
{
	struct annotate_section *section = part->section;
	const struct ev_lines *lines = section->it->lines;
	size_t events = lines->event_count;
	memset(part->sums[0], 0, EV_LENGTH(part->sums) * events * sizeof(*part->sums[0]));
	if (part->ratios)
		memset(part->ratios, 0, part->ratio_count * sizeof(*part->ratios));
	for (; *line < part->to && lines->lines.items[*line].line <= last; ++*line) {
		for (size_t m = 0; m < EV_LENGTH(part->sums); m++)
			sum_up(part->sums[m],
			       ev_line_weight(lines, *line,
					      (enum ev_line_measure)(EV_MEASURE_OWN + m)),
			       events);
		for (size_t r = 0; part->ratios && r < part->ratio_count; r++)
			ev_ratio_sums_merge(&part->ratios[r],
					    &weights_of(section, *line).ratios[r]);
	}
	prefix(section, GAP);
	struct annotate_weights weights = { .self = part->sums[0],
					    .native = part->sums[1],
					    .system = part->sums[2],
					    .ratios = part->ratios };
	ev_annotate_cells(section, &weights);
	if (first == last)
		fprintf(section->out, "  " GAP " line %" PRIu32 "\n", first);
	else
		fprintf(section->out, "  " GAP " lines %" PRIu32 " to %" PRIu32 "\n", first, last);
}

/* Which of the rows are shown; free() it. */
static bool *choose(struct part *part)
{
	struct annotate_section *section = part->section;
	const struct ev_annotate_options *options = section->options;
	const struct ev_lines *lines = section->it->lines;
	size_t count = part->last - part->first + 1;
	bool *shown = ev_alloc(count), *hot = ev_alloc(count);
	for (size_t i = part->from; i < part->to; i++) {
		struct annotate_weights weights = weights_of(section, i);
		double share = ev_annotate_share(section, &weights);
		if (share > 0 && share >= options->min_percent)
			hot[lines->lines.items[i].line - part->first] = true;
	}
	ev_annotate_choose(shown, hot, count, options->context);
	if (!section->it->lines->by_file)
		shown[0] = true; /* the function's head tells which it is */
	if (options->all || section->it->lines->by_file)
		memset(shown, 1, count);
	free(hot);
	return shown;
}

static void print_rows(struct part *part)
{
	const struct ev_lines *lines = part->section->it->lines;
	bool *shown = choose(part);
	size_t line = part->from;
	uint32_t end = part->last; /* of the text; what is behind it has no rows in between */
	if (end > part->source->line_count)
		end = part->source->line_count;
	for (uint32_t number = part->first; number <= end; number++) {
		if (!shown[number - part->first]) {
			uint32_t first = number;
			while (number < end && !shown[number + 1 - part->first])
				number++;
			print_gap(part, first, number, &line);
			continue;
		}
		bool has = line < part->to && lines->lines.items[line].line == number;
		print_row(part, number, has ? line : SIZE_MAX);
		line += has;
	}
	for (; line < part->to; line++)
		print_row(part, lines->lines.items[line].line, line);
	free(shown);
}

/* Without text there is nothing around the lines that were sampled. */
static void print_sampled(struct part *part)
{
	const struct ev_lines *lines = part->section->it->lines;
	for (size_t i = part->from; i < part->to; i++)
		print_row(part, lines->lines.items[i].line, i);
}

/* ---- parts ------------------------------------------------------------------------------------
 */

static void print_source_state(struct part *part, bool is_main)
{
	struct annotate_section *section = part->section;
	const struct ev_source *source = part->source;
	if (source->trouble)
		fprintf(section->out, "# source %s: %s (--prefix FOLDER names where sources are)\n",
			source->trouble, ev_report_safe(&section->scratch, source->path));
	else if (is_main && section->it->source_is_newer)
		fprintf(section->out,
			"# the source is newer than the %s: lines may have moved since\n",
			section->python ? "recording" : "program");
}

static void print_part(struct part *part, uint32_t file)
{
	struct annotate_section *section = part->section;
	const struct ev_annotated *it = section->it;
	const struct ev_line *lines = it->lines->lines.items;
	bool is_main = file == it->file;
	const char *path = ev_strings_text(it->lines->named->profile->strings, file);
	part->source = ev_sources_find(section->annotation->sources, path);
	part->first = lines[part->from].line;
	part->last = lines[part->to - 1].line;
	if (is_main && it->first && it->first < part->first)
		part->first = it->first;
	if (is_main && it->last > part->last)
		part->last = it->last;
	if (!is_main || !it->lines->by_file)
		fprintf(section->out, "File: %s\n",
			ev_report_safe(&section->scratch,
				       part->source->trouble ? path : part->source->path));
	print_source_state(part, is_main);
	fprintf(section->out, "\n%*s", NUMBER_WIDTH, "Line #");
	ev_annotate_heads(section);
	fputs(section->python ? "  Line Contents\n" : "  Source\n", section->out);
	if (part->source->trouble || part->last - part->first >= ROW_LIMIT)
		print_sampled(part);
	else
		print_rows(part);
	ev_arena_reset(&section->scratch);
}

static void print_no_line(struct annotate_section *section, size_t line, bool alone)
{
	struct annotate_weights weights = weights_of(section, line);
	if (alone) {
		fprintf(section->out, "\n%*s", NUMBER_WIDTH, "Line #");
		ev_annotate_heads(section);
		fputs(section->python ? "  Line Contents\n" : "  Source\n", section->out);
	}
	prefix(section, "-");
	ev_annotate_cells(section, &weights);
	fputs("  [no line]\n", section->out);
	if (alone && !section->python)
		fputs("# no line numbers: build it with -g, or get its debug symbols (--asm shows "
		      "instructions)\n",
		      section->out);
	ev_arena_reset(&section->scratch);
}

void ev_annotate_lines(struct annotate_section *section)
{
	const struct ev_lines *lines = section->it->lines;
	const struct ev_line_function *function = &lines->functions.items[section->it->function];
	size_t from = function->first_line, end = from + function->line_count;
	struct part part = { .section = section };
	part.sums[0] = ev_alloc(EV_LENGTH(part.sums) * lines->event_count * sizeof(**part.sums));
	for (size_t m = 1; m < EV_LENGTH(part.sums); m++)
		part.sums[m] = part.sums[m - 1] + lines->event_count;
	bool any = false;
	if (section->it->ratio_sums) {
		part.ratio_count = section->annotation->report.ratios->items.count;
		part.ratios = ev_alloc((part.ratio_count + 1) * sizeof(*part.ratios));
	}
	/* The file that most of it is in comes first, then the others. */
	for (int others = 0; others < 2; others++) {
		for (size_t at = from, next; at < end; at = next) {
			const struct ev_line *line = &lines->lines.items[at];
			for (next = at + 1; next < end; next++)
				if (lines->lines.items[next].file != line->file)
					break;
			if (!line->line || (line->file == section->it->file) == others)
				continue;
			if (any)
				putc('\n', section->out);
			any = true;
			part.from = at;
			part.to = next;
			print_part(&part, line->file);
		}
	}
	if (from < end && !lines->lines.items[from].line)
		print_no_line(section, from, !any);
	putc('\n', section->out);
	free(part.sums[0]);
	free(part.ratios);
}
