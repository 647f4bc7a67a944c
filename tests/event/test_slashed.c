/* Words with slashes: which PMUs or events their front means. */
#include <errno.h>
#include "tree.h"

static void one_kind_of_core_can_be_named(void **state)
{
	tree_hybrid(*state);
	struct ev_event_list list = parsed(*state, "cpu_core/cycles/,cpu_atom/event=1/u");
	assert_int_equal(list.count, 2);
	assert_int_equal(list.items[0].attr.type, PERF_TYPE_HARDWARE);
	assert_int_equal(list.items[0].attr.config, UINT64_C(4) << 32);
	assert_string_equal(list.items[0].name, "cpu_core/cycles/");
	assert_int_equal(list.items[1].attr.type, 10);
	assert_string_equal(list.items[1].cpus, "4-7");
	ev_event_list_done(&list);
}

static void a_family_of_pmus_counts_with_all_its_members(void **state)
{
	tree_uncore(*state);
	static const char *const words[] = { "imc/cas_count_read/", "uncore_imc/cas_count_read/",
					     "uncore_imc_*/cas-count-read/", "cas_count_read" };
	for (size_t i = 0; i < EV_LENGTH(words); i++) {
		struct ev_event_list list = parsed(*state, words[i]);
		assert_int_equal(list.count, 3);
		assert_int_equal(list.items[0].attr.type, 20);
		assert_int_equal(list.items[1].attr.type, 21);
		assert_int_equal(list.items[2].attr.type, 22);
		assert_int_equal(list.items[2].attr.config, 0x304);
		assert_string_equal(list.items[2].pmu, "uncore_imc_10");
		assert_int_equal(strncmp(list.items[2].name, "uncore_imc_10/cas", 17), 0);
		assert_int_equal(list.items[2].written, 0);
		assert_false(list.items[2].per_task);
		assert_string_equal(list.items[0].unit, "MiB");
		ev_event_list_done(&list);
	}
	struct ev_event_list list = parsed(*state, "imc/cas_count_read,name=reads/,imc_2/event=1/");
	assert_string_equal(list.items[2].name, "reads");
	assert_int_equal(list.items[3].attr.type, 21);
	ev_event_list_done(&list);
}

static void members_without_the_event_are_left_out(void **state)
{
	tree_uncore(*state);
	struct ev_event_list list = parsed(*state, "imc/only_here/,cs");
	assert_int_equal(list.count, 2);
	assert_int_equal(list.items[0].attr.type, 20);
	assert_int_equal(list.items[1].leader, 1);
	ev_event_list_done(&list);
	refused_with(*state, "imc/nowhere/", -ENOENT, "PMU 'uncore_imc_0' has neither");
}

static void cpu_means_every_kind_of_core(void **state)
{
	tree_hybrid(*state);
	struct ev_event_list list = parsed(*state, "cpu/cycles/u,cpu/event=0x3c/");
	static const struct {
		const char *name;
		uint32_t type;
		uint64_t config;
	} expected[] = {
		{ "cpu_atom/cycles/u", PERF_TYPE_HARDWARE, UINT64_C(10) << 32 },
		{ "cpu_core/cycles/u", PERF_TYPE_HARDWARE, UINT64_C(4) << 32 },
		{ "cpu_atom/event=0x3c/", 10, 0x3c },
		{ "cpu_core/event=0x3c/", 4, 0x3c },
	};
	assert_int_equal(list.count, EV_LENGTH(expected));
	for (size_t i = 0; i < list.count; i++) {
		assert_string_equal(list.items[i].name, expected[i].name);
		assert_int_equal(list.items[i].attr.type, expected[i].type);
		assert_int_equal(list.items[i].attr.config, expected[i].config);
	}
	ev_event_list_done(&list);
}

static void cpu_means_the_only_core_pmu_whatever_its_name(void **state)
{
	described_file(*state, PMUS "armv8_pmuv3_0/type", "8\n");
	described_file(*state, PMUS "armv8_pmuv3_0/cpus", "0-3\n");
	described_file(*state, PMUS "armv8_pmuv3_0/format/event", "config:0-15\n");
	described_file(*state, PMUS "armv8_pmuv3_0/events/inst_retired", "event=0x0008\n");
	struct ev_event_list list =
		parsed(*state,
		       "cpu/event=0x11/,cpu/inst-retired/,armv8_pmuv3/inst_retired/,cycles");
	assert_int_equal(list.count, 4);
	assert_int_equal(list.items[0].attr.type, 8);
	assert_int_equal(list.items[0].attr.config, 0x11);
	assert_int_equal(list.items[1].attr.config, 8);
	assert_int_equal(list.items[2].attr.config, 8);
	/* One kind of core is no hybrid. */
	assert_int_equal(list.items[3].attr.type, PERF_TYPE_HARDWARE);
	assert_int_equal(list.items[3].attr.config, 0);
	ev_event_list_done(&list);
}

static void resolved_spellings_can_be_typed_on_a_hybrid(void **state)
{
	tree_hybrid(*state);
	struct ev_event_list list =
		parsed(*state, "hardware/cycles/u,raw/config=0x1c2/k,cache/LLC-loads,period=9/");
	static const char *const names[] = { "cpu_atom/cycles/u",
					     "cpu_core/cycles/u",
					     "cpu_atom/config=0x1c2/k",
					     "cpu_core/config=0x1c2/k",
					     "cpu_atom/LLC-loads,period=9/",
					     "cpu_core/LLC-loads,period=9/" };
	assert_int_equal(list.count, EV_LENGTH(names));
	for (size_t i = 0; i < list.count; i++) {
		const struct ev_event *event = &list.items[i];
		assert_string_equal(event->name, names[i]);
		/* So do the names they are shown by, for one kind of core. */
		struct ev_event_list again = parsed(*state, event->name);
		assert_int_equal(again.count, 1);
		assert_memory_equal(&again.items[0].attr, &event->attr, sizeof(event->attr));
		ev_event_list_done(&again);
		again = parsed(*state, event->resolved);
		assert_int_equal(again.items[0].attr.config, event->attr.config);
		ev_event_list_done(&again);
	}
	ev_event_list_done(&list);
}

static void a_word_whose_slashes_make_no_sense_is_refused(void **state)
{
	tree_plain(*state);
	refused_with(*state, "cpu/event=1", -EINVAL, "the '/' that ends the terms is missing");
	refused_with(*state, "cpu/event=1/u/k", -EINVAL, "unknown modifier '/'");
	refused_with(*state, "cpu/event=1//", -EINVAL, "unknown modifier '/'");
	refused_with(*state, "/", -EINVAL, "is missing");
	refused_with(*state, "//", -EINVAL, "missing before '/'");
	refused_with(*state, "vprobe:./prog:main", -ENOENT, "unknown event 'vprobe:./prog:main'");
	refused_with(*state, "hardware/task-clock/", -ENOENT, "no PMU or event 'hardware'");
	refused_with(*state, "hardware//", -ENOENT, "no PMU or event 'hardware'");
	refused_with(*state, "raw/config=x/", -ENOENT, "no PMU or event 'raw'");
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(one_kind_of_core_can_be_named),
		WITH_TREE(a_family_of_pmus_counts_with_all_its_members),
		WITH_TREE(members_without_the_event_are_left_out),
		WITH_TREE(cpu_means_every_kind_of_core),
		WITH_TREE(cpu_means_the_only_core_pmu_whatever_its_name),
		WITH_TREE(resolved_spellings_can_be_typed_on_a_hybrid),
		WITH_TREE(a_word_whose_slashes_make_no_sense_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
