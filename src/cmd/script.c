/* evprof script: a recording becomes perf script's text. What was asked for, and where it goes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "script.h"
#include "perf_flags.h"
#include "verbs.h"

static int parse_python(void *options, const char *value, struct ev_err *err)
{
	return python_frames_parse(&((struct script_options *)options)->python, value, err);
}

/* clang-format off */
#define ROW(letter, name, value, kind, field, help)                                                 \
	OPTION(letter, name, value, kind, struct script_options, field, help)

static const struct option_row rows[] = {
	OPTION_GROUP("The recording"),
	ROW('i', "input", "FILE", TEXT, input, "the recording (perf.data); - is stdin"),
	ROW(0, "time", "START,STOP", TEXT, time, "only samples of this time: seconds, or 10%-50%, or 10%/2"),
	ROW(0, "header", NULL, FLAG, header, "show what the recording says about itself"),
	ROW(0, "header-only", NULL, FLAG, header_only, "show only that"),
	ROW('I', "show-info", NULL, FLAG, header_full, "with the machine's topology and caches"),
	OPTION_GROUP("Columns"),
	ROW('F', "fields", "[KIND:]FIELD[,FIELD]", LIST, fields, "these, or +FIELD,-FIELD: more or fewer than usual"),
	ROW(0, "ns", NULL, FLAG, view.nanoseconds, "times with nine digits"),
	ROW(0, "reltime", NULL, FLAG, view.reltime, "times since the first sample"),
	ROW(0, "deltatime", NULL, FLAG, view.deltatime, "times since the sample before"),
	ROW(0, "full-source-path", NULL, FLAG, view.full_paths, "source files with their folders"),
	OPTION_GROUP("Which samples"),
	ROW('c', "comms", "NAME[,NAME]", TEXT, comms, "only these commands"),
	ROW(0, "pid", "PID[,PID]", TEXT, pids, "only these processes"),
	ROW(0, "tid", "TID[,TID]", TEXT, tids, "only these threads"),
	ROW('C', "cpu", "CPU[,CPU]", TEXT, cpus, "only these CPUs"),
	ROW('S', "symbols", "NAME[,NAME]", TEXT, symbols, "only in these functions, or at these addresses"),
	ROW(0, "dsos", "NAME[,NAME]", TEXT, objects, "only in these objects"),
	OPTION_GROUP("Call chains"),
	ROW('G', "hide-call-graph", NULL, FLAG, view.hide_chains, "only where each sample was"),
	ROW(0, "max-stack", "N", U64, view.max_depth, "show so many levels"),
	OPTION_TO(0, "python", "merged|only|off", parse_python, PYTHON_OPTION_HELP),
	ROW(0, "stop-bt", "NAME[,NAME]", TEXT, stops, "end chains at these functions"),
	OPTION_GROUP("Other records"),
	ROW(0, "show-task-events", NULL, FLAG, show_tasks, "threads that start, end and change their names"),
	ROW(0, "show-mmap-events", NULL, FLAG, show_maps, "what is mapped"),
	ROW(0, "show-switch-events", NULL, FLAG, show_switches, "context switches"),
	ROW(0, "show-lost-events", NULL, FLAG, show_lost, "records that were lost"),
	ROW(0, "show-namespace-events", NULL, FLAG, show_namespaces, "namespaces of processes"),
	ROW(0, "show-cgroup-events", NULL, FLAG, show_cgroups, "control groups"),
	ROW(0, "show-bpf-events", NULL, FLAG, show_bpf, "BPF programs and their symbols"),
	ROW(0, "show-round-events", NULL, FLAG, show_rounds, "ends of the recorder's rounds"),
	ROW('D', "dump-raw-trace", NULL, FLAG, dump, "every record with its bytes, in the order of the file"),
	{ .name = "dump-unsorted-raw-trace", .kind = OPTION_FLAG, .hidden = true,
	  .offset = offsetof(struct script_options, dump), .help = "the same as --dump-raw-trace" },
	OPTION_GROUP("Names"),
	ROW(0, "symfs", "FOLDER", TEXT, names.symfs, "look for binaries below this folder"),
	ROW(0, "kallsyms", "FILE", TEXT, names.kallsyms, "the kernel's symbols"),
	ROW('k', "vmlinux", "FILE", TEXT, names.vmlinux, "the kernel's image"),
	ROW(0, "demangle", NULL, FLAG, demangle, "readable C++ and Rust names (on; --no-demangle)"),
	ROW(0, "inline", NULL, FLAG, inlines, "inlined functions as frames (on; --no-inline)"),
	OPTION_GROUP("Output"),
	ROW('o', "output", "FILE", TEXT, output, "write there instead of stdout"),
	ROW(0, "per-event-dump", NULL, FLAG, per_event, "a file FILE.EVENT.dump for each event"),
	{ .letter = 'f', .name = "force", .kind = OPTION_FLAG, .offset = offsetof(struct script_options, force),
	  .help = "read a file of another owner (always)", .hidden = true },
	SCRIPT_PERF_ROWS,
	{ 0 },
};
/* clang-format on */

static const struct example examples[] = {
	{ "evprof script", "every sample of perf.data with its call chain" },
	{ "evprof script -F +srcline", "with source lines" },
	{ "evprof script -G -F comm,tid,time,ip,sym", "these fields, one line for each sample" },
	{ "evprof script -F sw:-period -F trace:time,trace", "by kind of event" },
	{ "evprof script --time 10%/2 --comms sorts", "a part of them" },
	{ "evprof script --show-task-events --show-mmap-events", "with what else happened" },
	{ NULL, NULL },
};

/* ---- output -----------------------------------------------------------------------------------
 */

static void close_files(struct script_run *run)
{
	for (size_t i = 0; run->files && i < run->loaded.recording->event_count; i++)
		if (run->files[i])
			fclose(run->files[i]);
	free(run->files);
}

/* perf.data.cycles.dump and so on, beside the recording. */
static int open_files(struct script_run *run, struct ev_err *err)
{
	const struct ev_recording *recording = run->loaded.recording;
	run->files = ev_alloc((recording->event_count + 1) * sizeof(*run->files));
	for (size_t i = 0; i < recording->event_count; i++) {
		char *event = ev_strdup(recording->events[i].name);
		for (char *at = event; *at; at++)
			if (*at == '/' || *at < ' ')
				*at = '_';
		char *name = ev_printf("%s.%s.dump", run->options->input, event);
		run->files[i] = fopen(name, "we");
		int rc = run->files[i] ? 0 : ev_fail(err, errno, "cannot write '%s': %m", name);
		free(event);
		free(name);
		if (rc)
			return rc;
	}
	return 0;
}

static void tell_troubles(const struct verb *verb, struct script_run *run)
{
	if (run->loaded.partial && run->taken)
		complain_text(verb, 0, "the recording is partial: %s", run->loaded.partial);
	if (run->damaged)
		complain_text(verb, 0, "%llu damaged records were left out",
			      (unsigned long long)run->damaged);
	for (size_t i = 0; i < run->loaded.recording->event_count; i++) {
		const char *trouble = ev_script_trouble(run->script, i);
		struct ev_arena arena = { 0 };
		if (trouble)
			complain_text(verb, 0,
				      "the format of %s can't be followed (%s): its fields are "
				      "shown as name=value",
				      ev_text_safe(&arena, run->loaded.recording->events[i].name),
				      ev_text_safe(&arena, trouble));
		ev_arena_done(&arena);
	}
}

/* A reader that has seen enough closes its pipe: nothing is wrong then. */
static int finish(const struct verb *verb, struct script_run *run, FILE *out)
{
	bool written = ev_script_flush(run->script) && !fflush(out);
	if (written || errno == EPIPE) {
		if (!written && out == stdout && !freopen("/dev/null", "w", stdout))
			return STATUS_FAILED;
		tell_troubles(verb, run);
		return 0;
	}
	return complain_text(verb, STATUS_FAILED, "could not write all output: %m");
}

/* ---- running ----------------------------------------------------------------------------------
 */

static char **split(struct ev_arena *arena, const char *list, size_t *count)
{
	EV_ARRAY(char *) words = { 0 };
	for (const char *at = list; at && *at;) {
		size_t length = strcspn(at, ",");
		*ev_array_add(&words) = ev_arena_text(arena, at, length);
		at += length;
		at += *at == ',';
	}
	*count = words.count;
	return words.items;
}

static int print(const struct verb *verb, struct script_run *run, FILE *out, struct ev_err *err)
{
	const struct script_options *options = run->options;
	if (options->header || options->header_only)
		ev_print_header(out, run->loaded.recording, options->header_full);
	if (options->header_only)
		return 0;
	struct ev_symbolizer *symbolizer =
		ev_symbolizer_open(run->loaded.spaces, run->loaded.recording, &options->names);
	struct ev_unwinder *unwinder =
		load_carries_stacks(run->loaded.recording, NULL) && !options->view.hide_chains
			? ev_unwinder_open(run->loaded.spaces, run->loaded.recording,
					   &options->names)
			: NULL;
	int rc = options->per_event ? open_files(run, err) : 0;
	run->script = ev_script_open(out, run->loaded.recording, run->loaded.spaces, symbolizer,
				     unwinder, &options->view);
	if (!rc)
		rc = ev_reader_rewind(run->loaded.reader, err);
	if (ev_recording_has_reads(run->loaded.recording))
		run->reads = ev_reads_open(run->loaded.recording);
	if (!rc)
		script_walk(run);
	if (!rc && run->loaded.partial && !run->taken)
		rc = ev_fail(err, EINVAL, "'%s' holds no samples: %s", options->input,
			     run->loaded.partial);
	int status = rc ? complain(verb, err, STATUS_FAILED) : finish(verb, run, out);
	ev_script_close(run->script);
	ev_reads_close(run->reads);
	ev_unwinder_close(unwinder);
	ev_symbolizer_close(symbolizer);
	return status;
}

static int print_to(const struct verb *verb, struct script_run *run, struct ev_err *err)
{
	const char *name = run->options->output;
	if (!name || !strcmp(name, "-"))
		return print(verb, run, stdout, err);
	FILE *out = fopen(name, "we");
	if (!out)
		return complain_text(verb, STATUS_FAILED, "cannot write '%s': %m", name);
	int status = print(verb, run, out, err);
	if (fclose(out) && !status)
		status = complain_text(verb, STATUS_FAILED, "could not write '%s': %m", name);
	return status;
}

/* Text that goes to the terminal shows by itself how far it is. */
static bool tells_progress(const struct script_options *options)
{
	bool is_file = options->output && strcmp(options->output, "-") != 0;
	return is_file || options->per_event || !isatty(STDOUT_FILENO);
}

static int script(const struct verb *verb, struct script_options *options)
{
	struct script_run run = { .options = options };
	struct ev_err err = { 0 };
	int status = 0, rc = script_filter_open(&run.filter, options, &err);
	if (rc)
		status = complain(verb, &err, STATUS_USAGE);
	if (!rc && (rc = load_reader(&run.loaded.reader, options->input, &err)))
		status = rc == -ENOENT && !strcmp(options->input, "perf.data")
				 ? complain_text(verb, STATUS_FAILED,
						 "there is no perf.data here; make one with: "
						 "evprof record ./program")
				 : complain(verb, &err, STATUS_FAILED);
	if (!rc) {
		run.tells = tells_progress(options);
		script_learn(&run);
		rc = python_frames_check(options->python, run.loaded.recording, &err);
		if (!rc)
			rc = ev_script_fields_fit(&options->view.fields, run.loaded.recording,
						  !options->view.hide_chains, &err);
		status = rc ? complain(verb, &err, STATUS_FAILED) : print_to(verb, &run, &err);
		close_files(&run);
	}
	python_chain_done(&run.python);
	loaded_done(&run.loaded);
	script_filter_done(&run.filter);
	return status;
}

static int run_script(const struct verb *verb, int argc, char **argv)
{
	struct script_options options = {
		.input = "perf.data",
		.demangle = true,
		.inlines = true,
	};
	struct ev_arena arena = { 0 };
	struct ev_err err = { 0 };
	int first, rc = 0, status = options_parse(verb, &options, argc, argv, &first);
	if (status >= 0)
		return status;
	if (first < argc)
		return complain_text(verb, STATUS_USAGE,
				     "'%s' is not an option; a recording is named by -i",
				     argv[first]);
	ev_script_fields_usual(&options.view.fields);
	for (size_t i = 0; i < options.fields.count && !rc; i++)
		rc = ev_script_fields_parse(&options.view.fields, options.fields.items[i].text,
					    &err);
	options.view.mangled = !options.demangle;
	options.view.inlines = options.inlines;
	options.view.stops = split(&arena, options.stops, &options.view.stop_count);
	status = rc ? complain(verb, &err, STATUS_USAGE) : script(verb, &options);
	free((void *)options.view.stops);
	options_list_done(&options.fields);
	ev_arena_done(&arena);
	return status;
}

const struct verb script_verb = {
	.name = "script",
	.synopsis = "[OPTION]…",
	.about =
		"Print the samples of a recording as text, in the layout of perf script that other "
		"tools read.",
	.options = rows,
	.examples = examples,
	.run = run_script,
	.notes =
		"Fields are comm, tid, pid, time, cpu, event, trace, ip, sym, dso, dsoff, addr, "
		"symoff, srcline, period, iregs, uregs, brstack, brstacksym, brstackoff, data_src, "
		"weight, ins_lat, retire_lat, bpf-output, misc, phys_addr, data_page_size, "
		"code_page_size and cgroup. KIND: in front of them means only events of that kind: "
		"hw, sw, trace, cache, raw, break or other. Fields that samples do not have are "
		"left "
		"out, unless they were named.\n\n"
		"Control characters in names and texts are shown as \\xNN.",
};
