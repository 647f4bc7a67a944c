/* Parts of a recording's time, and the steps between them that no chance made. */
#include "invented.h"
#include "parts.h"

static void steps_far_beyond_the_usual_one_are_from_phase_to_phase(void **state)
{
	(void)state;
	struct ev_parts parts = { .count = 32 };
	struct ev_scatter_all all = { .sums = { .squares = 3200 }, .parts = 32 };
	for (size_t i = 1; i < parts.count; i++) {
		parts.pool[i] = i == 7 ? 5000 : 100;
		parts.all[i] = parts.all[i - 1] + (i % 2 ? 2 : -2);
	}
	ev_parts_find_leaps(&parts, &all);
	assert_int_equal(all.kept, 30);
	for (size_t i = 1; i < parts.count; i++)
		assert_int_equal(parts.leaps[i], i == 7);
	assert_true(all.sums.steps >= 30 * 4 && all.sums.steps <= 30 * 4);
}

static void what_independent_samples_do_is_no_leap(void **state)
{
	(void)state;
	struct ev_parts parts = { .count = 16 };
	struct ev_scatter_all all = { .sums = { .squares = 1700 }, .parts = 16 };
	parts.pool[3] = 2000; /* 200 are usual where samples are independent, here are none */
	ev_parts_find_leaps(&parts, &all);
	assert_int_equal(all.kept, 15);
	parts.pool[3] = 2500;
	ev_parts_find_leaps(&parts, &all);
	assert_int_equal(all.kept, 14);
}

static void without_times_there_are_no_steps(void **state)
{
	(void)state;
	struct ev_parts parts = { 0 };
	struct ev_scatter_all all = { .sums = { .squares = 100 } };
	ev_parts_find_leaps(&parts, &all);
	assert_int_equal(all.kept, 0);
	assert_true(all.sums.steps <= 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_far_beyond_the_usual_one_are_from_phase_to_phase),
		cmocka_unit_test(what_independent_samples_do_is_no_leap),
		cmocka_unit_test(without_times_there_are_no_steps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
