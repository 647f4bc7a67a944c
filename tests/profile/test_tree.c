/* Call trees of rows: which stacks are in them, merged how, with which weights. */
#include <evprof/tables.h>
#include "invented.h"

struct made {
	struct invented it;
	struct ev_named *named;
	struct ev_table table;
	struct ev_buffer text;
};

static void build(struct made *made, const enum ev_key *keys, size_t count, bool children,
		  unsigned flags, bool by_line)
{
	if (!made->named)
		made->named = invented_name_all(&made->it, flags, by_line);
	ev_table_done(&made->table);
	assert_int_equal(ev_table_build(&made->table, made->named, keys, count, children, NULL,
					NULL),
			 0);
}

static void made_done(struct made *made)
{
	ev_table_done(&made->table);
	ev_named_close(made->named);
	ev_buffer_done(&made->text);
	invented_done(&made->it);
}

static const struct ev_row *row_named(struct made *made, const char *name)
{
	for (size_t i = 0; i < made->table.row_count; i++)
		if (!strcmp(ev_row_text(&made->table, made->named, &made->table.rows[i], 0), name))
			return &made->table.rows[i];
	fail_msg("no row %s", name);
	return NULL;
}

/* A tree as text: name total[=self] and in braces its children. Small trees only. */
static void write_node(struct made *made, const struct ev_tree *tree, uint32_t node)
{
	const struct ev_node *at = &tree->nodes.items[node];
	if (node)
		ev_buffer_printf(&made->text, "%s %lu",
				 ev_strings_text(made->it.profile->strings,
						 made->named->frames.items[at->frame].function),
				 (unsigned long)at->total);
	if (node && at->self)
		ev_buffer_printf(&made->text, "=%lu", (unsigned long)at->self);
	if (node && at->first_child)
		ev_buffer_printf(&made->text, " {");
	for (uint32_t child = at->first_child; child; child = tree->nodes.items[child].next) {
		write_node(made, tree, child);
		if (tree->nodes.items[child].next)
			ev_buffer_printf(&made->text, ", ");
	}
	if (node && at->first_child)
		ev_buffer_printf(&made->text, "}");
}

static const char *tree_text(struct made *made, struct ev_tree *tree)
{
	made->text.size_bytes = 0;
	write_node(made, tree, 0);
	ev_buffer_u8(&made->text, 0);
	ev_tree_done(tree);
	return (const char *)made->text.bytes;
}

static const char *tree_of(struct made *made, const char *name, bool callers)
{
	struct ev_tree tree;
	ev_tree_of_row(&tree, &made->table, made->named, row_named(made, name), 0, callers, false);
	return tree_text(made, &tree);
}

static const char *tree_to(struct made *made, const char *name)
{
	struct ev_tree tree;
	ev_tree_to_row(&tree, &made->table, made->named, row_named(made, name), 0, false);
	return tree_text(made, &tree);
}

static struct made made_of_work(bool children)
{
	struct made made = { .it = invented_open() };
	enum ev_key key = EV_KEY_SYMBOL;
	invented_add(&made.it, "start main work", 1, 10);
	invented_add(&made.it, "start main mid work", 1, 30);
	invented_add(&made.it, "start main mid", 1, 3);
	invented_add(&made.it, "start work", 1, 5);
	build(&made, &key, 1, children, 0, false);
	return made;
}

static void callers_go_from_the_function_outwards(void **state)
{
	(void)state;
	struct made made = made_of_work(false);
	assert_string_equal(tree_of(&made, "work", true),
			    "work 45 {mid 30 {main 30 {start 30=30}}, main 10 {start 10=10}, "
			    "start 5=5}");
	assert_string_equal(tree_of(&made, "mid", true), "mid 3 {main 3 {start 3=3}}");
	made_done(&made);
}

static void the_way_to_a_function_begins_at_the_roots(void **state)
{
	(void)state;
	struct made made = made_of_work(false);
	assert_string_equal(tree_to(&made, "work"),
			    "start 45 {main 40 {mid 30 {work 30=30}, work 10=10}, work 5=5}");
	made_done(&made);
}

static void callees_go_from_the_function_inwards(void **state)
{
	(void)state;
	struct made made = made_of_work(true);
	assert_string_equal(tree_of(&made, "main", false),
			    "main 43 {mid 33=3 {work 30=30}, work 10=10}");
	assert_string_equal(tree_of(&made, "work", false), "work 45=45");
	assert_string_equal(tree_to(&made, "work"), "work 45=45");
	assert_string_equal(tree_of(&made, "mid", true), "mid 33 {main 33 {start 33=33}}");
	made_done(&made);
}

/* Inwards from the outermost call, outwards from the innermost: every sample once. */
static void recursion_counts_once_in_a_tree(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	enum ev_key key = EV_KEY_SYMBOL;
	invented_add(&made.it, "main fib fib leaf", 1, 10);
	invented_add(&made.it, "main fib", 1, 1);
	build(&made, &key, 1, true, 0, false);
	assert_string_equal(tree_of(&made, "fib", false), "fib 11=1 {fib 10 {leaf 10=10}}");
	assert_string_equal(tree_of(&made, "fib", true), "fib 11 {fib 10 {main 10=10}, main 1=1}");
	made_done(&made);
}

static void a_row_of_a_command_has_its_own_stacks_only(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	enum ev_key keys[] = { EV_KEY_COMM, EV_KEY_SYMBOL };
	struct ev_profile *profile = made.it.profile;
	ev_profile_add(profile, invented_tag_in(profile, 0, "one", 1),
		       invented_stack(&made.it, "main work"), 1, 10);
	ev_profile_add(profile, invented_tag_in(profile, 0, "two", 2),
		       invented_stack(&made.it, "main work"), 1, 5);
	ev_profile_add(profile, invented_tag_in(profile, 1, "one", 1),
		       invented_stack(&made.it, "main work"), 1, 700);
	build(&made, keys, 2, true, 0, false);
	struct ev_tree tree;
	for (size_t i = 0; i < made.table.row_count; i++) {
		ev_tree_of_row(&tree, &made.table, made.named, &made.table.rows[i], 0, false,
			       false);
		assert_int_equal(tree.nodes.items[0].total, made.table.rows[i].children[0]);
		ev_tree_done(&tree);
		ev_tree_of_row(&tree, &made.table, made.named, &made.table.rows[i], 1, true, false);
		assert_int_equal(tree.nodes.items[0].total, made.table.rows[i].children[1]);
		ev_tree_done(&tree);
	}
	build(&made, keys, 1, true, 0, false);
	assert_string_equal(tree_of(&made, "one", false), "main 10 {work 10=10}");
	made_done(&made);
}

static void lines_of_one_function_are_one_node(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	enum ev_key key = EV_KEY_SRCLINE;
	invented_add(&made.it, "main@3 work@9", 1, 10);
	invented_add(&made.it, "main@5 work@9", 1, 20);
	build(&made, &key, 1, false, EV_SYMBOL_LINES, true);
	assert_string_equal(tree_of(&made, "prog.c:9", true), "work 30 {main 30=30}");
	made_done(&made);
}

static void a_stack_without_frames_has_an_empty_tree(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	enum ev_key key = EV_KEY_SYMBOL;
	invented_add(&made.it, "", 1, 10);
	for (int children = 0; children < 2; children++) {
		build(&made, &key, 1, children, 0, false);
		assert_string_equal(tree_of(&made, "[unknown]", true), "");
		assert_string_equal(tree_of(&made, "[unknown]", false), "");
		assert_string_equal(tree_to(&made, "[unknown]"), "");
	}
	made_done(&made);
}

/* Nothing recurses in C, and nothing is quadratic in the depth. */
static void a_hundred_thousand_frames_are_a_stack_like_others(void **state)
{
	(void)state;
	enum { DEPTH = 100000 };
	struct made made = { .it = invented_open() };
	enum ev_key key = EV_KEY_SYMBOL;
	struct ev_profile *profile = made.it.profile;
	uint32_t tag = invented_tag_in(profile, 0, "deep", 1), stack = 0;
	uint32_t even = ev_profile_place(profile, invented_place(&made.it, "even"));
	uint32_t odd = ev_profile_place(profile, invented_place(&made.it, "odd"));
	for (uint32_t depth = 0; depth < DEPTH; depth++) {
		stack = ev_profile_stack(profile, stack, depth % 2 ? odd : even);
		if (depth % 1000 == 999)
			ev_profile_add(profile, tag, stack, 1, 1);
	}
	build(&made, &key, 1, true, 0, false);
	assert_int_equal(row_named(&made, "even")->children[0], DEPTH / 1000);
	assert_int_equal(row_named(&made, "even")->period[0], 0);
	struct ev_tree tree;
	ev_tree_of_row(&tree, &made.table, made.named, row_named(&made, "even"), 0, false, false);
	assert_int_equal(tree.nodes.count, DEPTH + 1);
	assert_int_equal(tree.nodes.items[0].total, DEPTH / 1000);
	ev_tree_done(&tree);
	ev_tree_of_row(&tree, &made.table, made.named, row_named(&made, "odd"), 0, true, false);
	assert_int_equal(tree.nodes.items[0].total, DEPTH / 1000);
	ev_tree_done(&tree);
	build(&made, &key, 1, false, 0, false);
	ev_tree_to_row(&tree, &made.table, made.named, row_named(&made, "odd"), 0, false);
	assert_int_equal(tree.nodes.count, DEPTH + 1);
	ev_tree_done(&tree);
	made_done(&made);
}

/* Random stacks: every tree holds its row's weight, and a node no less than its children. */
static void children_of_a_node_never_weigh_more_than_it(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	enum ev_key keys[] = { EV_KEY_COMM, EV_KEY_SYMBOL };
	struct ev_profile *profile = made.it.profile;
	static const char *const comms[] = { "one", "two" };
	for (unsigned i = 0; i < 500; i++) {
		char words[100] = "";
		for (unsigned d = 0; d <= ev_hash64(i) % 10; d++)
			snprintf(words + strlen(words), 5, "f%u ",
				 (unsigned)(ev_hash64(i * 99 + d) % 6));
		ev_profile_add(profile, invented_tag_in(profile, 0, comms[i % 2], i % 3),
			       invented_stack(&made.it, words), 1, ev_hash64(~i) % 40);
	}
	for (unsigned round = 0; round < 4; round++) {
		bool children = round % 2;
		build(&made, keys, 2, children, 0, false);
		for (size_t i = 0; i < made.table.row_count; i++) {
			const struct ev_row *row = &made.table.rows[i];
			struct ev_tree tree;
			if (round < 2)
				ev_tree_of_row(&tree, &made.table, made.named, row, 0, true, false);
			else
				ev_tree_to_row(&tree, &made.table, made.named, row, 0, false);
			assert_int_equal(tree.nodes.items[0].total,
					 children ? row->children[0] : row->period[0]);
			for (uint32_t n = 0; n < tree.nodes.count; n++) {
				const struct ev_node *node = &tree.nodes.items[n];
				uint64_t sum = node->self, last = UINT64_MAX;
				for (uint32_t c = node->first_child; c;
				     c = tree.nodes.items[c].next) {
					sum += tree.nodes.items[c].total;
					assert_true(tree.nodes.items[c].total <= last);
					last = tree.nodes.items[c].total;
				}
				assert_int_equal(sum, node->total);
			}
			ev_tree_done(&tree);
		}
	}
	made_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callers_go_from_the_function_outwards),
		cmocka_unit_test(the_way_to_a_function_begins_at_the_roots),
		cmocka_unit_test(callees_go_from_the_function_inwards),
		cmocka_unit_test(recursion_counts_once_in_a_tree),
		cmocka_unit_test(a_row_of_a_command_has_its_own_stacks_only),
		cmocka_unit_test(lines_of_one_function_are_one_node),
		cmocka_unit_test(a_stack_without_frames_has_an_empty_tree),
		cmocka_unit_test(a_hundred_thousand_frames_are_a_stack_like_others),
		cmocka_unit_test(children_of_a_node_never_weigh_more_than_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
