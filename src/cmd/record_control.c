/* What --control tells a recording to do, and what it answers of itself. */
#include <errno.h>
#include <inttypes.h>
#include "record.h"
#include "record_hot.h"
#include "record_reader.h"

/* Functions told of: an answer has to fit into a pipe. */
enum { TOP = 8 };

static int turn(void *context, bool on, struct ev_err *err)
{
	struct record_run *run = context;
	run->switches.next_ns = 0; /* -D has been overtaken */
	return record_turn(run, on, err);
}

static int turn_event(void *context, size_t event, bool on, struct ev_err *err)
{
	struct record_run *run = context;
	return ev_sampler_turn(run->sampler, event, on, err);
}

static void pause_reader(struct record_run *run)
{
	if (run->reader)
		record_reader_pause(run->reader);
}

static void resume_reader(struct record_run *run)
{
	if (run->reader)
		record_reader_resume(run->reader);
}

static double seconds_since_begin(const struct record_run *run)
{
	return (double)(ev_now_ns() - run->began_ns) / 1e9;
}

static void status(void *context, struct ev_buffer *text)
{
	struct record_run *run = context;
	struct ev_sampler_tally tally = { 0 };
	struct ev_arena arena = { 0 };
	pause_reader(run);
	record_tally(run, &tally);
	resume_reader(run);
	ev_buffer_printf(text, "seconds: %.1f\nsamples: %" PRIu64 "\nlost: %" PRIu64 "\n",
			 seconds_since_begin(run), tally.samples, tally.lost);
	if (run->writer)
		ev_buffer_printf(text, "file: %.500s, %" PRIu64 " bytes\n",
				 ev_text_safe(&arena, run->path), ev_writer_size(run->writer));
	record_files_status(run, text);
	if (run->hot)
		record_hot_tell(run->hot, TOP, text);
	ev_arena_done(&arena);
}

static int frequency(void *context, uint64_t frequency_hz, struct ev_buffer *text,
		     struct ev_err *err)
{
	struct record_run *run = context;
	size_t changed;
	/* A BPF program is told the period that a clock began with, and its sums can not be put
	 * right. */
	if (run->sampling.counted)
		return ev_fail(err, EINVAL,
			       "what --bpf counts in the kernel keeps its frequency: there samples "
			       "would go on counting for the old one");
	/* Two changes between two drains would be one too many to tell apart. */
	int rc = record_drain(run, false, err);
	if (rc)
		return rc;
	pause_reader(run);
	rc = ev_sampler_frequency(run->sampler, frequency_hz, &changed, err);
	resume_reader(run);
	if (rc)
		return rc;
	ev_recording_add_note(&run->recording, "frequency",
			      "%" PRIu64 " samples per second from %.3f s on (--control)",
			      frequency_hz, seconds_since_begin(run));
	size_t threads = ev_sampler_thread_count(run->sampler);
	if (threads && !run->target.no_inherit)
		ev_buffer_printf(text,
				 "of %zu thread%s, and those born from now on: threads that these "
				 "have started before keep their rate\n",
				 threads, threads == 1 ? "" : "s");
	return 0;
}

static int snapshot(void *context, struct ev_err *err)
{
	return record_files_want(context, "a command", 1)
		       ? 0
		       : ev_fail(err, EINVAL,
				 "this recording has one file: --switch-output makes several, and "
				 "--overwrite keeps the last while for a snapshot");
}

static const struct perf_event_attr *attr_of(void *context, size_t event)
{
	const struct record_run *run = context;
	return &ev_sampler_opening(run->sampler, event)->attr;
}

int record_obey(struct record_run *run, struct ev_err *err)
{
	static const struct control_ways ways = { turn,      turn_event, status,
						  frequency, snapshot,   attr_of };
	int rc = control_obey(&run->control, &ways, run, &run->events, "record", err);
	run->told_to_stop |= rc > 0;
	return rc < 0 ? rc : 0;
}
