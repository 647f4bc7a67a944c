/* Readings of counters become rows: scaled, summed over what is not kept apart, and gathered over
 * the runs. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "stat.h"

/* ---- what became of the events ----------------------------------------------------------------
 */

static bool is_switches(const struct ev_event *event)
{
	return event->kind == EV_EVENT_KERNEL && event->attr.type == PERF_TYPE_SOFTWARE &&
	       event->attr.config == PERF_COUNT_SW_CONTEXT_SWITCHES;
}

bool stat_counts_from_usage(const struct stat_run *run, size_t event)
{
	const struct stat_options *options = run->options;
	int error = run->counts.openings[event].error;
	return is_switches(&run->events.items[event]) && (error == EACCES || error == EPERM) &&
	       !(run->events.items[event].fixed & EV_FIXED_LEVEL) &&
	       run->target.kind == EV_TARGET_COMMAND && !run->target.no_inherit &&
	       !options->delay_ms && !options->interval_ms;
}

int stat_counts_opened(struct stat_run *run, struct ev_err *err)
{
	struct stat_counts *counts = &run->counts;
	size_t open = 0, refused = 0;
	if (counts->openings && run->runs >= run->passes.count)
		return 0; /* the first run of each pass told it all */
	if (!counts->openings) {
		counts->openings = ev_alloc((run->events.count + 1) * sizeof(*counts->openings));
		stat_sums_find(run);
	}
	for (size_t i = 0; i < run->events.count; i++) {
		if (!stat_pass_has(run, i))
			continue;
		counts->openings[i] = *ev_counters_opening(run->counters, i);
		if (i >= stat_shown_count(run))
			continue;
		open += run->events.items[i].kind == EV_EVENT_TOOL || !counts->openings[i].error ||
			stat_counts_from_usage(run, i);
		refused += open == 0;
	}
	/* What is refused stands in the first pass, together with what is not. */
	open += run->passes.at > 0;
	if (open)
		return 0;
	struct ev_arena arena = { 0 };
	struct ev_buffer text = { 0 };
	const char *last = "";
	int first = 0;
	for (size_t i = 0; refused && text.size_bytes < sizeof(err->text); i++) {
		const struct ev_opening *opening = &counts->openings[i];
		if (!stat_pass_has(run, i))
			continue;
		refused--;
		first = first ? first : opening->error;
		if (!strcmp(opening->why, last))
			continue;
		ev_buffer_printf(&text, "%s%s: %s", text.size_bytes ? "\n  " : "",
				 ev_text_safe(&arena, run->events.items[i].name), opening->why);
		last = opening->why;
	}
	const char *hint = stat_simulate_hint(run, &arena);
	/* Whole, or not at all. */
	if (hint && text.size_bytes + strlen(hint) + 100 < sizeof(err->text))
		ev_buffer_printf(&text, "\n  caches and branches can be simulated instead: %s",
				 hint);
	int rc = ev_fail(err, first ? first : ENOENT, "nothing can be counted: %.*s",
			 (int)text.size_bytes, (const char *)text.bytes);
	ev_buffer_done(&text);
	ev_arena_done(&arena);
	return rc;
}

/* ---- cells ------------------------------------------------------------------------------------
 */

/* Where a row of this slot stands among those of its event; 0 when slots are added up. */
static uint64_t place_of(const struct stat_run *run, const struct ev_slot *slot, size_t index)
{
	if (run->places.by && slot->cpu >= 0) {
		const uint32_t *place = ev_map_find(&run->places.of_cpu, (uint32_t)slot->cpu, 0);
		return place ? *place : 0;
	}
	/* An id may have been that of several threads of a command, one after another. */
	if (stat_follows_threads(run))
		return index + 1;
	return run->options->per_thread && slot->tid >= 0 ? (uint64_t)slot->tid + 1 : 0;
}

static void name_slot(const struct stat_run *run, struct stat_cell *cell,
		      const struct ev_slot *slot)
{
	if (run->places.by)
		snprintf(cell->slot, sizeof(cell->slot), "%s",
			 run->places.items.items[cell->place - 1].id);
	else if (slot->tid >= 0)
		snprintf(cell->slot, sizeof(cell->slot), "%.16s-%d", slot->comm, slot->tid);
	else
		snprintf(cell->slot, sizeof(cell->slot), "%.16s", slot->comm);
}

static struct stat_cell *cell_of(struct stat_run *run, size_t event, const struct ev_slot *slot,
				 size_t index)
{
	struct stat_counts *counts = &run->counts;
	if (run->events.items[event].probe)
		event = run->events.items[event].summed;
	bool added, percore = run->options->by[EV_BY_CPU] && run->events.items[event].percore;
	uint64_t place = slot ? place_of(run, slot, index) : 0;
	const struct stat_place *core = NULL;
	if (percore && place) {
		place = run->places.items.items[place - 1].core;
		core = &run->places.items.items[place - 1];
	}
	uint32_t *id = ev_map_add(&counts->cell_ids, event, place, &added);
	if (!added)
		return &counts->cells.items[*id];
	*id = (uint32_t)counts->cells.count;
	struct stat_cell *cell = ev_array_add(&counts->cells);
	cell->event = cell->row = event;
	cell->place = place;
	if (core)
		ev_aggregation_id(&ev_aggregations[EV_BY_CORE], &core->cpu, cell->slot,
				  sizeof(cell->slot));
	else if (place)
		name_slot(run, cell, slot);
	return cell;
}

static struct ev_count *before_of(struct stat_run *run, size_t slot, size_t event)
{
	size_t index = slot * run->events.count + event;
	while (run->counts.before.count <= index)
		*ev_array_add(&run->counts.before) = (struct ev_count){ 0 };
	return &run->counts.before.items[index];
}

/* ---- reading ----------------------------------------------------------------------------------
 */

static void add_slices(struct stat_run *run, struct stat_cell *cell, size_t slot,
		       const struct ev_count *now, bool since_last)
{
	struct stat_slice *slice = stat_slice_of(run, slot, cell->event);
	stat_slice_add(slice, now);
	ev_scaled_add(&cell->scaled, since_last ? &slice->interval : &slice->whole);
	slice->interval = (struct ev_slices){ 0 };
}

static void read_slot(struct stat_run *run, size_t event, size_t slot, bool since_last)
{
	struct ev_count now;
	int rc = ev_counters_read(run->counters, event, slot, &now);
	if (rc == -ENOENT)
		return;
	struct stat_cell *cell = cell_of(run, event, ev_counters_slot(run->counters, slot), slot);
	cell->cpus++;
	if (rc) {
		cell->wrong = true;
		return;
	}
	struct ev_count *before = before_of(run, slot, event), delta = now;
	if (since_last) {
		delta.value -= before->value;
		delta.enabled_ns -= before->enabled_ns;
		delta.running_ns -= before->running_ns;
	}
	*before = now;
	bool took_turns = stat_sums_take_turns(run, event, slot, since_last, &delta);
	if (took_turns)
		/* Slices do not tell waiting for a counter from running on other cores. */
		cell->scaled.is_unknown |= delta.running_ns < delta.enabled_ns;
	else if (stat_may_share(run, event))
		add_slices(run, cell, slot, &now, since_last);
	/* Scaled where it was counted: CPUs multiplex each for itself. */
	double value = (double)delta.value * run->events.items[event].scale;
	if (run->options->scale && delta.running_ns)
		value *= (double)delta.enabled_ns / (double)delta.running_ns;
	cell->value += value;
	cell->unseen_ns += delta.running_ns ? 0 : delta.enabled_ns;
	cell->enabled_ns += delta.enabled_ns;
	cell->running_ns += delta.running_ns;
}

/* Counters of a sum that never ran (a CPU on which others had the hardware) are taken to be like
 * those that did. */
static void scale_unseen(const struct stat_run *run, struct stat_cell *cell)
{
	if (run->options->scale && cell->unseen_ns && cell->enabled_ns > cell->unseen_ns)
		cell->value *=
			(double)cell->enabled_ns / (double)(cell->enabled_ns - cell->unseen_ns);
}

void stat_counts_read(struct stat_run *run, bool since_last)
{
	struct stat_counts *counts = &run->counts;
	for (size_t i = 0; i < counts->cells.count; i++) {
		struct stat_cell *cell = &counts->cells.items[i];
		cell->value = 0;
		cell->enabled_ns = cell->running_ns = 0;
		cell->wrong = false;
		cell->unseen_ns = 0;
		cell->scaled = (struct ev_scaled){ 0 };
		cell->cpus = 0;
	}
	size_t slots = run->counters ? ev_counters_slot_count(run->counters) : 0;
	for (size_t event = 0; event < run->events.count; event++) {
		bool kernel = run->events.items[event].kind == EV_EVENT_KERNEL;
		bool refused = kernel && ev_counters_opening(run->counters, event)->error;
		if (!stat_pass_has(run, event))
			continue;
		/* evprof's own measures know no CPUs, and one row says why it is not counted on
		 * any of a command's threads. */
		bool whole = !kernel || (refused && stat_follows_threads(run));
		if (whole)
			cell_of(run, event, NULL, 0);
		for (size_t slot = 0; !whole && slot < slots; slot++) {
			if (refused) { /* its rows say why; a sum is none without it */
				struct stat_cell *cell =
					cell_of(run, event, ev_counters_slot(run->counters, slot),
						slot);
				cell->cpus++;
				cell->wrong |= run->events.items[event].probe != NULL;
			} else
				read_slot(run, event, slot, since_last);
		}
	}
	for (size_t i = 0; i < counts->cells.count; i++)
		scale_unseen(run, &counts->cells.items[i]);
	stat_sums_add(run);
}

/* ---- runs -------------------------------------------------------------------------------------
 */

static double seconds_of(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void add_times(struct stat_run *run, uint64_t elapsed_ns)
{
	struct stat_times *times = &run->times;
	const struct rusage *usage = &run->usage;
	*ev_array_add(&times->each_s) = (double)elapsed_ns / 1e9;
	ev_running_add(&times->elapsed_s, (double)elapsed_ns / 1e9);
	if (run->target.kind != EV_TARGET_COMMAND)
		return;
	ev_running_add(&times->user_s, seconds_of(usage->ru_utime));
	ev_running_add(&times->sys_s, seconds_of(usage->ru_stime));
	ev_running_add(&times->usage_s, (double)(ev_now_ns() - run->command_ns) / 1e9);
	ev_running_add(&times->major_faults, (double)usage->ru_majflt);
	ev_running_add(&times->voluntary, (double)usage->ru_nvcsw);
	ev_running_add(&times->involuntary, (double)usage->ru_nivcsw);
	if ((uint64_t)usage->ru_maxrss <= times->peak_rss_kb)
		return;
	times->peak_rss_kb = (uint64_t)usage->ru_maxrss;
	times->peak_rss_is_bound =
		run->workload && times->peak_rss_kb <= ev_workload_floor_kb(run->workload);
}

void stat_counts_add_run(struct stat_run *run, uint64_t elapsed_ns)
{
	stat_measure(run, elapsed_ns, false);
	for (size_t i = 0; i < run->counts.cells.count; i++) {
		struct stat_cell *cell = &run->counts.cells.items[i];
		if (!stat_pass_has(run, cell->event))
			continue;
		if (!cell->running_ns || cell->wrong) {
			cell->missed++;
			cell->was_wrong |= cell->wrong;
			cell->missed_enabled_ns += cell->enabled_ns;
			continue;
		}
		ev_running_add(&cell->runs, cell->value);
		cell->all_enabled_ns += cell->enabled_ns;
		cell->all_running_ns += cell->running_ns;
		ev_scaled_merge(&cell->all_scaled, &cell->scaled);
	}
	stat_pass_add(run);
	add_times(run, elapsed_ns);
	run->runs++;
}

void stat_counts_forget_runs(struct stat_run *run)
{
	ev_array_done(&run->counts.cells);
	ev_map_done(&run->counts.cell_ids);
	ev_array_done(&run->times.each_s);
	run->times = (struct stat_times){ 0 };
	stat_passes_forget(run);
	run->runs = 0;
}

void stat_counts_done(struct stat_counts *counts)
{
	ev_array_done(&counts->cells);
	ev_array_done(&counts->before);
	ev_map_done(&counts->cell_ids);
	free(counts->openings);
	stat_sums_done(&counts->sums);
	*counts = (struct stat_counts){ 0 };
}
