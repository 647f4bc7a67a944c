/* Counts become figures that mean something by themselves: per cycle, per second, per cent. One
 * table of formulas; adding a metric is adding a row. */
#include <string.h>
#include <strings.h>
#include "spelling.h"

#define TIME "task-clock"
#define PERCENT 100, "%7.2f"

/* Times are in nanoseconds; "*" stands for every event that has no row of its own. */
const struct ev_metric ev_metrics[] = {
	{ "task-clock", NULL, 1e-9, "%8.3f", "CPUs utilized",
	  "CPU time over elapsed time: how many CPUs were busy with it on average", false },
	{ "cpu-clock", NULL, 1e-9, "%8.3f", "CPUs utilized",
	  "CPU time over elapsed time: how many CPUs were watched or busy on average", false },
	{ "cycles", TIME, 1, "%8.3f", "GHz", "the clock rate the CPU really ran at", false },
	{ "instructions", "cycles", 1, "%7.2f", "insn per cycle",
	  "below 1 the CPU mostly waits (for memory, for mispredicted branches); 4 and more is a "
	  "CPU "
	  "kept full",
	  false },
	{ "stalled-cycles-frontend", "cycles", PERCENT, "frontend cycles idle",
	  "cycles in which no instruction could be fetched and decoded", true },
	{ "stalled-cycles-backend", "cycles", PERCENT, "backend cycles idle",
	  "cycles in which instructions waited for data or for a busy unit", true },
	{ "branch-misses", "branches", PERCENT, "of all branches",
	  "branches the CPU guessed wrong; each costs some 15 to 20 cycles", true },
	{ "cache-misses", "cache-references", PERCENT, "of all cache refs",
	  "accesses that reached the last cache level and had to go to memory", true },
	{ "L1-dcache-load-misses", "L1-dcache-loads", PERCENT, "of all L1-dcache accesses",
	  "loads that the first-level data cache did not hold", true },
	{ "L1-icache-load-misses", "L1-icache-loads", PERCENT, "of all L1-icache accesses",
	  "instruction fetches that the first-level cache did not hold", true },
	{ "LLC-load-misses", "LLC-loads", PERCENT, "of all LL-cache accesses",
	  "loads that went all the way to memory", true },
	{ "dTLB-load-misses", "dTLB-loads", PERCENT, "of all dTLB cache accesses",
	  "loads whose page's address had to be looked up", true },
	{ "iTLB-load-misses", "iTLB-loads", PERCENT, "of all iTLB cache accesses",
	  "instruction fetches whose page's address had to be looked up", true },
	{ "*", TIME, 1e9, "%8.3f", "/sec", "how often in a second of CPU time", false },
};
const size_t ev_metric_count = EV_LENGTH(ev_metrics);

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

static const struct ev_metric *find_metric(const char *name)
{
	for (size_t i = 0; i + 1 < EV_LENGTH(ev_metrics); i++) {
		if (!strcasecmp(name, ev_metrics[i].event))
			return &ev_metrics[i];
	}
	return is_time(name) ? NULL : &ev_metrics[EV_LENGTH(ev_metrics) - 1];
}

/* The count to divide by: of the same PMU and the same level of privilege, or the ratio would be of
 * two different things. A clock runs the same for all of them. */
static double find_over(const char *over, const struct ev_spelling *mine, const char *const *names,
			const double *values, size_t count)
{
	bool clock = is_time(over);
	double found = 0;
	for (size_t i = 0; i < count; i++) {
		struct ev_spelling other;
		ev_spelling_parse(names[i], &other);
		if (clock && !strcasecmp(other.name, over))
			return values[i];
		if (clock && !strcasecmp(other.name, "cpu-clock"))
			found = values[i]; /* only where there is no task-clock */
		else if (!clock && !strcasecmp(other.name, over) && !strcmp(other.pmu, mine->pmu) &&
			 !strcmp(other.level, mine->level))
			return values[i];
	}
	return found;
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

bool ev_metric_of(const char *event, double value, const char *const *names, const double *values,
		  size_t count, double elapsed_s, struct ev_metric_value *out)
{
	const struct ev_metric *rate = &ev_metrics[EV_LENGTH(ev_metrics) - 1];
	struct ev_spelling mine;
	ev_spelling_parse(event, &mine);
	const struct ev_metric *metric = find_metric(mine.name);
	*out = (struct ev_metric_value){ 0 };
	if (!metric)
		return false;
	double over =
		metric->over ? find_over(metric->over, &mine, names, values, count) : elapsed_s;
	if (!(over > 0) && metric->over && metric != rate) {
		metric = rate; /* its partner was not counted: a rate still tells something */
		over = find_over(rate->over, &mine, names, values, count);
	}
	if (!(over > 0))
		return false;
	out->metric = metric;
	out->value = value / over * metric->scale;
	if (metric == rate)
		shorten_rate(out);
	else
		snprintf(out->unit, sizeof(out->unit), "%s", metric->text);
	return true;
}
