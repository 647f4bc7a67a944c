/* Intervals off the CPUs become samples of a recording: of an event of their own (--off-cpu), or of
 * the one whose samples are the time on the CPUs (--wall). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "record.h"
#include "record_waits.h"

/* Ids that no kernel gives to its events, which it counts from 1. */
#define WAITS_ID (UINT64_C(1) << 62)
#define WAKERS_ID (WAITS_ID + 1)
#define USUAL_SHORTEST_MS 1.0
#define COPY_LIMIT 32768

struct record_waits {
	struct ev_waits *waits;
	uint64_t shortest_ns;
};

static bool are_wanted(const struct record_options *options)
{
	return options->off_cpu || options->wall;
}

int record_waits_plan(struct record_run *run, struct ev_err *err)
{
	const struct record_options *options = run->options;
	if (!are_wanted(options)) {
		if (options->wakers || options->off_cpu_ms_given)
			return ev_fail(err, EINVAL, "%s says more of --off-cpu or --wall: add one",
				       options->wakers ? "--wakers" : "--off-cpu-thresh");
		return 0;
	}
	if (options->simulate.on)
		return ev_fail(err, EINVAL, "--simulate has no time, and so no waiting");
	if (options->clock_id >= 0 && options->clock_id != CLOCK_MONOTONIC)
		return ev_fail(err, EINVAL,
			       "waits are told in the times of the monotonic clock: leave -k out");
	if (options->target.cpus)
		return ev_fail(err, EINVAL,
			       "a thread that waits is on no CPU: --off-cpu and --wall take no -C");
	if (options->wall && options->events.words.count)
		return ev_fail(err, EINVAL,
			       "--wall samples the time on the CPUs: leave -e out, or use "
			       "--off-cpu beside other events");
	run->sampling.clock_id = CLOCK_MONOTONIC;
	run->sampling.identified = true;
	run->sampling.period = true;
	return 0;
}

/* ---- events -------------------------------------------------------------------------------------
 */

/* As perf has it: an event that a BPF program fills. */
static int add_event(struct record_run *run, const char *name, uint64_t id)
{
	const struct ev_sampler_options *sampling = &run->sampling;
	struct ev_recorded_event *told = ev_recording_add_event(&run->recording);
	told->attr = (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_BPF_OUTPUT,
		.size = sizeof(told->attr),
		.sample_period = 1,
		.sample_type = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_TIME | PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD,
		.read_format = PERF_FORMAT_ID,
		.sample_id_all = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	if (sampling->callchain)
		told->attr.sample_type |= PERF_SAMPLE_CALLCHAIN;
	if (sampling->callchain && sampling->stack_bytes) {
		told->attr.sample_type |= PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
		told->attr.sample_regs_user = ev_unwind_registers();
		told->attr.sample_stack_user = sampling->stack_bytes;
		told->attr.exclude_callchain_user = 1;
	}
	told->name = name;
	told->ids = ev_arena_take(&run->recording.arena, sizeof(*told->ids));
	told->ids[0] = id;
	told->id_count = 1;
	told->leader = (int)run->recording.event_count - 1;
	return told->leader;
}

static void add_events(struct record_run *run)
{
	struct ev_recording *recording = &run->recording;
	int event = 0, waker_event = -1;
	uint64_t id;
	if (run->options->wall) {
		recording->events[0].name = EV_NAME_WALL;
		id = recording->events[0].ids[0];
	} else {
		event = add_event(run, EV_NAME_WAITS, WAITS_ID);
		id = WAITS_ID;
	}
	if (run->options->wakers)
		waker_event = add_event(run, EV_NAME_WAKERS, WAKERS_ID);
	ev_waits_are(run->waits->waits, event, id, waker_event, WAKERS_ID);
}

static uint64_t shortest_ns(const struct record_options *options)
{
	double ms = options->off_cpu_ms_given ? options->off_cpu_ms : USUAL_SHORTEST_MS;
	return (uint64_t)(ms * 1e6);
}

int record_waits_open(struct record_run *run, struct ev_err *err)
{
	const struct ev_sampler_options *sampling = &run->sampling;
	bool chains = sampling->callchain;
	if (!are_wanted(run->options))
		return 0;
	run->waits = ev_alloc(sizeof(*run->waits));
	run->waits->shortest_ns = shortest_ns(run->options);
	EV_ARRAY(const char *) cgroups = { 0 };
	for (size_t i = 0; i < run->events.count; i++)
		if (run->events.items[i].cgroup)
			*ev_array_add(&cgroups) = run->events.items[i].cgroup;
	struct ev_watch_target target = { .target = &run->target,
					  .cgroups = cgroups.items,
					  .cgroup_count = cgroups.count };
	struct ev_waits_options options = {
		.shortest_ns = run->waits->shortest_ns,
		.stack_bytes =
			sampling->stack_bytes < COPY_LIMIT ? sampling->stack_bytes : COPY_LIMIT,
		.user_stacks = chains && !sampling->kernel_callchain_only,
		.kernel_stacks = chains && !sampling->user_callchain_only,
		.wakers = run->options->wakers,
	};
	int rc = ev_waits_open(&run->waits->waits, &target, &options, err);
	ev_array_done(&cgroups);
	if (rc)
		return rc;
	if (sampling->disabled)
		ev_waits_turn(run->waits->waits, false);
	add_events(run);
	run->sources[run->source_count++] = ev_waits_source(run->waits->waits);
	return 0;
}

int record_waits_name(struct record_run *run, struct ev_err *err)
{
	int rc = 0;
	for (enum ev_wait_state state = EV_STATE_RUNNING + 1;
	     run->waits && state < EV_STATE_COUNT && !rc; state++) {
		struct ev_record mapping;
		ev_wait_state_mapping(&mapping, state);
		rc = ev_writer_add_record(run->writer, &mapping, err);
	}
	return rc;
}

void record_waits_turn(struct record_run *run, bool on)
{
	if (run->waits)
		ev_waits_turn(run->waits->waits, on);
}

uint64_t record_waits_samples(const struct record_run *run)
{
	return run->waits ? ev_waits_tally(run->waits->waits).samples : 0;
}

/* ---- what is told -------------------------------------------------------------------------------
 */

static const char *count_text(char out[32], uint64_t count)
{
	ev_format_grouped(out, 32, count);
	return out;
}

static void add_time(struct ev_buffer *text, const char *before, uint64_t ns)
{
	ev_buffer_printf(text, "%s%.3f %s", before,
			 ns < 1000000000 ? (double)ns / 1e6 : (double)ns / 1e9,
			 ns < 1000000000 ? "ms" : "s");
}

void record_waits_note(struct record_run *run)
{
	struct ev_buffer text = { 0 };
	char number[32];
	if (!run->waits)
		return;
	struct ev_waits_tally tally = ev_waits_tally(run->waits->waits);
	ev_buffer_printf(&text, "%s %s off the CPUs", count_text(number, tally.intervals),
			 tally.intervals == 1 ? "interval" : "intervals");
	add_time(&text, ", ", tally.ns);
	if (tally.on_ns)
		add_time(&text, ", and on them ", tally.on_ns);
	if (tally.shorts) {
		ev_buffer_printf(&text, "; %s shorter than ", count_text(number, tally.shorts));
		add_time(&text, "", run->waits->shortest_ns);
		add_time(&text, " are added up by stack (", tally.short_ns);
		ev_buffer_printf(&text, ")");
	}
	if (tally.open) {
		ev_buffer_printf(&text, "; %s had not ended", count_text(number, tally.open));
		add_time(&text, " (", tally.open_ns);
		ev_buffer_printf(&text, " so far)");
	}
	ev_buffer_printf(&text, "; %s lost", count_text(number, tally.dropped));
	if (tally.dropped)
		add_time(&text, " with ", tally.dropped_ns);
	if (tally.threads_left_out)
		ev_buffer_printf(&text, "; there were too many threads to watch all: %s times",
				 count_text(number, tally.threads_left_out));
	ev_buffer_u8(&text, 0);
	ev_recording_add_note(&run->recording, EV_NOTE_WAITS, "%s", (char *)text.bytes);
	if (!run->options->quiet)
		fprintf(stderr, "[ evprof record: waits: %s ]\n", (char *)text.bytes);
	if (tally.dropped && !run->options->quiet)
		fprintf(stderr, "[ evprof record: --off-cpu-thresh 10 tells fewer intervals one by "
				"one ]\n");
	ev_buffer_done(&text);
}

void record_waits_close(struct record_run *run)
{
	if (run->waits)
		ev_waits_close(run->waits->waits);
	free(run->waits);
	run->waits = NULL;
}
