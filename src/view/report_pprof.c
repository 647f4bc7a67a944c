/* A profile becomes the tables of pprof -text and -peek: flat and cumulated weight of every
 * function, and who called it and what it called. Layout and rounding are pprof's, so that what
 * reads its output reads this:
 *
 *       flat  flat%   sum%        cum   cum%
 *      1.11s 99.11% 99.11%      1.12s   100%  main.work (inline)
 */
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <math.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "report.h"

struct unit {
	const char *name;
	double size;
};
static const struct unit times[] = {
	{ "ns", 1 }, { "us", 1e3 }, { "ms", 1e6 }, { "s", 1e9 }, { "hrs", 3600e9 },
};
static const struct unit plain = { "", 1 };

struct weights {
	FILE *out;
	const struct ev_report *report;
	const struct ev_report_options *options;
	size_t event;
	const struct unit *unit;
	uint64_t total;
	const struct ev_row **rows; /* by falling flat weight, then by name */
	size_t count, dropped;
	struct ev_arena scratch;
};

/* ---- numbers ----------------------------------------------------------------------------------
 */

static bool is_time(const struct ev_report *report, size_t event)
{
	const struct ev_recording *recording = report->recording;
	if (event >= recording->event_count || report->named->profile->of_branches ||
	    report->named->profile->of_weights)
		return false;
	const struct perf_event_attr *attr = &recording->events[event].attr;
	return attr->type == PERF_TYPE_SOFTWARE && (attr->config == PERF_COUNT_SW_CPU_CLOCK ||
						    attr->config == PERF_COUNT_SW_TASK_CLOCK);
}

static const struct unit *largest_within(uint64_t value)
{
	const struct unit *unit = times;
	for (size_t i = 0; i < EV_LENGTH(times); i++)
		if ((double)value >= times[i].size)
			unit = &times[i];
	return unit;
}

/* One unit for a table: that of the least weight, or of its hundredfold where the total has a
 * greater one. */
static const struct unit *choose_unit(const struct weights *weights, uint64_t least)
{
	if (!is_time(weights->report, weights->event))
		return &plain;
	const struct unit *unit = largest_within(least);
	if (unit != largest_within(weights->total) && least < weights->total / 100)
		unit = largest_within(100 * least);
	return unit;
}

static const char *value_text(struct weights *weights, const struct unit *unit, uint64_t value)
{
	char number[64];
	ev_format_fixed(number, sizeof(number), (double)value / unit->size, 2);
	size_t length = strlen(number);
	if (length > 3 && !strcmp(number + length - 3, ".00"))
		number[length - 3] = 0;
	return ev_arena_printf(&weights->scratch, "%s%s", number,
			       strcmp(number, "0") ? unit->name : "");
}

static const char *weight_text(struct weights *weights, uint64_t value)
{
	return value_text(weights, weights->unit, value);
}

/* Two significant digits below 1 %, as %.2g writes them. */
static const char *percent_text(struct weights *weights, uint64_t part, uint64_t whole)
{
	double ratio = ev_percent(part, whole);
	char number[64];
	if (ratio >= 99.95 && ratio <= 100.05)
		return "  100%";
	if (ratio >= 1)
		return ev_arena_printf(&weights->scratch, "%5s%%",
				       ev_format_fixed(number, sizeof(number), ratio, 2));
	int decimals = ratio > 0 ? 1 - (int)floor(log10(ratio)) : 0;
	if (decimals > 5) /* where %g turns to exponents */
		return ev_arena_printf(&weights->scratch, "%.1e%%", ratio);
	ev_format_fixed(number, sizeof(number), ratio, decimals);
	size_t end = strlen(number);
	while (decimals && end && number[end - 1] == '0')
		number[--end] = 0;
	if (end && number[end - 1] == '.')
		number[end - 1] = 0;
	return ev_arena_printf(&weights->scratch, "%5s%%", number);
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static uint64_t flat_of(const struct weights *weights, const struct ev_row *row)
{
	return row->period[weights->event];
}

static uint64_t cum_of(const struct weights *weights, const struct ev_row *row)
{
	return weights->report->table->has_children ? row->children[weights->event]
						    : flat_of(weights, row);
}

static const char *name_of(const struct weights *weights, const struct ev_row *row)
{
	return ev_row_text(weights->report->table, weights->report->named, row, 0);
}

static const char *safe_name(struct weights *weights, const struct ev_row *row)
{
	return ev_report_safe(&weights->scratch, name_of(weights, row));
}

static int by_flat_and_name(const void *one, const void *other, void *context)
{
	const struct weights *weights = context;
	const struct ev_row *a = *(const struct ev_row *const *)one;
	const struct ev_row *b = *(const struct ev_row *const *)other;
	uint64_t left = flat_of(weights, a), right = flat_of(weights, b);
	if (left != right)
		return left > right ? -1 : 1;
	int order = strcmp(name_of(weights, a), name_of(weights, b));
	return order ? order : a < b ? -1 : a > b;
}

static void choose_rows(struct weights *weights)
{
	const struct ev_table *table = weights->report->table;
	double least_shown = weights->options->percent_limit / 100 * (double)weights->total;
	uint64_t least = 0;
	weights->rows = ev_alloc((table->row_count + 1) * sizeof(struct ev_row *));
	for (size_t i = 0; i < table->row_count; i++) {
		const struct ev_row *row = &table->rows[i];
		uint64_t cum = cum_of(weights, row), own = flat_of(weights, row);
		if (!cum && !own)
			continue;
		if ((double)cum < least_shown) {
			weights->dropped++;
			continue;
		}
		weights->rows[weights->count++] = row;
		if (!least || (own ? own : cum) < least)
			least = own ? own : cum;
	}
	if (weights->count)
		qsort_r(weights->rows, weights->count, sizeof(*weights->rows), by_flat_and_name,
			weights);
	weights->unit = choose_unit(weights, least ? least : weights->total);
}

/* ---- what stands above ------------------------------------------------------------------------
 */

static void print_time(struct weights *weights)
{
	const struct ev_profile *profile = weights->report->named->profile;
	uint64_t length_ns = profile->last_time_ns - profile->first_time_ns;
	time_t written = (time_t)weights->report->recording->written_s;
	char day[32];
	struct tm at;
	if (written && localtime_r(&written, &at) && strftime(day, sizeof(day), "%b %e, %Y", &at))
		fprintf(weights->out, "Time: %s at %d:%02d%s (%s)\n", day,
			at.tm_hour % 12 ? at.tm_hour % 12 : 12, at.tm_min,
			at.tm_hour < 12 ? "am" : "pm", at.tm_zone);
	if (!length_ns)
		return;
	fprintf(weights->out, "Duration: %s, Total samples = %s",
		value_text(weights, largest_within(length_ns), length_ns),
		weights->unit == &plain
			? weight_text(weights, weights->total)
			: value_text(weights, largest_within(weights->total), weights->total));
	if (weights->unit != &plain) {
		const char *share = percent_text(weights, weights->total, length_ns);
		fprintf(weights->out, " (%s)", share + strspn(share, " "));
	}
	putc('\n', weights->out);
}

static void print_labels(struct weights *weights)
{
	const struct ev_report *report = weights->report;
	const char *name = ev_report_event(report, weights->event, &weights->scratch);
	uint64_t shown = 0;
	ev_print_simulated(weights->out, report, "");
	fprintf(weights->out, "Type: %s\n", ev_report_safe(&weights->scratch, name));
	print_time(weights);
	for (size_t i = 0; i < weights->count; i++)
		shown += flat_of(weights, weights->rows[i]);
	const char *share = percent_text(weights, shown, weights->total);
	fprintf(weights->out, "Showing nodes accounting for %s, %s of %s total\n",
		weight_text(weights, shown), share + strspn(share, " "),
		weight_text(weights, weights->total));
	if (weights->dropped)
		fprintf(weights->out, "Dropped %zu node%s (cum <= %s)\n", weights->dropped,
			weights->dropped == 1 ? "" : "s",
			weight_text(weights, (uint64_t)(weights->options->percent_limit / 100 *
							(double)weights->total)));
	ev_arena_reset(&weights->scratch);
}

static const char *inline_mark(const struct weights *weights, const uint8_t *kinds,
			       const struct ev_row *row)
{
	static const char *const marks[] = { "", "", " (inline)", " (partial-inline)" };
	return marks[kinds[row - weights->report->table->rows]];
}

/* ---- text -------------------------------------------------------------------------------------
 */

/* Per row, bits: 1 a frame of it was called, 2 it was inlined. */
static uint8_t *kinds_of_rows(const struct weights *weights)
{
	const struct ev_named *named = weights->report->named;
	const struct ev_table *table = weights->report->table;
	struct ev_map kinds = { 0 };
	uint8_t *answer = ev_alloc(table->row_count + 1);
	for (size_t i = 1; i < named->frames.count; i++) {
		const struct ev_frame *frame = &named->frames.items[i];
		*ev_map_add(&kinds, frame->function, 0, NULL) |= frame->inlined ? 2 : 1;
	}
	for (size_t i = 0; i < table->row_count && table->keys[0] == EV_KEY_SYMBOL; i++) {
		const uint32_t *kind = ev_map_find(&kinds, table->rows[i].values[0], 0);
		answer[i] = kind ? (uint8_t)*kind : 0;
	}
	ev_map_done(&kinds);
	return answer;
}

static void print_text(struct weights *weights)
{
	uint8_t *kinds = kinds_of_rows(weights);
	uint64_t sum = 0;
	fputs("      flat  flat%   sum%        cum   cum%\n", weights->out);
	for (size_t i = 0; i < weights->count; i++) {
		const struct ev_row *row = weights->rows[i];
		uint64_t own = flat_of(weights, row), cum = cum_of(weights, row);
		sum += own;
		fprintf(weights->out, "%10s %s %s %10s %s  %s%s\n", weight_text(weights, own),
			percent_text(weights, own, weights->total),
			percent_text(weights, sum, weights->total), weight_text(weights, cum),
			percent_text(weights, cum, weights->total), safe_name(weights, row),
			inline_mark(weights, kinds, row));
		ev_arena_reset(&weights->scratch);
	}
	free(kinds);
}

/* ---- tree -------------------------------------------------------------------------------------
 */

static const char separator[] = "----------------------------------------------------------+-------"
				"------\n";

struct order {
	const struct weights *weights;
	const struct ev_edges *edges;
};

static int by_weight_and_name(const void *one, const void *other, void *context)
{
	const struct order *order = context;
	const struct ev_row *rows = order->weights->report->table->rows;
	const struct ev_edge *a = &order->edges->items.items[*(const uint32_t *)one];
	const struct ev_edge *b = &order->edges->items.items[*(const uint32_t *)other];
	if (a->period != b->period)
		return a->period > b->period ? -1 : 1;
	int answer = strcmp(name_of(order->weights, &rows[a->caller]),
			    name_of(order->weights, &rows[b->caller]));
	if (!answer)
		answer = strcmp(name_of(order->weights, &rows[a->callee]),
				name_of(order->weights, &rows[b->callee]));
	return answer ? answer : a < b ? -1 : a > b;
}

static void print_edge(struct weights *weights, const struct ev_edge *edge, uint32_t other,
		       uint64_t cum)
{
	fprintf(weights->out, "%50s %s |   %s%s\n", weight_text(weights, edge->period),
		percent_text(weights, edge->period, cum),
		safe_name(weights, &weights->report->table->rows[other]),
		edge->inlined ? " (inline)" : "");
	ev_arena_reset(&weights->scratch);
}

static void print_node(struct weights *weights, const struct ev_edges *edges, const uint32_t *ids,
		       const struct ev_row *row, uint64_t *sum)
{
	uint32_t index = (uint32_t)(row - weights->report->table->rows);
	uint64_t own = flat_of(weights, row), cum = cum_of(weights, row);
	fputs(separator, weights->out);
	for (size_t i = 0; i < edges->items.count; i++)
		if (edges->items.items[ids[i]].callee == index)
			print_edge(weights, &edges->items.items[ids[i]],
				   edges->items.items[ids[i]].caller, cum);
	*sum += own;
	fprintf(weights->out, "%10s %s %s %10s %s                | %s\n", weight_text(weights, own),
		percent_text(weights, own, weights->total),
		percent_text(weights, *sum, weights->total), weight_text(weights, cum),
		percent_text(weights, cum, weights->total), safe_name(weights, row));
	ev_arena_reset(&weights->scratch);
	for (size_t i = 0; i < edges->items.count; i++)
		if (edges->items.items[ids[i]].caller == index)
			print_edge(weights, &edges->items.items[ids[i]],
				   edges->items.items[ids[i]].callee, cum);
}

static void print_tree(struct weights *weights, const bool *wanted)
{
	struct ev_edges edges;
	const struct ev_report *report = weights->report;
	ev_edges_find(&edges, report->table, report->named, (uint32_t)weights->event, wanted);
	struct order order = { weights, &edges };
	uint32_t *ids = ev_alloc((edges.items.count + 1) * sizeof(*ids));
	uint64_t sum = 0;
	for (uint32_t i = 0; i < edges.items.count; i++)
		ids[i] = i;
	qsort_r(ids, edges.items.count, sizeof(*ids), by_weight_and_name, &order);
	fputs(separator, weights->out);
	fputs("      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n",
	      weights->out);
	for (size_t i = 0; i < weights->count; i++)
		if (!wanted || wanted[weights->rows[i] - report->table->rows])
			print_node(weights, &edges, ids, weights->rows[i], &sum);
	fputs(separator, weights->out);
	free(ids);
	ev_edges_done(&edges);
}

/* ---- the formats ------------------------------------------------------------------------------
 */

/* Per row, whether the pattern is in its name; free() it. */
static int match_rows(const struct ev_report *report, const char *pattern, bool **out,
		      struct ev_err *err)
{
	const struct ev_table *table = report->table;
	struct ev_arena safe = { 0 };
	regex_t regex;
	char why[128];
	size_t found = 0;
	int rc = regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB);
	if (rc) {
		regerror(rc, &regex, why, sizeof(why));
		rc = ev_fail(err, EINVAL,
			     "--peek takes an extended regular expression, not '%s': %s",
			     ev_text_safe(&safe, pattern), why);
		ev_arena_done(&safe);
		return rc;
	}
	*out = ev_alloc(table->row_count + 1);
	for (size_t i = 0; i < table->row_count; i++) {
		const char *name = ev_row_text(table, report->named, &table->rows[i], 0);
		(*out)[i] = !regexec(&regex, name, 0, NULL, 0);
		found += (*out)[i];
	}
	regfree(&regex);
	if (!found) {
		free(*out);
		*out = NULL;
		rc = ev_fail(err, ENOENT, "--peek %s: no function with samples has such a name",
			     ev_text_safe(&safe, pattern));
	}
	ev_arena_done(&safe);
	return rc;
}

static void print_weights(FILE *out, const struct ev_report *report,
			  const struct ev_report_options *options, bool tree, const bool *wanted)
{
	bool first = true;
	for (size_t event = 0; event < report->table->event_count; event++) {
		struct weights weights = {
			.out = out,
			.report = report,
			.options = options,
			.event = event,
			.total = report->table->total_period[event],
		};
		if (!report->table->total_samples[event])
			continue;
		if (!first)
			putc('\n', out);
		first = false;
		choose_rows(&weights);
		if (!options->quiet)
			print_labels(&weights);
		if (tree)
			print_tree(&weights, wanted);
		else
			print_text(&weights);
		free(weights.rows);
		ev_arena_done(&weights.scratch);
	}
}

int ev_report_pprof_text(FILE *out, const struct ev_report *report,
			 const struct ev_report_options *options, struct ev_err *err)
{
	(void)err;
	print_weights(out, report, options, false, NULL);
	return 0;
}

int ev_report_pprof_tree(FILE *out, const struct ev_report *report,
			 const struct ev_report_options *options, struct ev_err *err)
{
	bool *wanted = NULL;
	int rc = options->peek ? match_rows(report, options->peek, &wanted, err) : 0;
	if (!rc)
		print_weights(out, report, options, true, wanted);
	free(wanted);
	return rc;
}
