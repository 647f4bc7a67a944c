/* Signals become a readable descriptor and a number: nothing is done inside a handler. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>
#include "signals.h"

static int pipe_ends[2] = { -1, -1 };
static volatile sig_atomic_t stop, wish;

static void note(int number)
{
	int saved = errno;
	if (number == SIGUSR2)
		wish = 1;
	else if (number != SIGCHLD)
		stop = number;
	/* A full pipe is readable already. */
	ssize_t ignored = write(pipe_ends[1], "", 1);
	(void)ignored;
	errno = saved;
}

void signals_watch(void)
{
	static const int watched[] = { SIGINT, SIGTERM, SIGHUP, SIGCHLD };
	if (pipe_ends[0] >= 0 || pipe2(pipe_ends, O_CLOEXEC | O_NONBLOCK))
		return;
	struct sigaction action = { .sa_handler = note };
	for (unsigned i = 0; i < sizeof(watched) / sizeof(watched[0]); i++)
		sigaction(watched[i], &action, NULL);
	/* A reader of our output that went away is an error of write, not our death. */
	signal(SIGPIPE, SIG_IGN);
	/* So is a file that may not grow any more (ulimit -f). */
	signal(SIGXFSZ, SIG_IGN);
}

void signals_watch_wish(void)
{
	struct sigaction action = { .sa_handler = note };
	sigaction(SIGUSR2, &action, NULL);
}

bool signals_take_wish(void)
{
	bool came = wish;
	wish = 0;
	return came;
}

int signals_fd(void)
{
	return pipe_ends[0];
}

void signals_clear(void)
{
	char bytes[64];
	while (read(pipe_ends[0], bytes, sizeof(bytes)) > 0)
		;
}

int signals_stop(void)
{
	return stop;
}

bool signals_share_terminal(void)
{
	int fd = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool shares = fd >= 0 && tcgetpgrp(fd) == getpgrp();
	if (fd >= 0)
		close(fd);
	return shares;
}
