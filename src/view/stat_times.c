/* The part of the screen below the counts: elapsed time and its runs, CPU time, memory, and the
 * notes that say what could not be counted and why. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "stat.h"

enum { TIME_COLUMNS = 18, BAR_LIMIT = 40 };

static const char *seconds_text(double seconds, int decimals, char *out, size_t size_bytes)
{
	return ev_format_fixed(out, size_bytes, seconds, decimals);
}

/* Decimals that show three digits of the error. */
static int decimals_of(double error_s)
{
	if (!(error_s > 0))
		return 9;
	int decimals = (error_s >= 1 ? 0 : (int)ceil(-log10(error_s))) + 2;
	return decimals > 9 ? 9 : decimals;
}

/* How far each run is from the mean: one # and another for every 5 % of it. */
static void print_runs(FILE *out, const struct ev_stat *stat, int decimals)
{
	static const char bar[BAR_LIMIT + 1] = "########################################";
	char run[64], off[64];
	int indent = TIME_COLUMNS - decimals - 2;
	fprintf(out, "%*s# Table of individual measurements:\n", indent, "");
	for (unsigned i = 0; i < stat->runs; i++) {
		double difference = stat->elapsed_each_s[i] - stat->elapsed_s;
		double steps = stat->elapsed_s > 0 ? fabs(difference) / stat->elapsed_s * 20 : 0;
		int marks = 1 + (steps < BAR_LIMIT - 1 ? (int)steps : BAR_LIMIT - 1);
		seconds_text(stat->elapsed_each_s[i], decimals, run, sizeof(run));
		seconds_text(fabs(difference), decimals, off, sizeof(off));
		fprintf(out, "%*s (%c%s) %.*s\n", TIME_COLUMNS, run, difference < 0 ? '-' : '+',
			off, marks, bar);
	}
	fprintf(out, "\n%*s# Final result:\n", indent, "");
}

static void print_elapsed(FILE *out, const struct ev_stat *stat,
			  const struct ev_stat_options *options)
{
	char text[64], error[64], percent[64];
	const char *whose = stat->simulated ? " in the simulator, not the program's own" : "";
	if (stat->runs < 2) {
		fprintf(out, "%*s seconds time elapsed%s\n", TIME_COLUMNS,
			seconds_text(stat->elapsed_s, 9, text, sizeof(text)), whose);
		return;
	}
	int decimals = decimals_of(stat->elapsed_error_s);
	if (options->table && stat->elapsed_each_s)
		print_runs(out, stat, decimals);
	seconds_text(stat->elapsed_s, decimals, text, sizeof(text));
	seconds_text(stat->elapsed_error_s, decimals, error, sizeof(error));
	double share = stat->elapsed_s > 0 ? stat->elapsed_error_s / stat->elapsed_s : 0;
	fprintf(out, "%*s +- %s seconds time elapsed  ( +-%6s%% )%s\n", TIME_COLUMNS, text, error,
		ev_format_fixed(percent, sizeof(percent), 100 * share, 2), whose);
}

static void print_size(FILE *out, uint64_t size_kb, bool is_bound)
{
	char text[64];
	ev_format_size(text, sizeof(text), size_kb * 1024);
	char *unit = strchr(text, ' ');
	if (unit)
		*unit++ = 0;
	fprintf(out, "%*s %s peak RSS%s\n", TIME_COLUMNS, text, unit ? unit : "",
		is_bound ? " or less" : "");
}

void ev_stat_print_times(FILE *out, const struct ev_stat *stat,
			 const struct ev_stat_options *options)
{
	char text[64];
	print_elapsed(out, stat, options);
	putc('\n', out);
	if (stat->user_s >= 0) {
		fprintf(out, "%*s seconds user\n", TIME_COLUMNS,
			seconds_text(stat->user_s, 9, text, sizeof(text)));
		fprintf(out, "%*s seconds sys\n", TIME_COLUMNS,
			seconds_text(stat->sys_s, 9, text, sizeof(text)));
	}
	if (stat->peak_rss_kb)
		print_size(out, stat->peak_rss_kb, stat->peak_rss_is_bound);
	if (stat->user_s >= 0 || stat->peak_rss_kb)
		putc('\n', out);
}

/* ---- notes ------------------------------------------------------------------------------------
 */

static void print_note(FILE *out, const char *prefix, const char *subject, const char *text)
{
	struct ev_arena arena = { 0 };
	if (subject)
		fprintf(out, "%s%s: %s\n", prefix, ev_text_safe(&arena, subject),
			ev_text_safe(&arena, text));
	else
		fprintf(out, "%s%s\n", prefix, ev_text_safe(&arena, text));
	ev_arena_done(&arena);
}

struct cause {
	const char *events, *why;
};

/* Is the name one of a list "a, b"? */
static bool names_hold(const char *list, const char *name)
{
	size_t length = strlen(name);
	for (const char *at = list; (at = strstr(at, name)); at += length) {
		bool begins = at == list || at[-1] == ' ';
		if (begins && (!at[length] || at[length] == ','))
			return true;
	}
	return false;
}

/* The causes of refused rows, each once with the events it holds for, although there may be a row
 * per CPU and several events of one fate. */
static size_t gather_causes(const struct ev_stat *stat, struct cause **causes,
			    struct ev_arena *arena)
{
	EV_ARRAY(struct cause) found = { 0 };
	const struct ev_stat_row *last = NULL;
	for (size_t i = 0; i < stat->row_count; i++) {
		const struct ev_stat_row *row = &stat->rows[i];
		size_t at = 0;
		bool same = last && row->why && !strcmp(last->event, row->event) &&
			    !strcmp(last->why, row->why);
		if (!row->why || !*row->why || same)
			continue;
		last = row;
		while (at < found.count && strcmp(found.items[at].why, row->why))
			at++;
		if (at == found.count)
			*ev_array_add(&found) = (struct cause){ row->event, row->why };
		else if (!names_hold(found.items[at].events, row->event))
			found.items[at].events =
				ev_arena_printf(arena, "%s, %s", found.items[at].events,
						row->event);
	}
	*causes = found.items;
	return found.count;
}

static void print_row_notes(FILE *out, const struct ev_stat *stat, const char *prefix)
{
	struct ev_arena arena = { 0 };
	struct cause *causes;
	const char *group = "";
	size_t count = gather_causes(stat, &causes, &arena);
	for (size_t i = 0; i < count; i++)
		print_note(out, prefix, causes[i].events, causes[i].why);
	for (size_t i = 0; i < stat->row_count; i++) {
		const char *note = stat->rows[i].group_note;
		if (!note || !*note || !strcmp(note, group))
			continue;
		print_note(out, prefix, NULL, note);
		group = note;
	}
	free(causes);
	ev_arena_done(&arena);
}

static bool is_shown(const struct ev_stat *stat, const struct ev_stat_figures *figures,
		     const struct ev_metric *metric)
{
	bool shown = false;
	for (size_t i = 0; i < stat->row_count; i++)
		shown |= figures->beside[i].metric == metric;
	for (size_t i = 0; i < figures->below_count; i++)
		shown |= figures->below[i].figure.metric == metric;
	return shown;
}

static void print_meanings(FILE *out, const struct ev_stat *stat, const char *prefix)
{
	struct ev_arena arena = { 0 };
	const struct ev_stat_figures figures = ev_stat_figures(stat, &arena);
	for (size_t m = 0; m < ev_metric_count; m++) {
		const struct ev_metric *metric = &ev_metrics[m];
		if (is_shown(stat, &figures, metric))
			print_note(out, prefix, metric->text,
				   ev_arena_printf(&arena, "%s (%s = %s)", metric->about,
						   metric->name, metric->formula));
	}
	ev_arena_done(&arena);
}

/* What the marks of scaled counts mean, and what cures them. */
static void print_scaling_notes(FILE *out, const struct ev_stat *stat,
				const struct ev_stat_options *options, const char *prefix)
{
	bool scaled = false, unknown = false;
	for (size_t i = 0; i < stat->row_count; i++) {
		scaled |= ev_stat_is_scaled(&stat->rows[i]);
		unknown |= ev_stat_is_scaled(&stat->rows[i]) && stat->rows[i].scaling_error < 0;
	}
	if (scaled)
		print_note(out, prefix, "(…%)",
			   options->no_scale
				   ? "share of the time for which the event was counted; the "
				     "values are as counted, not scaled"
				   : "share of the time for which the event was counted; the "
				     "values are scaled to the whole time; ±: within so much of "
				     "it the true count is, 19 times of 20");
	if (unknown && !options->no_scale)
		print_note(out, prefix, "± ?",
			   "too little of it was counted to tell how far off the scaled value is; "
			   "count fewer events at once, or use --multi-pass");
	if (ev_stat_apart(stat) && !stat->strict)
		print_note(out, prefix, "*",
			   "a ratio of events that were not counted at the same times; put them in "
			   "a group, -e '{a,b}', or use --multi-pass");
}

void ev_stat_print_notes(FILE *out, const struct ev_stat *stat,
			 const struct ev_stat_options *options, const char *prefix)
{
	if (stat->absence && *stat->absence) {
		char *text = ev_printf("none here (no PMU: %s)", stat->absence);
		print_note(out, prefix, "hardware counters", text);
		free(text);
	}
	print_row_notes(out, stat, prefix);
	for (size_t i = 0; i < stat->fallback_count; i++)
		print_note(out, prefix, NULL, stat->fallbacks[i]);
	print_scaling_notes(out, stat, options, prefix);
	if (options->verbose)
		print_meanings(out, stat, prefix);
}
