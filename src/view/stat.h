/* What the printers of counts share: figures beside the rows, and values as text. */
#ifndef VIEW_STAT_H
#define VIEW_STAT_H

#include <evprof/view.h>

/* The metric beside each row (metric NULL where there is none), computed among the rows of the same
 * slot. One per row, in the arena. */
struct ev_metric_value *ev_stat_figures(const struct ev_stat *stat, struct ev_arena *arena);

/* One of the slots that keep rows apart, for their kind; NULL when rows are sums. */
const char *ev_stat_slot(const struct ev_stat *stat);

/* The value as people and parsers of this kind of output know it: "853.76", "1,234", or why there
 * is none, "<not counted>". `out` needs 64 bytes. */
char *ev_stat_value(const struct ev_stat_row *row, bool grouped, char *out, size_t size_bytes);
const char *ev_stat_unit(const struct ev_stat_row *row); /* "msec", "Joules", "" */
/* Share of the wanted time for which the counter ran, in per cent; 0 when nothing was counted. */
double ev_stat_running_percent(const struct ev_stat_row *row);
/* The metric's number alone, with the decimals its formula asks for. */
char *ev_stat_figure(const struct ev_metric_value *figure, char *out, size_t size_bytes);

void ev_stat_print_table(FILE *out, const struct ev_stat *stat,
			 const struct ev_stat_options *options);
void ev_stat_print_separated(FILE *out, const struct ev_stat *stat,
			     const struct ev_stat_options *options); /* -x */
void ev_stat_print_csv(FILE *out, const struct ev_stat *stat);
void ev_stat_print_csv_header(FILE *out, bool simulated);
void ev_stat_print_json(FILE *out, const struct ev_stat *stat);

/* Everything of the table that follows the rows. */
void ev_stat_print_times(FILE *out, const struct ev_stat *stat,
			 const struct ev_stat_options *options);
void ev_stat_print_notes(FILE *out, const struct ev_stat *stat,
			 const struct ev_stat_options *options, const char *prefix);

#endif
