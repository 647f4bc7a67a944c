/* evprof report: a recording becomes tables and trees of functions. The walk: load (records to
 * profile), name (places to functions), table, print. */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/collect.h>
#include "browse.h"
#include "cache_folder.h"
#include "join.h"
#include "load.h"
#include "perf_flags.h"
#include "report.h"
#include "report_code.h"
#include "screen.h"
#include "verbs.h"

#define DEFAULT_CHAIN_LIMIT 0.5 /* percent, perf's */

static int parse_python(void *options, const char *value, struct ev_err *err)
{
	return python_frames_parse(&((struct report_options *)options)->python, value, err);
}

/* clang-format off */
#define ROW(letter, name, value, kind, field, help)                                                 \
	OPTION(letter, name, value, kind, struct report_options, field, help)

static const struct option_row rows[] = {
	OPTION_GROUP("The recording"),
	ROW('i', "input", "FILE", LIST, inputs, "the recording (perf.data); - is stdin; several are added up"),
	ROW(0, "time", "START,STOP", TEXT, time, "only samples of these times: seconds, or 10%-50%, or 10%/2"),
	ROW(0, "header", NULL, FLAG, view.header, "show what the recording says about itself"),
	ROW(0, "header-only", NULL, FLAG, view.header_only, "show only that"),
	ROW('I', "show-info", NULL, FLAG, view.header_full, "with the machine's topology and caches"),
	ROW(0, "stats", NULL, FLAG, stats, "how many records of which type are in it"),
	ROW(0, "tasks", NULL, FLAG, tasks, "the threads it tells of, and who began them"),
	ROW('D', "dump-raw-trace", NULL, FLAG, dump, "every record with its bytes, as evprof script -D"),
	OPTION_GROUP("Rows and columns"),
	ROW('s', "sort", "KEY[,KEY]", TEXT, sort, "comm, pid, tid, cpu, dso, sym, srcline … (all below)"),
	ROW('F', "fields", "[+]KEY[,KEY]", TEXT, fields, "columns in their order, named below; + adds to the usual ones"),
	ROW(0, "ratio", "A/B[*SCALE]", LIST, ratios, "of two events that were counted together, instead of the usual ratios"),
	ROW(0, "show-cpu-utilization", NULL, FLAG, modes, "columns with the kernel's share and that of user space"),
	ROW('n', "show-nr-samples", NULL, FLAG, view.show_samples, "a column with the samples"),
	ROW(0, "show-total-period", NULL, FLAG, view.show_period, "a column with the period"),
	ROW(0, "ci", NULL, FLAG, view.intervals, "half of the 95% interval beside every share"),
	ROW(0, "children", NULL, COUNT, children, "count callees too (on with -g)"),
	ROW(0, "hierarchy", NULL, FLAG, view.hierarchy, "the keys one below another, each with its sum"),
	ROW(0, "group", NULL, COUNT, group, "all events side by side, not only groups (--no-group: none)"),
	ROW(0, "percent-limit", "PERCENT", REAL, view.percent_limit, "leave out smaller rows"),
	ROW(0, "percentage", "relative|absolute", TEXT, percentage, "of what is shown, or of everything (absolute)"),
	ROW('w', "column-widths", "N[,N]", TEXT, widths, "fixed widths of the columns"),
	ROW('t', "field-separator", "CHARACTER", TEXT, separator, "between fields, without padding"),
	OPTION_GROUP("Which samples"),
	ROW('c', "comms", "NAME[,NAME]", TEXT, filter.comms, "only these commands"),
	ROW('d', "dsos", "NAME[,NAME]", TEXT, filter.objects, "only these objects"),
	ROW('S', "symbols", "NAME[,NAME]", TEXT, filter.symbols, "only these functions"),
	ROW(0, "symbol-filter", "TEXT", TEXT, filter.symbol_part, "only functions whose name has this text"),
	ROW(0, "pid", "PID[,PID]", TEXT, filter.pids, "only these processes"),
	ROW(0, "tid", "TID[,TID]", TEXT, filter.tids, "only these threads"),
	ROW('C', "cpu", "CPU[,CPU]", TEXT, filter.cpus, "only these CPUs"),
	ROW(0, "socket-filter", "SOCKET", TEXT, sockets, "only these processor sockets"),
	ROW(0, "filter", "KEY=VALUE[,VALUE]", LIST, key_filters, "by any key: KEY=VALUE, KEY~GLOB, KEY!=VALUE, KEY!~GLOB"),
	ROW('U', "hide-unresolved", NULL, FLAG, filter.hide_unresolved, "leave out what has no name"),
	OPTION_GROUP("Call chains"),
	{ .letter = 'g', .name = "call-graph", .value = "KIND,LIMIT,ORDER", .value_is_optional = true,
	  .word_may_follow = true, .kind = OPTION_CALL, .parse = report_parse_chains, .help = "graph, fractal, flat, folded or none; caller or callee; least percentage; percent, period or count" },
	ROW('G', "inverted", NULL, FLAG, inverted, "the same as -g caller"),
	ROW(0, "peek", "REGEX", TEXT, view.peek, "callers and callees of these functions, as pprof -peek"),
	ROW(0, "max-stack", "N", U64, chain_limit, "keep the innermost N addresses of a chain only"),
	OPTION_TO(0, "python", "merged|only|off", parse_python, PYTHON_OPTION_HELP),
	ROW(0, "ignore-callees", "REGEX", TEXT, ignored, "what these functions call counts as their own"),
	ROW('p', "parent", "REGEX", TEXT, parent, "callers that the key parent names (^sys_|^do_page_fault)"),
	ROW('x', "exclude-other", NULL, FLAG, exclude_other, "only what has a caller that -p names"),
	OPTION_GROUP("Branches and memory"),
	ROW('b', "branch-stack", NULL, FLAG, by_branch, "count each branch that was recorded, not the samples"),
	ROW(0, "branch-history", NULL, FLAG, branch_history, "branches as frames inside the call chain"),
	ROW(0, "mem-mode", NULL, FLAG, by_weight, "count by weight (latency), and show what memory was accessed"),
	ROW(0, "raw-trace", NULL, FLAG, raw_trace, "fields of tracepoints as they are stored, not as the kernel prints them"),
	OPTION_GROUP("Names"),
	ROW(0, "symfs", "FOLDER", TEXT, symbols.symfs, "look for binaries below this folder"),
	ROW(0, "kallsyms", "FILE", TEXT, symbols.kallsyms, "the kernel's symbols"),
	ROW('k', "vmlinux", "FILE", TEXT, symbols.vmlinux, "the kernel's image"),
	{ .name = "debuginfod", .value = "SECONDS", .value_is_optional = true, .kind = OPTION_CALL,
	  .parse = report_parse_fetch, .help = "ask the servers in DEBUGINFOD_URLS for debug info of what matters (30 s in all)" },
	ROW(0, "demangle", NULL, FLAG, demangle, "readable C++ and Rust names (on; --no-demangle)"),
	ROW(0, "inline", NULL, FLAG, inlined, "inlined functions as frames (on; --no-inline)"),
	ROW('M', "disassembler-style", "intel|att", TEXT, style, "how instructions are written, where they are shown"),
	OPTION_GROUP("Output"),
	ROW(0, "stdio", NULL, FLAG, stdio, "text also on a terminal, which is else to move in"),
	ROW(0, "stdio-color", "always|never|auto", TEXT, colours, "colours of the text (auto: on a terminal)"),
	ROW(0, "tui", NULL, FLAG, tui, "the report to move in, or an error where there is no terminal for it"),
	{ .name = "stdio2", .kind = OPTION_FLAG, .offset = offsetof(struct report_options, stdio),
	  .help = "the same as --stdio", .hidden = true },
	ROW(0, "format", "FORMAT", TEXT, format, "text, folded, json, csv, pprof, callgrind, speedscope, firefox, chrome, flamegraph, html, dot, pprof-text or pprof-tree"),
	ROW(0, "json-schema", NULL, FLAG, json_schema, "print the JSON Schema of --format json"),
	ROW(0, "code", NULL, FLAG, code, "lines and instructions of hot functions in a page of --format html (on; --no-code)"),
	ROW('o', "output", "FILE", TEXT, output, "write there instead of stdout"),
	{ .letter = 'f', .name = "force", .kind = OPTION_FLAG, .offset = offsetof(struct report_options, force),
	  .help = "read a file of another owner (always)", .hidden = true },
	ROW('q', "quiet", NULL, FLAG, view.quiet, "rows only"),
	OPTION_REFUSED(0, "mmaps", NULL, "evprof script --show-mmap-events shows them"),
	REPORT_PERF_ROWS,
	{ 0 },
};
/* clang-format on */

static const struct example examples[] = {
	{ "evprof report", "functions by their share, of perf.data" },
	{ "evprof report -g", "with the call graph below each" },
	{ "evprof report --no-children --sort dso,sym -n", "another grouping, with sample counts" },
	{ "evprof report --sort srcline", "source lines" },
	{ "evprof report -F sample,overhead,sym", "these columns, in this order" },
	{ "evprof report -b", "which branches were taken, of a recording that has them" },
	{ "evprof report --hierarchy -s comm,dso,sym", "the same rows as a hierarchy with sums" },
	{ "evprof report --filter 'sym~mem*' --filter comm!=sh", "only some rows, by any key" },
	{ "evprof report --time 10%-20%,40%-50% -p '^handle_' -x",
	  "only what one caller did, then" },
	{ "evprof report --peek '^main$'", "callers above, callees below, as pprof -peek" },
	{ "evprof report --format folded -i x.data", "one line per stack, for flame graphs" },
	{ "evprof report -s host,sym a.data b.data", "several recordings at once" },
	{ "evprof report --format json", "everything, for programs" },
	{ "evprof report --json-schema", "what stands in it" },
	{ "evprof report --format html -o profile.html",
	  "a page to look around in, for any browser" },
	{ "evprof report --format flamegraph -o stacks.svg", "a picture, for any browser" },
	{ "evprof report --format firefox -o stacks.json", "for profiler.firefox.com" },
	{ "evprof report --format pprof -o stacks.pb.gz",
	  "for go tool pprof -http : stacks.pb.gz" },
	{ NULL, NULL },
};

/* Prints a report that is complete but for its table. */
static int print_named(FILE *out, struct report_options *options, const struct report_plan *plan,
		       struct ev_report *report, struct ev_named *named, struct ev_profile *profile,
		       const struct ev_joints *joints, struct ev_err *err)
{
	struct report_made made = { 0 };
	struct progress_work *work = progress_work_begin("making the report", NULL);
	int rc = report_settle_named(options, plan, named, profile, err);
	if (!rc)
		rc = report_make(&made, options, plan, report, named, joints, err);
	progress_work_end(work);
	work = progress_work_begin("writing the report", out);
	if (!rc)
		rc = plan->format->print(out, report, &options->view, err);
	progress_work_end(work);
	report_made_done(&made);
	return rc;
}

/* Lines weigh samples by thread, object and function only. */
static bool wants_code(const struct report_options *options, const struct report_plan *plan)
{
	return plan->format->page && options->code && !options->by_branch && !options->by_weight &&
	       !options->branch_history && !plan->filters.count && !options->ignored;
}

static int print_report(FILE *out, struct report_options *options, const struct report_plan *plan,
			struct loaded *loaded, struct ev_err *err)
{
	if (options->view.header || options->view.header_only)
		ev_print_header(out, loaded->recording, options->view.header_full);
	if (options->view.header_only)
		return 0;
	struct ev_symbolizer *symbolizer =
		ev_symbolizer_open(loaded->spaces, loaded->recording, &options->symbols);
	int fetched = report_fetch(options, loaded, symbolizer, err);
	if (fetched) {
		ev_symbolizer_close(symbolizer);
		return fetched;
	}
	struct progress_work *work = progress_work_begin("resolving names", NULL);
	struct ev_named *named = ev_named_open(loaded->profile, loaded->spaces, symbolizer,
					       report_symbol_flags(options, plan),
					       report_wants_lines(options, plan), ev_cpus_online());
	progress_work_end(work);
	report_lacking(options, loaded, symbolizer);
	malloc_trim(0); /* the tables of symbols are gone */
	struct ev_report report = {
		.recording = loaded->recording,
		.path = options->input,
		.named = named,
		.spaces = loaded->spaces,
		.partial = loaded->partial,
		.stacks_loaded = report_load_options(options, plan).stacks,
		.reads = loaded->reads,
	};
	if (loaded->ratios.items.count)
		report.ratios = &loaded->ratios;
	report_worst(&report, symbolizer);
	uint64_t *addresses = plan->format->addresses ? report_addresses(loaded, symbolizer) : NULL;
	report.addresses = addresses;
	struct report_code code = { 0 };
	int rc = 0;
	if (wants_code(options, plan)) {
		work = progress_work_begin("reading sources and code", NULL);
		rc = report_code_open(&code, options, loaded, symbolizer, err);
		report.annotation = &code.it.annotation;
		progress_work_end(work);
	}
	if (!rc)
		rc = print_named(out, options, plan, &report, named, loaded->profile,
				 &loaded->joints, err);
	report_code_close(&code);
	free(addresses);
	ev_named_close(named);
	ev_symbolizer_close(symbolizer);
	return rc;
}

static int print_joined(FILE *out, struct report_options *options, const struct report_plan *plan,
			const struct joined *joined, struct ev_err *err)
{
	struct ev_report_part *parts = ev_alloc(joined->count * sizeof(*parts));
	for (size_t i = 0; i < joined->count; i++) {
		const struct joined_part *part = &joined->parts[i];
		parts[i] = (struct ev_report_part){ part->path, part->loaded.recording,
						    &part->quality };
	}
	struct ev_report report = {
		.recording = &joined->recording,
		.named = joined->named,
		.partial = joined->partial,
		.stacks_loaded = report_load_options(options, plan).stacks,
		.parts = parts,
		.part_count = joined->count,
		.reads = joined->reads,
		.ratios = joined->ratios.items.count ? &joined->ratios : NULL,
	};
	if (options->view.header || options->view.header_only)
		ev_print_part_headers(out, &report, options->view.header_full);
	report_worst_joined(&report, joined);
	int rc = 0;
	if (!options->view.header_only)
		rc = print_named(out, options, plan, &report, joined->named, joined->profile,
				 &joined->joints, err);
	free(parts);
	return rc;
}

/* What is reported: one of both. */
struct subject {
	struct loaded *loaded;
	const struct joined *joined;
};

static int print_subject(FILE *out, struct report_options *options, const struct report_plan *plan,
			 const struct subject *subject, struct ev_err *err)
{
	return subject->joined ? print_joined(out, options, plan, subject->joined, err)
			       : print_report(out, options, plan, subject->loaded, err);
}

/* Prints to a file through a temporary name, so that a failure leaves the old one alone. */
static int print_to(struct report_options *options, const struct report_plan *plan,
		    const struct subject *subject, struct ev_err *err)
{
	if (options->browses)
		return report_browse(options, plan, subject->loaded, subject->joined, err);
	if (!options->output || !strcmp(options->output, "-"))
		return print_subject(stdout, options, plan, subject, err);
	char *name = ev_printf("%s.evprof-%d", options->output, (int)getpid());
	FILE *out = fopen(name, "wxe");
	int rc = out ? print_subject(out, options, plan, subject, err)
		     : ev_fail(err, errno, "cannot write '%s': %m", options->output);
	if (out && fclose(out) && !rc)
		rc = ev_fail(err, errno, "could not write '%s': %m", options->output);
	if (!rc && rename(name, options->output))
		rc = ev_fail(err, errno, "could not name '%s': %m", options->output);
	if (rc && out)
		unlink(name);
	free(name);
	return rc;
}

/* Something can be said when there are samples, or when nothing went wrong. */
static bool says_nothing(const struct loaded *loaded)
{
	return loaded->partial && !loaded->profile->quality.samples;
}

/* Loads and prints what was asked for; the exit status. */
static int report(const struct verb *verb, struct report_options *options, struct report_plan *plan)
{
	struct ev_err err = { 0 };
	struct loaded loaded;
	struct load_options how = report_load_options(options, plan);
	if (options->browses)
		browse_load_options(&how);
	int status = load_or_complain(verb, &loaded, options->input, &how);
	if (status)
		return status;
	if (!options->view.header_only && report_check_needs(options, plan, loaded.recording, &err))
		status = complain(verb, &err, STATUS_FAILED);
	else if (says_nothing(&loaded) && !options->view.header_only)
		status = complain_text(verb, STATUS_FAILED, "'%s' holds no samples: %s",
				       options->input, loaded.partial);
	else if (print_to(options, plan, &(struct subject){ .loaded = &loaded }, &err))
		status = complain(verb, &err, STATUS_FAILED);
	else
		report_tell_lacks(verb, options, plan, loaded.recording, loaded.profile);
	loaded_done(&loaded);
	return status;
}

/* The same of several recordings as one. */
static int report_several(const struct verb *verb, struct report_options *options,
			  struct report_plan *plan)
{
	struct ev_err err = { 0 };
	struct joined joined = { 0 };
	struct join_options how = {
		.load = report_load_options(options, plan),
		.symbols = options->symbols,
		.flags = report_symbol_flags(options, plan),
		.by_line = report_wants_lines(options, plan),
	};
	size_t count = options->inputs.count;
	if (options->browses)
		browse_load_options(&how.load);
	const char **paths = ev_alloc(count * sizeof(*paths));
	int status = 0;
	for (size_t i = 0; i < count; i++)
		paths[i] = options->inputs.items[i].text;
	if (how.load.details || how.load.by_branch || how.load.by_weight || how.load.branch_history)
		status = complain_text(verb, STATUS_USAGE,
				       "these keys are of one recording: give them one by one");
	else if (join_check_paths(paths, count, &err) || join(&joined, paths, count, &how, &err))
		status = complain(verb, &err, STATUS_FAILED);
	else if (joined.partial && !joined.profile->quality.samples && !options->view.header_only)
		status = complain_text(verb, STATUS_FAILED, "the recordings hold no samples: %s",
				       joined.partial);
	else if (print_to(options, plan, &(struct subject){ .joined = &joined }, &err))
		status = complain(verb, &err, STATUS_FAILED);
	else
		report_tell_lacks(verb, options, plan, &joined.recording, joined.profile);
	joined_done(&joined);
	free(paths);
	return status;
}

static void lists_done(struct report_options *options)
{
	options_list_done(&options->ratios);
	options_list_done(&options->key_filters);
	options_list_done(&options->inputs);
}

static int run_report(const struct verb *verb, int argc, char **argv)
{
	struct report_options options = {
		.input = "perf.data",
		.children = 1,
		.demangle = true,
		.inlined = true,
		.code = true,
		.group = 1,
		.view = { .chain_limit = DEFAULT_CHAIN_LIMIT },
	};
	struct report_plan plan = { 0 };
	struct ev_err err = { 0 };
	int status = options_parse_words(verb, &options, argc, argv, &options.inputs);
	if (status >= 0) {
		lists_done(&options);
		return status;
	}
	if (options.json_schema) {
		ev_report_json_schema(stdout);
		lists_done(&options);
		return 0;
	}
	if (options.inputs.count)
		options.input = options.inputs.items[0].text;
	if (options.stats || options.tasks || options.dump) {
		status = report_records(verb, &options);
		lists_done(&options);
		return status;
	}
	char *cache = cache_folder();
	options.symbols.cache = cache;
	int rc = screen_colours_wanted(options.colours, options.output ? -1 : STDOUT_FILENO,
				       &options.view.colour, &err);
	if (!rc)
		rc = report_plan(&options, &plan, &err);
	if (!rc && options.tui && !report_browses(&options, &plan))
		rc = ev_fail(&err, ENOTTY, "--tui: %s",
			     screen_absence() ? screen_absence()
					      : "another option asks for text or a file");
	if (!rc && report_browses(&options, &plan)) {
		options.browses = true;
		if (options.view.chains == EV_CHAIN_NONE && !options.by_branch)
			options.view.chains = EV_CHAIN_GRAPH;
		if (!options.order_given)
			options.view.order = report_wants_children(&options, &plan)
						     ? EV_CHAIN_CALLER
						     : EV_CHAIN_CALLEE;
	}
	if (rc)
		status = complain(verb, &err, STATUS_USAGE);
	else
		status = options.inputs.count > 1 ? report_several(verb, &options, &plan)
						  : report(verb, &options, &plan);
	free(cache);
	report_plan_done(&plan);
	lists_done(&options);
	free((void *)options.view.widths);
	return status;
}

const struct verb report_verb = {
	.name = "report",
	.synopsis = "[OPTION]… [FILE]…",
	.about = "Show which functions, objects, threads or lines the events of a recording belong "
		 "to.",
	.options = rows,
	.examples = examples,
	.run = run_report,
	.notes =
		"Sort keys: comm, pid, tid, cpu, dso, sym, srcline, srcfile, time, host, "
		"recording, parent, socket, "
		"cgroup, cgroup_id, addr, weight, local_weight, ins_lat, local_ins_lat, "
		"p_stage_cyc (also retire_lat), local_p_stage_cyc, code_page_size, transaction and "
		"trace; of tracepoints also their fields (next_comm, sched_switch.prev_state, with "
		"/raw as they are stored) and trace_fields, which is all of them; "
		"of memory accesses symbol_daddr, dso_daddr, symbol_iaddr, mem, snoop, tlb, "
		"locked, blocked, dcacheline, phys_daddr and data_page_size; of branches, which "
		"count one by one with -b or with one of these keys, dso_from, dso_to, "
		"symbol_from, symbol_to, srcline_from, srcline_to, addr_from, addr_to, mispredict, "
		"in_tx, abort and cycles. -s +KEY adds to the usual ones. --filter takes any of "
		"them, with texts as the report prints them (\\, is a comma in one); several "
		"filters must all let a row through.\n\n"
		"Columns are sort keys and overhead, overhead_children, overhead_sys, overhead_us, "
		"sample, period and ratio. Rows go by the keys of -s, then by those of -F; without "
		"-F by their weight.\n\n"
		"Where events were counted together (evprof record -e '{a,b}:S'), every row has "
		"their ratio: instructions per cycle, misses per 1000 instructions, rates of "
		"misses, events per ms of a clock, else b/a. What was counted since the sample "
		"before belongs to the row where the sample was. \302\261 is half the 95% interval "
		"that the scatter of the row's own samples gives, callees not included; ? marks "
		"ratios with fewer than 10 samples, or an interval too wide to say anything.",
};
