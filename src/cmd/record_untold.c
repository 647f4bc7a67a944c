/* A clock samples a thread when it has run for a period, and begins anew with each thread: of what
 * ends before that nothing is told. How much that was, against what the command used. */
#include <inttypes.h>
#include <sys/resource.h>
#include "record.h"
#include "signals.h"

#define WORTH_TELLING 0.15 /* of the time used */
#define FEWEST_PERIODS 10  /* else it may be chance */
#define NS_PER_S 1e9

/* Was all that the command did to be sampled by its time? */
static bool is_of_all(const struct record_run *run)
{
	const struct record_options *options = run->options;
	const struct perf_event_attr *attr = &run->recording.events[0].attr;
	return run->workload && run->sampler && run->command_ended && !run->ended_by_us &&
	       !signals_stop() && !run->size_reached && !run->files && !options->wall &&
	       !options->delay_ms && !options->range_count && !options->control &&
	       !options->jitter_percent && attr->type == PERF_TYPE_SOFTWARE &&
	       (attr->config == PERF_COUNT_SW_CPU_CLOCK ||
		attr->config == PERF_COUNT_SW_TASK_CLOCK) &&
	       attr->inherit && !attr->exclude_user && !attr->exclude_kernel;
}

static double used_ns(const struct record_run *run)
{
	struct rusage usage;
	if (ev_workload_ended(run->workload, false, NULL, &usage) <= 0)
		return 0;
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS_PER_S +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1e3;
}

void record_note_untold(struct record_run *run, const struct ev_profile *profile)
{
	struct ev_sampler_tally tally = { 0 };
	uint64_t samples = 0;
	double told_ns = 0, untold_ns, period_ns;
	if (!is_of_all(run))
		return;
	record_tally(run, &tally);
	for (size_t i = 0; i < profile->cells.count; i++) {
		const struct ev_cell *cell = &profile->cells.items[i];
		if (profile->tags.items[cell->tag].event)
			continue;
		samples += cell->samples;
		told_ns += (double)cell->period;
	}
	untold_ns = used_ns(run) - told_ns;
	period_ns = samples ? told_ns / (double)samples : 0;
	/* A thread leaves out a period at most: what else is missing has other reasons. */
	if (!samples || tally.lost || tally.throttled || untold_ns < FEWEST_PERIODS * period_ns ||
	    untold_ns < WORTH_TELLING * (told_ns + untold_ns) ||
	    untold_ns > (double)tally.ended_threads * period_ns)
		return;
	ev_recording_add_note(&run->recording, "fallback",
			      "samples tell %.3f s of the %.3f s of CPU time that the command "
			      "used: "
			      "%" PRIu64 " threads ended before their first or next one, due every "
			      "%.3f ms; a higher -F tells more, -a all",
			      told_ns / NS_PER_S, (told_ns + untold_ns) / NS_PER_S,
			      tally.ended_threads, period_ns / 1e6);
}
