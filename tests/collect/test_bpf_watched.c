/* Whom BPF programs watch. */
#include "live.h"
#include <evprof/collect_bpf.h>
#include "bpf_watched.h"

static struct ev_watch plan(enum ev_target_kind kind, bool no_inherit, size_t cgroup_count)
{
	static const char *const names[] = { "/" };
	struct ev_target target = { .kind = kind, .no_inherit = no_inherit };
	struct ev_watch_target watched = { .target = &target,
					   .cgroups = names,
					   .cgroup_count = cgroup_count };
	return ev_watched_plan(&watched);
}

static void a_target_says_what_is_watched(void **state)
{
	(void)state;
	assert_int_equal(plan(EV_TARGET_SYSTEM, false, 0).whom, EV_WATCHING_EVERYBODY);
	assert_int_equal(plan(EV_TARGET_SYSTEM, false, 1).whom, EV_WATCHING_CGROUPS);
	assert_int_equal(plan(EV_TARGET_PIDS, false, 0).whom, EV_WATCHING_PROCESSES);
	assert_int_equal(plan(EV_TARGET_COMMAND, false, 0).whom, EV_WATCHING_PROCESSES);
	assert_int_equal(plan(EV_TARGET_USER, false, 0).whom, EV_WATCHING_PROCESSES);
	assert_int_equal(plan(EV_TARGET_TIDS, false, 0).whom, EV_WATCHING_THREADS);
}

static void without_inheritance_single_threads_are_watched(void **state)
{
	(void)state;
	assert_int_equal(plan(EV_TARGET_PIDS, true, 0).whom, EV_WATCHING_THREADS);
	assert_false(plan(EV_TARGET_PIDS, true, 0).follow);
	assert_true(plan(EV_TARGET_PIDS, false, 0).follow);
	assert_true(plan(EV_TARGET_TIDS, false, 0).follow);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_target_says_what_is_watched),
		cmocka_unit_test(without_inheritance_single_threads_are_watched),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
