/* record --bpf: BPF programs count the samples by stack, thread and CPU, and what they have counted
 * is written at intervals. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "record_bpf.h"
#include "record_unwind.h"

#define INTERVAL_S 5

static bool clock_fits(const struct record_options *options)
{
	return options->clock_id < 0 || options->clock_id == CLOCK_MONOTONIC;
}

int record_bpf_plan(struct record_run *run, struct ev_err *err)
{
	const struct record_options *options = run->options;
	static const char *const names[] = { "-s (counts per thread)", "-d (data addresses)",
					     "--call-graph dwarf (copies of stacks)",
					     "-k (another clock than monotonic)" };
	const bool given[] = { options->thread_counts, options->addresses,
			       options->chains == RECORD_CHAINS_DWARF, !clock_fits(options) };
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
	run->sampling.counted = true;
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
	};
}

int record_bpf_open(struct record_run *run, struct ev_err *err)
{
	struct ev_bpf_counts_options options = counts_options(run);
	if (!run->options->bpf)
		return 0;
	int rc = ev_bpf_counts_open(&run->counts, run->sampler, &run->events, &run->target,
				    &options, &run->recording, err);
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

static int take(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct record_run *run = context;
	return run->unwind ? record_unwind_give(run->unwind, record, err)
			   : ev_writer_add_record(run->writer, record, err);
}

int record_sources_drain(struct record_run *run, bool last, struct ev_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < run->source_count && !rc; i++)
		rc = run->sources[i].drain(run->sources[i].self, last, take, run, err);
	return rc;
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

/* ---- what it cost ------------------------------------------------------------------------------
 */

/* What it took while it ran, without opening everything before and finding names behind. */
static void cost_text(const struct record_run *run, char *out, size_t size_bytes)
{
	double machine_s = run->ran_s * ev_cpus_online();
	snprintf(out, size_bytes, "%.2f s of CPU in %.1f s, %.2f%% of the machine", run->ran_cpu_s,
		 run->ran_s, machine_s > 0 ? 100 * run->ran_cpu_s / machine_s : 0);
}

void record_bpf_note(struct record_run *run)
{
	char cost[128];
	if (!run->counts)
		return;
	cost_text(run, cost, sizeof(cost));
	ev_recording_add_note(&run->recording, "cost", "%s", cost);
}

void record_bpf_tell(const struct record_run *run)
{
	struct ev_bpf_counts_tally counted;
	char cost[128], records[32], bytes[32];
	if (!run->counts)
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
	if (counted.passed_on)
		fprintf(stderr,
			"[ evprof record: %" PRIu64 " samples found no room in the maps and were "
			"written one by one: a shorter --bpf-interval makes room ]\n",
			counted.passed_on);
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
	ev_bpf_counts_close(run->counts);
	run->counts = NULL;
	run->source_count = 0;
}
