/* evprof diff: recordings become what changed between them. The walk: load and name each, join them
 * with their events apart, table, scatter of its rows, differences, print. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "diff.h"
#include "perf_flags.h"
#include "screen.h"
#include "verbs.h"

#define OLD_DEFAULT "perf.data.old"
#define NEW_DEFAULT "perf.data"
#define CHANCE_SHARE 0.05

/* clang-format off */
#define ROW(letter, name, value, kind, field, help)                                                 \
	OPTION(letter, name, value, kind, struct diff_options, field, help)

static const struct option_row rows[] = {
	OPTION_GROUP("What is compared"),
	ROW(0, "by", "WHAT", TEXT, by, "function (default), line, stack, object, file, thread or command"),
	ROW('s', "sort", "KEY[,KEY]", TEXT, sort, "by these keys instead: comm, pid, tid, cpu, dso, sym, srcline, srcfile"),
	ROW('c', "compute", "HOW", TEXT, compute, "delta-abs (default), delta, ratio, or wdiff:OLD,NEW with weights; +HOW is the same"),
	{ .name = "absolute", .value = "second|run|total", .value_is_optional = true, .kind = OPTION_TEXT,
	  .offset = offsetof(struct diff_options, absolute), .help = "weights instead of shares: per second, or of the run as a whole" },
	ROW(0, "children", NULL, FLAG, children, "count callees too"),
	ROW(0, "time", "START,STOP", TEXT, time, "only samples of this time: seconds, or 10%-50%, or 10%/2"),
	OPTION_GROUP("Rows and columns"),
	ROW(0, "all", NULL, FLAG, view.all, "rows that differ by no more than chance too, marked ~"),
	ROW('b', "baseline-only", NULL, FLAG, baseline_only, "only rows that the first recording has"),
	ROW('o', "order", "N", TEXT, order, "rows by the change of recording N (1); 0: by the first recording"),
	ROW('p', "period", NULL, FLAG, view.show_period, "columns with the periods"),
	ROW('F', "formula", NULL, FLAG, view.show_formula, "a column with what was computed"),
	ROW(0, "percentage", "relative|absolute", TEXT, percentage, "of what passes the filters, or of everything (absolute)"),
	ROW('t', "field-separator", "CHARACTER", TEXT, separator, "between fields, without padding; all rows, with their marks"),
	OPTION_GROUP("Which samples"),
	ROW('C', "comms", "NAME[,NAME]", TEXT, filter.comms, "only these commands"),
	ROW('d', "dsos", "NAME[,NAME]", TEXT, filter.objects, "only these objects"),
	ROW('S', "symbols", "NAME[,NAME]", TEXT, filter.symbols, "only these functions"),
	ROW(0, "symbol-filter", "TEXT", TEXT, filter.symbol_part, "only functions whose name has this text"),
	ROW(0, "pid", "PID[,PID]", TEXT, filter.pids, "only these processes"),
	ROW(0, "tid", "TID[,TID]", TEXT, filter.tids, "only these threads"),
	ROW(0, "cpu", "CPU[,CPU]", TEXT, filter.cpus, "only these CPUs"),
	OPTION_GROUP("Names"),
	ROW(0, "symfs", "FOLDER", TEXT, symbols.symfs, "look for binaries below this folder"),
	ROW(0, "kallsyms", "FILE", TEXT, symbols.kallsyms, "the kernel's symbols"),
	ROW(0, "demangle", NULL, FLAG, demangle, "readable C++ and Rust names (on; --no-demangle)"),
	OPTION_GROUP("Output"),
	ROW(0, "format", "FORMAT", TEXT, format, "text, folded, json or html: a page to look around in, of two recordings"),
	ROW(0, "output", "FILE", TEXT, output, "write there instead of stdout"),
	ROW('q', "quiet", NULL, FLAG, view.quiet, "rows only"),
	{ .letter = 'f', .name = "force", .kind = OPTION_FLAG, .offset = offsetof(struct diff_options, force),
	  .help = "read a file of another owner (always)", .hidden = true },
	ROW(0, "stdio", NULL, FLAG, stdio, "text on a terminal too, where there is else a browser"),
	DIFF_PERF_ROWS,
	{ 0 },
};
/* clang-format on */

static const struct example examples[] = {
	{ "evprof diff", "perf.data.old and perf.data: the last two recordings" },
	{ "evprof diff old.data new.data", "functions whose share changed by more than chance" },
	{ "evprof diff --all old.data new.data", "the others too" },
	{ "evprof diff --by line --absolute=second old.data new.data",
	  "lines, by their weight per second" },
	{ "evprof diff -c ratio old.data monday.data tuesday.data", "each against the first" },
	{ "evprof diff --format folded old.data new.data",
	  "stacks with both weights, for differential flame graphs" },
	{ "evprof diff --format html --output diff.html old.data new.data",
	  "a page with a differential flame graph, for any browser" },
	{ NULL, NULL },
};

/* ---- what was asked for -----------------------------------------------------------------------
 */

static const struct {
	const char *name, *keys;
} groupings[] = {
	{ "function", "dso,sym" }, { "line", "srcline,sym" }, { "object", "dso" },
	{ "file", "srcfile" },     { "thread", "tid" },       { "command", "comm" },
	{ "stack", "sym" },
};

static int parse_by(const struct diff_options *options, struct diff_plan *plan, struct ev_err *err)
{
	const char *by = options->by ? options->by : "function";
	if (options->by && options->sort)
		return ev_fail(err, EINVAL, "--by and --sort say the same: give one of them");
	if (options->sort)
		return ev_keys_parse(options->sort, plan->keys, &plan->key_count, err);
	for (size_t i = 0; i < EV_LENGTH(groupings); i++) {
		if (strcmp(groupings[i].name, by))
			continue;
		plan->by_stack = !strcmp(by, "stack");
		return ev_keys_parse(groupings[i].keys, plan->keys, &plan->key_count, err);
	}
	return ev_fail(err, EINVAL,
		       "--by takes function, line, stack, object, file, thread or command, not "
		       "'%s'",
		       by);
}

static int parse_weights(const char *text, struct ev_difference_options *how, struct ev_err *err)
{
	char *end = NULL;
	if (*text == ':') {
		how->old_weight = strtod(text + 1, &end);
		if (end != text + 1 && *end == ',') {
			text = end + 1;
			how->new_weight = strtod(text, &end);
			if (end != text && !*end && how->old_weight > 0 && how->new_weight > 0 &&
			    how->old_weight < 1e12 && how->new_weight < 1e12)
				return 0;
		}
	}
	return ev_fail(err, EINVAL,
		       "wdiff takes the weights of old and new, above 0: -c wdiff:1,2");
}

static int parse_compute(const struct diff_options *options, struct diff_plan *plan,
			 struct ev_err *err)
{
	static const struct {
		const char *name;
		enum ev_compute compute;
	} ways[] = {
		{ "delta", EV_COMPUTE_DELTA },
		{ "delta-abs", EV_COMPUTE_DELTA_ABS },
		{ "ratio", EV_COMPUTE_RATIO },
	};
	const char *text = options->compute ? options->compute : "delta-abs";
	text += *text == '+';
	if (!strncmp(text, "wdiff", 5)) {
		plan->how.compute = EV_COMPUTE_WEIGHTED;
		return parse_weights(text + 5, &plan->how, err);
	}
	for (size_t i = 0; i < EV_LENGTH(ways); i++)
		if (!strcmp(ways[i].name, text)) {
			plan->how.compute = ways[i].compute;
			return 0;
		}
	if (!strcmp(text, "cycles"))
		return ev_fail(err, ENOTSUP,
			       "-c cycles compares the cycles of basic blocks in branch stacks, "
			       "which evprof does not do; there are delta, delta-abs, ratio and "
			       "wdiff:OLD,NEW");
	return ev_fail(err, EINVAL, "-c takes delta, delta-abs, ratio or wdiff:OLD,NEW, not '%s'",
		       text);
}

/* perf computes ratios and weighted differences of periods, deltas of shares. */
int diff_choose_measure(const struct diff_options *options, struct diff_plan *plan,
			struct ev_err *err)
{
	const char *text = options->absolute;
	bool shares =
		plan->how.compute == EV_COMPUTE_DELTA || plan->how.compute == EV_COMPUTE_DELTA_ABS;
	if (!text)
		plan->how.measure = shares ? EV_MEASURE_SHARE : EV_MEASURE_TOTAL;
	else if (!strcmp(text, "share"))
		plan->how.measure = EV_MEASURE_SHARE;
	else if (!*text || !strcmp(text, "second"))
		plan->how.measure = EV_MEASURE_SECOND;
	else if (!strcmp(text, "run") || !strcmp(text, "total"))
		plan->how.measure = EV_MEASURE_TOTAL;
	else
		return ev_fail(err, EINVAL,
			       "--absolute takes second (per second of the recording), run or "
			       "total, or share, not '%s'",
			       text);
	return 0;
}

static int parse_order(const struct diff_options *options, struct diff_plan *plan,
		       struct ev_err *err)
{
	uint64_t order = 1;
	size_t count = options->paths.count > 2 ? options->paths.count : 2;
	if (options->order && (ev_parse_u64(options->order, &order) || order >= count))
		return ev_fail(err, EINVAL,
			       "-o takes the number of a recording, 0 to %zu, not '%s' (a file to "
			       "write to is --output)",
			       count - 1, options->order);
	plan->how.order = (size_t)order;
	return 0;
}

static int parse_view(struct diff_options *options, struct diff_plan *plan, struct ev_err *err)
{
	const char *percentage = options->percentage, *separator = options->separator;
	const char *format = options->format ? options->format : "text";
	plan->format = ev_diff_format_find(format);
	if (!plan->format)
		return ev_fail(err, EINVAL,
			       "there is no format '%s'; there are text, folded, json, html",
			       format);
	if (percentage && strcmp(percentage, "relative") && strcmp(percentage, "absolute"))
		return ev_fail(err, EINVAL, "--percentage is relative or absolute, not '%s'",
			       percentage);
	options->filter.absolute = !percentage || !strcmp(percentage, "absolute");
	if (separator && strlen(separator) != 1 && strcmp(separator, "\\t"))
		return ev_fail(err, EINVAL, "-t takes one character, not '%s'", separator);
	if (separator)
		options->view.separator = *separator == '\\' ? '\t' : *separator;
	options->view.all |= separator != NULL; /* for programs, which read the marks */
	return 0;
}

static int make_plan(struct diff_options *options, struct diff_plan *plan, struct ev_err *err)
{
	plan->how = (struct ev_difference_options){
		.baseline_only = options->baseline_only,
		.children = options->children,
		.chance_share = CHANCE_SHARE,
	};
	int rc = parse_by(options, plan, err);
	if (!rc)
		rc = parse_compute(options, plan, err);
	if (!rc)
		rc = diff_choose_measure(options, plan, err);
	if (!rc)
		rc = parse_order(options, plan, err);
	if (!rc)
		rc = parse_view(options, plan, err);
	return rc;
}

/* ---- the walk ---------------------------------------------------------------------------------
 */

static bool has_key(const struct diff_plan *plan, enum ev_key key)
{
	for (size_t i = 0; i < plan->key_count; i++)
		if (plan->keys[i] == key)
			return true;
	return false;
}

struct join_options diff_join_options(const struct diff_options *options,
				      const struct diff_plan *plan)
{
	bool folded = plan->format == ev_diff_format_find("folded") ||
		      plan->format == ev_diff_format_find("html"); /* as well of stacks */
	bool stacks = plan->by_stack || options->children || folded;
	bool lines = has_key(plan, EV_KEY_SRCLINE) || has_key(plan, EV_KEY_SRCFILE);
	const struct ev_filter *filter = &options->filter;
	return (struct join_options){
		.load = {
			.stacks = stacks,
			.by_comm = has_key(plan, EV_KEY_COMM) || has_key(plan, EV_KEY_PID) ||
				   has_key(plan, EV_KEY_TID) || filter->comms || folded,
			.by_pid = has_key(plan, EV_KEY_PID) || filter->pids,
			.by_tid = has_key(plan, EV_KEY_TID) || filter->tids,
			.by_cpu = has_key(plan, EV_KEY_CPU) || filter->cpus,
			.blocks = EV_BLOCK_COUNT,
			.time = options->time,
			.symbols = &options->symbols,
			.reads = true,
		},
		.symbols = options->symbols,
		.flags = (lines ? EV_SYMBOL_LINES : 0u) |
			 (has_key(plan, EV_KEY_SYMBOL_SIZE) ? EV_SYMBOL_SIZES : 0u) |
			 (lines || plan->by_stack || folded ? EV_SYMBOL_INLINES : 0u) |
			 (options->demangle ? 0u : EV_SYMBOL_MANGLED),
		.by_line = has_key(plan, EV_KEY_SRCLINE),
		.events_apart = true,
	};
}

/* Through a temporary name, so that a failure leaves the old file alone. */
static int print_to(const struct diff_options *options, const struct diff_plan *plan,
		    const struct ev_diff *diff, struct ev_err *err)
{
	const char *path = options->output;
	if (!path || !strcmp(path, "-"))
		return plan->format->print(stdout, diff, &options->view, err);
	char *name = ev_printf("%s.evprof-%d", path, (int)getpid());
	FILE *out = fopen(name, "wxe");
	int rc = out ? plan->format->print(out, diff, &options->view, err)
		     : ev_fail(err, errno, "cannot write '%s': %m", path);
	if (out && fclose(out) && !rc)
		rc = ev_fail(err, errno, "could not write '%s': %m", path);
	if (!rc && rename(name, path))
		rc = ev_fail(err, errno, "could not name '%s': %m", path);
	if (rc && out)
		unlink(name);
	free(name);
	return rc;
}

static int print(const struct diff_options *options, const struct diff_plan *plan,
		 const struct joined *joined, struct ev_err *err)
{
	struct diff_made made = { 0 };
	struct progress_work *work = progress_work_begin("comparing", NULL);
	int rc = diff_make(&made, plan, joined, options->children, &options->filter, err);
	progress_work_end(work);
	work = progress_work_begin("writing the comparison", options->output ? NULL : stdout);
	if (!rc)
		rc = print_to(options, plan, &made.diff, err);
	progress_work_end(work);
	diff_made_done(&made);
	return rc;
}

/* Neither another output nor text is wanted. */
static bool browses(const struct diff_options *options)
{
	return !options->format && !options->output && !options->separator && !options->stdio &&
	       !options->view.quiet && !screen_absence();
}

static int compare(const struct diff_options *options, struct diff_plan *plan,
		   const char *const *paths, size_t count, struct ev_err *err)
{
	struct joined joined;
	struct join_options how = diff_join_options(options, plan);
	bool to_browse = browses(options);
	if (to_browse) /* chains of both, and zooming into threads */
		how.load.stacks = how.load.by_comm = how.load.by_pid = how.load.by_tid = true;
	int rc = join(&joined, paths, count, &how, err);
	if (rc)
		return rc;
	for (size_t i = 0; i < count && !rc; i++)
		if (joined.parts[i].loaded.partial && !joined.parts[i].quality.samples)
			rc = ev_fail(err, EINVAL, "'%s' holds no samples: %s", paths[i],
				     joined.parts[i].loaded.partial);
	if (!rc)
		rc = to_browse ? diff_browse(options, plan, paths, &joined, &how, err)
			       : print(options, plan, &joined, err);
	joined_done(&joined);
	return rc;
}

/* perf's defaults: without names the last two recordings, with one it and the one before. */
static size_t choose_paths(const struct diff_options *options, const char **paths)
{
	size_t given = options->paths.count;
	paths[0] = OLD_DEFAULT;
	paths[1] = NEW_DEFAULT;
	for (size_t i = 0; i < given; i++)
		paths[given == 1 ? 1 : i] = options->paths.items[i].text;
	return given > 2 ? given : 2;
}

static int run_diff(const struct verb *verb, int argc, char **argv)
{
	struct diff_options options = { .demangle = true };
	struct diff_plan plan = { 0 };
	struct ev_err err = { 0 };
	int status = options_parse_words(verb, &options, argc, argv, &options.paths);
	if (status >= 0) {
		options_list_done(&options.paths);
		return status;
	}
	const char **paths = ev_alloc((options.paths.count + 2) * sizeof(*paths));
	size_t count = choose_paths(&options, paths);
	options.view.colour = !options.output && screen_colours(STDOUT_FILENO);
	status = 0;
	if (make_plan(&options, &plan, &err))
		status = complain(verb, &err, STATUS_USAGE);
	else if (!options.paths.count && access(OLD_DEFAULT, F_OK))
		status = complain_text(verb, STATUS_FAILED,
				       "there is no %s here: evprof record keeps the recording "
				       "before under that name; or name two: evprof diff OLD NEW",
				       OLD_DEFAULT);
	else if (compare(&options, &plan, paths, count, &err))
		status = complain(verb, &err, STATUS_FAILED);
	free(paths);
	options_list_done(&options.paths);
	return status;
}

const struct verb diff_verb = {
	.name = "diff",
	.synopsis = "[OPTION]… [OLD] [NEW]…",
	.about = "Compare recordings: which functions, lines or stacks changed, by how much, and "
		 "which of that is chance.",
	.options = rows,
	.examples = examples,
	.run = run_diff,
	.notes =
		"Every difference has a 95% interval. Samples that follow one another are alike, "
		"so "
		"its width comes from how the rows change from one part of the recording's time to "
		"the next, and is never less than that of independent samples. What it can't know "
		"is how runs differ as a whole: other memory layout, clock or load; record several "
		"and compare all of them.\n\n"
		"Of many rows some differ by chance: only those are shown (--all: not marked ~) of "
		"which at most 5% do so. Rows of fewer than 6 samples in two recordings together "
		"never are.\n\n"
		"On a terminal the table is one to move in, with the keys of evprof report; piped, "
		"on a dumb terminal, with --stdio, --format, --output, -t and -q it is text.\n\n"
		"Deltas are of shares, as perf's; -c ratio and wdiff of periods unless --absolute "
		"says what of (share, second, run).",
};
