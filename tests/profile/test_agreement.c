/* Passes over the same command that agree, and passes that do not. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <evprof/figures.h>

static struct ev_running running_of(double one, double other)
{
	struct ev_running running = { 0 };
	ev_running_add(&running, one);
	if (other > 0)
		ev_running_add(&running, other);
	return running;
}

static void passes_within_the_assumed_noise_agree(void **state)
{
	(void)state;
	const struct ev_running passes[] = { running_of(1000, 0), running_of(1004, 0),
					     running_of(996, 0) };
	struct ev_agreement out;
	assert_true(ev_passes_compare(passes, 3, 0.01, &out));
	assert_true(out.agree);
	assert_int_equal(out.lowest, 2);
	assert_int_equal(out.highest, 1);
	assert_true(fabs(out.spread - 0.008) < 1e-9);
	assert_true(ev_passes_compare(passes, 3, 0.001, &out));
	assert_false(out.agree);
}

static void with_repeats_the_noise_is_measured(void **state)
{
	(void)state;
	const struct ev_running loud[] = { running_of(900, 1100), running_of(1000, 1200) };
	const struct ev_running quiet[] = { running_of(999, 1001), running_of(1099, 1101) };
	struct ev_agreement out;
	assert_true(ev_passes_compare(loud, 2, 0.001, &out));
	assert_true(out.agree && out.noise > 0.1);
	assert_true(ev_passes_compare(quiet, 2, 0.5, &out));
	assert_true(!out.agree && out.noise < 0.01);
}

static void one_pass_has_nothing_to_agree_with(void **state)
{
	(void)state;
	const struct ev_running passes[] = { { 0 }, running_of(1000, 0), { 0 } };
	struct ev_agreement out;
	assert_false(ev_passes_compare(passes, 3, 0.01, &out));
	assert_false(ev_passes_compare(passes, 0, 0.01, &out));
}

static void passes_that_counted_nothing_do_agree(void **state)
{
	(void)state;
	struct ev_running passes[] = { { .count = 1 }, { .count = 1 } };
	struct ev_agreement out;
	assert_true(ev_passes_compare(passes, 2, 0.01, &out));
	assert_true(out.agree && out.spread == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_within_the_assumed_noise_agree),
		cmocka_unit_test(with_repeats_the_noise_is_measured),
		cmocka_unit_test(one_pass_has_nothing_to_agree_with),
		cmocka_unit_test(passes_that_counted_nothing_do_agree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
