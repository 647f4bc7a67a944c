/* The tables of Firefox's processed profile: what every row has, and what each has of its own. */
#include "invented_report.h"

static void rows_have_a_value_in_every_column(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;lib:read", 2, 200);
	invented_finish(&it, "sym", true, NULL);
	it.named.frames.items[1].file = ev_strings_add_text(it.profile->strings, "a.c");
	it.named.frames.items[1].line = 12;
	const char *text = invented_print(&it, "firefox");
	assert_non_null(strstr(text, "\"stackTable\": {\"frame\": [1,2], \"prefixOffset\": [0,1], "
				     "\"length\": 2},\n"));
	assert_non_null(strstr(text, "\"frameTable\": {\"address\": [-1,-1,-1], "
				     "\"category\": [2,0,0], \"subcategory\": [0,0,0], "
				     "\"func\": [0,1,2], \"nativeSymbol\": [null,null,null], "
				     "\"inlineDepth\": [0,0,0], "
				     "\"innerWindowID\": [null,null,null], "
				     "\"line\": [null,12,null], \"column\": [null,null,null], "
				     "\"originalLocation\": [null,null,null], \"length\": 3},\n"));
	assert_non_null(strstr(text, "\"isJS\": [false,false,false], "));
	assert_non_null(strstr(text, "\"resource\": [0,1,2], \"source\": [null,0,null], "));
	assert_non_null(strstr(text, "\"lib\": [0,1,2], "));
	assert_non_null(strstr(text, "\"host\": [null,null,null], \"type\": [1,1,1], "));
	assert_non_null(strstr(text, "\"sources\": {\"id\": [null], "));
	assert_non_null(strstr(text, "\"startLine\": [1], \"startColumn\": [1], "
				     "\"sourceMapURL\": [null], \"content\": [null], "
				     "\"length\": 1},\n"));
	invented_done(&it);
}

static void a_table_without_rows_has_empty_columns(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "firefox");
	assert_non_null(strstr(text, "\"stackTable\": {\"frame\": [], \"prefixOffset\": [], "
				     "\"length\": 0},\n"));
	assert_non_null(strstr(text, "\"nativeSymbols\": {\"libIndex\": [], \"address\": [], "
				     "\"name\": [], \"functionSize\": [], \"length\": 0},\n"));
	assert_non_null(strstr(text, "\"sourceLocationTable\": {\"source\": [], \"line\": [], "
				     "\"column\": [], \"length\": 0},\n"));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_have_a_value_in_every_column),
		cmocka_unit_test(a_table_without_rows_has_empty_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
