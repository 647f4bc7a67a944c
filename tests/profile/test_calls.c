/* Traced calls are put in order by the words of pstats, and their edges by function. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <errno.h>
#include <cmocka.h>
#include <evprof/profile_calls.h>

static const struct ev_trace_sums sums[] = {
	{ .calls = 5, .primitive_calls = 5, .own_ns = 30, .total_ns = 30 },
	{ .calls = 9, .primitive_calls = 1, .own_ns = 20, .total_ns = 90 },
	{ .calls = 0 },
	{ .calls = 5, .primitive_calls = 4, .own_ns = -5, .total_ns = 60 },
};
static const struct ev_call_function functions[] = {
	{ "gamma", "b.c", 7, "p", &sums[0] },
	{ "alpha", "a.c", 9, "p", &sums[1] },
	{ "never", "a.c", 1, "p", &sums[2] },
	{ "beta", NULL, 0, "lib", &sums[3] },
};
static const struct ev_trace_edge edges[] = {
	{ 0, 2, 1, 1, 0, 0 }, { 2, 2, 8, 0, 0, 0 }, { 2, 1, 5, 5, 0, 0 }, { 2, 4, 5, 4, 0, 0 }
};
static const struct ev_calls calls = { functions, 4, edges, 4 };

/* First letters of the functions in the order that the words ask for. */
static void expect_order(const char *words, const char *expected)
{
	enum ev_call_key keys[EV_CALL_KEYS_MAX];
	uint32_t order[4];
	char letters[5] = "";
	struct ev_err err = { 0 };
	int count = ev_call_keys_parse(words, keys, &err);
	assert_true(count > 0);
	size_t rows = ev_calls_order(&calls, keys, (size_t)count, order);
	for (size_t i = 0; i < rows; i++)
		letters[i] = functions[order[i]].name[0];
	if (strcmp(letters, expected))
		fail_msg("%s: %s, expected %s", words, letters, expected);
}

static void every_word_has_its_order(void **state)
{
	(void)state;
	expect_order("calls", "agb");
	expect_order("ncalls,tottime", "agb");
	expect_order("pcalls", "gba");
	expect_order("cumulative", "abg");
	expect_order("cumtime", "abg");
	expect_order("time", "gab");
	expect_order("name", "abg");
	expect_order("nfl", "abg");
	expect_order("line", "bga");
	expect_order("file", "agb");
	expect_order("module", "agb");
	expect_order("stdname", "agb");
}

static void beginnings_that_are_clear_do(void **state)
{
	(void)state;
	expect_order("cum", "abg");
	expect_order("ti", "gab");
	expect_order("p", "gba");
	expect_order("fi,na", "agb");
}

static void other_words_are_refused(void **state)
{
	static const char *const words[] = { "",       "n",
					     "c",      "often",
					     "calls,", ",calls",
					     "callsx", "a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a,a" };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(words); i++) {
		enum ev_call_key keys[EV_CALL_KEYS_MAX];
		struct ev_err err = { 0 };
		if (ev_call_keys_parse(words[i], keys, &err) != -EINVAL ||
		    !strstr(err.text, "no order of calls"))
			fail_msg("'%s' is taken", words[i]);
	}
}

static void more_orders_than_there_are_have_no_room(void **state)
{
	enum ev_call_key keys[EV_CALL_KEYS_MAX];
	char text[1000] = "time";
	struct ev_err err = { 0 };
	(void)state;
	for (int i = 1; i < EV_CALL_KEYS_MAX; i++)
		strcat(text, ",time");
	assert_int_equal(ev_call_keys_parse(text, keys, &err), EV_CALL_KEYS_MAX);
	assert_int_equal(ev_call_keys_parse(strcat(text, ",time"), keys, &err), -EINVAL);
}

static void totals_are_of_all_functions(void **state)
{
	struct ev_calls_total total = ev_calls_total(&calls);
	(void)state;
	assert_int_equal(total.calls, 19);
	assert_int_equal(total.primitive_calls, 10);
	assert_int_equal(total.own_ns, 45);
	assert_int_equal(total.largest_ns, 90);
	assert_true(ev_calls_seconds(-5) == 0);
	assert_true(ev_calls_seconds(1500000000) == 1.5);
}

static void edges_come_by_function(void **state)
{
	const struct ev_trace_edge **list;
	(void)state;
	assert_int_equal(ev_calls_edges(&calls, 1, true, &list), 3);
	assert_int_equal(list[0]->calls, 8);
	assert_int_equal(list[1]->callee, 1);
	assert_int_equal(list[2]->callee, 4);
	free(list);
	assert_int_equal(ev_calls_edges(&calls, 1, false, &list), 2);
	assert_int_equal(list[0]->caller, 2);
	assert_int_equal(list[1]->caller, 0);
	free(list);
	assert_int_equal(ev_calls_edges(&calls, 2, false, &list), 0);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_has_its_order),
		cmocka_unit_test(beginnings_that_are_clear_do),
		cmocka_unit_test(other_words_are_refused),
		cmocka_unit_test(more_orders_than_there_are_have_no_room),
		cmocka_unit_test(totals_are_of_all_functions),
		cmocka_unit_test(edges_come_by_function),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
