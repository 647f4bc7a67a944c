/* profile: how far figures can be trusted, what counters that took turns would have counted, and
 * formulas over counts. */
#ifndef EVPROF_FIGURES_H
#define EVPROF_FIGURES_H

#include <evprof/event.h>

struct ev_named; /* <evprof/profile.h> */
struct ev_row;   /* <evprof/tables.h> */
struct ev_table;

/* ---- statistics -------------------------------------------------------------------------------
 */

struct ev_running {
	uint64_t count;
	double mean, squares;
}; /* Welford */
void ev_running_add(struct ev_running *running, double value);
double ev_running_deviation(const struct ev_running *running);      /* sample standard deviation */
double ev_running_relative_error(const struct ev_running *running); /* of the mean, as a fraction */

/* Whether passes that counted the same event agree. */
struct ev_agreement {
	size_t lowest, highest; /* the passes farthest apart */
	double spread;          /* between those two, as a share of the mean of all */
	double noise;           /* what runs differ by anyway, as a share: see below */
	bool agree;
};
/* `passes` hold the values of the event in each pass, one per run. With two runs a pass and more,
 * noise is the 99 % limit of the difference of the two means; else `assumed`. False with fewer than
 * two passes that counted anything. */
bool ev_passes_compare(const struct ev_running *passes, size_t count, double assumed,
		       struct ev_agreement *out);

/* ---- how far shares can be trusted -------------------------------------------------------------
 *
 * A share is a sum over samples, and samples that follow one another are alike: a loop that runs
 * for a while gives many of the same. So the scatter is taken from equal parts of the recording's
 * time, from the differences between neighbours (Wolter, Introduction to Variance Estimation, 8.2:
 * systematic sampling): what changes slowly is a program's course and no chance; what changes from
 * one part to the next is, but for the few steps where nearly everything changes at once: there one
 * phase of the program ends and another begins. It is never less than that of independent samples.
 */

#define EV_BLOCK_COUNT 128 /* parts, which tags tell (ev_tag.block) */

/* Of one row, or of all, in one event. */
struct ev_scatter {
	uint64_t samples;
	double period, squares; /* sums over samples; squares of periods */
	/* Sums over neighbouring parts of squared differences of the period, and of their products
	 * with those of all. */
	double steps, products;
};
/* All that shares are taken of, in one event. */
struct ev_scatter_all {
	struct ev_scatter sums;
	double design;  /* variance of shares by that of independent samples, over all rows; >= 1 */
	size_t parts;   /* that were compared; 0 where samples have no times */
	size_t kept;    /* steps between them that are not from phase to phase */
	double seconds; /* for rates: what the recording took; set by who knows */
};
struct ev_scatters {
	size_t event_count;
	struct ev_scatter *self;     /* [row * event_count + event] */
	struct ev_scatter *children; /* NULL in tables without */
	struct ev_scatter_all *all;  /* per event */
};
/* Of a table over a profile whose tags tell parts of the time; without them samples count as
 * independent. */
void ev_table_scatters(struct ev_scatters *scatters, const struct ev_table *table,
		       const struct ev_named *named);
/* Of the stacks of a profile that a table's filters let through: self[stack * event_count + event].
 */
void ev_stack_scatters(struct ev_scatters *scatters, const struct ev_table *table,
		       const struct ev_named *named);
void ev_scatters_done(struct ev_scatters *scatters);

/* A figure and its 95 % interval. */
struct ev_estimate {
	double value, low, high;
	double degrees; /* of freedom */
};
/* A share, 0 to 1: Wilson's interval with as many independent samples as the scatter is worth
 * (Korn and Graubard, Survey Methodology 24, 1998), so that it holds for few samples and for none.
 */
struct ev_estimate ev_share_estimate(const struct ev_scatter *row,
				     const struct ev_scatter_all *all);
/* A sum of periods, by the same for counts. */
struct ev_estimate ev_weight_estimate(const struct ev_scatter *row,
				      const struct ev_scatter_all *all);
/* Multiplied by a constant above 0. */
struct ev_estimate ev_estimate_scaled(struct ev_estimate estimate, double by);

/* What two figures differ by. Intervals are joined as Newcombe's (Statistics in Medicine 17, 1998,
 * method 10) and Zou's are: each side counts with the half of its own interval that points to the
 * other. */
struct ev_change {
	double value, low, high;
	double chance; /* that a difference of this size comes of chance alone: two-sided */
	bool known;    /* false: nothing to compare, such as a ratio to 0 */
};
struct ev_change ev_change_difference(struct ev_estimate old, struct ev_estimate new);
struct ev_change ev_change_ratio(struct ev_estimate old, struct ev_estimate new);
/* new * new_weight - old * old_weight */
struct ev_change ev_change_weighted(struct ev_estimate old, double old_weight,
				    struct ev_estimate new, double new_weight);
/* Which of many chances stand out, with at most so large a share of them by chance (Benjamini and
 * Hochberg, 1995): the limit that a chance must not exceed; less than 0 when none does. */
double ev_chances_limit(const double *chances, size_t count, double share);

/* Neighbours in a table of which it is not known which is the greater: rows from `first` to `last`
 * of those given. */
struct ev_unsettled {
	size_t first, last;
	double times; /* so many times the samples would tell; INFINITY where rows are equal */
};
#define EV_RANKING_LIMIT 16 /* rows that are looked at */
/* Of rows that stand in the order of their weight in an event (with children where the table has
 * them): which neighbours differ by less than their difference's 95 % interval. A function that
 * contains another one's samples is never the lesser. `design` as in ev_scatter_all, 1 where that
 * is not known. How many were filled in. */
size_t ev_ranking_find(const struct ev_table *table, const struct ev_named *named,
		       const struct ev_row *const *rows, size_t count, size_t event, double design,
		       struct ev_unsettled out[EV_RANKING_LIMIT]);

/* ---- counters that took turns ------------------------------------------------------------------
 */

/* The slices of one counter that shared the hardware: what it counted between one reading and the
 * next. Sums only, so that an hour takes no more memory than a second. Zeroed = none. */
struct ev_slices {
	uint64_t count; /* those in which it ran */
	double values, running_ns, enabled_ns;
	double values_squared, products, running_squared;
};
void ev_slices_add(struct ev_slices *slices, const struct ev_count *slice);
/* Scaled totals of counters added up (CPUs, or runs), with the variance of the sum. */
struct ev_scaled {
	double total, variance;
	uint64_t degrees; /* of freedom */
	bool is_unknown;  /* one of them ran in too few slices to tell its variance */
};
void ev_scaled_add(struct ev_scaled *scaled, const struct ev_slices *slices);
void ev_scaled_merge(struct ev_scaled *scaled, const struct ev_scaled *other);
/* Half of the 95 % interval of the total, as a share of it: 0 when nothing was scaled, less than 0
 * when it is not known. */
double ev_scaled_error(const struct ev_scaled *scaled);

/* ---- formulas ----------------------------------------------------------------------------------
 */

/* Numbers, names of events, + - * / max and brackets, with blanks between all of them (a name may
 * hold any other character). A name that ends in '?' counts as 0 where there is no such count, as
 * long as another such name has one. */
typedef bool (*ev_formula_find)(void *context, const char *name, double *value);
/* False when a name has no value, on division by 0 and for what is no formula. */
bool ev_formula_value(const char *formula, ev_formula_find find, void *context, double *value);
/* The next name in *formula, without its '?', which is moved behind it; false at the end. Names
 * that do not fit `out` are cut. */
bool ev_formula_name(const char **formula, char *out, size_t size_bytes);

/* ---- metrics: one table of formulas over counts ------------------------------------------------
 */

struct ev_metric {
	const char *name;    /* as -M takes it */
	const char *group;   /* -M takes it too; "topdown-…" is a way of one kind of CPU */
	const char *event;   /* the row it stands beside or below; may be a glob; "*" = any */
	const char *formula; /* over counts; times in ns. "event" is the row's own count, "elapsed"
			      * the time on the clock, "#slots" what the PMU issues in a cycle */
	const char *format;  /* "%8.3f" */
	const char *text;    /* what stands behind the number: "insn per cycle" */
	const char *about;   /* meaning in one line */
	bool percent;
	bool rate;       /* shortened to K/sec, M/sec … */
	bool below;      /* a line of its own below the row */
	bool in_fields;  /* such a line is written by -x too, as perf does */
	bool when_asked; /* only with -M */
};
extern const struct ev_metric ev_metrics[];
extern const size_t ev_metric_count;

/* Counts that belong together: of one CPU or thread, or sums. Each array has `count` members. */
struct ev_metric_counts {
	const char *const *names;
	const double *values;   /* scaled */
	const unsigned *groups; /* counts of one number were on the hardware at the same times;
				 * NULL: of each it is not known */
	const bool *shared;     /* took turns with others on the hardware; NULL: none did */
	size_t count;
	double elapsed_s, slots; /* slots: #slots, 0 where it is not known */
};
struct ev_metric_value {
	double value;
	char unit[48];
	const struct ev_metric *metric;
	bool apart; /* a ratio of counts that were not on the hardware at the same times */
};
/* A metric at one of the counts: operands of its group are preferred, then those of the same PMU
 * and level of privilege. False when one is missing. */
bool ev_metric_at(const struct ev_metric *metric, const struct ev_metric_counts *counts, size_t at,
		  struct ev_metric_value *out);
/* The one that stands beside the count by itself; a rate per second of CPU time where no formula
 * stands for it or its partner is missing. */
bool ev_metric_of(const struct ev_metric_counts *counts, size_t at, struct ev_metric_value *out);
/* Does the metric stand at a row of this event? Modifiers and other spellings do not matter. */
bool ev_metric_stands_at(const struct ev_metric *metric, const char *event);
/* Is a row of this event one of the name that a formula has, of whatever PMU and level? */
bool ev_metric_is_named(const char *event, const char *name);
/* -M takes names, groups and globs of both: does `word` mean this metric? */
bool ev_metric_is_meant(const struct ev_metric *metric, const char *word);

/* A way of top-down analysis, level 1: of the slots in which the CPU could have begun an
 * instruction, what became of each. Tried in order; the first whose events open is taken. */
struct ev_topdown_way {
	const char *group; /* of its metrics */
	const char
		*cpus; /* globs of perf's cpuid, between blanks; NULL: by the events' names alone */
	const char *events; /* as after -e */
};
extern const struct ev_topdown_way ev_topdown_ways[];
extern const size_t ev_topdown_way_count;
/* `cpuid` as perf writes it ("GenuineIntel,6,85,4"), or NULL. */
bool ev_topdown_suits(const struct ev_topdown_way *way, const char *cpuid);

#endif
