/* Keys in rising order, equal ones as they were, and items that follow them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/base.h>

/* Numbers that are the same in every run. */
static uint64_t invented(uint64_t seed)
{
	return ev_hash64(seed + 1);
}

static void assert_sorted(size_t count, uint64_t mask)
{
	struct ev_keyed *items = calloc(count + 1, sizeof(*items));
	for (uint32_t i = 0; i < count; i++)
		items[i] = (struct ev_keyed){ invented(i) & mask, i };
	ev_sort_keyed(items, count);
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(items[i].key, invented(items[i].id) & mask);
		if (!i)
			continue;
		assert_true(items[i - 1].key <= items[i].key);
		if (items[i - 1].key == items[i].key)
			assert_true(items[i - 1].id < items[i].id);
	}
	free(items);
}

static void keys_rise_and_equal_ones_keep_their_order(void **state)
{
	static const size_t counts[] = { 0, 1, 2, 3, 47, 48, 49, 1000, 70000 };
	static const uint64_t masks[] = { 0, 1, 0xff, 0xff00, 0xf00000000000000f, ~0ULL };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(counts); i++)
		for (size_t j = 0; j < EV_LENGTH(masks); j++)
			assert_sorted(counts[i], masks[j]);
}

static void a_lesser_key_first_orders_by_both(void **state)
{
	struct ev_keyed items[500];
	(void)state;
	for (uint32_t i = 0; i < 500; i++)
		items[i] = (struct ev_keyed){ invented(i) % 10, i };
	ev_sort_keyed(items, 500);
	for (uint32_t i = 0; i < 500; i++)
		items[i].key = items[i].id % 3;
	ev_sort_keyed(items, 500);
	for (uint32_t i = 1; i < 500; i++) {
		uint32_t before = items[i - 1].id, here = items[i].id;
		assert_true(before % 3 <= here % 3);
		if (before % 3 == here % 3)
			assert_true(invented(before) % 10 <= invented(here) % 10);
	}
}

static void items_are_moved_to_where_their_keys_are(void **state)
{
	struct item {
		uint64_t key;
		char text[12];
	} items[300];
	struct ev_keyed order[300];
	(void)state;
	for (uint32_t i = 0; i < 300; i++) {
		items[i].key = invented(i) % 50;
		snprintf(items[i].text, sizeof(items[i].text), "%u", i);
		order[i] = (struct ev_keyed){ items[i].key, i };
	}
	ev_sort_keyed(order, 300);
	uint32_t ids[300];
	for (size_t i = 0; i < 300; i++)
		ids[i] = order[i].id;
	ev_order_items(items, sizeof(items[0]), order, 300);
	for (size_t i = 0; i < 300; i++) {
		assert_int_equal(strtoul(items[i].text, NULL, 10), ids[i]);
		assert_int_equal(items[i].key, order[i].key);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_rise_and_equal_ones_keep_their_order),
		cmocka_unit_test(a_lesser_key_first_orders_by_both),
		cmocka_unit_test(items_are_moved_to_where_their_keys_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
