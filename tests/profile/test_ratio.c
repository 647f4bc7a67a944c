/* Ratios of two counts: their estimate, and whether its interval holds the truth as often as it
 * says. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <evprof/tables.h>

#define assert_near(is, expected, tolerance) assert_true(fabs((is) - (expected)) <= (tolerance))

/* xorshift64*, seeded: the same numbers in every run. */
static double uniform(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return (double)(*state * 0x2545f4914f6cdd1dULL >> 11) / 9007199254740992.0;
}

static double poisson(uint64_t *state, double mean)
{
	double limit = exp(-mean), product = uniform(state);
	unsigned count = 0;
	for (; product > limit; count++)
		product *= uniform(state);
	return count;
}

static void a_ratio_is_the_sum_above_over_the_sum_below(void **state)
{
	(void)state;
	struct ev_ratio_sums sums = { 0 };
	ev_ratio_sums_add(&sums, 100, 50);
	ev_ratio_sums_add(&sums, 300, 350);
	struct ev_ratio_value value = ev_ratio_estimate(&sums, NULL, 1000);
	assert_true(value.known && value.bounded);
	assert_near(value.value, 1000, 1e-9);
	/* Residuals -50 and 50: sqrt(2 * 5000) / 400 times t of one degree of freedom. */
	assert_near(value.high, 1000 * (1 + 12.7062 * 0.25), 1e-6);
	assert_near(value.low, 0, 0);
}

static void the_interval_is_that_of_the_linearised_estimator(void **state)
{
	(void)state;
	static const double x[] = { 10, 12, 9, 11, 8, 10 }, y[] = { 21, 25, 17, 22, 16, 19 };
	struct ev_ratio_sums sums = { 0 };
	for (size_t i = 0; i < EV_LENGTH(x); i++)
		ev_ratio_sums_add(&sums, x[i], y[i]);
	struct ev_ratio_value value = ev_ratio_estimate(&sums, NULL, 1);
	double squares = 0;
	for (size_t i = 0; i < EV_LENGTH(x); i++)
		squares += (y[i] - 2 * x[i]) * (y[i] - 2 * x[i]);
	assert_near(value.value, 2, 1e-12);
	/* t of 5 degrees of freedom */
	assert_near(value.high - 2, 2.5706 * sqrt(squares * 6 / 5) / 60, 1e-3);
	assert_near(value.high + value.low, 4, 1e-12);
}

static void parts_of_samples_add_up_to_the_whole(void **state)
{
	(void)state;
	struct ev_ratio_sums one = { 0 }, other = { 0 }, all = { 0 };
	for (int i = 1; i < 20; i++) {
		ev_ratio_sums_add(i % 3 ? &one : &other, i, i * i);
		ev_ratio_sums_add(&all, i, i * i);
	}
	ev_ratio_sums_merge(&one, &other);
	assert_memory_equal(&one, &all, sizeof(all));
}

static void nothing_below_the_line_is_no_ratio(void **state)
{
	(void)state;
	struct ev_ratio_sums sums = { 0 };
	assert_false(ev_ratio_estimate(&sums, NULL, 1).known);
	ev_ratio_sums_add(&sums, 0, 5);
	assert_false(ev_ratio_estimate(&sums, NULL, 1).known);
}

static void one_sample_has_no_interval(void **state)
{
	(void)state;
	struct ev_ratio_sums sums = { 0 };
	ev_ratio_sums_add(&sums, 10, 5);
	struct ev_ratio_value value = ev_ratio_estimate(&sums, NULL, 1);
	assert_true(value.known && value.few);
	assert_false(value.bounded);
	assert_near(value.value, 0.5, 0);
}

static void few_samples_and_wide_intervals_are_marked(void **state)
{
	(void)state;
	struct ev_ratio_sums steady = { 0 }, rare = { 0 };
	for (int i = 1; i < 200; i++) {
		ev_ratio_sums_add(&steady, 100, 50);
		ev_ratio_sums_add(&rare, 100, i == 7 ? 6 : 0); /* all of it in one sample */
		assert_int_equal(ev_ratio_estimate(&steady, NULL, 1).few, i < EV_RATIO_FEW_SAMPLES);
	}
	assert_true(ev_ratio_estimate(&rare, NULL, 1).few);
	assert_near(ev_ratio_estimate(&rare, NULL, 1).low, 0, 0);
}

static void a_ratio_that_is_surely_small_is_not_marked(void **state)
{
	(void)state;
	struct ev_ratio_sums rare = { 0 }, all = { 0 };
	for (int i = 0; i < 200; i++) {
		ev_ratio_sums_add(&rare, 100, i == 7 ? 6 : 0);
		ev_ratio_sums_add(&all, 100, 20);
	}
	assert_true(ev_ratio_estimate(&rare, NULL, 1).few);
	assert_true(ev_ratio_estimate(&rare, &rare, 1).few);
	assert_false(ev_ratio_estimate(&rare, &all, 1).few);
}

static void none_seen_still_has_an_upper_bound(void **state)
{
	(void)state;
	struct ev_ratio_sums sums = { 0 };
	for (int i = 0; i < 100; i++)
		ev_ratio_sums_add(&sums, 10, 0);
	struct ev_ratio_value value = ev_ratio_estimate(&sums, NULL, 1);
	assert_false(value.few);
	assert_near(value.value, 0, 0);
	assert_near(value.high, 3.69 / 1000, 1e-5);
}

/* Of 2000 experiments with a known ratio, about 95 % must have it in their interval. */
static void check_coverage(unsigned samples, double events, double lowest)
{
	uint64_t seed = 0x9e3779b97f4a7c15ULL + samples;
	unsigned held = 0, times = 2000;
	for (unsigned i = 0; i < times; i++) {
		struct ev_ratio_sums sums = { 0 };
		for (unsigned k = 0; k < samples; k++) {
			double x = 0.5 + uniform(&seed);
			ev_ratio_sums_add(&sums, x, poisson(&seed, events * x));
		}
		struct ev_ratio_value value = ev_ratio_estimate(&sums, NULL, 1);
		held += value.low <= events && events <= value.high;
	}
	assert_true(held >= lowest * times);
	assert_true(held <= 0.99 * times);
}

static void intervals_hold_the_truth_as_often_as_they_say(void **state)
{
	(void)state;
	check_coverage(10, 4, 0.91);
	check_coverage(30, 4, 0.92);
	check_coverage(300, 0.2, 0.92);
	check_coverage(100, 20, 0.92);
}

static void what_was_not_sampled_has_no_interval_and_no_doubt(void **state)
{
	(void)state;
	struct ev_ratio_sums sums = { 0 };
	assert_false(ev_ratio_exact(&sums, 1).known);
	ev_ratio_sums_add(&sums, 3, 1);
	ev_ratio_sums_add(&sums, 1, 1);
	struct ev_ratio_value value = ev_ratio_exact(&sums, 100);
	assert_true(value.known);
	assert_false(value.bounded || value.few);
	assert_near(value.value, 50, 0);
	assert_near(value.low, 50, 0);
	assert_near(value.high, 50, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ratio_is_the_sum_above_over_the_sum_below),
		cmocka_unit_test(the_interval_is_that_of_the_linearised_estimator),
		cmocka_unit_test(parts_of_samples_add_up_to_the_whole),
		cmocka_unit_test(nothing_below_the_line_is_no_ratio),
		cmocka_unit_test(one_sample_has_no_interval),
		cmocka_unit_test(few_samples_and_wide_intervals_are_marked),
		cmocka_unit_test(a_ratio_that_is_surely_small_is_not_marked),
		cmocka_unit_test(none_seen_still_has_an_upper_bound),
		cmocka_unit_test(intervals_hold_the_truth_as_often_as_they_say),
		cmocka_unit_test(what_was_not_sampled_has_no_interval_and_no_doubt),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
