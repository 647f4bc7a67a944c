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
		ev_stat_print_csv(out, stat, options->metric_only);
	else if (options->json && !options->metric_only)
		ev_stat_print_json(out, stat);
	else if (options->metric_only && (options->json || *options->separator_text))
		ev_stat_print_metrics(out, stat, options);
	else if (*options->separator_text)
		ev_stat_print_separated(out, stat, options);
	else
		ev_stat_print_table(out, stat, options);
}

char *ev_stat_figure(const struct ev_metric_value *figure, char *out, size_t size_bytes)
{
	const char *point = strchr(figure->metric->format, '.');
	return ev_format_fixed(out, size_bytes, figure->value, point ? atoi(point + 1) : 0);
}

const char *ev_stat_slot(const struct ev_stat *stat)
{
	const char *found = NULL;
	for (size_t i = 0; i < stat->row_count; i++) {
		const char *slot = stat->rows[i].slot;
		if (!slot || !*slot)
			continue;
		if (strchr(slot, '-'))
			return slot;
		found = found ? found : slot;
	}
	return found;
}

bool ev_stat_has_cgroups(const struct ev_stat *stat)
{
	for (size_t i = 0; i < stat->row_count; i++) {
		if (stat->rows[i].cgroup)
			return true;
	}
	return false;
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

bool ev_stat_is_repeated(const struct ev_stat *stat)
{
	return stat->runs > 1 && stat->runs > stat->passes;
}

bool ev_stat_is_scaled(const struct ev_stat_row *row)
{
	return row->state == EV_COUNTED && ev_stat_running_percent(row) < 99.995;
}

char *ev_stat_scaling_error(const struct ev_stat_row *row, char *out, size_t size_bytes)
{
	double percent = 100 * row->scaling_error;
	char text[64];
	*out = 0;
	if (!ev_stat_is_scaled(row))
		return out;
	if (percent < 0)
		snprintf(out, size_bytes, "± ?");
	else
		snprintf(out, size_bytes, "±%s%%",
			 ev_format_fixed(text, sizeof(text), percent, percent < 1 ? 2 : 1));
	return out;
}
