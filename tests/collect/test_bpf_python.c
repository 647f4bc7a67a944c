/* Which processes are Python's, what refuses, and what a program in the kernel tells of one that
 * runs. */
#include "live.h"
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <evprof/collect_python_bpf.h>

static void this_process_maps_no_python(void **state)
{
	(void)state;
	uint32_t pid = (uint32_t)getpid();
	struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	assert_false(ev_bpf_python_likely(&target));
	target.kind = EV_TARGET_COMMAND;
	assert_false(ev_bpf_python_likely(&target));
}

static pid_t start_python(void)
{
	pid_t pid = fork();
	if (!pid) {
		execl("/usr/bin/python3", "python3", "-c", "import time; time.sleep(60)",
		      (char *)NULL);
		_exit(127);
	}
	return pid;
}

static void a_process_that_runs_python_does(void **state)
{
	(void)state;
	if (access("/usr/bin/python3", X_OK))
		SKIP("a_process_that_runs_python_does", "there is no /usr/bin/python3");
	pid_t child = start_python();
	uint32_t pid = (uint32_t)child;
	struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	bool found = false;
	for (int i = 0; i < 300 && !found; i++) {
		found = ev_bpf_python_likely(&target);
		usleep(100000);
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	assert_true(found);
}

static void nothing_is_closed_twice(void **state)
{
	(void)state;
	ev_bpf_python_close(NULL);
}

static void without_rights_it_is_refused(void **state)
{
	(void)state;
	char why[256];
	struct ev_err err = { 0 };
	struct ev_bpf_python *python = NULL;
	struct ev_bpf_python_options options = { 0 };
	if (!ev_bpf_python_absence(why, sizeof(why)))
		SKIP("without_rights_it_is_refused", "programs may be loaded here");
	assert_true(ev_bpf_python_open(&python, NULL, NULL, NULL, &options, &err) < 0);
	assert_null(python);
	assert_true(*err.text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_process_maps_no_python),
		cmocka_unit_test(a_process_that_runs_python_does),
		cmocka_unit_test(nothing_is_closed_twice),
		cmocka_unit_test(without_rights_it_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
