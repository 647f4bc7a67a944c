/* Columns in the order that -F gives them, as perf lays them out. */
#include <errno.h>
#include "invented_report.h"
#include "report.h"

static const char *print_columns(struct invented *it, const char *columns, bool added)
{
	static struct ev_column list[8];
	char *words = ev_strdup(columns), *rest = words;
	it->options.column_count = 0;
	for (char *word; (word = strsep(&rest, ","));)
		assert_int_equal(ev_column_parse(word, "column", &list[it->options.column_count++],
						 NULL),
				 0);
	free(words);
	it->options.columns = list;
	it->options.columns_added = added;
	return invented_print(it, "text");
}

static void a_small_profile(struct invented *it, const char *keys, bool children)
{
	invented_open(it);
	invented_add(it, "main;work", 3, 750);
	invented_add(it, "main;k:sys_read", 1, 250);
	invented_finish(it, keys, children, NULL);
}

static void words_are_columns_or_keys(void **state)
{
	(void)state;
	struct ev_column column;
	struct ev_err err = { 0 };
	assert_int_equal(ev_column_parse("children", "column", &column, NULL), 0);
	assert_int_equal(column.field, EV_FIELD_CHILDREN);
	assert_int_equal(ev_column_parse("overhead_us", "column", &column, NULL), 0);
	assert_int_equal(column.field, EV_FIELD_USER);
	assert_int_equal(ev_column_parse("object", "column", &column, NULL), 0);
	assert_int_equal(column.field, EV_FIELD_KEY);
	assert_int_equal(column.key, EV_KEY_OBJECT);
	assert_int_equal(ev_column_parse("", "column", &column, NULL), -EINVAL);
	assert_int_equal(ev_column_parse("sym,dso", "column", &column, NULL), -EINVAL);
	assert_int_equal(ev_column_parse("ove\33rhead", "column", &column, &err), -EINVAL);
	assert_non_null(strstr(err.text, "unknown column 'ove\\x1brhead'"));
	assert_non_null(strstr(err.text, "overhead_sys"));
	assert_non_null(strstr(err.text, "srcline"));
}

static void columns_stand_in_the_order_that_is_asked_for(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it, "sym,dso", false);
	const char *text = print_columns(&it, "sample,sym,overhead,period", false);
	assert_non_null(strstr(text, "#      Samples  Symbol        Overhead        Period\n"
				     "# ............  ............  ........  ............\n"
				     "#\n"
				     "             3  [.] work        75.00%           750\n"
				     "             1  [k] sys_read    25.00%           250\n"));
	invented_done(&it);
}

static void what_is_added_stands_before_the_usual_keys(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it, "dso,sym", true);
	const char *text = print_columns(&it, "period,dso", true);
	assert_non_null(
		strstr(text, "# Children      Self        Period  Shared Object      Symbol"));
	assert_non_null(
		strstr(text, "   100.00%     0.00%             0  prog               [.] main"));
	invented_done(&it);
}

static void what_is_not_known_is_not_a_number(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it, "sym", false);
	const char *text = print_columns(&it, "overhead_children,overhead,sym", false);
	assert_non_null(strstr(text, "# Children  Overhead  Symbol      \n"));
	assert_non_null(strstr(text, "\n       N/A    75.00%  [.] work\n"));
	invented_done(&it);
}

static void kernel_and_user_share_the_period(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it, "comm", false);
	uint64_t *kernel = ev_table_kernel_period(&it.table, &it.named);
	it.report.kernel_period = kernel;
	const char *text = print_columns(&it, "overhead_sys,overhead_us,overhead,comm", false);
	assert_non_null(strstr(text, "#      sys       usr  Overhead  Command\n"));
	assert_non_null(strstr(text, "    25.00%    75.00%   100.00%  prog\n"));
	free(kernel);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_columns_or_keys),
		cmocka_unit_test(columns_stand_in_the_order_that_is_asked_for),
		cmocka_unit_test(what_is_added_stands_before_the_usual_keys),
		cmocka_unit_test(what_is_not_known_is_not_a_number),
		cmocka_unit_test(kernel_and_user_share_the_period),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
