/* A thread that moves between kinds of cores is counted as a whole. */
#include "live.h"

#define MS 1000000u

static void time_on_the_other_kind_of_core_is_no_multiplexing(void **state)
{
	(void)state;
	/* The kernel's answer: both wanted for 100 ms, 71 on one kind, 29 on the other. */
	struct ev_count counts[] = { { 7100, 100 * MS, 71 * MS }, { 1450, 100 * MS, 29 * MS } };
	ev_counts_take_turns(counts, 2);
	assert_int_equal(counts[0].enabled_ns, 71 * MS);
	assert_int_equal(counts[1].enabled_ns, 29 * MS);
	assert_int_equal(counts[0].value, 7100);
	assert_int_equal(counts[0].running_ns, 71 * MS);
}

static void time_without_a_counter_is_spread_over_both(void **state)
{
	(void)state;
	struct ev_count counts[] = { { 1, 100 * MS, 40 * MS }, { 1, 100 * MS, 10 * MS } };
	ev_counts_take_turns(counts, 2);
	assert_int_equal(counts[0].enabled_ns, 80 * MS);
	assert_int_equal(counts[1].enabled_ns, 20 * MS);
}

static void a_kind_that_was_never_used_was_never_wanted(void **state)
{
	(void)state;
	struct ev_count counts[] = { { 0, 100 * MS, 0 }, { 1, 100 * MS, 100 * MS } };
	ev_counts_take_turns(counts, 2);
	assert_int_equal(counts[0].enabled_ns, 0);
	assert_int_equal(counts[1].enabled_ns, 100 * MS);
}

static void counters_that_never_ran_stay_wanted(void **state)
{
	(void)state;
	struct ev_count counts[] = { { 0, 100 * MS, 0 }, { 0, 100 * MS, 0 } };
	ev_counts_take_turns(counts, 2);
	assert_int_equal(counts[0].enabled_ns, 100 * MS);
	ev_counts_take_turns(counts, 0);
}

static void counters_that_ran_side_by_side_are_whole(void **state)
{
	(void)state;
	struct ev_count counts[] = { { 1, 100 * MS, 100 * MS }, { 1, 100 * MS, 100 * MS } };
	ev_counts_take_turns(counts, 2);
	assert_int_equal(counts[0].enabled_ns, 100 * MS);
	assert_int_equal(counts[1].enabled_ns, 100 * MS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_on_the_other_kind_of_core_is_no_multiplexing),
		cmocka_unit_test(time_without_a_counter_is_spread_over_both),
		cmocka_unit_test(a_kind_that_was_never_used_was_never_wanted),
		cmocka_unit_test(counters_that_never_ran_stay_wanted),
		cmocka_unit_test(counters_that_ran_side_by_side_are_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
