/* The middle of a recording: carries records from the rings to the file until the command ends, the
 * time is over, or someone says stop. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
#include "record.h"
#include "record_bpf.h"
#include "record_reader.h"
#include "record_stream.h"
#include "record_unwind.h"
#include "record_waits.h"
#include "signals.h"

#define FLUSH_EVERY_NS 1000000000u /* so much is lost at most when evprof is killed */
#define WAIT_MS 250
#define CALM_MS 1000
#define EAGER_MS 10
#define BURST_NS 2000000u
#define MACHINE_BURST_NS 20000000u
/* Stacks are unwound in portions that stay in the processor's caches, in memory that is used again
 * and again: new pages cost more than all else. */
#define PORTION_BYTES (512u << 10)

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
	run->walks_more = run->counts && ev_bpf_counts_step(run->counts);
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
		rc = record_python_grow(run, err);
		if (!rc)
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
 * work. On a whole machine they never end. */
static void let_burst_pass(const struct record_run *run, uint64_t since_ns)
{
	bool machine = run->target.kind == EV_TARGET_SYSTEM;
	uint64_t now_ns = ev_now_ns();
	uint64_t next_ns = since_ns + (machine ? MACHINE_BURST_NS : BURST_NS);
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
		let_burst_pass(run, now_ns);
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
	run->ended_by_us = true;
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
