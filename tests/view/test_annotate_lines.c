/* Source text with weights: which lines are shown, and what stands for the others. */
#include "invented_annotation.h"

static const char source[] = "one\n"
			     "two\n"
			     "\tthree\n"
			     "four\n"
			     "five\n"
			     "six\n"
			     "seven\n"
			     "eight\n"
			     "nine\n"
			     "ten\n"
			     "eleven\n"
			     "twelve\n";

static void hot_lines_are_shown_with_what_is_around_them(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, source);
	invented_add(&it, "work@6", 900);
	invented_add(&it, "work@7", 99);
	invented_add(&it, "work@10", 1);
	invented_finish(&it);
	invented_section(&it, "work", 2, 12);
	const char *text = invented_print(&it, false);
	expect(text, "Function: work (prog) at line 2\n");
	expect(text, "Self: 100.00% of cycles\n");
	expect(text, "  Line #  Samples     cycles        %  Source\n"
		     "       2                               two\n");
	expect(text, "       \342\200\246                               \342\200\246 lines 3 to 4\n"
		     "       5                               five\n"
		     "       6      900    900,000   90.00%  six\n"
		     "       7       99     99,000    9.90%  seven\n"
		     "       8                               eight\n");
	/* What is left out is in the sum. */
	expect(text,
	       "       \342\200\246        1      1,000    0.10%  \342\200\246 lines 9 to 12\n");
	it.options.all = true;
	text = invented_print(&it, false);
	expect(text, "      10        1      1,000    0.10%  ten\n");
	refuse(text, "\342\200\246");
	it.options.all = false;
	it.options.min_percent = 0;
	expect(invented_print(&it, false), "ten\n");
	invented_done(&it);
}

static void callees_have_a_column_of_their_own(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, source);
	invented_add(&it, "main@3", 1);
	invented_add(&it, "main@3;work@6", 3);
	invented_finish(&it);
	invented_section(&it, "main", 2, 4);
	const char *text = invented_print(&it, false);
	expect(text, "Self: 25.00% of cycles\nWith what it calls: 100.00% of cycles\n");
	expect(text, "Children     Self  Source\n");
	expect(text, "       3        1   1,000   100.00%   25.00%          three\n");
	invented_done(&it);
}

static void inlining_is_told_on_both_sides(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, source);
	invented_add(&it, "one@3;~in@10", 3);
	invented_add(&it, "two@6;~in@10", 1);
	invented_finish(&it);
	invented_section(&it, "in", 9, 11);
	invented_section(&it, "one", 2, 4);
	const char *text = invented_print(&it, false);
	expect(text, "Inlined into: one 75.0%, two 25.0%\n");
	expect(text, "\342\206\263 inlined into one 75.0%, two 25.0%\n");
	expect(text, "\342\206\263 inlined here: in 100.0%\n");
	expect(text, "With what is inlined there: 75.00% of cycles\n");
	invented_done(&it);
}

static void samples_without_a_line_have_a_row(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, source);
	invented_add(&it, "work", 2);
	invented_add(&it, "work@6", 6);
	invented_finish(&it);
	invented_section(&it, "work", 6, 6);
	expect(invented_print(&it, false), "       6        6   6,000   75.00%  six\n"
					   "       -        2   2,000   25.00%  [no line]\n");
	invented_done(&it);
}

static void a_file_is_shown_whole_with_the_functions_that_share_a_line(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, source);
	invented_add(&it, "add<int>@6", 1);
	invented_add(&it, "add<long>@6", 3);
	invented_finish(&it);
	invented_section(&it, NULL, 1, 12);
	const char *text = invented_print(&it, false);
	expect(text, "       1                            one\n");
	expect(text, "      12                            twelve\n");
	expect(text, "       6        4   4,000  100.00%  six\n");
	expect(text, "\342\206\263 in add<long> 75.0%, add<int> 25.0%\n");
	invented_done(&it);
}

static void without_the_source_lines_keep_their_numbers_and_the_cure_is_told(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, source);
	invented_add(&it, "work@6", 1);
	invented_finish(&it);
	unlink(it.path);
	invented_section(&it, "work", 2, 12);
	const char *text = invented_print(&it, false);
	expect(text, "# source not found: /tmp/evprof-view-");
	expect(text, "--prefix");
	expect(text, "       6        1   1,000  100.00%\n");
	refuse(text, "       5");
	invented_done(&it);
}

static void a_source_newer_than_the_program_and_lines_behind_its_end_are_told(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, source);
	invented_add(&it, "work@6", 1);
	invented_add(&it, "work@4000000000", 1);
	invented_finish(&it);
	invented_section(&it, "work", 2, 4000000000)->source_is_newer = true;
	const char *text = invented_print(&it, false);
	expect(text, "# the source is newer than the program");
	it.options.all = true;
	text = invented_print(&it, false);
	expect(text, "4000000000        1");
	invented_done(&it);

	invented_open(&it, source);
	invented_add(&it, "work@6", 1);
	invented_add(&it, "work@30", 1);
	invented_finish(&it);
	invented_section(&it, "work", 2, 30);
	expect(invented_print(&it, false), "50.00%  [behind the end of the file]\n");
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hot_lines_are_shown_with_what_is_around_them),
		cmocka_unit_test(callees_have_a_column_of_their_own),
		cmocka_unit_test(inlining_is_told_on_both_sides),
		cmocka_unit_test(samples_without_a_line_have_a_row),
		cmocka_unit_test(a_file_is_shown_whole_with_the_functions_that_share_a_line),
		cmocka_unit_test(without_the_source_lines_keep_their_numbers_and_the_cure_is_told),
		cmocka_unit_test(a_source_newer_than_the_program_and_lines_behind_its_end_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
