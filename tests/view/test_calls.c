/* The table of calls is that of pstats, to the column. */
#include "traced.h"

static void the_table_is_that_of_pstats(void **state)
{
	struct ev_calls_view view = traced_view();
	(void)state;
	expect_text(ev_calls_print, &view,
		    "         31 function calls (11 primitive calls) in 0.001750 seconds\n"
		    "\n"
		    "   Ordered by: cumulative time\n"
		    "\n"
		    "   ncalls  tottime  percall  cumtime  percall function (file:line)\n"
		    "        1 0.000250 0.000250 0.001750 0.001750 main (a.c:12)\n"
		    "    30/10 0.001500 0.000050 0.001500 0.000150 box::\\x1b\"at\"(int) "
		    "(libbox.so)\n"
		    "\n"
		    "# Cost: little.\n"
		    "# Left: two.\n");
}

static void fewer_rows_say_so(void **state)
{
	struct ev_calls_view view = traced_view();
	(void)state;
	view.row_limit = 1;
	view.note_count = 0;
	expect_text(ev_calls_print, &view,
		    "         31 function calls (11 primitive calls) in 0.001750 seconds\n"
		    "\n"
		    "   Ordered by: cumulative time\n"
		    "   List reduced from 2 to 1 due to restriction <1>\n"
		    "\n"
		    "   ncalls  tottime  percall  cumtime  percall function (file:line)\n"
		    "        1 0.000250 0.000250 0.001750 0.001750 main (a.c:12)\n");
}

static void longer_times_have_fewer_decimals(void **state)
{
	static const struct {
		int64_t time_ns;
		const char *shown;
	} cases[] = {
		{ 9 * INT64_C(1000000000), " 9.000000 " },
		{ 12 * INT64_C(1000000000), " 12.00000 " },
		{ 123 * INT64_C(1000000000), " 123.0000 " },
		{ 1234 * INT64_C(1000000000), " 1234.000 " },
		{ 12345 * INT64_C(1000000000), " 12345.000 " },
	};
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_trace_sums sums = { .calls = 1,
					      .primitive_calls = 1,
					      .own_ns = cases[i].time_ns,
					      .total_ns = cases[i].time_ns };
		struct ev_call_function function = { "f", NULL, 0, "p", &sums };
		struct ev_calls calls = { &function, 1, NULL, 0 };
		struct ev_calls_view view = traced_view();
		view.calls = &calls;
		char *text = traced_text(ev_calls_print, &view);
		if (!strstr(text, cases[i].shown))
			fail_msg("%s not in %s", cases[i].shown, text);
		free(text);
	}
}

static void callers_and_callees_stand_with_their_counts(void **state)
{
	struct ev_calls_view view = traced_view();
	(void)state;
	char *text = traced_text(ev_calls_print_graph, &view);
	const char *table = strstr(text, "Function");
	assert_string_equal(
		table,
		"Function                        was called by...\n"
		"                                   ncalls  tottime  cumtime\n"
		"main (a.c:12)                   <-        1 0.000250 0.001750  (not traced)\n"
		"box::\\x1b\"at\"(int) (libbox.so)  <-     20/0 0.001000 0.000000  "
		"box::\\x1b\"at\"(int) (libbox.so)\n"
		"                                         10 0.000500 0.001500  main (a.c:12)\n"
		"\n"
		"Function                        called...\n"
		"                                   ncalls  tottime  cumtime\n"
		"main (a.c:12)                   ->       10 0.000500 0.001500  "
		"box::\\x1b\"at\"(int) (libbox.so)\n"
		"box::\\x1b\"at\"(int) (libbox.so)  ->     20/0 0.001000 0.000000  "
		"box::\\x1b\"at\"(int) (libbox.so)\n"
		"\n"
		"# Cost: little.\n"
		"# Left: two.\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_that_of_pstats),
		cmocka_unit_test(fewer_rows_say_so),
		cmocka_unit_test(longer_times_have_fewer_decimals),
		cmocka_unit_test(callers_and_callees_stand_with_their_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
