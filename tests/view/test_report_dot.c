/* The graph of calls for graphviz. */
#include "invented_report.h"

static void functions_are_nodes_and_calls_edges(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 3, 300);
	invented_add(&it, "main;say \"hi\"", 1, 100);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "dot");
	assert_non_null(strstr(text, "label=\"main\\n100.00%\\n(0.00%)\\n0\""));
	assert_non_null(strstr(text, "label=\"work\\n75.00%\\n(75.00%)\\n3\""));
	assert_non_null(strstr(text, "label=\"say \\\"hi\\\"\\n25.00%\\n"));
	assert_non_null(strstr(text, "n0 -> n1 [label=\"75.00%\""));
	assert_non_null(strstr(text, "// left out: 0 functions, 0 calls"));
	invented_done(&it);
}

static void what_is_small_is_left_out_and_counted(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 999, 999);
	invented_add(&it, "main;rare", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "dot");
	assert_null(strstr(text, "rare"));
	assert_non_null(strstr(text, "// left out: 1 functions, 1 calls"));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_are_nodes_and_calls_edges),
		cmocka_unit_test(what_is_small_is_left_out_and_counted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
