/* evprof trace: every call of chosen functions, counted and measured, as cProfile does it for
 * Python. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "signals.h"
#include "trace.h"
#include "verbs.h"

#define LOOK_MS 20
#define DEFAULT_LIMIT 2000
#define DEFAULT_RATE 1000000

static int parse_exits(void *options, const char *value, struct ev_err *err)
{
	static const char *const words[] = { "auto", "kernel", "code" };
	struct trace_options *into = options;
	for (size_t i = 0; i < EV_LENGTH(words); i++)
		if (!strcmp(value, words[i])) {
			into->exits = (enum trace_exits)i;
			return 0;
		}
	return ev_fail(err, EINVAL, "--exits is one of auto, kernel and code");
}

static int parse_graph(void *options, const char *value, struct ev_err *err)
{
	struct trace_options *into = options;
	bool dot = !strcmp(value, "dot");
	if (!dot && strcmp(value, "text"))
		return ev_fail(err, EINVAL, "--graph is one of text and dot");
	into->graph = dot ? TRACE_GRAPH_DOT : TRACE_GRAPH_TEXT;
	return 0;
}

#define ROW(letter, name, value, kind, field, help)                                                \
	OPTION(letter, name, value, kind, struct trace_options, field, help)

static const struct option_row rows[] = {
	OPTION_GROUP("What is traced"),
	ROW('f', "function", "[FILE:]GLOB", LIST, functions,
	    "functions by name, those of a library as lib.so:GLOB; may repeat; without: all of the "
	    "program"),
	ROW('p', "pid", "PID|NAME[,…]", TEXT, pids,
	    "running processes, by number or by name ('redis*'), until Ctrl-C"),
	ROW('i', "no-inherit", NULL, FLAG, no_inherit, "leave out threads and children born later"),
	ROW(0, "limit", "N", U64, limit, "at most so many functions (2000)"),
	ROW(0, "max-rate", "N", U64, max_rate,
	    "let a function go that is called oftener in a second (1000000; 0: never)"),
	ROW(0, "timeout", "MS", U64, timeout_ms, "stop after so many milliseconds"),
	OPTION_TO(0, "exits", "HOW", parse_exits,
		  "how returns are seen: auto, kernel (replaces return addresses) or code (at "
		  "every "
		  "instruction that returns)"),
	OPTION_GROUP("What is shown"),
	ROW('s', "sort", "KEY[,KEY]", TEXT, sort,
	    "rows by calls, cumulative, filename, line, module, name, nfl, pcalls, stdname or "
	    "time, as in pstats (cumulative)"),
	ROW('n', "rows", "N", U64, rows, "the first N rows"),
	OPTION_TO(0, "graph", "text|dot", parse_graph,
		  "callers and callees of each function, with counts"),
	ROW(0, "histogram", NULL, FLAG, histogram, "how long the calls of each function took"),
	ROW('j', "json", NULL, FLAG, json, "everything, for programs"),
	ROW(0, "csv", NULL, FLAG, csv, "the table, for programs"),
	ROW('o', "output", "FILE", TEXT, output, "write there and not to standard output"),
	ROW('q', "quiet", NULL, FLAG, quiet, "no word about the tracing itself"),
	{ .name = "singly",
	  .kind = OPTION_FLAG,
	  .offset = offsetof(struct trace_options, singly),
	  .help = "each probe by itself, as on kernels before 6.6",
	  .hidden = true },
	{ 0 },
};

static const struct example examples[] = {
	{ "evprof trace -f 'fib*' ./fib",
	  "how often each of them is called, and how long it took" },
	{ "evprof trace -s calls -n 10 ./fib", "all functions of the program, the ten busiest" },
	{ "evprof trace -f 'libc.so.6:m*alloc' -f main ./sorts -n 100 -r 10",
	  "functions of a library, and who calls them" },
	{ "evprof trace --graph dot -o calls.dot ./fib", "for graphviz: dot -Tsvg calls.dot" },
	{ "evprof trace --histogram -f fib9 ./fib", "how long the calls took" },
	{ "evprof trace -f 'handle_*' -p 1234", "a running process, until Ctrl-C" },
	{ NULL, NULL },
};

/* ---- run --------------------------------------------------------------------------------------
 */

static int open_trace(struct trace_run *run)
{
	struct ev_err err = { 0 };
	struct ev_target target = { .kind = EV_TARGET_PIDS,
				    .ids = run->pids,
				    .id_count = run->pid_count,
				    .no_inherit = run->options->no_inherit };
	struct ev_watch_target watched = { .target = &target };
	struct ev_trace_place *places =
		ev_arena_take(&run->arena, (run->leavers.count + 1) * sizeof(*places));
	struct ev_trace_options options = {
		.functions = run->functions,
		.function_count = run->points.count,
		.leavers = places,
		.leaver_count = run->leavers.count,
		.rate_limit = run->options->max_rate,
		.singly = run->options->singly,
	};
	uint32_t pid;
	int rc = 0;
	for (size_t i = 0; i < run->leavers.count; i++)
		places[i] = (struct ev_trace_place){ run->leavers.items[i].path,
						     run->leavers.items[i].offset };
	if (run->command) {
		rc = ev_workload_start(&run->workload, run->command, &err);
		pid = rc ? 0 : ev_workload_pid(run->workload);
		target.kind = EV_TARGET_COMMAND;
		target.ids = &pid;
		target.id_count = 1;
	}
	if (!rc)
		rc = ev_trace_open(&run->trace, &options, &watched, &err);
	return rc ? complain(run->verb, &err, STATUS_REFUSED) : 0;
}

static bool processes_gone(const struct trace_run *run)
{
	for (size_t i = 0; i < run->pid_count; i++) {
		char path[64], program[16];
		snprintf(path, sizeof(path), "/proc/%u/exe", run->pids[i]);
		if (readlink(path, program, sizeof(program)) > 0)
			return false;
	}
	return true;
}

static bool is_over(struct trace_run *run, int *passed)
{
	int number = signals_stop();
	if (!run->workload)
		return number || processes_gone(run);
	if (ev_workload_ended(run->workload, false, &run->status, NULL) > 0)
		return true;
	if (number && number != *passed && !(number == SIGINT && signals_share_terminal()))
		ev_workload_signal(run->workload, number);
	*passed = number;
	return false;
}

/* The command is not ended by the end of its tracing: it goes on without. */
static void wait_for_command(struct trace_run *run, int *passed)
{
	while (run->workload && !is_over(run, passed)) {
		struct pollfd fd = { .fd = signals_fd(), .events = POLLIN };
		poll(&fd, 1, LOOK_MS * 5);
		signals_clear();
	}
}

static int trace_until_over(struct trace_run *run)
{
	struct ev_err err = { 0 };
	uint64_t end_ns = run->options->timeout_ms
				  ? ev_now_ns() + run->options->timeout_ms * 1000000
				  : UINT64_MAX;
	int passed = 0;
	signals_watch();
	int rc = run->workload ? ev_workload_go(run->workload, &err) : 0;
	if (rc)
		return complain(run->verb, &err,
				rc == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE);
	while (!is_over(run, &passed) && ev_now_ns() < end_ns) {
		struct pollfd fd = { .fd = signals_fd(), .events = POLLIN };
		poll(&fd, 1, LOOK_MS);
		signals_clear();
		ev_trace_look(run->trace);
	}
	ev_trace_stop(run->trace);
	rc = ev_trace_read(run->trace, &run->result, &err);
	if (ev_now_ns() >= end_ns)
		wait_for_command(run, &passed);
	return rc ? complain(run->verb, &err, STATUS_FAILED) : 0;
}

/* ---- show -------------------------------------------------------------------------------------
 */

static void show(struct trace_run *run, FILE *out, const enum ev_call_key *keys, size_t key_count)
{
	const struct trace_options *options = run->options;
	struct ev_call_function *functions =
		ev_arena_take(&run->arena, (run->points.count + 1) * sizeof(*functions));
	for (size_t i = 0; i < run->points.count; i++)
		functions[i] = (struct ev_call_function){
			.name = run->points.items[i].name,
			.source = run->points.items[i].source,
			.line = run->points.items[i].line,
			.object = run->points.items[i].path,
			.sums = &run->result.functions[i],
		};
	struct ev_calls calls = { functions, run->points.count, run->result.edges,
				  run->result.edge_count };
	struct ev_calls_view view = {
		.calls = &calls,
		.keys = keys,
		.key_count = key_count,
		.row_limit = options->rows,
		.costs = run->result.costs,
		.notes = run->notes.items,
		.note_count = options->quiet ? 0 : run->notes.count,
		.target = run->command ? ev_text_safe(&run->arena, run->command[0])
				       : ev_text_safe(&run->arena, options->pids),
	};
	if (options->json)
		ev_calls_print_json(out, &view);
	else if (options->csv)
		ev_calls_print_csv(out, &view);
	else if (options->graph == TRACE_GRAPH_DOT)
		ev_calls_print_dot(out, &view);
	else if (options->graph == TRACE_GRAPH_TEXT)
		ev_calls_print_graph(out, &view);
	else
		ev_calls_print(out, &view);
	if (options->histogram && !options->json && !options->csv &&
	    options->graph != TRACE_GRAPH_DOT) {
		fputc('\n', out);
		ev_calls_print_histograms(out, &view);
	}
}

/* Formats without notes have their warnings on standard error. */
static void warn(const struct trace_run *run)
{
	const struct trace_options *options = run->options;
	for (size_t i = 0; i < run->notes.count; i++)
		if ((options->csv || options->graph == TRACE_GRAPH_DOT) && !options->quiet &&
		    !strncmp(run->notes.items[i], "Warning: ", 9))
			fprintf(stderr, "[ evprof trace: %s ]\n", run->notes.items[i]);
}

static int write_out(struct trace_run *run, const enum ev_call_key *keys, size_t key_count)
{
	const char *path = run->options->output;
	FILE *out = path ? fopen(path, "w") : stdout;
	if (!out)
		return complain_text(run->verb, STATUS_FAILED, "cannot write to '%s': %m",
				     ev_text_safe(&run->arena, path));
	trace_note(run);
	show(run, out, keys, key_count);
	warn(run);
	if (path && fclose(out))
		return complain_text(run->verb, STATUS_FAILED, "cannot write to '%s': %m",
				     ev_text_safe(&run->arena, path));
	return 0;
}

static int command_status(const struct trace_run *run)
{
	if (!run->workload)
		return 0;
	return WIFSIGNALED(run->status) ? STATUS_SIGNAL + WTERMSIG(run->status)
					: WEXITSTATUS(run->status);
}

/* ---- verb -------------------------------------------------------------------------------------
 */

static int check(struct trace_run *run, enum ev_call_key *keys, struct ev_err *err)
{
	const struct trace_options *options = run->options;
	char absence[256];
	if (!run->command && !options->pids)
		return ev_fail(err, EINVAL, "nothing to trace: give a command, or -p PID");
	if (run->command && options->pids)
		return ev_fail(err, EINVAL, "a command and -p each name what is traced: give one");
	if (options->json + options->csv + (options->graph != TRACE_GRAPH_NONE) > 1)
		return ev_fail(err, EINVAL, "--json, --csv and --graph: give one of them");
	bool by_name;
	int rc = !options->pids ? 0
				: ev_processes_find(options->pids, &run->pids, &run->pid_count,
						    &by_name, err);
	if (rc)
		return rc;
	int count = ev_call_keys_parse(options->sort, keys, err);
	if (count < 0)
		return count;
	if (ev_bpf_absence(absence, sizeof(absence)))
		return ev_fail(err, EPERM,
			       "tracing needs BPF programs, and they cannot be used: %s; try: sudo "
			       "evprof trace …; without: evprof stat -e 'uprobe:PROGRAM:FUNCTION' "
			       "counts, where probes are allowed",
			       absence);
	return count;
}

static int run_trace(const struct verb *verb, int argc, char **argv)
{
	struct trace_options options = { .sort = "cumulative",
					 .limit = DEFAULT_LIMIT,
					 .max_rate = DEFAULT_RATE };
	struct trace_run run = { .verb = verb, .options = &options };
	enum ev_call_key keys[EV_CALL_KEYS_MAX];
	struct ev_err err = { 0 };
	int first, status = options_parse(verb, &options, argc, argv, &first);
	if (status >= 0)
		return status;
	run.command = first < argc ? argv + first : NULL;
	int key_count = check(&run, keys, &err);
	status = key_count < 0
			 ? complain(verb, &err,
				    key_count == -EPERM || key_count == -ESRCH ? STATUS_REFUSED
									       : STATUS_USAGE)
			 : trace_choose(&run);
	if (!status)
		status = open_trace(&run);
	if (!status)
		status = trace_until_over(&run);
	if (!status)
		status = write_out(&run, keys, (size_t)key_count);
	if (!status)
		status = command_status(&run);
	ev_trace_close(run.trace);
	ev_workload_close(run.workload);
	ev_trace_result_done(&run.result);
	ev_call_points_done(&run.points);
	ev_array_done(&run.leavers);
	ev_array_done(&run.notes);
	free(run.pids);
	options_list_done(&options.functions);
	ev_arena_done(&run.arena);
	return status;
}

const struct verb trace_verb = {
	.name = "trace",
	.synopsis = "[-f [FILE:]GLOB]… [-s KEY] [--graph text|dot] [-p PID | [--] COMMAND …]",
	.about = "Count every call of functions and measure each, exactly: cProfile's table.",
	.options = rows,
	.examples = examples,
	.run = run_trace,
	.notes = "ncalls are exact, of all threads and child processes that run the traced files;\n"
		 "7/1 are 7 calls, of which 1 was not from within itself. tottime is the time in\n"
		 "the function itself, cumtime with the traced functions that it calls; sleeping\n"
		 "and waiting are in it, waiting for a CPU is not. What tracing costs (3 to 15 us\n"
		 "a call) is measured at the start and taken off. Calls that the compiler inlined\n"
		 "are none. A function that jumps to another one instead of calling it (a tail\n"
		 "call) lasts as long as that one, if that is traced too. Needs root, or CAP_BPF\n"
		 "and CAP_PERFMON. Other processes that run the same files are slowed down\n"
		 "meanwhile, and not counted.",
};
