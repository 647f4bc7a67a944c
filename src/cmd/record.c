/* evprof record: samples events of a program into a perf.data file. The options and the order of
 * the stages stand here; each stage has its file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include "perf_flags.h"
#include "record.h"
#include "record_bpf.h"
#include "record_hot.h"
#include "record_reader.h"
#include "record_stream.h"
#include "record_unwind.h"
#include "record_waits.h"
#include "signals.h"
#include "verbs.h"

#define DEFAULT_COMPRESSION 3    /* zstd's own default */
#define DEFAULT_STACK_BYTES 8192 /* perf's */

static int parse_copies(struct record_options *options, const char *value, struct ev_err *err)
{
	uint64_t size_bytes = 0;
	if (*value && (ev_parse_size(value + 1, &size_bytes) || size_bytes < 8 ||
		       size_bytes > STACK_BYTES_LIMIT))
		return ev_fail(err, EINVAL,
			       "--call-graph dwarf,BYTES copies 8 to %d bytes of each stack, not "
			       "'%s'",
			       STACK_BYTES_LIMIT, value + 1);
	if (!ev_unwind_registers())
		return ev_fail(err, ENOTSUP,
			       "stacks of this processor can not be unwound: use "
			       "--call-graph fp");
	options->stack_bytes = size_bytes ? (uint32_t)(size_bytes + 7) & ~7u : DEFAULT_STACK_BYTES;
	return 0;
}

static int parse_call_graph(void *into, const char *value, struct ev_err *err)
{
	static const struct {
		const char *name;
		enum record_chains chains;
	} ways[] = {
		{ "auto", RECORD_CHAINS_AUTO },   { "fp", RECORD_CHAINS_FP },
		{ "no", RECORD_CHAINS_NONE },     { "none", RECORD_CHAINS_NONE },
		{ "dwarf", RECORD_CHAINS_DWARF }, { "lbr", RECORD_CHAINS_LBR },
		{ "bpf", RECORD_CHAINS_BPF },
	};
	struct record_options *options = into;
	options->chains_given = true;
	options->stack_bytes = 0;
	if (!value)
		value = "no";
	size_t length = strcspn(value, ",");
	for (size_t i = 0; i < EV_LENGTH(ways); i++) {
		bool may_have_size = ways[i].chains == RECORD_CHAINS_DWARF;
		if (strncmp(value, ways[i].name, length) || ways[i].name[length] ||
		    (value[length] && !may_have_size))
			continue;
		options->chains = ways[i].chains;
		return may_have_size ? parse_copies(options, value + length, err) : 0;
	}
	return ev_fail(err, EINVAL,
		       "--call-graph takes auto, fp (frame pointers), dwarf[,BYTES] (unwind "
		       "tables), bpf (unwind tables, in the kernel), lbr (the processor's "
		       "record of calls) or no, not '%s'",
		       value);
}

static int parse_chains(void *into, const char *value, struct ev_err *err)
{
	(void)value;
	return parse_call_graph(into, "auto", err);
}

static int parse_compression(void *into, const char *value, struct ev_err *err)
{
	struct record_options *options = into;
	uint64_t level = DEFAULT_COMPRESSION;
	if (value && (ev_parse_u64(value, &level) || level > 22))
		return ev_fail(err, EINVAL, "-z takes a level from 1 to 22, not '%s'", value);
	options->compression_level = (int)level;
	return 0;
}

/* -m: pages, or bytes with a suffix, as perf takes it. */
int record_parse_ring(void *into, const char *value, struct ev_err *err)
{
	struct record_options *options = into;
	uint64_t number;
	bool pages = !ev_parse_u64(value, &number);
	if (!pages && ev_parse_size(value, &number))
		return ev_fail(err, EINVAL, "-m takes pages or a size such as 512K, not '%s'",
			       value);
	if (!number || number > (pages ? 1u << 20 : (uint64_t)4 << 30))
		return ev_fail(err, EINVAL, "a ring of '%s' is out of range", value);
	options->ring_pages_bytes = pages ? number * 4096 : number;
	options->ring_given = true;
	return 0;
}

static int parse_clock(void *into, const char *value, struct ev_err *err)
{
	static const struct {
		const char *name;
		int id;
	} clocks[] = {
		{ "monotonic", CLOCK_MONOTONIC },
		{ "mono", CLOCK_MONOTONIC },
		{ "monotonic_raw", CLOCK_MONOTONIC_RAW },
		{ "raw", CLOCK_MONOTONIC_RAW },
		{ "realtime", CLOCK_REALTIME },
		{ "real", CLOCK_REALTIME },
		{ "boottime", CLOCK_BOOTTIME },
		{ "boot", CLOCK_BOOTTIME },
		{ "tai", CLOCK_TAI },
	};
	struct record_options *options = into;
	const char *name = strncasecmp(value, "CLOCK_", 6) ? value : value + 6;
	for (size_t i = 0; i < EV_LENGTH(clocks); i++)
		if (!strcasecmp(name, clocks[i].name)) {
			options->clock_id = clocks[i].id;
			return 0;
		}
	return ev_fail(err, EINVAL,
		       "-k takes monotonic, monotonic_raw, realtime, boottime or tai, not '%s'",
		       value);
}

/* What runs already is told whole: without it, samples would have no names. */
static int parse_synthesis(void *into, const char *value, struct ev_err *err)
{
	(void)into;
	return strcmp(value, "all") ? ev_fail(err, EINVAL,
					      "--synth is perf's: what runs already is told whole "
					      "(all), for names of what is sampled; not '%s'",
					      value)
				    : 0;
}

static int parse_shortest(void *into, const char *value, struct ev_err *err)
{
	struct record_options *options = into;
	char *end;
	options->off_cpu_ms = strtod(value, &end);
	options->off_cpu_ms_given = true;
	if (end == value || *end || !(options->off_cpu_ms >= 0) || options->off_cpu_ms > 1e9)
		return ev_fail(err, EINVAL, "--off-cpu-thresh takes milliseconds, not '%s'", value);
	return 0;
}

/* clang-format off */
#define ROW(letter, name, value, kind, field, help)                                                 \
	OPTION(letter, name, value, kind, struct record_options, field, help)

static const struct option_row rows[] = {
	OPTION_GROUP("What to sample"),
	EVENT_ROWS(struct record_options, events),
	ROW('F', "freq", "HZ|max", TEXT, frequency, "samples per second, adapted by the kernel (4000)"),
	ROW('c', "count", "N", U64, period_events, "one sample every N events"),
	OPTION_TO('g', "call-chains", NULL, parse_chains, "record call chains: they are, by default; as --call-graph auto"),
	{ .name = "call-graph", .value = "auto|fp|dwarf[,BYTES]|bpf|lbr|no", .kind = OPTION_CALL, .parse = parse_call_graph,
	  .negatable = true, .help = "how call chains are followed: by what the code allows (auto), by frame pointers, by "
				     "unwind tables from copies of the stack of so many bytes (8192), or in the kernel and without "
				     "copies (bpf, as root; auto does so where copies are too short, and of large programs); no, or --no-call-graph: not" },
	ROW(0, "user-callchains", NULL, FLAG, user_callchains, "call chains of user space only"),
	ROW(0, "kernel-callchains", NULL, FLAG, kernel_callchains, "call chains of the kernel only"),
	{ .name = "jitter", .value = "PERCENT", .value_is_optional = true, .kind = OPTION_CALL, .parse = record_parse_jitter,
	  .help = "vary the rate at random, by up to so much (10), so that it does not keep step with the program; weights stay right" },
	ROW('b', "branch-any", NULL, FLAG, branches, "record the branches before each sample, where the processor keeps them: as -j any"),
	ROW('j', "branch-filter", "KIND[,…]", TEXT, branch_kinds, "branches of these kinds: any, any_call, any_ret, ind_call, ind_jmp, call, cond; u, k"),
	ROW('d', "data", NULL, FLAG, addresses, "record data addresses"),
	ROW('T', "timestamp", NULL, FLAG, timestamp, "record times (they always are)"),
	ROW(0, "sample-cpu", NULL, FLAG, sample_cpu, "record the CPU of each sample (always with -a)"),
	ROW('P', "period", NULL, FLAG, period, "record each sample's period also where it is fixed"),
	ROW(0, "all-cgroups", NULL, FLAG, details.cgroups, "record the control group of each sample, for report -s cgroup"),
	ROW(0, "namespaces", NULL, FLAG, details.namespaces, "record which namespaces threads are in, for report -s cgroup_id"),
	ROW('R', "raw-samples", NULL, FLAG, details.raw, "record raw data of every event, as tracepoints have it"),
	ROW(0, "switch-events", NULL, FLAG, details.switches, "record when threads leave and enter CPUs, for script --show-switch-events"),
	ROW('W', "weight", NULL, FLAG, details.weights, "record the weight of each sample, where the processor tells one"),
	{ .letter = 'I', .name = "intr-regs", .value = "REGISTERS", .value_is_optional = true, .kind = OPTION_CALL,
	  .parse = record_parse_registers, .help = "record the general registers of each sample, for script -F iregs" },
	ROW(0, "transaction", NULL, FLAG, details.transactions, "record what transaction each sample was in, where the processor has them"),
	ROW(0, "sample-identifier", NULL, FLAG, details.identified, "tell the event of each sample also where there is only one"),
	ROW(0, "phys-data", NULL, FLAG, details.physical, "record physical addresses of data (as root)"),
	ROW(0, "data-page-size", NULL, FLAG, details.data_pages, "record sizes of the pages of data"),
	ROW(0, "code-page-size", NULL, FLAG, details.code_pages, "record sizes of the pages of code"),
	ROW('s', "stat", NULL, FLAG, thread_counts, "record counts per thread as well"),
	ROW(0, "no-bpf", NULL, FLAG, no_bpf, "stacks deeper than their copies are not followed in the kernel: copies grow"),
	ROW(0, "bpf", NULL, FLAG, bpf, "count samples in the kernel, by stack, thread and CPU: a fraction of the cost"),
	ROW(0, "bpf-interval", "SECONDS", REAL, bpf_interval_s, "write what --bpf has counted so often (5)"),
	{ .name = "strict-freq", .kind = OPTION_FLAG, .hidden = true,
	  .offset = offsetof(struct record_options, strict_rate), .help = "refuse a frequency that is too high (evprof always does)" },
	OPTION_TO(0, "python", "merged|agent|off|auto", record_python_parse,
		  "Python functions and lines in place of the interpreter's frames: merged (as root read in the kernel, else by an "
		  "agent in a command and its Python children); agent: so in any case; off: native frames only; auto: merged where a program is Python"),
	OPTION_GROUP("Waiting"),
	ROW(0, "off-cpu", NULL, FLAG, off_cpu, "also measure every interval that a thread is off the CPUs, with the stack that waits and for what (as root)"),
	ROW(0, "wall", NULL, FLAG, wall, "time on and off the CPUs as one event, in ns: what every thread's elapsed time went into (as root)"),
	ROW(0, "wakers", NULL, FLAG, wakers, "with --off-cpu or --wall: also who ended each interval, with the stack that did"),
	OPTION_TO(0, "off-cpu-thresh", "MS", parse_shortest, "intervals shorter than this are added up by stack, not told one by one (1)"),
	OPTION_GROUP("Whom"),
	TARGET_ROWS(struct record_options, target),
	SIMULATE_ROWS(struct record_options, simulate),
	OPTION_GROUP("When"),
	OPTION_TO('D', "delay", "MS|RANGES", record_parse_delay,
		  "begin after so many milliseconds; -1: when --control says so; 10-20,30-40: only then"),
	ROW(0, "control", "fd:N[,N]|fifo:PATH[,PATH]", TEXT, control,
	    "obey lines written there (enable, disable, stop, snapshot, ping, evlist, status, frequency N: see evprof control); ack answers on the second"),
	ROW(0, "duration", "SECONDS", REAL, duration_s, "stop after so many seconds"),
	OPTION_TO('k', "clockid", "CLOCK", parse_clock, "clock of the times: monotonic, realtime, …"),
	OPTION_GROUP("The file"),
	ROW('o', "output", "FILE", TEXT, output, "where to write (perf.data); - is stdout"),
	ROW(0, "html", "FILE", TEXT, html, "then write a page of it, as evprof report --format html does"),
	{ .letter = 'z', .name = "compression-level", .value = "LEVEL", .value_is_optional = true,
	  .kind = OPTION_CALL, .parse = parse_compression, .help = "compress with zstd, 1 … 22" },
	OPTION_TO('m', "mmap-pages", "PAGES|SIZE", record_parse_ring, "size of each CPU's ring"),
	{ .letter = 'N', .name = "no-buildid-cache", .kind = OPTION_FLAG, .hidden = true,
	  .offset = offsetof(struct record_options, no_cache), .help = "keep no copies (evprof never does)" },
	ROW('B', "no-buildid", NULL, FLAG, no_build_ids, "leave build-ids out of the file"),
	ROW(0, "max-size", "SIZE", SIZE, max_size_bytes, "stop when the file is as large as this: 10M, 1G"),
	ROW(0, "buildid-all", NULL, FLAG, all_build_ids, "build-ids of all that was mapped, sampled or not"),
	ROW(0, "timestamp-filename", NULL, FLAG, files.stamped, "call the file FILE.<timestamp>"),
	RECORD_FILES_ROWS(struct record_options, files),
	ROW('r', "realtime", "PRIORITY", U64, priority, "run the recorder before all that is not real-time (SCHED_FIFO, 1 … 99)"),
	ROW(0, "dry-run", NULL, FLAG, dry_run, "check options and events, record nothing"),
	ROW('q', "quiet", NULL, FLAG, quiet, "say nothing but errors"),
	ROW('v', "verbose", NULL, FLAG, verbose, "tell more"),
	OPTION_HIDDEN_TO(0, "synth", "all", parse_synthesis),
	{ .name = "no-bpf-event", .kind = OPTION_FLAG, .hidden = true,
	  .offset = offsetof(struct record_options, details.no_bpf_events), .help = "no records of BPF programs that come and go" },
	RECORD_PERF_ROWS,
	{ 0 },
};
/* clang-format on */

static const struct example examples[] = {
	{ "evprof record ./sorts", "sample where the program spends its cycles (or its time)" },
	{ "evprof record --html sorts.html ./sorts",
	  "and a page to look around in, for any browser" },
	{ "evprof record -F 999 -- python3 sorts.py", "999 samples per second" },
	{ "evprof record --no-call-graph ./sorts", "without call chains" },
	{ "evprof record --call-graph dwarf,65528 ./sorts",
	  "with call chains of the largest copies of stacks from the start" },
	{ "evprof record -e page-faults -c 1 ./sorts", "every page fault" },
	{ "evprof record -e uprobe:libc.so.6:malloc ./sorts", "who calls a function (as root)" },
	{ "evprof record --simulate -e cache-misses ./cachewalk",
	  "every cache miss of a model, where there are no hardware counters" },
	{ "evprof record -e '{task-clock,page-faults}:S' ./sorts",
	  "counted together: page faults per ms of every function" },
	{ "evprof record --wall ./server", "what its time goes into, waiting included (as root)" },
	{ "evprof record --off-cpu -p 1234 --duration 10",
	  "where and for what a process waits (as root)" },
	{ "evprof record -a --duration 10", "the whole machine for ten seconds" },
	{ "evprof record -a -F 49 --bpf",
	  "the whole machine all day, counted in the kernel (as root)" },
	{ "evprof record -p 1234", "a running process, until Ctrl-C" },
	{ "evprof record --jitter -F 999 ./server",
	  "not in step with what happens every millisecond" },
	{ "evprof record -p 'redis*'", "the processes that are called so" },
	{ "evprof record -a --bpf --switch-output=1h --switch-max-files 24",
	  "a day of a server, a file for each hour (as root)" },
	{ "evprof record -a --overwrite --keep 2m --snapshot-when 'cpu>90%'",
	  "the two minutes before it got busy" },
	{ "evprof record -p 1234 --overwrite --control fifo:ctl,ack",
	  "the last minute, whenever evprof control ctl,ack snapshot says so" },
	{ NULL, NULL },
};

/* The exit status for a command that could not be executed, as env(1) has it. */
static int exec_status(int rc)
{
	return rc == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static int command_status(const struct record_run *run)
{
	if (!run->workload)
		return 0;
	return WIFSIGNALED(run->status) ? STATUS_SIGNAL + WTERMSIG(run->status)
					: WEXITSTATUS(run->status);
}

static void run_done(struct record_run *run)
{
	record_reader_close(run->reader);
	record_unwind_close(run->unwind);
	record_waits_close(run);
	record_roots_close(run);
	record_stacks_done(&run->stacks);
	record_stream_close(run);
	record_files_close(run);
	ev_writer_close(run->writer);
	record_hot_close(run->hot);
	record_bpf_close(run);
	record_python_close(run);
	if (run->sampler)
		events_tell_closing(run->verb, &run->events);
	record_agent_close(run);
	ev_sampler_close(run->sampler);
	ev_workload_close(run->workload);
	ev_event_list_done(&run->events);
	ev_recording_done(&run->recording);
	target_done(&run->target);
	control_close(&run->control);
}

/* The status evprof exits with. A file that holds nothing worth keeping is taken back. */
static int record_all(struct record_run *run)
{
	struct ev_err err = { 0 };
	const struct record_options *options = run->options;
	const char *kernels = options->bpf       ? "--bpf"
			      : options->off_cpu ? "--off-cpu"
			      : options->wall    ? "--wall"
						 : NULL;
	if (record_jitter_check(options, &err) || record_page_check(options, &err) ||
	    record_files_plan(run, &err))
		return complain(run->verb, &err, STATUS_USAGE);
	if (options->simulate.on && kernels)
		return complain_text(run->verb, STATUS_USAGE,
				     "--simulate counts in a model and %s asks the kernel: give "
				     "one of them",
				     kernels);
	if (run->options->simulate.on)
		return record_simulate(run);
	if (simulate_check(&run->options->simulate, &run->options->target, run->options->command,
			   &err))
		return complain(run->verb, &err, STATUS_USAGE);
	if (target_resolve(&run->options->target, run->options->command, &run->target, &err) ||
	    events_check_cgroups(&run->options->events, NULL, &run->options->target, &err))
		return complain(run->verb, &err, err.code == ESRCH ? STATUS_REFUSED : STATUS_USAGE);
	if (record_sampling(run, &err) || record_details_plan(run, &err) ||
	    record_bpf_plan(run, &err) || record_waits_plan(run, &err) ||
	    control_open(&run->control, run->options->control, &err))
		return complain(run->verb, &err, STATUS_USAGE);
	if (record_stream_plan(run, &err))
		return complain(run->verb, &err, err.code == EPERM ? STATUS_REFUSED : STATUS_USAGE);
	if (record_python_plan(run, &err))
		return complain(run->verb, &err, err.code == EPERM ? STATUS_REFUSED : STATUS_USAGE);
	if (record_bpf_check(run, &err))
		return complain(run->verb, &err, STATUS_REFUSED);
	int rc = record_events(run, &err);
	if (rc)
		return complain(run->verb, &err, rc == -EINVAL ? STATUS_USAGE : STATUS_REFUSED);
	if (run->options->dry_run)
		return 0;
	if (record_open(run, &err))
		return complain(run->verb, &err, STATUS_REFUSED);
	if (run->workload) {
		rc = ev_workload_go(run->workload, &err);
		if (rc) {
			ev_writer_discard(run->writer);
			run->writer = NULL;
			return complain(run->verb, &err, exec_status(rc));
		}
	}
	int failed = record_loop(run, &err);
	struct ev_err last = { 0 };
	if (failed)
		complain(run->verb, &err, 0);
	if (record_files_last(run, &last) && !failed)
		failed = complain(run->verb, &last, STATUS_FAILED);
	/* What was written is worth finishing, also after a full disk: the header is small. */
	if (run->writer && record_finish(run, &err) && !failed)
		failed = complain(run->verb, &err, STATUS_FAILED);
	record_summary(run);
	return failed ? STATUS_FAILED : command_status(run);
}

static int run_record(const struct verb *verb, int argc, char **argv)
{
	struct record_options options = { .clock_id = -1, .output = "perf.data" };
	int first, status = options_parse(verb, &options, argc, argv, &first);
	if (status < 0) {
		options.command = first < argc ? argv + first : NULL;
		options.simulate.typed = argv + 1;
		options.simulate.typed_count = (size_t)first - 1;
		struct record_run run = { .verb = verb,
					  .options = &options,
					  .control = CONTROL_NONE };
		record_stream_settle(&options, &run.recording);
		options.events.conditions = options.bpf || options.chains == RECORD_CHAINS_BPF;
		options.events.waits = options.off_cpu || options.wall;
		if ((options.bpf || record_stream_may(&options)) && options.clock_id < 0)
			options.clock_id = CLOCK_MONOTONIC;
		ev_describe_host(&run.recording, argc + 1, argv - 1); /* "evprof" too */
		ev_describe_clock(&run.recording, options.clock_id);
		signals_watch();
		status = record_all(&run);
		run_done(&run);
		int page = options.html && run.finished ? record_page(&options) : 0;
		status = page ? page : status;
	}
	events_done(&options.events);
	options_list_done(&options.simulate.caches);
	return status;
}

const struct verb record_verb = {
	.name = "record",
	.synopsis = "[OPTION]… [--] [COMMAND [ARGUMENT]…]",
	.about = "Sample events of a command, process or machine into a perf.data file.",
	.options = rows,
	.examples = examples,
	.run = run_record,
};
