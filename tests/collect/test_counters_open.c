/* Groups, levels and places, opened on a kernel that answers as it is told. */
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_descriptor_limit
// wrap: ev_machine_paranoid ev_machine_may_perfmon ev_machine_is_filtered
// wrap: ev_machine_has_core_pmu ev_machine_hypervisor ev_file_number
// wrap: ev_tasks_list
#include "counters.h"
#include "scripted.h"
#include "tasks.h"

/* Lists of threads, one after another; the last one is repeated. */
static const uint32_t *listed[8];
static size_t listed_count[8], lists, asked;

int __wrap_ev_tasks_list(const struct ev_target *target, struct ev_task_list *list,
			 struct ev_err *err);
int __wrap_ev_tasks_list(const struct ev_target *target, struct ev_task_list *list,
			 struct ev_err *err)
{
	size_t which = asked < lists ? asked : lists - 1;
	(void)target, (void)err;
	asked++;
	list->count = 0;
	for (size_t i = 0; i < listed_count[which]; i++)
		*ev_array_add(list) = listed[which][i];
	return 0;
}

static int opens_everything(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return 0;
}

static int has_no_config_7(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->config == 7 ? ENOENT : 0;
}

static int has_no_room_for_members(const struct perf_event_attr *attr, pid_t tid, int cpu,
				   int group_fd)
{
	(void)attr, (void)tid, (void)cpu;
	return group_fd >= 0 ? EINVAL : 0;
}

static int thread_2_is_gone(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)cpu, (void)group_fd;
	return tid == 2 ? ESRCH : 0;
}

static int all_are_gone(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return ESRCH;
}

static int runs_out_of_descriptors(const struct perf_event_attr *attr, pid_t tid, int cpu,
				   int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return script.opens == 3 ? EMFILE : 0;
}

static int hides_the_kernel(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->exclude_kernel ? 0 : EACCES;
}

static const uint32_t five[] = { 1, 2, 3, 4, 5 };

static struct ev_counters *open_on(struct ev_event_list *events, const size_t *sizes, size_t count,
				   script_open answer, int wanted)
{
	struct ev_counters *counters;
	struct ev_err err = { 0 };
	uint32_t pid = 1;
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	const struct ev_counters_options options = { .per_thread = true };
	script_reset(answer);
	asked = 0;
	lists = count;
	for (size_t i = 0; i < count; i++) {
		listed[i] = five;
		listed_count[i] = sizes[i];
	}
	assert_int_equal(ev_counters_open(&counters, events, &target, &options, &err), wanted);
	return counters;
}

static void close_and_check(struct ev_counters *counters, struct ev_event_list *events)
{
	ev_counters_close(counters);
	ev_event_list_done(events);
	assert_int_equal(script.opens, script.closes);
	assert_int_equal(script.limit.rlim_cur, 1024);
}

static const size_t two_threads[] = { 2 };

static void an_event_that_is_refused_leaves_the_others(void **state)
{
	(void)state;
	struct ev_event_list events = { 0 };
	add_event(&events, software_event("a", 7, 0));
	add_event(&events, software_event("b", 1, 1));
	struct ev_counters *counters = open_on(&events, two_threads, 1, has_no_config_7, 0);
	assert_int_equal(ev_counters_opening(counters, 0)->error, ENOENT);
	assert_true(*ev_counters_opening(counters, 0)->why);
	assert_int_equal(ev_counters_opening(counters, 1)->error, 0);
	assert_int_equal(script.opens, 2);
	close_and_check(counters, &events);
}

static void a_group_is_refused_as_one(void **state)
{
	(void)state;
	struct ev_event_list events = { 0 };
	add_event(&events, software_event("leader", 1, 0));
	add_event(&events, software_event("bad", 7, 0));
	add_event(&events, software_event("other", 2, 0));
	add_event(&events, software_event("alone", 3, 3));
	struct ev_counters *counters = open_on(&events, two_threads, 1, has_no_config_7, 0);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(ev_counters_opening(counters, i)->error, ENOENT);
		assert_int_equal(*ev_counters_fd(counters, i, 0), -1);
	}
	assert_non_null(strstr(ev_counters_opening(counters, 0)->why, "because of bad"));
	assert_null(strstr(ev_counters_opening(counters, 1)->why, "because of"));
	assert_int_equal(ev_counters_opening(counters, 3)->error, 0);
	close_and_check(counters, &events);
}

static void a_member_that_does_not_fit_is_explained(void **state)
{
	(void)state;
	struct ev_event_list events = { 0 };
	add_event(&events, software_event("leader", 1, 0));
	add_event(&events, software_event("member", 2, 0));
	struct ev_counters *counters = open_on(&events, two_threads, 1, has_no_room_for_members, 0);
	assert_int_equal(ev_counters_opening(counters, 1)->error, EINVAL);
	assert_non_null(strstr(ev_counters_opening(counters, 1)->why, "group"));
	close_and_check(counters, &events);
}

static void a_weak_group_is_broken_up_and_says_so(void **state)
{
	(void)state;
	struct ev_event_list events = { 0 };
	add_event(&events, software_event("leader", 1, 0));
	add_event(&events, software_event("member", 2, 0));
	events.items[0].fixed = events.items[1].fixed = EV_WEAK_GROUP;
	struct ev_counters *counters = open_on(&events, two_threads, 1, has_no_room_for_members, 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ev_counters_opening(counters, i)->error, 0);
		assert_non_null(strstr(ev_counters_opening(counters, i)->fallback, "on its own"));
		assert_true(ev_counters_opening(counters, i)->attr.disabled);
	}
	assert_int_equal(script.ioctls, 4); /* each is switched on itself */
	close_and_check(counters, &events);
}

static void threads_that_are_gone_are_skipped(void **state)
{
	(void)state;
	struct ev_event_list events = { 0 };
	struct ev_count count;
	static const size_t three[] = { 3 };
	add_event(&events, software_event("leader", 1, 0));
	add_event(&events, software_event("member", 2, 0));
	struct ev_counters *counters = open_on(&events, three, 1, thread_2_is_gone, 0);
	assert_int_equal(ev_counters_slot_count(counters), 3);
	assert_int_equal(ev_counters_opening(counters, 1)->error, 0);
	assert_int_equal(*ev_counters_fd(counters, 1, 1), -1);
	assert_int_equal(ev_counters_read(counters, 0, 1, &count), -ENOENT);
	/* /dev/null stands for a pinned counter in error: it reads as its end. */
	assert_int_equal(ev_counters_read(counters, 0, 0, &count), -EIO);
	close_and_check(counters, &events);
}

static void a_target_that_ended_meanwhile_is_an_error(void **state)
{
	(void)state;
	struct ev_event_list events = { 0 };
	add_event(&events, software_event("a", 1, 0));
	struct ev_counters *counters = open_on(&events, two_threads, 1, all_are_gone, -ESRCH);
	assert_null(counters);
	close_and_check(counters, &events);
}

static void threads_born_while_opening_have_everything_opened_anew(void **state)
{
	(void)state;
	static const size_t growing[] = { 2, 3, 3 };
	struct ev_event_list events = { 0 };
	add_event(&events, software_event("a", 1, 0));
	struct ev_counters *counters = open_on(&events, growing, 3, opens_everything, 0);
	assert_int_equal(ev_counters_slot_count(counters), 3);
	assert_int_equal(script.opens, 5);
	assert_int_equal(script.closes, 2);
	close_and_check(counters, &events);
}

static void running_out_of_descriptors_is_explained(void **state)
{
	(void)state;
	static const size_t all[] = { 5 };
	struct ev_event_list events = { 0 };
	add_event(&events, software_event("a", 1, 0));
	struct ev_counters *counters = open_on(&events, all, 1, runs_out_of_descriptors, 0);
	assert_int_equal(ev_counters_opening(counters, 0)->error, EMFILE);
	assert_non_null(strstr(ev_counters_opening(counters, 0)->why, "limit"));
	close_and_check(counters, &events);
}

static void a_fallback_is_found_once_and_told_once(void **state)
{
	(void)state;
	static const size_t all[] = { 5 };
	struct ev_event_list events = { 0 };
	add_event(&events, software_event("a", PERF_COUNT_SW_PAGE_FAULTS, 0));
	struct ev_counters *counters = open_on(&events, all, 1, hides_the_kernel, 0);
	const struct ev_opening *opening = ev_counters_opening(counters, 0);
	assert_string_equal(opening->fallback, "user space only: perf_event_paranoid is 2");
	assert_true(opening->attr.exclude_kernel);
	close_and_check(counters, &events);
}

static void what_serves_the_whole_machine_asks_for_all_cpus(void **state)
{
	(void)state;
	struct ev_event_list events = { 0 };
	add_event(&events, software_event("energy", 1, 0));
	events.items[0].per_task = false;
	struct ev_counters *counters = open_on(&events, two_threads, 1, opens_everything, 0);
	assert_int_equal(ev_counters_opening(counters, 0)->error, EINVAL);
	assert_non_null(strstr(ev_counters_opening(counters, 0)->why, "-a"));
	assert_int_equal(script.opens, 0);
	close_and_check(counters, &events);
}

static void what_evprof_measures_itself_is_not_opened(void **state)
{
	(void)state;
	struct ev_event_list events = { 0 };
	struct ev_count count;
	add_event(&events, software_event("duration_time", 0, 0));
	add_event(&events, software_event("a", 1, 0));
	events.items[0].kind = EV_EVENT_TOOL;
	struct ev_counters *counters = open_on(&events, two_threads, 1, opens_everything, 0);
	assert_int_equal(ev_counters_opening(counters, 0)->error, 0);
	assert_int_equal(ev_counters_read(counters, 0, 0, &count), -ENOENT);
	assert_int_equal(script.opens, 2);
	close_and_check(counters, &events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event_that_is_refused_leaves_the_others),
		cmocka_unit_test(a_group_is_refused_as_one),
		cmocka_unit_test(a_member_that_does_not_fit_is_explained),
		cmocka_unit_test(a_weak_group_is_broken_up_and_says_so),
		cmocka_unit_test(threads_that_are_gone_are_skipped),
		cmocka_unit_test(a_target_that_ended_meanwhile_is_an_error),
		cmocka_unit_test(threads_born_while_opening_have_everything_opened_anew),
		cmocka_unit_test(running_out_of_descriptors_is_explained),
		cmocka_unit_test(a_fallback_is_found_once_and_told_once),
		cmocka_unit_test(what_serves_the_whole_machine_asks_for_all_cpus),
		cmocka_unit_test(what_evprof_measures_itself_is_not_opened),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
