/* Call chains below rows: perf's glyphs and the share of every branch. */
#include "invented_report.h"

static void a_small_profile(struct invented *it, const char *keys, bool children)
{
	invented_open(it);
	invented_add(it, "start;main;work", 10, 1000);
	invented_add(it, "start;main;mid;work", 6, 600);
	invented_add(it, "start;main;mid;lib:read;k:sys_read", 3, 300);
	invented_add(it, "start;main;mid;~tiny", 1, 96);
	invented_add(it, "start;main;mid;rare", 1, 4);
	it->options.quiet = true;
	it->options.percent_limit = 40;
	invented_finish(it, keys, children, NULL);
}

static void callees_are_branches_of_a_graph(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it, "sym,dso", true);
	it.options.chains = EV_CHAIN_GRAPH;
	it.options.percent_limit = 90;
	assert_string_equal(invented_print(&it, "text"),
			    "   100.00%     0.00%  [.] start  prog\n"
			    "            |\n"
			    "            ---main\n"
			    "               |          \n"
			    "               |--50.00%--mid\n"
			    "               |          |          \n"
			    "               |          |--30.00%--work\n"
			    "               |          |          \n"
			    "               |          |--15.00%--read\n"
			    "               |          |          sys_read\n"
			    "               |          |          \n"
			    "               |           --4.80%--tiny (inlined)\n"
			    "               |          \n"
			    "                --50.00%--work\n"
			    "\n"
			    "   100.00%     0.00%  [.] main   prog\n"
			    "            |          \n"
			    "            |--50.00%--mid\n"
			    "            |          |          \n"
			    "            |          |--30.00%--work\n"
			    "            |          |          \n"
			    "            |          |--15.00%--read\n"
			    "            |          |          sys_read\n"
			    "            |          |          \n"
			    "            |           --4.80%--tiny (inlined)\n"
			    "            |          \n"
			    "             --50.00%--work\n"
			    "\n"
			    "\n"
			    "\n");
	invented_done(&it);
}

static void callers_are_branches_of_a_graph(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it, "comm,sym", false);
	it.options.chains = EV_CHAIN_GRAPH;
	it.options.order = EV_CHAIN_CALLEE;
	assert_string_equal(invented_print(&it, "text"), "    80.00%  prog     [.] work\n"
							 "            |\n"
							 "            ---work\n"
							 "               |          \n"
							 "               |--50.00%--main\n"
							 "               |          start\n"
							 "               |          \n"
							 "                --30.00%--mid\n"
							 "                          main\n"
							 "                          start\n"
							 "\n\n\n");
	invented_done(&it);
}

static void the_way_from_the_roots_is_a_graph_too(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it, "comm,sym", false);
	it.options.chains = EV_CHAIN_GRAPH;
	assert_string_equal(invented_print(&it, "text"), "    80.00%  prog     [.] work\n"
							 "            |\n"
							 "            ---start\n"
							 "               main\n"
							 "               |          \n"
							 "               |--50.00%--work\n"
							 "               |          \n"
							 "                --30.00%--mid\n"
							 "                          work\n"
							 "\n\n\n");
	invented_done(&it);
}

/* Shares of a fractal graph refer to the caller, and what is left out is said. */
static void fractal_shares_add_up(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it, "comm", true);
	it.options.chains = EV_CHAIN_FRACTAL;
	it.options.chain_limit = 10;
	assert_string_equal(invented_print(&it, "text"),
			    "   100.00%   100.00%  prog\n"
			    "            |\n"
			    "            ---start\n"
			    "               main\n"
			    "               |          \n"
			    "               |--50.00%--mid\n"
			    "               |          |          \n"
			    "               |          |--60.00%--work\n"
			    "               |          |          \n"
			    "               |          |--30.00%--read\n"
			    "               |          |          sys_read\n"
			    "               |           --10.00%--[...]\n"
			    "               |          \n"
			    "                --50.00%--work\n"
			    "\n"
			    "\n"
			    "\n");
	invented_done(&it);
}

static void chains_are_listed_flat_or_folded(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it, "comm,sym", false);
	it.options.chains = EV_CHAIN_FLAT;
	assert_string_equal(invented_print(&it, "text"), "    80.00%  prog     [.] work\n"
							 "           50.00%\n"
							 "                start\n"
							 "                main\n"
							 "                work\n"
							 "\n"
							 "           30.00%\n"
							 "                start\n"
							 "                main\n"
							 "                mid\n"
							 "                work\n"
							 "\n\n\n");
	it.options.chains = EV_CHAIN_FOLDED;
	it.options.order = EV_CHAIN_CALLEE;
	assert_string_equal(invented_print(&it, "text"), "    80.00%  prog     [.] work\n"
							 "50.00% work;main;start\n"
							 "30.00% work;mid;main;start\n\n\n");
	it.options.order = EV_CHAIN_CALLER;
	assert_string_equal(invented_print(&it, "text"), "    80.00%  prog     [.] work\n"
							 "50.00% start;main;work\n"
							 "30.00% start;main;mid;work\n\n\n");
	invented_done(&it);
}

static void depth_is_cut_where_asked(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it, "comm,sym", false);
	it.options.chains = EV_CHAIN_GRAPH;
	it.options.order = EV_CHAIN_CALLEE;
	it.options.max_depth = 2;
	assert_string_equal(invented_print(&it, "text"), "    80.00%  prog     [.] work\n"
							 "            |\n"
							 "            ---work\n"
							 "               |          \n"
							 "               |--50.00%--main\n"
							 "               |          \n"
							 "                --30.00%--mid\n"
							 "\n\n\n");
	invented_done(&it);
}

/* Every level of this recursion ends in some samples, so every level is a branch. */
static void branches_without_end_are_cut(void **state)
{
	(void)state;
	struct invented it;
	struct ev_buffer words = { 0 };
	invented_open(&it);
	for (unsigned depth = 0; depth < 1000; depth++) {
		ev_buffer_printf(&words, "%s%s", depth ? ";" : "", depth % 2 ? "g" : "f");
		char *copy = ev_printf("%.*s", (int)words.size_bytes, (char *)words.bytes);
		invented_add(&it, copy, 1, 1);
		free(copy);
	}
	ev_buffer_done(&words);
	invented_finish(&it, "sym", true, NULL);
	it.options.chains = EV_CHAIN_GRAPH;
	it.options.chain_limit = 0;
	it.options.quiet = true;
	const char *text = invented_print(&it, "text");
	assert_non_null(strstr(text, "[deeper calls are not shown]"));
	assert_true(it.text_bytes < 1000000);
	invented_done(&it);
}

static void a_row_too_small_for_any_branch_has_none(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it, "sym", false);
	it.options.chains = EV_CHAIN_GRAPH;
	it.options.percent_limit = 0;
	const char *text = invented_print(&it, "text");
	assert_non_null(strstr(text, "     0.20%  [.] rare\n\n\n"));
	invented_done(&it);
}

/* As -g period and count ask, and no more branches of a level than are wanted. */
static void branches_are_shares_periods_or_samples(void **state)
{
	(void)state;
	static const struct {
		enum ev_chain_value value;
		enum ev_chain_kind kind;
		size_t entries;
		const char *text;
	} cases[] = {
		{ EV_CHAIN_PERIOD, EV_CHAIN_GRAPH, 0, "--1000--work\n" },
		{ EV_CHAIN_COUNT, EV_CHAIN_GRAPH, 0, " --10--work\n" },
		{ EV_CHAIN_COUNT, EV_CHAIN_FRACTAL, 1, "--10--[...]\n" },
		{ EV_CHAIN_PERIOD, EV_CHAIN_FOLDED, 0, "1000 start;main;work\n" },
		{ EV_CHAIN_COUNT, EV_CHAIN_FOLDED, 0, "6 start;main;mid;work\n" },
	};
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct invented it;
		a_small_profile(&it, "comm", false);
		it.options.chains = cases[i].kind;
		it.options.chain_value = cases[i].value;
		it.options.chain_entries = cases[i].entries;
		assert_non_null(strstr(invented_print(&it, "text"), cases[i].text));
		invented_done(&it);
	}
	struct invented it;
	a_small_profile(&it, "comm", false);
	it.options.chains = EV_CHAIN_GRAPH;
	it.options.chain_entries = 1;
	assert_null(strstr(invented_print(&it, "text"), "read"));
	invented_done(&it);
}

/* The text of a graph only: other kinds keep every frame. */
static void deep_recursion_is_folded_in_graphs(void **state)
{
	(void)state;
	struct invented it;
	struct ev_buffer words = { 0 };
	invented_open(&it);
	ev_buffer_printf(&words, "main");
	for (unsigned i = 0; i < 316; i++)
		ev_buffer_printf(&words, ";f");
	ev_buffer_u8(&words, 0);
	invented_add(&it, (const char *)words.bytes, 1, 10);
	it.options.quiet = true;
	it.options.percent_limit = 100;
	it.options.chains = EV_CHAIN_GRAPH;
	it.options.order = EV_CHAIN_CALLEE;
	invented_finish(&it, "comm", false, NULL);
	assert_string_equal(invented_print(&it, "text"), "   100.00%  prog\n"
							 "            |\n"
							 "            ---f\n"
							 "               f\n"
							 "               f\n"
							 "               f\n"
							 "               … 312 more of f\n"
							 "               main\n"
							 "\n\n\n");
	it.options.chains = EV_CHAIN_FOLDED;
	const char *folded = invented_print(&it, "text");
	size_t calls = 0;
	for (const char *at = folded; (at = strstr(at, "f;")); at++)
		calls++;
	assert_int_equal(calls, 316);
	ev_buffer_done(&words);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(callees_are_branches_of_a_graph),
		cmocka_unit_test(callers_are_branches_of_a_graph),
		cmocka_unit_test(the_way_from_the_roots_is_a_graph_too),
		cmocka_unit_test(fractal_shares_add_up),
		cmocka_unit_test(chains_are_listed_flat_or_folded),
		cmocka_unit_test(depth_is_cut_where_asked),
		cmocka_unit_test(branches_without_end_are_cut),
		cmocka_unit_test(deep_recursion_is_folded_in_graphs),
		cmocka_unit_test(branches_are_shares_periods_or_samples),
		cmocka_unit_test(a_row_too_small_for_any_branch_has_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
