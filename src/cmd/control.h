/* --control: another program switches the measuring on and off, by lines in a fifo or descriptor,
 * as it does with perf. */
#ifndef CMD_CONTROL_H
#define CMD_CONTROL_H

#include <evprof/event.h>

/* Zeroed but for the descriptors, which are -1: nobody listens. */
struct control {
	int fd, ack_fd; /* -1 = none */
	bool is_ours;   /* opened here: fifos */
	struct ev_buffer line;
	bool too_long; /* the rest of a line that was too long is passed over */
};
#define CONTROL_NONE                                                                               \
	{                                                                                          \
		.fd = -1, .ack_fd = -1                                                             \
	}

/* What a verb does when it is told to. -errno with a sentence. */
struct control_ways {
	int (*turn)(void *context, bool on, struct ev_err *err);
	int (*turn_event)(void *context, size_t event, bool on, struct ev_err *err);
	/* Lines of what there is so far. */
	void (*status)(void *context, struct ev_buffer *text);
	/* So often from now on; lines of what else there is to know of it. NULL: nothing is
	 * sampled. */
	int (*frequency)(void *context, uint64_t frequency_hz, struct ev_buffer *text,
			 struct ev_err *err);
	/* A file of what there is, soon; it answers by itself, when that is there. NULL: no files
	 * are made. */
	int (*snapshot)(void *context, struct ev_err *err);
	/* An event as it was opened. */
	const struct perf_event_attr *(*attr)(void *context, size_t event);
};

/* "fd:3", "fd:3,4", "fifo:in", "fifo:in,out"; NULL listens to nobody. -errno with a sentence. */
int control_open(struct control *control, const char *text, struct ev_err *err);
/* Does what the lines say that are there now, and answers each. 1 = stop, 0, or -errno with a
 * sentence when a way failed; what is no command is told on standard error. */
int control_obey(struct control *control, const struct control_ways *ways, void *context,
		 const struct ev_event_list *events, const char *verb, struct ev_err *err);
/* The answer to one command, later: "ack", or why it was not obeyed. */
void control_answer(const struct control *control, const char *trouble);
void control_close(struct control *control);
/* Is it a command, with or without words behind it? */
bool control_knows(const char *line);
/* So begins an answer that is none of "ack": why a command was not obeyed. */
#define CONTROL_ERROR "error: "

#endif
