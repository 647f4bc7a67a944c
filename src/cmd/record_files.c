/* The records of a recording go into one file, or into one after another, each of which begins with
 * what stands at that moment, or into memory. */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "record.h"
#include "record_bpf.h"
#include "record_files_state.h"
#include "record_hot.h"
#include "record_trigger.h"
#include "signals.h"

#define USUAL_KEEP_NS 60000000000u
#define USUAL_KEEP_BYTES (64u << 20)
#define USUAL_MOST 16 /* of what a condition writes while nobody looks */
/* Time off the CPUs is told when it is over, and some of it every second; what is counted, at
 * intervals. */
#define HOLD_WAITS_NS 3000000000u
#define HOLD_COUNTS_NS 1000000000u

/* ---- beginning ----------------------------------------------------------------------------------
 */

static uint64_t hold_ns(const struct record_run *run)
{
	uint64_t hold = run->waits ? HOLD_WAITS_NS : 0;
	double interval_s = run->options->bpf_interval_s;
	if (run->options->bpf)
		hold += HOLD_COUNTS_NS + (uint64_t)((interval_s > 0 ? interval_s : 5) * 1e9);
	return hold;
}

int record_files_plan(struct record_run *run, struct ev_err *err)
{
	const struct record_files_options *options = &run->options->files;
	const char *when = options->when;
	char happened[300];
	run->path = run->options->output;
	int rc = record_files_check(run->options, err);
	bool several = options->switches || options->overwrite || when || options->switch_event;
	if (rc || !(several || options->stamped))
		return rc;
	struct record_files *files = run->files = ev_alloc(sizeof(*files));
	files->memory = options->overwrite || (when && !options->switches);
	files->stamped = options->switches || options->switch_event || options->stamped;
	files->most = options->most;
	if (when && !options->most_given)
		files->most = USUAL_MOST;
	files->keep_ns = options->keep_ns ? options->keep_ns : USUAL_KEEP_NS;
	files->keep_bytes = options->keep_bytes ? options->keep_bytes : USUAL_KEEP_BYTES;
	if (when && options->switch_event)
		return ev_fail(err, EINVAL,
			       "--snapshot-when and --switch-output-event both say when: one "
			       "condition may name both, with ||");
	if (options->switch_event) {
		snprintf(happened, sizeof(happened), "%s>0", options->switch_event);
		when = happened;
	}
	if (several)
		signals_watch_wish();
	return when ? record_trigger_plan(&files->trigger, when, files->memory ? files->keep_ns : 0,
					  err)
		    : 0;
}

int record_writer_open(struct record_run *run, const char *path, struct ev_err *err)
{
	struct ev_writer_options file = {
		.pipe = !strcmp(path, "-"),
		.compression_level = run->options->compression_level,
		.sudo_owner = true,
	};
	int rc = ev_writer_open(&run->writer, path, &file, &run->recording, err);
	return rc ? rc : record_python_begin_file(run, err);
}

/* Is there room for the file that will be wanted some day? */
static int try_place(struct record_run *run, struct ev_err *err)
{
	int rc = record_writer_open(run, run->path, err);
	ev_writer_discard(run->writer);
	run->writer = NULL;
	return rc;
}

int record_files_open(struct record_run *run, struct ev_err *err)
{
	struct record_files *files = run->files;
	if (!files)
		return record_writer_open(run, run->path, err);
	files->standing = ev_standing_open(&run->recording);
	files->hold_ns = hold_ns(run);
	files->from_ns = ev_now_ns();
	if (run->options->files.by == RECORD_SWITCH_BY_TIME)
		files->next_ns = files->from_ns + run->options->files.switch_ns;
	if (files->memory)
		files->history =
			ev_history_open(files->keep_ns, files->keep_bytes, files->standing);
	int rc = files->memory ? try_place(run, err) : record_writer_open(run, run->path, err);
	return !rc && files->trigger ? record_trigger_open(files->trigger, run, err) : rc;
}

/* ---- records ------------------------------------------------------------------------------------
 */

static uint64_t samples_in(const void *bytes, size_t size_bytes)
{
	struct ev_raw raw;
	uint64_t samples = 0;
	for (size_t at = 0; ev_records_next(bytes, size_bytes, &at, &raw);)
		samples += raw.type == PERF_RECORD_SAMPLE;
	return samples;
}

int record_put(struct record_run *run, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	struct record_files *files = run->files;
	if (run->hot)
		record_hot_see(run->hot, bytes, size_bytes);
	if (!files)
		return ev_writer_add(run->writer, bytes, size_bytes, err);
	if (files->trigger)
		record_trigger_see(files->trigger, bytes, size_bytes);
	if (files->history) {
		ev_history_add(files->history, bytes, size_bytes, ev_now_ns());
		return 0;
	}
	files->samples += samples_in(bytes, size_bytes);
	ev_standing_add(files->standing, bytes, size_bytes);
	return ev_writer_add(run->writer, bytes, size_bytes, err);
}

int record_put_record(struct record_run *run, const struct ev_record *record, struct ev_err *err)
{
	struct ev_buffer bytes = { 0 };
	if (!run->files && !run->hot)
		return ev_writer_add_record(run->writer, record, err);
	int rc = ev_encode(&run->recording, record, &bytes, err);
	if (!rc)
		rc = record_put(run, bytes.bytes, bytes.size_bytes, err);
	ev_buffer_done(&bytes);
	return rc;
}

/* ---- a new file ---------------------------------------------------------------------------------
 */

bool record_files_want(struct record_run *run, const char *why, unsigned acks)
{
	if (!run->files)
		return false;
	if (!run->files->wanted)
		snprintf(run->files->why, sizeof(run->files->why), "%s", why);
	run->files->wanted = true;
	run->files->acks += acks;
	return true;
}

static void see_whether_wanted(struct record_run *run, uint64_t now_ns)
{
	const struct record_files_options *options = &run->options->files;
	struct record_files *files = run->files;
	char why[200];
	if (signals_take_wish())
		record_files_want(run, "SIGUSR2", 0);
	if (files->next_ns && now_ns >= files->next_ns) {
		files->next_ns = now_ns + options->switch_ns;
		record_files_want(run, "its time was over", 0);
	}
	/* Only what is flushed has a size. */
	if (options->by == RECORD_SWITCH_BY_SIZE && run->writer &&
	    ev_writer_size(run->writer) >= options->switch_bytes)
		record_files_want(run, "it had its size", 0);
	if (files->trigger && record_trigger_fires(files->trigger, now_ns, why, sizeof(why)))
		record_files_want(run, why, 0);
}

static int add_bytes(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	return ev_writer_add(((struct record_run *)context)->writer, bytes, size_bytes, err);
}

/* The next file takes over: nothing comes from the rings in between. */
static int go_on(struct record_run *run, struct ev_err *err)
{
	struct record_files *files = run->files;
	files->written_bytes += ev_writer_size(run->writer);
	ev_writer_close(run->writer);
	run->writer = NULL;
	files->samples = 0;
	int rc = record_writer_open(run, run->path, err);
	if (!rc)
		rc = ev_standing_give(files->standing, add_bytes, run, err);
	return rc ? rc : ev_writer_flush(run->writer, err);
}

static int switch_file(struct record_run *run, struct ev_err *err)
{
	struct record_files *files = run->files;
	char *name = record_files_name(run);
	int rc = run->counts ? record_bpf_fetch(run, err) : 0;
	if (!rc)
		rc = ev_writer_flush(run->writer, err);
	if (!rc && rename(run->path, name))
		rc = ev_fail(err, errno, "cannot call %s %s: %s", run->path, name, strerror(errno));
	if (rc) {
		free(name);
		return rc;
	}
	record_files_begin_finishing(run, name);
	files->from_ns = ev_now_ns();
	return go_on(run, err);
}

static int take_snapshot(struct record_run *run, struct ev_err *err)
{
	struct record_files *files = run->files;
	int rc = run->counts ? record_bpf_fetch(run, err) : 0;
	if (!rc)
		rc = ev_history_mark(files->history, &files->mark, err);
	if (!rc)
		record_files_begin_finishing(run, record_files_name(run));
	return rc;
}

int record_files_round(struct record_run *run, uint64_t now_ns, struct ev_err *err)
{
	struct record_files *files = run->files;
	int rc = 0;
	if (!files)
		return 0;
	if (files->history)
		rc = ev_history_round(files->history, now_ns, files->hold_ns, err);
	else
		ev_standing_round(files->standing, files->hold_ns);
	if (!rc)
		rc = record_files_reap(run, false, err);
	see_whether_wanted(run, now_ns);
	/* One at a time: the others wait, and nothing is lost by that. */
	if (rc || !files->wanted || files->finisher)
		return rc;
	files->wanted = false;
	return files->history ? take_snapshot(run, err) : switch_file(run, err);
}

uint64_t record_files_next_ns(const struct record_run *run)
{
	const struct record_files *files = run->files;
	uint64_t next_ns = files ? files->next_ns : 0, trigger_ns;
	if (!files || !files->trigger)
		return next_ns;
	trigger_ns = record_trigger_next_ns(files->trigger);
	return !next_ns || trigger_ns < next_ns ? trigger_ns : next_ns;
}

/* ---- the end ------------------------------------------------------------------------------------
 */

int record_files_write_history(struct record_run *run, struct ev_err *err)
{
	struct record_files *files = run->files;
	struct ev_history_tally tally = ev_history_tally(files->history);
	int rc = record_writer_open(run, run->path, err);
	files->samples = tally.samples;
	files->from_ns = tally.from_ns;
	files->to_ns = tally.to_ns;
	files->dropped_samples = tally.dropped_samples;
	if (!rc)
		rc = ev_history_give(files->history, add_bytes, run, err);
	return rc ? rc : ev_writer_flush(run->writer, err);
}

int record_files_last(struct record_run *run, struct ev_err *err)
{
	struct record_files *files = run->files;
	if (!files)
		return 0;
	int rc = record_files_reap(run, true, err);
	if (files->stamped) {
		char *name = record_files_name(run);
		if (!files->history && rename(run->path, name)) {
			free(name); /* it keeps the name it has */
		} else {
			run->path = name;
			*ev_array_add(&files->names) = name;
		}
	}
	files->number++;
	snprintf(files->why, sizeof(files->why), "the end");
	files->to_ns = ev_now_ns();
	if (!rc && files->history)
		rc = record_files_write_history(run, err);
	record_files_purge(files);
	record_files_ack(run, rc ? err->text : NULL);
	return rc;
}

uint64_t record_files_samples(const struct record_run *run, uint64_t all)
{
	return run->files ? run->files->samples : all;
}

uint64_t record_files_bytes(const struct record_run *run)
{
	uint64_t before = run->files ? run->files->written_bytes : 0;
	return before + (run->writer ? ev_writer_size(run->writer) : 0);
}

void record_files_close(struct record_run *run)
{
	struct record_files *files = run->files;
	if (!files)
		return;
	record_trigger_close(files->trigger);
	ev_history_close(files->history);
	ev_standing_close(files->standing);
	for (size_t i = 0; i < files->names.count; i++)
		free(files->names.items[i]);
	ev_array_done(&files->names);
	free(files);
	run->files = NULL;
}
