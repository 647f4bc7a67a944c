/* Differences as difffolded lines. */
#include "invented_diff.h"

static void stacks_have_a_count_of_each_recording(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	invented_diff_add(&made, "main;a", 10, 20);
	invented_diff_add(&made, "main;a;k:sys", 5, 0);
	invented_diff_add(&made, "z", 0, 7);
	assert_string_equal(invented_diff_print(&made, "sym", "folded"),
			    "prog;main;a 10 20\nprog;main;a;sys_[k] 5 0\nprog;z 0 7\n");
	invented_diff_done(&made);
}

static void periods_are_counted_when_asked(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	made.options.show_period = true;
	invented_diff_add(&made, "main", 10, 20);
	assert_string_equal(invented_diff_print(&made, "sym", "folded"), "prog;main 10000 20000\n");
	invented_diff_done(&made);
}

static void commands_have_lines_of_their_own(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	invented_diff_add(&made, "main", 10, 20);
	invented_add_to(&made.it, 1, "other", 9, "main", 3, 3);
	assert_string_equal(invented_diff_print(&made, "sym", "folded"),
			    "prog;main 10 20\nother;main 0 3\n");
	invented_diff_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_have_a_count_of_each_recording),
		cmocka_unit_test(periods_are_counted_when_asked),
		cmocka_unit_test(commands_have_lines_of_their_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
