/* Nothing is ever read past the end of outside bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/base.h>

static const uint8_t bytes[] = { 1, 2, 3, 4, 5, 6, 7, 8, 'a', 'b', 0, 'c' };

static void numbers_come_in_the_order_of_the_bytes(void **state)
{
	(void)state;
	struct ev_cursor cursor = ev_cursor_of(bytes, sizeof(bytes), false);
	assert_int_equal(ev_cursor_u8(&cursor), 1);
	assert_int_equal(ev_cursor_u16(&cursor), 0x0302);
	assert_int_equal(ev_cursor_u32(&cursor), 0x07060504);
	assert_int_equal(ev_cursor_left(&cursor), 5);
	assert_false(cursor.bad);
}

static void a_swapped_cursor_turns_every_number(void **state)
{
	(void)state;
	struct ev_cursor cursor = ev_cursor_of(bytes, sizeof(bytes), true);
	assert_true(ev_cursor_u64(&cursor) == 0x0102030405060708);
	cursor = ev_cursor_of(bytes, sizeof(bytes), true);
	assert_int_equal(ev_cursor_u16(&cursor), 0x0102);
	assert_int_equal(ev_cursor_u32(&cursor), 0x03040506);
}

static void a_read_past_the_end_gives_zero_and_is_remembered(void **state)
{
	(void)state;
	struct ev_cursor cursor = ev_cursor_of(bytes, 3, false);
	assert_int_equal(ev_cursor_u32(&cursor), 0);
	assert_true(cursor.bad);
	assert_int_equal(ev_cursor_u8(&cursor), 0);
	assert_int_equal(ev_cursor_left(&cursor), 0);
	assert_null(ev_cursor_bytes(&cursor, 0));
}

static void a_text_needs_its_nul_inside(void **state)
{
	(void)state;
	struct ev_cursor cursor = ev_cursor_of(bytes + 8, 4, false);
	assert_string_equal(ev_cursor_text(&cursor), "ab");
	assert_null(ev_cursor_text(&cursor));
	assert_true(cursor.bad);
}

static void a_number_of_sevens_ends_within_ten_bytes(void **state)
{
	(void)state;
	static const uint64_t numbers[] = {
		0, 127, 128, 16383, 16384, (uint64_t)1 << 63, UINT64_MAX
	};
	struct ev_buffer buffer = { 0 };
	for (size_t i = 0; i < EV_LENGTH(numbers); i++)
		ev_buffer_varint(&buffer, numbers[i]);
	assert_int_equal(buffer.size_bytes, 1 + 1 + 2 + 2 + 3 + 10 + 10);
	struct ev_cursor cursor = ev_cursor_of(buffer.bytes, buffer.size_bytes, false);
	for (size_t i = 0; i < EV_LENGTH(numbers); i++)
		assert_true(ev_cursor_varint(&cursor) == numbers[i]);
	assert_int_equal(ev_cursor_left(&cursor), 0);
	assert_false(cursor.bad);
	cursor = ev_cursor_of(buffer.bytes + 9, 9, false);
	assert_int_equal(ev_cursor_varint(&cursor), 0);
	assert_true(cursor.bad);
	cursor = ev_cursor_of("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1", 11, false);
	assert_int_equal(ev_cursor_varint(&cursor), 0);
	assert_true(cursor.bad);
	ev_buffer_done(&buffer);
}

static void a_part_that_does_not_fit_is_bad(void **state)
{
	(void)state;
	struct ev_cursor cursor = ev_cursor_of(bytes, 8, false);
	struct ev_cursor part = ev_cursor_part(&cursor, 4);
	assert_int_equal(ev_cursor_u32(&part), 0x04030201);
	assert_int_equal(ev_cursor_left(&part), 0);
	part = ev_cursor_part(&cursor, SIZE_MAX);
	assert_true(part.bad);
	assert_true(cursor.bad);
}

static void an_empty_cursor_has_nothing(void **state)
{
	(void)state;
	struct ev_cursor cursor = ev_cursor_of(NULL, 0, false);
	assert_int_equal(ev_cursor_left(&cursor), 0);
	assert_int_equal(ev_cursor_u8(&cursor), 0);
	assert_true(cursor.bad);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_come_in_the_order_of_the_bytes),
		cmocka_unit_test(a_swapped_cursor_turns_every_number),
		cmocka_unit_test(a_read_past_the_end_gives_zero_and_is_remembered),
		cmocka_unit_test(a_text_needs_its_nul_inside),
		cmocka_unit_test(a_number_of_sevens_ends_within_ten_bytes),
		cmocka_unit_test(a_part_that_does_not_fit_is_bad),
		cmocka_unit_test(an_empty_cursor_has_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
