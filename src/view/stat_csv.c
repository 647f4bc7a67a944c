/* Counts as lines of separated fields: -x as the parsers of perf stat -x expect them, and --csv by
 * RFC 4180 with a header, for spreadsheets and data frames. */
#include <string.h>
#include "stat.h"

/* A field of -x is never quoted; what would break the line is escaped. */
static void put_field(FILE *out, const char *text, const char *separator)
{
	struct ev_arena arena = { 0 };
	fprintf(out, "%s%s", ev_text_safe(&arena, text), separator);
	ev_arena_done(&arena);
}

static void put_fixed(FILE *out, double value, int decimals, const char *behind)
{
	char text[64];
	fprintf(out, "%s%s", ev_format_fixed(text, sizeof(text), value, decimals), behind);
}

void ev_stat_put_model(FILE *out, const char *model, const char *separator)
{
	fputs("simulated: ", out);
	for (size_t length = strlen(separator); *model; model++) {
		bool is_separator = !strncmp(model, separator, length);
		putc(is_separator ? '_' : *model, out);
		model += is_separator ? length - 1 : 0;
	}
}

/* One field more, behind those that parsers know. */
static void end_fields(FILE *out, const struct ev_stat *stat, const char *separator)
{
	if (stat->simulated) {
		fputs(separator, out);
		ev_stat_put_model(out, stat->simulated, separator);
	}
	putc('\n', out);
}

/* time, slot, its CPUs, value, unit, event, cgroup, variance, running ns, running %, metric,
 * metric's unit; the first three, the cgroup and the variance only where they are asked for. */
static void print_separated_row(FILE *out, const struct ev_stat *stat, bool slots, bool cgroups,
				const struct ev_stat_row *row, const struct ev_metric_value *figure,
				const char *separator)
{
	char text[64];
	if (stat->interval_s > 0)
		put_fixed(out, stat->interval_s, 9, separator);
	if (slots)
		put_field(out, row->slot ? row->slot : "", separator);
	if (stat->by && stat->by->sums)
		fprintf(out, "%u%s", row->cpus, separator);
	fprintf(out, "%s%s", ev_stat_value(row, false, text, sizeof(text)), separator);
	put_field(out, ev_stat_unit(row), separator);
	put_field(out, row->event, separator);
	if (cgroups)
		put_field(out, row->cgroup ? row->cgroup : "", separator);
	if (ev_stat_is_repeated(stat)) {
		put_fixed(out, 100 * row->relative_error, 2, "%");
		fputs(separator, out);
	}
	fprintf(out, "%llu%s",
		row->state == EV_COUNTED ? (unsigned long long)row->running_ns : 0ull, separator);
	put_fixed(out, ev_stat_running_percent(row), 2, separator);
	if (figure->metric)
		fprintf(out, "%s%s%s", ev_stat_figure(figure, text, sizeof(text)), separator,
			figure->unit);
	else
		fputs(separator, out);
	end_fields(out, stat, separator);
}

/* As perf writes a metric that is not of one count: behind as many empty fields. */
static void print_separated_line(FILE *out, const struct ev_stat *stat, bool slots, bool cgroups,
				 const struct ev_stat_line *line, const char *separator)
{
	const struct ev_stat_row *row = &stat->rows[line->row];
	char text[64];
	if (stat->interval_s > 0)
		put_fixed(out, stat->interval_s, 9, separator);
	if (slots)
		put_field(out, row->slot ? row->slot : "", separator);
	if (stat->by && stat->by->sums)
		fprintf(out, "%u%s", row->cpus, separator);
	int empty = 5 + cgroups + ev_stat_is_repeated(stat);
	for (int i = 0; i < empty; i++)
		fputs(separator, out);
	fprintf(out, "%s%s%s", ev_stat_figure(&line->figure, text, sizeof(text)), separator,
		line->figure.unit);
	end_fields(out, stat, separator);
}

void ev_stat_print_separated(FILE *out, const struct ev_stat *stat,
			     const struct ev_stat_options *options)
{
	struct ev_arena arena = { 0 };
	const struct ev_stat_figures figures = ev_stat_figures(stat, &arena);
	const char *summary = options->closing ? "summary" : "";
	const char *separator = options->separator_text;
	bool slots = ev_stat_slot(stat), cgroups = ev_stat_has_cgroups(stat);
	for (size_t i = 0, line = 0; i < stat->row_count; i++) {
		fprintf(out, "%s%s", summary, *summary ? separator : "");
		print_separated_row(out, stat, slots, cgroups, &stat->rows[i], &figures.beside[i],
				    separator);
		for (; line < figures.below_count && figures.below[line].row == i; line++) {
			if (!stat->metrics && !figures.below[line].figure.metric->in_fields)
				continue;
			fprintf(out, "%s%s", summary, *summary ? separator : "");
			print_separated_line(out, stat, slots, cgroups, &figures.below[line],
					     separator);
		}
	}
	ev_arena_done(&arena);
}

/* ---- RFC 4180 ---------------------------------------------------------------------------------
 */

void ev_stat_print_csv_header(FILE *out, bool simulated)
{
	fputs("time_s,slot,event,value,unit,relative_error_percent,enabled_ns,running_ns,"
	      "running_percent,scaling_error_percent,metric,metric_unit,metric_apart,state,why,"
	      "cpus,cgroup",
	      out);
	fputs(simulated ? ",simulated\r\n" : "\r\n", out);
}

static void put_csv(FILE *out, const char *text)
{
	ev_csv_text(out, text ? text : "");
	putc(',', out);
}

static void put_csv_figure(FILE *out, const struct ev_metric_value *figure)
{
	char text[64];
	put_csv(out, figure->metric ? ev_stat_figure(figure, text, sizeof(text)) : "");
	put_csv(out, figure->metric ? figure->unit : "");
	put_csv(out, !figure->metric ? "" : figure->apart ? "1" : "0");
}

static void put_csv_head(FILE *out, const struct ev_stat *stat, const struct ev_stat_row *row)
{
	if (stat->interval_s > 0)
		put_fixed(out, stat->interval_s, 9, "");
	putc(',', out);
	put_csv(out, row->slot);
	put_csv(out, row->event);
}

/* An error that is not known is an empty field; that of a whole count is 0. */
static void put_csv_times(FILE *out, const struct ev_stat_row *row)
{
	fprintf(out, ",%llu,%llu,", (unsigned long long)row->enabled_ns,
		(unsigned long long)row->running_ns);
	put_fixed(out, ev_stat_running_percent(row), 2, ",");
	if (!ev_stat_is_scaled(row))
		fputs("0.00", out);
	else if (row->scaling_error >= 0)
		put_fixed(out, 100 * row->scaling_error, 2, "");
	putc(',', out);
}

/* Where the row is of, and what made it. */
static void end_csv(FILE *out, const struct ev_stat *stat, const struct ev_stat_row *row)
{
	if (row->cpus)
		fprintf(out, "%u", row->cpus);
	putc(',', out);
	ev_csv_text(out, row->cgroup ? row->cgroup : "");
	if (stat->simulated) {
		putc(',', out);
		ev_csv_text(out, stat->simulated);
	}
	fputs("\r\n", out);
}

static void print_csv_row(FILE *out, const struct ev_stat *stat, const struct ev_stat_row *row,
			  const struct ev_metric_value *figure)
{
	static const char *const states[] = { [EV_COUNTED] = "counted",
					      [EV_NOT_COUNTED] = "not counted",
					      [EV_NOT_SUPPORTED] = "not supported" };
	bool counted = row->state == EV_COUNTED;
	char text[64];
	put_csv_head(out, stat, row);
	put_csv(out, counted ? ev_stat_value(row, false, text, sizeof(text)) : "");
	put_csv(out, ev_stat_unit(row));
	if (counted && ev_stat_is_repeated(stat))
		put_fixed(out, 100 * row->relative_error, 2, "");
	if (counted)
		put_csv_times(out, row);
	else
		fputs(",,,,,", out);
	put_csv_figure(out, figure);
	put_csv(out, states[row->state]);
	put_csv(out, row->why);
	end_csv(out, stat, row);
}

/* A metric without a count: the row it belongs to has its own line, or is not wanted. */
static void print_csv_metric(FILE *out, const struct ev_stat *stat, const struct ev_stat_row *row,
			     const struct ev_metric_value *figure)
{
	put_csv_head(out, stat, row);
	fputs(",,,,,,,", out);
	put_csv_figure(out, figure);
	fputs("metric,,", out);
	end_csv(out, stat, row);
}

void ev_stat_print_csv(FILE *out, const struct ev_stat *stat, bool metric_only)
{
	struct ev_arena arena = { 0 };
	const struct ev_stat_figures figures = ev_stat_figures(stat, &arena);
	for (size_t i = 0, line = 0; i < stat->row_count; i++) {
		if (!metric_only)
			print_csv_row(out, stat, &stat->rows[i], &figures.beside[i]);
		else if (figures.beside[i].metric)
			print_csv_metric(out, stat, &stat->rows[i], &figures.beside[i]);
		for (; line < figures.below_count && figures.below[line].row == i; line++)
			print_csv_metric(out, stat, &stat->rows[i], &figures.below[line].figure);
	}
	ev_arena_done(&arena);
}
