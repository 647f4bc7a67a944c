/* Weights become the cells of an annotated line, and bytes of a source file text for a terminal. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "annotate.h"
#include "export.h"

#define FAULTS_OF_MIB 256.0 /* pages of 4 KiB */
enum { TAB = 8, TEXT_LIMIT = 4096 /* bytes of a line that are looked at */ };

/* ---- columns ----------------------------------------------------------------------------------
 */

static bool by_hits(const struct annotate_section *section)
{
	return section->options->share == EV_SHARE_LOCAL_HITS ||
	       section->options->share == EV_SHARE_GLOBAL_HITS;
}

static const char *memory_text(char *out, size_t size_bytes, uint64_t faults)
{
	char number[48];
	snprintf(out, size_bytes, "%s MiB",
		 ev_format_fixed(number, sizeof(number), (double)faults / FAULTS_OF_MIB, 2));
	return out;
}

static void add_column(struct annotate_section *section, enum annotate_cell cell, size_t event,
		       const char *title, uint64_t greatest)
{
	char number[32];
	struct annotate_column *column = ev_array_add(&section->columns);
	*column = (struct annotate_column){ cell, event, 0, title, ev_text_columns(title) };
	size_t width = strlen("100.00%");
	if (cell == CELL_MEMORY || cell == CELL_GROWTH)
		width = strlen(memory_text(number, sizeof(number), greatest));
	if (cell == CELL_TIME)
		width = strlen(ev_format_fixed(number, sizeof(number), (double)greatest / 1e6, 1));
	else if (cell == CELL_SAMPLES || cell == CELL_PERIOD)
		width = strlen(ev_format_grouped(number, sizeof(number), greatest));
	if (column->width < width)
		column->width = width;
	section->cells_width += column->width + 2;
}

bool ev_annotate_has_ratio(const struct ev_annotation *annotation, size_t ratio)
{
	const struct ev_ratio *it = &annotation->report.ratios->items.items[ratio];
	return it->above < annotation->lines->event_count &&
	       it->below < annotation->lines->event_count && annotation->events[it->above] &&
	       annotation->events[it->below];
}

struct ev_ratio_value ev_annotate_ratio(const struct ev_annotation *annotation,
					const struct ev_annotated *it,
					const struct ev_ratio_sums *sums, size_t ratio)
{
	size_t count = annotation->report.ratios->items.count;
	const struct ev_ratio_sums *all = &it->ratio_sums[it->lines->lines.count * count + ratio];
	return ev_report_ratio_of(&annotation->report, sums ? &sums[ratio] : all, all, ratio);
}

static void add_ratios(struct annotate_section *section)
{
	const struct ev_annotation *annotation = section->annotation;
	const struct ev_ratio_list *ratios = annotation->report.ratios;
	for (size_t i = 0; section->it->ratio_sums && i < ratios->items.count; i++) {
		if (!ev_annotate_has_ratio(annotation, i))
			continue;
		struct ev_ratio_value all = ev_annotate_ratio(annotation, section->it, NULL, i);
		int decimals = ev_ratio_decimals(all.value > 0 ? all.value : all.high);
		const char *title = ev_report_safe(&section->titles, ratios->items.items[i].name);
		struct annotate_column *column = ev_array_add(&section->columns);
		*column = (struct annotate_column){ CELL_RATIO, i, decimals, title,
						    ev_text_columns(title) };
		if (column->width < (size_t)decimals + 6)
			column->width = (size_t)decimals + 6;
		section->cells_width += column->width + 2;
	}
}

/* The first event that is shown. */
static size_t baseline_of(const struct ev_annotation *annotation)
{
	size_t event = 0;
	while (event + 1 < annotation->lines->event_count && !annotation->events[event])
		event++;
	return event;
}

static void add_change(struct annotate_section *section, size_t event)
{
	if (section->annotation->compared && event != baseline_of(section->annotation))
		add_column(section, CELL_CHANGE, event, "Change", 0);
}

/* Shares alone, told apart by the first word of the event: "Self old". */
static void add_compared(struct annotate_section *section, size_t event, const char *name)
{
	int length = (int)strcspn(name, " ");
	struct ev_arena *titles = &section->titles;
	if (section->called)
		add_column(section, CELL_CALLED, event,
			   ev_arena_printf(titles, "Children %.*s", length, name), 0);
	add_column(section, CELL_SELF, event,
		   ev_arena_printf(titles, "%s %.*s", section->called ? "Self" : "%", length, name),
		   0);
	add_change(section, event);
}

/* Of Python in the manner of line_profiler, with scalene's three parts. */
static void add_python(struct annotate_section *section, size_t event, const char *name, bool alone,
		       uint64_t greatest)
{
	bool time = ev_export_is_time(&section->annotation->report, event);
	const char *title = name;
	if (time)
		title = alone ? "Time (ms)" : ev_arena_printf(&section->titles, "%s (ms)", name);
	add_column(section, time ? CELL_TIME : CELL_PERIOD, event, title, greatest);
	if (section->called)
		add_column(section, CELL_CALLED, event, "Children", 0);
	add_column(section, CELL_SELF, event, time ? "% Time" : "%", 0);
	add_column(section, CELL_PYTHON, event, "Python", 0);
	add_column(section, CELL_NATIVE, event, "Native", 0);
	add_column(section, CELL_SYSTEM, event, "System", 0);
	add_change(section, event);
	if (section->it->reached && section->it->faults_event == event) {
		add_column(section, CELL_MEMORY, event, "Mem usage", greatest);
		add_column(section, CELL_GROWTH, event, "Increment", greatest);
	}
}

void ev_annotate_columns(struct annotate_section *section, const struct ev_weight *greatest)
{
	const struct ev_annotation *annotation = section->annotation;
	size_t events = annotation->lines->event_count, shown = 0;
	for (size_t e = 0; e < events; e++)
		shown += annotation->events[e];
	for (size_t e = 0; e < events; e++) {
		if (!annotation->events[e])
			continue;
		const char *name = ev_report_event(&annotation->report, e, &section->titles);
		if (shown == 1 || section->options->show_samples)
			add_column(section, CELL_SAMPLES, e, "Samples", greatest[e].samples);
		name = ev_report_safe(&section->titles, name);
		if (section->python) {
			add_python(section, e, name, shown == 1, greatest[e].period);
			continue;
		}
		if (section->annotation->compared) {
			add_compared(section, e, name);
			continue;
		}
		add_column(section, CELL_PERIOD, e, name, greatest[e].period);
		if (section->called)
			add_column(section, CELL_CALLED, e, "Children", 0);
		add_column(section, CELL_SELF, e, section->called ? "Self" : "%", 0);
	}
	add_ratios(section);
}

void ev_annotate_heads(struct annotate_section *section)
{
	for (size_t c = 0; c < section->columns.count; c++) {
		const struct annotate_column *column = &section->columns.items[c];
		fprintf(section->out, "  %*s%s",
			(int)(column->width - ev_text_columns(column->title)), "", column->title);
	}
}

/* ---- cells ------------------------------------------------------------------------------------
 */

static double share_of(const struct annotate_section *section, const struct ev_weight *weights,
		       size_t event)
{
	if (!weights)
		return 0;
	return by_hits(section) ? ev_percent(weights[event].samples, section->base[event].samples)
				: ev_percent(weights[event].period, section->base[event].period);
}

double ev_annotate_share(const struct annotate_section *section,
			 const struct annotate_weights *weights)
{
	double greatest = 0;
	for (size_t e = 0; e < section->annotation->lines->event_count; e++) {
		if (!section->annotation->events[e])
			continue;
		double self = share_of(section, weights->self, e);
		double called = section->called ? share_of(section, weights->called, e) : 0;
		if (self > greatest)
			greatest = self;
		if (called > greatest)
			greatest = called;
	}
	return greatest;
}

/* perf's colours. */
static const char *colour_of(double percent)
{
	return percent >= 5 ? "\33[31m" : percent >= 0.5 ? "\33[32m" : NULL;
}

static void print_share(struct annotate_section *section, const struct annotate_column *column,
			const struct ev_weight *weights)
{
	const struct ev_weight *weight = weights ? &weights[column->event] : NULL;
	char number[48];
	if (!weight || (!weight->samples && !weight->period)) {
		fprintf(section->out, "  %*s", (int)column->width, "");
		return;
	}
	double percent = share_of(section, weights, column->event);
	const char *colour = section->options->colour ? colour_of(percent) : NULL;
	ev_format_fixed(number, sizeof(number), percent, 2);
	fprintf(section->out, "  %s%*s%%%s", colour ? colour : "", (int)column->width - 1, number,
		colour ? "\33[m" : "");
}

/* From the first event to this one: "+1.25" points, of what was called as well where that is shown.
 */
static void print_change(struct annotate_section *section, const struct annotate_column *column,
			 const struct annotate_weights *weights)
{
	const struct ev_weight *of = section->called ? weights->called : weights->self;
	size_t before = baseline_of(section->annotation);
	char number[48] = "", text[64] = "";
	if (of && (of[before].samples || of[column->event].samples)) {
		double points =
			share_of(section, of, column->event) - share_of(section, of, before);
		ev_format_fixed(number, sizeof(number), points, 2);
		snprintf(text, sizeof(text), "%s%s", points >= 0.005 ? "+" : "", number);
	}
	fprintf(section->out, "  %*s", (int)column->width, text);
}

/* What was in Python itself is what was neither below it nor in the kernel. */
static void print_python(struct annotate_section *section, const struct annotate_column *column,
			 const struct annotate_weights *weights)
{
	size_t e = column->event, events = section->annotation->lines->event_count;
	if (!weights->self || !weights->native || !weights->system) {
		fprintf(section->out, "  %*s", (int)column->width, "");
		return;
	}
	struct ev_weight *python = ev_arena_take(&section->scratch, events * sizeof(*python));
	python[e].samples =
		weights->self[e].samples - weights->native[e].samples - weights->system[e].samples;
	python[e].period =
		weights->self[e].period - weights->native[e].period - weights->system[e].period;
	print_share(section, column, python);
}

static void print_memory(struct annotate_section *section, const struct annotate_column *column,
			 uint64_t faults)
{
	char text[64] = "";
	if (faults)
		memory_text(text, sizeof(text), faults);
	fprintf(section->out, "  %*s", (int)column->width, text);
}

/* With what the line calls, as memory_profiler tells it; of rows that are left out their own. */
static uint64_t growth_of(const struct annotate_weights *weights, size_t event)
{
	const struct ev_weight *of = weights->called ? weights->called : weights->self;
	return of ? of[event].period : 0;
}

static void print_time(struct annotate_section *section, const struct annotate_column *column,
		       const struct ev_weight *weights)
{
	const struct ev_weight *weight = weights ? &weights[column->event] : NULL;
	char number[48] = "";
	if (weight && (weight->samples || weight->period))
		ev_format_fixed(number, sizeof(number), (double)weight->period / 1e6, 1);
	fprintf(section->out, "  %*s", (int)column->width, number);
}

static void print_number(struct annotate_section *section, const struct annotate_column *column,
			 const struct ev_weight *weights)
{
	const struct ev_weight *weight = weights ? &weights[column->event] : NULL;
	char number[32] = "";
	if (weight && (weight->samples || weight->period))
		ev_format_grouped(number, sizeof(number),
				  column->cell == CELL_SAMPLES ? weight->samples : weight->period);
	fprintf(section->out, "  %*s", (int)column->width, number);
}

/* "0.83", or "0.83 ?" where too few samples speak for it. */
static void print_ratio(struct annotate_section *section, const struct annotate_column *column,
			const struct ev_ratio_sums *sums)
{
	char number[48] = "", text[64] = "";
	if (sums && sums[column->event].samples) {
		struct ev_ratio_value value =
			ev_annotate_ratio(section->annotation, section->it, sums, column->event);
		if (value.known)
			snprintf(text, sizeof(text), "%s%s",
				 ev_format_fixed(number, sizeof(number), value.value,
						 column->decimals),
				 value.few ? " ?" : "  ");
	}
	fprintf(section->out, "  %*s", (int)column->width, text);
}

void ev_annotate_cells(struct annotate_section *section, const struct annotate_weights *weights)
{
	for (size_t c = 0; c < section->columns.count; c++) {
		const struct annotate_column *column = &section->columns.items[c];
		switch (column->cell) {
		case CELL_CALLED:
			print_share(section, column, weights->called);
			break;
		case CELL_SELF:
			print_share(section, column, weights->self);
			break;
		case CELL_CHANGE:
			print_change(section, column, weights);
			break;
		case CELL_PYTHON:
			print_python(section, column, weights);
			break;
		case CELL_NATIVE:
			print_share(section, column, weights->native);
			break;
		case CELL_SYSTEM:
			print_share(section, column, weights->system);
			break;
		case CELL_MEMORY:
			print_memory(section, column, weights->reached);
			break;
		case CELL_GROWTH:
			print_memory(section, column, growth_of(weights, column->event));
			break;
		case CELL_RATIO:
			print_ratio(section, column, weights->ratios);
			break;
		case CELL_TIME:
			print_time(section, column, weights->self);
			break;
		default:
			print_number(section, column, weights->self);
		}
	}
}

void ev_annotate_no_cells(struct annotate_section *section)
{
	fprintf(section->out, "%*s", (int)section->cells_width, "");
}

/* ---- text -------------------------------------------------------------------------------------
 */

/* Bytes of the text that take no more than `limit` columns. */
static size_t that_fit(const char *text, size_t limit)
{
	char one[8];
	size_t at = 0, columns = 0;
	while (text[at]) {
		size_t length = 1;
		while (length < 4 && (text[at + length] & 0xc0) == 0x80)
			length++;
		memcpy(one, text + at, length);
		one[length] = 0;
		columns += ev_text_columns(one);
		if (columns > limit)
			break;
		at += length;
	}
	return at;
}

void ev_annotate_source(struct annotate_section *section, const char *text, size_t length,
			size_t used)
{
	size_t column = 0, size = 0, width = section->options->width;
	bool cut = length > TEXT_LIMIT;
	if (cut)
		length = TEXT_LIMIT;
	char *flat = ev_arena_take(&section->scratch, length * TAB + 1);
	for (size_t i = 0; i < length; i++) {
		if (text[i] == '\t') {
			do
				flat[size++] = ' ';
			while (++column % TAB);
			continue;
		}
		flat[size++] = text[i] ? text[i] : '\1'; /* shown as what it is not: a control */
		column += (text[i] & 0xc0) != 0x80;
	}
	const char *safe = ev_report_safe(&section->scratch, flat);
	size_t limit = width > used + 8 ? width - used : 8;
	if (width && (cut || ev_text_columns(safe) > limit))
		fprintf(section->out, "%.*s\342\200\246", (int)that_fit(safe, limit - 1), safe);
	else
		fprintf(section->out, "%s%s", safe, cut ? "\342\200\246" : "");
}

const char *ev_annotate_name(struct annotate_section *section, uint32_t string)
{
	const struct ev_strings *strings = section->annotation->report.named->profile->strings;
	return ev_report_safe(&section->scratch, ev_strings_text(strings, string));
}

/* ---- rows -------------------------------------------------------------------------------------
 */

void ev_annotate_choose(bool *shown, const bool *hot, size_t count, uint32_t context)
{
	size_t last_hot = SIZE_MAX;
	for (size_t i = 0; i < count; i++) {
		if (hot[i])
			last_hot = i;
		shown[i] = last_hot != SIZE_MAX && i - last_hot <= context;
	}
	last_hot = SIZE_MAX;
	for (size_t i = count; i-- > 0;) {
		if (hot[i])
			last_hot = i;
		shown[i] |= last_hot != SIZE_MAX && last_hot - i <= context;
	}
	/* What stands for one row takes one row. */
	for (size_t i = 0; i < count; i++)
		if (!shown[i] && (!i || shown[i - 1]) && (i + 1 == count || shown[i + 1]))
			shown[i] = true;
}
