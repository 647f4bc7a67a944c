/* What the printers of reports share. */
#ifndef VIEW_REPORT_H
#define VIEW_REPORT_H

#include <evprof/view.h>

/* One format per function; rows of ev_report_formats. */
int ev_report_text(FILE *out, const struct ev_report *report,
		   const struct ev_report_options *options, struct ev_err *err);
int ev_report_folded(FILE *out, const struct ev_report *report,
		     const struct ev_report_options *options, struct ev_err *err);
int ev_report_pprof_text(FILE *out, const struct ev_report *report,
			 const struct ev_report_options *options, struct ev_err *err);
int ev_report_pprof_tree(FILE *out, const struct ev_report *report,
			 const struct ev_report_options *options, struct ev_err *err);
int ev_report_pprof(FILE *out, const struct ev_report *report,
		    const struct ev_report_options *options, struct ev_err *err);
int ev_report_callgrind(FILE *out, const struct ev_report *report,
			const struct ev_report_options *options, struct ev_err *err);
int ev_report_speedscope(FILE *out, const struct ev_report *report,
			 const struct ev_report_options *options, struct ev_err *err);
int ev_report_firefox(FILE *out, const struct ev_report *report,
		      const struct ev_report_options *options, struct ev_err *err);
int ev_report_chrome(FILE *out, const struct ev_report *report,
		     const struct ev_report_options *options, struct ev_err *err);
int ev_report_flamegraph(FILE *out, const struct ev_report *report,
			 const struct ev_report_options *options, struct ev_err *err);
int ev_report_html(FILE *out, const struct ev_report *report,
		   const struct ev_report_options *options, struct ev_err *err);
int ev_report_dot(FILE *out, const struct ev_report *report,
		  const struct ev_report_options *options, struct ev_err *err);
int ev_report_csv(FILE *out, const struct ev_report *report,
		  const struct ev_report_options *options, struct ev_err *err);
int ev_report_json(FILE *out, const struct ev_report *report,
		   const struct ev_report_options *options, struct ev_err *err);

/* Name of an event as recorded, or what its attr is called where the recording has no names. */
const char *ev_report_event_name(const struct ev_recorded_event *event, struct ev_arena *arena);
/* The same by index; "event 2" for one that the recording does not have. */
const char *ev_report_event(const struct ev_report *report, size_t event, struct ev_arena *arena);
/* Call chains were recorded; whether they were looked at is report->stacks_loaded. */
bool ev_report_has_chains(const struct ev_report *report);

/* What stands behind a column's name. */
struct ev_field_info {
	const char *name, *alias; /* as after -F; alias may be NULL */
	const char *title;
	size_t width;  /* of one event's number */
	bool is_share; /* of the event's total, in per cent */
	/* The number of an event in a row; false where there is none. NULL: no number of an event.
	 */
	bool (*number)(const struct ev_report *report, const struct ev_row *row, size_t event,
		       uint64_t *out);
};
extern const struct ev_field_info ev_fields[EV_FIELD_COUNT];

/* Events that stand side by side: `count` of them from `first` on. */
struct ev_events {
	size_t first, count;
};
/* How many events from events->first on stand side by side; false behind the last. */
bool ev_report_events(const struct ev_report *report, const struct ev_report_options *options,
		      struct ev_events *events);
bool ev_report_has_samples(const struct ev_report *report, struct ev_events events);
/* The event that a recorder has for mappings and names alone, without any sample: nobody's wish,
 * and left out wherever events stand beside one another or are counted. */
bool ev_report_only_tells(const struct ev_report *report, size_t event);
/* Events of these that have a place of their own, 1 at least. */
size_t ev_report_shown_events(const struct ev_report *report, struct ev_events events);
/* The rows that one of the events has something in and that reach the percent limit, as
 * options->row_order asks or by falling weight. free() the array. */
const struct ev_row **ev_report_rows(const struct ev_report *report,
				     const struct ev_report_options *options,
				     struct ev_events events, size_t *count);

/* Whether a ratio is of these events' group. */
bool ev_report_has_ratio(const struct ev_report *report, struct ev_events events, size_t ratio);
/* What the sums of a ratio say, beside those of all: exactly, where nothing was sampled. */
struct ev_ratio_value ev_report_ratio_of(const struct ev_report *report,
					 const struct ev_ratio_sums *sums,
					 const struct ev_ratio_sums *all, size_t ratio);
/* A ratio in a row; of all rows together where it is NULL. */
struct ev_ratio_value ev_report_ratio(const struct ev_report *report, const struct ev_row *row,
				      size_t ratio);
/* So many that the digits of a value of this size say something. */
int ev_ratio_decimals(double value);
/* A row's share of an event, own or with children, and its interval; of a report with scatters. */
struct ev_estimate ev_report_share(const struct ev_report *report, const struct ev_row *row,
				   size_t event, bool children);
/* Up to which share rows are worth an order of their own. */
#define EV_RANKING_LEAST_PERCENT 1
/* Neighbours among the first rows whose order is within chance, as ev_ranking_find; none where rows
 * do not go by weight. `rows` as ev_report_rows gives them. */
size_t ev_report_ranking(const struct ev_report *report, const struct ev_report_options *options,
			 size_t event, const struct ev_row *const *rows, size_t count,
			 struct ev_unsettled out[EV_RANKING_LIMIT]);
/* The line that warns of them. */
void ev_print_ranking(FILE *out, const struct ev_report *report,
		      const struct ev_report_options *options, size_t event,
		      const struct ev_row *const *rows, size_t count);
/* The model of a simulated recording, NULL for a measured one; and the line that says so. */
const char *ev_report_simulated(const struct ev_report *report);
void ev_print_simulated(FILE *out, const struct ev_report *report, const char *prefix);
/* What stands above a key's column. */
const char *ev_report_key_title(const struct ev_report_options *options, enum ev_key key);
/* Are the samples of this event intervals that were measured, their periods nanoseconds? */
bool ev_report_waits(const struct ev_report *report, size_t event);
/* "1.250 s", "3.001 ms": in `out`, which is returned; 32 bytes suffice. */
const char *ev_report_time(char *out, size_t size_bytes, uint64_t ns);
/* What the recorder said of them. */
void ev_print_waits(FILE *out, const struct ev_report *report, const char *prefix);
/* The text of a row's key for an event: of totals, such as all of a row's latencies, the product.
 */
const char *ev_report_key_text(const struct ev_report *report, const struct ev_row *row, size_t key,
			       size_t event, struct ev_arena *arena);
/* ev_text_safe, at no cost for the names that most names are: printable ASCII. */
const char *ev_report_safe(struct ev_arena *arena, const char *text);
/* Part of whole in per cent; 0 of nothing is 0. */
double ev_percent(uint64_t part, uint64_t whole);

/* The text table's last lines: a command that says more about this data. */
void ev_print_tip(FILE *out, const struct ev_report *report,
		  const struct ev_report_options *options);

/* The report's recordings as options of a command: " -i FILE", or nothing for the usual one. And a
 * word that a shell takes for one word. */
const char *ev_report_input(const struct ev_report *report, struct ev_arena *arena);
const char *ev_report_quoted(struct ev_arena *arena, const char *text);

/* A row's call chains below it, as options->chains asks. */
void ev_print_chains(FILE *out, const struct ev_report *report,
		     const struct ev_report_options *options, const struct ev_row *row,
		     size_t event);
/* Their layouts, for a tree made for the row. */
struct ev_chains {
	FILE *out;
	const struct ev_report *report;
	const struct ev_report_options *options;
	const struct ev_tree *tree;
	const struct ev_row *row;
	uint64_t row_weight, total; /* period */
	struct ev_arena scratch;
};
void ev_chains_graph(struct ev_chains *chains);
void ev_chains_lines(struct ev_chains *chains); /* flat and folded */
/* A node's function, safe to print; lives until the scratch arena is reset. */
const char *ev_chains_name(struct ev_chains *chains, uint32_t node);

#endif
