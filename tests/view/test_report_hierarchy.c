/* Rows one below another by their keys: sums, order, limits, perf's indentation. */
#include "invented_report.h"

static void some_rows(struct invented *it, const char *keys)
{
	invented_open(it);
	invented_add_to(it, 0, "one", 1, "main;work", 3, 30);
	invented_add_to(it, 0, "one", 1, "main;lib:read", 2, 20);
	invented_add_to(it, 0, "two", 2, "main;work", 4, 40);
	invented_add_to(it, 0, "two", 2, "main;k:sys_read", 1, 10);
	it->options.hierarchy = true;
	it->options.show_samples = true;
	invented_finish(it, keys, false, NULL);
}

static const char *below_heads(const char *text)
{
	const char *heads = strstr(text, "#       Overhead");
	return heads ? heads : text;
}

static void every_level_holds_the_sum_of_what_is_below_it(void **state)
{
	(void)state;
	struct invented it;
	some_rows(&it, "comm,dso,sym");
	const char *text = below_heads(invented_print(&it, "text"));
	const char *expected = "#       Overhead       Samples  Command / Shared Object / Symbol\n"
			       "# ............................  ................................\n"
			       "#\n"
			       "    50.00%             5        one\n"
			       "       30.00%             3        prog\n"
			       "          30.00%             3        [.] work\n"
			       "       20.00%             2        lib.so\n"
			       "          20.00%             2        [.] read\n"
			       "    50.00%             5        two\n"
			       "       40.00%             4        prog\n"
			       "          40.00%             4        [.] work\n"
			       "       10.00%             1        [kernel.kallsyms]\n"
			       "          10.00%             1        [k] sys_read\n";
	assert_memory_equal(text, expected, strlen(expected));
	invented_done(&it);
}

static void small_entries_go_with_what_is_below_them(void **state)
{
	(void)state;
	struct invented it;
	some_rows(&it, "dso,sym,comm");
	it.options.quiet = true;
	it.options.percent_limit = 35;
	/* Neither row of work is 50 %, both together are 70 %. */
	assert_string_equal(invented_print(&it, "text"),
			    "    70.00%             7        prog\n"
			    "       70.00%             7        [.] work\n"
			    "          40.00%             4        two\n"
			    "\n\n");
	invented_done(&it);
}

static void one_key_is_a_list(void **state)
{
	(void)state;
	struct invented it;
	some_rows(&it, "sym");
	it.options.quiet = true;
	assert_string_equal(invented_print(&it, "text"), "    70.00%             7  [.] work\n"
							 "    20.00%             2  [.] read\n"
							 "    10.00%             1  [k] sys_read\n"
							 "\n\n");
	invented_done(&it);
}

static void a_separator_replaces_the_indentation(void **state)
{
	(void)state;
	struct invented it;
	some_rows(&it, "comm,sym");
	it.options.quiet = true;
	it.options.separator = ',';
	assert_string_equal(invented_print(&it, "text"), "50.00%,5,one\n"
							 "30.00%,3,[.] work\n"
							 "20.00%,2,[.] read\n"
							 "50.00%,5,two\n"
							 "40.00%,4,[.] work\n"
							 "10.00%,1,[k] sys_read\n"
							 "\n\n");
	invented_done(&it);
}

static void nothing_is_no_entry(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	it.options.hierarchy = it.options.quiet = true;
	invented_finish(&it, "comm,sym", false, NULL);
	assert_string_equal(invented_print(&it, "text"), "");
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_level_holds_the_sum_of_what_is_below_it),
		cmocka_unit_test(small_entries_go_with_what_is_below_them),
		cmocka_unit_test(one_key_is_a_list),
		cmocka_unit_test(a_separator_replaces_the_indentation),
		cmocka_unit_test(nothing_is_no_entry),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
