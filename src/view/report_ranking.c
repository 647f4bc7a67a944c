/* How sure the shares of a report are, and the order of its first rows. */
#include <math.h>
#include "report.h"

struct ev_estimate ev_report_share(const struct ev_report *report, const struct ev_row *row,
				   size_t event, bool children)
{
	const struct ev_scatters *scatters = report->scatters;
	size_t place = (size_t)(row - report->table->rows) * scatters->event_count + event;
	const struct ev_scatter *of =
		children && scatters->children ? scatters->children : scatters->self;
	return ev_share_estimate(&of[place], &scatters->all[event]);
}

static double percent_of(const struct ev_report *report, const struct ev_row *row, size_t event)
{
	const struct ev_table *table = report->table;
	return ev_percent(table->has_children ? row->children[event] : row->period[event],
			  table->total_period[event]);
}

size_t ev_report_ranking(const struct ev_report *report, const struct ev_report_options *options,
			 size_t event, const struct ev_row *const *rows, size_t count,
			 struct ev_unsettled out[EV_RANKING_LIMIT])
{
	size_t worth = 0;
	/* Simulated counts are exact, and so are intervals that were measured. */
	if (options->row_order_count || ev_report_simulated(report) ||
	    ev_report_waits(report, event))
		return 0;
	while (worth < count && worth < EV_RANKING_LIMIT &&
	       percent_of(report, rows[worth], event) >= EV_RANKING_LEAST_PERCENT)
		worth++;
	double design = report->scatters ? report->scatters->all[event].design : 1;
	return ev_ranking_find(report->table, report->named, rows, worth, event, design, out);
}

/* Two digits are enough of a guess. */
static double rounded_up(double number)
{
	double unit = pow(10, fmax(0, floor(log10(number)) - 1));
	return ceil(number / unit) * unit;
}

static const char *name_of(const struct ev_report *report, const struct ev_row *row,
			   struct ev_arena *arena)
{
	const struct ev_table *table = report->table;
	size_t key = table->key_count - 1;
	for (size_t k = 0; k < table->key_count; k++)
		if (table->keys[k] == EV_KEY_SYMBOL)
			key = k;
	return ev_report_safe(arena, ev_row_text(table, report->named, row, key));
}

enum { NAMES = 3 }; /* that are told */

static void print_rows(FILE *out, const struct ev_report *report,
		       const struct ev_unsettled *unsettled, const struct ev_row *const *rows)
{
	struct ev_arena arena = { 0 };
	fprintf(out, "rows %zu %s %zu (", unsettled->first + 1,
		unsettled->last > unsettled->first + 1 ? "to" : "and", unsettled->last + 1);
	for (size_t i = unsettled->first; i <= unsettled->last; i++) {
		if (i == unsettled->first + NAMES) {
			fputs(", …", out);
			break;
		}
		fprintf(out, "%s%s", i > unsettled->first ? ", " : "",
			name_of(report, rows[i], &arena));
	}
	putc(')', out);
	ev_arena_done(&arena);
}

void ev_print_ranking(FILE *out, const struct ev_report *report,
		      const struct ev_report_options *options, size_t event,
		      const struct ev_row *const *rows, size_t count)
{
	struct ev_unsettled unsettled[EV_RANKING_LIMIT];
	size_t found = ev_report_ranking(report, options, event, rows, count, unsettled);
	double samples = (double)report->table->total_samples[event], times = 0;
	char number[32];
	if (!found)
		return;
	fputs("#\n# Ranking: the order of ", out);
	for (size_t i = 0; i < found && i < 2; i++) {
		fputs(i ? " and of " : "", out);
		print_rows(out, report, &unsettled[i], rows);
		times = fmax(times, unsettled[i].times);
	}
	fputs(found > 2 ? " and of others" : "", out);
	fputs(" is within chance", out);
	if (times * samples < 1e9)
		fprintf(out, "; some %s samples would settle it",
			ev_format_grouped(number, sizeof(number),
					  (uint64_t)rounded_up(times * samples)));
	fputs(".\n", out);
}
