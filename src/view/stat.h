/* What the printers of counts share: figures beside the rows, and values as text. */
#ifndef VIEW_STAT_H
#define VIEW_STAT_H

#include <evprof/view.h>

/* A metric on a line of its own, below a row. */
struct ev_stat_line {
	size_t row;
	struct ev_metric_value figure;
};
/* The figures of all rows, computed among the rows of the same slot. In the arena. */
struct ev_stat_figures {
	struct ev_metric_value *beside; /* one per row; metric NULL where there is none */
	struct ev_stat_line *below;     /* by rising row */
	size_t below_count;
};
struct ev_stat_figures ev_stat_figures(const struct ev_stat *stat, struct ev_arena *arena);

/* One of the slots that keep rows apart, for their kind (one of a thread, "comm-12", where there is
 * one); NULL when rows are sums. */
const char *ev_stat_slot(const struct ev_stat *stat);

/* Is any of the rows of a cgroup? Then all have a column for it. */
bool ev_stat_has_cgroups(const struct ev_stat *stat);

/* The value as people and parsers of this kind of output know it: "853.76", "1,234", or why there
 * is none, "<not counted>". `out` needs 64 bytes. */
char *ev_stat_value(const struct ev_stat_row *row, bool grouped, char *out, size_t size_bytes);
const char *ev_stat_unit(const struct ev_stat_row *row); /* "msec", "Joules", "" */
/* Share of the wanted time for which the counter ran, in per cent; 0 when nothing was counted. */
double ev_stat_running_percent(const struct ev_stat_row *row);
/* Is each count of several runs, with an error of its mean? */
bool ev_stat_is_repeated(const struct ev_stat *stat);
bool ev_stat_is_scaled(const struct ev_stat_row *row);
/* The metric's number alone, with the decimals its formula asks for. */
char *ev_stat_figure(const struct ev_metric_value *figure, char *out, size_t size_bytes);

void ev_stat_print_table(FILE *out, const struct ev_stat *stat,
			 const struct ev_stat_options *options);
void ev_stat_print_separated(FILE *out, const struct ev_stat *stat,
			     const struct ev_stat_options *options); /* -x */
/* "simulated: …" as a field of -x; the separator does not stand in it. */
void ev_stat_put_model(FILE *out, const char *model, const char *separator);
void ev_stat_print_csv(FILE *out, const struct ev_stat *stat, bool metric_only);
void ev_stat_print_csv_header(FILE *out, bool simulated);
void ev_stat_print_json(FILE *out, const struct ev_stat *stat);
void ev_stat_print_metrics(FILE *out, const struct ev_stat *stat,
			   const struct ev_stat_options *options); /* --metric-only */
/* "±1.2%", "± ?"; "" for what was not scaled. `out` needs 64 bytes. */
char *ev_stat_scaling_error(const struct ev_stat_row *row, char *out, size_t size_bytes);

/* Everything of the table that follows the rows. */
void ev_stat_print_times(FILE *out, const struct ev_stat *stat,
			 const struct ev_stat_options *options);
void ev_stat_print_notes(FILE *out, const struct ev_stat *stat,
			 const struct ev_stat_options *options, const char *prefix);

#endif
