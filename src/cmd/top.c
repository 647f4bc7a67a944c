/* evprof top: events of what runs now, by function, as they happen. What was asked for becomes a
 * plan of what is opened, taken and shown (top_take.c, top_watch.c). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cache_folder.h"
#include "perf_flags.h"
#include "record_unwind.h"
#include "screen.h"
#include "signals.h"
#include "top.h"
#include "verbs.h"

#define DEFAULT_DELAY_S 2 /* perf's */
#define CHAIN_LIMIT 0.5   /* percent */

static int parse_call_graph(void *into, const char *value, struct ev_err *err)
{
	struct top_options *options = into;
	static const struct {
		const char *name;
		enum record_chains chains;
	} ways[] = {
		{ "fp", RECORD_CHAINS_FP },     { "dwarf", RECORD_CHAINS_DWARF },
		{ "lbr", RECORD_CHAINS_LBR },   { "no", RECORD_CHAINS_NONE },
		{ "none", RECORD_CHAINS_NONE },
	};
	for (size_t i = 0; i < EV_LENGTH(ways); i++) {
		if (strcmp(value ? value : "no", ways[i].name))
			continue;
		options->record.chains = ways[i].chains;
		return 0;
	}
	return ev_fail(err, EINVAL,
		       "--call-graph takes fp (frame pointers), dwarf (copies of the stack), lbr "
		       "(the processor's record of calls) or no here, not '%s'",
		       value);
}

static int parse_python(void *into, const char *value, struct ev_err *err)
{
	return record_python_parse(&((struct top_options *)into)->record, value, err);
}

static int parse_chains(void *into, const char *value, struct ev_err *err)
{
	(void)value;
	return parse_call_graph(into, "fp", err);
}

/* clang-format off */
#define ROW(letter, name, value, kind, field, help)                                                 \
	OPTION(letter, name, value, kind, struct top_options, field, help)

static const struct option_row rows[] = {
	OPTION_GROUP("What to sample"),
	EVENT_ROWS(struct top_options, record.events),
	ROW('F', "freq", "HZ|max", TEXT, record.frequency, "samples per second, adapted by the kernel (4000)"),
	ROW('c', "count", "N", U64, record.period_events, "one sample every N events"),
	OPTION_TO('g', "call-chains", NULL, parse_chains, "call chains, by frame pointers"),
	{ .name = "call-graph", .value = "fp|dwarf|lbr|no", .kind = OPTION_CALL, .parse = parse_call_graph,
	  .negatable = true, .help = "how call chains are followed: by frame pointers (fp), by copies of the stack and unwind tables (dwarf), by the processor's record of calls (lbr)" },
	{ .name = "python", .value = "HOW", .kind = OPTION_CALL, .parse = parse_python,
	  .help = "functions of Python programs in place of the interpreter's: merged, agent (in the command itself), off (auto: where what is watched is Python)" },
	OPTION_GROUP("Whom"),
	TARGET_ROWS(struct top_options, record.target),
	OPTION_GROUP("What is shown"),
	ROW('s', "sort", "KEY[,KEY]", TEXT, sort, "as after evprof report -s (comm,dso,sym)"),
	ROW('n', "show-nr-samples", NULL, FLAG, show_samples, "a column with the samples"),
	ROW(0, "show-total-period", NULL, FLAG, report.view.show_period, "a column with the period"),
	ROW(0, "fields", "[+]KEY[,KEY]", TEXT, report.fields, "columns in their order, as evprof report -F"),
	ROW(0, "children", NULL, COUNT, report.children, "count callees too (on with -g; --no-children)"),
	ROW(0, "max-stack", "N", U64, report.chain_limit, "keep the innermost N addresses of a chain only"),
	ROW(0, "ignore-callees", "REGEX", TEXT, report.ignored, "what these functions call counts as their own"),
	ROW(0, "percentage", "relative|absolute", TEXT, report.percentage, "of what is shown, or of everything (absolute)"),
	ROW('w', "column-widths", "N[,N]", TEXT, report.widths, "fixed widths of the columns"),
	ROW(0, "comms", "NAME[,NAME]", TEXT, report.filter.comms, "only these commands"),
	ROW(0, "dsos", "NAME[,NAME]", TEXT, report.filter.objects, "only these objects"),
	ROW(0, "symbols", "NAME[,NAME]", TEXT, report.filter.symbols, "only these functions"),
	ROW('k', "vmlinux", "FILE", TEXT, report.symbols.vmlinux, "the kernel's image"),
	ROW(0, "kallsyms", "FILE", TEXT, report.symbols.kallsyms, "the kernel's symbols"),
	ROW('E', "entries", "N", U64, rows, "rows of the table as text (20)"),
	ROW(0, "percent-limit", "PERCENT", REAL, percent_limit, "leave out smaller rows"),
	ROW('K', "hide_kernel_symbols", NULL, FLAG, hide_kernel, "leave out the kernel's functions"),
	ROW('U', "hide_user_symbols", NULL, FLAG, hide_user, "leave out those of user space"),
	OPTION_GROUP("When"),
	ROW('d', "delay", "SECONDS", REAL, delay_s, "between refreshes (2)"),
	ROW('z', "zero", NULL, FLAG, zero, "begin anew with each refresh; else what is older counts less"),
	ROW(0, "refreshes", "N", U64, refreshes, "leave after so many"),
	OPTION_GROUP("Output"),
	ROW(0, "batch", NULL, FLAG, batch, "tables of text, one after another; so it is without a terminal"),
	ROW(0, "stdio", NULL, FLAG, stdio, "the same"),
	OPTION_TO('m', "mmap-pages", "PAGES|SIZE", record_parse_ring, "size of each CPU's ring"),
	ROW('r', "realtime", "PRIORITY", U64, record.priority, "run before all that is not real-time (SCHED_FIFO, 1 … 99)"),
	ROW('o', "output", "FILE", TEXT, record.output, "where the key w writes a recording (perf.data)"),
	TOP_PERF_ROWS,
	{ 0 },
};
/* clang-format on */

static const struct example examples[] = {
	{ "evprof top", "the whole machine (as root)" },
	{ "evprof top -g -p 1234", "a process, with its call chains" },
	{ "evprof top python3 sorts.py", "a Python program: its own functions" },
	{ "evprof top -u www-data -e page-faults", "page faults of a user's processes" },
	{ "evprof top -d 0.5 -z ./server", "a command; each half second by itself" },
	{ "evprof top --batch --refreshes 3 -E 10 -a", "three tables of text" },
	{ NULL, NULL },
};

/* ---- what the options mean ------------------------------------------------------------------- */

static bool names_target(const struct target_options *target)
{
	return target->pids || target->tids || target->user || target->cpus || target->system_wide;
}

/* Without a target the whole machine; for who may not watch it, what is one's own. */
static void choose_target(struct top *top, struct top_options *options, struct ev_arena *arena)
{
	struct target_options *target = &options->record.target;
	if (names_target(target) || options->record.command)
		return;
	if (geteuid()) {
		target->user = ev_arena_printf(arena, "%u", (unsigned)geteuid());
		ev_recording_add_note(&top->run.recording, "fallback",
				      "your own processes only: the whole machine takes root");
	} else {
		target->system_wide = true;
	}
}

static int plan(struct top *top, struct ev_err *err)
{
	const struct top_options *options = top->options;
	struct report_options *report = &top->report;
	bool chains = options->record.chains != RECORD_CHAINS_NONE;
	*report = options->report;
	report->input = "evprof top";
	report->sort = options->sort;
	report->children = chains && report->children ? 2 : 0;
	report->demangle = true;
	report->group = 1; /* inlined functions are not looked for: that takes long */
	report->view.chain_limit = CHAIN_LIMIT;
	report->view.chains = chains ? EV_CHAIN_GRAPH : EV_CHAIN_NONE;
	report->view.show_samples = options->show_samples;
	report->view.percent_limit = options->percent_limit;
	report->view.quiet = true;
	report->symbols.cache = top->cache = cache_folder();
	report->symbols.keeps = true;
	if (!(options->delay_s >= 0.05 && options->delay_s <= 86400))
		return ev_fail(err, EINVAL, "-d takes seconds, from 0.05 to 86400 (a day)");
	if (options->hide_kernel && options->hide_user)
		return ev_fail(err, EINVAL, "-K and -U together leave nothing");
	top->run.options = &options->record;
	top->zeroes = options->zero;
	return report_plan(report, &top->plan, err);
}

/* -K and -U: the other side only is sampled. */
static void limit_levels(struct top_options *options)
{
	options->record.events.all_user |= options->hide_kernel;
	options->record.events.all_kernel |= options->hide_user;
}

static int top_all(struct top *top, struct ev_err *err)
{
	struct record_run *run = &top->run;
	if (plan(top, err))
		return complain(top->verb, err, STATUS_USAGE);
	if (target_resolve(&run->options->target, run->options->command, &run->target, err) ||
	    events_check_cgroups(&run->options->events, NULL, &run->options->target, err))
		return complain(top->verb, err, err->code == ESRCH ? STATUS_REFUSED : STATUS_USAGE);
	if (record_sampling(run, err))
		return complain(top->verb, err, STATUS_USAGE);
	if (record_python_plan(run, err))
		return complain(top->verb, err, err->code == EPERM ? STATUS_REFUSED : STATUS_USAGE);
	int rc = record_events(run, err);
	if (rc)
		return complain(top->verb, err, rc == -EINVAL ? STATUS_USAGE : STATUS_REFUSED);
	if (top_begin(top, err)) {
		bool command = run->sampler && run->workload;
		return complain(top->verb, err,
				!command              ? STATUS_REFUSED
				: err->code == ENOENT ? STATUS_NOT_FOUND
						      : STATUS_NOT_EXECUTABLE);
	}
	if (top_watch(top, err))
		return complain(top->verb, err, STATUS_FAILED);
	return 0;
}

static void run_done(struct top *top)
{
	struct record_run *run = &top->run;
	top_done(top);
	record_unwind_close(run->unwind);
	record_stacks_done(&run->stacks);
	record_python_close(run);
	record_agent_close(run);
	if (run->sampler)
		events_tell_closing(top->verb, &run->events);
	ev_sampler_close(run->sampler);
	ev_workload_close(run->workload);
	ev_event_list_done(&run->events);
	ev_recording_done(&run->recording);
	target_done(&run->target);
	free((void *)top->report.view.widths);
	report_plan_done(&top->plan);
}

static int run_top(const struct verb *verb, int argc, char **argv)
{
	struct top_options options = {
		.record = { .clock_id = -1, .output = "perf.data", .chains = RECORD_CHAINS_NONE },
		.report.children = 1,
		.delay_s = DEFAULT_DELAY_S,
	};
	struct ev_err err = { 0 };
	struct ev_arena arena = { 0 };
	int first, status = options_parse(verb, &options, argc, argv, &first);
	if (status < 0) {
		struct top *top = ev_alloc(sizeof(*top));
		*top = (struct top){
			.verb = verb,
			.options = &options,
			.run = { .verb = verb, .control = CONTROL_NONE, .wait_fd = -1 },
		};
		options.record.command = first < argc ? argv + first : NULL;
		options.batch |= options.stdio || screen_absence();
		limit_levels(&options);
		ev_describe_host(&top->run.recording, argc + 1, argv - 1); /* "evprof" too */
		ev_describe_clock(&top->run.recording, options.record.clock_id);
		choose_target(top, &options, &arena);
		signals_watch();
		status = top_all(top, &err);
		run_done(top);
		free(top);
	}
	ev_arena_done(&arena);
	events_done(&options.record.events);
	return status;
}

const struct verb top_verb = {
	.name = "top",
	.synopsis = "[OPTION]… [--] [COMMAND [ARGUMENT]…]",
	.about = "Show which functions the events of what runs now belong to, as they happen.",
	.options = rows,
	.examples = examples,
	.run = run_top,
	.notes =
		"Without a command or target the whole machine is watched, or, by who is not root, "
		"one's own processes. The keys are those of evprof report on a terminal, ? shows "
		"them; besides, f or the space bar freezes what is shown, z begins anew with each "
		"refresh, and w writes what was sampled (the last 64 MiB of records) as a "
		"recording.\n\n"
		"With each refresh what is older counts 7/8 of what it did, as perf top has it. "
		"What "
		"a command prints, and what it would read, is not shown where the browser has the "
		"terminal.",
};
