/* Names and globs of names become process ids. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include "live.h"
#include "tasks.h"

static pid_t child;

/* A process of our own with a name that nobody else has. */
static int start_child(void **state)
{
	int ready[2];
	char byte;
	(void)state;
	if (pipe(ready))
		return -1;
	child = fork();
	if (!child) {
		prctl(PR_SET_NAME, "ev na]me-here");
		if (write(ready[1], "", 1) < 1)
			_exit(1);
		for (;;)
			pause();
	}
	ssize_t got = read(ready[0], &byte, 1);
	close(ready[0]);
	close(ready[1]);
	return got == 1 ? 0 : -1;
}

static int end_child(void **state)
{
	(void)state;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	return 0;
}

static void a_glob_finds_who_is_called_so_and_numbers_stay(void **state)
{
	(void)state;
	uint32_t *pids;
	size_t count;
	bool by_name;
	assert_int_equal(ev_processes_find("1,ev na*-here,7-8", &pids, &count, &by_name, NULL), 0);
	assert_int_equal(count, 4);
	assert_int_equal(pids[0], 1);
	assert_int_equal(pids[1], child);
	assert_int_equal(pids[2], 7);
	assert_int_equal(pids[3], 8);
	assert_true(by_name);
	free(pids);
}

static void a_number_is_no_name(void **state)
{
	(void)state;
	uint32_t *pids;
	size_t count;
	bool by_name;
	assert_int_equal(ev_processes_find("12,15-16", &pids, &count, &by_name, NULL), 0);
	assert_int_equal(count, 3);
	assert_false(by_name);
	free(pids);
}

static void a_name_is_the_whole_name_to_the_letter(void **state)
{
	(void)state;
	assert_true(ev_process_is_called((uint32_t)child, "ev na?me-here"));
	assert_false(ev_process_is_called((uint32_t)child, "ev"));
	assert_false(ev_process_is_called((uint32_t)child, "EV*"));
}

static void the_executable_file_is_a_name_too(void **state)
{
	(void)state;
	/* That of the child, whose own name is another; and never ours. */
	uint32_t *pids;
	size_t count;
	bool by_name;
	assert_true(ev_process_is_called((uint32_t)child, "test_process_n*"));
	assert_int_equal(ev_processes_find("test_process_n*", &pids, &count, &by_name, NULL), 0);
	for (size_t i = 0; i < count; i++)
		assert_int_not_equal(pids[i], getpid());
	free(pids);
}

static void who_is_not_there_is_told(void **state)
{
	(void)state;
	uint32_t *pids;
	size_t count;
	bool by_name;
	struct ev_err err = { 0 };
	assert_int_equal(ev_processes_find("1,no\x1bsuch*", &pids, &count, &by_name, &err), -ESRCH);
	assert_non_null(strstr(err.text, "no process is called 'no\\x1bsuch*'"));
	assert_null(pids);
	assert_int_equal(count, 0);
	assert_int_equal(ev_processes_find("", &pids, &count, &by_name, &err), -EINVAL);
	assert_int_equal(ev_processes_find("12,,13", &pids, &count, &by_name, &err), -EINVAL);
	assert_int_equal(ev_processes_find("9-3", &pids, &count, &by_name, &err), -EINVAL);
}

static void a_process_found_by_name_may_be_gone(void **state)
{
	(void)state;
	struct ev_task_list list = { 0 };
	uint32_t ids[] = { (uint32_t)getpid(), 0x3fffffff };
	struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = ids, .id_count = 2 };
	assert_int_equal(ev_tasks_list(&target, &list, NULL), -ESRCH);
	target.by_name = true;
	assert_int_equal(ev_tasks_list(&target, &list, NULL), 0);
	assert_int_equal(list.items[0], getpid());
	target.ids = ids + 1;
	target.id_count = 1;
	assert_int_equal(ev_tasks_list(&target, &list, NULL), -ESRCH);
	ev_array_done(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_glob_finds_who_is_called_so_and_numbers_stay),
		cmocka_unit_test(a_number_is_no_name),
		cmocka_unit_test(a_name_is_the_whole_name_to_the_letter),
		cmocka_unit_test(the_executable_file_is_a_name_too),
		cmocka_unit_test(who_is_not_there_is_told),
		cmocka_unit_test(a_process_found_by_name_may_be_gone),
	};
	return cmocka_run_group_tests(tests, start_child, end_child);
}
