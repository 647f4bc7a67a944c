/* The catalogue of an imaginary machine, and of this one. */
// wrap: access
#include <errno.h>
#include "catalogue.h"
#include "tree.h"

int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);

static bool forbidden;

int __wrap_access(const char *path, int mode)
{
	if (forbidden && strstr(path, "tracing/events")) {
		errno = EACCES;
		return -1;
	}
	return __real_access(path, mode);
}

#define WITHOUT_PFM (((1u << EV_GROUP_COUNT) - 1) & ~(1u << EV_GROUP_PFM))

static const struct ev_catalogue_row *row_of(const struct ev_catalogue *catalogue, const char *name)
{
	for (size_t i = 0; i < catalogue->count; i++)
		if (!strcmp(catalogue->rows[i].name, name))
			return &catalogue->rows[i];
	fail_msg("the catalogue has no '%s'", name);
	return NULL;
}

static size_t count_of(const struct ev_catalogue *catalogue, enum ev_catalogue_group group)
{
	size_t count = 0;
	for (size_t i = 0; i < catalogue->count; i++)
		count += catalogue->rows[i].group == group;
	return count;
}

static void every_group_has_its_rows(void **state)
{
	struct ev_catalogue catalogue = { 0 };
	tree_plain(*state);
	ev_catalogue_fill_at(&catalogue, *state, WITHOUT_PFM);
	assert_null(catalogue.notes);
	assert_int_equal(count_of(&catalogue, EV_GROUP_HARDWARE), PERF_COUNT_HW_MAX);
	assert_int_equal(count_of(&catalogue, EV_GROUP_SOFTWARE), PERF_COUNT_SW_MAX);
	assert_int_equal(count_of(&catalogue, EV_GROUP_TOOL), 3);
	assert_int_equal(count_of(&catalogue, EV_GROUP_CACHE), 32);
	assert_int_equal(count_of(&catalogue, EV_GROUP_PMU), 6);
	assert_int_equal(count_of(&catalogue, EV_GROUP_PFM), 0);
	assert_int_equal(count_of(&catalogue, EV_GROUP_TRACEPOINT), 3);
	assert_string_equal(row_of(&catalogue, "cycles")->aliases, "cpu-cycles");
	assert_string_equal(row_of(&catalogue, "power/energy-pkg/")->about,
			    "energy used by the whole package, in Joules");
	assert_string_equal(row_of(&catalogue, "cpu/el-start/")->about,
			    "event=0xc8,umask=0x1,edge of PMU cpu");
	assert_string_equal(row_of(&catalogue, "cpu/cpu-cycles/")->aliases, "cpu-cycles");
	assert_int_equal(row_of(&catalogue, "sched:sched_switch")->group, EV_GROUP_TRACEPOINT);
	assert_non_null(row_of(&catalogue, "rNNN"));
	assert_non_null(row_of(&catalogue, "power/event=N/"));
	for (size_t i = 0; i < catalogue.count; i++)
		assert_true(*catalogue.rows[i].about);
	ev_catalogue_done(&catalogue);
	assert_int_equal(catalogue.count, 0);
}

static void every_name_can_be_typed(void **state)
{
	struct ev_catalogue catalogue = { 0 };
	tree_plain(*state);
	ev_catalogue_fill_at(&catalogue, *state, WITHOUT_PFM & ~(1u << EV_GROUP_SYNTAX));
	for (size_t i = 0; i < catalogue.count; i++) {
		/* It waits for a value. */
		if (!strcmp(catalogue.rows[i].name, "cpu/wanting/"))
			continue;
		struct ev_event_list list = parsed(*state, catalogue.rows[i].name);
		ev_event_list_done(&list);
	}
	ev_catalogue_done(&catalogue);
}

static void only_the_groups_asked_for_are_filled(void **state)
{
	struct ev_catalogue catalogue = { 0 };
	tree_plain(*state);
	for (unsigned group = 0; group < EV_GROUP_COUNT; group++) {
		if (group == EV_GROUP_PFM)
			continue;
		ev_catalogue_fill_at(&catalogue, *state, 1u << group);
		assert_true(catalogue.count > 0);
		assert_int_equal(count_of(&catalogue, (enum ev_catalogue_group)group),
				 catalogue.count);
		assert_true(*ev_catalogue_group_title((enum ev_catalogue_group)group));
		ev_catalogue_done(&catalogue);
	}
	ev_catalogue_fill_at(&catalogue, *state, 0);
	assert_int_equal(catalogue.count, 0);
	assert_string_equal(ev_catalogue_group_title(EV_GROUP_COUNT), "");
	ev_catalogue_done(&catalogue);
}

static void what_could_not_be_listed_is_noted(void **state)
{
	struct ev_catalogue catalogue = { 0 };
	ev_catalogue_fill_at(&catalogue, *state, WITHOUT_PFM);
	assert_non_null(strstr(catalogue.notes, "devices can't be read here."));
	assert_non_null(strstr(catalogue.notes, "tracefs is not mounted"));
	ev_catalogue_done(&catalogue);
	tree_plain(*state);
	forbidden = true;
	ev_catalogue_fill_at(&catalogue, *state, 1u << EV_GROUP_TRACEPOINT);
	forbidden = false;
	assert_int_equal(catalogue.count, 0);
	assert_non_null(strstr(catalogue.notes, "root only"));
	ev_catalogue_done(&catalogue);
}

static void the_tables_of_a_cpu_are_listed_with_their_unit_masks(void **state)
{
	(void)state;
#if defined(__x86_64__)
	struct ev_catalogue catalogue = { 0 };
	ev_catalogue_fill(&catalogue, 1u << EV_GROUP_PFM);
	assert_null(catalogue.notes);
	const struct ev_catalogue_row *row = row_of(&catalogue, "skx::L2_RQSTS:MISS");
	assert_string_equal(row->aliases, "L2_RQSTS:MISS");
	assert_non_null(strstr(row->about, "miss the L2 cache"));
	for (size_t i = 0; i < catalogue.count; i++) {
		struct ev_event_list list = parsed("", catalogue.rows[i].name);
		assert_true(list.items[0].fixed & EV_FROM_PFM);
		ev_event_list_done(&list);
	}
	ev_catalogue_done(&catalogue);
#else
	print_message("SKIP the_tables_of_a_cpu: the names tested are of an x86 table\n");
	skip();
#endif
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(every_group_has_its_rows),
		WITH_TREE(every_name_can_be_typed),
		WITH_TREE(only_the_groups_asked_for_are_filled),
		WITH_TREE(what_could_not_be_listed_is_noted),
		cmocka_unit_test(the_tables_of_a_cpu_are_listed_with_their_unit_masks),
	};
	setenv("LIBPFM_FORCE_PMU", "skx", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
