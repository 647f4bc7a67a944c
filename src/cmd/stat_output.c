/* Where the counts are written: standard error, -o FILE or --log-fd. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <sys/stat.h>
#include "stat.h"

/* Opened before the command runs, so that it does not run for nothing; emptied only when there is
 * something to write. */
static int open_file(struct stat_run *run, struct ev_err *err)
{
	const struct stat_options *options = run->options;
	int flags = O_WRONLY | O_CREAT | O_CLOEXEC | (options->append ? O_APPEND : 0);
	int fd = open(options->output, flags | O_EXCL, 0666);
	run->output.created = fd >= 0;
	if (fd < 0 && errno == EEXIST)
		fd = open(options->output, flags, 0666);
	if (fd < 0)
		return ev_fail(err, errno, "cannot write '%s': %s", options->output,
			       strerror(errno));
	struct stat status;
	run->output.continues = options->append && !fstat(fd, &status) && status.st_size > 0;
	run->output.file = fdopen(fd, options->append ? "a" : "w");
	return 0;
}

int stat_output_open(struct stat_run *run, struct ev_err *err)
{
	const struct stat_options *options = run->options;
	if (run->output.file)
		return 0;
	if (options->output && !options->openmetrics)
		return open_file(run, err);
	if (options->log_fd < 0) {
		run->output.file = stderr;
		return 0;
	}
	run->output.file = fdopen((int)options->log_fd, options->append ? "a" : "w");
	if (!run->output.file)
		return ev_fail(err, errno, "--log-fd %lld: %s", (long long)options->log_fd,
			       strerror(errno));
	return 0;
}

/* perf's first line, where it does not break a format that others parse. */
static void print_started(FILE *out)
{
	char text[64];
	time_t now = time(NULL);
	struct tm local;
	if (localtime_r(&now, &local) &&
	    strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &local))
		fprintf(out, "# started on %s\n\n", text);
}

static void print_spellings(FILE *out, const struct stat_run *run)
{
	struct ev_arena arena = { 0 };
	for (size_t i = 0; i < stat_shown_count(run); i++)
		fprintf(out, "%s: %s\n", ev_text_safe(&arena, run->events.items[i].name),
			ev_text_safe(&arena, ev_event_spelling(&run->events.items[i], &arena)));
	if (run->watched && run->target.kind != EV_TARGET_COMMAND)
		fprintf(out, "%s watched: %zu\n",
			run->target.kind == EV_TARGET_SYSTEM ? "CPUs" : "threads", run->watched);
	ev_arena_done(&arena);
}

void stat_output_start(struct stat_run *run)
{
	const struct ev_stat_options *show = &run->options->show;
	struct stat_output *output = &run->output;
	bool text = !show->csv && !show->json;
	if (output->is_started)
		return;
	output->is_started = true;
	if (run->options->output && !run->options->append && ftruncate(fileno(output->file), 0))
		clearerr(output->file); /* a pipe or a device: nothing is there to cut off */
	if (run->options->output && text)
		print_started(output->file);
	if (show->verbose && text && !*show->separator_text)
		print_spellings(output->file, run);
	if (!output->continues)
		ev_stat_print_begin(output->file, show);
}

int stat_output_close(struct stat_run *run, bool discard, struct ev_err *err)
{
	struct stat_output *output = &run->output;
	if (!output->file)
		return 0;
	int error = fflush(output->file) || ferror(output->file) ? (errno ? errno : EIO) : 0;
	if (output->file != stderr && fclose(output->file) && !error)
		error = errno;
	output->file = NULL;
	if (discard && output->created)
		unlink(run->options->output);
	return error ? ev_fail(err, error, "could not write all counts: %s", strerror(error)) : 0;
}
