/* evprof stat: counts events of a command, process or machine. The options and the order of the
 * stages stand here; each stage has its file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include "signals.h"
#include "perf_flags.h"
#include "stat.h"
#include "verbs.h"

static int parse_separator(void *into, const char *value, struct ev_err *err)
{
	struct stat_options *options = into;
	const char *text = strcmp(value, "\\t") ? value : "\t";
	if (!*text || strlen(text) >= sizeof(options->show.separator_text))
		return ev_fail(err, EINVAL, "-x takes a separator of 1 to %zu characters, not '%s'",
			       sizeof(options->show.separator_text) - 1, value);
	snprintf(options->show.separator_text, sizeof(options->show.separator_text), "%s", text);
	return 0;
}

static int parse_format(void *into, const char *value, struct ev_err *err)
{
	static const char *const words[] = { "table", "json", "csv", "openmetrics" };
	struct stat_options *options = into;
	size_t i = 0;
	while (i < EV_LENGTH(words) && strcmp(value, words[i]))
		i++;
	if (i == EV_LENGTH(words))
		return ev_fail(err, EINVAL,
			       "--format is one of table, json, csv and openmetrics, not '%s'",
			       value);
	options->show.json = i == 1;
	options->show.csv = i == 2;
	options->openmetrics = i == 3;
	return 0;
}

/* clang-format off */
#define ROW(letter, name, value, kind, field, help)                                                 \
	OPTION(letter, name, value, kind, struct stat_options, field, help)

static const struct option_row rows[] = {
	OPTION_GROUP("What to count"),
	EVENT_ROWS(struct stat_options, events),
	{ .letter = 'g', .name = "group", .kind = OPTION_FLAG, .hidden = true,
	  .offset = offsetof(struct stat_options, events.grouped), .help = "all events as one group" },
	ROW('d', "detailed", NULL, COUNT, detail, "cache events too; -dd and -ddd for more of them"),
	ROW('M', "metrics", "NAME", LIST, metrics, "the events of these metrics, `evprof list metric` shows them; a,b for several"),
	ROW(0, "topdown", NULL, FLAG, topdown, "what became of the CPU's slots: top-down analysis, level 1"),
	ROW(0, "td-level", "N", U64, topdown_level, "level of --topdown: 1 is what there is"),
	ROW(0, "metric-no-group", NULL, FLAG, metric_no_group, "with -M, events of a metric may be counted at different times"),
	ROW(0, "multi-pass", NULL, FLAG, multi_pass, "run the command once for each set of events that fits the counters"),
	ROW(0, "strict", NULL, FLAG, strict, "no ratios of events counted at different times: say so, exit status 1"),
	ROW('T', "transaction", NULL, FLAG, transactions, "what became of transactions (TSX), where the processor has them"),
	ROW('n', "null", NULL, FLAG, null_run, "count nothing, only time the command"),
	OPTION_GROUP("Whom"),
	TARGET_ROWS(struct stat_options, target),
	ROW(0, "for-each-cgroup", "NAME[,NAME]", TEXT, for_each_cgroup,
	    "with -a, every event in each of these cgroups; with one of {}[]()|*+?^$ in it they are regular expressions"),
	OPTION_GROUP("What to keep apart"),
	ROW('A', "no-aggr", NULL, FLAG, by[EV_BY_CPU], "a row for each CPU, with -a or -C"),
	ROW(0, "per-core", NULL, FLAG, by[EV_BY_CORE], "CPUs of a core added up, with -a or -C"),
	ROW(0, "per-cluster", NULL, FLAG, by[EV_BY_CLUSTER], "the same for a cluster of cores"),
	ROW(0, "per-cache", NULL, FLAG, by[EV_BY_CACHE], "for those that share a last-level cache"),
	ROW(0, "per-die", NULL, FLAG, by[EV_BY_DIE], "for a die"),
	ROW(0, "per-socket", NULL, FLAG, by[EV_BY_SOCKET], "for a socket"),
	ROW(0, "per-node", NULL, FLAG, by[EV_BY_NODE], "for a node of memory"),
	ROW(0, "per-thread", NULL, FLAG, per_thread,
	    "a row for each thread: of -p or -t, or that a command and its children ever start"),
	ROW(0, "per-pmu", NULL, FLAG, per_pmu, "a row for each PMU that serves an event, instead of the sum"),
	{ .name = "no-merge", .kind = OPTION_FLAG, .hidden = true,
	  .offset = offsetof(struct stat_options, per_pmu), .help = "the same as --per-pmu" },
	OPTION_GROUP("When"),
	ROW('r', "repeat", "N", U64, repeat, "run the command N times: mean and error; 0 = for ever"),
	ROW('I', "interval-print", "MS", U64, interval_ms, "print what was counted every so often"),
	ROW(0, "interval-count", "N", U64, interval_count, "stop after so many intervals"),
	ROW('D', "delay", "MS", INT, delay_ms, "begin after so many milliseconds; -1 = never"),
	ROW('S', "sync", NULL, FLAG, sync, "write all files to disk before each run"),
	ROW(0, "timeout", "MS", U64, timeout_ms, "stop after so many milliseconds"),
	ROW(0, "control", "fd:N[,N]|fifo:PATH[,PATH]", TEXT, control,
	    "obey lines written there (enable, disable, stop, ping, evlist, status: see evprof control); ack answers on the second"),
	ROW(0, "pre", "COMMAND", TEXT, pre, "run this by the shell before each run, uncounted"),
	ROW(0, "post", "COMMAND", TEXT, post, "and this after it"),
	SIMULATE_ROWS(struct stat_options, simulate),
	ROW('q', "no-progress", NULL, FLAG, no_progress, "say nothing of how long a simulation takes"),
	OPTION_GROUP("How to show it"),
	OPTION_TO('x', "field-separator", "SEP", parse_separator, "separated fields, as perf stat -x prints them"),
	ROW('j', "json-output", NULL, FLAG, show.json, "one JSON object a line"),
	ROW(0, "csv", NULL, FLAG, show.csv, "a table of RFC 4180, with a header"),
	OPTION_TO(0, "format", "table|json|csv|openmetrics", parse_format, "those, or what Prometheus scrapes: counts that grow with each -I"),
	ROW(0, "metric-only", NULL, FLAG, show.metric_only, "only the figures, a column each"),
	ROW(0, "table", NULL, FLAG, show.table, "with -r, the time of each run"),
	ROW(0, "summary", NULL, FLAG, summary, "with -I, the whole at the end"),
	ROW(0, "no-csv-summary", NULL, FLAG, no_summary_mark, "rows of --summary with -x do not begin with that word"),
	ROW(0, "interval-clear", NULL, FLAG, interval_clear, "with -I, clear the screen before each"),
	ROW(0, "quiet", NULL, FLAG, quiet, "print no counts"),
	ROW('B', "big-num", NULL, FLAG, show.grouped, "commas between thousands (they are there; --no-big-num)"),
	ROW('c', "scale", NULL, FLAG, scale, "scale multiplexed counts (they are; --no-scale)"),
	ROW('o', "output", "FILE", TEXT, output, "where to write, instead of standard error"),
	ROW(0, "append", NULL, FLAG, append, "add to the file of -o"),
	ROW(0, "log-fd", "N", INT, log_fd, "write to this open descriptor"),
	ROW('v', "verbose", NULL, FLAG, show.verbose, "full spellings, and what the figures mean"),
	STAT_PERF_ROWS,
	{ 0 },
};
/* clang-format on */

static const struct example examples[] = {
	{ "evprof stat ./sorts", "how much of everything, and where the time went" },
	{ "evprof stat -r 10 -e task-clock,page-faults ./sorts",
	  "ten runs: means and their error" },
	{ "evprof stat -d ./cachewalk", "is it the cache?" },
	{ "evprof stat --simulate -d ./cachewalk",
	  "the same on a model, where there are no hardware counters" },
	{ "evprof stat -M ipc,branch-mpki ./sorts", "these figures, with the events they need" },
	{ "evprof stat --multi-pass -ddd ./cachewalk",
	  "many events and few counters: nothing is scaled" },
	{ "evprof stat -I 1000 --format openmetrics -o evprof.prom -p 1234",
	  "a file for Prometheus (node_exporter's textfile collector), new every second" },
	{ "evprof stat -I 1000 -p 1234", "a running process, every second, until Ctrl-C" },
	{ "evprof stat -e 'uprobe:./sorts:*_sort' ./sorts",
	  "how often functions are called (as root)" },
	{ "evprof stat -a -A -e context-switches sleep 5", "every CPU for five seconds" },
	{ "evprof stat --per-thread -e task-clock,page-faults make",
	  "every process and thread of a build, the busiest first" },
	{ "evprof stat -a --per-socket sleep 1", "is one socket busier than the other?" },
	{ "evprof stat -a --for-each-cgroup system.slice,user.slice sleep 1",
	  "which part of the machine is it?" },
	{ NULL, NULL },
};

/* What is kept apart must be watched in parts. */
static int check_apart(const struct stat_options *options, bool system, bool attached,
		       struct ev_err *err)
{
	unsigned ways = options->per_thread;
	for (size_t i = 0; i < ev_aggregation_count; i++) {
		ways += options->by[i];
		if (options->by[i] && !system)
			return ev_fail(err, EINVAL, "%s%s keeps CPUs apart: it needs -a or -C",
				       i == EV_BY_CPU ? "-A" : "--per-",
				       i == EV_BY_CPU ? "" : ev_aggregations[i].name);
	}
	if (ways > 1)
		return ev_fail(err, EINVAL,
			       "-A, --per-core, --per-thread and the like each say what is kept "
			       "apart: give one of them");
	if (options->per_thread && (system || (!attached && !options->command)))
		return ev_fail(err, EINVAL,
			       "--per-thread keeps threads apart: it needs a command, -p or -t");
	if (!options->per_thread || attached)
		return 0;
	/* A thread of a command is counted when it has ended. */
	if (options->interval_ms)
		return ev_fail(err, EINVAL,
			       "the threads of a command tell their counts when they end, not in "
			       "between: leave out -I, or attach with -p");
	if (options->repeat != 1)
		return ev_fail(err, EINVAL,
			       "every run has threads of its own, of which there is no mean: leave "
			       "out -r or --per-thread");
	if (options->target.no_inherit)
		return ev_fail(err, EINVAL,
			       "-i leaves out the threads that --per-thread keeps apart: choose");
	return 0;
}

static int check_options(const struct stat_options *options, struct ev_err *err)
{
	bool system = options->target.system_wide || options->target.cpus;
	bool attached = options->target.pids || options->target.tids || options->target.user;
	int rc = simulate_check(&options->simulate, &options->target, options->command, err);
	if (!rc)
		rc = check_apart(options, system, attached, err);
	if (!rc)
		rc = events_check_cgroups(&options->events, options->for_each_cgroup,
					  &options->target, err);
	if (rc)
		return rc;
	if (options->repeat != 1 && !options->command)
		return ev_fail(err, EINVAL, "-r repeats a command: give one");
	if ((options->pre || options->post) && !options->command)
		return ev_fail(err, EINVAL, "--pre and --post go around a command: give one");
	if (options->repeat > 1000000)
		return ev_fail(err, EINVAL, "-r takes at most 1000000 runs");
	if (options->repeat != 1 && options->interval_ms)
		return ev_fail(err, EINVAL,
			       "-r gives means over whole runs and -I parts of one: choose");
	if (options->interval_count && !options->interval_ms)
		return ev_fail(err, EINVAL, "--interval-count goes with -I");
	if (options->timeout_ms && options->interval_ms)
		return ev_fail(err, EINVAL, "with -I use --interval-count instead of --timeout");
	if (options->interval_ms > 1000000000 || options->timeout_ms > 1000000000000)
		return ev_fail(err, EINVAL, "-I and --timeout are in milliseconds: that is years");
	if (options->delay_ms < -1)
		return ev_fail(err, EINVAL, "-D takes milliseconds, or -1");
	if (options->multi_pass && options->interval_ms)
		return ev_fail(err, EINVAL,
			       "--multi-pass puts whole runs together and -I shows parts of one: "
			       "choose");
	if (options->multi_pass && !options->command)
		return ev_fail(err, EINVAL,
			       "--multi-pass repeats a command: what runs already cannot be run "
			       "again for each pass");
	if (options->topdown_level > 1)
		return ev_fail(err, EINVAL, "--td-level: level 1 is all that evprof knows");
	if (options->interval_clear && !options->interval_ms)
		return ev_fail(err, EINVAL, "--interval-clear goes with -I");
	if (options->null_run && (options->metrics.count || options->topdown))
		return ev_fail(err, EINVAL, "-n counts nothing: leave out -M and --topdown");
	if (options->null_run && options->events.words.count)
		return ev_fail(err, EINVAL, "-n counts nothing and -e counts events: choose");
	rc = stat_totals_check(options, err);
	if (rc)
		return rc;
	if (options->output && options->log_fd >= 0)
		return ev_fail(err, EINVAL, "-o and --log-fd both say where to write: choose");
	return 0;
}

static int command_status(const struct stat_run *run)
{
	if (!run->options->command || run->ended_by_us)
		return 0;
	return WIFSIGNALED(run->status) ? STATUS_SIGNAL + WTERMSIG(run->status)
					: WEXITSTATUS(run->status);
}

/* One run in each pass. -1, or the exit status. */
static int run_passes(struct stat_run *run)
{
	int status = -1;
	for (size_t pass = 0; pass < run->passes.count && status < 0; pass++) {
		stat_pass_begin(run, pass);
		status = stat_once(run);
		if (signals_stop())
			break;
	}
	return status;
}

/* Every run that was asked for. */
static int run_all(struct stat_run *run)
{
	uint64_t wanted = run->options->repeat;
	for (uint64_t i = 0; !wanted || i < wanted; i++) {
		int status = run_passes(run);
		if (status >= 0)
			return status;
		if (!wanted) {
			stat_show(run);
			stat_counts_forget_runs(run);
		}
		if (signals_stop() || run->told_to_stop)
			break;
	}
	if (wanted && (!run->options->interval_ms || run->options->summary))
		stat_show(run);
	return command_status(run);
}

static int count_all(struct stat_run *run)
{
	struct ev_err err = { 0 };
	if (run->options->simulate.on)
		return stat_simulate(run);
	if (check_options(run->options, &err) ||
	    target_resolve(&run->options->target, run->options->command, &run->target, &err))
		return complain(run->verb, &err, err.code == ESRCH ? STATUS_REFUSED : STATUS_USAGE);
	int rc = stat_events(run, &err);
	if (rc)
		return complain(run->verb, &err, rc == -EOPNOTSUPP ? STATUS_REFUSED : STATUS_USAGE);
	if (stat_places_find(run, &err) || stat_passes_plan(run, &err) ||
	    control_open(&run->control, run->options->control, &err))
		return complain(run->verb, &err, STATUS_USAGE);
	int status = run_all(run);
	control_close(&run->control);
	if (!status && run->was_refused)
		status = STATUS_FAILED;
	if (stat_output_close(run, !run->output.is_started, &err))
		return complain(run->verb, &err, status ? status : STATUS_FAILED);
	return status;
}

static int run_stat(const struct verb *verb, int argc, char **argv)
{
	struct stat_options options = {
		.repeat = 1, .scale = true, .log_fd = -1, .show.grouped = true
	};
	int first, status = options_parse(verb, &options, argc, argv, &first);
	if (status < 0) {
		options.show.no_scale = !options.scale;
		options.show.simulated = options.simulate.on;
		options.command = first < argc ? argv + first : NULL;
		options.simulate.typed = argv + 1;
		options.simulate.typed_count = (size_t)first - 1;
		struct stat_run run = { .verb = verb,
					.options = &options,
					.control = CONTROL_NONE };
		signals_watch();
		status = count_all(&run);
		stat_counts_done(&run.counts);
		stat_places_done(&run.places);
		stat_totals_done(&run.totals);
		ev_array_done(&run.times.each_s);
		ev_array_done(&run.slices.of);
		stat_passes_done(&run);
		free(run.metrics);
		stat_run_done(&run);
		ev_event_list_done(&run.events);
		target_done(&run.target);
	}
	options_list_done(&options.metrics);
	events_done(&options.events);
	options_list_done(&options.simulate.caches);
	return status;
}

const struct verb stat_verb = {
	.name = "stat",
	.synopsis = "[OPTION]… [--] [COMMAND [ARGUMENT]…]",
	.about = "Count events of a command, process or machine, and say where the time went.",
	.options = rows,
	.examples = examples,
	.run = run_stat,
	.notes =
		"The exit status is the command's own (128 + N when signal N ended it), 125 when\n"
		"nothing could be counted and the command was not started, 126 and 127 when it\n"
		"cannot be run or is not found, 129 for wrong usage. When the command has run and\n"
		"the counts cannot be written (a full disk) that is said, and the status is the\n"
		"command's own unless that is 0: then it is 1.",
};
