/* Python's strings become UTF-8, and paths tell a version. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <evprof/symbol_python.h>

static void each_width_becomes_utf8(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	static const uint8_t latin[] = { 'G', 0xf6, 0xdf };
	static const uint16_t two[] = { 0x5927, 'a', 0x43c, 0xe9 };
	static const uint32_t four[] = { 0x20000, 'b', 0x10ffff };
	assert_string_equal(ev_python_text(&arena, latin, 3, 1), "Göß");
	assert_string_equal(ev_python_text(&arena, two, 4, 2), "大aмé");
	assert_string_equal(ev_python_text(&arena, four, 3, 4), "\U00020000b\xf4\x8f\xbf\xbf");
	assert_string_equal(ev_python_text(&arena, latin, 0, 1), "");
	ev_arena_done(&arena);
}

static void what_is_no_character_is_replaced(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	static const uint16_t lone[] = { 0xd800, 'x', 0 };
	static const uint32_t beyond[] = { 0x110000, UINT32_MAX };
	assert_string_equal(ev_python_text(&arena, lone, 3, 2), "\ufffdx\ufffd");
	assert_string_equal(ev_python_text(&arena, beyond, 2, 4), "\ufffd\ufffd");
	ev_arena_done(&arena);
}

static void bytes_that_were_no_utf8_are_themselves_again(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	static const uint16_t escaped[] = { 'a', 0xdcff, 0xdc80 };
	assert_string_equal(ev_python_text(&arena, escaped, 3, 2), "a\xff\x80");
	ev_arena_done(&arena);
}

static void paths_tell_the_version(void **state)
{
	(void)state;
	static const struct {
		const char *path;
		uint32_t version;
	} cases[] = {
		{ "/usr/lib/libpython3.10.so.1.0", 0x030a0000 },
		{ "/usr/bin/python3.8", 0x03080000 },
		{ "/opt/python3.9/lib/libpython3.12d.so", 0x030c0000 },
		{ "/usr/lib/python3/dist-packages/x.cpython-39-x86_64-linux-gnu.so", 0x03090000 },
		{ "/x/y.cpython-311-x86_64-linux-gnu.so", 0x030b0000 },
		{ "/usr/lib/libpython2.7.so.1.0", 0x02070000 },
		{ "/usr/bin/python3", 0 },
		{ "/usr/bin/python", 0 },
		{ "/usr/bin/python3.", 0 },
		{ "/usr/bin/python3.99999999999999999999", 0 },
		{ "/x/y.cpython-3", 0 },
		{ "", 0 },
	};
	for (size_t i = 0; i < EV_LENGTH(cases); i++)
		assert_int_equal(ev_python_path_version(cases[i].path), cases[i].version);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_width_becomes_utf8),
		cmocka_unit_test(what_is_no_character_is_replaced),
		cmocka_unit_test(bytes_that_were_no_utf8_are_themselves_again),
		cmocka_unit_test(paths_tell_the_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
