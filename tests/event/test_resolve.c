/* One word finds its meaning: which source wins, and what becomes several events. */
#include <errno.h>
#include "tree.h"

static void a_word_is(const char *root, const char *text, uint32_t type, uint64_t config,
		      const char *resolved)
{
	struct ev_event_list list = parsed(root, text);
	assert_int_equal(list.count, 1);
	assert_int_equal(list.items[0].attr.type, type);
	assert_int_equal(list.items[0].attr.config, config);
	assert_string_equal(list.items[0].name, text);
	assert_string_equal(list.items[0].resolved, resolved);
	assert_true(list.items[0].per_task);
	struct ev_event_list again = parsed(root, resolved);
	assert_memory_equal(&again.items[0].attr, &list.items[0].attr, sizeof(again.items[0].attr));
	assert_int_equal(again.items[0].kind, list.items[0].kind);
	assert_int_equal(again.items[0].tool, list.items[0].tool);
	ev_event_list_done(&again);
	ev_event_list_done(&list);
}

static void every_kind_of_name_is_resolved(void **state)
{
	tree_plain(*state);
	a_word_is(*state, "cycles", PERF_TYPE_HARDWARE, 0, "hardware/cycles/");
	a_word_is(*state, "CPU_Cycles", PERF_TYPE_HARDWARE, 0, "hardware/cycles/");
	a_word_is(*state, "branches", PERF_TYPE_HARDWARE, 4, "hardware/branches/");
	a_word_is(*state, "faults", PERF_TYPE_SOFTWARE, 2, "software/page-faults/");
	a_word_is(*state, "l1d.loads", PERF_TYPE_HW_CACHE, 0, "cache/L1-dcache-loads/");
	a_word_is(*state, "r1A8", PERF_TYPE_RAW, 0x1a8, "raw/config=0x1a8/");
	a_word_is(*state, "4:0x1c2", 4, 0x1c2, "4:0x1c2");
	a_word_is(*state, "mem-loads", 4, 0x1cd, "cpu/event=0xcd,umask=0x1,ldlat=0x3/");
	a_word_is(*state, "user_time", 0, 0, "tool/user_time/");
}

static void tools_are_measured_by_evprof(void **state)
{
	struct ev_event_list list = parsed(*state, "duration_time,user_time,system-time,cycles");
	assert_int_equal(list.items[0].kind, EV_EVENT_TOOL);
	assert_int_equal(list.items[0].tool, EV_TOOL_DURATION);
	assert_int_equal(list.items[1].tool, EV_TOOL_USER);
	assert_int_equal(list.items[2].tool, EV_TOOL_SYSTEM);
	assert_int_equal(list.items[3].kind, EV_EVENT_KERNEL);
	ev_event_list_done(&list);
}

static void modifiers_follow_every_kind_of_name(void **state)
{
	tree_plain(*state);
	static const char *const words[] = {
		"cycles:u",          "r1a8:u",        "4:0x1c2:u",
		"mem-loads:u",       "cpu/event=1/u", "cpu/event=1/:u",
		"cycles/period=4/u", "LLC-loads:u",   "sched:sched_switch:u"
	};
	for (size_t i = 0; i < EV_LENGTH(words); i++) {
		struct ev_event_list list = parsed(*state, words[i]);
		assert_true(list.items[0].attr.exclude_kernel && !list.items[0].attr.exclude_user);
		assert_string_equal(list.items[0].name, words[i]);
		ev_event_list_done(&list);
	}
}

static void a_hardware_event_is_one_for_each_kind_of_core(void **state)
{
	tree_hybrid(*state);
	struct ev_event_list list =
		parsed(*state, "task-clock,cycles:u,LLC-loads,r1c2,cycles/period=9/k,mem-loads:p");
	static const struct {
		const char *name, *pmu, *cpus;
		uint32_t type;
		uint64_t config;
		unsigned written;
	} expected[] = {
		{ "task-clock", NULL, NULL, PERF_TYPE_SOFTWARE, 1, 0 },
		{ "cpu_atom/cycles/u", "cpu_atom", "4-7", PERF_TYPE_HARDWARE, UINT64_C(10) << 32,
		  1 },
		{ "cpu_core/cycles/u", "cpu_core", "0-3", PERF_TYPE_HARDWARE, UINT64_C(4) << 32,
		  1 },
		{ "cpu_atom/LLC-loads/", "cpu_atom", "4-7", PERF_TYPE_HW_CACHE,
		  UINT64_C(10) << 32 | 2, 3 },
		{ "cpu_core/LLC-loads/", "cpu_core", "0-3", PERF_TYPE_HW_CACHE,
		  UINT64_C(4) << 32 | 2, 3 },
		{ "cpu_atom/r1c2/", "cpu_atom", "4-7", 10, 0x1c2, 5 },
		{ "cpu_core/r1c2/", "cpu_core", "0-3", 4, 0x1c2, 5 },
		{ "cpu_atom/cycles,period=9/k", "cpu_atom", "4-7", PERF_TYPE_HARDWARE,
		  UINT64_C(10) << 32, 7 },
		{ "cpu_core/cycles,period=9/k", "cpu_core", "0-3", PERF_TYPE_HARDWARE,
		  UINT64_C(4) << 32, 7 },
		{ "cpu_atom/mem-loads/p", "cpu_atom", "4-7", 10, 0xd0, 9 },
		{ "cpu_core/mem-loads/p", "cpu_core", "0-3", 4, 0xcd, 9 },
	};
	assert_int_equal(list.count, EV_LENGTH(expected));
	for (size_t i = 0; i < list.count; i++) {
		const struct ev_event *event = &list.items[i];
		assert_string_equal(event->name, expected[i].name);
		assert_int_equal(event->attr.type, expected[i].type);
		assert_int_equal(event->attr.config, expected[i].config);
		assert_int_equal(event->written, expected[i].written);
		assert_int_equal(event->leader, i);
		assert_true(event->per_task);
		if (!expected[i].pmu) {
			assert_null(event->pmu);
			continue;
		}
		assert_string_equal(event->pmu, expected[i].pmu);
		assert_string_equal(event->cpus, expected[i].cpus);
	}
	assert_int_equal(list.items[8].attr.sample_period, 9);
	ev_event_list_done(&list);
}

static void big_and_little_cores_of_arm_are_kinds_too(void **state)
{
	static const char *const files[][2] = {
		{ PMUS "armv8_cortex_a53/type", "8\n" },
		{ PMUS "armv8_cortex_a53/cpus", "0-3\n" },
		{ PMUS "armv8_cortex_a53/format/event", "config:0-15\n" },
		{ PMUS "armv8_cortex_a53/events/l2d_cache", "event=0x16\n" },
		{ PMUS "armv8_cortex_a72/type", "9\n" },
		{ PMUS "armv8_cortex_a72/cpus", "4-5\n" },
		{ PMUS "armv8_cortex_a72/format/event", "config:0-15\n" },
		{ PMUS "armv8_cortex_a72/events/l2d_cache", "event=0x16\n" },
		{ PMUS "arm_dsu_0/type", "12\n" },
		{ PMUS "arm_dsu_0/cpumask", "0\n" },
	};
	tree_files(*state, files, EV_LENGTH(files));
	struct ev_event_list list = parsed(*state, "Cpu_Cycles,L2D.cache,cpu/cycles/u");
	static const struct {
		const char *name;
		uint32_t type;
		uint64_t config;
		size_t sum;
	} expected[] = {
		{ "armv8_cortex_a53/Cpu_Cycles/", PERF_TYPE_HARDWARE, UINT64_C(8) << 32, 0 },
		{ "armv8_cortex_a72/Cpu_Cycles/", PERF_TYPE_HARDWARE, UINT64_C(9) << 32, 0 },
		{ "armv8_cortex_a53/L2D.cache/", 8, 0x16, 2 },
		{ "armv8_cortex_a72/L2D.cache/", 9, 0x16, 2 },
		{ "armv8_cortex_a53/cycles/u", PERF_TYPE_HARDWARE, UINT64_C(8) << 32, 4 },
		{ "armv8_cortex_a72/cycles/u", PERF_TYPE_HARDWARE, UINT64_C(9) << 32, 4 },
	};
	assert_int_equal(list.count, EV_LENGTH(expected));
	for (size_t i = 0; i < list.count; i++) {
		assert_string_equal(list.items[i].name, expected[i].name);
		assert_int_equal(list.items[i].attr.type, expected[i].type);
		assert_int_equal(list.items[i].attr.config, expected[i].config);
		assert_int_equal(ev_event_sum(&list, i), expected[i].sum);
		assert_string_equal(list.items[i].cpus, i % 2 ? "4-5" : "0-3");
	}
	ev_event_list_done(&list);
}

static void unknown_words_are_refused_with_the_nearest(void **state)
{
	tree_plain(*state);
	struct ev_err err;
	assert_int_equal(refused(*state, "page-faults,cycels:u", &err), -ENOENT);
	assert_string_equal(err.text, "unknown event 'cycels'\n"
				      "page-faults,cycels:u\n"
				      "            ^\n"
				      "did you mean: cycles?\n"
				      "Run 'evprof list' to see what can be counted here.");
	refused_with(*state, "rxyz", -ENOENT, "unknown event 'rxyz'");
	refused_with(*state, "r", -ENOENT, "unknown event 'r'");
	refused_with(*state, "r11111111111111111", -ENOENT, "unknown event");
	refused_with(*state, ":u", -ENOENT, "unknown event");
	refused_with(*state, "::", -ENOENT, "unknown event");
	refused_with(*state, "5000000000:1", -ENOENT, "unknown event");
	refused_with(*state, "vprobe:./prog:main", -ENOENT, "unknown event 'vprobe:./prog:main'");
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(every_kind_of_name_is_resolved),
		WITH_TREE(tools_are_measured_by_evprof),
		WITH_TREE(modifiers_follow_every_kind_of_name),
		WITH_TREE(a_hardware_event_is_one_for_each_kind_of_core),
		WITH_TREE(big_and_little_cores_of_arm_are_kinds_too),
		WITH_TREE(unknown_words_are_refused_with_the_nearest),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
