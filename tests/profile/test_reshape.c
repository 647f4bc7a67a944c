/* Profiles changed by regular expressions: callees that count as their caller's own, and callers
 * that tell samples apart. */
#include <errno.h>
#include <evprof/tables.h>
#include "invented.h"

static const char *rows(struct invented *it, struct ev_named *named, const enum ev_key *keys,
			size_t count, bool children)
{
	struct ev_table table;
	const char *text = "";
	assert_int_equal(ev_table_build(&table, named, keys, count, children, NULL, NULL), 0);
	for (size_t i = 0; i < table.row_count; i++) {
		const struct ev_row *row = &table.rows[i];
		text = ev_arena_printf(&it->arena, "%s%s%lu", text, *text ? ", " : "",
				       (unsigned long)(children ? row->children : row->period)[0]);
		for (size_t k = 0; k < count; k++)
			text = ev_arena_printf(&it->arena, "%s %s", text,
					       ev_row_text(&table, named, row, k));
	}
	ev_table_done(&table);
	return text;
}

static void callees_count_as_their_callers_own(void **state)
{
	(void)state;
	static const enum ev_key key = EV_KEY_SYMBOL;
	struct invented it = invented_open();
	struct ev_err err = { 0 };
	invented_add(&it, "main work alloc grow", 1, 4);
	invented_add(&it, "main work alloc", 1, 2);
	invented_add(&it, "main work", 1, 1);
	invented_add(&it, "main alloc free alloc", 1, 8);
	struct ev_named *named = invented_name_all(&it, 0, false);
	assert_int_equal(ev_named_ignore_callees(named, "^alloc$", &err), 0);
	assert_string_equal(rows(&it, named, &key, 1, false), "14 alloc, 1 work");
	assert_string_equal(rows(&it, named, &key, 1, true), "15 main, 14 alloc, 7 work");
	assert_int_equal(named->cells.count, 3);
	ev_named_close(named);
	invented_done(&it);
}

static void the_outermost_caller_that_matches_is_the_parent(void **state)
{
	(void)state;
	static const enum ev_key keys[] = { EV_KEY_PARENT, EV_KEY_SYMBOL };
	struct invented it = invented_open();
	struct ev_err err = { 0 };
	it.profile->detail_mask = EV_DETAIL_BIT(PARENT);
	invented_add(&it, "main read_one read_two leaf", 1, 4);
	invented_add(&it, "main read_two leaf", 1, 2);
	invented_add(&it, "main leaf", 1, 1);
	struct ev_named *named = invented_name_all(&it, 0, false);
	assert_int_equal(ev_named_find_parents(named, it.profile, "^read_(one|two)", &err), 0);
	assert_string_equal(rows(&it, named, keys, 2, false),
			    "4 read_one leaf, 2 read_two leaf, 1 [other] leaf");
	ev_named_close(named);
	invented_done(&it);
}

static void what_is_no_regular_expression_is_refused(void **state)
{
	(void)state;
	struct invented it = invented_open();
	struct ev_err err = { 0 };
	invented_add(&it, "main", 1, 1);
	struct ev_named *named = invented_name_all(&it, 0, false);
	assert_int_equal(ev_named_ignore_callees(named, "a(b", &err), -EINVAL);
	assert_non_null(strstr(err.text, "--ignore-callees takes an extended regular expression"));
	assert_int_equal(ev_named_find_parents(named, it.profile, "[", &err), -EINVAL);
	assert_non_null(strstr(err.text, "--parent"));
	ev_named_close(named);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callees_count_as_their_callers_own),
		cmocka_unit_test(the_outermost_caller_that_matches_is_the_parent),
		cmocka_unit_test(what_is_no_regular_expression_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
