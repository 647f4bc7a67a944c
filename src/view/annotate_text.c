/* Annotated functions and files become text in line_profiler's manner: for each what it weighs,
 * then its lines or its instructions. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "annotate.h"

enum { HOSTS = 4 /* that are named */ };

static const char *const share_words[] = {
	[EV_SHARE_LOCAL_PERIOD] = "of the function or file that is shown",
	[EV_SHARE_GLOBAL_PERIOD] = "of everything",
	[EV_SHARE_LOCAL_HITS] = "of the samples in the function or file that is shown",
	[EV_SHARE_GLOBAL_HITS] = "of all samples",
};

/* ---- above everything -------------------------------------------------------------------------
 */

/* How the memory of lines is known, and how not. */
static void print_memory(FILE *out, const struct ev_annotation *annotation)
{
	const struct ev_report *report = &annotation->report;
	bool told = false;
	for (size_t i = 0; i < annotation->sections.count; i++) {
		const struct ev_annotated *it = &annotation->sections.items[i];
		told |= it->reached && it->lines->functions.items[it->function].python;
	}
	if (!told)
		return;
	fputs("# Memory is an estimate, page faults \303\227 4 KiB: Increment is what a line and "
	      "what "
	      "it calls touched for the\n# first time, Mem usage all that was touched until it did "
	      "so last. What was freed and used again\n# brings no fault, what was given back is "
	      "not taken off, and a huge page counts as one of 4 KiB.\n",
	      out);
	const char *peak = ev_recording_note(report->recording, EV_NOTE_PEAK_RSS, NULL);
	if (peak) {
		struct ev_arena scratch = { 0 };
		char *line = ev_arena_text(&scratch, peak, strcspn(peak, "\n"));
		fprintf(out, "# Peak RSS of the program, as the kernel tells it: %s\n",
			ev_report_safe(&scratch, line));
		ev_arena_done(&scratch);
	}
}

static void print_top(FILE *out, const struct ev_annotation *annotation,
		      const struct ev_annotate_options *options)
{
	const struct ev_report *report = &annotation->report;
	struct ev_arena scratch = { 0 };
	if (options->quiet) {
		ev_print_simulated(out, report, "# ");
		return;
	}
	ev_print_quality(out, report, "# ");
	for (size_t e = 0; e < annotation->lines->event_count; e++) {
		char number[32];
		const struct ev_weight *total = &annotation->lines->totals[e];
		if (!annotation->events[e])
			continue;
		fprintf(out, "# Event '%s': ",
			ev_report_safe(&scratch, ev_report_event(report, e, &scratch)));
		fprintf(out, "%s samples, ",
			ev_format_grouped(number, sizeof(number), total->samples));
		fprintf(out, "count %s (approx.)\n",
			ev_format_grouped(number, sizeof(number), total->period));
	}
	fprintf(out, "# Shares of lines are %s.\n", share_words[options->share]);
	print_memory(out, annotation);
	putc('\n', out);
	ev_arena_done(&scratch);
}

static void print_left_out(FILE *out, const struct ev_annotation *annotation)
{
	char number[48];
	size_t event = 0;
	while (event + 1 < annotation->lines->event_count && !annotation->events[event])
		event++;
	uint64_t all = annotation->lines->totals[event].period;
	const struct ev_strings *strings = annotation->report.named->profile->strings;
	struct ev_arena scratch = { 0 };
	if (annotation->left_count)
		fprintf(out,
			"# %zu more function%s with %s%% together: --percent-limit 0 shows all, "
			"evprof annotate NAME one.\n",
			annotation->left_count, annotation->left_count == 1 ? "" : "s",
			ev_format_fixed(number, sizeof(number),
					ev_percent(annotation->left_period, all), 2));
	if (annotation->lineless_count)
		fprintf(out, "# %s%% in %zu function%s without source lines%s",
			ev_format_fixed(number, sizeof(number),
					ev_percent(annotation->lineless_period, all), 2),
			annotation->lineless_count, annotation->lineless_count == 1 ? "" : "s",
			annotation->spots ? "" : ": --asm shows instructions");
	for (size_t i = 0; i < annotation->lineless_count; i++) {
		if (i == EV_LENGTH(annotation->lineless)) {
			fputs(", \342\200\246", out);
			break;
		}
		const struct ev_line_function *function =
			&annotation->lines->functions.items[annotation->lineless[i]];
		fprintf(out, "%s%s", i ? ", " : " (",
			ev_report_safe(&scratch, ev_strings_text(strings, function->name)));
	}
	if (annotation->lineless_count)
		fputs(")\n", out);
	ev_arena_done(&scratch);
}

/* ---- above a section --------------------------------------------------------------------------
 */

static void print_measure(struct annotate_section *section, const char *words,
			  enum ev_line_measure measure)
{
	const struct ev_lines *lines = section->it->lines;
	const struct ev_weight *weights =
		ev_line_function_weight(lines, section->it->function, measure);
	bool first = true;
	fprintf(section->out, "%s: ", words);
	for (size_t e = 0; e < lines->event_count; e++) {
		char number[48];
		if (!section->annotation->events[e])
			continue;
		fprintf(section->out, "%s%s%% of %s", first ? "" : ", ",
			ev_format_fixed(number, sizeof(number),
					ev_percent(weights[e].period, lines->totals[e].period), 2),
			ev_report_safe(&section->scratch,
				       ev_report_event(&section->annotation->report, e,
						       &section->scratch)));
		first = false;
	}
	putc('\n', section->out);
}

static uint64_t own_of(const struct annotate_section *section, enum ev_line_measure measure,
		       size_t event)
{
	return ev_line_function_weight(section->it->lines, section->it->function, measure)[event]
		.period;
}

/* What a function of Python has by itself, and how much of that was in Python, below it, and in the
 * kernel. */
static void print_own(struct annotate_section *section)
{
	const struct ev_lines *lines = section->it->lines;
	fputs("Self: ", section->out);
	bool first = true;
	for (size_t e = 0; e < lines->event_count; e++) {
		char all[48], python[48], native[48], system[48];
		uint64_t total = lines->totals[e].period, own = own_of(section, EV_MEASURE_OWN, e);
		uint64_t below = own_of(section, EV_MEASURE_NATIVE, e);
		uint64_t kernel = own_of(section, EV_MEASURE_SYSTEM, e);
		if (!section->annotation->events[e])
			continue;
		fprintf(section->out, "%s%s%% of %s (Python %s%%, native %s%%, system %s%%)",
			first ? "" : ", ",
			ev_format_fixed(all, sizeof(all), ev_percent(own, total), 2),
			ev_report_safe(&section->scratch,
				       ev_report_event(&section->annotation->report, e,
						       &section->scratch)),
			ev_format_fixed(python, sizeof(python),
					ev_percent(own - below - kernel, total), 2),
			ev_format_fixed(native, sizeof(native), ev_percent(below, total), 2),
			ev_format_fixed(system, sizeof(system), ev_percent(kernel, total), 2));
		first = false;
	}
	putc('\n', section->out);
}

static bool same_weights(const struct annotate_section *section, enum ev_line_measure one,
			 enum ev_line_measure other)
{
	const struct ev_annotated *it = section->it;
	const struct ev_weight *a = ev_line_function_weight(it->lines, it->function, one);
	const struct ev_weight *b = ev_line_function_weight(it->lines, it->function, other);
	for (size_t e = 0; e < it->lines->event_count; e++)
		if (section->annotation->events[e] &&
		    (a[e].samples != b[e].samples || a[e].period != b[e].period))
			return false;
	return true;
}

struct host {
	uint32_t name;
	uint64_t period;
};

static int by_period(const void *one, const void *other)
{
	const struct host *a = one, *b = other;
	if (a->period != b->period)
		return a->period > b->period ? -1 : 1;
	return a->name < b->name ? -1 : a->name > b->name;
}

/* Whose machine code the function's own samples were in, where it was inlined. */
static void print_hosts(struct annotate_section *section)
{
	const struct ev_lines *lines = section->it->lines;
	const struct ev_line_function *function = &lines->functions.items[section->it->function];
	EV_ARRAY(struct host) hosts = { 0 };
	struct ev_map known = { 0 };
	size_t event = 0, told = 0;
	while (event + 1 < lines->event_count && !section->annotation->events[event])
		event++;
	for (uint32_t l = 0; l < function->line_count; l++) {
		const struct ev_line *line = &lines->lines.items[function->first_line + l];
		for (uint32_t i = line->first_link; i < line->first_link + line->link_count; i++) {
			const struct ev_line_link *link = &lines->links.items[i];
			bool added;
			/* The compiler splits functions, and inlines one part into the other. */
			if (link->kind != EV_LINK_INTO || link->name == function->name)
				continue;
			uint32_t *id = ev_map_add(&known, link->name, 0, &added);
			if (added) {
				*id = (uint32_t)hosts.count;
				ev_array_add(&hosts)->name = link->name;
			}
			hosts.items[*id].period += ev_line_link_weight(lines, i)[event].period;
		}
	}
	if (hosts.count)
		qsort(hosts.items, hosts.count, sizeof(*hosts.items), by_period);
	uint64_t all = ev_line_function_weight(lines, section->it->function, EV_MEASURE_SELF)[event]
			       .period;
	for (; told < hosts.count && told < HOSTS; told++) {
		char number[48];
		fprintf(section->out, "%s%s %s%%", told ? ", " : "Inlined into: ",
			ev_annotate_name(section, hosts.items[told].name),
			ev_format_fixed(number, sizeof(number),
					ev_percent(hosts.items[told].period, all), 1));
	}
	if (hosts.count > told)
		fprintf(section->out, ", %zu more", hosts.count - told);
	if (told)
		putc('\n', section->out);
	ev_map_done(&known);
	ev_array_done(&hosts);
}

static void print_title(struct annotate_section *section)
{
	const struct ev_annotated *it = section->it;
	const struct ev_line_function *function = &it->lines->functions.items[it->function];
	const struct ev_named *named = section->annotation->report.named;
	const char *name = ev_annotate_name(section, function->name);
	if (it->lines->by_file) {
		fprintf(section->out, "File: %s\n", name);
	} else if (function->python) {
		fprintf(section->out, "Function: %s\n", name);
	} else {
		fprintf(section->out, "Function: %s (%s)%s", name,
			ev_annotate_name(section, named->object_names[function->object]),
			function->kernel ? " [kernel]" : "");
		if (it->first && !it->is_about)
			fprintf(section->out, " at line %" PRIu32, it->first);
		putc('\n', section->out);
	}
	if (section->python)
		print_own(section);
	else
		print_measure(section, "Self", EV_MEASURE_SELF);
	if (!section->python && !same_weights(section, EV_MEASURE_SELF, EV_MEASURE_INLINED))
		print_measure(section, "With what is inlined there", EV_MEASURE_INLINED);
	if (!same_weights(section, section->python ? EV_MEASURE_OWN : EV_MEASURE_INLINED,
			  EV_MEASURE_CALLED))
		print_measure(section, "With what it calls", EV_MEASURE_CALLED);
	if (!it->lines->by_file)
		print_hosts(section);
	ev_arena_reset(&section->scratch);
}

/* ---- a section --------------------------------------------------------------------------------
 */

/* What shares are of: of instructions, all machine code of the function; of lines, all of it. */
static void find_base(struct annotate_section *section, struct ev_weight *base)
{
	const struct ev_annotated *it = section->it;
	const struct ev_lines *lines = it->lines;
	const struct ev_spots *spots = section->annotation->spots;
	enum ev_annotate_share share = section->options->share;
	size_t events = lines->event_count;
	const struct ev_weight *all =
		share == EV_SHARE_GLOBAL_PERIOD || share == EV_SHARE_GLOBAL_HITS
			? lines->totals
			: ev_line_function_weight(lines, it->function, EV_MEASURE_CALLED);
	if (spots && all != lines->totals)
		all = &spots->of_functions[it->function * events];
	memcpy(base, all, events * sizeof(*base));
}

/* Has any line something that was not in the line itself? */
static bool has_called(const struct annotate_section *section)
{
	const struct ev_lines *lines = section->it->lines;
	const struct ev_line_function *function = &lines->functions.items[section->it->function];
	for (uint32_t i = 0; i < function->line_count; i++) {
		size_t line = function->first_line + i;
		const struct ev_weight *self = ev_line_weight(lines, line, EV_MEASURE_OWN);
		const struct ev_weight *called = ev_line_weight(lines, line, EV_MEASURE_CALLED);
		for (size_t e = 0; e < lines->event_count; e++)
			if (section->annotation->events[e] && called[e].samples != self[e].samples)
				return true;
	}
	return false;
}

static void print_section(FILE *out, const struct ev_annotation *annotation,
			  const struct ev_annotate_options *options, const struct ev_annotated *it,
			  bool first)
{
	const struct ev_lines *lines = it->lines;
	struct ev_weight *base = ev_alloc(lines->event_count * sizeof(*base));
	struct annotate_section section = {
		.out = out, .annotation = annotation, .options = options, .it = it, .base = base
	};
	(void)first;
	section.python = !annotation->spots && lines->functions.items[it->function].python;
	section.called = !annotation->spots && !options->no_children && has_called(&section);
	find_base(&section, base);
	print_title(&section);
	ev_annotate_columns(&section, lines->totals);
	if (annotation->spots) {
		putc('\n', out);
		ev_annotate_code(&section);
	} else {
		ev_annotate_lines(&section);
	}
	ev_array_done(&section.columns);
	ev_arena_done(&section.scratch);
	ev_arena_done(&section.titles);
	free(base);
}

static void print_end(FILE *out, const struct ev_annotation *annotation,
		      const struct ev_annotate_options *options)
{
	if (!options->quiet)
		print_left_out(out, annotation);
}

const struct ev_annotate_format ev_annotate_text = { print_top, print_section, print_end };
