/* evprof control: a line for a measuring evprof (or perf) goes into its fifo, and what comes back
 * is shown. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <evprof/collect.h>
#include "control.h"
#include "verbs.h"

#define USUAL_TIMEOUT_S 5
#define LONGEST_COMMAND 2000 /* goes into a pipe as one */

struct send_options {
	double timeout_s;
};

static const struct option_row rows[] = {
	OPTION(0, "timeout", "SECONDS", REAL, struct send_options, timeout_s,
	       "wait so long for the answer (5)"),
	{ 0 },
};

static const struct example examples[] = {
	{ "mkfifo ctl ack", "a fifo for commands, one for answers" },
	{ "evprof record -a --control fifo:ctl,ack", "a recorder that obeys" },
	{ "evprof control ctl,ack status", "from another terminal: what there is so far" },
	{ "evprof control ctl,ack frequency 999", "look closer from now on" },
	{ "evprof control ctl,ack disable", "a break; enable goes on" },
	{ "evprof control ctl,ack snapshot", "what was kept, or came until now, as a file" },
	{ "evprof control ctl,ack stop", "finish the file" },
	{ NULL, NULL },
};

/* The two ends as the one who steers sees them. */
struct line {
	int to, from; /* -1 = not open */
};

static int open_end(const char *path, int flags, int *fd, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	struct stat file;
	*fd = open(path, flags | O_NONBLOCK | O_CLOEXEC);
	int code = *fd < 0 ? errno : 0;
	const char *name = ev_text_safe(&arena, path);
	if (code == ENXIO)
		ev_fail(err, code,
			"nobody listens at '%s': start evprof record --control fifo:%s first", name,
			name);
	else if (code)
		ev_fail(err, code, "cannot open '%s': %s", name, strerror(code));
	else if (fstat(*fd, &file) || !S_ISFIFO(file.st_mode))
		code = -ev_fail(err, EINVAL, "'%s' is no fifo: mkfifo makes one", name);
	ev_arena_done(&arena);
	return -code;
}

/* "ctl", "ctl,ack", as --control has it also behind "fifo:". */
static int open_line(struct line *line, const char *text, struct ev_err *err)
{
	char *first = ev_strdup(strncmp(text, "fifo:", 5) ? text : text + 5);
	char *second = strchr(first, ','), old[512];
	if (second)
		*second++ = 0;
	int rc = open_end(first, O_WRONLY, &line->to, err);
	if (!rc && second)
		rc = open_end(second, O_RDONLY, &line->from, err);
	/* Answers that nobody took are not those to what is asked now. */
	while (!rc && line->from >= 0 && read(line->from, old, sizeof(old)) > 0)
		;
	free(first);
	return rc;
}

static void close_line(struct line *line)
{
	if (line->to >= 0)
		close(line->to);
	if (line->from >= 0)
		close(line->from);
}

static int send_command(const struct line *line, const char *command, struct ev_err *err)
{
	struct ev_buffer text = { 0 };
	ev_buffer_printf(&text, "%s\n", command);
	ssize_t written = write(line->to, text.bytes, text.size_bytes);
	int code = written == (ssize_t)text.size_bytes ? 0 : written < 0 ? errno : EAGAIN;
	ev_buffer_done(&text);
	if (code == EAGAIN)
		return ev_fail(err, code, "the fifo is full: nobody reads it any more");
	return code ? ev_fail(err, code, "cannot write the command: %s", strerror(code)) : 0;
}

/* One line of an answer: 1 when it was the last. */
static int take_answer(const char *text, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	int rc = 0;
	if (!strcmp(text, "ack"))
		rc = 1;
	else if (!strncmp(text, CONTROL_ERROR, strlen(CONTROL_ERROR)))
		rc = ev_fail(err, EINVAL, "%s", ev_text_safe(&arena, text + strlen(CONTROL_ERROR)));
	else
		printf("%s\n", ev_text_safe(&arena, text));
	ev_arena_done(&arena);
	return rc;
}

static int take_bytes(struct ev_buffer *text, const char *bytes, size_t count, struct ev_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < count && !rc; i++) {
		if (bytes[i] != '\n' && text->size_bytes < LONGEST_COMMAND) {
			ev_buffer_u8(text, (uint8_t)bytes[i]);
			continue;
		}
		ev_buffer_u8(text, 0);
		rc = take_answer((const char *)text->bytes, err);
		text->size_bytes = 0;
	}
	return rc;
}

static int hear(const struct line *line, double timeout_s, struct ev_err *err)
{
	uint64_t until_ns = ev_now_ns() + (uint64_t)(timeout_s * 1e9), now_ns;
	struct pollfd in = { .fd = line->from, .events = POLLIN };
	struct ev_buffer text = { 0 };
	char bytes[512];
	int rc = 0;
	while (!rc) {
		now_ns = ev_now_ns();
		int left_ms = now_ns < until_ns ? (int)((until_ns - now_ns) / 1000000) + 1 : 0;
		int ready = poll(&in, 1, left_ms);
		ssize_t got = ready > 0 ? read(line->from, bytes, sizeof(bytes)) : -1;
		if (got > 0)
			rc = take_bytes(&text, bytes, (size_t)got, err);
		else if (ready > 0 && !got)
			rc = ev_fail(err, EPIPE, "it ended without an answer");
		else if (!left_ms)
			rc = ev_fail(err, ETIMEDOUT,
				     "no answer in %.3g s: what is not understood gets none, and "
				     "is told where it measures",
				     timeout_s);
	}
	ev_buffer_done(&text);
	return rc < 0 ? rc : 0;
}

static char *join_words(char *const *words)
{
	struct ev_buffer text = { 0 };
	for (size_t i = 0; words[i]; i++)
		ev_buffer_printf(&text, "%s%s", i ? " " : "", words[i]);
	ev_buffer_u8(&text, 0);
	return (char *)text.bytes;
}

static int steer(const struct verb *verb, const struct send_options *options, const char *where,
		 const char *command)
{
	struct line line = { -1, -1 };
	struct ev_err err = { 0 };
	struct ev_arena arena = { 0 };
	int status = 0;
	if (!control_knows(command) || strchr(command, '\n') || strlen(command) > LONGEST_COMMAND)
		status = complain_text(verb, STATUS_USAGE,
				       "'%s' is no command: there are enable, disable, stop, ping, "
				       "snapshot, switch, evlist, status and frequency N",
				       ev_text_safe(&arena, command));
	else if (!(options->timeout_s > 0 && options->timeout_s <= 86400))
		status = complain_text(verb, STATUS_USAGE,
				       "--timeout takes seconds, up to a day of them");
	else if (open_line(&line, where, &err))
		status = complain(verb, &err, STATUS_REFUSED);
	else if (send_command(&line, command, &err) ||
		 (line.from >= 0 && hear(&line, options->timeout_s, &err)))
		status = complain(verb, &err, STATUS_FAILED);
	close_line(&line);
	ev_arena_done(&arena);
	return status;
}

static int run_control(const struct verb *verb, int argc, char **argv)
{
	struct send_options options = { .timeout_s = USUAL_TIMEOUT_S };
	int first, status = options_parse(verb, &options, argc, argv, &first);
	if (status >= 0)
		return status;
	if (argc - first < 2)
		return complain_text(verb, STATUS_USAGE,
				     "give the fifos that --control names, and a command: evprof "
				     "control ctl,ack status");
	char *command = join_words(argv + first + 1);
	status = steer(verb, &options, argv[first], command);
	free(command);
	return status;
}

const struct verb control_verb = {
	.name = "control",
	.synopsis = "[OPTION]… [fifo:]FIFO[,ANSWERS] COMMAND [ARGUMENT]…",
	.about = "Steer a running evprof record or stat through the fifos of its --control.",
	.options = rows,
	.examples = examples,
	.run = run_control,
	.notes = "Commands, as perf has them:\n"
		 "  enable [EVENT], disable [EVENT]   switch all events, or one, on and off\n"
		 "  evlist [-v|-g|-F]   the measuring evprof lists its events on its standard "
		 "error\n"
		 "  ping                is it there?\n"
		 "  stop                end as if by Ctrl-C\n"
		 "  snapshot            write what --overwrite has kept, or go on in a new file "
		 "with\n"
		 "                      --switch-output; the answer comes when it can be read\n"
		 "and of evprof alone:\n"
		 "  switch              the same as snapshot\n"
		 "  status              how long, how many samples, how many lost, the file, how "
		 "much\n"
		 "                      CPU time the recording itself has taken, and the functions "
		 "with\n"
		 "                      most samples of the first event (what each had at least)\n"
		 "  frequency N         sample so often from now on: all that is sampled by "
		 "frequency.\n"
		 "                      Threads that a watched one has started before keep their "
		 "rate,\n"
		 "                      and so may a process that has forked: their weights stay "
		 "right\n"
		 "                      too; with -a all change\n"
		 "Without ANSWERS nothing is waited for. With it, an answer is any lines, then "
		 "ack; or\n"
		 "one line that begins with error: and says why evprof did not obey.",
};
