/* evprof stat --simulate: counts of a model in the screens of measured ones, marked as what they
 * are. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "screen.h"
#include "signals.h"
#include "simulate.h"
#include "stat.h"

/* What is shown when no event was named, by -d; all of it comes from one run. */
static const char *const usual[] = { "instructions",          "branches",
				     "branch-misses",         "L1-dcache-loads",
				     "L1-dcache-load-misses", "cache-references",
				     "cache-misses",          NULL };
static const char *const detailed[] = {
	"instructions",
	"branches",
	"branch-misses",
	"L1-dcache-loads",
	"L1-dcache-load-misses",
	"L1-dcache-stores",
	"L1-dcache-store-misses",
	"L1-icache-load-misses",
	"LLC-loads",
	"LLC-load-misses",
	"LLC-stores",
	"LLC-store-misses",
	"cache-references",
	"cache-misses",
	NULL,
};

struct simulated_stat {
	struct stat_run *run;
	struct simulate_plan plan;
	struct ev_running *counts; /* one per event, over the runs */
	struct ev_running elapsed_s;
	EV_ARRAY(double) each_s;
	unsigned runs;
	bool differs; /* not every run gave the same counts */
	EV_ARRAY(const char *) notes;
	struct ev_arena arena;
};

/* What has no meaning in a simulation. */
static bool knows_time(const struct stat_options *options)
{
	for (size_t i = 0; i < ev_aggregation_count; i++)
		if (options->by[i])
			return true;
	return options->per_thread || options->for_each_cgroup || options->interval_ms ||
	       options->delay_ms || options->timeout_ms || options->control;
}

/* What chooses events by what the counters of this machine are, or shares those out. */
static bool wants_counters(const struct stat_options *options)
{
	return options->metrics.count || options->topdown || options->multi_pass;
}

static int check_options(const struct stat_options *options, struct ev_err *err)
{
	int rc = simulate_check(&options->simulate, &options->target, options->command, err);
	if (rc)
		return rc;
	if (options->null_run)
		return ev_fail(err, EINVAL, "-n counts nothing, and --simulate counts: choose");
	if (knows_time(options))
		return ev_fail(err, EINVAL,
			       "a simulation is of a whole run and knows neither time nor CPUs: "
			       "-A, --per-…, --for-each-cgroup, -I, -D, --timeout and --control do "
			       "not go with --simulate");
	if (wants_counters(options))
		return ev_fail(err, EINVAL,
			       "the model counts everything in one run: -M, --topdown and "
			       "--multi-pass do not go with --simulate, name events with -e");
	if (!options->repeat)
		return ev_fail(err, EINVAL, "--simulate with -r 0 would never end: give a number");
	return 0;
}

static bool is_table(const struct stat_options *options)
{
	return !options->openmetrics && !options->show.csv && !options->show.json &&
	       !*options->show.separator_text;
}

/* The plan and progress go to standard error: not where others parse it. */
static bool is_quiet(const struct stat_options *options)
{
	return options->no_progress ||
	       (!is_table(options) && !options->output && options->log_fd < 0);
}

/* ---- the sheet ---------------------------------------------------------------------------------
 */

static void fill_rows(struct simulated_stat *stat, struct ev_stat *sheet)
{
	size_t count = stat->plan.events.count;
	sheet->rows = ev_arena_take(&stat->arena, (count + 1) * sizeof(*sheet->rows));
	sheet->row_count = count;
	for (size_t i = 0; i < count; i++)
		sheet->rows[i] = (struct ev_stat_row){
			.event = ev_simulated_name(stat->plan.events.items[i], &stat->arena),
			.unit = "",
			.slot = "",
			.value = stat->counts[i].mean,
			.relative_error = ev_running_relative_error(&stat->counts[i]),
			.enabled_ns = stat->plan.elapsed_ns,
			.running_ns = stat->plan.elapsed_ns,
		};
}

static void add_notes(struct simulated_stat *stat)
{
	const struct simulate_plan *plan = &stat->plan;
	const struct stat_options *options = stat->run->options;
	*ev_array_add(&stat->notes) =
		ev_arena_printf(&stat->arena,
				"These are exact counts of a model, not of this CPU: the program's "
				"own code (not the "
				"kernel's), %zu process%s, %zu thread%s.",
				plan->result.processes, plan->result.processes == 1 ? "" : "es",
				plan->result.threads, plan->result.threads == 1 ? "" : "s");
	if (*plan->note)
		*ev_array_add(&stat->notes) = plan->note;
	if (*plan->result.trouble)
		*ev_array_add(&stat->notes) = plan->result.trouble;
	if (stat->runs > 1)
		*ev_array_add(&stat->notes) =
			stat->differs ? "a simulation repeats itself: where the runs differ, the "
					"program itself did"
				      : "every run gave the same counts: a simulation repeats "
					"itself";
	if (stat->runs < options->repeat)
		*ev_array_add(&stat->notes) =
			ev_arena_printf(&stat->arena, "interrupted after %u of %llu runs",
					stat->runs, (unsigned long long)options->repeat);
	for (size_t i = 0; options->show.verbose && i < plan->events.count; i++)
		*ev_array_add(&stat->notes) =
			ev_arena_printf(&stat->arena, "simulated/%s/: %s",
					plan->events.items[i]->name, plan->events.items[i]->about);
}

/* Fields and objects have no notes: what is missing stands beside the model. */
static const char *model_of(struct simulated_stat *stat)
{
	const struct simulate_plan *plan = &stat->plan;
	if (is_table(stat->run->options) || !*plan->result.trouble)
		return plan->model;
	return ev_arena_printf(&stat->arena, "%s; %s", plan->model, plan->result.trouble);
}

static void show(struct simulated_stat *stat)
{
	struct stat_run *run = stat->run;
	struct ev_stat_options how = run->options->show;
	struct ev_stat sheet = {
		.target = target_name(&run->options->target, run->options->command, &stat->arena),
		.runs = stat->runs,
		.simulated = model_of(stat),
		.summary = true,
		.elapsed_s = stat->elapsed_s.mean,
		.elapsed_each_s = stat->each_s.items,
		.user_s = -1,
		.sys_s = -1,
		.cpus = ev_cpus_online(),
	};
	sheet.elapsed_error_s = ev_running_relative_error(&stat->elapsed_s) * sheet.elapsed_s;
	fill_rows(stat, &sheet);
	add_notes(stat);
	sheet.fallbacks = stat->notes.items;
	sheet.fallback_count = stat->notes.count;
	how.colour = screen_colours(fileno(run->output.file));
	if (run->options->quiet)
		return;
	stat_output_start(run);
	ev_stat_print(run->output.file, &sheet, &how);
	fflush(run->output.file);
}

/* ---- the runs ----------------------------------------------------------------------------------
 */

static void add_run(struct simulated_stat *stat)
{
	stat->runs++;
	*ev_array_add(&stat->each_s) = (double)stat->plan.elapsed_ns / 1e9;
	ev_running_add(&stat->elapsed_s, (double)stat->plan.elapsed_ns / 1e9);
	for (size_t i = 0; i < stat->plan.events.count; i++) {
		double total = (double)simulate_total(&stat->plan, i);
		stat->differs |= stat->runs > 1 && total != stat->counts[i].mean;
		ev_running_add(&stat->counts[i], total);
	}
}

static int run_all(struct simulated_stat *stat)
{
	const struct stat_options *options = stat->run->options;
	struct simulate_plan *plan = &stat->plan;
	int status = 0;
	for (uint64_t i = 0; i < options->repeat; i++) {
		status = stat_run_before(stat->run);
		if (status)
			return status;
		status = simulate_run(plan);
		simulate_close(plan);
		if (status >= 0)
			return status;
		status = stat_run_after(stat->run);
		if (status)
			return status;
		/* A run that was cut short would spoil the mean of whole ones. */
		if (!stat->runs || !signals_stop())
			add_run(stat);
		plan->quiet = true; /* said once */
		if (signals_stop())
			break;
	}
	show(stat);
	return WIFSIGNALED(plan->status) ? STATUS_SIGNAL + WTERMSIG(plan->status)
					 : WEXITSTATUS(plan->status);
}

static int plan_all(struct simulated_stat *stat)
{
	const struct stat_options *options = stat->run->options;
	struct ev_err err = { 0 };
	if (check_options(options, &err) || simulate_caches(&stat->plan, &options->simulate, &err))
		return complain(stat->plan.verb, &err, STATUS_USAGE);
	int rc = simulate_events(&stat->plan, &options->events, options->detail ? detailed : usual,
				 &err);
	if (rc)
		return complain(stat->plan.verb, &err,
				rc == -EINVAL ? STATUS_USAGE : STATUS_REFUSED);
	if (stat_output_open(stat->run, &err))
		return complain(stat->plan.verb, &err, STATUS_REFUSED);
	stat->counts = ev_alloc(stat->plan.events.count * sizeof(*stat->counts));
	return run_all(stat);
}

const char *stat_simulate_hint(const struct stat_run *run, struct ev_arena *arena)
{
	const struct stat_options *options = run->options;
	char absence[256];
	bool refused = false;
	for (size_t i = 0; i < run->events.count && run->counts.openings; i++)
		refused |= run->counts.openings[i].error &&
			   run->events.items[i].kind == EV_EVENT_KERNEL &&
			   ev_event_is_hardware(&run->events.items[i].attr);
	if (!refused || !*ev_pmu_absence(absence, sizeof(absence)))
		return NULL;
	return simulate_hint(run->verb, &options->simulate, &options->target, &options->events,
			     knows_time(options) || wants_counters(options) || options->null_run ||
				     !options->repeat,
			     run->times.user_s.mean, options->command, arena);
}

int stat_simulate(struct stat_run *run)
{
	const struct stat_options *options = run->options;
	struct simulated_stat stat = {
		.run = run,
		.plan = { .verb = run->verb,
			  .command = options->command,
			  .quiet = is_quiet(options),
			  .own_time_s = options->simulate.own_time_s },
	};
	struct ev_err err = { 0 };
	int status = plan_all(&stat);
	if (stat_output_close(run, !run->output.is_started, &err))
		status = complain(run->verb, &err, status ? status : STATUS_FAILED);
	simulate_done(&stat.plan);
	free(stat.counts);
	ev_array_done(&stat.each_s);
	ev_array_done(&stat.notes);
	ev_arena_done(&stat.arena);
	return status;
}
