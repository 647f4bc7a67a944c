/* The cells that were counted become rows: which are shown, in what order, and why one has no
 * value. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "stat_sheet.h"

static bool is_clock(const struct ev_event *event)
{
	return event->kind == EV_EVENT_KERNEL && event->attr.type == PERF_TYPE_SOFTWARE &&
	       (event->attr.config == PERF_COUNT_SW_CPU_CLOCK ||
		event->attr.config == PERF_COUNT_SW_TASK_CLOCK);
}

bool stat_is_table(const struct stat_run *run)
{
	const struct ev_stat_options *show = &run->options->show;
	return !run->options->openmetrics && !show->csv && !show->json && !*show->separator_text;
}

bool stat_row_is_left_out(struct stat_sheet *sheet, size_t event)
{
	const struct stat_run *run = sheet->run;
	const struct ev_opening *opening = &run->counts.openings[event];
	const struct ev_event *of = &run->events.items[event];
	if (event % run->once_count < run->named_count || of->kind != EV_EVENT_KERNEL ||
	    !opening->error || (stat_sums_one_row(run, event) && stat_sums_opened(run, event)))
		return false;
	if (!strncmp(of->word, "stalled-cycles-", 15))
		return true;
	if (!stat_is_table(run) || !ev_event_is_hardware(&of->attr))
		return false;
	if (*sheet->absence)
		sheet->stat.absence = sheet->absence;
	return *sheet->absence;
}

/* As perf shows what was given up: "cycles:u". */
static const char *shown_name(struct stat_sheet *sheet, size_t event)
{
	const struct ev_event *of = &sheet->run->events.items[event];
	const struct ev_opening *opening = &sheet->run->counts.openings[event];
	const char *name = stat_sums_one_row(sheet->run, event) ? of->word : of->name;
	size_t length = strlen(name);
	if (of->kind != EV_EVENT_KERNEL || opening->error || of->attr.exclude_kernel ||
	    !opening->attr.exclude_kernel)
		return name;
	bool slash = length && name[length - 1] == '/';
	return ev_arena_printf(&sheet->arena, "%s%su", name, slash ? "" : ":");
}

/* Events of one group have the hardware at the same times, unless the group was broken (:W). */
static unsigned group_of(const struct stat_sheet *sheet, size_t event)
{
	const struct ev_event *of = &sheet->run->events.items[event];
	bool broken = sheet->run->counts.openings[event].alone;
	return broken ? (unsigned)event : of->leader;
}

/* A pinned group that finds no counters is in error as one; only its leader says so. */
static bool leader_is_wrong(const struct stat_run *run, const struct stat_cell *cell)
{
	const uint32_t *leader = ev_map_find(&run->counts.cell_ids,
					     run->events.items[cell->event].leader, cell->place);
	return leader && run->counts.cells.items[*leader].wrong;
}

static const char *why_not_counted(struct stat_sheet *sheet, const struct stat_cell *cell,
				   uint64_t enabled_ns)
{
	const struct ev_event *event = &sheet->run->events.items[cell->event];
	if (cell->wrong && event->probe)
		return "not all of its places could be opened";
	if (cell->wrong || cell->was_wrong)
		return ev_arena_printf(&sheet->arena,
				       "pinned, and there was no counter free for it: others are "
				       "pinned too, or it comes after a group that needs all%s",
				       ev_event_is_hardware(&event->attr) ? ev_watchdog_note()
									  : "");
	if (leader_is_wrong(sheet->run, cell))
		return "its group is pinned, the hardware had not as many counters free";
	if (event->kind == EV_EVENT_TOOL)
		return "the CPU time of who is watched is known only while they live";
	if (!enabled_ns && event->cgroup)
		return ev_arena_printf(&sheet->arena,
				       "nothing in the cgroup '%s' ran on a CPU in this time",
				       event->cgroup);
	if (enabled_ns)
		return ev_arena_printf(&sheet->arena,
				       "it never got a counter: there are more events, or a larger "
				       "group, than counters; count fewer at once%s",
				       ev_event_is_hardware(&event->attr) ? ev_watchdog_note()
									  : "");
	if (event->cpus && event->per_task)
		return ev_arena_printf(&sheet->arena,
				       "what was watched never ran on a CPU of this kind (%s)",
				       event->cpus);
	return NULL;
}

/* Of the whole: means over the runs in which it was counted. */
static void fill_whole(struct ev_stat_row *row, const struct stat_cell *cell, bool tool)
{
	row->value = tool ? round(cell->runs.mean) : cell->runs.mean;
	row->relative_error = ev_running_relative_error(&cell->runs);
	row->scaling_error = ev_scaled_error(&cell->all_scaled);
	row->enabled_ns = cell->all_enabled_ns;
	row->running_ns = cell->all_running_ns;
	if (cell->runs.count) {
		row->enabled_ns /= cell->runs.count;
		row->running_ns /= cell->runs.count;
	}
}

static void fill_row(struct stat_sheet *sheet, struct ev_stat_row *row,
		     const struct stat_cell *cell, bool interval)
{
	const struct ev_event *event = &sheet->run->events.items[cell->event];
	const struct ev_opening *opening = &sheet->run->counts.openings[cell->event];
	bool tool = event->kind == EV_EVENT_TOOL;
	*row = (struct ev_stat_row){
		.event = shown_name(sheet, cell->row),
		.unit = tool ? "ns" : event->unit,
		.slot = cell->slot,
		.cpus = sheet->run->places.by && sheet->run->places.by->sums ? cell->cpus : 0,
		.cgroup = event->cgroup,
		.value = cell->value,
		.enabled_ns = cell->enabled_ns,
		.running_ns = cell->running_ns,
		.scaling_error = ev_scaled_error(&cell->scaled),
		.is_time = is_clock(event),
		.group = group_of(sheet, cell->event),
	};
	if (!interval)
		fill_whole(row, cell, tool);
	if (interval ? row->running_ns && !cell->wrong : cell->runs.count > 0)
		return;
	if (opening->error && !tool) {
		row->state = EV_NOT_SUPPORTED;
		row->why = opening->why;
	} else {
		row->state = EV_NOT_COUNTED;
		row->why = why_not_counted(sheet, cell,
					   interval ? cell->enabled_ns : cell->missed_enabled_ns);
	}
}

/* Which row comes first: whole places of the machine one after another, threads by the count of
 * the first event, else events and in each the CPUs by number. */
struct row_order {
	const struct stat_cell *cell;
	double weight; /* of its thread */
};

static bool is_shown(struct stat_sheet *sheet, const struct stat_cell *cell)
{
	return cell->event < stat_shown_count(sheet->run) && !cell->is_part &&
	       !stat_row_is_left_out(sheet, cell->row);
}

static int by_event(const struct row_order *one, const struct row_order *other)
{
	size_t a = one->cell->row, b = other->cell->row;
	if (a != b)
		return a < b ? -1 : 1;
	uint64_t here = one->cell->place, there = other->cell->place;
	if (here != there)
		return here < there ? -1 : 1;
	return (one->cell > other->cell) - (one->cell < other->cell);
}

static int by_place(const void *one, const void *other)
{
	const struct row_order *a = one, *b = other;
	/* What evprof measures itself is of no place. */
	uint64_t first = a->cell->place - 1, second = b->cell->place - 1;
	return first != second ? (first < second ? -1 : 1) : by_event(a, b);
}

static int by_weight(const void *one, const void *other)
{
	const struct row_order *a = one, *b = other;
	if (a->cell->row != b->cell->row || a->weight == b->weight)
		return by_event(a, b);
	return a->weight > b->weight ? -1 : 1;
}

static int as_met(const void *one, const void *other)
{
	return by_event(one, other);
}

/* What the thread of each row counted of the first event that was counted at all. */
static void weigh_threads(const struct stat_sheet *sheet, struct row_order *rows, size_t count,
			  bool interval)
{
	struct ev_map of_place = { 0 };
	size_t first = SIZE_MAX;
	for (size_t i = 0; i < count; i++)
		if (rows[i].cell->running_ns && rows[i].cell->event < first &&
		    sheet->run->events.items[rows[i].cell->event].kind == EV_EVENT_KERNEL)
			first = rows[i].cell->event;
	for (size_t i = 0; i < count; i++)
		if (rows[i].cell->event == first)
			*ev_map_add(&of_place, rows[i].cell->place, 0, NULL) = (uint32_t)i + 1;
	for (size_t i = 0; i < count; i++) {
		const uint32_t *row = ev_map_find(&of_place, rows[i].cell->place, 0);
		const struct stat_cell *cell = row ? rows[*row - 1].cell : NULL;
		if (cell)
			rows[i].weight = interval ? cell->value : cell->runs.mean;
	}
	ev_map_done(&of_place);
}

void stat_rows_fill(struct stat_sheet *sheet, bool interval)
{
	const struct stat_run *run = sheet->run;
	const struct stat_counts *counts = &run->counts;
	EV_ARRAY(struct row_order) order = { 0 };
	for (size_t i = 0; i < counts->cells.count; i++)
		if (is_shown(sheet, &counts->cells.items[i]))
			*ev_array_add(&order) = (struct row_order){ &counts->cells.items[i], 0 };
	if (run->options->per_thread)
		weigh_threads(sheet, order.items, order.count, interval);
	bool sums = run->places.by && run->places.by->sums;
	if (order.count)
		qsort(order.items, order.count, sizeof(*order.items),
		      sums                       ? by_place
		      : run->options->per_thread ? by_weight
						 : as_met);
	sheet->stat.rows =
		ev_arena_take(&sheet->arena, (order.count + 1) * sizeof(*sheet->stat.rows));
	sheet->stat.row_count = order.count;
	for (size_t i = 0; i < order.count; i++)
		fill_row(sheet, &sheet->stat.rows[i], order.items[i].cell, interval);
	ev_array_done(&order);
}
