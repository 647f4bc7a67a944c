/* Counts as their metrics alone (--metric-only): a column for each metric, a line for each CPU,
 * thread or interval. */
#include <stdlib.h>
#include <string.h>
#include "stat.h"

enum { LEAST_COLUMNS = 12, SLOT_COLUMNS = 26 };

/* One metric of one event; the same for every slot. */
struct column {
	const struct ev_metric *metric;
	const char *event, *title;
	size_t width;
};
struct sheet {
	const struct ev_stat *stat;
	const struct ev_stat_options *options;
	struct ev_stat_figures figures;
	struct ev_arena arena;
	EV_ARRAY(struct column) columns;
};

static void add_column(struct sheet *sheet, const struct ev_metric_value *figure, size_t row)
{
	const char *event = sheet->stat->rows[row].event;
	if (!figure->metric)
		return;
	for (size_t i = 0; i < sheet->columns.count; i++) {
		const struct column *column = &sheet->columns.items[i];
		if (column->metric == figure->metric && !strcmp(column->event, event))
			return;
	}
	*ev_array_add(&sheet->columns) =
		(struct column){ .metric = figure->metric, .event = event };
}

/* Rates, and metrics that several events have, are told apart by the event. */
static void name_columns(struct sheet *sheet)
{
	for (size_t i = 0; i < sheet->columns.count; i++) {
		struct column *column = &sheet->columns.items[i];
		const char *event = ev_text_safe(&sheet->arena, column->event);
		bool several = false;
		for (size_t j = 0; j < sheet->columns.count; j++)
			several |= j != i && !strcmp(sheet->columns.items[j].metric->text,
						     column->metric->text);
		if (column->metric->rate)
			column->title = ev_arena_printf(&sheet->arena, "%s/sec", event);
		else
			column->title = ev_arena_printf(&sheet->arena, "%s%s%s%s",
							column->metric->percent ? "% " : "",
							several ? event : "", several ? " " : "",
							column->metric->text);
		size_t columns = ev_text_columns(column->title);
		column->width = columns < LEAST_COLUMNS ? LEAST_COLUMNS : columns;
	}
}

/* The column's number in the line of a slot, "" where it has none. A rate is not shortened: its
 * unit would change from line to line. */
static const char *cell_text(struct sheet *sheet, const struct column *column, const char *slot)
{
	const struct ev_stat *stat = sheet->stat;
	const struct ev_metric_value *found = NULL;
	for (size_t i = 0; i < stat->row_count; i++) {
		if (sheet->figures.beside[i].metric == column->metric &&
		    !strcmp(stat->rows[i].event, column->event) &&
		    !strcmp(stat->rows[i].slot, slot))
			found = &sheet->figures.beside[i];
	}
	for (size_t i = 0; i < sheet->figures.below_count; i++) {
		const struct ev_stat_line *line = &sheet->figures.below[i];
		const struct ev_stat_row *row = &stat->rows[line->row];
		if (line->figure.metric == column->metric && !strcmp(row->event, column->event) &&
		    !strcmp(row->slot, slot))
			found = &line->figure;
	}
	if (!found)
		return "";
	struct ev_metric_value whole = *found;
	const char *prefix = strchr("KMGT", *whole.unit);
	for (const char *of = "KMGT"; whole.metric->rate && *whole.unit && prefix && of <= prefix;)
		whole.value *= *of++ ? 1000 : 1;
	char text[64];
	return ev_arena_printf(&sheet->arena, "%s%s", ev_stat_figure(&whole, text, sizeof(text)),
			       whole.apart && !*sheet->options->separator_text &&
					       !sheet->options->json
				       ? "*"
				       : "");
}

/* ---- lines -------------------------------------------------------------------------------------
 */

static void print_titles(FILE *out, const struct sheet *sheet, bool slots)
{
	const char *separator = sheet->options->separator_text;
	bool interval = sheet->stat->interval_s > 0;
	if (*separator)
		fprintf(out, "%s%s%s%s", interval ? "time" : "", interval ? separator : "",
			slots ? "slot" : "", slots ? separator : "");
	else
		fprintf(out, "%*s", (interval ? 17 : 0) + (slots ? SLOT_COLUMNS : 0), "");
	for (size_t i = 0; i < sheet->columns.count; i++) {
		const struct column *column = &sheet->columns.items[i];
		size_t used = ev_text_columns(column->title);
		if (*separator)
			fprintf(out, "%s%s", column->title, separator);
		else
			fprintf(out, "  %*s%s", (int)(column->width - used), "", column->title);
	}
	if (*separator && sheet->stat->simulated)
		fputs("simulated", out);
	putc('\n', out);
}

static void print_line(FILE *out, struct sheet *sheet, bool slots, const char *slot)
{
	const char *separator = sheet->options->separator_text;
	const char *safe = ev_text_safe(&sheet->arena, slot);
	char time[64] = "";
	if (sheet->stat->interval_s > 0)
		ev_format_fixed(time, sizeof(time), sheet->stat->interval_s, 9);
	if (*separator)
		fprintf(out, "%s%s%s%s", time, *time ? separator : "", slots ? safe : "",
			slots ? separator : "");
	else
		fprintf(out, "%*s%-*s", *time ? 17 : 0, time, slots ? SLOT_COLUMNS : 0,
			slots ? safe : "");
	int blank = 2; /* so that no line ends in blanks */
	for (size_t i = 0; i < sheet->columns.count; i++) {
		const struct column *column = &sheet->columns.items[i];
		const char *text = cell_text(sheet, column, slot);
		if (*separator)
			fprintf(out, "%s%s", text, separator);
		else if (*text)
			fprintf(out, "%*s", (int)column->width + blank, text);
		blank = *text ? 2 : blank + (int)column->width + 2;
	}
	if (*separator && sheet->stat->simulated)
		ev_stat_put_model(out, sheet->stat->simulated, separator);
	putc('\n', out);
}

static void print_object(FILE *out, struct sheet *sheet, bool slots, const char *slot)
{
	const char *before = "{";
	char time[64];
	if (sheet->stat->interval_s > 0) {
		ev_format_fixed(time, sizeof(time), sheet->stat->interval_s, 9);
		fprintf(out, "%s\"interval\" : %s", before, time);
		before = ", ";
	}
	if (slots) {
		fprintf(out, "%s\"slot\" : ", before);
		ev_json_text(out, slot);
		before = ", ";
	}
	for (size_t i = 0; i < sheet->columns.count; i++) {
		const char *text = cell_text(sheet, &sheet->columns.items[i], slot);
		if (!*text)
			continue;
		fputs(before, out);
		ev_json_text(out, sheet->columns.items[i].title);
		fputs(" : ", out);
		ev_json_text(out, text);
		before = ", ";
	}
	if (sheet->stat->simulated) {
		fprintf(out, "%s\"simulated\" : ", before);
		ev_json_text(out, sheet->stat->simulated);
		before = ", ";
	}
	fprintf(out, "%s}\n", *before == '{' ? "{" : "");
}

static void print_slots(FILE *out, struct sheet *sheet)
{
	const struct ev_stat *stat = sheet->stat;
	bool slots = ev_stat_slot(stat);
	for (size_t i = 0; i < stat->row_count; i++) {
		bool told = false;
		for (size_t j = 0; j < i && !told; j++)
			told = !strcmp(stat->rows[j].slot, stat->rows[i].slot);
		if (!told && sheet->options->json)
			print_object(out, sheet, slots, stat->rows[i].slot);
		else if (!told)
			print_line(out, sheet, slots, stat->rows[i].slot);
	}
}

/* Rows of cgroups have lines of their own, as those of CPUs have. */
static struct ev_stat with_cgroups_as_slots(const struct ev_stat *stat, struct ev_arena *arena)
{
	struct ev_stat shown = *stat;
	size_t bytes = stat->row_count * sizeof(*stat->rows);
	if (!ev_stat_has_cgroups(stat))
		return shown;
	shown.rows = ev_arena_copy(arena, stat->rows, bytes);
	for (size_t i = 0; i < stat->row_count; i++) {
		struct ev_stat_row *row = &shown.rows[i];
		if (row->cgroup)
			row->slot = ev_arena_printf(arena, "%s%s%s", row->slot,
						    *row->slot ? " " : "", row->cgroup);
	}
	return shown;
}

void ev_stat_print_metrics(FILE *out, const struct ev_stat *of,
			   const struct ev_stat_options *options)
{
	struct ev_arena arena = { 0 };
	const struct ev_stat shown = with_cgroups_as_slots(of, &arena), *stat = &shown;
	struct sheet sheet = { .stat = stat, .options = options };
	sheet.figures = ev_stat_figures(stat, &sheet.arena);
	for (size_t i = 0, line = 0; i < stat->row_count; i++) {
		add_column(&sheet, &sheet.figures.beside[i], i);
		for (; line < sheet.figures.below_count && sheet.figures.below[line].row == i;)
			add_column(&sheet, &sheet.figures.below[line++].figure, i);
	}
	name_columns(&sheet);
	if (!options->json && (stat->interval_s <= 0 || options->heading))
		print_titles(out, &sheet, ev_stat_slot(stat));
	print_slots(out, &sheet);
	ev_array_done(&sheet.columns);
	ev_arena_done(&sheet.arena);
	ev_arena_done(&arena);
}
