/* Pieces of text. */
#include <errno.h>
#include "tree.h"

static void names_are_alike_whatever_their_case_and_dashes(void **state)
{
	(void)state;
	assert_true(ev_span_alike(ev_span_of("L1_DCACHE.Loads"), "l1-dcache-loads"));
	assert_false(ev_span_alike(ev_span_of("l1-dcache-load"), "l1-dcache-loads"));
	assert_false(ev_span_alike(ev_span_of("l1-dcache-loadss"), "l1-dcache-loads"));
	assert_true(ev_span_is(ev_span_of("cs"), "cs"));
	assert_false(ev_span_is(ev_span_of("Cs"), "cs"));
	assert_true(ev_span_same(ev_span_of("A_b"), ev_span_of("a-B")));
	assert_false(ev_span_same(ev_span_of("a"), ev_span_of("ab")));
	assert_true(ev_span_same(ev_span_of(""), ev_span_of("")));
}

static void cuts_never_leave_the_text(void **state)
{
	(void)state;
	struct ev_span text = ev_span_of("abc");
	assert_int_equal(ev_span_from(text, 9).length, 0);
	assert_ptr_equal(ev_span_from(text, 9).at, text.at + 3);
	assert_int_equal(ev_span_head(text, 9).length, 3);
	assert_int_equal(ev_span_find(text, 'c'), 2);
	assert_int_equal(ev_span_find(text, 'x'), 3);
	assert_int_equal(ev_span_trim(ev_span_of(" \t ")).length, 0);
	assert_int_equal(ev_span_trim(ev_span_of(" a b ")).length, 3);
	assert_int_equal(ev_span_starts(text, "AB"), 2);
	assert_int_equal(ev_span_starts(text, "abcd"), 0);
}

static void what_stands_in_quotes_is_not_found(void **state)
{
	(void)state;
	assert_int_equal(ev_span_find_unquoted(ev_span_of("a,b"), ','), 1);
	assert_int_equal(ev_span_find_unquoted(ev_span_of("'a,b',c"), ','), 5);
	assert_int_equal(ev_span_find_unquoted(ev_span_of("\"a',b\"/c"), '/'), 6);
	assert_int_equal(ev_span_find_unquoted(ev_span_of("'a,b"), ','), 4);
	assert_int_equal(ev_span_find_unquoted(ev_span_of(""), ','), 0);
}

static void numbers_are_whole_or_refused(void **state)
{
	(void)state;
	uint64_t value = 0;
	assert_int_equal(ev_span_number(ev_span_of("0x10"), &value), 0);
	assert_int_equal(value, 16);
	assert_int_equal(ev_span_number(ev_span_of("10k"), &value), -EINVAL);
	assert_int_equal(ev_span_number(ev_span_of(""), &value), -EINVAL);
	assert_int_equal(ev_span_number(ev_span_of("-1"), &value), -EINVAL);
	assert_int_equal(ev_span_number(ev_span_of("99999999999999999999"), &value), -ERANGE);
	assert_int_equal(ev_span_hex(ev_span_of("1A8"), &value), 0);
	assert_int_equal(value, 0x1a8);
	assert_int_equal(ev_span_hex(ev_span_of("ffffffffffffffff"), &value), 0);
	assert_int_equal(ev_span_hex(ev_span_of("10000000000000000"), &value), -EINVAL);
	assert_int_equal(ev_span_hex(ev_span_of("1g"), &value), -EINVAL);
	assert_int_equal(ev_span_hex(ev_span_of(""), &value), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_are_alike_whatever_their_case_and_dashes),
		cmocka_unit_test(cuts_never_leave_the_text),
		cmocka_unit_test(what_stands_in_quotes_is_not_found),
		cmocka_unit_test(numbers_are_whole_or_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
