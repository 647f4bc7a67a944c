/* Counts as JSON, one object a line, with the keys of perf stat -j and more: a refused event says
 * "why", a scaled value its "scaling-error", a ratio whether its counts were "metric-apart", and a
 * simulated event the model, as "simulated". */
#include <string.h>
#include "stat.h"

static void put_key(FILE *out, const char *key, bool *first)
{
	fprintf(out, "%s\"%s\" : ", *first ? "{" : ", ", key);
	*first = false;
}

static void put_text(FILE *out, const char *key, const char *text, bool *first)
{
	put_key(out, key, first);
	ev_json_text(out, text ? text : "");
}

static void put_number(FILE *out, const char *key, double value, int decimals, bool *first)
{
	char text[400];
	put_key(out, key, first);
	fputs(ev_format_fixed(text, sizeof(text), value, decimals), out);
}

/* Slots are "CPU7", "S0-D0-C1" with its number of CPUs, or "comm-123". */
static void put_slot(FILE *out, const struct ev_stat *stat, const struct ev_stat_row *row,
		     bool *first)
{
	const char *slot = row->slot;
	if (stat->by && stat->by->sums) {
		put_text(out, stat->by->name, slot, first);
		put_key(out, "aggregate-number", first);
		fprintf(out, "%u", row->cpus);
		return;
	}
	size_t digits = strncmp(slot, "CPU", 3) ? 0 : strspn(slot + 3, "0123456789");
	if (digits && !slot[3 + digits])
		put_text(out, "cpu", slot + 3, first);
	else
		put_text(out, "thread", slot, first);
}

/* Of a value that was scaled: in per cent, null where it is not known. */
static void put_scaling_error(FILE *out, const struct ev_stat_row *row, bool *first)
{
	if (row->scaling_error >= 0) {
		put_number(out, "scaling-error", 100 * row->scaling_error, 2, first);
		return;
	}
	put_key(out, "scaling-error", first);
	fputs("null", out);
}

static void put_figure(FILE *out, const struct ev_metric_value *figure, bool *first)
{
	put_number(out, "metric-value", figure->value, 6, first);
	put_text(out, "metric-unit", figure->unit, first);
	if (!figure->apart)
		return;
	put_key(out, "metric-apart", first);
	fputs("true", out);
}

/* A metric that is not of one count has an object of its own. */
static void print_line(FILE *out, const struct ev_stat *stat, const struct ev_stat_line *line)
{
	const struct ev_stat_row *row = &stat->rows[line->row];
	bool first = true;
	if (stat->interval_s > 0)
		put_number(out, "interval", stat->interval_s, 9, &first);
	if (row->slot && *row->slot)
		put_slot(out, stat, row, &first);
	if (ev_stat_has_cgroups(stat))
		put_text(out, "cgroup", row->cgroup, &first);
	put_figure(out, &line->figure, &first);
	if (stat->simulated)
		put_text(out, "simulated", stat->simulated, &first);
	fputs("}\n", out);
}

static void print_row(FILE *out, const struct ev_stat *stat, bool cgroups,
		      const struct ev_stat_row *row, const struct ev_metric_value *figure)
{
	bool first = true, counted = row->state == EV_COUNTED;
	char text[400];
	if (stat->interval_s > 0)
		put_number(out, "interval", stat->interval_s, 9, &first);
	if (row->slot && *row->slot)
		put_slot(out, stat, row, &first);
	if (counted)
		ev_format_fixed(text, sizeof(text), row->is_time ? row->value / 1e6 : row->value,
				6);
	else
		ev_stat_value(row, false, text, sizeof(text));
	put_text(out, "counter-value", text, &first);
	put_text(out, "unit", ev_stat_unit(row), &first);
	put_text(out, "event", row->event, &first);
	if (cgroups)
		put_text(out, "cgroup", row->cgroup, &first);
	if (ev_stat_is_repeated(stat))
		put_number(out, "variance", 100 * row->relative_error, 2, &first);
	put_key(out, "event-runtime", &first);
	fprintf(out, "%llu", counted ? (unsigned long long)row->running_ns : 0ull);
	put_number(out, "pcnt-running", ev_stat_running_percent(row), 2, &first);
	if (ev_stat_is_scaled(row))
		put_scaling_error(out, row, &first);
	if (figure->metric)
		put_figure(out, figure, &first);
	if (stat->simulated)
		put_text(out, "simulated", stat->simulated, &first);
	if (row->why && *row->why)
		put_text(out, "why", row->why, &first);
	fputs("}\n", out);
}

void ev_stat_print_json(FILE *out, const struct ev_stat *stat)
{
	struct ev_arena arena = { 0 };
	const struct ev_stat_figures figures = ev_stat_figures(stat, &arena);
	bool cgroups = ev_stat_has_cgroups(stat);
	for (size_t i = 0, line = 0; i < stat->row_count; i++) {
		print_row(out, stat, cgroups, &stat->rows[i], &figures.beside[i]);
		for (; line < figures.below_count && figures.below[line].row == i; line++)
			print_line(out, stat, &figures.below[line]);
	}
	ev_arena_done(&arena);
}
