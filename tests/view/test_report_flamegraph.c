/* The picture of stacks: boxes as wide as their share, names that stay text. */
#include "invented_report.h"

static void boxes_are_as_wide_as_their_share(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 3, 3);
	invented_add(&it, "main;k:read", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "flamegraph");
	assert_non_null(strstr(text, "<title>work (prog): 3 samples, 75.00%</title>"));
	assert_non_null(strstr(text, "width=\"900.00\""));
	assert_non_null(strstr(text, "<title>read ([kernel.kallsyms]): 1 sample, 25.00%</title>"
				     "<rect class=\"k\""));
	assert_non_null(strstr(text, "<title>main (prog): 4 samples, 100.00%</title>"));
	assert_non_null(strstr(text, "0 boxes below 0.1 px"));
	invented_done(&it);
}

static void threads_of_a_name_stand_on_a_box_of_their_own(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add_to(&it, 0, "one", 1, "main;work", 1, 1);
	invented_add_to(&it, 0, "two", 2, "main;work", 2, 2);
	invented_add_to(&it, 0, "one", 3, "main;work", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "flamegraph");
	assert_non_null(strstr(text, "<title>one: 2 samples, 50.00%</title>"));
	assert_non_null(strstr(text, "<title>two: 2 samples, 50.00%</title>"));
	invented_done(&it);
}

static void what_is_too_narrow_is_counted(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 1000000, 1000000);
	invented_add(&it, "main;rare;rarer", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "flamegraph");
	assert_null(strstr(text, "rare"));
	assert_non_null(strstr(text, "2 boxes below 0.1 px"));
	invented_done(&it);
}

static void names_are_text(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	it.named.frames.items[1].function =
		ev_strings_add_text(it.profile->strings,
				    "</title><script>alert(\"&\")</script>\33[2J");
	const char *text = invented_print(&it, "flamegraph");
	assert_null(strstr(text, "<script"));
	assert_null(strchr(text, '\33'));
	assert_non_null(strstr(text, "&lt;/title&gt;&lt;script&gt;alert(&quot;&amp;&quot;)"));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boxes_are_as_wide_as_their_share),
		cmocka_unit_test(threads_of_a_name_stand_on_a_box_of_their_own),
		cmocka_unit_test(what_is_too_narrow_is_counted),
		cmocka_unit_test(names_are_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
