/* Counts become figures that mean something by themselves: per cycle, per second, per cent. The
 * formulas stand in one table, metrics_table.c. */
#include <string.h>
#include <strings.h>
#include <evprof/figures.h>
#include "spelling.h"

/* Events that are times themselves: "per second" of them says nothing. */
static const char *const times[] = { "duration_time", "user_time", "system_time", "cpu-clock",
				     "task-clock" };

static bool is_time(const char *name)
{
	for (size_t i = 0; i < EV_LENGTH(times); i++) {
		if (!strcasecmp(name, times[i]))
			return true;
	}
	return false;
}

/* ---- operands ----------------------------------------------------------------------------------
 */

enum { OPERANDS = 16 };

/* A formula being worked out at one count. */
struct working {
	const struct ev_metric_counts *counts;
	size_t at;
	struct ev_spelling mine;
	size_t operands[OPERANDS]; /* counts used that the hardware may have taken turns on */
	size_t operand_count;
};

/* How well a count serves as an operand; 0 = it does not. */
static int fitness(const struct working *working, size_t index, const char *name)
{
	const struct ev_metric_counts *counts = working->counts;
	struct ev_spelling other;
	ev_spelling_parse(counts->names[index], &other);
	if (strcasecmp(other.name, name))
		return 0;
	if (is_time(name)) /* a clock runs the same for all PMUs and levels */
		return 1;
	/* Of another PMU or level of privilege, the ratio would be of two different things. */
	if (strcmp(other.pmu, working->mine.pmu) || strcmp(other.level, working->mine.level))
		return 0;
	bool together = counts->groups && counts->groups[index] == counts->groups[working->at];
	return index == working->at ? 3 : together ? 2 : 1;
}

static bool find_count(struct working *working, const char *name, double *value)
{
	const struct ev_metric_counts *counts = working->counts;
	size_t best = counts->count;
	int best_fitness = 0;
	for (size_t i = 0; i < counts->count; i++) {
		int fits = fitness(working, i, name);
		if (fits <= best_fitness)
			continue;
		best = i;
		best_fitness = fits;
	}
	if (!best_fitness)
		return false;
	if (!is_time(name) && working->operand_count < OPERANDS)
		working->operands[working->operand_count++] = best;
	*value = counts->values[best];
	return true;
}

static bool find_operand(void *context, const char *name, double *value)
{
	struct working *working = context;
	if (!strcmp(name, "event")) {
		*value = working->counts->values[working->at];
		if (working->operand_count < OPERANDS)
			working->operands[working->operand_count++] = working->at;
		return true;
	}
	if (!strcmp(name, "elapsed") || !strcmp(name, "#slots")) {
		*value = *name == '#' ? working->counts->slots : working->counts->elapsed_s * 1e9;
		return *value > 0;
	}
	struct ev_spelling spelled;
	ev_spelling_parse(name, &spelled);
	if (find_count(working, spelled.name, value))
		return true;
	/* Only where there is no task-clock. */
	return !strcmp(name, "task-clock") && find_count(working, "cpu-clock", value);
}

/* Were operands not on the hardware at the same times? */
static bool were_apart(const struct working *working)
{
	const struct ev_metric_counts *counts = working->counts;
	bool shared = false, several = false;
	for (size_t i = 0; counts->shared && i < working->operand_count; i++) {
		size_t one = working->operands[i], first = working->operands[0];
		shared |= counts->shared[one];
		several |= one != first &&
			   (!counts->groups || counts->groups[one] != counts->groups[first]);
	}
	return shared && several;
}

/* ---- metrics -----------------------------------------------------------------------------------
 */

static bool stands_at(const struct ev_metric *metric, const struct ev_spelling *event)
{
	if (!strcmp(metric->event, "*"))
		return !is_time(event->name);
	if (strchr(metric->event, '*'))
		return ev_glob_match(metric->event, event->name);
	return !strcasecmp(metric->event, event->name);
}

bool ev_metric_stands_at(const struct ev_metric *metric, const char *event)
{
	struct ev_spelling spelled;
	ev_spelling_parse(event, &spelled);
	return stands_at(metric, &spelled);
}

/* 115415 per second is 115.415 K/sec. */
static void shorten_rate(struct ev_metric_value *out)
{
	static const char prefixes[] = " KMGT";
	size_t prefix = 0;
	while (out->value >= 1000 && prefix + 2 < sizeof(prefixes)) {
		out->value /= 1000;
		prefix++;
	}
	snprintf(out->unit, sizeof(out->unit), "%.*s%s", prefix ? 1 : 0, prefixes + prefix,
		 out->metric->text);
}

static bool work_out(const struct ev_metric *metric, struct working *working,
		     struct ev_metric_value *out)
{
	double value;
	working->operand_count = 0;
	if (!ev_formula_value(metric->formula, find_operand, working, &value))
		return false;
	*out = (struct ev_metric_value){ .value = value, .metric = metric };
	out->apart = were_apart(working);
	if (metric->rate)
		shorten_rate(out);
	else
		snprintf(out->unit, sizeof(out->unit), "%s", metric->text);
	return true;
}

bool ev_metric_at(const struct ev_metric *metric, const struct ev_metric_counts *counts, size_t at,
		  struct ev_metric_value *out)
{
	struct working working = { .counts = counts, .at = at };
	*out = (struct ev_metric_value){ 0 };
	ev_spelling_parse(counts->names[at], &working.mine);
	return stands_at(metric, &working.mine) && work_out(metric, &working, out);
}

bool ev_metric_of(const struct ev_metric_counts *counts, size_t at, struct ev_metric_value *out)
{
	struct working working = { .counts = counts, .at = at };
	*out = (struct ev_metric_value){ 0 };
	ev_spelling_parse(counts->names[at], &working.mine);
	for (size_t i = 0; i < ev_metric_count; i++) {
		const struct ev_metric *metric = &ev_metrics[i];
		if (!metric->below && !metric->when_asked && stands_at(metric, &working.mine) &&
		    work_out(metric, &working, out))
			return true;
	}
	return false;
}

bool ev_metric_is_named(const char *event, const char *name)
{
	struct ev_spelling one, other;
	ev_spelling_parse(event, &one);
	ev_spelling_parse(name, &other);
	return !strcasecmp(one.name, other.name);
}

bool ev_metric_is_meant(const struct ev_metric *metric, const char *word)
{
	return ev_glob_match(word, metric->name) || ev_glob_match(word, metric->group);
}
