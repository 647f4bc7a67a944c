/* A command that is started, held, let go, and told of. */
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include "live.h"

#define RUN(...) ((char *const *)(const char *const[]){ __VA_ARGS__, NULL })

static int exit_code(struct ev_workload *workload)
{
	int status = -1;
	assert_int_equal(ev_workload_ended(workload, true, &status, NULL), 1);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void a_command_runs_only_when_it_is_let_go(void **state)
{
	(void)state;
	struct ev_workload *workload;
	struct ev_err err = { 0 };
	char path[] = "/tmp/evprof-workload-XXXXXX";
	int fd = mkstemp(path);
	close(fd);
	unlink(path);
	assert_int_equal(ev_workload_start(&workload, RUN("touch", path), &err), 0);
	assert_true(ev_workload_pid(workload) > 0);
	assert_int_equal(ev_workload_ended(workload, false, NULL, NULL), 0);
	usleep(20000);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(ev_workload_go(workload, &err), 0);
	assert_int_equal(exit_code(workload), 0);
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	ev_workload_close(workload);
}

static void the_end_of_a_command_is_told_with_status_and_usage(void **state)
{
	(void)state;
	struct ev_workload *workload;
	struct rusage usage = { 0 };
	int status = 0;
	assert_int_equal(ev_workload_start(&workload, RUN("sh", "-c", "exit 3"), NULL), 0);
	assert_int_equal(ev_workload_go(workload, NULL), 0);
	struct pollfd ended = { .fd = ev_workload_fd(workload), .events = POLLIN };
	if (ended.fd >= 0)
		assert_int_equal(poll(&ended, 1, 60000), 1);
	assert_int_equal(ev_workload_ended(workload, true, &status, &usage), 1);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_true(usage.ru_maxrss > 0);
	status = 0;
	assert_int_equal(ev_workload_ended(workload, false, &status, NULL), 1);
	assert_int_equal(WEXITSTATUS(status), 3);
	ev_workload_close(workload);
}

static void a_command_that_is_not_there_says_so(void **state)
{
	(void)state;
	struct ev_workload *workload;
	struct ev_err err = { 0 };
	assert_int_equal(ev_workload_start(&workload, RUN("/nonexistent/program"), &err), 0);
	assert_int_equal(ev_workload_go(workload, &err), -ENOENT);
	assert_non_null(strstr(err.text, "/nonexistent/program"));
	assert_int_equal(exit_code(workload), 127);
	ev_workload_close(workload);
}

static void a_command_that_may_not_run_says_so(void **state)
{
	(void)state;
	struct ev_workload *workload;
	struct ev_err err = { 0 };
	assert_int_equal(ev_workload_start(&workload, RUN("/etc/passwd"), &err), 0);
	assert_int_equal(ev_workload_go(workload, &err), -EACCES);
	assert_int_equal(exit_code(workload), 126);
	ev_workload_close(workload);
	assert_int_equal(ev_workload_start(&workload, RUN("/tmp"), &err), 0);
	assert_int_equal(ev_workload_go(workload, &err), -EACCES);
	ev_workload_close(workload);
}

static void a_script_whose_interpreter_is_missing_says_so(void **state)
{
	(void)state;
	struct ev_workload *workload;
	struct ev_err err = { 0 };
	char path[] = "/tmp/evprof-script-XXXXXX";
	int fd = mkstemp(path);
	assert_int_equal(dprintf(fd, "#!/nonexistent/interpreter\n"), 27);
	fchmod(fd, 0755);
	close(fd);
	assert_int_equal(ev_workload_start(&workload, RUN(path), &err), 0);
	assert_int_equal(ev_workload_go(workload, &err), -ENOENT);
	assert_non_null(strstr(err.text, "interpreter"));
	ev_workload_close(workload);
	unlink(path);
}

static void no_command_is_an_error(void **state)
{
	(void)state;
	struct ev_workload *workload;
	struct ev_err err = { 0 };
	char *const nothing[] = { NULL };
	assert_int_equal(ev_workload_start(&workload, nothing, &err), -EINVAL);
	assert_null(workload);
}

static void a_command_that_was_never_let_go_is_reaped(void **state)
{
	(void)state;
	struct ev_workload *workload;
	assert_int_equal(ev_workload_start(&workload, RUN("true"), NULL), 0);
	pid_t pid = (pid_t)ev_workload_pid(workload);
	ev_workload_close(workload);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	ev_workload_close(NULL);
}

static void a_command_killed_while_it_waits_is_told(void **state)
{
	(void)state;
	struct ev_workload *workload;
	struct ev_err err = { 0 };
	assert_int_equal(ev_workload_start(&workload, RUN("true"), NULL), 0);
	ev_workload_signal(workload, SIGKILL);
	assert_int_equal(ev_workload_ended(workload, true, NULL, NULL), 1);
	assert_int_equal(ev_workload_go(workload, &err), -ESRCH);
	ev_workload_close(workload);
}

static void a_signal_ends_a_running_command(void **state)
{
	(void)state;
	struct ev_workload *workload;
	assert_int_equal(ev_workload_start(&workload, RUN("sleep", "1000"), NULL), 0);
	assert_int_equal(ev_workload_go(workload, NULL), 0);
	ev_workload_signal(workload, SIGTERM);
	assert_int_equal(exit_code(workload), 128 + SIGTERM);
	ev_workload_close(workload);
}

/* Output of a command run as a workload. */
static void output_of(char *const *argv, char *out, size_t size_bytes)
{
	struct ev_workload *workload;
	int pipe_fds[2], saved = dup(1);
	assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
	fcntl(saved, F_SETFD, FD_CLOEXEC);
	fflush(stdout);
	dup2(pipe_fds[1], 1);
	int rc = ev_workload_start(&workload, argv, NULL);
	dup2(saved, 1);
	close(saved);
	close(pipe_fds[1]);
	assert_int_equal(rc, 0);
	assert_int_equal(ev_workload_go(workload, NULL), 0);
	size_t used = 0;
	ssize_t got;
	while ((got = read(pipe_fds[0], out + used, size_bytes - 1 - used)) > 0)
		used += (size_t)got;
	out[used] = 0;
	close(pipe_fds[0]);
	assert_int_equal(exit_code(workload), 0);
	ev_workload_close(workload);
}

static void a_command_finds_default_signals(void **state)
{
	(void)state;
	char text[8192], ignored[64] = "", blocked[64] = "";
	sigset_t some, before;
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&some);
	sigaddset(&some, SIGUSR1);
	sigprocmask(SIG_BLOCK, &some, &before);
	output_of(RUN("cat", "/proc/self/status"), text, sizeof(text));
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_non_null(strstr(text, "SigIgn:"));
	sscanf(strstr(text, "SigIgn:"), "SigIgn: %63s", ignored);
	sscanf(strstr(text, "SigBlk:"), "SigBlk: %63s", blocked);
	/* 32 and 33 are the C library's own, which it lets nobody touch. */
	assert_int_equal(strtoull(ignored, NULL, 16) & ~(3ull << 31), 0);
	assert_int_equal(strtoull(blocked, NULL, 16), 0);
}

static int count_lines(const char *text)
{
	int lines = 0;
	for (; *text; text++)
		lines += *text == '\n';
	return lines;
}

static void a_command_inherits_no_descriptor_of_evprof(void **state)
{
	(void)state;
	char with[4096], without[4096];
	FILE *plain = popen("ls /proc/self/fd", "r");
	size_t got = fread(without, 1, sizeof(without) - 1, plain);
	without[got] = 0;
	pclose(plain);
	output_of(RUN("ls", "/proc/self/fd"), with, sizeof(with));
	assert_int_equal(count_lines(with), count_lines(without));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_command_runs_only_when_it_is_let_go),
		cmocka_unit_test(the_end_of_a_command_is_told_with_status_and_usage),
		cmocka_unit_test(a_command_that_is_not_there_says_so),
		cmocka_unit_test(a_command_that_may_not_run_says_so),
		cmocka_unit_test(a_script_whose_interpreter_is_missing_says_so),
		cmocka_unit_test(no_command_is_an_error),
		cmocka_unit_test(a_command_that_was_never_let_go_is_reaped),
		cmocka_unit_test(a_command_killed_while_it_waits_is_told),
		cmocka_unit_test(a_signal_ends_a_running_command),
		cmocka_unit_test(a_command_finds_default_signals),
		cmocka_unit_test(a_command_inherits_no_descriptor_of_evprof),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
