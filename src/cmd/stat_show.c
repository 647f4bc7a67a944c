/* What was counted becomes the sheet that the views print. */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>
#include "screen.h"
#include "stat_sheet.h"

#define HEADING_EVERY 25 /* intervals */

static void begin_sheet(struct stat_sheet *sheet, struct stat_run *run)
{
	*sheet = (struct stat_sheet){ .run = run };
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

/* --strict: said once, behind the counts. */
static void refuse_ratios(struct stat_sheet *sheet)
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

static void print_sheet(struct stat_sheet *sheet, struct ev_stat_options *show)
{
	FILE *out = sheet->run->output.file;
	sheet->stat.fallbacks = sheet->notes.items;
	sheet->stat.fallback_count = sheet->notes.count;
	show->colour = screen_colours(fileno(out));
	if (!sheet->run->options->quiet && sheet->run->options->openmetrics) {
		stat_totals_print(sheet);
	} else if (!sheet->run->options->quiet) {
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

static void fill_times(struct stat_sheet *sheet)
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
	struct stat_sheet sheet;
	struct ev_stat_options show = run->options->show;
	begin_sheet(&sheet, run);
	sheet.stat.summary = true;
	show.closing = run->options->interval_ms && !run->options->no_summary_mark;
	fill_times(&sheet);
	stat_rows_fill(&sheet, false);
	stat_note_simulation(&sheet);
	stat_note_fallbacks(&sheet);
	stat_note_run(&sheet);
	stat_note_passes(&sheet);
	stat_metrics_note(run, sheet.stat.rows, sheet.stat.row_count, &sheet.arena, stat_note,
			  &sheet);
	print_sheet(&sheet, &show);
}

/* The first interval said it; in fields and objects each row keeps its cause. */
static void forget_notes(struct stat_sheet *sheet, struct ev_stat_options *show)
{
	sheet->stat.absence = NULL;
	show->verbose = false;
	for (size_t i = 0; stat_is_table(sheet->run) && i < sheet->stat.row_count; i++)
		sheet->stat.rows[i].why = NULL;
}

void stat_show_interval(struct stat_run *run, uint64_t now_ns)
{
	struct stat_sheet sheet;
	struct ev_stat_options show = run->options->show;
	stat_counts_read(run, true);
	stat_measure(run, now_ns - run->interval_ns, true);
	begin_sheet(&sheet, run);
	sheet.stat.runs = 1;
	sheet.stat.interval_s = (double)(now_ns - run->start_ns) / 1e9;
	sheet.stat.elapsed_s = (double)(now_ns - run->interval_ns) / 1e9;
	stat_rows_fill(&sheet, true);
	/* Fields have one head, a screen that scrolls or is cleared has more. */
	show.heading = run->options->interval_clear || !run->intervals ||
		       (stat_is_table(run) && run->intervals % HEADING_EVERY == 0);
	if (run->options->interval_clear && stat_is_table(run))
		fputs("\033[H\033[2J", run->output.file);
	if (!run->intervals)
		stat_note_fallbacks(&sheet);
	else
		forget_notes(&sheet, &show);
	run->intervals++;
	run->interval_ns = now_ns;
	print_sheet(&sheet, &show);
}
