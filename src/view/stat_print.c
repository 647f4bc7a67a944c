/* Counts go to the printer of the format that was asked for; and what all printers need of a row.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "stat.h"

void ev_stat_print_begin(FILE *out, const struct ev_stat_options *options)
{
	if (options->csv)
		ev_stat_print_csv_header(out, options->simulated);
}

void ev_stat_print(FILE *out, const struct ev_stat *stat, const struct ev_stat_options *options)
{
	if (options->csv)
		ev_stat_print_csv(out, stat);
	else if (options->json)
		ev_stat_print_json(out, stat);
	else if (*options->separator_text)
		ev_stat_print_separated(out, stat, options);
	else
		ev_stat_print_table(out, stat, options);
}

/* ---- figures ----------------------------------------------------------------------------------
 */

struct slot_row {
	const char *slot;
	size_t row;
};

static int by_slot(const void *one, const void *other)
{
	const struct slot_row *a = one, *b = other;
	int order = strcmp(a->slot, b->slot);
	return order ? order : (a->row > b->row) - (a->row < b->row);
}

/* Rows of one slot: those that were counted can be divided by each other. */
static void figures_of_slot(const struct ev_stat *stat, const struct slot_row *rows, size_t count,
			    const char **names, double *values, struct ev_metric_value *figures)
{
	size_t counted = 0;
	for (size_t i = 0; i < count; i++) {
		const struct ev_stat_row *row = &stat->rows[rows[i].row];
		if (row->state != EV_COUNTED)
			continue;
		names[counted] = row->event;
		values[counted++] = row->value;
	}
	for (size_t i = 0; i < count; i++) {
		const struct ev_stat_row *row = &stat->rows[rows[i].row];
		bool amount = row->unit && *row->unit && !row->is_time; /* Joules, ns */
		if (row->state == EV_COUNTED && !amount)
			ev_metric_of(row->event, row->value, names, values, counted,
				     stat->elapsed_s, &figures[rows[i].row]);
	}
}

struct ev_metric_value *ev_stat_figures(const struct ev_stat *stat, struct ev_arena *arena)
{
	size_t count = stat->row_count;
	struct ev_metric_value *figures = ev_arena_take(arena, (count + 1) * sizeof(*figures));
	struct slot_row *rows = ev_arena_take(arena, (count + 1) * sizeof(*rows));
	const char **names = ev_arena_take(arena, (count + 1) * sizeof(*names));
	double *values = ev_arena_take(arena, (count + 1) * sizeof(*values));
	for (size_t i = 0; i < count; i++)
		rows[i] = (struct slot_row){ stat->rows[i].slot ? stat->rows[i].slot : "", i };
	qsort(rows, count, sizeof(*rows), by_slot);
	for (size_t first = 0, end; first < count; first = end) {
		for (end = first + 1; end < count && !strcmp(rows[first].slot, rows[end].slot);)
			end++;
		figures_of_slot(stat, rows + first, end - first, names, values, figures);
	}
	return figures;
}

char *ev_stat_figure(const struct ev_metric_value *figure, char *out, size_t size_bytes)
{
	const char *point = strchr(figure->metric->format, '.');
	return ev_format_fixed(out, size_bytes, figure->value, point ? atoi(point + 1) : 0);
}

const char *ev_stat_slot(const struct ev_stat *stat)
{
	for (size_t i = 0; i < stat->row_count; i++) {
		if (stat->rows[i].slot && *stat->rows[i].slot)
			return stat->rows[i].slot;
	}
	return NULL;
}

/* ---- values -----------------------------------------------------------------------------------
 */

/* Commas between the thousands of the whole part of a plain number. */
static void group_thousands(char *text, size_t size_bytes)
{
	size_t whole = strspn(text, "0123456789"), length = strlen(text);
	for (size_t at = whole; at > 3 && length + 1 < size_bytes; length++) {
		at -= 3;
		memmove(text + at + 1, text + at, length - at + 1);
		text[at] = ',';
	}
}

char *ev_stat_value(const struct ev_stat_row *row, bool grouped, char *out, size_t size_bytes)
{
	static const char *const absent[] = {
		[EV_NOT_COUNTED] = "<not counted>", [EV_NOT_SUPPORTED] = "<not supported>"
	};
	if (row->state != EV_COUNTED) {
		snprintf(out, size_bytes, "%s", absent[row->state]);
		return out;
	}
	bool amount = row->unit && *row->unit && row->value != floor(row->value);
	ev_format_fixed(out, size_bytes, row->is_time ? row->value / 1e6 : row->value,
			row->is_time || amount ? 2 : 0);
	if (grouped)
		group_thousands(out, size_bytes);
	return out;
}

const char *ev_stat_unit(const struct ev_stat_row *row)
{
	return row->is_time ? "msec" : row->unit ? row->unit : "";
}

double ev_stat_running_percent(const struct ev_stat_row *row)
{
	if (row->state != EV_COUNTED)
		return 0;
	if (!row->enabled_ns)
		return 100;
	return 100.0 * (double)row->running_ns / (double)row->enabled_ns;
}
