/* Globs and nearness do not care for case, '-', '_' and '.'. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/base.h>

static void globs_match_whole_names(void **state)
{
	(void)state;
	assert_true(ev_glob_match("L1-dcache-*", "l1_dcache_loads"));
	assert_true(ev_glob_match("*", ""));
	assert_true(ev_glob_match("a*b*c", "aXbYbZc"));
	assert_true(ev_glob_match("fib[0-3]", "fib2"));
	assert_true(ev_glob_match("fib[!0-3]", "fib7"));
	assert_true(ev_glob_match("?ycles", "Cycles"));
	assert_true(ev_glob_match("[", "["));
	assert_false(ev_glob_match("fib[0-3]", "fib4"));
	assert_false(ev_glob_match("cycles", "cycles2"));
	assert_false(ev_glob_match("a*b", "a"));
	assert_false(ev_glob_match("", "x"));
}

static void many_stars_do_not_take_forever(void **state)
{
	(void)state;
	char text[2001], pattern[] = "*a*a*a*a*a*a*a*a*a*a*a*a*a*b";
	memset(text, 'a', 2000);
	text[2000] = 0;
	assert_false(ev_glob_match(pattern, text));
}

static void distance_counts_edits_and_is_cut_off(void **state)
{
	(void)state;
	assert_int_equal(ev_edit_distance("cycles", "cycles", 9), 0);
	assert_int_equal(ev_edit_distance("cycels", "cycles", 9), 1);
	assert_int_equal(ev_edit_distance("cpu_clock", "CPU-clock", 9), 0);
	assert_int_equal(ev_edit_distance("", "abc", 9), 3);
	assert_int_equal(ev_edit_distance("kitten", "sitting", 9), 3);
	assert_int_equal(ev_edit_distance("aaaaaaaa", "bbbbbbbb", 4), 4);
	char longest[400];
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	assert_int_equal(ev_edit_distance(longest, "x", 5), 5);
}

static void exact_globs_know_case_and_signs(void **state)
{
	(void)state;
	assert_true(ev_glob_match_exact("sort_*", "sort_one"));
	assert_true(ev_glob_match_exact("f?[a-c]", "f_b"));
	assert_false(ev_glob_match_exact("sort_*", "Sort_one"));
	assert_false(ev_glob_match_exact("sort_*", "sort-one"));
	assert_false(ev_glob_match_exact("f[A-C]", "fb"));
	assert_true(ev_glob_match_exact("a[*]", "a*"));
	assert_false(ev_glob_match_exact("a[*]", "ab"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exact_globs_know_case_and_signs),
		cmocka_unit_test(globs_match_whole_names),
		cmocka_unit_test(many_stars_do_not_take_forever),
		cmocka_unit_test(distance_counts_edits_and_is_cut_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
