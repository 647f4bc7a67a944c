/* What stands above and below annotated functions. */
#include "invented_annotation.h"

static void the_top_tells_the_data_and_what_shares_are_of(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "x\n");
	invented_add(&it, "work@1", 1234);
	invented_finish(&it);
	it.options.quiet = false;
	invented_section(&it, "work", 1, 1);
	const char *text = invented_print(&it, false);
	expect(text, "# Quality: 1,234 samples, 100.0% resolved");
	expect(text, "# Event 'cycles': 1,234 samples, count 1,234,000 (approx.)\n");
	expect(text, "# Shares of lines are of the function or file that is shown.\n");
	it.options.share = EV_SHARE_GLOBAL_PERIOD;
	expect(invented_print(&it, false), "# Shares of lines are of everything.\n");
	it.options.quiet = true;
	text = invented_print(&it, false);
	assert_int_equal(*text, 'F');
	refuse(text, "\n#");
	invented_done(&it);
}

static void what_is_left_out_is_told_with_the_way_to_see_it(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "x\n");
	invented_add(&it, "work@1", 4);
	invented_finish(&it);
	it.options.quiet = false;
	it.annotation.left_count = 2;
	it.annotation.left_period = 1000;
	it.annotation.lineless_count = 1;
	it.annotation.lineless_period = 2000;
	const char *text = invented_print(&it, false);
	expect(text, "# 2 more functions with 25.00% together: --percent-limit 0 shows all");
	expect(text, "# 50.00% in 1 function without source lines: --asm shows");
	invented_done(&it);
}

static void a_part_of_a_function_inlined_into_the_rest_is_no_news(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "x\n");
	invented_add(&it, "work@1;~work@1", 4);
	invented_finish(&it);
	invented_section(&it, "work", 1, 1);
	refuse(invented_print(&it, false), "Inlined into");
	invented_done(&it);
}

static void a_function_without_any_line_is_one_row(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "x\n");
	invented_add(&it, "work", 4);
	invented_finish(&it);
	invented_section(&it, "work", 0, 0)->file = 0;
	const char *text = invented_print(&it, false);
	expect(text, "  Line #  Samples  cycles        %  Source\n"
		     "       -        4   4,000  100.00%  [no line]\n");
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_top_tells_the_data_and_what_shares_are_of),
		cmocka_unit_test(what_is_left_out_is_told_with_the_way_to_see_it),
		cmocka_unit_test(a_part_of_a_function_inlined_into_the_rest_is_no_news),
		cmocka_unit_test(a_function_without_any_line_is_one_row),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
