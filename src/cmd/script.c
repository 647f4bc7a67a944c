/* evprof script: a recording becomes perf script's text. Two walks: what was mapped where, then
 * every record in the order of time. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "load.h"
#include "script.h"
#include "verbs.h"

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

struct script_run {
	const struct script_options *options;
	struct ev_reader *reader;
	struct ev_recording *recording;
	struct ev_space_set *spaces;
	struct ev_script *script;
	struct script_filter filter;
	struct ev_reads *reads; /* where samples carry counts; NULL else */
	FILE **files;  /* of each event, with --per-event-dump */
	char *partial; /* why not everything could be read, or NULL */
	uint64_t taken, damaged;
};

/* ---- first walk -------------------------------------------------------------------------------
 */

static void widen(struct ev_recording *recording, struct ev_decoder *decoder,
		  const struct ev_raw *raw)
{
	struct ev_record record;
	if (ev_decode_sample(decoder, raw, PERF_SAMPLE_TIME, &record))
		return;
	if (!recording->first_time_ns || record.time_ns < recording->first_time_ns)
		recording->first_time_ns = record.time_ns;
	if (record.time_ns > recording->last_time_ns)
		recording->last_time_ns = record.time_ns;
}

static void walk_sideband(struct script_run *run)
{
	struct ev_recording *recording = run->recording;
	struct ev_decoder *decoder = ev_decoder_open(recording);
	bool needs_times = run->filter.time.of_whole && !recording->last_time_ns;
	struct ev_raw raw;
	struct ev_record record;
	struct ev_err damage = { 0 };
	int rc;
	while ((rc = ev_reader_next(run->reader, &raw, &damage)) > 0) {
		if (raw.type != PERF_RECORD_SAMPLE && !ev_decode(decoder, &raw, &record))
			ev_space_set_add(run->spaces, &record);
		else if (raw.type == PERF_RECORD_SAMPLE && needs_times)
			widen(recording, decoder, &raw);
	}
	if (rc < 0)
		run->partial = ev_strdup(damage.text);
	else if (recording->unfinished)
		run->partial = load_why_unfinished(recording);
	ev_decoder_close(decoder);
	ev_space_set_build_ids(run->spaces, recording);
	ev_space_set_ready(run->spaces);
	time_range_resolve(&run->filter.time, recording->first_time_ns, recording->last_time_ns);
}

/* ---- second walk ------------------------------------------------------------------------------
 */

/* Which option shows a type of record. */
static bool is_shown(const struct script_options *options, uint32_t type)
{
	switch (type) {
	case PERF_RECORD_COMM:
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		return options->show_tasks;
	case PERF_RECORD_MMAP:
	case PERF_RECORD_MMAP2:
		return options->show_maps;
	case PERF_RECORD_SWITCH:
	case PERF_RECORD_SWITCH_CPU_WIDE:
		return options->show_switches;
	case PERF_RECORD_LOST:
	case PERF_RECORD_LOST_SAMPLES:
		return options->show_lost;
	case PERF_RECORD_NAMESPACES:
		return options->show_namespaces;
	case PERF_RECORD_CGROUP:
		return options->show_cgroups;
	case PERF_RECORD_KSYMBOL:
	case PERF_RECORD_BPF_EVENT:
		return options->show_bpf;
	case EV_RECORD_FINISHED_ROUND:
		return options->show_rounds;
	default:
		return false;
	}
}

static void show(struct script_run *run, const struct ev_record *record)
{
	if (!script_filter_passes(&run->filter, run->script, record))
		return;
	if (run->files && record->event >= 0)
		ev_script_turn(run->script, run->files[record->event]);
	ev_script_sample(run->script, record);
}

/* A sample with counts is one of each event of its group, for what it counted since the one before.
 */
static void show_counts(struct script_run *run, const struct ev_record *record)
{
	const struct ev_read_delta *deltas;
	size_t count = ev_reads_take(run->reads, record, &deltas);
	if (!count)
		show(run, record);
	for (size_t i = 0; i < count; i++) {
		struct ev_record member = *record;
		if (deltas[i].event < 0 || !deltas[i].value)
			continue;
		member.event = deltas[i].event;
		member.sample.has |= PERF_SAMPLE_PERIOD;
		member.sample.period = deltas[i].value;
		show(run, &member);
	}
}

static void take(struct script_run *run, const struct ev_record *record)
{
	if (record->type != PERF_RECORD_SAMPLE) {
		ev_script_learn(run->script, record);
		if (is_shown(run->options, record->type))
			ev_script_other(run->script, record);
		return;
	}
	run->taken++;
	if (run->reads && record->sample.read_count)
		show_counts(run, record);
	else
		show(run, record);
}

static int walk_in_order(struct script_run *run)
{
	struct ev_ordered *ordered = ev_ordered_open(run->reader);
	struct ev_record record;
	struct ev_err damage = { 0 };
	int rc;
	/* Damage of the file was told by the first walk, which stopped at the same place; behind a
	 * damaged record the next call goes on. */
	while ((rc = ev_ordered_next(ordered, &record, &damage)) != 0) {
		if (rc > 0)
			take(run, &record);
		else if (run->partial && !strcmp(damage.text, run->partial))
			break;
		else
			run->damaged++;
	}
	ev_ordered_close(ordered);
	return 0;
}

static int dump(struct script_run *run)
{
	struct ev_decoder *decoder = ev_decoder_open(run->recording);
	struct ev_record record;
	struct ev_raw raw;
	while (ev_reader_next(run->reader, &raw, NULL) > 0) {
		bool good = !ev_decode(decoder, &raw, &record);
		if (good && raw.type != PERF_RECORD_SAMPLE)
			ev_script_learn(run->script, &record);
		run->damaged += !good;
		run->taken++;
		ev_script_dump(run->script, &raw, good ? &record : NULL);
	}
	ev_decoder_close(decoder);
	return 0;
}

/* ---- output -----------------------------------------------------------------------------------
 */

static void close_files(struct script_run *run)
{
	for (size_t i = 0; run->files && i < run->recording->event_count; i++)
		if (run->files[i])
			fclose(run->files[i]);
	free(run->files);
}

/* perf.data.cycles.dump and so on, beside the recording. */
static int open_files(struct script_run *run, struct ev_err *err)
{
	const struct ev_recording *recording = run->recording;
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
	if (run->partial && run->taken)
		complain_text(verb, 0, "the recording is partial: %s", run->partial);
	if (run->damaged)
		complain_text(verb, 0, "%llu damaged records were left out",
			      (unsigned long long)run->damaged);
	for (size_t i = 0; i < run->recording->event_count; i++) {
		const char *trouble = ev_script_trouble(run->script, i);
		struct ev_arena arena = { 0 };
		if (trouble)
			complain_text(verb, 0,
				      "the format of %s can't be followed (%s): its fields are "
				      "shown as name=value",
				      ev_text_safe(&arena, run->recording->events[i].name),
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
		ev_print_header(out, run->recording, options->header_full);
	if (options->header_only)
		return 0;
	struct ev_symbolizer *symbolizer =
		ev_symbolizer_open(run->spaces, run->recording, &options->names);
	struct ev_unwinder *unwinder =
		load_carries_stacks(run->recording) && !options->view.hide_chains
			? ev_unwinder_open(run->spaces, run->recording, &options->names)
			: NULL;
	int rc = options->per_event ? open_files(run, err) : 0;
	run->script = ev_script_open(out, run->recording, run->spaces, symbolizer, unwinder,
				     &options->view);
	if (!rc)
		rc = ev_reader_rewind(run->reader, err);
	if (ev_recording_has_reads(run->recording))
		run->reads = ev_reads_open(run->recording);
	if (!rc)
		rc = options->dump ? dump(run) : walk_in_order(run);
	if (!rc && run->partial && !run->taken)
		rc = ev_fail(err, EINVAL, "'%s' holds no samples: %s", options->input,
			     run->partial);
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

static int script(const struct verb *verb, struct script_options *options)
{
	struct script_run run = { .options = options };
	struct ev_err err = { 0 };
	int status = 0, rc = script_filter_open(&run.filter, options, &err);
	if (rc)
		status = complain(verb, &err, STATUS_USAGE);
	if (!rc && (rc = load_reader(&run.reader, options->input, &err)))
		status = rc == -ENOENT && !strcmp(options->input, "perf.data")
				 ? complain_text(verb, STATUS_FAILED,
						 "there is no perf.data here; make one with: "
						 "evprof record ./program")
				 : complain(verb, &err, STATUS_FAILED);
	if (!rc) {
		run.recording = ev_reader_recording(run.reader);
		run.spaces = ev_space_set_open();
		walk_sideband(&run);
		rc = ev_script_fields_fit(&options->view.fields, run.recording,
					  !options->view.hide_chains, &err);
		status = rc ? complain(verb, &err, STATUS_FAILED) : print_to(verb, &run, &err);
		close_files(&run);
		ev_space_set_close(run.spaces);
	}
	ev_reader_close(run.reader);
	script_filter_done(&run.filter);
	free(run.partial);
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
