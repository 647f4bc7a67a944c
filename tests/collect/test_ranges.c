/* Runs of numbers are given out once, and again when they were given back. */
#include <evprof/base.h>
#include "live.h"
#include "ranges.h"

static void runs_are_given_out_from_the_lowest_on(void **state)
{
	(void)state;
	struct ev_ranges ranges;
	uint32_t first;
	ev_ranges_init(&ranges, 10);
	assert_true(ev_ranges_take(&ranges, 4, &first));
	assert_int_equal(first, 0);
	assert_true(ev_ranges_take(&ranges, 6, &first));
	assert_int_equal(first, 4);
	assert_false(ev_ranges_take(&ranges, 1, &first));
	assert_false(ev_ranges_take(&ranges, 0, &first));
	assert_int_equal(ranges.used, 10);
	ev_ranges_done(&ranges);
}

static void what_is_given_back_joins_its_neighbours(void **state)
{
	(void)state;
	struct ev_ranges ranges;
	uint32_t first;
	ev_ranges_init(&ranges, 9);
	for (int i = 0; i < 3; i++)
		assert_true(ev_ranges_take(&ranges, 3, &first));
	ev_ranges_give(&ranges, 0, 3);
	ev_ranges_give(&ranges, 6, 3);
	assert_false(ev_ranges_take(&ranges, 4, &first));
	assert_true(ev_ranges_free(&ranges, 7, 2));
	assert_false(ev_ranges_free(&ranges, 2, 2));
	ev_ranges_give(&ranges, 3, 3);
	assert_int_equal(ranges.free.count, 1);
	assert_true(ev_ranges_free(&ranges, 0, 9));
	assert_true(ev_ranges_take(&ranges, 9, &first));
	ev_ranges_done(&ranges);
}

static void what_may_still_be_read_waits(void **state)
{
	(void)state;
	struct ev_ranges ranges;
	uint32_t first;
	ev_ranges_init(&ranges, 4);
	assert_true(ev_ranges_take(&ranges, 4, &first));
	ev_ranges_give_later(&ranges, 0, 4, 7);
	ev_ranges_settle(&ranges, 7);
	assert_false(ev_ranges_take(&ranges, 1, &first));
	ev_ranges_settle(&ranges, 8);
	assert_true(ev_ranges_take(&ranges, 4, &first));
	assert_int_equal(ranges.waiting.count, 0);
	ev_ranges_done(&ranges);
}

/* Against a plain list of what is taken. */
static void many_runs_never_overlap(void **state)
{
	(void)state;
	enum { LIMIT = 500, RUNS = 64 };
	struct ev_ranges ranges;
	uint8_t taken[LIMIT] = { 0 };
	uint32_t first[RUNS], count[RUNS] = { 0 };
	uint64_t random = 1;
	ev_ranges_init(&ranges, LIMIT);
	for (int i = 0; i < 20000; i++) {
		random = ev_hash64(random + (uint64_t)i);
		unsigned run = random % RUNS;
		if (count[run]) {
			ev_ranges_give(&ranges, first[run], count[run]);
			memset(taken + first[run], 0, count[run]);
			count[run] = 0;
			continue;
		}
		uint32_t wanted = (uint32_t)(random >> 32) % 30 + 1;
		if (!ev_ranges_take(&ranges, wanted, &first[run]))
			continue;
		count[run] = wanted;
		assert_true(first[run] + wanted <= LIMIT);
		for (uint32_t n = first[run]; n < first[run] + wanted; n++)
			assert_int_equal(taken[n]++, 0);
	}
	ev_ranges_done(&ranges);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_are_given_out_from_the_lowest_on),
		cmocka_unit_test(what_is_given_back_joins_its_neighbours),
		cmocka_unit_test(what_may_still_be_read_waits),
		cmocka_unit_test(many_runs_never_overlap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
