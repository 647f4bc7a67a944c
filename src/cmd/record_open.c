/* The beginning of a recording: of the options and the events that were chosen come a sampler that
 * is open, a file that is begun, and in it what already runs. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include "record.h"
#include "record_bpf.h"
#include "record_hot.h"
#include "record_reader.h"
#include "record_stream.h"
#include "record_unwind.h"
#include "record_waits.h"

#define DEFAULT_FREQUENCY_HZ 4000

int record_sampling(struct record_run *run, struct ev_err *err)
{
	const struct record_options *from = run->options;
	struct ev_sampler_options *to = &run->sampling;
	*to = (struct ev_sampler_options){
		.frequency_hz = from->period_events ? 0 : DEFAULT_FREQUENCY_HZ,
		.period_events = from->period_events,
		.callchain = from->chains != RECORD_CHAINS_NONE || from->user_callchains ||
			     from->kernel_callchains,
		.user_callchain_only = from->user_callchains,
		.kernel_callchain_only = from->kernel_callchains,
		.addresses = from->addresses,
		.cpu = from->sample_cpu,
		.period = from->period || from->jitter_percent,
		.per_thread_counts = from->thread_counts,
		.at_exec = from->command && from->delay_ms == 0,
		.disabled = from->delay_ms != 0,
		.turned = from->control,
		.steered = (from->control || from->jitter_percent) && !from->bpf,
		.ring_bytes = from->ring_pages_bytes,
		.ring_given = from->ring_given,
		.clock_id = from->clock_id,
		.no_build_ids = from->no_build_ids,
	};
	if (from->duration_s < 0)
		return ev_fail(err, EINVAL, "--duration wants seconds, not a negative number");
	if (!from->frequency)
		return 0;
	if (from->period_events)
		return ev_fail(err, EINVAL,
			       "-F and -c each say how often to sample: give one of them");
	to->frequency_given = true;
	to->max_frequency = !strcmp(from->frequency, "max");
	if (!to->max_frequency &&
	    (ev_parse_u64(from->frequency, &to->frequency_hz) || !to->frequency_hz))
		return ev_fail(err, EINVAL, "-F takes samples per second or max, not '%s'",
			       from->frequency);
	return 0;
}

void record_note_openings(struct record_run *run)
{
	for (size_t i = 0; i < run->events.count; i++) {
		const struct ev_opening *opening = ev_sampler_opening(run->sampler, i);
		if (*opening->fallback)
			ev_recording_add_note(&run->recording, "fallback", "%s: %s",
					      run->events.items[i].name, opening->fallback);
		if (run->events.items[i].caution && run->events.items[i].summed == i)
			ev_recording_add_note(&run->recording, "fallback", "%s: %s",
					      run->events.items[i].name,
					      run->events.items[i].caution);
	}
	/* Rings that nobody asked for are as large as fits: -v tells. */
	const char *rings = ev_sampler_ring_note(run->sampler);
	if (run->options->ring_given && *rings)
		ev_recording_add_note(&run->recording, "fallback", "%s", rings);
}

/* A recording keeps the kinds of cores apart: their cycles are not the same work. */
static void tell_split(const struct record_run *run)
{
	const struct ev_event_list *events = &run->events;
	for (size_t i = 0; i < events->count; i++) {
		const char *names = "";
		struct ev_arena arena = { 0 };
		for (size_t k = i + 1; events->items[i].pmu && k < events->count; k++)
			if (ev_event_sum(events, k) == i)
				names = ev_arena_printf(&arena, "%s, %s", names,
							events->items[k].name);
		if (*names && !run->options->quiet)
			fprintf(stderr,
				"[ evprof record: %s is sampled on each of its PMUs, as events of "
				"their own: %s%s ]\n",
				events->items[i].word, events->items[i].name, names);
		ev_arena_done(&arena);
	}
}

bool record_is_stream(const char *output)
{
	struct stat file;
	return !strcmp(output, "-") || (!stat(output, &file) && !S_ISREG(file.st_mode));
}

static void tell_openings(const struct record_run *run)
{
	struct ev_arena arena = { 0 };
	for (size_t i = 0; i < run->events.count; i++) {
		const struct perf_event_attr *attr = &ev_sampler_opening(run->sampler, i)->attr;
		const struct ev_event *event = &run->events.items[i];
		const char *name = ev_text_safe(&arena, event->name);
		fprintf(stderr, "[ evprof record: %s is %s (type %u, config 0x%llx), %s %llu ]\n",
			name, ev_text_safe(&arena, ev_event_spelling(event, &arena)), attr->type,
			attr->config, attr->freq ? "samples per second:" : "events per sample:",
			attr->freq ? attr->sample_freq : attr->sample_period);
		if (event->placed)
			fprintf(stderr, "[ evprof record: %s: %s ]\n", name, event->placed);
	}
	size_t threads = ev_sampler_thread_count(run->sampler);
	if (threads && run->target.kind != EV_TARGET_COMMAND)
		fprintf(stderr, "[ evprof record: threads watched: %zu ]\n", threads);
	fprintf(stderr, "[ evprof record: %zu rings of %" PRIu64 " KiB ]\n",
		ev_sampler_ring_count(run->sampler), ev_sampler_ring_bytes(run->sampler) >> 10);
	ev_arena_done(&arena);
	if (*ev_sampler_ring_note(run->sampler) && !run->options->ring_given)
		fprintf(stderr, "[ evprof record: %s ]\n", ev_sampler_ring_note(run->sampler));
}

/* Would fewer descriptors, or samples without registers, perhaps be taken? */
static bool may_be_for_stacks(int rc)
{
	static const int reasons[] = { EMFILE, ENFILE, ENOMEM, ENOSYS, EOPNOTSUPP, EINVAL };
	for (size_t i = 0; i < EV_LENGTH(reasons); i++)
		if (rc == -reasons[i])
			return true;
	return false;
}

static void plan_stacks(struct record_run *run)
{
	const struct record_options *options = run->options;
	enum record_chains chains = options->chains;
	if (options->kernel_callchains && chains == RECORD_CHAINS_AUTO)
		chains = RECORD_CHAINS_FP; /* nothing of user space is wanted */
	if (run->sampling.counted && chains != RECORD_CHAINS_NONE)
		chains = RECORD_CHAINS_FP; /* the programs take them */
	if (chains == RECORD_CHAINS_AUTO && !ev_unwind_registers()) {
		chains = RECORD_CHAINS_FP;
		ev_recording_add_note(&run->recording, "fallback",
				      "stacks: by frame pointers, for those of this processor can "
				      "not be unwound from copies");
	}
	record_stacks_plan(&run->stacks, chains, options->stack_bytes,
			   run->target.kind == EV_TARGET_SYSTEM, &run->events, &run->sampling);
	run->stacks.may_stream = chains == RECORD_CHAINS_AUTO && record_stream_may(options);
}

/* With stacks in the way that was planned, else in one that costs less. What really stands in the
 * way is told by the first attempt. */
static int open_sampler(struct record_run *run, struct ev_err *err)
{
	struct ev_err next = { 0 };
	plan_stacks(run);
	int rc = ev_sampler_open(&run->sampler, &run->events, &run->target, &run->sampling,
				 &run->recording, err);
	if (!may_be_for_stacks(rc))
		return rc;
	if (run->stacks.count > 1) {
		record_stacks_fix(&run->stacks, &run->sampling);
		if (!ev_sampler_open(&run->sampler, &run->events, &run->target, &run->sampling,
				     &run->recording, &next)) {
			ev_recording_add_note(&run->recording, "fallback",
					      "stacks: copies do not grow with what they are of: "
					      "%s",
					      err->text);
			return 0;
		}
	}
	if (run->options->chains != RECORD_CHAINS_AUTO || !run->stacks.count)
		return rc;
	run->sampling.stack_bytes = 0;
	run->stacks.count = 0;
	if (ev_sampler_open(&run->sampler, &run->events, &run->target, &run->sampling,
			    &run->recording, &next))
		return rc;
	ev_recording_add_note(&run->recording, "fallback", "stacks: by frame pointers: %s",
			      err->text);
	return 0;
}

int record_begin(struct record_run *run, struct ev_err *err)
{
	const struct record_options *options = run->options;
	int rc = 0;
	if (options->command) {
		record_agent_lend(run, true);
		rc = ev_workload_start(&run->workload, options->command, err);
		record_agent_lend(run, false);
	}
	if (!rc)
		rc = record_go_first(options->priority, err);
	if (!rc && run->target.kind == EV_TARGET_COMMAND) {
		run->target.ids = ev_alloc(sizeof(*run->target.ids));
		run->target.ids[0] = ev_workload_pid(run->workload);
		run->target.id_count = 1;
	}
	/* With a command, -p or -a watch others for as long as it runs: they count from the start.
	 */
	run->sampling.at_exec &= run->target.kind == EV_TARGET_COMMAND;
	return rc ? rc : open_sampler(run, err);
}

struct ev_record record_as_wished(const struct record_run *run, const struct ev_record *record)
{
	struct ev_record plain = *record;
	if (run->options->no_build_ids && record->type == PERF_RECORD_MMAP2) {
		plain.mmap.build_id_bytes = 0;
		plain.misc &= (uint16_t)~PERF_RECORD_MISC_MMAP_BUILD_ID;
	}
	return plain;
}

static int take_record(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct record_run *run = context;
	struct ev_record plain = record_as_wished(run, record);
	if (run->roots)
		ev_roots_note(run->roots, &plain);
	if (run->counts)
		ev_bpf_counts_know(run->counts, &plain);
	/* Before its exec the command is evprof. */
	if (run->target.kind != EV_TARGET_COMMAND && record->type == PERF_RECORD_MMAP2 &&
	    (record->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_USER)
		record_stacks_map(&run->stacks, &record->mmap);
	return run->unwind ? record_unwind_told(run->unwind, &plain, err)
			   : record_put_record(run, &plain, err);
}

static int take_unwound(void *context, const void *bytes, size_t size_bytes, bool from_rings,
			struct ev_err *err)
{
	return from_rings ? record_waits_take(context, bytes, size_bytes, err)
			  : record_put(context, bytes, size_bytes, err);
}

int record_open(struct record_run *run, struct ev_err *err)
{
	const struct record_options *options = run->options;
	int rc = record_begin(run, err);
	if (!rc)
		rc = record_agent_open(run, err);
	if (!rc)
		rc = record_jitter_begin(run, err);
	if (!rc)
		rc = record_python_open(run, err);
	if (!rc)
		rc = record_bpf_open(run, err);
	if (!rc)
		rc = record_stream_open(run, err);
	if (rc)
		return rc;
	record_python_beside(run);
	record_bpf_expect(run);
	record_note_openings(run);
	rc = record_waits_open(run, err);
	if (rc)
		return rc;
	tell_split(run);
	if (options->verbose)
		tell_openings(run);
	/* What is counted has its Python frames already. */
	bool merges =
		run->python && !(run->counts && !run->waits && ev_bpf_counts_all(run->counts));
	run->unwind = record_unwind_open(&run->recording, &run->stacks, merges ? run->python : NULL,
					 run->agent);
	if (run->unwind)
		run->reader = record_reader_open(run->sampler, record_unwind_opened(run->unwind));
	run->recording.compressed = options->compression_level > 0;
	run->recording.compression_level = (uint32_t)options->compression_level;
	if (options->control)
		run->hot = record_hot_open(&run->recording);
	rc = record_files_open(run, err);
	run->stream = record_is_stream(options->output);
	if (!run->stream) /* of what is read at the end, nothing goes into a stream */
		record_roots_open(run);
	if (run->unwind)
		record_unwind_to(run->unwind, take_unwound, run);
	if (!rc)
		rc = record_formats(run, err);
	if (!rc)
		rc = ev_synthesize(&run->target, take_record, run, &run->unreadable, err);
	if (!rc)
		rc = record_details_begin(run, take_record, err);
	if (!rc)
		rc = record_waits_name(run, err);
	if (!rc)
		rc = ev_synthesize_bpf(&run->recording, take_record, run, err);
	if (!rc && run->writer)
		rc = ev_writer_flush(run->writer, err);
	/* What already runs can be followed from the first sample on. */
	while (!rc && run->counts && ev_bpf_counts_step(run->counts))
		;
	if (!rc)
		record_bpf_settle(run);
	if (rc && run->writer) {
		ev_writer_discard(run->writer);
		run->writer = NULL;
	}
	return rc;
}
