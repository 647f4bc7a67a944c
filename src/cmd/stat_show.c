/* What was counted becomes the rows and notes that the views print. */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "stat.h"

#define HEADING_EVERY 25 /* intervals */

/* A table being made: everything it points to lives in the arena. */
struct sheet {
	struct stat_run *run;
	struct ev_arena arena;
	struct ev_stat stat;
	EV_ARRAY(const char *) notes;
	char absence[256];
	const char *complaint; /* said behind the counts, whatever their format */
};

/* ---- rows -------------------------------------------------------------------------------------
 */

static bool is_clock(const struct ev_event *event)
{
	return event->kind == EV_EVENT_KERNEL && event->attr.type == PERF_TYPE_SOFTWARE &&
	       (event->attr.config == PERF_COUNT_SW_CPU_CLOCK ||
		event->attr.config == PERF_COUNT_SW_TASK_CLOCK);
}

static bool is_table(const struct stat_run *run)
{
	const struct ev_stat_options *show = &run->options->show;
	return !show->csv && !show->json && !*show->separator_text;
}

/* Rows that nobody asked for and that this machine cannot fill are left out: hardware events where
 * there is no hardware (said once instead), and those few CPUs have. */
static bool is_left_out(struct sheet *sheet, size_t event)
{
	const struct stat_run *run = sheet->run;
	const struct ev_opening *opening = &run->counts.openings[event];
	const struct ev_event *of = &run->events.items[event];
	if (event % run->once_count < run->named_count || of->kind != EV_EVENT_KERNEL ||
	    !opening->error || (stat_sums_one_row(run, event) && stat_sums_opened(run, event)))
		return false;
	if (!strncmp(of->word, "stalled-cycles-", 15))
		return true;
	if (!is_table(run) || !ev_event_is_hardware(&of->attr))
		return false;
	if (*sheet->absence)
		sheet->stat.absence = sheet->absence;
	return *sheet->absence;
}

/* As perf shows what was given up: "cycles:u". */
static const char *shown_name(struct sheet *sheet, size_t event)
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
static unsigned group_of(const struct sheet *sheet, size_t event)
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

static const char *why_not_counted(struct sheet *sheet, const struct stat_cell *cell,
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

static void fill_row(struct sheet *sheet, struct ev_stat_row *row, const struct stat_cell *cell,
		     bool interval)
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

static bool is_shown(struct sheet *sheet, const struct stat_cell *cell)
{
	return cell->event < stat_shown_count(sheet->run) && !cell->is_part &&
	       !is_left_out(sheet, cell->row);
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
static void weigh_threads(const struct sheet *sheet, struct row_order *rows, size_t count,
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

static void fill_rows(struct sheet *sheet, bool interval)
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

/* ---- notes ------------------------------------------------------------------------------------
 */

/* What a probe doesn't see, and with -v where each was put. */
static void note_probes(struct sheet *sheet)
{
	const struct ev_event_list *events = &sheet->run->events;
	for (size_t i = 0; i < events->count; i++) {
		const struct ev_event *event = &events->items[i];
		bool verbose = sheet->run->options->show.verbose;
		if (event->caution && event->summed == i)
			*ev_array_add(&sheet->notes) = ev_arena_printf(&sheet->arena, "%s: %s",
								       event->name, event->caution);
		if (event->placed && verbose)
			*ev_array_add(&sheet->notes) = ev_arena_printf(&sheet->arena, "%s: %s",
								       event->name, event->placed);
	}
}

/* The same fallback of several events is one note that names them. */
static void note_fallbacks(struct sheet *sheet)
{
	const struct stat_run *run = sheet->run;
	for (size_t i = 0; i < stat_shown_count(run); i++) {
		const char *fallback = run->counts.openings[i].fallback;
		bool told = !*fallback;
		for (size_t j = 0; j < i && !told; j++)
			told = !strcmp(run->counts.openings[j].fallback, fallback);
		if (told)
			continue;
		const char *names = run->events.items[i].name;
		for (size_t j = i + 1; j < stat_shown_count(run); j++) {
			if (!strcmp(run->counts.openings[j].fallback, fallback))
				names = ev_arena_printf(&sheet->arena, "%s, %s", names,
							run->events.items[j].name);
		}
		*ev_array_add(&sheet->notes) =
			ev_arena_printf(&sheet->arena, "%s: %s", names, fallback);
	}
	for (size_t i = 0; i < run->events.count; i++) {
		const char *shares = stat_sums_note(run, i, &sheet->arena);
		if (shares && !is_left_out(sheet, i))
			*ev_array_add(&sheet->notes) = shares;
		if (stat_counts_from_usage(run, i))
			*ev_array_add(&sheet->notes) =
				ev_arena_printf(&sheet->arena,
						"%s: from the kernel's accounting of the command, "
						"as this user may not count the event",
						run->events.items[i].name);
	}
	note_probes(sheet);
}

static void note_simulation(struct sheet *sheet)
{
	const char *hint = stat_simulate_hint(sheet->run, &sheet->arena);
	if (hint)
		*ev_array_add(&sheet->notes) =
			ev_arena_printf(&sheet->arena,
					"caches and branches can be simulated instead: %s", hint);
}

static void note_run(struct sheet *sheet)
{
	const struct stat_run *run = sheet->run;
	const struct stat_options *options = run->options;
	bool counted = !sheet->stat.row_count;
	for (size_t i = 0; i < sheet->stat.row_count; i++)
		counted |= sheet->stat.rows[i].state == EV_COUNTED;
	if (options->delay_ms && !run->start_ns)
		*ev_array_add(&sheet->notes) = "counting was never begun (-D)";
	else if (!counted)
		*ev_array_add(&sheet->notes) = "nothing that was watched ran on a CPU in this time";
	if (options->per_thread && !stat_follows_threads(run))
		*ev_array_add(&sheet->notes) =
			"threads born while counting are in the row of the one that made them";
	if (run->unsettled)
		*ev_array_add(&sheet->notes) =
			"threads were born faster than they could be watched: some may be missing";
	uint64_t wanted = options->repeat * run->passes.count;
	if (wanted > 1 && run->runs < wanted)
		*ev_array_add(&sheet->notes) =
			ev_arena_printf(&sheet->arena, "interrupted after %u of %llu runs",
					run->runs, (unsigned long long)wanted);
	for (size_t i = 0; i < run->counts.cells.count; i++) {
		const struct stat_cell *cell = &run->counts.cells.items[i];
		if (cell->event < stat_shown_count(run) && cell->runs.count && cell->missed)
			*ev_array_add(&sheet->notes) = ev_arena_printf(
				&sheet->arena,
				"%s%s%s: counted in %llu of %llu runs; the mean is of those",
				cell->slot, *cell->slot ? " " : "",
				run->events.items[cell->event].name,
				(unsigned long long)cell->runs.count,
				(unsigned long long)(cell->runs.count + cell->missed));
	}
}

static void add_note(void *context, const char *text)
{
	struct sheet *sheet = context;
	*ev_array_add(&sheet->notes) = text;
}

/* Where passes differ, that is said beside every format. */
static void note_passes(struct sheet *sheet)
{
	struct stat_run *run = sheet->run;
	bool agree;
	const char *words = stat_passes_words(run, &sheet->arena, &agree);
	if (!words)
		return;
	add_note(sheet, words);
	for (size_t i = 0; run->options->show.verbose && i < run->passes.count; i++)
		add_note(sheet, ev_arena_printf(&sheet->arena, "pass %zu: %s", i + 1,
						stat_pass_events(run, i, &sheet->arena)));
	if (run->passes.unfit)
		add_note(sheet, ev_arena_printf(&sheet->arena,
						"groups larger than the PMU: %zu; those still "
						"took turns",
						run->passes.unfit));
	if (!agree && (!is_table(run) || run->options->strict))
		sheet->complaint = words;
	run->was_refused |= !agree && run->options->strict;
}

/* --strict: said once, behind the counts. */
static void refuse_ratios(struct sheet *sheet)
{
	struct stat_run *run = sheet->run;
	const char *apart = run->options->strict ? ev_stat_apart(&sheet->stat) : NULL;
	if (!apart || run->was_refused)
		return;
	run->was_refused = true;
	complain_text(run->verb, 0,
		      "--strict: %s would be a ratio of events that were not counted at the same "
		      "times; put them in a group, -e '{a,b}', or use --multi-pass",
		      apart);
}

/* ---- the sheet --------------------------------------------------------------------------------
 */

static void begin_sheet(struct sheet *sheet, struct stat_run *run)
{
	*sheet = (struct sheet){ .run = run };
	sheet->stat = (struct ev_stat){
		.target = target_name(&run->options->target, run->options->command, &sheet->arena),
		.runs = run->runs,
		.passes = (unsigned)run->passes.count,
		.user_s = -1,
		.sys_s = -1,
		.cpus = ev_cpus_online(),
		.metrics = run->metrics,
		.slots = run->slots,
		.strict = run->options->strict,
		.by = run->places.by,
	};
	if (run->events.count)
		ev_pmu_absence(sheet->absence, sizeof(sheet->absence));
}

static void print_sheet(struct sheet *sheet, struct ev_stat_options *show)
{
	FILE *out = sheet->run->output.file;
	sheet->stat.fallbacks = sheet->notes.items;
	sheet->stat.fallback_count = sheet->notes.count;
	show->colour = isatty(fileno(out)) && !getenv("NO_COLOR");
	if (!sheet->run->options->quiet) {
		stat_output_start(sheet->run);
		ev_stat_print(out, &sheet->stat, show);
		fflush(out);
	}
	if (sheet->complaint)
		complain_text(sheet->run->verb, 0, "%s", sheet->complaint);
	refuse_ratios(sheet);
	ev_array_done(&sheet->notes);
	ev_arena_done(&sheet->arena);
}

static const struct stat_cell *switches_cell(const struct stat_run *run)
{
	for (size_t i = 0; i < run->counts.cells.count; i++) {
		const struct stat_cell *cell = &run->counts.cells.items[i];
		const struct ev_event *event = &run->events.items[cell->event];
		if (event->kind == EV_EVENT_KERNEL && event->attr.type == PERF_TYPE_SOFTWARE &&
		    event->attr.config == PERF_COUNT_SW_CONTEXT_SWITCHES && cell->runs.count)
			return cell;
	}
	return NULL;
}

static void take(uint64_t *from, uint64_t *excess, uint64_t most)
{
	uint64_t taken = *excess < most ? *excess : most;
	taken = taken < *from ? taken : *from;
	*from -= taken;
	*excess -= taken;
}

/* The accounting of a command includes its start, the counter does not: there it waited for us, and
 * exec may have moved it to another CPU, which is a preemption. */
static void leave_out_start(const struct stat_run *run, struct ev_stat *stat)
{
	const struct stat_cell *cell = switches_cell(run);
	uint64_t accounted = stat->voluntary_switches + stat->involuntary_switches;
	uint64_t counted = cell ? (uint64_t)llround(cell->runs.mean) : accounted;
	uint64_t excess = accounted > counted ? accounted - counted : 0;
	take(&stat->voluntary_switches, &excess, 1);
	take(&stat->involuntary_switches, &excess, 1);
	take(&stat->voluntary_switches, &excess, excess);
}

static void fill_times(struct sheet *sheet)
{
	const struct stat_run *run = sheet->run;
	const struct stat_times *times = &run->times;
	struct ev_stat *stat = &sheet->stat;
	stat->elapsed_s = times->elapsed_s.mean;
	stat->elapsed_error_s =
		ev_running_relative_error(&times->elapsed_s) * times->elapsed_s.mean;
	stat->elapsed_each_s = times->each_s.items;
	stat->peak_rss_kb = times->peak_rss_kb;
	stat->peak_rss_is_bound = times->peak_rss_is_bound;
	stat->machine = times->machine;
	if (!times->user_s.count)
		return;
	stat->user_s = times->user_s.mean;
	stat->sys_s = times->sys_s.mean;
	stat->major_faults = (uint64_t)llround(times->major_faults.mean);
	stat->voluntary_switches = (uint64_t)llround(times->voluntary.mean);
	stat->involuntary_switches = (uint64_t)llround(times->involuntary.mean);
	/* With a delay the command's times are of more than what was counted. */
	if (run->options->delay_ms)
		stat->usage_s = times->usage_s.mean;
	else
		leave_out_start(run, stat);
}

void stat_show(struct stat_run *run)
{
	struct sheet sheet;
	struct ev_stat_options show = run->options->show;
	begin_sheet(&sheet, run);
	sheet.stat.summary = true;
	show.closing = run->options->interval_ms && !run->options->no_summary_mark;
	fill_times(&sheet);
	fill_rows(&sheet, false);
	note_simulation(&sheet);
	note_fallbacks(&sheet);
	note_run(&sheet);
	note_passes(&sheet);
	stat_metrics_note(run, sheet.stat.rows, sheet.stat.row_count, &sheet.arena, add_note,
			  &sheet);
	print_sheet(&sheet, &show);
}

/* The first interval said it; in fields and objects each row keeps its cause. */
static void forget_notes(struct sheet *sheet, struct ev_stat_options *show)
{
	sheet->stat.absence = NULL;
	show->verbose = false;
	for (size_t i = 0; is_table(sheet->run) && i < sheet->stat.row_count; i++)
		sheet->stat.rows[i].why = NULL;
}

void stat_show_interval(struct stat_run *run, uint64_t now_ns)
{
	struct sheet sheet;
	struct ev_stat_options show = run->options->show;
	stat_counts_read(run, true);
	stat_measure(run, now_ns - run->interval_ns, true);
	begin_sheet(&sheet, run);
	sheet.stat.runs = 1;
	sheet.stat.interval_s = (double)(now_ns - run->start_ns) / 1e9;
	sheet.stat.elapsed_s = (double)(now_ns - run->interval_ns) / 1e9;
	fill_rows(&sheet, true);
	/* Fields have one head, a screen that scrolls or is cleared has more. */
	show.heading = run->options->interval_clear || !run->intervals ||
		       (is_table(run) && run->intervals % HEADING_EVERY == 0);
	if (run->options->interval_clear && is_table(run))
		fputs("\033[H\033[2J", run->output.file);
	if (!run->intervals)
		note_fallbacks(&sheet);
	else
		forget_notes(&sheet, &show);
	run->intervals++;
	run->interval_ns = now_ns;
	print_sheet(&sheet, &show);
}
