/* Live counts of software events: what children did is what was counted. */
#include <pthread.h>
#include <sched.h>
#include "live.h"

#define PAGES 1000

static const struct ev_counters_options at_once = { 0 };

static struct ev_event_list faults_and_clock(void)
{
	struct ev_event_list list = { 0 };
	add_event(&list, software_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS, 0));
	add_event(&list, software_event("task-clock", PERF_COUNT_SW_TASK_CLOCK, 1));
	return list;
}

static struct ev_target target_of(enum ev_target_kind kind, uint32_t *id)
{
	return (struct ev_target){ .kind = kind, .ids = id, .id_count = 1 };
}

static uint64_t value_of(struct ev_counters *counters, size_t event)
{
	struct ev_count count;
	assert_int_equal(ev_counters_read(counters, event, 0, &count), 0);
	assert_true(count.running_ns <= count.enabled_ns);
	return count.value;
}

#define NEEDS_COUNTING(name)                                                                       \
	do {                                                                                       \
		(void)state;                                                                       \
		if (!may_count())                                                                  \
			SKIP(name, "this user may not use perf events");                           \
	} while (0)

static void touch_many(void)
{
	touch_pages(PAGES);
}

static void *touch_in_thread(void *unused)
{
	touch_pages(PAGES);
	return unused;
}

static void touch_in_new_threads(void)
{
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, touch_in_thread, NULL);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void touch_in_child(void)
{
	pid_t pid = fork();
	if (!pid) {
		touch_pages(PAGES);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
}

static void count_child(void (*work)(void), bool no_inherit, uint64_t least, uint64_t most)
{
	struct ev_event_list events = faults_and_clock();
	struct ev_counters *counters;
	struct ev_err err = { 0 };
	struct child child = child_start(work);
	uint32_t pid = (uint32_t)child.pid;
	struct ev_target target = target_of(EV_TARGET_PIDS, &pid);
	target.no_inherit = no_inherit;
	assert_int_equal(ev_counters_open(&counters, &events, &target, &at_once, &err), 0);
	assert_int_equal(ev_counters_slot_count(counters), 1);
	assert_false(ev_counters_targets_gone(counters));
	child_finish(&child);
	assert_true(ev_counters_targets_gone(counters));
	assert_in_range(value_of(counters, 0), least, most);
	assert_true(value_of(counters, 1) > 0);
	ev_counters_close(counters);
	ev_event_list_done(&events);
}

static void page_faults_of_a_child_are_counted(void **state)
{
	NEEDS_COUNTING("page_faults_of_a_child_are_counted");
	count_child(touch_many, false, PAGES, PAGES + 500);
}

static void threads_born_later_are_counted(void **state)
{
	NEEDS_COUNTING("threads_born_later_are_counted");
	count_child(touch_in_new_threads, false, 4 * PAGES, 4 * PAGES + 2000);
}

static void children_born_later_are_counted(void **state)
{
	NEEDS_COUNTING("children_born_later_are_counted");
	count_child(touch_in_child, false, PAGES, PAGES + 1000);
}

static void children_born_later_are_left_out_when_asked(void **state)
{
	NEEDS_COUNTING("children_born_later_are_left_out_when_asked");
	count_child(touch_in_child, true, 0, PAGES - 1);
}

static void a_command_is_counted_from_its_exec(void **state)
{
	NEEDS_COUNTING("a_command_is_counted_from_its_exec");
	const struct ev_counters_options at_exec = { .at_exec = true };
	const char *const argv[] = { "sh", "-c", "exit 0", NULL };
	struct ev_event_list events = faults_and_clock();
	struct ev_counters *counters;
	struct ev_workload *workload;
	struct ev_count before;
	assert_int_equal(ev_workload_start(&workload, (char *const *)argv, NULL), 0);
	uint32_t pid = ev_workload_pid(workload);
	struct ev_target target = target_of(EV_TARGET_COMMAND, &pid);
	assert_int_equal(ev_counters_open(&counters, &events, &target, &at_exec, NULL), 0);
	assert_true(ev_counters_opening(counters, 0)->attr.enable_on_exec);
	usleep(10000);
	assert_int_equal(ev_counters_read(counters, 0, 0, &before), 0);
	assert_int_equal(before.value, 0);
	assert_int_equal(before.enabled_ns, 0);
	assert_int_equal(ev_workload_go(workload, NULL), 0);
	assert_int_equal(ev_workload_ended(workload, true, NULL, NULL), 1);
	assert_true(value_of(counters, 0) > 10);
	ev_counters_close(counters);
	ev_workload_close(workload);
	ev_event_list_done(&events);
}

static void disabled_counters_wait_for_enable(void **state)
{
	NEEDS_COUNTING("disabled_counters_wait_for_enable");
	const struct ev_counters_options disabled = { .disabled = true };
	struct ev_event_list events = faults_and_clock();
	struct ev_counters *counters;
	uint32_t pid = (uint32_t)getpid();
	struct ev_target target = target_of(EV_TARGET_PIDS, &pid);
	assert_int_equal(ev_counters_open(&counters, &events, &target, &disabled, NULL), 0);
	touch_pages(PAGES);
	assert_int_equal(value_of(counters, 0), 0);
	assert_int_equal(ev_counters_enable(counters, NULL), 0);
	touch_pages(PAGES);
	assert_int_equal(ev_counters_disable(counters, NULL), 0);
	uint64_t counted = value_of(counters, 0);
	assert_true(counted >= PAGES);
	touch_pages(PAGES);
	assert_int_equal(value_of(counters, 0), counted);
	ev_counters_close(counters);
	ev_event_list_done(&events);
}

static void a_group_is_switched_as_one(void **state)
{
	NEEDS_COUNTING("a_group_is_switched_as_one");
	const struct ev_counters_options disabled = { .disabled = true };
	struct ev_event_list events = { 0 };
	struct ev_counters *counters;
	struct ev_count leader, member;
	uint32_t pid = (uint32_t)getpid();
	struct ev_target target = target_of(EV_TARGET_TIDS, &pid);
	add_event(&events, software_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS, 0));
	add_event(&events, software_event("minor-faults", PERF_COUNT_SW_PAGE_FAULTS_MIN, 0));
	assert_int_equal(ev_counters_open(&counters, &events, &target, &disabled, NULL), 0);
	touch_pages(PAGES);
	assert_int_equal(value_of(counters, 1), 0);
	ev_counters_enable(counters, NULL);
	touch_pages(PAGES);
	ev_counters_disable(counters, NULL);
	assert_int_equal(ev_counters_read(counters, 0, 0, &leader), 0);
	assert_int_equal(ev_counters_read(counters, 1, 0, &member), 0);
	assert_true(member.value >= PAGES);
	assert_true(leader.value >= member.value);
	assert_int_equal(leader.running_ns, member.running_ns);
	ev_counters_close(counters);
	ev_event_list_done(&events);
}

static void every_cpu_has_a_slot(void **state)
{
	NEEDS_COUNTING("every_cpu_has_a_slot");
	struct ev_event_list events = { 0 };
	struct ev_counters *counters;
	const struct ev_target target = { .kind = EV_TARGET_SYSTEM };
	add_event(&events, software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 0));
	struct ev_event bound = software_event("cpu-clock", PERF_COUNT_SW_CPU_CLOCK, 1);
	bound.cpus = "0";
	add_event(&events, bound);
	assert_int_equal(ev_counters_open(&counters, &events, &target, &at_once, NULL), 0);
	if (ev_counters_opening(counters, 0)->error) {
		ev_counters_close(counters);
		ev_event_list_done(&events);
		SKIP("every_cpu_has_a_slot", "this user may not watch whole CPUs");
	}
	assert_int_equal(ev_counters_slot_count(counters), ev_cpus_online());
	assert_false(ev_counters_targets_gone(counters));
	usleep(1000);
	for (size_t slot = 0; slot < ev_counters_slot_count(counters); slot++) {
		struct ev_count count;
		bool first = ev_counters_slot(counters, slot)->cpu == 0;
		assert_int_equal(ev_counters_slot(counters, slot)->tid, -1);
		assert_int_equal(ev_counters_read(counters, 0, slot, &count), 0);
		assert_true(count.value > 0);
		assert_int_equal(ev_counters_read(counters, 1, slot, &count), first ? 0 : -ENOENT);
	}
	ev_counters_close(counters);
	ev_event_list_done(&events);
}

static void a_cpu_that_is_not_online_is_refused(void **state)
{
	(void)state;
	struct ev_event_list events = faults_and_clock();
	struct ev_counters *counters;
	struct ev_err err = { 0 };
	uint32_t cpu = 60000;
	const struct ev_target target = { .kind = EV_TARGET_SYSTEM, .cpus = &cpu, .cpu_count = 1 };
	assert_int_equal(ev_counters_open(&counters, &events, &target, &at_once, &err), -EINVAL);
	assert_non_null(strstr(err.text, "60000"));
	assert_null(counters);
	ev_event_list_done(&events);
}

static void a_process_that_is_not_there_is_an_error(void **state)
{
	(void)state;
	struct ev_event_list events = faults_and_clock();
	struct ev_counters *counters;
	struct ev_err err = { 0 };
	uint32_t pid = 0x3ffffffe;
	struct ev_target target = target_of(EV_TARGET_PIDS, &pid);
	assert_int_equal(ev_counters_open(&counters, &events, &target, &at_once, &err), -ESRCH);
	assert_non_null(strstr(err.text, "1073741822"));
	ev_event_list_done(&events);
}

/* ---- many threads ------------------------------------------------------------------------------
 */

static pthread_barrier_t all_there, may_work;

static void *wait_and_touch(void *unused)
{
	pthread_barrier_wait(&all_there);
	pthread_barrier_wait(&may_work);
	touch_pages(10);
	return unused;
}

static void *name_and_wait(void *unused)
{
	pthread_setname_np(pthread_self(), "named-thread");
	return wait_and_touch(unused);
}

static size_t start_threads(pthread_t *threads, size_t wanted, void *(*run)(void *))
{
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 65536);
	pthread_barrier_init(&all_there, NULL, (unsigned)wanted + 1);
	pthread_barrier_init(&may_work, NULL, (unsigned)wanted + 1);
	for (size_t i = 0; i < wanted; i++)
		assert_int_equal(pthread_create(&threads[i], &small, run, NULL), 0);
	pthread_attr_destroy(&small);
	pthread_barrier_wait(&all_there);
	return wanted;
}

static void finish_threads(pthread_t *threads, size_t count)
{
	pthread_barrier_wait(&may_work);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
}

static void two_thousand_threads_are_all_counted(void **state)
{
	NEEDS_COUNTING("two_thousand_threads_are_all_counted");
	static pthread_t threads[2000];
	struct ev_event_list events = faults_and_clock();
	struct ev_counters *counters;
	struct ev_err err = { 0 };
	uint32_t pid = (uint32_t)getpid();
	struct ev_target target = target_of(EV_TARGET_PIDS, &pid);
	start_threads(threads, EV_LENGTH(threads), wait_and_touch);
	assert_int_equal(ev_counters_open(&counters, &events, &target, &at_once, &err), 0);
	if (ev_counters_opening(counters, 0)->error == EMFILE) {
		finish_threads(threads, EV_LENGTH(threads));
		ev_counters_close(counters);
		ev_event_list_done(&events);
		SKIP("two_thousand_threads_are_all_counted", "too few descriptors are allowed");
	}
	finish_threads(threads, EV_LENGTH(threads));
	assert_true(value_of(counters, 0) >= 10 * EV_LENGTH(threads));
	ev_counters_close(counters);
	ev_event_list_done(&events);
}

static void threads_are_kept_apart_when_asked(void **state)
{
	NEEDS_COUNTING("threads_are_kept_apart_when_asked");
	const struct ev_counters_options apart = { .per_thread = true };
	pthread_t threads[3];
	struct ev_event_list events = faults_and_clock();
	struct ev_counters *counters;
	uint32_t pid = (uint32_t)getpid();
	struct ev_target target = target_of(EV_TARGET_PIDS, &pid);
	start_threads(threads, 3, name_and_wait);
	assert_int_equal(ev_counters_open(&counters, &events, &target, &apart, NULL), 0);
	assert_int_equal(ev_counters_slot_count(counters), 4);
	assert_int_equal(ev_counters_slot(counters, 0)->tid, getpid());
	finish_threads(threads, 3);
	for (size_t slot = 1; slot < 4; slot++) {
		struct ev_count count;
		assert_string_equal(ev_counters_slot(counters, slot)->comm, "named-thread");
		assert_int_equal(ev_counters_read(counters, 0, slot, &count), 0);
		assert_true(count.value > 0);
	}
	ev_counters_close(counters);
	ev_event_list_done(&events);
}

static void *touch_at_its_turn(void *turn)
{
	pthread_barrier_wait(&all_there);
	*(volatile pid_t *)turn = gettid();
	pthread_barrier_wait(&all_there);
	pthread_barrier_wait(&may_work);
	touch_pages(PAGES);
	return NULL;
}

/* -t: that thread alone, not those beside it; what it starts itself is its own. */
static void one_thread_is_counted_without_those_beside_it(void **state)
{
	NEEDS_COUNTING("one_thread_is_counted_without_those_beside_it");
	static pid_t tids[3];
	pthread_t threads[3];
	struct ev_event_list events = faults_and_clock();
	struct ev_counters *counters;
	pthread_barrier_init(&all_there, NULL, 4);
	pthread_barrier_init(&may_work, NULL, 4);
	for (size_t i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, touch_at_its_turn, &tids[i]);
	pthread_barrier_wait(&all_there);
	pthread_barrier_wait(&all_there);
	uint32_t tid = (uint32_t)tids[1];
	struct ev_target target = target_of(EV_TARGET_TIDS, &tid);
	assert_int_equal(ev_counters_open(&counters, &events, &target, &at_once, NULL), 0);
	finish_threads(threads, 3);
	uint64_t faults = value_of(counters, 0);
	assert_true(faults >= PAGES && faults < 2 * PAGES);
	ev_counters_close(counters);
	ev_event_list_done(&events);
}

static void closing_nothing_is_fine(void **state)
{
	(void)state;
	ev_counters_close(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(page_faults_of_a_child_are_counted),
		cmocka_unit_test(threads_born_later_are_counted),
		cmocka_unit_test(children_born_later_are_counted),
		cmocka_unit_test(children_born_later_are_left_out_when_asked),
		cmocka_unit_test(a_command_is_counted_from_its_exec),
		cmocka_unit_test(disabled_counters_wait_for_enable),
		cmocka_unit_test(a_group_is_switched_as_one),
		cmocka_unit_test(every_cpu_has_a_slot),
		cmocka_unit_test(a_cpu_that_is_not_online_is_refused),
		cmocka_unit_test(a_process_that_is_not_there_is_an_error),
		cmocka_unit_test(two_thousand_threads_are_all_counted),
		cmocka_unit_test(threads_are_kept_apart_when_asked),
		cmocka_unit_test(one_thread_is_counted_without_those_beside_it),
		cmocka_unit_test(closing_nothing_is_fine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
