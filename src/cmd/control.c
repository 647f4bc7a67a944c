/* Lines that another program writes become commands, and each is answered by "ack". */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "control.h"

/* An answer goes into a pipe as one: less than a page with its last line. */
enum { LONGEST_LINE = 4096, LONGEST_ANSWER = 2000 };

/* ---- opening ----------------------------------------------------------------------------------
 */

static int take_descriptor(const char *text, int *fd, struct ev_err *err)
{
	uint64_t number;
	if (ev_parse_u64(text, &number) || number > 1u << 20 || fcntl((int)number, F_GETFD) < 0)
		return ev_fail(err, EBADF, "--control: '%s' is no open descriptor", text);
	/* The command that is watched has no business with it. */
	fcntl((int)number, F_SETFD, FD_CLOEXEC);
	*fd = (int)number;
	return 0;
}

static int open_fifo(const char *path, int *fd, struct ev_err *err)
{
	/* For both ways, so that it neither waits for the other side nor ends with it. */
	*fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return *fd < 0 ? ev_fail(err, errno, "--control: cannot open '%s': %s", path,
				 strerror(errno))
		       : 0;
}

int control_open(struct control *control, const char *text, struct ev_err *err)
{
	*control = (struct control)CONTROL_NONE;
	if (!text)
		return 0;
	bool fifo = !strncmp(text, "fifo:", 5);
	if (!fifo && strncmp(text, "fd:", 3))
		return ev_fail(err, EINVAL,
			       "--control takes fd:N[,N] or fifo:PATH[,PATH], not '%s'", text);
	char *first = ev_strdup(strchr(text, ':') + 1), *second = strchr(first, ',');
	if (second)
		*second++ = 0;
	control->is_ours = fifo;
	int rc = fifo ? open_fifo(first, &control->fd, err)
		      : take_descriptor(first, &control->fd, err);
	if (!rc && second)
		rc = fifo ? open_fifo(second, &control->ack_fd, err)
			  : take_descriptor(second, &control->ack_fd, err);
	free(first);
	if (rc)
		control_close(control);
	return rc;
}

void control_close(struct control *control)
{
	if (control->is_ours && control->fd >= 0)
		close(control->fd);
	if (control->is_ours && control->ack_fd >= 0)
		close(control->ack_fd);
	ev_buffer_done(&control->line);
	*control = (struct control)CONTROL_NONE;
}

/* ---- commands ---------------------------------------------------------------------------------
 */

struct order {
	struct control *control;
	const struct control_ways *ways;
	void *context;
	const struct ev_event_list *events;
	const char *rest;        /* what stands behind the command, "" when nothing does */
	bool unknown;            /* it is no command after all */
	struct ev_buffer answer; /* what goes before "ack" */
	bool later;              /* it will be answered */
	struct ev_err refused;   /* it is not obeyed, and that is no reason to end */
};

static int turn(struct order *order, bool on, struct ev_err *err)
{
	bool found = false;
	int rc = 0;
	if (!*order->rest)
		return order->ways->turn(order->context, on, err);
	for (size_t i = 0; i < order->events->count && !rc; i++) {
		if (strcmp(order->events->items[i].name, order->rest))
			continue;
		found = true;
		rc = order->ways->turn_event(order->context, i, on, err);
	}
	order->unknown = !found;
	return rc;
}

static int enable(struct order *order, struct ev_err *err)
{
	return turn(order, true, err);
}

static int disable(struct order *order, struct ev_err *err)
{
	return turn(order, false, err);
}

static int stop(struct order *order, struct ev_err *err)
{
	(void)err;
	order->unknown = *order->rest;
	return 1;
}

static int ping(struct order *order, struct ev_err *err)
{
	(void)err;
	order->unknown = *order->rest;
	return 0;
}

static void list_name(const struct order *order, size_t event, struct ev_arena *arena)
{
	fprintf(stderr, "%s\n", ev_text_safe(arena, order->events->items[event].name));
}

static void list_rate(const struct order *order, size_t event, struct ev_arena *arena)
{
	const struct perf_event_attr *attr = order->ways->attr(order->context, event);
	fprintf(stderr, "%s: %s=%" PRIu64 "\n",
		ev_text_safe(arena, order->events->items[event].name),
		attr->freq ? "sample_freq" : "sample_period", (uint64_t)attr->sample_period);
}

static void list_all(const struct order *order, size_t event, struct ev_arena *arena)
{
	const struct perf_event_attr *attr = order->ways->attr(order->context, event);
	const struct ev_event *listed = &order->events->items[event];
	fprintf(stderr, "%s: %s, type: %u, config: 0x%" PRIx64 ", %s: %" PRIu64 "\n",
		ev_text_safe(arena, listed->name),
		ev_text_safe(arena, ev_event_spelling(listed, arena)), attr->type,
		(uint64_t)attr->config, attr->freq ? "sample_freq" : "sample_period",
		(uint64_t)attr->sample_period);
}

static void list_group(const struct order *order, size_t event, struct ev_arena *arena)
{
	const struct ev_event_list *events = order->events;
	const char *names = ev_text_safe(arena, events->items[event].name);
	bool alone = true;
	if (events->items[event].leader < event)
		return; /* told with its leader */
	for (size_t i = event + 1; i < events->count; i++)
		if (events->items[i].leader == event) {
			names = ev_arena_printf(arena, "%s,%s", names,
						ev_text_safe(arena, events->items[i].name));
			alone = false;
		}
	fprintf(stderr, alone ? "%s\n" : "{%s}\n", names);
}

static int list(struct order *order, struct ev_err *err)
{
	static const struct {
		const char *option;
		void (*show)(const struct order *order, size_t event, struct ev_arena *arena);
	} ways[] = {
		{ "", list_name }, { "-v", list_all }, { "-g", list_group }, { "-F", list_rate }
	};
	(void)err;
	order->unknown = true;
	for (size_t w = 0; w < EV_LENGTH(ways); w++) {
		if (strcmp(order->rest, ways[w].option))
			continue;
		order->unknown = false;
		for (size_t i = 0; i < order->events->count; i++) {
			struct ev_arena arena = { 0 };
			ways[w].show(order, i, &arena);
			ev_arena_done(&arena);
		}
	}
	return 0;
}

static int status(struct order *order, struct ev_err *err)
{
	struct rusage own;
	(void)err;
	order->unknown = *order->rest;
	if (order->unknown)
		return 0;
	order->ways->status(order->context, &order->answer);
	getrusage(RUSAGE_SELF, &own);
	ev_buffer_printf(&order->answer, "own CPU: %.3f s\n",
			 (double)(own.ru_utime.tv_sec + own.ru_stime.tv_sec) +
				 (double)(own.ru_utime.tv_usec + own.ru_stime.tv_usec) / 1e6);
	return 0;
}

static int frequency(struct order *order, struct ev_err *err)
{
	uint64_t frequency_hz;
	(void)err;
	if (ev_parse_u64(order->rest, &frequency_hz))
		return ev_fail(&order->refused, EINVAL,
			       "frequency takes samples per second, such as frequency 99");
	if (!order->ways->frequency)
		return ev_fail(&order->refused, EINVAL, "counting has no frequency");
	return order->ways->frequency(order->context, frequency_hz, &order->answer,
				      &order->refused);
}

static int snapshot(struct order *order, struct ev_err *err)
{
	(void)err;
	order->unknown = *order->rest;
	if (order->unknown)
		return 0;
	if (!order->ways->snapshot)
		return ev_fail(&order->refused, EINVAL, "counting makes no files");
	order->later = !order->ways->snapshot(order->context, &order->refused);
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(struct order *order, struct ev_err *err);
} commands[] = {
	{ "enable", enable },       { "disable", disable },   { "stop", stop },
	{ "ping", ping },           { "evlist", list },       { "status", status },
	{ "frequency", frequency }, { "snapshot", snapshot }, { "switch", snapshot },
};

static const struct command *find_command(const char *line)
{
	size_t length = strcspn(line, " ");
	for (size_t i = 0; i < EV_LENGTH(commands); i++)
		if (!strncmp(commands[i].name, line, length) && !commands[i].name[length])
			return &commands[i];
	return NULL;
}

bool control_knows(const char *line)
{
	return *line && find_command(line);
}

/* In one piece, so that nobody reads a half. */
static void answer(const struct control *control, struct ev_buffer *text, const char *last)
{
	/* Someone who does not read the answers must not hold up the measuring. */
	struct pollfd out = { .fd = control->ack_fd, .events = POLLOUT };
	if (control->ack_fd < 0 || poll(&out, 1, 0) < 1 || !(out.revents & POLLOUT))
		return;
	if (text->size_bytes > LONGEST_ANSWER)
		text->size_bytes = LONGEST_ANSWER;
	ev_buffer_printf(text, "%s\n", last);
	ssize_t ignored = write(control->ack_fd, text->bytes, text->size_bytes);
	(void)ignored;
}

void control_answer(const struct control *control, const char *trouble)
{
	struct ev_buffer none = { 0 };
	char text[LONGEST_ANSWER];
	snprintf(text, sizeof(text), "%s%s", trouble ? CONTROL_ERROR : "ack",
		 trouble ? trouble : "");
	answer(control, &none, text);
	ev_buffer_done(&none);
}

static void refuse(const struct order *order, const char *verb)
{
	struct ev_buffer none = { 0 };
	char text[LONGEST_ANSWER];
	snprintf(text, sizeof(text), CONTROL_ERROR "%s", order->refused.text);
	fprintf(stderr, "evprof %s: control: %s\n", verb, order->refused.text);
	answer(order->control, &none, text);
	ev_buffer_done(&none);
}

static int obey_line(struct order *order, char *line, const char *verb, struct ev_err *err)
{
	const struct command *command = find_command(line);
	size_t length = strcspn(line, " ");
	order->unknown = !command;
	order->rest = line + length + strspn(line + length, " ");
	order->refused = (struct ev_err){ 0 };
	order->later = false;
	order->answer.size_bytes = 0;
	int rc = command ? command->run(order, err) : 0;
	if (order->refused.code) {
		refuse(order, verb);
		return 0;
	}
	if (order->later)
		return 0;
	if (!order->unknown) {
		/* Where nobody takes answers, what was asked for still is to be seen. */
		if (order->answer.size_bytes && order->control->ack_fd < 0)
			fprintf(stderr, "%.*s", (int)order->answer.size_bytes,
				(const char *)order->answer.bytes);
		answer(order->control, &order->answer, "ack");
		return rc;
	}
	struct ev_arena arena = { 0 };
	fprintf(stderr, "evprof %s: control: '%s' is not understood\n", verb,
		ev_text_safe(&arena, line));
	ev_arena_done(&arena);
	return rc < 0 ? rc : 0;
}

int control_obey(struct control *control, const struct control_ways *ways, void *context,
		 const struct ev_event_list *events, const char *verb, struct ev_err *err)
{
	struct order order = {
		.control = control, .ways = ways, .context = context, .events = events
	};
	struct pollfd in = { .fd = control->fd, .events = POLLIN };
	char bytes[512];
	int rc = 0;
	while (!rc && control->fd >= 0 && poll(&in, 1, 0) > 0) {
		ssize_t got = read(control->fd, bytes, sizeof(bytes));
		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			break;
		if (got <= 0) { /* the other side is gone */
			if (control->is_ours)
				close(control->fd);
			control->fd = -1;
			break;
		}
		for (ssize_t i = 0; i < got && rc >= 0; i++) {
			if (bytes[i] != '\n' && bytes[i]) {
				control->too_long |= control->line.size_bytes >= LONGEST_LINE;
				if (!control->too_long)
					ev_buffer_u8(&control->line, (uint8_t)bytes[i]);
				continue;
			}
			ev_buffer_u8(&control->line, 0);
			int one =
				control->too_long || control->line.size_bytes == 1
					? 0
					: obey_line(&order, (char *)control->line.bytes, verb, err);
			rc = one ? one : rc;
			control->line.size_bytes = 0;
			control->too_long = false;
		}
	}
	ev_buffer_done(&order.answer);
	return rc;
}
