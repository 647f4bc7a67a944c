/* evprof annotate: a recording becomes source text, or instructions, with what each line weighs.
 * The walk: load, name by line, weigh, choose what to show, find its code, print. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <evprof/collect.h>
#include "annotate.h"
#include "perf_flags.h"
#include "report.h"
#include "screen.h"
#include "verbs.h"

static int parse_python(void *options, const char *value, struct ev_err *err)
{
	return python_frames_parse(&((struct annotate_options *)options)->python, value, err);
}

/* clang-format off */
#define ROW(letter, name, value, kind, field, help)                                                 \
	OPTION(letter, name, value, kind, struct annotate_options, field, help)
#define HIDDEN(letter_, name_, value_, kind_, field_)                                               \
	{ .letter = letter_, .name = name_, .value = value_, .kind = OPTION_##kind_,                \
	  .offset = offsetof(struct annotate_options, field_), .help = "perf's", .hidden = true }

static const struct option_row rows[] = {
	OPTION_GROUP("What is shown"),
	ROW('l', "list", "FUNCTION|FILE", LIST, wanted, "these functions or source files, as the words do; globs"),
	ROW('s', "symbol", "FUNCTION", TEXT, symbol, "this function"),
	ROW('d', "dsos", "NAME[,NAME]", TEXT, filter.objects, "only functions of these objects"),
	ROW('e', "event", "EVENT", TEXT, event, "only this event; without it all side by side"),
	ROW(0, "percent-limit", "PERCENT", REAL, percent_limit, "functions with this share and more (1, but no more than 10 functions)"),
	ROW(0, "min-percent", "PERCENT", REAL, view.min_percent, "leave out lines of a smaller share (0.5)"),
	ROW(0, "context", "N", U64, context, "lines around those that are shown (3)"),
	ROW(0, "all", NULL, FLAG, view.all, "whole functions, nothing left out"),
	OPTION_TO(0, "python", "merged|only|off", parse_python, "functions of Python and others (merged), only Python's, or none of them"),
	OPTION_GROUP("Instructions"),
	ROW(0, "asm", NULL, FLAG, assembly, "instructions, their source lines between them"),
	ROW(0, "show-raw-insn", NULL, FLAG, view.raw_bytes, "with their bytes"),
	HIDDEN(0, "asm-raw", NULL, FLAG, view.raw_bytes),
	ROW('M', "disassembler-style", "intel|att", TEXT, style, "how x86 instructions are written (att)"),
	OPTION_GROUP("Columns"),
	ROW('n', "show-nr-samples", NULL, FLAG, view.show_samples, "samples of every event"),
	ROW(0, "children", NULL, FLAG, children, "with what was called from a line, where call chains are (on)"),
	ROW(0, "percent-type", "local|global[-period|-hits]", TEXT, share, "of the function (local) or of everything"),
	OPTION_GROUP("Which samples"),
	ROW('i', "input", "FILE", TEXT, input, "the recording (perf.data); - is stdin"),
	ROW(0, "time", "START,STOP", TEXT, time, "only samples of this time: seconds, or 10%-50%, or 10%/2"),
	ROW('c', "comms", "NAME[,NAME]", TEXT, filter.comms, "only these commands"),
	ROW(0, "pid", "PID[,PID]", TEXT, filter.pids, "only these processes"),
	ROW(0, "tid", "TID[,TID]", TEXT, filter.tids, "only these threads"),
	ROW('C', "cpu", "CPU[,CPU]", TEXT, filter.cpus, "only these CPUs"),
	OPTION_GROUP("Files"),
	ROW(0, "symfs", "FOLDER", TEXT, symbols.symfs, "look for binaries and sources below this folder"),
	ROW(0, "prefix", "FOLDER", TEXT, source.prefix, "look for sources below this folder"),
	HIDDEN(0, "source-prefix", "FOLDER", TEXT, source.prefix),
	ROW(0, "prefix-strip", "N", U64, prefix_strip, "after N folders of their names were taken off (as many as needed)"),
	ROW('k', "vmlinux", "FILE", TEXT, symbols.vmlinux, "the kernel's image"),
	ROW(0, "kallsyms", "FILE", TEXT, symbols.kallsyms, "the kernel's symbols"),
	OPTION_GROUP("Names"),
	ROW(0, "demangle", NULL, FLAG, demangle, "readable C++ and Rust names (on; --no-demangle)"),
	ROW(0, "inline", NULL, FLAG, inlined, "lines of inlined functions are theirs (on; --no-inline)"),
	OPTION_GROUP("Output"),
	ROW(0, "json", NULL, FLAG, json, "for programs: all lines of what is shown"),
	ROW('q', "quiet", NULL, FLAG, view.quiet, "functions and lines only"),
	ROW(0, "stdio-color", "always|never|auto", TEXT, colours, "colours (auto: on a terminal)"),
	HIDDEN('f', "force", NULL, FLAG, force),
	HIDDEN(0, "stdio", NULL, FLAG, stdio),
	HIDDEN(0, "group", NULL, FLAG, stdio),
	HIDDEN('P', "full-paths", NULL, FLAG, stdio),
	ANNOTATE_PERF_ROWS,
	{ 0 },
};
/* clang-format on */

static const struct example examples[] = {
	{ "evprof annotate", "the hottest functions, their hot lines" },
	{ "evprof annotate insertion_sort", "one function" },
	{ "evprof annotate sorts.c", "a whole source file" },
	{ "evprof annotate --all -l 'sort_*'", "whole functions, by a glob" },
	{ "evprof annotate --asm insertion_sort", "its instructions" },
	{ "evprof annotate --prefix ~/src main", "sources that lie elsewhere now" },
	{ "evprof annotate sorts.py", "a Python program, line by line" },
	{ "evprof annotate --json", "for programs" },
	{ NULL, NULL },
};

/* ---- options ----------------------------------------------------------------------------------
 */

static int parse_share(struct annotate_options *options, struct ev_err *err)
{
	static const struct {
		const char *name;
		enum ev_annotate_share share;
	} shares[] = {
		{ "local-period", EV_SHARE_LOCAL_PERIOD },
		{ "global-period", EV_SHARE_GLOBAL_PERIOD },
		{ "local-hits", EV_SHARE_LOCAL_HITS },
		{ "global-hits", EV_SHARE_GLOBAL_HITS },
		{ "local", EV_SHARE_LOCAL_PERIOD },
		{ "global", EV_SHARE_GLOBAL_PERIOD },
	};
	for (size_t i = 0; options->share && i < EV_LENGTH(shares); i++) {
		if (strcmp(options->share, shares[i].name))
			continue;
		options->view.share = shares[i].share;
		return 0;
	}
	return options->share ? ev_fail(err, EINVAL,
					"--percent-type is local-period, global-period, "
					"local-hits or global-hits, not '%s'",
					options->share)
			      : 0;
}

static int check_options(struct annotate_options *options, struct ev_err *err)
{
	const char *const named[] = { options->symbols.symfs, options->symbols.kallsyms,
				      options->symbols.vmlinux, options->source.prefix };
	for (size_t i = 0; i < EV_LENGTH(named); i++)
		if (named[i] && access(named[i], R_OK))
			return ev_fail(err, errno, "cannot read '%s': %m", named[i]);
	if (options->style && strcmp(options->style, "intel") && strcmp(options->style, "att"))
		return ev_fail(err, EINVAL, "-M takes intel or att, not '%s'", options->style);
	if (options->percent_limit > 100 || options->view.min_percent < 0 ||
	    options->view.min_percent > 100)
		return ev_fail(err, EINVAL, "--percent-limit and --min-percent are percentages");
	if (options->context > 1000000)
		return ev_fail(err, EINVAL, "--context is a number of lines up to 1000000");
	if (options->assembly && ev_assembly_absence())
		return ev_fail(err, ENOTSUP, "%s", ev_assembly_absence());
	options->view.context = (uint32_t)options->context;
	options->source.symfs = options->symbols.symfs;
	options->source.prefix_strip_given = options->prefix_strip != UINT64_MAX;
	options->source.prefix_strip =
		options->source.prefix_strip_given ? options->prefix_strip : 0;
	return parse_share(options, err);
}

/* ---- weighing ---------------------------------------------------------------------------------
 */

static bool is_asked(const struct annotate_options *options, const struct ev_recording *recording,
		     size_t event)
{
	if (!options->event)
		return true;
	const char *name = event < recording->event_count ? recording->events[event].name : NULL;
	return name && (!strcmp(name, options->event) || ev_glob_match(options->event, name));
}

static int choose_events(struct annotating *it, struct ev_err *err)
{
	const struct ev_recording *recording = it->loaded->recording;
	size_t count = it->lines.event_count, shown = 0;
	it->events = ev_alloc(count * sizeof(*it->events));
	for (size_t e = count; e-- > 0;) {
		it->events[e] = is_asked(it->options, recording, e) && it->lines.totals[e].samples;
		if (it->events[e])
			it->event = e;
		shown += it->events[e];
	}
	if (shown || !it->options->event)
		return 0;
	struct ev_buffer names = { 0 };
	for (size_t e = 0; e < recording->event_count; e++)
		if (recording->events[e].name)
			ev_buffer_printf(&names, "%s%s", names.size_bytes ? ", " : "",
					 recording->events[e].name);
	ev_buffer_u8(&names, 0);
	int rc = ev_fail(err, ENOENT, "no sample is of an event '%s'; the recording has: %.500s",
			 it->options->event, (const char *)names.bytes);
	ev_buffer_done(&names);
	return rc;
}

/* The first event of those shown that counts page faults, where there are lines of Python. */
static void find_faults(struct annotating *it)
{
	const struct ev_recording *recording = it->loaded->recording;
	if (!ev_recording_section(recording, EV_FEATURE_EVPROF_PYTHON))
		return;
	for (size_t e = 0; e < it->lines.event_count && e < recording->event_count; e++) {
		if (!it->events[e] || !ev_event_is_page_fault(&recording->events[e].attr))
			continue;
		it->faults_event = e;
		it->line_reached = ev_lines_reached(&it->lines, e);
		return;
	}
}

/* ---- the walk ---------------------------------------------------------------------------------
 */

/* One section after another: the code of all functions of a large program would be much. */
void annotate_print(struct annotating *it, FILE *out)
{
	const struct annotate_options *options = it->options;
	const struct ev_annotate_format *format =
		options->json ? &ev_annotate_json : &ev_annotate_text;
	struct ev_annotation *annotation = &it->annotation;
	format->begin(out, annotation, &options->view);
	for (size_t i = 0; i < annotation->sections.count; i++) {
		struct ev_annotated *section = &annotation->sections.items[i];
		annotate_extend(it, section);
		if (options->assembly)
			annotate_read_code(it, section);
		format->section(out, annotation, &options->view, section, !i);
		annotate_forget_code(section);
	}
	format->end(out, annotation, &options->view);
}

int annotate_weigh(struct annotating *it, struct ev_err *err)
{
	const struct annotate_options *options = it->options;
	struct ev_annotation *annotation = &it->annotation;
	int rc = ev_lines_build(&it->lines, annotation->report.named, false, &options->filter, err);
	if (!rc)
		rc = choose_events(it, err);
	if (rc)
		return rc;
	find_faults(it);
	ev_spots_build(&it->spots, &it->lines);
	if (it->loaded->ratios.items.count) {
		annotation->report.ratios = &it->loaded->ratios;
		it->line_ratios = ev_lines_ratio_sums(&it->lines, &it->loaded->joints,
						      it->loaded->ratios.items.count);
		annotation->spot_ratios = it->spot_ratios =
			ev_spots_ratio_sums(&it->spots, &it->lines, &it->loaded->joints,
					    it->loaded->ratios.items.count);
	}
	annotation->lines = &it->lines;
	annotation->spots = options->assembly ? &it->spots : NULL;
	annotation->events = it->events;
	annotation->sources = ev_sources_open(&options->source);
	return 0;
}

void annotate_done(struct annotating *it)
{
	ev_array_done(&it->annotation.sections);
	ev_sources_close(it->annotation.sources);
	ev_spots_done(&it->spots);
	ev_lines_done(&it->lines);
	ev_lines_done(&it->files);
	free(it->line_reached);
	free(it->file_reached);
	free(it->line_ratios);
	free(it->file_ratios);
	free(it->spot_ratios);
	free(it->events);
	ev_arena_done(&it->arena);
}

static int annotate_loaded(struct annotate_options *options, struct loaded *loaded,
			   struct ev_err *err)
{
	struct annotating it = { .options = options, .loaded = loaded };
	unsigned flags = EV_SYMBOL_LINES | (options->inlined ? EV_SYMBOL_INLINES : 0u) |
			 (options->demangle ? 0u : EV_SYMBOL_MANGLED);
	it.symbolizer = ev_symbolizer_open(loaded->spaces, loaded->recording, &options->symbols);
	struct progress_work *work = progress_work_begin("resolving names", NULL);
	it.annotation.report = (struct ev_report){
		.recording = loaded->recording,
		.path = options->input,
		.spaces = loaded->spaces,
		.partial = loaded->partial,
		.stacks_loaded = options->children ||
				 ev_recording_section(loaded->recording, EV_FEATURE_EVPROF_PYTHON),
		.reads = loaded->reads,
		.named = ev_named_open(loaded->profile, loaded->spaces, it.symbolizer, flags, true,
				       ev_cpus_online()),
	};
	report_worst(&it.annotation.report, it.symbolizer);
	int rc = annotate_weigh(&it, err);
	if (!rc)
		rc = annotate_choose(&it, err);
	progress_work_end(work);
	if (!rc)
		annotate_print(&it, stdout);
	annotate_done(&it);
	ev_named_close(it.annotation.report.named);
	ev_symbolizer_close(it.symbolizer);
	return rc;
}

static int annotate(const struct verb *verb, struct annotate_options *options)
{
	struct ev_err err = { 0 };
	struct loaded loaded;
	const struct ev_filter *filter = &options->filter;
	struct load_options how = {
		.stacks = options->children,
		.python_lines = true,
		.by_comm = filter->comms,
		.by_pid = filter->pids,
		.by_tid = filter->tids,
		.by_cpu = filter->cpus,
		.time = options->time,
		.symbols = &options->symbols,
		.reads = true,
	};
	int status = load_or_complain(verb, &loaded, options->input, &how);
	if (status)
		return status;
	if (loaded.partial && !loaded.profile->quality.samples)
		status = complain_text(verb, STATUS_FAILED, "'%s' holds no samples: %s",
				       options->input, loaded.partial);
	else if (python_frames_check(options->python, loaded.recording, &err) ||
		 annotate_loaded(options, &loaded, &err))
		status = complain(verb, &err, STATUS_FAILED);
	loaded_done(&loaded);
	return status;
}

static size_t terminal_width(void)
{
	struct winsize size;
	if (!isatty(STDOUT_FILENO) || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
		return 0;
	return size.ws_col;
}

/* Words may stand between options. They are put at the front of argv, where they are out of use. */
static int parse(const struct verb *verb, struct annotate_options *options, int argc, char **argv)
{
	options->words = argv;
	for (int at = 0, first; at < argc; at += first) {
		int status = options_parse(verb, options, argc - at, argv + at, &first);
		if (status >= 0)
			return status;
		bool all_words = first > 1 && !strcmp(argv[at + first - 1], "--");
		for (int i = at + first; i < argc && (all_words || i == at + first); i++)
			options->words[options->word_count++] = argv[i];
		if (all_words)
			break;
	}
	return -1;
}

static int run_annotate(const struct verb *verb, int argc, char **argv)
{
	struct annotate_options options = {
		.input = "perf.data",
		.children = true,
		.demangle = true,
		.inlined = true,
		.percent_limit = -1,
		.context = 3,
		.prefix_strip = UINT64_MAX,
		.view = { .min_percent = 0.5 },
	};
	struct ev_err err = { 0 };
	int status = parse(verb, &options, argc, argv);
	if (status >= 0)
		return status;
	options.view.width = terminal_width();
	options.view.no_children = !options.children;
	int rc = screen_colours_wanted(options.colours, STDOUT_FILENO, &options.view.colour, &err);
	status = rc || check_options(&options, &err) ? complain(verb, &err, STATUS_USAGE)
						     : annotate(verb, &options);
	options_list_done(&options.wanted);
	return status;
}

const struct verb annotate_verb = {
	.name = "annotate",
	.synopsis = "[OPTION]… [FUNCTION|FILE]…",
	.about = "Show source lines, or instructions, with what each of them weighs.",
	.options = rows,
	.examples = examples,
	.run = run_annotate,
	.notes = "A function is named by its whole name, by the end of it without arguments (add, "
		 "Till::add), or by a glob; a file by its path or the end of it.\n\n"
		 "Self is of the samples that were in a line. A line of an inlined function is "
		 "that function's, and it is told what it was inlined into. Children adds what was "
		 "inlined at the line and what was called from it, once per stack. Own samples of "
		 "the lines of a function, left out ones and \"no line\" included, add up to the "
		 "function's.\n\n"
		 "Lines of Python have as their own what was below them, too, up to the next line "
		 "of Python: Python is in the interpreter at work on the line itself, native in "
		 "functions written in C that it called, system in the kernel. % Time is of the "
		 "function with what it calls, or of the file.\n\n"
		 "--json: "
		 "{\"events\":[{\"name\",\"samples\",\"period\"}],\"sections\":[{\"function\" "
		 "(or \"file\"),\"object\",\"source\",\"self\":W,\"inlined\":W,\"called\":W,"
		 "\"lines\":[{\"file\",\"line\",\"text\",\"self\":W,\"inlined\":W,\"called\":W,"
		 "\"inlined_into\",\"inlined_here\"}],\"code\" (with --asm):[{\"address\",\"text\","
		 "\"weight\":W,\"frames\"}]}]}; W has samples and period of each event, in their "
		 "order. All lines of what is shown are in it. Functions and lines of Python also "
		 "have "
		 "\"native\":W and \"system\":W, which \"self\" leaves out.",
};
