/* Time on the CPUs beside what samples tell of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/collect_waits.h>

static void what_samples_leave_out_is_the_rest_and_given_once(void **state)
{
	(void)state;
	struct ev_on_cpu on = { 0 };
	ev_on_cpu_sampled(&on, 5, 6, 100, 250);
	ev_on_cpu_sampled(&on, 5, 6, 350, 250);
	ev_on_cpu_measured(&on, 5, 6, 300, 620, false);
	assert_int_equal(on.threads.count, 1);
	assert_int_equal(on.threads.items[0].last_ns, 350);
	assert_int_equal(ev_on_cpu_rest(&on.threads.items[0]), 120);
	assert_int_equal(ev_on_cpu_rest(&on.threads.items[0]), 0);
	ev_on_cpu_measured(&on, 5, 6, 900, 700, true);
	assert_int_equal(ev_on_cpu_rest(&on.threads.items[0]), 80);
	ev_on_cpu_done(&on);
}

static void more_samples_than_time_leave_no_rest(void **state)
{
	(void)state;
	struct ev_on_cpu on = { 0 };
	ev_on_cpu_sampled(&on, 5, 6, 100, 250);
	ev_on_cpu_measured(&on, 5, 6, 300, 200, true);
	assert_int_equal(ev_on_cpu_rest(&on.threads.items[0]), 0);
	ev_on_cpu_done(&on);
}

static void only_threads_that_ended_long_ago_are_forgotten(void **state)
{
	(void)state;
	struct ev_on_cpu on = { 0 };
	ev_on_cpu_measured(&on, 1, 1, 100, 1, true);
	ev_on_cpu_measured(&on, 2, 2, 100, 1, false);
	ev_on_cpu_measured(&on, 3, 3, 900, 1, true);
	ev_on_cpu_forget(&on, 500);
	assert_int_equal(on.threads.count, 2);
	ev_on_cpu_sampled(&on, 3, 3, 950, 7);
	assert_int_equal(on.threads.count, 2);
	assert_int_equal(on.threads.items[1].sampled_ns, 7);
	ev_on_cpu_done(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_samples_leave_out_is_the_rest_and_given_once),
		cmocka_unit_test(more_samples_than_time_leave_no_rest),
		cmocka_unit_test(only_threads_that_ended_long_ago_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
