/* Names of libpfm4's tables, for a CPU that libpfm4 is told to take this one for. */
#include <errno.h>
#include "pfm.h"
#include "tree.h"

/* Its tables are built for one architecture. */
static bool is_there(void)
{
#if defined(__x86_64__)
	return true;
#else
	print_message("SKIP pfm: the names tested are of an x86 table\n");
	return false;
#endif
}

static void names_are_encoded_as_the_manual_says(void **state)
{
	if (!is_there())
		skip();
	struct ev_event_list list =
		parsed(*state, "skx::L2_RQSTS:MISS,L2_RQSTS:MISS:u,l2_rqsts.miss,"
			       "L2-RQSTS.MISS,INST_RETIRED:c=2:i=1");
	assert_int_equal(list.count, 5);
	for (size_t i = 0; i < 4; i++) {
		assert_int_equal(list.items[i].attr.type, PERF_TYPE_RAW);
		assert_int_equal(list.items[i].attr.config, 0x3f24);
		assert_int_equal(list.items[i].attr.size, sizeof(list.items[i].attr));
		assert_true(list.items[i].fixed & EV_FROM_PFM);
		assert_false(list.items[i].attr.exclude_guest);
		assert_int_equal(strncmp(list.items[i].resolved, "skx::L2_RQSTS:MISS:", 19), 0);
		assert_non_null(strstr(list.items[i].about, "miss the L2 cache"));
	}
	assert_false(list.items[0].attr.exclude_kernel);
	assert_true(list.items[1].attr.exclude_kernel);
	assert_true(list.items[1].fixed & EV_FIXED_LEVEL);
	assert_string_equal(list.items[1].name, "L2_RQSTS:MISS:u");
	assert_int_equal(list.items[4].attr.config, 0x28000c0);
	ev_event_list_done(&list);
}

static void attributes_of_the_kernel_interface_are_taken_over(void **state)
{
	if (!is_there())
		skip();
	struct ev_event_list list =
		parsed(*state,
		       "INST_RETIRED:period=100:precise=2,INST_RETIRED:freq=99,INST_RETIRED:mg=1");
	assert_int_equal(list.items[0].attr.sample_period, 100);
	assert_int_equal(list.items[0].attr.precise_ip, 2);
	assert_int_equal(list.items[0].fixed, EV_FROM_PFM | EV_FIXED_PERIOD | EV_FIXED_PRECISE);
	assert_int_equal(list.items[1].attr.sample_freq, 99);
	assert_int_equal(list.items[1].attr.freq, 1);
	assert_int_equal(list.items[1].fixed, EV_FROM_PFM | EV_FIXED_PERIOD);
	assert_false(list.items[2].attr.exclude_guest);
	ev_event_list_done(&list);
}

static void modifiers_are_those_of_every_event(void **state)
{
	if (!is_there())
		skip();
	struct ev_event_list list = parsed(*state, "L2_RQSTS:MISS:uk,INST_RETIRED:upp,L2_RQSTS:S");
	assert_false(list.items[0].attr.exclude_kernel || list.items[0].attr.exclude_user);
	assert_int_equal(list.items[0].attr.config, 0x3f24);
	assert_int_equal(list.items[0].fixed, EV_FROM_PFM | EV_FIXED_LEVEL);
	assert_true(list.items[1].attr.exclude_kernel);
	assert_int_equal(list.items[1].attr.precise_ip, 2);
	assert_string_equal(list.items[1].name, "INST_RETIRED:upp");
	assert_true(list.items[2].fixed & EV_SAMPLE_READ);
	ev_event_list_done(&list);
	refused_with(*state, "L2_RQSTS:MISS:uu", -EINVAL, "twice");
}

static void the_tables_come_after_names_of_the_kernel(void **state)
{
	if (!is_there())
		skip();
	/* instructions:c=2 has an attribute only libpfm4 knows, cycles is the kernel's. */
	struct ev_event_list list = parsed(*state, "INSTRUCTIONS_RETIRED,instructions");
	assert_int_equal(list.items[0].attr.type, PERF_TYPE_RAW);
	assert_int_equal(list.items[1].attr.type, PERF_TYPE_HARDWARE);
	ev_event_list_done(&list);
}

static void groups_and_terms_work_with_them(void **state)
{
	if (!is_there())
		skip();
	tree_plain(*state);
	struct ev_event_list list = parsed(*state, "{cycles,L2_RQSTS:MISS}:u,cpu/L2_RQSTS.MISS/k");
	assert_int_equal(list.items[1].leader, 0);
	assert_true(list.items[1].attr.exclude_kernel);
	assert_int_equal(list.items[2].attr.type, 4);
	assert_int_equal(list.items[2].attr.config, 0x3f24);
	ev_event_list_done(&list);
}

static void wrong_unit_masks_are_refused(void **state)
{
	if (!is_there())
		skip();
	struct ev_err err;
	assert_int_equal(refused(*state, "L2_RQSTS:MIS", &err), -ENOENT);
	assert_ptr_equal(strstr(err.text, "'L2_RQSTS:MIS' has no such unit mask or attribute "
					  "(libpfm4's table)\n"
					  "L2_RQSTS:MIS\n"
					  "         ^\n"
					  "did you mean: L2_RQSTS:MISS"),
			 err.text);
	refused_with(*state, "skx::L2_RQSTS:MIS", -ENOENT, "did you mean: skx::L2_RQSTS:MISS");
	refused_with(*state, "INST_RETIRED:c=999", -ENOENT, "value that doesn't fit");
	refused_with(*state, "L2_RQST", -ENOENT, "did you mean: L2_RQSTS?");
	refused_with(*state, "nopmu::EVENT", -ENOENT, "unknown event 'nopmu::EVENT'");
	refused_with(*state, "L2_RQSTS:MISS%n", -ENOENT, "unknown event");
}

static void count_row(void *context, const struct ev_pfm_row *row)
{
	size_t *counts = context;
	assert_non_null(row->about);
	assert_string_equal(row->pmu, "skx");
	assert_true(row->core && !row->generic);
	counts[strchr(row->name, ':') != NULL]++;
	counts[2] += !strcmp(row->name, "L2_RQSTS:MISS");
}

static void every_row_of_the_table_is_an_event(void **state)
{
	(void)state;
	if (!is_there())
		skip();
	size_t counts[3] = { 0 };
	ev_pfm_rows(count_row, counts);
	assert_true(counts[0] > 0);
	assert_true(counts[1] > 100);
	assert_int_equal(counts[2], 1);
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(names_are_encoded_as_the_manual_says),
		WITH_TREE(attributes_of_the_kernel_interface_are_taken_over),
		WITH_TREE(modifiers_are_those_of_every_event),
		WITH_TREE(the_tables_come_after_names_of_the_kernel),
		WITH_TREE(groups_and_terms_work_with_them),
		WITH_TREE(wrong_unit_masks_are_refused),
		cmocka_unit_test(every_row_of_the_table_is_an_event),
	};
	setenv("LIBPFM_FORCE_PMU", "skx", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
