/* Calls between rows: once per stack, without those of a row by itself. */
#include <evprof/tables.h>
#include "invented.h"

static const char *edges_of(struct invented *it, const char *wanted, const struct ev_filter *filter)
{
	static const enum ev_key key = EV_KEY_SYMBOL;
	struct ev_named *named = invented_name_all(it, EV_SYMBOL_INLINES, false);
	struct ev_table table;
	struct ev_edges edges;
	const char *text = "";
	assert_int_equal(ev_table_build(&table, named, &key, 1, true, filter, NULL), 0);
	bool *marks = ev_alloc(table.row_count + 1);
	for (size_t i = 0; i < table.row_count; i++)
		marks[i] = wanted && !strcmp(ev_row_text(&table, named, &table.rows[i], 0), wanted);
	ev_edges_find(&edges, &table, named, 0, wanted ? marks : NULL);
	for (size_t i = 0; i < edges.items.count; i++) {
		const struct ev_edge *edge = &edges.items.items[i];
		text = ev_arena_printf(&it->arena, "%s%s%s>%s %lu%s", text, *text ? ", " : "",
				       ev_row_text(&table, named, &table.rows[edge->caller], 0),
				       ev_row_text(&table, named, &table.rows[edge->callee], 0),
				       (unsigned long)edge->period,
				       edge->inlined ? " inlined" : "");
	}
	ev_edges_done(&edges);
	ev_table_done(&table);
	ev_named_close(named);
	free(marks);
	return text;
}

static void a_call_counts_once_per_stack(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main f g f g f", 1, 10);
	assert_string_equal(edges_of(&it, NULL, NULL), "g>f 10, f>g 10, main>f 10");
	invented_done(&it);
}

static void calls_of_itself_are_no_edges(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main f f f", 1, 10);
	assert_string_equal(edges_of(&it, NULL, NULL), "main>f 10");
	invented_done(&it);
}

static void only_calls_from_and_to_the_wanted_are_found(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main a b c", 1, 10);
	invented_add(&it, "main b", 1, 1);
	assert_string_equal(edges_of(&it, "b", NULL), "b>c 10, a>b 10, main>b 1");
	invented_done(&it);
}

static void what_is_inlined_everywhere_is_said(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main in<out", 1, 10);
	assert_string_equal(edges_of(&it, NULL, NULL), "out>in 10 inlined, main>out 10");
	invented_done(&it);
}

static void what_filters_leave_out_is_not_there(void **state)
{
	(void)state;
	struct invented it = invented_open();
	invented_add(&it, "main lib:read leaf", 1, 10);
	assert_string_equal(edges_of(&it, NULL, &(struct ev_filter){ .objects = "prog" }),
			    "main>leaf 10");
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_call_counts_once_per_stack),
		cmocka_unit_test(calls_of_itself_are_no_edges),
		cmocka_unit_test(only_calls_from_and_to_the_wanted_are_found),
		cmocka_unit_test(what_is_inlined_everywhere_is_said),
		cmocka_unit_test(what_filters_leave_out_is_not_there),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
