/* A file of several gets its names, features and end, in a process of its own, so that the recorder
 * goes on reading its rings. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "record.h"
#include "record_agent.h"
#include "record_files_state.h"

/* perf's: to the hundredth of a second. One that is taken is passed over. */
char *record_files_name(const struct record_run *run)
{
	struct timeval now;
	gettimeofday(&now, NULL);
	for (;;) {
		struct tm at;
		char text[32];
		localtime_r(&now.tv_sec, &at);
		strftime(text, sizeof(text), "%Y%m%d%H%M%S", &at);
		char *name = ev_printf("%s.%s%02d", run->options->output, text,
				       (int)(now.tv_usec / 10000));
		if (access(name, F_OK))
			return name;
		free(name);
		now.tv_usec += 10000;
		now.tv_sec += now.tv_usec / 1000000;
		now.tv_usec %= 1000000;
	}
}

/* ---- what is said of a file ---------------------------------------------------------------------
 */

static const char *time_of_day(char out[32], uint64_t monotonic_ns)
{
	struct timespec real;
	struct tm at;
	char text[16];
	clock_gettime(CLOCK_REALTIME, &real);
	int64_t ns = (int64_t)real.tv_sec * 1000000000 + real.tv_nsec -
		     (int64_t)(ev_now_ns() - monotonic_ns);
	time_t seconds = ns / 1000000000;
	localtime_r(&seconds, &at);
	strftime(text, sizeof(text), "%H:%M:%S", &at);
	snprintf(out, 32, "%s.%d", text, (int)(ns % 1000000000 / 100000000));
	return out;
}

static void describe(const struct record_files *files, struct ev_buffer *text)
{
	char number[32], from[32], to[32];
	ev_format_grouped(number, sizeof(number), files->samples);
	ev_buffer_printf(text, "%s samples", number);
	if (files->from_ns)
		ev_buffer_printf(text, ", %s to %s", time_of_day(from, files->from_ns),
				 time_of_day(to, files->to_ns));
	if (files->dropped_samples) {
		ev_format_grouped(number, sizeof(number), files->dropped_samples);
		ev_buffer_printf(text, ", %s older ones dropped", number);
	}
	ev_buffer_printf(text, "; %s", files->why);
}

void record_files_note(struct record_run *run)
{
	const struct record_files *files = run->files;
	struct ev_buffer text = { 0 };
	if (!files)
		return;
	describe(files, &text);
	ev_buffer_u8(&text, 0);
	/* Counters of the first file began with it. */
	bool continued = files->number > 1 || files->dropped_samples;
	ev_recording_add_note(&run->recording, continued ? EV_NOTE_CONTINUED : "file",
			      "file %zu of a recording: %s", files->number, (char *)text.bytes);
	ev_buffer_done(&text);
}

static void tell(const struct record_run *run)
{
	struct ev_arena arena = { 0 };
	struct ev_buffer text = { 0 };
	char size[32];
	describe(run->files, &text);
	ev_buffer_u8(&text, 0);
	ev_format_size(size, sizeof(size), ev_writer_size(run->writer));
	fprintf(stderr, "[ evprof record: wrote %s to %s (%s) ]\n", size,
		ev_text_safe(&arena, run->path), ev_text_safe(&arena, (char *)text.bytes));
	ev_buffer_done(&text);
	ev_arena_done(&arena);
}

/* ---- who waits for it ---------------------------------------------------------------------------
 */

void record_files_ack(struct record_run *run, const char *trouble)
{
	struct record_files *files = run->files;
	for (; files->acks; files->acks--)
		control_answer(&run->control, trouble);
}

void record_files_purge(struct record_files *files)
{
	while (files->most && files->names.count > files->most) {
		unlink(files->names.items[0]);
		free(files->names.items[0]);
		files->names.count--;
		memmove(files->names.items, files->names.items + 1,
			files->names.count * sizeof(*files->names.items));
	}
}

/* ---- the process --------------------------------------------------------------------------------
 */

/* Nothing that this process changes is seen by the recorder, but for the file and the answers. */
static _Noreturn void finish_here(struct record_run *run)
{
	struct record_options quiet = *run->options;
	bool tells = !quiet.quiet;
	struct ev_err err = { 0 };
	int rc = run->files->history ? record_files_write_history(run, &err) : 0;
	record_files_ack(run, rc ? err.text : NULL);
	quiet.quiet = true;
	run->options = &quiet;
	if (!rc)
		rc = record_finish(run, &err);
	if (rc)
		fprintf(stderr, "evprof record: %s: %s\n", run->path, err.text);
	else if (tells)
		tell(run);
	/* A history that is in no file is still there. */
	_exit(rc && run->files->history && !run->writer ? 2 : rc ? 1 : 0);
}

void record_files_begin_finishing(struct record_run *run, char *name)
{
	struct record_files *files = run->files;
	const char *path = run->path;
	*ev_array_add(&files->names) = name;
	files->number++;
	files->to_ns = ev_now_ns();
	run->path = name;
	record_agent_hold(run->agent, true);
	pid_t child = fork();
	record_agent_hold(run->agent, false);
	if (!child)
		finish_here(run);
	run->path = path;
	files->finisher = child > 0 ? child : 0;
	if (child < 0) {
		fprintf(stderr,
			"evprof record: cannot start the process that finishes %s: %s; it has no "
			"names\n",
			name, strerror(errno));
		record_files_ack(run, "cannot start a process");
	}
	files->acks = 0; /* that process answers */
	record_files_purge(files);
}

static double cpu_s(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

int record_files_reap(struct record_run *run, bool wait, struct ev_err *err)
{
	struct record_files *files = run->files;
	struct rusage usage = { 0 };
	int status;
	pid_t ended;
	if (!files->finisher)
		return 0;
	do
		ended = wait4(files->finisher, &status, wait ? 0 : WNOHANG, &usage);
	while (ended < 0 && errno == EINTR);
	if (!ended)
		return 0;
	files->finisher = 0;
	files->spent_s += cpu_s(&usage);
	if (WIFSIGNALED(status))
		fprintf(stderr, "evprof record: what finished a file was ended by signal %d\n",
			WTERMSIG(status));
	bool none = WIFSIGNALED(status) || WEXITSTATUS(status) == 2;
	if (!files->history)
		return 0;
	if (none) /* it is wanted still, at the next occasion */
		return 0;
	return ev_history_forget(files->history, files->mark, files->hold_ns, err);
}

/* ---- what is told -------------------------------------------------------------------------------
 */

void record_files_status(const struct record_run *run, struct ev_buffer *text)
{
	const struct record_files *files = run->files;
	struct ev_arena arena = { 0 };
	char size[32];
	if (!files)
		return;
	if (files->history) {
		struct ev_history_tally tally = ev_history_tally(files->history);
		uint64_t now_ns = ev_now_ns();
		ev_format_size(size, sizeof(size), tally.bytes);
		ev_buffer_printf(text, "history: %.1f s, %" PRIu64 " samples in %s of memory\n",
				 tally.from_ns ? (double)(now_ns - tally.from_ns) / 1e9 : 0,
				 tally.samples, size);
		if (tally.short_of_room_ns)
			ev_buffer_printf(text, "history is short: there is room for %.1f s\n",
					 (double)tally.short_of_room_ns / 1e9);
	}
	ev_buffer_printf(text, "files: %zu", files->number);
	if (files->names.count)
		ev_buffer_printf(text, ", the last one %.500s",
				 ev_text_safe(&arena, files->names.items[files->names.count - 1]));
	ev_buffer_printf(text, "\n");
	if (files->spent_s > 0)
		ev_buffer_printf(text, "CPU of finishing them: %.3f s\n", files->spent_s);
	ev_arena_done(&arena);
}

void record_files_tell(const struct record_run *run)
{
	const struct record_files *files = run->files;
	char count[32], room[32];
	if (!files)
		return;
	if (files->number > 1)
		fprintf(stderr, "[ evprof record: %zu files were written%s ]\n", files->number,
			files->most && files->number > files->most
				? ", and the oldest ones removed (--switch-max-files)"
				: "");
	if (!files->history)
		return;
	struct ev_history_tally tally = ev_history_tally(files->history);
	ev_format_grouped(count, sizeof(count), files->dropped_samples);
	if (files->dropped_samples)
		fprintf(stderr,
			"[ evprof record: kept the last %.1f s; %s older samples were "
			"dropped ]\n",
			(double)(files->to_ns - files->from_ns) / 1e9, count);
	ev_format_size(room, sizeof(room), files->keep_bytes);
	if (tally.short_of_room_ns)
		fprintf(stderr,
			"[ evprof record: %s of memory hold only %.1f s of the %.0f s: a larger "
			"--keep SIZE holds more ]\n",
			room, (double)tally.short_of_room_ns / 1e9, (double)files->keep_ns / 1e9);
}
