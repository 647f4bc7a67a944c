/* Events that one written word became, because several PMUs serve it, are read together: one row
 * for all of them, or one each with --per-pmu. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "stat.h"

/* Shares of more PMUs than this (memory controllers) are no footnote any more. */
#define MOST_SHARES 4
#define MOST_KINDS 16 /* kinds of cores in one machine */

static bool is_open(const struct stat_run *run, size_t event)
{
	return run->events.items[event].kind == EV_EVENT_KERNEL &&
	       !run->counts.openings[event].error;
}

void stat_sums_find(struct stat_run *run)
{
	struct stat_sums *sums = &run->counts.sums;
	size_t count = run->events.count;
	sums->next = ev_alloc((count + 1) * sizeof(*sums->next));
	sums->is_lead = ev_alloc((count + 1) * sizeof(*sums->is_lead));
	sums->share = ev_alloc((count + 1) * sizeof(*sums->share));
	sums->alone = ev_alloc((count + 1) * sizeof(*sums->alone));
	for (size_t i = 0; i < count; i++) {
		size_t lead = ev_event_sum(&run->events, i), last = lead;
		sums->next[i] = SIZE_MAX;
		sums->is_lead[i] = lead == i;
		while (lead != i && sums->next[last] != SIZE_MAX)
			last = sums->next[last];
		if (lead != i)
			sums->next[last] = i;
	}
}

void stat_sums_done(struct stat_sums *sums)
{
	free(sums->next);
	free(sums->is_lead);
	free(sums->share);
	free(sums->alone);
	*sums = (struct stat_sums){ 0 };
}

bool stat_sums_one_row(const struct stat_run *run, size_t event)
{
	return !run->options->per_pmu && run->counts.sums.next[event] != SIZE_MAX;
}

bool stat_sums_opened(const struct stat_run *run, size_t lead)
{
	for (size_t event = lead; event != SIZE_MAX; event = run->counts.sums.next[event])
		if (is_open(run, event))
			return true;
	return false;
}

/* One PMU's part of a word on one slot. */
struct part {
	size_t event;
	struct ev_count count; /* since the last reading, or since it was opened */
	bool wrong;            /* a pinned event that lost its counter */
};

static size_t read_parts(struct stat_run *run, size_t lead, size_t slot, bool since_last,
			 struct part *parts)
{
	size_t count = 0;
	for (size_t event = lead; event != SIZE_MAX; event = run->counts.sums.next[event]) {
		struct part *part = &parts[count];
		if (!is_open(run, event))
			continue;
		int rc = stat_counts_delta(run, event, slot, since_last, &part->count);
		if (rc == -ENOENT)
			continue;
		part->event = event;
		part->wrong = rc != 0;
		count++;
	}
	return count;
}

/* Are there CPUs that its PMU does not serve? */
static bool serves_some(const struct ev_event *event)
{
	uint32_t *cpus;
	size_t count;
	if (ev_parse_ranges(event->cpus, UINT16_MAX, &cpus, &count))
		return false;
	free(cpus);
	return count < ev_cpus_online();
}

/* A thread uses one kind of core at a time, a memory controller works beside the other. */
static void share_time(struct stat_run *run, const struct ev_slot *slot, struct part *parts,
		       size_t count)
{
	const struct ev_event *event = &run->events.items[parts->event];
	struct ev_count counts[MOST_KINDS];
	if (count > MOST_KINDS || !event->cpus || !event->per_task || slot->cpu >= 0)
		return;
	/* Nobody tells here whether it waited for a counter or the thread was elsewhere. */
	if (count == 1 && run->options->scale && serves_some(event) &&
	    parts->count.running_ns < parts->count.enabled_ns)
		run->counts.sums.alone[parts->event] = true;
	for (size_t i = 0; i < count; i++)
		counts[i] = parts[i].count;
	if (count > 1)
		ev_counts_take_turns(counts, count);
	for (size_t i = 0; i < count; i++)
		parts[i].count = counts[i];
}

static void add_part(struct stat_run *run, struct stat_cell *cell, const struct part *part)
{
	/* Scaled where it was counted: CPUs multiplex each for itself. */
	double value = (double)part->count.value * run->events.items[part->event].scale;
	if (run->options->scale && part->count.running_ns)
		value *= (double)part->count.enabled_ns / (double)part->count.running_ns;
	cell->wrong |= part->wrong;
	cell->value += value;
	cell->enabled_ns += part->count.enabled_ns;
	cell->running_ns += part->count.running_ns;
	run->counts.sums.share[part->event] += value;
}

void stat_sums_read(struct stat_run *run, size_t lead, size_t slot, bool since_last)
{
	const struct ev_slot *place = ev_counters_slot(run->counters, slot);
	struct part few[MOST_KINDS], *parts = few;
	size_t room = 0;
	for (size_t event = lead; event != SIZE_MAX; event = run->counts.sums.next[event])
		room++;
	if (room > EV_LENGTH(few))
		parts = ev_alloc(room * sizeof(*parts));
	size_t count = read_parts(run, lead, slot, since_last, parts);
	bool one_row = stat_sums_one_row(run, lead);
	if (count)
		share_time(run, place, parts, count);
	for (size_t i = 0; i < count; i++)
		add_part(run, stat_counts_cell(run, one_row ? lead : parts[i].event, place),
			 &parts[i]);
	if (parts != few)
		free(parts);
	/* The rows of what was refused say why. */
	for (size_t event = lead; event != SIZE_MAX; event = run->counts.sums.next[event])
		if (!is_open(run, event) && (!one_row || !count))
			stat_counts_cell(run, one_row ? lead : event, place);
}

/* ---- footnotes ---------------------------------------------------------------------------------
 */

/* "cycles: cpu_core 71 %, cpu_atom 29 %" */
static const char *shares_of(const struct stat_run *run, size_t lead, double total,
			     struct ev_arena *arena)
{
	const struct stat_sums *sums = &run->counts.sums;
	const char *text = "";
	char number[32];
	for (size_t event = lead; event != SIZE_MAX; event = sums->next[event]) {
		ev_format_fixed(number, sizeof(number), 100 * sums->share[event] / total, 0);
		text = ev_arena_printf(arena, "%s%s%s %s %%", text, *text ? ", " : "",
				       run->events.items[event].pmu, number);
	}
	return text;
}

const char *stat_sums_note(const struct stat_run *run, size_t lead, struct ev_arena *arena)
{
	const struct stat_sums *sums = &run->counts.sums;
	const char *word = run->events.items[lead].word, *refused = "";
	size_t count = 0, open = 0;
	double total = 0;
	if (sums->alone[lead])
		return ev_arena_printf(arena,
				       "%s: scaled up for the time without a counter, which may be "
				       "time on other kinds of cores (--no-scale: as counted)",
				       run->events.items[lead].name);
	if (!sums->is_lead[lead] || !stat_sums_one_row(run, lead))
		return NULL;
	for (size_t event = lead; event != SIZE_MAX; event = sums->next[event]) {
		count++;
		total += sums->share[event];
		open += is_open(run, event);
		/* ENODEV: it serves none of the CPUs that are watched. */
		if (!is_open(run, event) && run->counts.openings[event].error != ENODEV)
			refused = ev_arena_printf(arena, "; %s is missing: %s",
						  run->events.items[event].pmu,
						  run->counts.openings[event].why);
	}
	if (!open)
		return NULL; /* the row says why */
	if (total > 0 && count <= MOST_SHARES)
		return ev_arena_printf(arena, "%s: %s%s", word, shares_of(run, lead, total, arena),
				       refused);
	if (total > 0 || *refused)
		return ev_arena_printf(arena, "%s: summed over %zu PMUs, --per-pmu splits%s", word,
				       count, refused);
	return NULL;
}
