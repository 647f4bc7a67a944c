/* What a live view keeps becomes a recording like any other. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "record_agent.h"
#include "record_reader.h"
#include "top.h"

static int add_records(struct top *top, uint64_t *samples, struct ev_err *err)
{
	struct ev_writer *writer = top->run.writer;
	int rc = ev_writer_add(writer, top->told.bytes, top->told.size_bytes, err);
	for (size_t i = 0; i < top->batches.count && !rc; i++) {
		const struct top_batch *batch = &top->batches.items[i];
		rc = ev_writer_flush(writer, err); /* a round of its own */
		if (!rc)
			rc = ev_writer_add(writer, batch->records.bytes, batch->records.size_bytes,
					   err);
		*samples += batch->samples;
	}
	return rc ? rc : ev_writer_flush(writer, err);
}

static int save(struct top *top, uint64_t *samples, struct ev_err *err)
{
	struct record_run *run = &top->run;
	struct ev_writer_options file = { .sudo_owner = true };
	run->path = run->options->output;
	int rc = ev_writer_open(&run->writer, run->path, &file, &run->recording, err);
	if (rc)
		return rc;
	rc = record_formats(run, err);
	if (!rc)
		rc = add_records(top, samples, err);
	if (!rc)
		rc = record_finish(run, err);
	return rc;
}

/* In the process that writes: with a copy of everything, and without the terminal. */
static void save_and_say(struct top *top, int fd)
{
	struct ev_err err = { 0 };
	struct ev_arena arena = { 0 };
	uint64_t samples = 0;
	char number[32], said[TOP_SAID_BYTES];
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int i = 0; i < 3 && nothing >= 0; i++)
		dup2(nothing, i);
	signal(SIGINT, SIG_IGN); /* of the terminal: what was begun is finished */
	if (save(top, &samples, &err))
		snprintf(said, sizeof(said), "no recording was written: %.400s", err.text);
	else
		snprintf(said, sizeof(said), "%s samples were written to %.300s",
			 ev_format_grouped(number, sizeof(number), samples),
			 ev_text_safe(&arena, top->run.options->output));
	ssize_t ignored = write(fd, said, strlen(said));
	(void)ignored;
	_exit(err.code != 0);
}

int top_save_begin(struct top *top, char said[256], struct ev_err *err)
{
	int ends[2];
	if (top->saving)
		return ev_fail(err, EBUSY, "a recording is being written already");
	if (pipe2(ends, O_CLOEXEC))
		return ev_fail(err, errno, "cannot write a recording: %m");
	/* Nobody else may be in the middle of what is copied. */
	record_reader_pause(top->reader);
	record_agent_hold(top->run.agent, true);
	pid_t child = fork();
	int error = errno;
	record_agent_hold(top->run.agent, false);
	if (!child)
		save_and_say(top, ends[1]);
	record_reader_resume(top->reader);
	close(ends[1]);
	if (child < 0) {
		close(ends[0]);
		return ev_fail(err, error, "cannot write a recording: %s", strerror(error));
	}
	top->saving = child;
	top->saving_fd = ends[0];
	snprintf(said, 256, "writing a recording…");
	return 0;
}

bool top_save_ended(struct top *top, bool wait, char said[TOP_SAID_BYTES])
{
	pid_t ended = 0;
	while (top->saving && (ended = waitpid(top->saving, NULL, wait ? 0 : WNOHANG)) < 0 &&
	       errno == EINTR)
		;
	if (!top->saving || ended != top->saving)
		return false;
	ssize_t got = read(top->saving_fd, said, TOP_SAID_BYTES - 1);
	close(top->saving_fd);
	top->saving = 0;
	if (got <= 0) /* it was killed */
		got = snprintf(said, TOP_SAID_BYTES, "no recording was written");
	said[got] = 0;
	return true;
}
