/* Processes and threads as /proc lists them. */
#include <pthread.h>
#include <sys/prctl.h>
#include "live.h"
#include "tasks.h"

static pthread_barrier_t there, may_end;

static void *wait_here(void *unused)
{
	pthread_barrier_wait(&there);
	pthread_barrier_wait(&may_end);
	return unused;
}

static void all_threads_of_a_process_are_listed_main_thread_first(void **state)
{
	(void)state;
	pthread_t threads[5];
	struct ev_task_list list = { 0 };
	uint32_t ids[] = { (uint32_t)getpid(), (uint32_t)getpid() };
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = ids, .id_count = 2 };
	pthread_barrier_init(&there, NULL, 6);
	pthread_barrier_init(&may_end, NULL, 6);
	for (int i = 0; i < 5; i++)
		pthread_create(&threads[i], NULL, wait_here, NULL);
	pthread_barrier_wait(&there);
	assert_int_equal(ev_tasks_list(&target, &list, NULL), 0);
	pthread_barrier_wait(&may_end);
	for (int i = 0; i < 5; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(list.count, 6);
	assert_int_equal(list.items[0], getpid());
	ev_array_done(&list);
}

static void named_threads_are_listed_alone(void **state)
{
	(void)state;
	struct ev_task_list list = { 0 };
	uint32_t ids[] = { (uint32_t)getpid() };
	const struct ev_target target = { .kind = EV_TARGET_TIDS, .ids = ids, .id_count = 1 };
	assert_int_equal(ev_tasks_list(&target, &list, NULL), 0);
	assert_int_equal(list.count, 1);
	ev_array_done(&list);
}

static void processes_of_a_user_are_listed(void **state)
{
	(void)state;
	struct ev_task_list list = { 0 };
	uint32_t uid = geteuid(), nobody = 0x7ffffff0;
	struct ev_target target = { .kind = EV_TARGET_USER, .ids = &uid, .id_count = 1 };
	struct ev_err err = { 0 };
	bool found = false;
	assert_int_equal(ev_tasks_list(&target, &list, NULL), 0);
	for (size_t i = 0; i < list.count; i++)
		found |= list.items[i] == (uint32_t)getpid();
	assert_true(found);
	target.ids = &nobody;
	assert_int_equal(ev_tasks_list(&target, &list, &err), -ESRCH);
	assert_true(*err.text);
	ev_array_done(&list);
}

static void who_is_not_there_is_an_error(void **state)
{
	(void)state;
	struct ev_task_list list = { 0 };
	struct ev_err err = { 0 };
	uint32_t ids[] = { (uint32_t)getpid(), 0x3ffffffe };
	struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = ids, .id_count = 2 };
	assert_int_equal(ev_tasks_list(&target, &list, &err), -ESRCH);
	assert_non_null(strstr(err.text, "no process 1073741822"));
	target.kind = EV_TARGET_TIDS;
	assert_int_equal(ev_tasks_list(&target, &list, &err), -ESRCH);
	assert_non_null(strstr(err.text, "no thread 1073741822"));
	target.id_count = 0;
	assert_int_equal(ev_tasks_list(&target, &list, &err), -EINVAL);
	ev_array_done(&list);
}

static void a_list_grows_by_who_was_not_in_it(void **state)
{
	(void)state;
	uint32_t two[] = { 1, 2 }, less[] = { 2 }, other[] = { 2, 3 };
	const struct ev_task_list before = { two, 2, 2 };
	assert_false(ev_tasks_grew(&before, &before));
	assert_false(ev_tasks_grew(&before, &(struct ev_task_list){ less, 1, 1 }));
	assert_true(ev_tasks_grew(&before, &(struct ev_task_list){ other, 2, 2 }));
}

static void who_has_ended_does_not_live(void **state)
{
	(void)state;
	siginfo_t info;
	assert_true(ev_task_lives((uint32_t)getpid()));
	assert_false(ev_task_lives(0x3ffffffe));
	pid_t pid = fork();
	if (!pid)
		_exit(0);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	assert_false(ev_task_lives((uint32_t)pid));
	uint32_t ids[] = { (uint32_t)pid };
	struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = ids, .id_count = 1 };
	assert_false(ev_target_lives(&target));
	ids[0] = (uint32_t)getpid();
	assert_true(ev_target_lives(&target));
	waitpid(pid, NULL, 0);
}

static void names_may_hold_anything(void **state)
{
	(void)state;
	char comm[16];
	uint32_t parent;
	prctl(PR_SET_NAME, "a) R 1 (b\n");
	assert_true(ev_process_parent((uint32_t)getpid(), comm, &parent));
	assert_string_equal(comm, "a) R 1 (b\n");
	assert_int_equal(parent, getppid());
	prctl(PR_SET_NAME, "fifteen letters");
	ev_task_comm((uint32_t)getpid(), comm);
	assert_string_equal(comm, "fifteen letters");
	ev_task_comm(0x3ffffffe, comm);
	assert_string_equal(comm, "");
	assert_false(ev_process_parent(0x3ffffffe, comm, &parent));
}

static void times_stand_behind_any_name(void **state)
{
	(void)state;
	uint64_t user, system;
	const char *text = "12 (a) R 1 (b) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 20 0\n";
	assert_true(ev_stat_times(text, false, &user, &system));
	assert_int_equal(user, 11);
	assert_int_equal(system, 12);
	assert_true(ev_stat_times(text, true, &user, &system));
	assert_int_equal(user, 24);
	assert_int_equal(system, 26);
	static const char *const wrong[] = { "",
					     "12",
					     "12 (a",
					     "12 (a)",
					     "12 (a) S 1 2 3",
					     "12 (a) S 1 2 3 4 5 6 7 8 9 10 11 12 x 14" };
	for (size_t i = 0; i < EV_LENGTH(wrong); i++)
		assert_false(ev_stat_times(wrong[i], false, &user, &system));
}

static void own_times_are_known_and_those_of_nobody_are_not(void **state)
{
	(void)state;
	uint64_t user_ns, system_ns;
	assert_true(ev_task_times((uint32_t)getpid(), false, &user_ns, &system_ns));
	assert_true(ev_task_times((uint32_t)getpid(), true, &user_ns, &system_ns));
	assert_false(ev_task_times(0x3ffffffe, false, &user_ns, &system_ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_threads_of_a_process_are_listed_main_thread_first),
		cmocka_unit_test(named_threads_are_listed_alone),
		cmocka_unit_test(processes_of_a_user_are_listed),
		cmocka_unit_test(who_is_not_there_is_an_error),
		cmocka_unit_test(a_list_grows_by_who_was_not_in_it),
		cmocka_unit_test(who_has_ended_does_not_live),
		cmocka_unit_test(names_may_hold_anything),
		cmocka_unit_test(times_stand_behind_any_name),
		cmocka_unit_test(own_times_are_known_and_those_of_nobody_are_not),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
