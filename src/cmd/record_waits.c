/* Intervals off the CPUs become samples of a recording: of an event of their own (--off-cpu), or of
 * the one whose samples are the time on the CPUs (--wall). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <evprof/collect_waits.h>
#include "record.h"
#include "record_waits.h"

/* Ids that no kernel gives to its events, which it counts from 1. */
#define WAITS_ID (UINT64_C(1) << 62)
#define WAKERS_ID (WAITS_ID + 1)
#define USUAL_SHORTEST_MS 1.0
#define COPY_LIMIT 32768

struct record_waits {
	struct ev_waits *waits;           /* NULL without BPF: then */
	struct ev_switch_waits *switches; /* NULL before it is open */
	char absence[256];                /* why there is no BPF, "" when there is */
	struct ev_on_cpu on;              /* with --wall */
	struct ev_decoder *decoder;       /* of what goes to the file */
	uint64_t shortest_ns;
	uint64_t given; /* samples made here */
	int event;
	uint64_t id;
};

static bool are_wanted(const struct record_options *options)
{
	return options->off_cpu || options->wall;
}

static uint64_t shortest_ns(const struct record_options *options)
{
	double ms = options->off_cpu_ms_given ? options->off_cpu_ms : USUAL_SHORTEST_MS;
	return (uint64_t)(ms * 1e6);
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
	if (options->wall && events_are_named(&options->events))
		return ev_fail(err, EINVAL,
			       "--wall samples the time on the CPUs: leave -e out, or use "
			       "--off-cpu beside other events");
	run->sampling.clock_id = CLOCK_MONOTONIC;
	run->sampling.identified = true;
	run->sampling.period = true;
	run->waits = ev_alloc(sizeof(*run->waits));
	run->waits->shortest_ns = shortest_ns(options);
	if (!ev_bpf_absence(run->waits->absence, sizeof(run->waits->absence)))
		return 0;
	run->sampling.switches = true;
	if (events_wait_condition(&options->events, &run->recording.arena))
		return ev_fail(err, EPERM, "--filter: waits are chosen by BPF programs alone: %s",
			       run->waits->absence);
	return options->wakers ? ev_fail(err, EPERM,
					 "--wakers: who wakes a thread is told by BPF programs "
					 "alone: %s",
					 run->waits->absence)
			       : 0;
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

static int add_events(struct record_run *run)
{
	struct record_waits *waits = run->waits;
	if (run->options->wall) {
		run->recording.events[0].name = EV_NAME_WALL;
		waits->id = run->recording.events[0].ids[0];
	} else {
		waits->event = add_event(run, EV_NAME_WAITS, WAITS_ID);
		waits->id = WAITS_ID;
	}
	return run->options->wakers ? add_event(run, EV_NAME_WAKERS, WAKERS_ID) : -1;
}

static int open_programs(struct record_run *run, struct ev_err *err)
{
	const struct ev_sampler_options *sampling = &run->sampling;
	struct record_waits *waits = run->waits;
	EV_ARRAY(const char *) cgroups = { 0 };
	for (size_t i = 0; i < run->events.count; i++)
		if (run->events.items[i].cgroup)
			*ev_array_add(&cgroups) = run->events.items[i].cgroup;
	struct ev_watch_target target = { .target = &run->target,
					  .cgroups = cgroups.items,
					  .cgroup_count = cgroups.count };
	struct ev_waits_options options = {
		.shortest_ns = waits->shortest_ns,
		.stack_bytes =
			sampling->stack_bytes < COPY_LIMIT ? sampling->stack_bytes : COPY_LIMIT,
		.user_stacks = sampling->callchain && !sampling->kernel_callchain_only,
		.kernel_stacks = sampling->callchain && !sampling->user_callchain_only,
		.wakers = run->options->wakers,
		.condition = events_wait_condition(&run->options->events, &run->recording.arena),
	};
	int rc = ev_waits_open(&waits->waits, &target, &options, err);
	ev_array_done(&cgroups);
	if (rc)
		return rc;
	if (sampling->disabled)
		ev_waits_turn(waits->waits, false);
	int waker_event = add_events(run);
	ev_waits_are(waits->waits, waits->event, waits->id, waker_event, WAKERS_ID);
	if (run->options->wall)
		ev_waits_tell_on_cpu(waits->waits, run->sampler, &waits->on);
	run->sources[run->source_count++] = ev_waits_source(waits->waits);
	return 0;
}

int record_waits_open(struct record_run *run, struct ev_err *err)
{
	struct record_waits *waits = run->waits;
	if (!waits)
		return 0;
	if (!*waits->absence)
		return open_programs(run, err);
	bool begins = run->target.kind == EV_TARGET_COMMAND || run->sampling.disabled;
	add_events(run);
	waits->switches =
		ev_switch_waits_open(waits->shortest_ns, begins ? 0 : ev_now_ns(), &waits->on);
	ev_recording_add_note(
		&run->recording, "fallback",
		"waits: by the kernel's records of switches, for want of BPF (%s): for "
		"what threads wait is not told, and where by their last samples before",
		waits->absence);
	return 0;
}

int record_waits_name(struct record_run *run, struct ev_err *err)
{
	int rc = 0;
	for (enum ev_wait_state state = 0; run->waits && state < EV_STATE_COUNT && !rc; state++) {
		struct ev_record mapping;
		ev_wait_state_mapping(&mapping, state);
		rc = record_put_record(run, &mapping, err);
	}
	return rc;
}

/* ---- samples made here --------------------------------------------------------------------------
 */

static int give(void *context, const struct ev_switch_wait *wait, struct ev_err *err)
{
	struct record_run *run = context;
	uint64_t *chain = ev_alloc((wait->chain_count + 2) * sizeof(*chain));
	struct ev_record record = { .type = PERF_RECORD_SAMPLE,
				    .misc = PERF_RECORD_MISC_KERNEL,
				    .event = run->waits->event,
				    .id = run->waits->id,
				    .pid = wait->pid,
				    .tid = wait->tid,
				    .time_ns = wait->end_ns };
	record.sample.ip = ev_wait_state_address(wait->state);
	record.sample.period = wait->ns;
	record.sample.chain = chain;
	record.sample.chain_count = wait->chain_count + 2;
	chain[0] = (uint64_t)PERF_CONTEXT_KERNEL;
	chain[1] = record.sample.ip;
	if (wait->chain_count)
		memcpy(chain + 2, wait->chain, wait->chain_count * sizeof(*chain));
	run->waits->given++;
	int rc = record_put_record(run, &record, err);
	free(chain);
	return rc;
}

/* A sample's period, behind what else may stand before it. */
static bool set_period(const struct record_run *run, void *record, size_t size_bytes, uint64_t ns)
{
	static const uint64_t before = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
				       PERF_SAMPLE_TIME | PERF_SAMPLE_ADDR | PERF_SAMPLE_ID |
				       PERF_SAMPLE_STREAM_ID | PERF_SAMPLE_CPU;
	uint64_t type = run->recording.events[run->waits->event].attr.sample_type;
	size_t at =
		sizeof(struct perf_event_header) + 8 * (size_t)__builtin_popcountll(type & before);
	if (!(type & PERF_SAMPLE_PERIOD) || at + sizeof(ns) > size_bytes)
		return false;
	memcpy((char *)record + at, &ns, sizeof(ns));
	return true;
}

/* A sample with the time that it is worth, or time that no sample tells of. */
static int take_share(void *context, const struct ev_on_cpu_share *share, struct ev_err *err)
{
	struct record_run *run = context;
	if (!share->record)
		return give(run,
			    &(struct ev_switch_wait){ .pid = share->pid,
						      .tid = share->tid,
						      .state = EV_STATE_RUNNING,
						      .end_ns = share->time_ns,
						      .ns = share->ns,
						      .chain = share->chain,
						      .chain_count = share->chain_count },
			    err);
	void *record = ev_alloc(share->record_bytes);
	memcpy(record, share->record, share->record_bytes);
	set_period(run, record, share->record_bytes, share->ns);
	int rc = record_put(run, record, share->record_bytes, err);
	free(record);
	return rc;
}

/* One record: false when it is held back, until what it is worth is known. */
static bool see(struct record_run *run, const struct ev_raw *raw)
{
	struct record_waits *waits = run->waits;
	bool sample = raw->type == PERF_RECORD_SAMPLE, end = raw->type == PERF_RECORD_EXIT;
	struct ev_record record;
	if ((!waits->switches && !sample && !end) || ev_decode(waits->decoder, raw, &record))
		return true;
	/* The programs tell as well, unless their ring is full. */
	if (waits->waits && end)
		ev_on_cpu_ended(&waits->on, record.task.pid, record.task.tid, record.time_ns);
	if (waits->switches)
		ev_switch_waits_add(waits->switches, &record);
	if (!run->options->wall || !sample || record.event != waits->event ||
	    ev_wait_state_is(record.sample.ip))
		return true;
	ev_on_cpu_sampled(&waits->on, &record, record.sample.period, raw->header, raw->size_bytes);
	return false;
}

int record_waits_take(struct record_run *run, const void *bytes, size_t size_bytes,
		      struct ev_err *err)
{
	struct record_waits *waits = run->waits;
	const char *from = bytes, *end = from + size_bytes;
	struct ev_raw raw;
	int rc = 0;
	if (!waits || (!waits->switches && !run->options->wall))
		return record_put(run, bytes, size_bytes, err);
	if (!waits->decoder)
		waits->decoder = ev_decoder_open(&run->recording);
	for (size_t at = 0; !rc && ev_records_next(bytes, size_bytes, &at, &raw);) {
		const char *record = (const char *)raw.header;
		if (see(run, &raw))
			continue;
		if (from < record)
			rc = record_put(run, from, (size_t)(record - from), err);
		from = record + raw.size_bytes;
	}
	return rc || from == end ? rc : record_put(run, from, (size_t)(end - from), err);
}

int record_waits_round(struct record_run *run, bool last, struct ev_err *err)
{
	int rc = 0;
	if (!run->waits)
		return 0;
	if (run->waits->switches)
		rc = ev_switch_waits_round(run->waits->switches, last, ev_now_ns(), give, run, err);
	if (!rc && run->options->wall)
		rc = ev_on_cpu_round(&run->waits->on, last, ev_now_ns(), take_share, run, err);
	return rc;
}

void record_waits_turn(struct record_run *run, bool on)
{
	if (run->waits && run->waits->waits)
		ev_waits_turn(run->waits->waits, on);
}

static struct ev_waits_tally tally_of(const struct record_waits *waits)
{
	if (waits->waits)
		return ev_waits_tally(waits->waits);
	struct ev_switch_waits_tally of = ev_switch_waits_tally(waits->switches);
	return (struct ev_waits_tally){ .intervals = of.intervals,
					.ns = of.ns,
					.shorts = of.shorts,
					.short_ns = of.short_ns,
					.open = of.open,
					.open_ns = of.open_ns };
}

uint64_t record_waits_samples(const struct record_run *run)
{
	if (!run->waits)
		return 0;
	return run->waits->given +
	       (run->waits->waits ? ev_waits_tally(run->waits->waits).samples : 0);
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

/* How the time on the CPUs was made exact. */
static void add_shares(const struct record_run *run, struct ev_buffer *text)
{
	add_time(text, " (each turn shared by its samples; ", run->waits->on.tally.between_ns);
	ev_buffer_printf(text,
			 " had none and are given, as '[on CPU: between samples]', to the %s)",
			 run->waits->waits ? "stack at their end" : "thread's last stack");
}

void record_waits_note(struct record_run *run)
{
	struct ev_buffer text = { 0 };
	char number[32];
	if (!run->waits)
		return;
	struct ev_waits_tally tally = tally_of(run->waits);
	ev_buffer_printf(&text, "%s %s off the CPUs", count_text(number, tally.intervals),
			 tally.intervals == 1 ? "interval" : "intervals");
	add_time(&text, ", ", tally.ns);
	if (tally.on_ns)
		add_time(&text, ", and on them ", tally.on_ns);
	if (run->options->wall)
		add_shares(run, &text);
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
	if (run->waits->waits)
		ev_buffer_printf(&text, "; %s lost", count_text(number, tally.dropped));
	else
		ev_buffer_printf(&text, "; %s without a stack, as no sample was there before",
				 count_text(number, ev_switch_waits_tally(run->waits->switches)
							    .without_stack));
	if (tally.dropped)
		add_time(&text, " with ", tally.dropped_ns);
	if (tally.missed)
		ev_buffer_printf(&text,
				 "; %s switch%s that the kernel did not tell of, by its accounts "
				 "of the threads' time",
				 count_text(number, tally.missed), tally.missed == 1 ? "" : "es");
	if (tally.threads_left_out)
		ev_buffer_printf(&text,
				 "; %s times there was no room to keep one more thread in mind",
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
	struct record_waits *waits = run->waits;
	if (!waits)
		return;
	ev_waits_close(waits->waits);
	ev_switch_waits_close(waits->switches);
	ev_on_cpu_done(&waits->on);
	ev_decoder_close(waits->decoder);
	free(waits);
	run->waits = NULL;
}
