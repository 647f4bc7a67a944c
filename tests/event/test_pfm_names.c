/* Names of the manuals in any spelling, in the tables of a CPU that libpfm4 is told to take this
 * one for. */
#include <errno.h>
#include "pfm.h"
#include "tree.h"

/* Its tables are built for one architecture. */
static bool is_there(void)
{
#if defined(__x86_64__)
	return true;
#else
	print_message("SKIP pfm_names: the names tested are of an x86 table\n");
	return false;
#endif
}

static void case_and_separators_do_not_matter(void **state)
{
	(void)state;
	if (!is_there())
		skip();
	static const char *const spellings[][2] = {
		{ "l2-rqsts.miss", "skx::L2_RQSTS:MISS" },
		{ "L2.RQSTS.MISS", "skx::L2_RQSTS:MISS" },
		{ "SKX::l2_rqsts-miss", "skx::L2_RQSTS:MISS" },
		{ "l2_rqsts_miss:c=1:u", "skx::L2_RQSTS:MISS:c=1:u" },
		{ "inst-retired-any-p", "skx::INST_RETIRED:ANY_P" },
		{ "inst.retired", "skx::INST_RETIRED" },
		{ "INST_RETIRED.ANY", "skx::INSTRUCTION_RETIRED" },
		{ "inst-retired-any:u", "skx::INSTRUCTION_RETIRED:u" },
		{ "cpu_clk_unhalted.thread", "skx::UNHALTED_CORE_CYCLES" },
		{ "CPU_CLK_UNHALTED:REF_TSC", "skx::UNHALTED_REFERENCE_CYCLES" },
	};
	struct ev_arena arena = { 0 };
	for (size_t i = 0; i < EV_LENGTH(spellings); i++) {
		const char *found = ev_pfm_respell(&arena, spellings[i][0]);
		assert_non_null(found);
		assert_string_equal(found, spellings[i][1]);
	}
	ev_arena_done(&arena);
}

static void what_is_not_in_the_tables_stays_unknown(void **state)
{
	(void)state;
	if (!is_there())
		skip();
	static const char *const unknown[] = { "",
					       ":",
					       "::",
					       "skx::",
					       "::::",
					       "nosuch",
					       "l2-rqsts-nosuch",
					       "u",
					       "skl::l2-rqsts-miss" };
	struct ev_arena arena = { 0 };
	for (size_t i = 0; i < EV_LENGTH(unknown); i++)
		assert_null(ev_pfm_respell(&arena, unknown[i]));
	ev_arena_done(&arena);
}

static void such_names_are_events_with_modifiers_groups_and_terms(void **state)
{
	if (!is_there())
		skip();
	tree_plain(*state);
	struct ev_event_list list =
		parsed(*state, "INST_RETIRED.ANY:upp,{l2-rqsts.miss,cycles}:k,cpu/l2.rqsts.miss/u");
	assert_int_equal(list.items[0].attr.config, 0xc0);
	assert_int_equal(list.items[0].attr.precise_ip, 2);
	assert_true(list.items[0].attr.exclude_kernel);
	assert_string_equal(list.items[0].name, "INST_RETIRED.ANY:upp");
	assert_int_equal(strncmp(list.items[0].resolved, "skx::INSTRUCTION_RETIRED:", 25), 0);
	assert_int_equal(list.items[1].attr.config, 0x3f24);
	assert_true(list.items[1].attr.exclude_user);
	assert_int_equal(list.items[3].attr.config, 0x3f24);
	ev_event_list_done(&list);
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(case_and_separators_do_not_matter),
		cmocka_unit_test(what_is_not_in_the_tables_stays_unknown),
		WITH_TREE(such_names_are_events_with_modifiers_groups_and_terms),
	};
	setenv("LIBPFM_FORCE_PMU", "skx", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
