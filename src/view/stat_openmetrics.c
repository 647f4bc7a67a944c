/* Counts as an exposition of OpenMetrics (prometheus/OpenMetrics, specification), which Prometheus
 * scrapes: families with HELP, TYPE and UNIT, the samples of each together, # EOF at the end. What
 * was counted is a counter that only grows; figures are gauges of the last interval. */
#include <math.h>
#include <string.h>
#include "stat.h"

static void begin_family(FILE *out, const char *name, const char *type, const char *unit,
			 const char *help)
{
	fprintf(out, "# TYPE %s %s\n", name, type);
	if (unit)
		fprintf(out, "# UNIT %s %s\n", name, unit);
	fprintf(out, "# HELP %s %s\n", name, help);
}

/* A value of a label: what is no text becomes \x1b-like, and only then do \, " and line ends. */
static void put_label(FILE *out, const char *name, const char *value, const char **between)
{
	struct ev_arena scratch = { 0 };
	if (!value || !*value)
		return;
	fprintf(out, "%s%s=\"", *between, name);
	*between = ",";
	for (const char *at = ev_text_safe(&scratch, value); *at; at++) {
		if (*at == '\n') {
			fputs("\\n", out);
			continue;
		}
		if (*at == '\\' || *at == '"')
			putc('\\', out);
		putc(*at, out);
	}
	putc('"', out);
	ev_arena_done(&scratch);
}

static void begin_sample(FILE *out, const char *name, const struct ev_stat_row *row,
			 const char **between)
{
	fprintf(out, "%s{", name);
	*between = "";
	put_label(out, "event", row->event, between);
	put_label(out, "unit", row->unit, between);
	put_label(out, "slot", row->slot, between);
	put_label(out, "cgroup", row->cgroup, between);
}

static void end_sample(FILE *out, double value, int decimals)
{
	char text[400];
	fprintf(out, "} %s\n", ev_format_fixed(text, sizeof(text), value, decimals));
}

static bool is_shown(const struct ev_stat_row *row, bool time)
{
	return row->state == EV_COUNTED && row->is_time == time && isfinite(row->value);
}

static void print_counts(FILE *out, const struct ev_stat *totals, bool time)
{
	const char *name = time ? "evprof_time_seconds" : "evprof_events", *between;
	bool any = false;
	for (size_t i = 0; i < totals->row_count; i++) {
		const struct ev_stat_row *row = &totals->rows[i];
		if (!is_shown(row, time))
			continue;
		if (!any)
			begin_family(out, name, "counter", time ? "seconds" : NULL,
				     time ? "Time that clocks counted since evprof began."
					  : "Events counted since evprof began.");
		any = true;
		begin_sample(out, time ? "evprof_time_seconds_total" : "evprof_events_total", row,
			     &between);
		double value = time ? row->value / 1e9 : row->value;
		end_sample(out, value, time ? 9 : value == floor(value) ? 0 : 6);
	}
}

/* Below 1 a count was scaled; 0 says that there is none, and why. */
static void print_running(FILE *out, const struct ev_stat *totals)
{
	static const char *const states[] = { [EV_COUNTED] = NULL,
					      [EV_NOT_COUNTED] = "not counted",
					      [EV_NOT_SUPPORTED] = "not supported" };
	const char *between;
	begin_family(out, "evprof_event_running_ratio", "gauge", "ratio",
		     "Share of the time for which the counter was on the hardware.");
	for (size_t i = 0; i < totals->row_count; i++) {
		const struct ev_stat_row *row = &totals->rows[i];
		begin_sample(out, "evprof_event_running_ratio", row, &between);
		put_label(out, "state", states[row->state], &between);
		put_label(out, "why", row->state == EV_COUNTED ? NULL : row->why, &between);
		end_sample(out, ev_stat_running_percent(row) / 100, 6);
	}
}

static void print_figure(FILE *out, const struct ev_stat_row *row,
			 const struct ev_metric_value *figure, bool *any)
{
	const char *between;
	/* Rates, in units that change with their size, are made of counters by who reads them. */
	if (!figure->metric || !isfinite(figure->value) || strstr(figure->unit, "/sec"))
		return;
	if (!*any)
		begin_family(out, "evprof_figure", "gauge", NULL,
			     "Figures made of the counts of the last interval.");
	*any = true;
	fputs("evprof_figure{", out);
	between = "";
	put_label(out, "name", figure->metric->name, &between);
	put_label(out, "figure_unit", figure->unit, &between);
	put_label(out, "event", row->event, &between);
	put_label(out, "slot", row->slot, &between);
	put_label(out, "cgroup", row->cgroup, &between);
	put_label(out, "apart", figure->apart ? "true" : NULL, &between);
	end_sample(out, figure->value, 6);
}

static void print_figures(FILE *out, const struct ev_stat *now)
{
	struct ev_arena arena = { 0 };
	struct ev_stat_figures figures = ev_stat_figures(now, &arena);
	bool any = false;
	for (size_t i = 0; i < now->row_count; i++)
		print_figure(out, &now->rows[i], &figures.beside[i], &any);
	for (size_t i = 0; i < figures.below_count; i++)
		print_figure(out, &now->rows[figures.below[i].row], &figures.below[i].figure, &any);
	ev_arena_done(&arena);
}

static void print_about(FILE *out, const struct ev_stat *totals)
{
	const char *between = "";
	begin_family(out, "evprof", "info", NULL, "What is counted, and by what.");
	fputs("evprof_info{", out);
	put_label(out, "version", EV_VERSION, &between);
	put_label(out, "target", totals->target, &between);
	put_label(out, "simulated", totals->simulated, &between);
	fputs("} 1\n", out);
	begin_family(out, "evprof_counting_seconds", "gauge", "seconds",
		     "Time since evprof began to count.");
	fputs("evprof_counting_seconds{", out);
	end_sample(out, totals->elapsed_s, 9);
}

void ev_stat_print_openmetrics(FILE *out, const struct ev_stat *totals, const struct ev_stat *now)
{
	print_about(out, totals);
	print_counts(out, totals, false);
	print_counts(out, totals, true);
	if (totals->row_count)
		print_running(out, totals);
	print_figures(out, now);
	fputs("# EOF\n", out);
}
