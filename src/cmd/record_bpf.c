/* record --bpf: BPF programs count the samples by stack, thread and CPU, and what they have counted
 * is written at intervals. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "cache_folder.h"
#include "command_programs.h"
#include "record_bpf.h"
#include "record_stream.h"
#include "record_unwind.h"

#define INTERVAL_S 5

static bool clock_fits(const struct record_options *options)
{
	return options->clock_id < 0 || options->clock_id == CLOCK_MONOTONIC;
}

/* User stacks by unwind tables, unless frame pointers were asked for or have to do. False where the
 * tables were asked for and the kernel cannot use them: then stacks are copied and followed here,
 * and what is counted there has no place for copies. */
static bool plan_walk(struct record_run *run)
{
	enum record_chains chains = run->options->chains;
	char why[256];
	bool wanted = run->sampling.callchain && !run->options->kernel_callchains &&
		      (chains == RECORD_CHAINS_AUTO || chains == RECORD_CHAINS_DWARF);
	run->walks = wanted && !ev_bpf_walk_absence(why, sizeof(why));
	if (!wanted || run->walks)
		return true;
	bool copies = chains == RECORD_CHAINS_DWARF;
	ev_recording_add_note(&run->recording, "fallback",
			      "stacks: %s; not by unwind tables in the kernel: %s",
			      copies ? "copied, and samples taken one by one"
				     : "by frame pointers (--call-graph dwarf copies them)",
			      why);
	return !copies;
}

int record_bpf_plan(struct record_run *run, struct ev_err *err)
{
	const struct record_options *options = run->options;
	static const char *const names[] = { "-s (counts per thread)", "-d (data addresses)",
					     "-k (another clock than monotonic)" };
	const bool given[] = { options->thread_counts, options->addresses, !clock_fits(options) };
	if (!options->bpf)
		return options->bpf_interval_s != 0
			       ? ev_fail(err, EINVAL, "--bpf-interval belongs to --bpf")
			       : 0;
	for (size_t i = 0; i < EV_LENGTH(names); i++)
		if (given[i])
			return ev_fail(err, EINVAL,
				       "samples that are counted in the kernel have no place for "
				       "%s: leave it or --bpf out",
				       names[i]);
	if (options->bpf_interval_s < 0 || options->bpf_interval_s > 3600)
		return ev_fail(err, EINVAL, "--bpf-interval takes seconds, 0.1 to 3600");
	if (!plan_walk(run))
		return 0;
	run->sampling.counted = true;
	/* Files of programs that end soon are opened while they live. */
	run->sampling.prompt = true;
	run->sampling.cpu = run->sampling.period = true;
	run->sampling.clock_id = CLOCK_MONOTONIC; /* the programs' */
	return 0;
}

int record_bpf_check(const struct record_run *run, struct ev_err *err)
{
	char absence[256];
	if (!run->options->bpf || !ev_bpf_absence(absence, sizeof(absence)))
		return 0;
	return ev_fail(err, EPERM,
		       "--bpf: BPF programs cannot be used: %s. Without --bpf samples are taken "
		       "one by one; evprof doctor tells what is missing, and the command that "
		       "cures "
		       "it",
		       absence);
}

static struct ev_bpf_counts_options counts_options(const struct record_run *run)
{
	double interval_s = run->options->bpf_interval_s;
	if (!(interval_s > 0))
		interval_s = INTERVAL_S;
	return (struct ev_bpf_counts_options){
		.interval_ns = (uint64_t)(1e9 * (interval_s < 0.1 ? 0.1 : interval_s)),
		.callchain = run->sampling.callchain,
		.kernel_only = run->sampling.kernel_callchain_only,
		.user_only = run->sampling.user_callchain_only,
		.at_exec = run->sampling.at_exec,
		.walk = run->walks,
		.python = record_python_programs(run->python),
	};
}

static void expect(void *context, const char *path)
{
	ev_bpf_counts_expect(context, path);
}

void record_bpf_expect(struct record_run *run)
{
	if (run->counts && run->options->command)
		command_programs(run->options->command[0], expect, run->counts);
}

int record_bpf_open(struct record_run *run, struct ev_err *err)
{
	struct ev_bpf_counts_options options = counts_options(run);
	if (!run->sampling.counted)
		return 0;
	char *cache = cache_folder();
	options.cache = cache;
	int rc = ev_bpf_counts_open(&run->counts, run->sampler, &run->events, &run->target,
				    &options, &run->recording, err);
	free(cache);
	if (rc)
		return rc;
	run->sources[run->source_count++] = ev_bpf_counts_source(run->counts);
	ev_recording_add_note(&run->recording, EV_NOTE_COUNTED,
			      "in the kernel, by stack, thread and CPU; written every %.3g s",
			      (double)options.interval_ns / 1e9);
	return 0;
}

static double own_cpu_s(void)
{
	struct rusage own;
	getrusage(RUSAGE_SELF, &own);
	return (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
	       (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6;
}

void record_bpf_settle(struct record_run *run)
{
	if (run->options->bpf)
		ev_capabilities_drop();
	run->began_cpu_s = own_cpu_s();
	run->began_ns = ev_now_ns();
}

void record_bpf_over(struct record_run *run)
{
	run->ran_cpu_s = own_cpu_s() - run->began_cpu_s;
	run->ran_s = (double)(ev_now_ns() - run->began_ns) / 1e9;
}

void record_bpf_know(struct record_run *run, const void *bytes, size_t size_bytes)
{
	struct ev_record record;
	bool follows = run->walks && run->counts;
	bool merges = run->python && !run->unwind;
	struct ev_raw raw;
	if (!follows && !merges)
		return;
	if (!run->walk_decoder)
		run->walk_decoder = ev_decoder_open(&run->recording);
	for (size_t at = 0; ev_records_next(bytes, size_bytes, &at, &raw);) {
		if (raw.type == PERF_RECORD_SAMPLE || ev_decode(run->walk_decoder, &raw, &record))
			continue;
		if (follows)
			ev_bpf_counts_know(run->counts, &record);
		if (merges)
			record_python_know(run->python, &record);
	}
}

static int take(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct record_run *run = context;
	struct ev_record mapping;
	int rc = 0;
	if (run->python && !run->unwind && record->type == PERF_RECORD_SAMPLE &&
	    record_python_has(run->python, record) &&
	    record_python_mapping(run->python, record, &mapping))
		rc = record_put_record(run, &mapping, err);
	if (rc)
		return rc;
	return run->unwind ? record_unwind_give(run->unwind, record, err)
			   : record_put_record(run, record, err);
}

int record_sources_drain(struct record_run *run, bool last, struct ev_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < run->source_count && !rc; i++)
		rc = run->sources[i].drain(run->sources[i].self, last, take, run, err);
	return rc;
}

int record_bpf_fetch(struct record_run *run, struct ev_err *err)
{
	struct ev_bpf_source counts = ev_bpf_counts_source(run->counts);
	return counts.drain(counts.self, true, take, run, err);
}

void record_bpf_tally(const struct record_run *run, struct ev_sampler_tally *tally)
{
	struct ev_bpf_counts_tally counted;
	if (!run->counts)
		return;
	ev_bpf_counts_tally(run->counts, &counted);
	tally->samples += counted.samples;
	tally->records += counted.samples;
	tally->lost += counted.lost;
	tally->truncated_stacks += counted.truncated_stacks;
}

/* ---- stacks ------------------------------------------------------------------------------------
 */

static uint64_t walks_of(const struct ev_bpf_walk_tally *walked)
{
	uint64_t all = 0;
	for (size_t i = 0; i < EV_UNWOUND_END_COUNT; i++)
		all += walked->ends[i];
	return all;
}

/* Rounded down: what is not complete never reads 100 %. */
static double tenths(uint64_t part, uint64_t whole)
{
	return whole ? (double)(uint64_t)(1000.0 * (double)part / (double)whole) / 10 : 0;
}

/* How the walks ended, of a share worth telling. */
static void walks_text(const struct ev_bpf_walk_tally *walked, double worth_telling,
		       struct ev_buffer *text)
{
	uint64_t all = walks_of(walked);
	ev_buffer_printf(text, "%.1f%% complete (followed in the kernel)",
			 tenths(walked->ends[EV_UNWOUND_COMPLETE], all));
	for (enum ev_unwound_end i = 0; i < EV_UNWOUND_END_COUNT; i++)
		if (walked->ends[i] && ev_unwound_words(i) &&
		    tenths(walked->ends[i], all) >= worth_telling)
			ev_buffer_printf(text, ", %.1f%% %s", tenths(walked->ends[i], all),
					 ev_unwound_words(i));
	if (walked->guessed)
		ev_buffer_printf(text,
				 "; %" PRIu64 " frames found by the frame pointer, for want of "
				 "unwind tables",
				 walked->guessed);
	ev_buffer_u8(text, 0);
}

bool record_bpf_walked(const struct record_run *run)
{
	struct ev_bpf_walk_tally walked;
	return run->counts && !run->streams && ev_bpf_counts_walked(run->counts, &walked) &&
	       walks_of(&walked);
}

static void note_walks(struct record_run *run)
{
	struct ev_bpf_walk_tally walked;
	struct ev_buffer text = { 0 };
	if (!ev_bpf_counts_walked(run->counts, &walked) || !walks_of(&walked))
		return;
	walks_text(&walked, 0, &text);
	ev_recording_add_note(&run->recording, EV_NOTE_STACKS, "%s", (char *)text.bytes);
	ev_buffer_done(&text);
}

static void tell_walks(const struct record_run *run)
{
	struct ev_bpf_walk_tally walked;
	struct ev_buffer text = { 0 };
	char bytes[32], rows[32];
	if (!ev_bpf_counts_walked(run->counts, &walked) || !walks_of(&walked))
		return;
	walks_text(&walked, 0.1, &text);
	ev_format_size(bytes, sizeof(bytes), walked.bytes);
	ev_format_grouped(rows, sizeof(rows), walked.rows);
	fprintf(stderr, "[ evprof record: stacks: %s; %s of unwind tables ]\n", (char *)text.bytes,
		bytes);
	ev_buffer_done(&text);
	if (walked.objects_left_out || walked.processes_left_out)
		fprintf(stderr,
			"[ evprof record: there was no room for the unwind tables of %" PRIu64
			" objects, and the mappings of %" PRIu64 " processes ]\n",
			walked.objects_left_out, walked.processes_left_out);
	if (run->options->verbose)
		fprintf(stderr,
			"[ evprof record: unwind tables: %s rows; at the end of %" PRIu64
			" objects, mapped by %" PRIu64 " processes ]\n",
			rows, walked.objects, walked.processes);
}

/* ---- what it cost ------------------------------------------------------------------------------
 */

/* What it took while it ran, without opening everything before and finding names behind. */
static void cost_text(const struct record_run *run, char *out, size_t size_bytes)
{
	double machine_s = run->ran_s * ev_cpus_online();
	snprintf(out, size_bytes, "%.3f s of CPU in %.1f s, %.2f%% of the machine", run->ran_cpu_s,
		 run->ran_s, machine_s > 0 ? 100 * run->ran_cpu_s / machine_s : 0);
}

void record_bpf_note(struct record_run *run)
{
	char cost[128];
	if (!run->counts || run->streams)
		return;
	note_walks(run);
	cost_text(run, cost, sizeof(cost));
	ev_recording_add_note(&run->recording, "cost", "%s", cost);
}

void record_bpf_tell(const struct record_run *run)
{
	struct ev_bpf_counts_tally counted;
	char cost[128], records[32], bytes[32];
	if (run->streams)
		record_stream_tell(run);
	if (!run->counts || run->streams)
		return;
	ev_bpf_counts_tally(run->counts, &counted);
	cost_text(run, cost, sizeof(cost));
	ev_format_grouped(records, sizeof(records), counted.records);
	ev_format_size(bytes, sizeof(bytes), counted.map_bytes);
	fprintf(stderr,
		"[ evprof record: counted in the kernel: %s records; %s of maps; recording took "
		"%s; "
		"%.2f s with beginning and end ]\n",
		records, bytes, cost, own_cpu_s());
	tell_walks(run);
	if (counted.passed_on)
		fprintf(stderr,
			"[ evprof record: %" PRIu64 " samples found no room in the maps and were "
			"written one by one: a shorter --bpf-interval makes room ]\n",
			counted.passed_on);
	if (counted.unreadable)
		fprintf(stderr,
			"[ evprof record: the stacks of %" PRIu64 " samples could not be read; "
			"their places are known ]\n",
			counted.unreadable);
	if (counted.collided)
		fprintf(stderr,
			"[ evprof record: %" PRIu64 " of them because their stacks could have "
			"been taken for others ]\n",
			counted.collided);
	if (counted.early && run->options->verbose)
		fprintf(stderr,
			"[ evprof record: %" PRIu64 " times the maps were written before their "
			"time, because they filled ]\n",
			counted.early);
	if (run->options->verbose)
		fprintf(stderr, "[ evprof record: at most %" PRIu64 " stacks in an interval ]\n",
			counted.most_stacks);
}

void record_bpf_close(struct record_run *run)
{
	ev_decoder_close(run->walk_decoder);
	ev_bpf_counts_close(run->counts);
	run->walk_decoder = NULL;
	run->counts = NULL;
	run->source_count = 0;
}
