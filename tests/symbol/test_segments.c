/* Ranges that override one another: against a plain array of values as the truth. */
#include "records.h"
#include "segments.h"

#define SPACE 400

static uint32_t value_at(const struct ev_segments *segments, uint32_t tree, uint64_t address)
{
	uint64_t low = 0, high = UINT64_MAX;
	const struct ev_segment *found = ev_segments_find(segments, tree, address, &low, &high);
	assert_true(low <= address && address < high);
	return found ? found->value : 0;
}

static void later_ranges_hide_what_they_cover(void **state)
{
	(void)state;
	struct ev_segments segments = { 0 };
	ev_segments_begin(&segments);
	uint32_t tree = ev_segments_insert(&segments, 0, 100, 200, 1);
	tree = ev_segments_insert(&segments, tree, 140, 160, 2);
	assert_int_equal(value_at(&segments, tree, 99), 0);
	assert_int_equal(value_at(&segments, tree, 100), 1);
	assert_int_equal(value_at(&segments, tree, 139), 1);
	assert_int_equal(value_at(&segments, tree, 140), 2);
	assert_int_equal(value_at(&segments, tree, 159), 2);
	assert_int_equal(value_at(&segments, tree, 160), 1);
	assert_int_equal(value_at(&segments, tree, 200), 0);
	ev_segments_done(&segments);
}

static void an_empty_range_changes_nothing(void **state)
{
	(void)state;
	struct ev_segments segments = { 0 };
	ev_segments_begin(&segments);
	uint32_t tree = ev_segments_insert(&segments, 0, 10, 20, 1);
	assert_int_equal(ev_segments_insert(&segments, tree, 15, 15, 2), tree);
	assert_int_equal(ev_segments_insert(&segments, tree, 15, 12, 2), tree);
	ev_segments_done(&segments);
}

/* Every tree ever made must go on giving the answers of its time. */
static void old_trees_keep_their_answers(void **state)
{
	(void)state;
	static uint32_t truth[300][SPACE];
	uint32_t trees[300] = { 0 };
	struct ev_segments segments = { 0 };
	for (uint32_t n = 1; n < 300; n++) {
		/* Some inserts share a batch, whose trees in between are not kept. */
		if (n % 3 == 1)
			ev_segments_begin(&segments);
		uint64_t dice = ev_hash64(n);
		uint64_t start = dice % SPACE, end = start + 1 + (dice >> 32) % 60;
		memcpy(truth[n], truth[n - 1], sizeof(truth[n]));
		for (uint64_t at = start; at < end && at < SPACE; at++)
			truth[n][at] = n;
		trees[n] = ev_segments_insert(&segments, trees[n - 1], start, end, n);
	}
	for (uint32_t n = 3; n < 300; n += 3)
		for (uint64_t at = 0; at < SPACE; at++)
			assert_int_equal(value_at(&segments, trees[n], at), truth[n][at]);
	ev_segments_done(&segments);
}

static void the_range_of_an_answer_holds(void **state)
{
	(void)state;
	struct ev_segments segments = { 0 };
	uint32_t tree = 0;
	ev_segments_begin(&segments);
	for (uint32_t n = 1; n < 60; n++)
		tree = ev_segments_insert(&segments, tree, ev_hash64(n) % SPACE,
					  ev_hash64(n) % SPACE + 9, n);
	for (uint64_t at = 0; at < SPACE; at++) {
		uint64_t low = 0, high = SPACE;
		ev_segments_find(&segments, tree, at, &low, &high);
		for (uint64_t other = low; other < high; other++)
			assert_int_equal(value_at(&segments, tree, other),
					 value_at(&segments, tree, at));
	}
	ev_segments_done(&segments);
}

static void a_hundred_thousand_ranges_in_order_stay_quick(void **state)
{
	(void)state;
	struct ev_segments segments = { 0 };
	uint32_t tree = 0;
	ev_segments_begin(&segments);
	for (uint32_t n = 1; n <= 100000; n++)
		tree = ev_segments_insert(&segments, tree, n * 16ULL, n * 16ULL + 8, n);
	assert_int_equal(value_at(&segments, tree, 50000 * 16ULL), 50000);
	assert_int_equal(value_at(&segments, tree, 50000 * 16ULL + 8), 0);
	/* In one batch nodes are changed in place: no copies. */
	assert_true(segments.nodes.count < 110000);
	ev_segments_done(&segments);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(later_ranges_hide_what_they_cover),
		cmocka_unit_test(an_empty_range_changes_nothing),
		cmocka_unit_test(old_trees_keep_their_answers),
		cmocka_unit_test(the_range_of_an_answer_holds),
		cmocka_unit_test(a_hundred_thousand_ranges_in_order_stay_quick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
