/* Counts as the screen that perf stat has taught everyone to read: value, event, # metric, noise,
 * share of time. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "stat.h"

enum {
	VALUE_COLUMNS = 18,
	UNIT_COLUMNS = 4,
	EVENT_COLUMNS = 32,
	METRIC_COLUMNS = 35,
	CPU_COLUMNS = 10,
	COMM_COLUMNS = 16,
	TID_COLUMNS = 8,
	CPUS_COLUMNS = 4,
};

/* A line under construction, so that no line ends in blanks. */
static void end_line(FILE *out, struct ev_buffer *line)
{
	while (line->size_bytes && line->bytes[line->size_bytes - 1] == ' ')
		line->size_bytes--;
	fwrite(line->bytes, 1, line->size_bytes, out);
	putc('\n', out);
	line->size_bytes = 0;
}

static void put_padded(struct ev_buffer *line, const char *text, size_t columns)
{
	size_t used = ev_text_columns(text);
	ev_buffer_printf(line, "%s%*s", text, used < columns ? (int)(columns - used) : 0, "");
}

/* "comm-123" with the dashes below one another. */
static void put_thread(struct ev_buffer *line, const char *safe, struct ev_arena *arena)
{
	const char *dash = strrchr(safe, '-');
	char *comm = ev_arena_text(arena, safe, (size_t)(dash - safe));
	size_t used = ev_text_columns(comm);
	ev_buffer_printf(line, "%*s%s-%-*s ", used < COMM_COLUMNS ? (int)(COMM_COLUMNS - used) : 0,
			 "", comm, TID_COLUMNS, dash + 1);
}

/* "CPU3" and "S0-D0-C1    2" from the left; blanks for a row without a slot among rows that have
 * one. */
static void put_slot(struct ev_buffer *line, const struct ev_stat *stat,
		     const struct ev_stat_row *row, const char *model, struct ev_arena *arena)
{
	if (!model)
		return;
	const char *safe = ev_text_safe(arena, row->slot ? row->slot : "");
	if (stat->by) {
		put_padded(line, safe, (size_t)stat->by->columns);
		ev_buffer_u8(line, ' ');
	} else if (strrchr(safe, '-')) {
		put_thread(line, safe, arena);
	} else {
		put_padded(line, safe,
			   strrchr(model, '-') ? COMM_COLUMNS + 1 + TID_COLUMNS : CPU_COLUMNS);
		ev_buffer_u8(line, ' ');
	}
	if (stat->by && stat->by->sums && row->cpus)
		ev_buffer_printf(line, "%*u ", CPUS_COLUMNS, row->cpus);
	else if (stat->by && stat->by->sums)
		ev_buffer_printf(line, "%*s ", CPUS_COLUMNS, "");
}

static void put_metric(struct ev_buffer *line, const struct ev_metric_value *figure)
{
	char number[64], text[128];
	if (!figure->metric) {
		put_padded(line, "", METRIC_COLUMNS);
		return;
	}
	ev_stat_figure(figure, number, sizeof(number));
	/* Two decimals leave room for the per cent sign where three stand in other rows. */
	int width = atoi(figure->metric->format + 1);
	snprintf(text, sizeof(text), "%*s%s %s%s", width, number,
		 figure->metric->percent ? "%"
		 : width < 8             ? " "
					 : "",
		 figure->unit, figure->apart ? " *" : "");
	ev_buffer_printf(line, " # ");
	put_padded(line, text, METRIC_COLUMNS - 3);
}

static void put_noise(struct ev_buffer *line, double relative_error)
{
	char text[64];
	if (relative_error > 0)
		ev_buffer_printf(line, "  ( +-%6s%% )",
				 ev_format_fixed(text, sizeof(text), 100 * relative_error, 2));
}

static void put_running(struct ev_buffer *line, const struct ev_stat_row *row, bool scaled)
{
	char text[64];
	if (!ev_stat_is_scaled(row))
		return;
	ev_format_fixed(text, sizeof(text), ev_stat_running_percent(row), 2);
	ev_buffer_printf(line, "  (%s%%)", text);
	if (scaled)
		ev_buffer_printf(line, "  %s", ev_stat_scaling_error(row, text, sizeof(text)));
}

static size_t widest_unit(const struct ev_stat *stat)
{
	size_t widest = UNIT_COLUMNS;
	for (size_t i = 0; i < stat->row_count; i++) {
		size_t columns = ev_text_columns(ev_stat_unit(&stat->rows[i]));
		widest = columns > widest ? columns : widest;
	}
	return widest;
}

/* 0 when no row is of a cgroup. */
static size_t widest_cgroup(const struct ev_stat *stat, struct ev_arena *arena)
{
	size_t widest = 0;
	for (size_t i = 0; i < stat->row_count; i++) {
		const char *name = stat->rows[i].cgroup;
		size_t columns = name ? ev_text_columns(ev_text_safe(arena, name)) : 0;
		widest = columns > widest ? columns : widest;
	}
	return widest;
}

struct columns {
	size_t unit, cgroup; /* 0 = there is no such column */
};

/* A row's parts before its value. */
static void put_place(struct ev_buffer *line, const struct ev_stat *stat,
		      const struct ev_stat_row *row, struct ev_arena *scratch)
{
	char text[64];
	if (stat->interval_s > 0)
		ev_buffer_printf(line, "%16s ",
				 ev_format_fixed(text, sizeof(text), stat->interval_s, 9));
	put_slot(line, stat, row, ev_stat_slot(stat), scratch);
}

static void put_row(struct ev_buffer *line, const struct ev_stat *stat,
		    const struct ev_stat_options *options, const struct ev_stat_row *row,
		    const struct ev_metric_value *figure, const struct columns *columns,
		    struct ev_arena *scratch)
{
	char text[64];
	put_place(line, stat, row, scratch);
	ev_buffer_printf(line, "%*s ", VALUE_COLUMNS,
			 ev_stat_value(row, options->grouped, text, sizeof(text)));
	put_padded(line, ev_text_safe(scratch, ev_stat_unit(row)), columns->unit);
	ev_buffer_u8(line, ' ');
	put_padded(line, ev_text_safe(scratch, row->event), EVENT_COLUMNS);
	if (columns->cgroup) {
		ev_buffer_u8(line, ' ');
		put_padded(line, ev_text_safe(scratch, row->cgroup ? row->cgroup : ""),
			   columns->cgroup);
	}
	put_metric(line, figure);
	if (stat->runs > 1 && row->state == EV_COUNTED)
		put_noise(line, row->relative_error);
	put_running(line, row, !options->no_scale);
}

static void print_rows(FILE *out, const struct ev_stat *stat, const struct ev_stat_options *options)
{
	struct ev_arena arena = { 0 }, scratch = { 0 };
	struct ev_buffer line = { 0 };
	const struct ev_stat_figures figures = ev_stat_figures(stat, &arena);
	const struct columns columns = { widest_unit(stat), widest_cgroup(stat, &arena) };
	size_t before_metric = VALUE_COLUMNS + 1 + columns.unit + 1 + EVENT_COLUMNS +
			       (columns.cgroup ? columns.cgroup + 1 : 0);
	for (size_t i = 0, below = 0; i < stat->row_count; i++) {
		const struct ev_stat_row *row = &stat->rows[i];
		put_row(&line, stat, options, row, &figures.beside[i], &columns, &scratch);
		end_line(out, &line);
		for (; below < figures.below_count && figures.below[below].row == i; below++) {
			put_place(&line, stat, row, &scratch);
			put_padded(&line, "", before_metric);
			put_metric(&line, &figures.below[below].figure);
			end_line(out, &line);
		}
		ev_arena_reset(&scratch);
	}
	ev_buffer_done(&line);
	ev_arena_done(&scratch);
	ev_arena_done(&arena);
}

static void print_title(FILE *out, const struct ev_stat *stat)
{
	struct ev_arena arena = { 0 };
	fprintf(out, "\n Performance counter stats for %s", ev_text_safe(&arena, stat->target));
	if (stat->passes > 1)
		fprintf(out, " (%u passes, %u runs)", stat->passes, stat->runs);
	else if (stat->runs > 1)
		fprintf(out, " (%u runs)", stat->runs);
	if (stat->simulated)
		fprintf(out, ", simulated:\n (%s)", ev_text_safe(&arena, stat->simulated));
	fputs(stat->simulated ? "\n\n" : ":\n\n", out);
	ev_arena_done(&arena);
}

static void print_heading(FILE *out, const struct ev_stat *stat)
{
	const char *slot = ev_stat_slot(stat), *column = "            counts";
	char places[64];
	if (stat->by && stat->by->sums) {
		snprintf(places, sizeof(places), "%-*s cpus             counts", stat->by->columns,
			 stat->by->name);
		column = places;
	} else if (slot) {
		column = strrchr(slot, '-') ? "            comm-TID                 counts"
					    : "CPU                    counts";
	}
	fprintf(out, "#           time %s unit events\n", column);
}

static void print_counts(FILE *out, const struct ev_stat *stat,
			 const struct ev_stat_options *options)
{
	if (options->metric_only)
		ev_stat_print_metrics(out, stat, options);
	else
		print_rows(out, stat, options);
}

void ev_stat_print_table(FILE *out, const struct ev_stat *stat,
			 const struct ev_stat_options *options)
{
	if (stat->interval_s > 0) {
		if (options->heading)
			ev_stat_print_notes(out, stat, options, "# ");
		if (options->heading && !options->metric_only)
			print_heading(out, stat);
		print_counts(out, stat, options);
		return;
	}
	print_title(out, stat);
	print_counts(out, stat, options);
	if (!stat->summary)
		return;
	if (stat->row_count)
		putc('\n', out);
	ev_stat_print_times(out, stat, options);
	ev_stat_print_notes(out, stat, options, " ");
	struct ev_arena arena = { 0 };
	const char *words = ev_stat_words(stat, &arena);
	if (words)
		fprintf(out, options->colour ? " \033[1m%s\033[m\n" : " %s\n", words);
	ev_arena_done(&arena);
	putc('\n', out);
}
