/* Where a fault is shown. */
#include <errno.h>
#include "tree.h"

static void the_caret_stands_under_the_fault(void **state)
{
	struct ev_err err;
	assert_int_equal(refused(*state, "task-clock,cs:q,faults", &err), -EINVAL);
	assert_non_null(strstr(err.text, "\ntask-clock,cs:q,faults\n"
					 "              ^"));
}

static void long_texts_are_cut_around_the_fault(void **state)
{
	char text[600];
	struct ev_err err;
	for (size_t i = 0; i < 50; i++)
		memcpy(text + 3 * i, "cs,", 3);
	memcpy(text + 150, "cs:q,", 5);
	for (size_t i = 0; i < 50; i++)
		memcpy(text + 155 + 3 * i, "cs,", 3);
	text[304] = 0;
	assert_int_equal(refused(*state, text, &err), -EINVAL);
	const char *shown = strchr(err.text, '\n') + 1, *caret = strchr(shown, '\n') + 1;
	assert_int_equal(strncmp(shown, "...", 3), 0);
	assert_true(caret - shown < 80);
	size_t column = strspn(caret, " ");
	assert_int_equal(caret[column], '^');
	assert_int_equal(shown[column], 'q');
	assert_int_equal(strncmp(caret - 4, "...", 3), 0);
}

static void what_is_not_fit_for_a_terminal_is_escaped(void **state)
{
	struct ev_err err;
	assert_int_equal(refused(*state, "\x1b[31m,x", &err), -ENOENT);
	assert_null(strchr(err.text, '\x1b'));
	assert_non_null(strstr(err.text, "\n\\x1b[31m,x\n^"));
	assert_int_equal(refused(*state, "dummy:\x1b,cs", &err), -EINVAL);
	assert_non_null(strstr(err.text, "\ndummy:\\x1b,cs\n      ^"));
	assert_int_equal(refused(*state, "a\nb", &err), -ENOENT);
	assert_non_null(strstr(err.text, "\na\\x0ab\n^"));
}

static void the_place_to_look_fits_the_name(void **state)
{
	tree_plain(*state);
	refused_with(*state, "nosuch", -ENOENT, "Run 'evprof list' to see");
	refused_with(*state, "sched:nosuch", -ENOENT, "Run 'evprof list tracepoint' to see");
	refused_with(*state, "nosuch/x/", -ENOENT, "Run 'evprof list pmu' to see");
	refused_with(*state, "cpu::NOSUCH", -ENOENT, "Run 'evprof list pfm' to see");
}

static void the_caret_counts_columns_not_bytes(void **state)
{
	struct ev_err err;
	assert_int_equal(refused(*state, "cs/name=äöü/:q", &err), -EINVAL);
	assert_non_null(strstr(err.text, "\ncs/name=äöü/:q\n             ^"));
}

static void a_long_name_in_many_bytes_is_cut_between_characters(void **state)
{
	char text[700];
	struct ev_err err;
	for (size_t i = 0; i < 300; i++)
		memcpy(text + 2 * i, "ä", 3);
	assert_int_equal(refused(*state, text, &err), -ENOENT);
	assert_null(strstr(err.text, "\\x"));
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(the_caret_stands_under_the_fault),
		WITH_TREE(long_texts_are_cut_around_the_fault),
		WITH_TREE(what_is_not_fit_for_a_terminal_is_escaped),
		WITH_TREE(the_place_to_look_fits_the_name),
		WITH_TREE(the_caret_counts_columns_not_bytes),
		WITH_TREE(a_long_name_in_many_bytes_is_cut_between_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
