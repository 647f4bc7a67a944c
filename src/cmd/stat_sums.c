/* What events of one written word counted, because several PMUs serve it, is added up: one row for
 * all of them, or one each with --per-pmu. */
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
	ev_array_done(&sums->now);
	ev_array_done(&sums->last);
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

/* ---- kinds of cores ----------------------------------------------------------------------------
 */

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

static size_t lead_of(const struct stat_run *run, size_t event)
{
	return run->counts.sums.is_lead[event] ? event : ev_event_sum(&run->events, event);
}

static struct ev_count *reading_of(struct stat_run *run, void *readings, size_t slot, size_t event)
{
	struct {
		struct ev_count *items;
		size_t count, room;
	} *array = readings;
	size_t index = slot * run->events.count + event;
	while (array->count <= index)
		*ev_array_add(array) = (struct ev_count){ 0 };
	return &array->items[index];
}

/* How long another one of the word was wanted and ran in the same time. */
static struct ev_count time_of(struct stat_run *run, size_t event, size_t slot, bool since_last)
{
	struct stat_sums *sums = &run->counts.sums;
	struct ev_count now;
	if (ev_counters_read(run->counters, event, slot, &now))
		return (struct ev_count){ 0 };
	*reading_of(run, &sums->now, slot, event) = now;
	const struct ev_count *last = reading_of(run, &sums->last, slot, event);
	if (since_last) {
		now.enabled_ns -= last->enabled_ns;
		now.running_ns -= last->running_ns;
	}
	return now;
}

bool stat_sums_take_turns(struct stat_run *run, size_t event, size_t slot, bool since_last,
			  struct ev_count *delta)
{
	const struct ev_event *of = &run->events.items[event];
	struct ev_count counts[MOST_KINDS];
	size_t count = 0, own = 0;
	if (!of->cpus || !of->per_task || ev_counters_slot(run->counters, slot)->cpu >= 0)
		return false;
	for (size_t i = lead_of(run, event); i != SIZE_MAX && count < MOST_KINDS;
	     i = run->counts.sums.next[i]) {
		if (!is_open(run, i))
			continue;
		own = i == event ? count : own;
		counts[count++] = i == event ? *delta : time_of(run, i, slot, since_last);
	}
	if (count > 1) {
		ev_counts_take_turns(counts, count);
		delta->enabled_ns = counts[own].enabled_ns;
	} else if (run->options->scale && delta->running_ns < delta->enabled_ns &&
		   serves_some(of)) {
		/* Nobody tells whether it waited for a counter or the thread was elsewhere. */
		run->counts.sums.alone[event] = true;
	}
	return count > 1;
}

/* ---- sums --------------------------------------------------------------------------------------
 */

/* The first cell of a word at a place. */
static struct stat_cell *base_of(struct stat_run *run, size_t lead, uint64_t place)
{
	struct stat_counts *counts = &run->counts;
	for (size_t event = lead; event != SIZE_MAX; event = counts->sums.next[event]) {
		const uint32_t *id = ev_map_find(&counts->cell_ids, event, place);
		if (id)
			return &counts->cells.items[*id];
	}
	return NULL;
}

void stat_sums_add(struct stat_run *run)
{
	struct stat_counts *counts = &run->counts;
	for (size_t i = 0; i < counts->cells.count; i++)
		counts->sums.share[counts->cells.items[i].event] += counts->cells.items[i].value;
	for (size_t i = 0; i < counts->cells.count; i++) {
		struct stat_cell *cell = &counts->cells.items[i];
		size_t lead = lead_of(run, cell->event);
		if (!stat_sums_one_row(run, lead))
			continue;
		struct stat_cell *base = base_of(run, lead, cell->place);
		cell->row = lead;
		cell->is_part = base && base != cell;
		if (!cell->is_part)
			continue;
		base->value += cell->value;
		base->enabled_ns += cell->enabled_ns;
		base->running_ns += cell->running_ns;
		base->wrong |= cell->wrong;
		ev_scaled_merge(&base->scaled, &cell->scaled);
		base->cpus += cell->cpus;
	}
	for (size_t i = 0; i < counts->sums.now.count; i++)
		*reading_of(run, &counts->sums.last, 0, i) = counts->sums.now.items[i];
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
