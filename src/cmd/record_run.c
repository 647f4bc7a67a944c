/* The middle of a recording: open everything, tell what already runs, then carry records from the
 * rings to the file until the command ends, the time is over, or someone says stop. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "record.h"
#include "record_bpf.h"
#include "record_hot.h"
#include "record_reader.h"
#include "record_stream.h"
#include "record_unwind.h"
#include "record_waits.h"
#include "signals.h"

#define DEFAULT_FREQUENCY_HZ 4000
#define FLUSH_EVERY_NS 1000000000u /* so much is lost at most when evprof is killed */
#define WAIT_MS 250
#define CALM_MS 1000
#define EAGER_MS 10
#define BURST_NS 2000000u
/* Stacks are unwound in portions that stay in the processor's caches, in memory that is used again
 * and again: new pages cost more than all else. */
#define PORTION_BYTES (512u << 10)

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

static int take_record(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct record_run *run = context;
	struct ev_record plain = *record;
	if (run->options->no_build_ids && record->type == PERF_RECORD_MMAP2) {
		plain.mmap.build_id_bytes = 0;
		plain.misc &= (uint16_t)~PERF_RECORD_MISC_MMAP_BUILD_ID;
	}
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

static int take_records(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	struct record_run *run = context;
	record_roots_take(run, bytes, size_bytes);
	record_bpf_know(run, bytes, size_bytes);
	return record_waits_take(run, bytes, size_bytes, err);
}

static uint64_t portion_ns(uint64_t bytes, uint64_t ns)
{
	uint64_t least = EAGER_MS * 1000000ull, most = WAIT_MS * 1000000ull;
	double wait = bytes ? (double)ns * PORTION_BYTES / (double)bytes : (double)most;
	return wait > (double)most ? most : wait < (double)least ? least : (uint64_t)wait;
}

int record_drain(struct record_run *run, bool last, struct ev_err *err)
{
	if (!run->unwind) {
		int taken;
		do
			taken = ev_sampler_drain(run->sampler, take_records, run, err);
		while (!taken && run->counts && ev_bpf_counts_step(run->counts));
		if (!taken)
			taken = record_sources_drain(run, last, err);
		return taken || last ? taken : record_waits_round(run, false, err);
	}
	size_t *others;
	struct ev_buffer *arrived = record_unwind_arrived(run->unwind, &others);
	int rc = record_reader_take(run->reader, arrived, others, err);
	size_t bytes = arrived->size_bytes;
	uint64_t now_ns = ev_now_ns();
	run->pause_ns = portion_ns(bytes, now_ns - run->drained_ns);
	run->drained_ns = now_ns;
	if (*others) {
		record_roots_take(run, arrived->bytes, bytes);
		record_stream_see(run, arrived->bytes, bytes);
		record_bpf_know(run, arrived->bytes, bytes);
	}
	run->walks_more = run->streams && ev_bpf_counts_step(run->counts);
	if (!rc)
		rc = record_sources_drain(run, last, err);
	if (!rc)
		rc = record_agent_round(run->agent, run->unwind, err);
	if (!rc)
		rc = record_unwind_step(run->unwind, err);
	if (!rc && !last)
		rc = record_waits_round(run, false, err);
	if (rc)
		return rc;
	record_reader_pause(run->reader);
	record_unwind_outermost(run->unwind, record_reader_outermost(run->reader));
	rc = record_stacks_step(&run->stacks, bytes, run->sampler, &run->recording, err);
	record_reader_resume(run->reader);
	return rc || last ? rc : record_stream_step(run, err);
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
	/* An event can have one program beside it. */
	run->stacks.may_stream =
		chains == RECORD_CHAINS_AUTO && !run->python && record_stream_may(options);
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

int record_open(struct record_run *run, struct ev_err *err)
{
	const struct record_options *options = run->options;
	int rc = record_begin(run, err);
	if (!rc)
		rc = record_agent_open(run, err);
	if (!rc)
		rc = record_jitter_begin(run, err);
	if (!rc)
		rc = record_bpf_open(run, err);
	if (!rc)
		rc = record_stream_open(run, err);
	if (!rc)
		rc = record_python_open(run, err);
	if (rc)
		return rc;
	record_note_openings(run);
	rc = record_waits_open(run, err);
	if (rc)
		return rc;
	tell_split(run);
	if (options->verbose)
		tell_openings(run);
	run->unwind = record_unwind_open(&run->recording, &run->stacks, run->python, run->agent);
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

/* When the next thing must happen without a record coming. */
struct deadlines {
	uint64_t flush_ns, stop_ns; /* 0 = never */
};

static struct deadlines deadlines_from(const struct record_options *options, uint64_t now_ns)
{
	struct deadlines at = { .flush_ns = now_ns + FLUSH_EVERY_NS };
	if (options->duration_s > 0)
		at.stop_ns = now_ns + (uint64_t)(options->duration_s * 1e9);
	return at;
}

static int wait_ms(const struct record_run *run, const struct deadlines *at, uint64_t now_ns)
{
	bool eager = record_stacks_eager(&run->stacks, now_ns);
	int usual_ms = run->sampling.counted ? CALM_MS : WAIT_MS; /* counts call */
	uint64_t until = now_ns + (uint64_t)(eager ? EAGER_MS : usual_ms) * 1000000u;
	if (run->pause_ns && now_ns + run->pause_ns < until)
		until = now_ns + run->pause_ns;
	if (run->switches.next_ns && run->switches.next_ns < until)
		until = run->switches.next_ns;
	uint64_t file_ns = record_files_next_ns(run);
	if (file_ns && file_ns < until)
		until = file_ns;
	if (at->stop_ns && at->stop_ns < until)
		until = at->stop_ns;
	return until <= now_ns || run->walks_more ? 0 : (int)((until - now_ns) / 1000000) + 1;
}

/* True when there is nothing more to wait for. */
static bool is_over(struct record_run *run, const struct deadlines *at, uint64_t now_ns)
{
	if (signals_stop() || run->told_to_stop || run->size_reached ||
	    (at->stop_ns && now_ns >= at->stop_ns))
		return true;
	if (run->workload && !run->command_ended)
		run->command_ended =
			ev_workload_ended(run->workload, false, &run->status, NULL) > 0;
	if (run->workload)
		return run->command_ended;
	return ev_sampler_targets_gone(run->sampler);
}

static int record_step(struct record_run *run, struct deadlines *at, uint64_t now_ns,
		       struct ev_err *err)
{
	uint64_t limit_bytes = run->options->max_size_bytes;
	int rc = record_switch(run, now_ns, err);
	if (!rc)
		rc = record_drain(run, false, err);
	if (!rc)
		rc = record_jitter(run, err);
	/* Only what is flushed has a size. */
	bool by_size = limit_bytes || run->options->files.by == RECORD_SWITCH_BY_SIZE;
	if (!rc && run->writer && (by_size || now_ns >= at->flush_ns)) {
		at->flush_ns = now_ns + FLUSH_EVERY_NS;
		rc = ev_writer_flush(run->writer, err);
	}
	run->size_reached = limit_bytes && record_files_bytes(run) >= limit_bytes;
	return rc ? rc : record_files_round(run, now_ns, err);
}

/* One descriptor to wait for: signals, --control and waits where they are given. */
static int join_descriptors(struct record_run *run, struct ev_err *err)
{
	struct epoll_event readable = { .events = EPOLLIN };
	run->wait_fd = epoll_create1(EPOLL_CLOEXEC);
	if (run->wait_fd < 0 || epoll_ctl(run->wait_fd, EPOLL_CTL_ADD, signals_fd(), &readable))
		return ev_fail(err, errno, "cannot wait for signals: %s", strerror(errno));
	/* A file can always be read and not be waited for. */
	if (run->control.fd >= 0 &&
	    epoll_ctl(run->wait_fd, EPOLL_CTL_ADD, run->control.fd, &readable) && errno != EPERM)
		return ev_fail(err, errno, "cannot wait for --control: %s", strerror(errno));
	for (size_t i = 0; i < run->source_count; i++)
		if (epoll_ctl(run->wait_fd, EPOLL_CTL_ADD, run->sources[i].fd(run->sources[i].self),
			      &readable))
			return ev_fail(err, errno, "cannot wait for the BPF programs: %s",
				       strerror(errno));
	return 0;
}

/* What processes begin with comes in bursts: each is taken as one, lest there be more waking than
 * work. */
static void let_burst_pass(uint64_t since_ns)
{
	uint64_t now_ns = ev_now_ns(), next_ns = since_ns + BURST_NS;
	struct timespec rest = { 0 };
	if (now_ns >= next_ns)
		return;
	rest.tv_nsec = (long)(next_ns - now_ns);
	nanosleep(&rest, NULL);
}

static int wait_for_more(struct record_run *run, const struct deadlines *at, uint64_t now_ns,
			 struct ev_err *err)
{
	bool listens = run->control.fd >= 0;
	int listened_to = run->control.fd;
	ev_sampler_wait(run->sampler, wait_ms(run, at, now_ns),
			listens || run->source_count ? run->wait_fd : signals_fd());
	if ((run->walks || run->sampling.counted) && !run->walks_more)
		let_burst_pass(now_ns);
	signals_clear();
	int rc = listens ? record_obey(run, err) : 0;
	if (listens && run->control.fd < 0)
		epoll_ctl(run->wait_fd, EPOLL_CTL_DEL, listened_to, NULL);
	return rc;
}

/* The command that is still there when a recording stops early ends with it. */
static void end_command(struct record_run *run)
{
	if (!run->workload || run->command_ended)
		return;
	ev_workload_signal(run->workload, signals_stop() == SIGINT ? SIGINT : SIGTERM);
	run->command_ended = ev_workload_ended(run->workload, true, &run->status, NULL) > 0;
}

int record_loop(struct record_run *run, struct ev_err *err)
{
	int rc = join_descriptors(run, err);
	if (!rc && (!run->options->command || run->target.kind != EV_TARGET_COMMAND))
		rc = run->options->delay_ms ? 0 : ev_sampler_enable(run->sampler, err);
	struct deadlines at = deadlines_from(run->options, ev_now_ns());
	record_switches_begin(run, ev_now_ns());
	while (!rc) {
		uint64_t now_ns = ev_now_ns();
		rc = record_step(run, &at, now_ns, err);
		if (rc || is_over(run, &at, now_ns))
			break;
		rc = wait_for_more(run, &at, now_ns, err);
	}
	if (run->wait_fd >= 0)
		close(run->wait_fd);
	ev_sampler_disable(run->sampler, NULL);
	end_command(run);
	if (!rc)
		rc = record_drain(run, true, err);
	if (!rc && run->unwind) {
		record_unwind_arrived(run->unwind, NULL)->size_bytes = 0;
		rc = record_agent_round(run->agent, run->unwind, err);
		if (!rc)
			rc = record_unwind_end(run->unwind, err);
	}
	if (!rc)
		rc = record_waits_round(run, true, err);
	record_reader_close(run->reader);
	run->reader = NULL;
	if (!rc && run->writer)
		rc = ev_writer_flush(run->writer, err);
	record_bpf_over(run);
	return rc;
}
