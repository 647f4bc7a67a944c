/* pprof's mappings: addresses that are apart, the program's own, and what is known of the code. */
#include "invented_report.h"
#include "report_pprof_objects.h"

enum { PROG = 1, KERNEL, LIB };

static void the_program_has_the_addresses_of_its_file_and_others_lie_behind_them(void **state)
{
	(void)state;
	struct invented it;
	const uint64_t addresses[] = { EV_ADDRESSES_UNKNOWN, 0x400000, EV_ADDRESSES_UNKNOWN,
				       0x1000 };
	invented_open(&it);
	invented_add(&it, "main;lib:read", 1, 10);
	invented_add(&it, "main;work", 5, 50);
	invented_add(&it, "main;k:sys_read", 9, 90);
	invented_finish(&it, "sym", true, NULL);
	it.report.addresses = addresses;
	assert_int_equal(ev_pprof_program(&it.report), PROG);
	struct ev_pprof_mapping *all = ev_pprof_mappings(&it.report, PROG);
	assert_int_equal(all[PROG].start, 0x400000);
	assert_true(all[LIB].start >= all[PROG].limit);
	assert_int_equal(ev_pprof_address(&all[PROG], 0x1130, true), 0x401130);
	assert_int_equal(ev_pprof_address(&all[PROG], 0x1130, false), 0x40112f);
	assert_int_equal(ev_pprof_address(&all[LIB], 0x20, true), all[LIB].start + 0x20);
	assert_int_equal(ev_pprof_address(&all[LIB], (uint64_t)1 << 40, true), 0);
	free(all);
	invented_done(&it);
}

static void what_is_not_known_of_an_object_is_not_claimed(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;~in", 1, 10);
	invented_add(&it, "main;k:sys_read", 1, 10);
	invented_finish(&it, "sym", true, NULL);
	it.named.frames.items[it.named.stacks.items[1].place].line = 12;
	struct ev_pprof_mapping *all = ev_pprof_mappings(&it.report, PROG);
	assert_true(all[PROG].has_functions && all[PROG].has_lines && all[PROG].has_inlines);
	assert_true(all[KERNEL].has_functions && !all[KERNEL].has_lines);
	assert_false(all[LIB].has_functions || all[LIB].has_files || all[LIB].has_inlines);
	free(all);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			the_program_has_the_addresses_of_its_file_and_others_lie_behind_them),
		cmocka_unit_test(what_is_not_known_of_an_object_is_not_claimed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
