/* A report's rows become CSV by RFC 4180: a header, then for every event its rows, heaviest first.
 * Shares are of 1; children's columns are empty where that was not asked for. */
#include <inttypes.h>
#include <stdlib.h>
#include "report.h"

static void end_line(FILE *out)
{
	fputs("\r\n", out);
}

static void print_head(FILE *out, const struct ev_report *report,
		       const struct ev_report_options *options)
{
	fputs("event", out);
	for (size_t k = 0; k < report->table->key_count; k++) {
		enum ev_key key = report->table->keys[k];
		putc(',', out);
		ev_csv_text(out, ev_keys[key].json ? ev_keys[key].json
						   : ev_report_key_title(options, key));
	}
	fputs(",samples,period,share,children_samples,children_period,children_share,simulated",
	      out);
	end_line(out);
}

static void print_share(FILE *out, uint64_t part, uint64_t whole)
{
	char text[64];
	putc(',', out);
	fputs(ev_format_fixed(text, sizeof(text), ev_percent(part, whole) / 100, 6), out);
}

static void print_row(FILE *out, const struct ev_report *report, const struct ev_row *row,
		      size_t event, struct ev_arena *arena)
{
	const struct ev_table *table = report->table;
	uint64_t total = table->total_period[event];
	ev_csv_text(out, ev_report_event(report, event, arena));
	for (size_t k = 0; k < table->key_count; k++) {
		putc(',', out);
		ev_csv_text(out, ev_report_safe(arena,
						ev_report_key_text(report, row, k, event, arena)));
	}
	fprintf(out, ",%" PRIu64 ",%" PRIu64, row->samples[event], row->period[event]);
	print_share(out, row->period[event], total);
	if (table->has_children) {
		fprintf(out, ",%" PRIu64 ",%" PRIu64, row->children_samples[event],
			row->children[event]);
		print_share(out, row->children[event], total);
	} else {
		fputs(",,,", out);
	}
	putc(',', out);
	if (ev_report_simulated(report))
		ev_csv_text(out, ev_report_simulated(report));
	end_line(out);
	ev_arena_reset(arena);
}

int ev_report_csv(FILE *out, const struct ev_report *report,
		  const struct ev_report_options *options, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	(void)err;
	print_head(out, report, options);
	for (size_t e = 0; e < report->table->event_count; e++) {
		size_t count;
		const struct ev_row **rows =
			ev_report_rows(report, options, (struct ev_events){ e, 1 }, &count);
		for (size_t i = 0; i < count; i++)
			print_row(out, report, rows[i], e, &arena);
		free(rows);
	}
	ev_arena_done(&arena);
	return 0;
}
