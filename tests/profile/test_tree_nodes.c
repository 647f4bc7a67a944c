/* Deep recursion in trees: what is folded, what it is said to be, and that no weight is lost. */
#include <evprof/tables.h>
#include "invented.h"

struct made {
	struct invented it;
	struct ev_named *named;
	struct ev_table table;
	struct ev_tree tree;
};

static struct made made_open(void)
{
	return (struct made){ .it = invented_open() };
}

static void add(struct made *made, const char *before, unsigned calls, const char *behind,
		uint64_t period)
{
	struct ev_buffer words = { 0 };
	ev_buffer_printf(&words, "%s", before);
	for (unsigned i = 0; i < calls; i++)
		ev_buffer_printf(&words, " f");
	ev_buffer_printf(&words, " %s", behind);
	ev_buffer_u8(&words, 0);
	invented_add(&made->it, (const char *)words.bytes, 1, period);
	ev_buffer_done(&words);
}

/* The tree of a function, folded. */
static void grow(struct made *made, const char *name, bool callers)
{
	enum ev_key key = EV_KEY_SYMBOL;
	made->named = invented_name_all(&made->it, 0, false);
	assert_int_equal(ev_table_build(&made->table, made->named, &key, 1, true, NULL, NULL), 0);
	for (size_t i = 0; i < made->table.row_count; i++)
		if (!strcmp(ev_row_text(&made->table, made->named, &made->table.rows[i], 0), name))
			ev_tree_of_row(&made->tree, &made->table, made->named, &made->table.rows[i],
				       0, callers, true);
	assert_true(made->tree.nodes.count > 0);
}

static void made_done(struct made *made)
{
	ev_tree_done(&made->tree);
	ev_table_done(&made->table);
	ev_named_close(made->named);
	invented_done(&made->it);
}

static const char *name_of(const struct made *made, uint32_t node)
{
	uint32_t frame = made->tree.nodes.items[node].frame;
	return ev_strings_text(made->it.profile->strings,
			       made->named->frames.items[frame].function);
}

static uint32_t below(const struct made *made, uint32_t node, unsigned levels)
{
	while (levels--)
		node = made->tree.nodes.items[node].first_child;
	return node;
}

static void calls_beyond_the_fourth_are_one_node_that_counts_them(void **state)
{
	(void)state;
	struct made made = made_open();
	add(&made, "main", 316, "leaf", 10);
	grow(&made, "main", false);
	uint32_t last = below(&made, 0, 6);
	assert_int_equal(made.tree.nodes.count, 1 + 1 + 4 + 1 + 1);
	assert_string_equal(name_of(&made, last), "f");
	assert_int_equal(made.tree.nodes.items[last].calls_most, 312);
	assert_int_equal(made.tree.nodes.items[last].calls_least, 312);
	assert_string_equal(name_of(&made, below(&made, last, 1)), "leaf");
	assert_int_equal(made.tree.nodes.items[below(&made, last, 1)].total, 10);
	made_done(&made);
}

static void depths_that_differ_are_a_range_and_their_callees_one_node(void **state)
{
	(void)state;
	struct made made = made_open();
	add(&made, "main", 10, "leaf", 10);
	add(&made, "main", 20, "leaf", 1);
	add(&made, "main", 15, "", 5);
	grow(&made, "main", false);
	const struct ev_node *last = &made.tree.nodes.items[below(&made, 0, 6)];
	assert_int_equal(last->calls_least, 6);
	assert_int_equal(last->calls_most, 16);
	assert_int_equal(last->self, 5);
	assert_int_equal(last->total, 16);
	assert_int_equal(last->samples, 3);
	const struct ev_node *leaf = &made.tree.nodes.items[last->first_child];
	assert_int_equal(leaf->total, 11);
	assert_int_equal(leaf->samples, 2);
	assert_int_equal(leaf->next, 0);
	made_done(&made);
}

static void four_calls_and_one_more_stay_as_they_are(void **state)
{
	(void)state;
	struct made made = made_open();
	add(&made, "main", 5, "leaf", 10);
	grow(&made, "main", false);
	assert_int_equal(made.tree.nodes.count, 1 + 1 + 5 + 1);
	for (size_t i = 0; i < made.tree.nodes.count; i++)
		assert_int_equal(made.tree.nodes.items[i].calls_most, 0);
	made_done(&made);
}

static void callers_are_folded_too(void **state)
{
	(void)state;
	struct made made = made_open();
	add(&made, "main", 104, "leaf", 10);
	grow(&made, "leaf", true);
	const struct ev_node *last = &made.tree.nodes.items[below(&made, 0, 6)];
	assert_int_equal(last->calls_most, 100);
	assert_string_equal(name_of(&made, last->first_child), "main");
	made_done(&made);
}

static void functions_that_call_each_other_are_not_folded(void **state)
{
	(void)state;
	struct made made = made_open();
	invented_add(&made.it, "main f g f g f g f g f g f g f g", 1, 1);
	grow(&made, "main", false);
	assert_int_equal(made.tree.nodes.count, 1 + 15);
	made_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls_beyond_the_fourth_are_one_node_that_counts_them),
		cmocka_unit_test(depths_that_differ_are_a_range_and_their_callees_one_node),
		cmocka_unit_test(four_calls_and_one_more_stay_as_they_are),
		cmocka_unit_test(callers_are_folded_too),
		cmocka_unit_test(functions_that_call_each_other_are_not_folded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
