/* Mean, spread and error of the mean of values that arrive one by one. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <evprof/figures.h>

#define assert_near(is, expected, tolerance) assert_true(fabs((is) - (expected)) <= (tolerance))

static struct ev_running running_of(const double *values, size_t count)
{
	struct ev_running running = { 0 };
	for (size_t i = 0; i < count; i++)
		ev_running_add(&running, values[i]);
	return running;
}

static void mean_and_deviation_of_a_known_series(void **state)
{
	(void)state;
	struct ev_running running = running_of((double[]){ 2, 4, 4, 4, 5, 5, 7, 9 }, 8);
	assert_int_equal(running.count, 8);
	assert_near(running.mean, 5, 1e-12);
	assert_near(ev_running_deviation(&running), sqrt(32.0 / 7), 1e-12);
	assert_near(ev_running_relative_error(&running), sqrt(32.0 / 7 / 8) / 5, 1e-12);
}

static void one_value_has_no_spread(void **state)
{
	(void)state;
	struct ev_running running = running_of((double[]){ 42 }, 1), none = { 0 };
	assert_near(ev_running_deviation(&running), 0, 0);
	assert_near(ev_running_relative_error(&running), 0, 0);
	assert_near(ev_running_relative_error(&none), 0, 0);
}

static void small_spreads_of_large_counts_survive(void **state)
{
	(void)state;
	struct ev_running running = running_of((double[]){ 1e15 + 1, 1e15 + 2, 1e15 + 3 }, 3);
	assert_near(ev_running_deviation(&running), 1, 1e-6);
}

static void a_mean_of_zero_gives_no_relative_error(void **state)
{
	(void)state;
	struct ev_running running = running_of((double[]){ -1, 1 }, 2);
	assert_near(ev_running_relative_error(&running), 0, 0);
	running = running_of((double[]){ -2, -4 }, 2);
	assert_near(ev_running_relative_error(&running), 1.0 / 3, 1e-12);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mean_and_deviation_of_a_known_series),
		cmocka_unit_test(one_value_has_no_spread),
		cmocka_unit_test(small_spreads_of_large_counts_survive),
		cmocka_unit_test(a_mean_of_zero_gives_no_relative_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
