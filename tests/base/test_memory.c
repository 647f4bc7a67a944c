/* Arenas give aligned zeroed memory that outlives later takes; arrays and buffers grow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/base.h>

static void arena_memory_is_zeroed_aligned_and_stays(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	char *first = ev_arena_text(&arena, "first", 5);
	for (size_t size = 1; size < 200000; size = size * 3 + 1) {
		unsigned char *memory = ev_arena_take(&arena, size);
		assert_int_equal((uintptr_t)memory % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(memory[i], 0);
		memset(memory, 0xee, size);
	}
	assert_string_equal(first, "first");
	ev_arena_done(&arena);
}

static void a_reset_arena_gives_zeroed_memory_again(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 3000; i++) {
			char *memory = ev_arena_take(&arena, 100);
			assert_int_equal(memory[99], 0);
			memset(memory, 1, 100);
		}
		ev_arena_reset(&arena);
	}
	ev_arena_done(&arena);
	ev_arena_reset(&arena);
	ev_arena_done(&arena);
}

static void arena_printf_holds_the_whole_text(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	char *text = ev_arena_printf(&arena, "%0500d|%s", 7, "end");
	assert_int_equal(strlen(text), 504);
	assert_string_equal(text + 499, "7|end");
	ev_arena_done(&arena);
}

static void an_array_keeps_what_was_added(void **state)
{
	(void)state;
	EV_ARRAY(uint32_t) array = { 0 };
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t *item = ev_array_add(&array);
		assert_int_equal(*item, 0);
		*item = i * 3;
	}
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(array.items[i], i * 3);
	ev_array_fit(&array);
	assert_int_equal(array.room, 1000);
	*ev_array_add(&array) = 1;
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(array.items[i], i * 3);
	ev_array_done(&array);
	assert_null(array.items);
	ev_array_fit(&array);
	assert_null(array.items);
}

static void a_buffer_grows_and_prints(void **state)
{
	(void)state;
	struct ev_buffer buffer = { 0 };
	ev_buffer_u8(&buffer, 1);
	ev_buffer_u64(&buffer, 0x0102030405060708);
	ev_buffer_zero(&buffer, 5000);
	ev_buffer_printf(&buffer, "%s-%d", "x", 12);
	assert_int_equal(buffer.size_bytes, 1 + 8 + 5000 + 4);
	assert_memory_equal(buffer.bytes + 5009, "x-12", 4);
	ev_buffer_done(&buffer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(arena_memory_is_zeroed_aligned_and_stays),
		cmocka_unit_test(a_reset_arena_gives_zeroed_memory_again),
		cmocka_unit_test(arena_printf_holds_the_whole_text),
		cmocka_unit_test(an_array_keeps_what_was_added),
		cmocka_unit_test(a_buffer_grows_and_prints),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
