/* A command line becomes a child that stands before its exec until counters are open on it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <evprof/collect.h>
#include "syscalls.h"

struct ev_workload {
	pid_t pid;
	int pidfd;     /* -1 where the kernel has none */
	int go_fd;     /* a byte written here lets the child exec; closing it ends the child */
	int failed_fd; /* the child's errno when exec failed, end of file when it went well */
	const char *name;
	bool ended;
	int status; /* valid once ended */
	struct rusage usage;
	uint64_t floor_kb; /* evprof's own peak of memory when the child was made */
};

/* Exec keeps what is ignored or blocked: a command must find neither evprof's ways nor those of
 * whatever started evprof. */
static void default_signals(void)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;
	for (int number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL); /* SIGKILL, SIGSTOP: refused, and no matter */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static _Noreturn void run_child(char *const *argv, int go_fd, int failed_fd)
{
	char byte;
	ssize_t got;
	default_signals();
	do
		got = read(go_fd, &byte, 1);
	while (got < 0 && errno == EINTR);
	if (got != 1)
		_exit(127); /* evprof gave up, or is gone */
	execvp(argv[0], argv);
	int error = errno;
	ssize_t ignored = write(failed_fd, &error, sizeof(error));
	(void)ignored;
	_exit(error == ENOENT ? 127 : 126);
}

int ev_workload_start(struct ev_workload **workload, char *const *argv, struct ev_err *err)
{
	int go[2], failed[2];
	*workload = NULL;
	if (!argv || !argv[0])
		return ev_fail(err, EINVAL, "no command to run");
	if (pipe2(go, O_CLOEXEC))
		return ev_fail(err, errno, "cannot make a pipe: %s", strerror(errno));
	if (pipe2(failed, O_CLOEXEC)) {
		int error = errno;
		close(go[0]);
		close(go[1]);
		return ev_fail(err, error, "cannot make a pipe: %s", strerror(error));
	}
	pid_t pid = fork();
	int error = errno;
	if (!pid) {
		close(go[1]);
		close(failed[0]);
		run_child(argv, go[0], failed[1]);
	}
	close(go[0]);
	close(failed[1]);
	if (pid < 0) {
		close(go[1]);
		close(failed[0]);
		return ev_fail(err, error, "cannot start a process: %s", strerror(error));
	}
	struct rusage own = { 0 };
	getrusage(RUSAGE_SELF, &own);
	*workload = ev_alloc(sizeof(**workload));
	**workload = (struct ev_workload){ .pid = pid,
					   .floor_kb = (uint64_t)own.ru_maxrss,
					   .pidfd = ev_sys_pidfd_open(pid),
					   .go_fd = go[1],
					   .failed_fd = failed[0],
					   .name = argv[0] };
	return 0;
}

uint32_t ev_workload_pid(const struct ev_workload *workload)
{
	return (uint32_t)workload->pid;
}

int ev_workload_fd(const struct ev_workload *workload)
{
	return workload->pidfd < 0 ? -1 : workload->pidfd;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

int ev_workload_go(struct ev_workload *workload, struct ev_err *err)
{
	int error = 0;
	ssize_t got;
	if (workload->go_fd < 0)
		return ev_fail(err, EINVAL, "'%s' was started before", workload->name);
	/* A child killed while it waited must not kill us through the pipe. */
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	sigaction(SIGPIPE, &ignore, &before);
	ssize_t put = write(workload->go_fd, "g", 1);
	sigaction(SIGPIPE, &before, NULL);
	close_fd(&workload->go_fd);
	if (put != 1)
		return ev_fail(err, ESRCH, "'%s' was killed before it began", workload->name);
	do
		got = read(workload->failed_fd, &error, sizeof(error));
	while (got < 0 && errno == EINTR);
	close_fd(&workload->failed_fd);
	if (got != (ssize_t)sizeof(error))
		return 0;
	if (error == ENOENT && strchr(workload->name, '/') && !access(workload->name, F_OK))
		return ev_fail(err, error,
			       "cannot run '%s': the interpreter or loader that it names is "
			       "missing",
			       workload->name);
	return ev_fail(err, error, "cannot run '%s': %s", workload->name, strerror(error));
}

int ev_workload_ended(struct ev_workload *workload, bool block, int *status, struct rusage *usage)
{
	if (!workload->ended) {
		pid_t pid = wait4(workload->pid, &workload->status, block ? 0 : WNOHANG,
				  &workload->usage);
		if (pid <= 0)
			return pid ? -errno : 0;
		workload->ended = true;
	}
	if (status)
		*status = workload->status;
	if (usage)
		*usage = workload->usage;
	return 1;
}

uint64_t ev_workload_floor_kb(const struct ev_workload *workload)
{
	return workload->floor_kb;
}

void ev_workload_signal(struct ev_workload *workload, int signal_number)
{
	/* Once reaped, the number may be another process's. */
	if (workload->ended)
		return;
	if (workload->pidfd < 0 || ev_sys_pidfd_send_signal(workload->pidfd, signal_number))
		kill(workload->pid, signal_number);
}

void ev_workload_close(struct ev_workload *workload)
{
	if (!workload)
		return;
	ev_workload_signal(workload, SIGKILL);
	close_fd(&workload->go_fd);
	close_fd(&workload->failed_fd);
	while (ev_workload_ended(workload, true, NULL, NULL) == -EINTR)
		;
	close_fd(&workload->pidfd);
	free(workload);
}
