/* Mangled names and readable ones. */
#include "records.h"

static void names_of_every_language_become_readable(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "_Z3foov", "foo" },
		{ "_ZN3foo3barEi", "foo::bar" },
		{ "_ZN1n1S1fIlEElT_RSt6vectorIiSaIiEE", "n::S::f<long>" },
		{ "_ZNSt6vectorIiSaIiEE9push_backEOi",
		  "std::vector<int, std::allocator<int> >::push_back" },
		{ "_ZN3FooC4Ev", "Foo::Foo" },
		{ "_ZN3foo3barEi@plt", "foo::bar@plt" },
		{ "_RNvCskwGfYPst2Cb_3foo3bar", "foo::bar" },
		{ "_RINvNtC3std3mem8align_ofdE", "std::mem::align_of::<f64>" },
		{ "_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE",
		  "core::fmt::Write::write_fmt" },
		{ "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$"
		  "3bar17h930b740aa94f1d3aE",
		  "<Test + 'static as foo::Bar<Test>>::bar" },
		{ "_D8demangle4testFaZv", "demangle.test(char)" },
		{ "_D8demangle4testFaZv.localalias", "demangle.test(char) [clone .localalias]" },
		{ "main", "main" },
		{ "_start", "_start" },
		{ "__libc_start_main", "__libc_start_main" },
		{ "_Znot_mangled", "_Znot_mangled" },
		{ "_R", "_R" },
		{ "_D", "_D" },
		{ "", "" },
		{ "$s4main3fooyyF", "$s4main3fooyyF" }, /* Swift is left alone */
	};
	struct ev_arena arena = { 0 };
	for (size_t i = 0; i < EV_LENGTH(rows); i++)
		assert_string_equal(ev_demangle(&arena, rows[i][0]), rows[i][1]);
	ev_arena_done(&arena);
}

static void a_name_that_is_not_mangled_is_itself(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	const char *name = "plain";
	assert_ptr_equal(ev_demangle(&arena, name), name);
	assert_null(arena.block);
}

/* Every parameter is a pair of the one before it: the text doubles forty times. */
static void a_name_that_explodes_is_left_alone(void **state)
{
	(void)state;
	struct ev_buffer name = { 0 };
	struct ev_arena arena = { 0 };
	/* S1_ is P<int,int>, each further substitution a pair of the last. */
	ev_buffer_printf(&name, "_Z1fI1PIiiE");
	for (unsigned i = 1; i < 40; i++) {
		char id[4] = { (char)(i - 1 < 10 ? '0' + (i - 1) : 'A' + (i - 11)), 0 };
		ev_buffer_printf(&name, "1QIS%s_S%s_E", i > 1 ? id : "0", i > 1 ? id : "0");
	}
	ev_buffer_printf(&name, "Evv");
	ev_buffer_u8(&name, 0);
	const char *answer = ev_demangle(&arena, (const char *)name.bytes);
	assert_true(strlen(answer) <= 65536);
	ev_buffer_done(&name);
	ev_arena_done(&arena);
}

static void huge_names_are_left_alone(void **state)
{
	(void)state;
	struct ev_arena arena = { 0 };
	for (size_t length = 100; length < 400000; length *= 8) {
		char *name = malloc(length + 1);
		memset(name, 'P', length); /* pointer to pointer to ... */
		memcpy(name, "_Z1f", 4);
		name[length] = 0;
		assert_non_null(ev_demangle(&arena, name));
		memcpy(name, "_RNv", 4);
		memset(name + 4, 'N', length - 4);
		assert_non_null(ev_demangle(&arena, name));
		memset(name, 'Q', length);
		memcpy(name, "_D1a", 4);
		assert_non_null(ev_demangle(&arena, name));
		free(name);
	}
	ev_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_every_language_become_readable),
		cmocka_unit_test(a_name_that_is_not_mangled_is_itself),
		cmocka_unit_test(a_name_that_explodes_is_left_alone),
		cmocka_unit_test(huge_names_are_left_alone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
