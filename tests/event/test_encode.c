/* Terms of a PMU become config words. */
#include <errno.h>
#include <math.h>
#include "tree.h"

static void encodes(const char *root, const char *text, uint32_t type, uint64_t config,
		    uint64_t config1, uint64_t config2, const char *resolved)
{
	struct ev_event_list list = parsed(root, text);
	assert_int_equal(list.count, 1);
	const struct ev_event *event = list.items;
	assert_int_equal(event->attr.type, type);
	assert_int_equal(event->attr.config, config);
	assert_int_equal(event->attr.config1, config1);
	assert_int_equal(event->attr.config2, config2);
	assert_int_equal(event->attr.size, sizeof(event->attr));
	assert_string_equal(event->name, text);
	assert_string_equal(event->resolved, resolved);
	/* The resolved spelling means the same. */
	struct ev_event_list again = parsed(root, resolved);
	assert_memory_equal(&again.items[0].attr, &event->attr, sizeof(event->attr));
	ev_event_list_done(&again);
	ev_event_list_done(&list);
}

static void fields_and_events_make_the_config(void **state)
{
	tree_plain(*state);
	encodes(*state, "cpu/event=0x3c/", 4, 0x3c, 0, 0, "cpu/event=0x3c/");
	encodes(*state, "cpu/event=0x28f,umask=3/", 4, 0x20000038f, 0, 0,
		"cpu/event=0x28f,umask=0x3/");
}

static void the_users_fields_win_over_the_events_own(void **state)
{
	tree_plain(*state);
	encodes(*state, "cpu/mem-loads/", 4, 0x1cd, 3, 0, "cpu/event=0xcd,umask=0x1,ldlat=0x3/");
	encodes(*state, "cpu/MEM_LOADS,ldlat=50/", 4, 0x1cd, 50, 0,
		"cpu/event=0xcd,umask=0x1,ldlat=0x3,ldlat=0x32/");
	encodes(*state, "cpu/ldlat=50,mem-loads/", 4, 0x1cd, 50, 0,
		"cpu/event=0xcd,umask=0x1,ldlat=0x3,ldlat=0x32/");
	encodes(*state, "cpu/wanting,ldlat=7/", 4, 0xcd, 7, 0, "cpu/event=0xcd,ldlat=0x7/");
	encodes(*state, "cpu/el-start/", 4, 0x401c8, 0, 0, "cpu/event=0xc8,umask=0x1,edge=0x1/");
}

static void whole_words_can_be_written(void **state)
{
	tree_plain(*state);
	encodes(*state, "cpu/config=0x1c2,config1=5,config2=0xffffffffffffffff/", 4, 0x1c2, 5,
		UINT64_MAX, "cpu/config=0x1c2,config1=0x5,config2=0xffffffffffffffff/");
	encodes(*state, "cpu/r1a8/", 4, 0x1a8, 0, 0, "cpu/config=0x1a8/");
	encodes(*state, "cpu/r0x1a8/", 4, 0x1a8, 0, 0, "cpu/config=0x1a8/");
	encodes(*state, "breakpoint/config=1/", 5, 1, 0, 0, "breakpoint/config=0x1/");
	encodes(*state, "cpu//", 4, 0, 0, 0, "cpu//");
}

static void generic_names_are_known_between_the_slashes(void **state)
{
	tree_plain(*state);
	encodes(*state, "cpu/instructions/", PERF_TYPE_HARDWARE, 1, 0, 0, "cpu/instructions/");
	encodes(*state, "cpu/LLC-load-misses/", PERF_TYPE_HW_CACHE, 0x10002, 0, 0,
		"cpu/LLC-load-misses/");
	encodes(*state, "software/cpu-clock/", PERF_TYPE_SOFTWARE, 0, 0, 0, "software/cpu-clock/");
	/* The kernel's own file of that name comes first. */
	encodes(*state, "cpu/cpu-cycles/", 4, 0x3c, 0, 0, "cpu/event=0x3c/");
	refused_with(*state, "cpu/instructions,cmask=1/", -EINVAL, "takes no further encoding");
	refused_with(*state, "software/instructions/", -ENOENT, "neither an event nor a field");
	refused_with(*state, "power/cycles/", -ENOENT, "neither an event nor a field");
}

static void an_event_knows_where_it_can_be_counted(void **state)
{
	tree_plain(*state);
	struct ev_event_list list = parsed(*state, "power/energy-pkg/,cpu/event=1/");
	const struct ev_event *energy = list.items, *cpu = list.items + 1;
	assert_false(energy->per_task);
	assert_string_equal(energy->cpus, "0,8");
	assert_string_equal(energy->pmu, "power");
	assert_string_equal(energy->unit, "Joules");
	assert_true(energy->scale == ldexp(1, -32));
	assert_true(cpu->per_task);
	assert_null(cpu->cpus);
	assert_string_equal(cpu->unit, "");
	assert_true(cpu->scale == 1.0);
	ev_event_list_done(&list);
}

static void common_terms_stand_beside_fields(void **state)
{
	tree_plain(*state);
	struct ev_event_list list =
		parsed(*state, "cpu/mem-loads,period=7,name='MEM "
			       "LOADS',no-inherit/pp,cpu/timed/,cpu/cycles,freq=9/");
	assert_string_equal(list.items[0].name, "MEM LOADS");
	assert_int_equal(list.items[0].attr.sample_period, 7);
	assert_int_equal(list.items[0].attr.precise_ip, 2);
	assert_int_equal(list.items[0].inherit, EV_NO);
	/* The kernel's file names a period: the user's options may still change it. */
	assert_int_equal(list.items[1].attr.sample_period, 200000);
	assert_int_equal(list.items[1].fixed, EV_FIXED_PERIOD | EV_NATURAL_PERIOD);
	assert_int_equal(list.items[2].attr.sample_freq, 9);
	ev_event_list_done(&list);
}

static void what_the_pmu_has_not_is_refused(void **state)
{
	tree_plain(*state);
	struct ev_err err;
	assert_int_equal(refused(*state, "cs,cpu/event=1,umsk=2/", &err), -EINVAL);
	assert_string_equal(
		err.text,
		"PMU 'cpu' has no field 'umsk' (there are: cmask edge event frontend ldlat umask "
		"config config1 config2 period freq name call-graph stack-size max-stack time "
		"inherit no-inherit overwrite no-overwrite percore branch_type nr aux-output "
		"aux-sample-size aux-action)\n"
		"cs,cpu/event=1,umsk=2/\n"
		"               ^");
	refused_with(*state, "cpu/nosuch/", -ENOENT, "neither an event nor a field 'nosuch'");
	refused_with(*state, "cpu/mem-load/", -ENOENT, "did you mean: mem-loads");
	refused_with(*state, "cpu/event=x/", -EINVAL, "'event' needs a number, as in event=0x10");
	refused_with(*state, "cpu/event=/", -EINVAL, "'event' needs a number");
	refused_with(*state, "cpu/config=/", -EINVAL, "'config' needs a number");
	refused_with(*state, "cpu/umask=0x100/", -ERANGE,
		     "0x100 is too large for 'umask' of PMU 'cpu', which has 8 bits");
	refused_with(*state, "cpu/wanting/", -EINVAL, "needs a value: cpu/wanting,ldlat=");
	refused_with(*state, "cpu/mem-loads,el-start/", -EINVAL, "only one event can be named");
	refused_with(*state, "nopmu/event=1/", -ENOENT,
		     "there is no PMU or event 'nopmu' here (PMUs: breakpoint cpu power software "
		     "tracepoint)");
#ifndef PERF_ATTR_SIZE_VER8
	refused_with(*state, "cpu/config3=1/", -EOPNOTSUPP, "newer than the kernel headers");
#endif
}

static void a_machine_without_counters_says_so(void **state)
{
	refused_with(*state, "cpu/cycles/", -ENOENT,
		     "the kernel shows no hardware counters of the CPU (PMUs: none)");
}

static void broken_event_files_are_refused(void **state)
{
	static const char *const broken[] = { "event=0x3c,nofield=1",
					      "event=zz",
					      "event=0x1000",
					      ",",
					      "event=1,,umask=1",
					      "=",
					      "",
					      "\n",
					      "event=\x01" };
	tree_plain(*state);
	for (size_t i = 0; i < EV_LENGTH(broken); i++) {
		struct ev_err err;
		described_file(*state, PMUS "cpu/events/broken", broken[i]);
		int rc = refused(*state, "cpu/broken/", &err);
		assert_true(rc == -EINVAL || rc == -ERANGE);
	}
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(fields_and_events_make_the_config),
		WITH_TREE(the_users_fields_win_over_the_events_own),
		WITH_TREE(whole_words_can_be_written),
		WITH_TREE(generic_names_are_known_between_the_slashes),
		WITH_TREE(an_event_knows_where_it_can_be_counted),
		WITH_TREE(common_terms_stand_beside_fields),
		WITH_TREE(what_the_pmu_has_not_is_refused),
		WITH_TREE(a_machine_without_counters_says_so),
		WITH_TREE(broken_event_files_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
