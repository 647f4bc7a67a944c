/* Samples whose stacks are followed in the kernel, one by one: no copy of a stack is made, none can
 * be too deep, and times, threads and CPUs stay as they are. It costs a tenth of a second to begin
 * and is no cheaper than a copy of a shallow stack, so that it takes over where copies show that
 * they are too short, and of large programs and Python, where they mostly are, from the start. */
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <time.h>
#include "cache_folder.h"
#include "command_programs.h"
#include "record_bpf.h"
#include "record_stream.h"
#include "record_unwind.h"

#define INTERVAL_NS UINT64_C(250000000) /* that the ring holds */
/* Of a program and its libraries: compilers and browsers are larger, and call deep; who has more
 * tells by the copies. */
#define LARGE_BYTES (INT64_C(48) << 20)

/* Options that samples of programs have no place for; NULL when there is none. */
static const char *obstacle(const struct record_options *options)
{
	bool other_clock = options->clock_id >= 0 && options->clock_id != CLOCK_MONOTONIC;
	const struct {
		bool given;
		const char *name;
	} obstacles[] = {
		{ options->bpf, "--bpf (which counts them)" },
		{ options->no_bpf, "--no-bpf" },
		{ options->user_callchains, "--user-callchains" },
		{ options->kernel_callchains, "--kernel-callchains" },
		{ options->thread_counts, "-s (counts per thread)" },
		{ options->addresses, "-d (data addresses)" },
		{ options->off_cpu, "--off-cpu" },
		{ options->wall, "--wall" },
		{ record_details_given(options), record_details_given(options) },
		{ options->simulate.on, "--simulate" },
		{ other_clock, "-k (another clock than monotonic)" },
	};
	for (size_t i = 0; i < EV_LENGTH(obstacles); i++)
		if (obstacles[i].given)
			return obstacles[i].name;
	return NULL;
}

bool record_stream_may(const struct record_options *options)
{
	char why[256];
	bool wanted = options->chains == RECORD_CHAINS_AUTO || options->chains == RECORD_CHAINS_BPF;
	return wanted && !obstacle(options) && !ev_bpf_absence(why, sizeof(why));
}

void record_stream_settle(struct record_options *options, struct ev_recording *recording)
{
	char why[256];
	if (options->chains != RECORD_CHAINS_BPF || !record_stream_may(options) ||
	    !ev_bpf_walk_absence(why, sizeof(why)))
		return;
	options->chains = RECORD_CHAINS_AUTO;
	ev_recording_add_note(recording, "fallback",
			      "stacks: copied and unwound here, not followed in the kernel: %s",
			      why);
}

int record_stream_plan(struct record_run *run, struct ev_err *err)
{
	const struct record_options *options = run->options;
	char why[256];
	if (options->chains != RECORD_CHAINS_BPF)
		return 0;
	if (obstacle(options))
		return ev_fail(err, EINVAL,
			       "stacks that are followed in the kernel (--call-graph bpf) do "
			       "not go with %s",
			       obstacle(options));
	if (ev_bpf_walk_absence(why, sizeof(why)))
		return ev_fail(err, EPERM,
			       "--call-graph bpf: stacks cannot be followed in the kernel: %s. "
			       "With --call-graph auto they are copied and followed here",
			       why);
	return 0;
}

/* ---- beginning ---------------------------------------------------------------------------------
 */

static int begin(struct record_run *run, struct ev_err *err)
{
	char *cache = cache_folder();
	const struct ev_bpf_counts_options options = {
		.cache = cache,
		.interval_ns = INTERVAL_NS,
		.callchain = true,
		.at_exec = run->sampling.at_exec,
		.streams = true,
		.walk = true,
		.python = record_python_programs(run->python),
	};
	int rc = ev_bpf_counts_open(&run->counts, run->sampler, &run->events, &run->target,
				    &options, &run->recording, err);
	free(cache);
	if (rc)
		return rc;
	run->sources[run->source_count++] = ev_bpf_counts_source(run->counts);
	run->walks = run->streams = true;
	return 0;
}

static void add_size(void *context, const char *path)
{
	int64_t *bytes = context;
	struct stat status;
	if (!stat(path, &status))
		*bytes += status.st_size;
}

static void add_program(void *context, const char *path)
{
	ev_program_files(path, add_size, context);
}

/* Where Python's frames are read, a stack is followed beside that for little. */
static bool is_deep(const struct record_run *run)
{
	int64_t bytes = 0;
	if (run->target.kind != EV_TARGET_COMMAND || !run->options->command)
		return false;
	if (record_python_programs(run->python))
		return true;
	command_programs(run->options->command[0], add_program, &bytes);
	return bytes >= LARGE_BYTES;
}

int record_stream_open(struct record_run *run, struct ev_err *err)
{
	struct ev_err why = { 0 };
	char text[256];
	if (run->options->chains == RECORD_CHAINS_BPF)
		return begin(run, err);
	if (!run->stacks.may_stream || !is_deep(run) || ev_bpf_walk_absence(text, sizeof(text)))
		return 0;
	run->stacks.may_stream = false;
	run->streams_first = !begin(run, &why); /* else by copies */
	return 0;
}

void record_stream_see(struct record_run *run, const void *bytes, size_t size_bytes)
{
	struct ev_raw raw;
	uint32_t pid;
	bool added;
	if (!run->stacks.may_stream || run->target.kind == EV_TARGET_SYSTEM)
		return;
	for (size_t at = 0; ev_records_next(bytes, size_bytes, &at, &raw);) {
		bool named = raw.type == PERF_RECORD_COMM || raw.type == PERF_RECORD_FORK;
		if (!named || raw.size_bytes < sizeof(*raw.header) + sizeof(pid))
			continue;
		memcpy(&pid, raw.header + 1, sizeof(pid)); /* both begin with the process */
		ev_map_add(&run->stream_known, pid, 0, &added);
		if (added)
			*ev_array_add(&run->stream_pids) = pid;
	}
}

static int know(void *context, const struct ev_record *record, struct ev_err *err)
{
	struct record_run *run = context;
	(void)err;
	ev_bpf_counts_know(run->counts, record);
	return 0;
}

/* What is mapped already: by those who were told to be watched, and by everybody whom the rings
 * have told of since. */
static int know_all(struct record_run *run, struct ev_err *err)
{
	struct ev_target later = { .kind = EV_TARGET_PIDS };
	EV_ARRAY(uint32_t) living = { 0 };
	size_t unreadable;
	bool command = run->target.kind == EV_TARGET_COMMAND;
	for (size_t i = 0; command && i < run->target.id_count; i++)
		*ev_array_add(&living) = run->target.ids[i];
	for (size_t i = 0; i < run->stream_pids.count; i++)
		if (!kill((pid_t)run->stream_pids.items[i], 0))
			*ev_array_add(&living) = run->stream_pids.items[i];
	later.ids = living.items;
	later.id_count = living.count;
	int rc = command ? 0 : ev_synthesize(&run->target, know, run, &unreadable, err);
	if (!rc)
		rc = ev_synthesize(&later, know, run, &unreadable, err);
	ev_array_done(&living);
	return rc;
}

int record_stream_step(struct record_run *run, struct ev_err *err)
{
	struct epoll_event readable = { .events = EPOLLIN };
	struct ev_err why = { 0 };
	char text[256];
	if (!run->stacks.wants_stream)
		return 0;
	run->stacks.wants_stream = run->stacks.may_stream = false;
	if (ev_bpf_walk_absence(text, sizeof(text)))
		return 0;
	if (begin(run, &why)) {
		record_python_beside(run); /* where they made room in vain */
		return 0;
	}
	const struct ev_bpf_source *source = &run->sources[run->source_count - 1];
	if (epoll_ctl(run->wait_fd, EPOLL_CTL_ADD, source->fd(source->self), &readable))
		return ev_fail(err, errno, "cannot wait for the BPF programs: %s", strerror(errno));
	return know_all(run, err);
}

/* ---- the end -----------------------------------------------------------------------------------
 */

uint64_t record_stream_ends(const struct record_run *run, uint64_t *ends)
{
	struct ev_bpf_walk_tally walked;
	uint64_t all = 0;
	if (!run->streams || !ev_bpf_counts_walked(run->counts, &walked))
		return 0;
	for (size_t i = 0; i < EV_UNWOUND_END_COUNT; i++) {
		ends[i] += walked.ends[i];
		all += walked.ends[i];
	}
	return all;
}

void record_stream_tell(const struct record_run *run)
{
	struct ev_bpf_counts_tally tally;
	struct ev_bpf_walk_tally walked;
	char samples[32], bytes[32];
	if (!run->options->verbose || !ev_bpf_counts_walked(run->counts, &walked))
		return;
	ev_bpf_counts_tally(run->counts, &tally);
	ev_format_grouped(samples, sizeof(samples), tally.samples);
	ev_format_size(bytes, sizeof(bytes), walked.bytes);
	fprintf(stderr,
		"[ evprof record: the stacks of %s samples were followed in the kernel and not "
		"copied%s; %s of unwind tables ]\n",
		samples,
		run->options->chains == RECORD_CHAINS_BPF ? ""
		: run->streams_first
			? ", for such programs call deep (--no-bpf: copies)"
			: ", once copies had turned out too short (--no-bpf: larger copies)",
		bytes);
}

void record_stream_close(struct record_run *run)
{
	ev_map_done(&run->stream_known);
	ev_array_done(&run->stream_pids);
}
