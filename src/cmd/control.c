/* Lines that another program writes become commands, and each is answered by "ack". */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "control.h"

enum { LONGEST_LINE = 4096 };

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
	const char *rest; /* what stands behind the command, "" when nothing does */
	bool unknown;     /* it is no command after all */
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

static int list(struct order *order, struct ev_err *err)
{
	struct ev_arena arena = { 0 };
	bool verbose = !strcmp(order->rest, "-v");
	(void)err;
	order->unknown = *order->rest && !verbose;
	for (size_t i = 0; i < order->events->count && !order->unknown; i++) {
		const struct ev_event *event = &order->events->items[i];
		fprintf(stderr, "%s%s%s\n", ev_text_safe(&arena, event->name), verbose ? ": " : "",
			verbose ? ev_text_safe(&arena, ev_event_spelling(event, &arena)) : "");
	}
	ev_arena_done(&arena);
	return 0;
}

static const struct command {
	const char *name;
	int (*run)(struct order *order, struct ev_err *err);
} commands[] = {
	{ "enable", enable }, { "disable", disable }, { "stop", stop },
	{ "ping", ping },     { "evlist", list },
};

static void answer(const struct control *control)
{
	/* Someone who does not read the answers must not hold up the measuring. */
	struct pollfd out = { .fd = control->ack_fd, .events = POLLOUT };
	if (control->ack_fd < 0 || poll(&out, 1, 0) < 1 || !(out.revents & POLLOUT))
		return;
	ssize_t ignored = write(control->ack_fd, "ack\n", 4);
	(void)ignored;
}

static int obey_line(struct order *order, char *line, const char *verb, struct ev_err *err)
{
	size_t length = strcspn(line, " ");
	int rc = 0;
	order->unknown = true;
	order->rest = line + length + strspn(line + length, " ");
	for (size_t i = 0; i < EV_LENGTH(commands); i++) {
		if (strncmp(commands[i].name, line, length) || commands[i].name[length])
			continue;
		order->unknown = false;
		rc = commands[i].run(order, err);
		break;
	}
	if (!order->unknown) {
		answer(order->control);
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
	return rc;
}
