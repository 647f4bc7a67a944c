/* The same text or pair has the same number, whatever came before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <evprof/base.h>

static void the_same_text_has_the_same_id(void **state)
{
	(void)state;
	struct ev_strings *strings = ev_strings_open();
	uint32_t one = ev_strings_add_text(strings, "one");
	const char *text = ev_strings_text(strings, one);
	for (int i = 0; i < 5000; i++) {
		char name[16];
		snprintf(name, sizeof(name), "n%d", i);
		assert_int_equal(ev_strings_add_text(strings, name), (uint32_t)i + 2);
	}
	assert_int_equal(ev_strings_add(strings, "one more", 3), one);
	assert_ptr_equal(ev_strings_text(strings, one), text);
	assert_string_equal(text, "one");
	assert_int_equal(ev_strings_count(strings), 5002);
	ev_strings_close(strings);
}

static void the_empty_text_is_zero_and_unknown_ids_are_empty(void **state)
{
	(void)state;
	struct ev_strings *strings = ev_strings_open();
	assert_int_equal(ev_strings_add_text(strings, ""), 0);
	assert_string_equal(ev_strings_text(strings, 0), "");
	assert_string_equal(ev_strings_text(strings, 77), "");
	ev_strings_close(strings);
	ev_strings_close(NULL);
}

static void a_map_finds_every_pair_after_growing(void **state)
{
	(void)state;
	struct ev_map map = { 0 };
	assert_null(ev_map_find(&map, 1, 1));
	for (uint64_t i = 0; i < 10000; i++) {
		bool added;
		uint32_t *value = ev_map_add(&map, i, i % 7, &added);
		assert_true(added);
		assert_int_equal(*value, 0);
		*value = (uint32_t)i + 1;
	}
	for (uint64_t i = 0; i < 10000; i++) {
		bool added;
		assert_int_equal(*ev_map_add(&map, i, i % 7, &added), i + 1);
		assert_false(added);
		assert_null(ev_map_find(&map, i, 7));
	}
	assert_int_equal(map.count, 10000);
	ev_map_done(&map);
}

static void a_map_with_room_for_all_does_not_grow(void **state)
{
	(void)state;
	struct ev_map map = { 0 };
	*ev_map_add(&map, 7, 7, NULL) = 70;
	ev_map_reserve(&map, 10000);
	size_t room = map.room;
	for (uint64_t i = 0; i < 10000; i++)
		ev_map_add(&map, i, i, NULL);
	assert_int_equal(map.room, room);
	assert_int_equal(*ev_map_find(&map, 7, 7), 70);
	ev_map_reserve(&map, 1);
	assert_int_equal(map.room, room);
	ev_map_done(&map);
}

static void what_is_removed_is_gone_and_all_else_is_found(void **state)
{
	(void)state;
	struct ev_map map = { 0 };
	ev_map_remove(&map, 1, 1);
	for (uint32_t i = 0; i < 1000; i++)
		*ev_map_add(&map, i, i % 7, NULL) = i + 1;
	ev_map_remove(&map, 1, 7);
	assert_int_equal(map.count, 1000);
	for (uint32_t i = 0; i < 1000; i += 3)
		ev_map_remove(&map, i, i % 7);
	assert_int_equal(map.count, 666);
	for (uint32_t i = 0; i < 1000; i++) {
		const uint32_t *value = ev_map_find(&map, i, i % 7);
		if (i % 3)
			assert_int_equal(*value, i + 1);
		else
			assert_null(value);
	}
	ev_map_done(&map);
}

static void a_hundred_thousand_that_come_and_go_take_the_room_of_a_hundred(void **state)
{
	(void)state;
	struct ev_map map = { 0 };
	for (uint32_t i = 0; i < 100000; i++) {
		*ev_map_add(&map, i, 0, NULL) = i;
		if (i >= 100)
			ev_map_remove(&map, i - 100, 0);
	}
	assert_int_equal(map.count, 100);
	assert_true(map.room <= 256);
	for (uint32_t i = 99900; i < 100000; i++)
		assert_int_equal(*ev_map_find(&map, i, 0), i);
	ev_map_done(&map);
}

static void hashes_of_different_lengths_differ(void **state)
{
	(void)state;
	const char zeros[16] = { 0 };
	assert_true(ev_hash_bytes(zeros, 7) != ev_hash_bytes(zeros, 8));
	assert_true(ev_hash_bytes(zeros, 8) != ev_hash_bytes(zeros, 16));
	assert_true(ev_hash_bytes("abcdefghi", 9) == ev_hash_bytes("abcdefghij", 9));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_text_has_the_same_id),
		cmocka_unit_test(the_empty_text_is_zero_and_unknown_ids_are_empty),
		cmocka_unit_test(a_map_finds_every_pair_after_growing),
		cmocka_unit_test(a_map_with_room_for_all_does_not_grow),
		cmocka_unit_test(what_is_removed_is_gone_and_all_else_is_found),
		cmocka_unit_test(a_hundred_thousand_that_come_and_go_take_the_room_of_a_hundred),
		cmocka_unit_test(hashes_of_different_lengths_differ),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
