/* Sockets, caches, memory and counting units of an imaginary machine, as sections of a header. */
#include <ftw.h>
#include <sys/stat.h>
#include "root.h"
#include "host.h"

#define CPU0 "sys/devices/system/cpu/cpu0/"
#define CPU1 "sys/devices/system/cpu/cpu1/"
#define NODE "sys/devices/system/node/"
#define PMU "sys/bus/event_source/devices/"

static void expect_text(struct ev_cursor *cursor, const char *text)
{
	uint32_t room = ev_cursor_u32(cursor);
	assert_int_equal(room % 64, 0);
	assert_true(room > strlen(text));
	const char *found = ev_cursor_bytes(cursor, room);
	assert_non_null(found);
	assert_string_equal(found, text);
	for (size_t i = strlen(text); i < room; i++)
		assert_int_equal(found[i], 0);
}

static void expect_end(struct ev_cursor *cursor)
{
	assert_false(cursor->bad);
	assert_int_equal(ev_cursor_left(cursor), 0);
}

static void put_topology(const char *cpu, const char *threads, const char *core)
{
	char path[256];
	const char *const files[][2] = { { "core_siblings_list", "0-1\n" },
					 { "thread_siblings_list", threads },
					 { "core_id", core },
					 { "physical_package_id", "7\n" } };
	for (size_t i = 0; i < EV_LENGTH(files); i++) {
		snprintf(path, sizeof(path), "%stopology/%s", cpu, files[i][0]);
		put(path, files[i][1]);
	}
}

static void cpus_are_told_by_socket_and_core_and_an_offline_one_as_unknown(void **state)
{
	(void)state;
	struct ev_buffer out = { 0 };
	put_topology(CPU0, "0\n", "4\n");
	put_topology(CPU1, "1\n", "5\n");
	assert_true(ev_host_cpu_topology(root, 3, &out));
	struct ev_cursor cursor = ev_cursor_of(out.bytes, out.size_bytes, false);
	assert_int_equal(ev_cursor_u32(&cursor), 1);
	expect_text(&cursor, "0-1");
	assert_int_equal(ev_cursor_u32(&cursor), 2);
	expect_text(&cursor, "0");
	expect_text(&cursor, "1");
	static const uint32_t ids[] = { 4, 7, 5, 7, UINT32_MAX, UINT32_MAX };
	for (size_t i = 0; i < EV_LENGTH(ids); i++)
		assert_int_equal(ev_cursor_u32(&cursor), ids[i]);
	assert_int_equal(ev_cursor_u32(&cursor), 0); /* no dies on this machine */
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(ev_cursor_u32(&cursor), UINT32_MAX);
	expect_end(&cursor);
	put(CPU0 "topology/die_cpus_list", "0-1\n");
	put(CPU0 "topology/die_id", "3\n");
	out.size_bytes = 0;
	assert_true(ev_host_cpu_topology(root, 1, &out));
	cursor = ev_cursor_of(out.bytes, out.size_bytes, false);
	ev_cursor_skip(&cursor, 4 + 68 + 4 + 68 + 8);
	assert_int_equal(ev_cursor_u32(&cursor), 1);
	expect_text(&cursor, "0-1");
	assert_int_equal(ev_cursor_u32(&cursor), 3);
	expect_end(&cursor);
	ev_buffer_done(&out);
}

static void put_cache(const char *folder, const char *level, const char *type, const char *size,
		      const char *cpus)
{
	char path[256];
	const char *const files[][2] = {
		{ "level", level },
		{ "type", type },
		{ "size", size },
		{ "shared_cpu_list", cpus },
		{ "coherency_line_size", "64" },
		{ "number_of_sets", "128" },
		{ "ways_of_associativity", "8" },
	};
	for (size_t i = 0; i < EV_LENGTH(files); i++) {
		if (!files[i][1])
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, files[i][0]);
		put(path, files[i][1]);
	}
}

static void a_shared_cache_is_told_once_and_levels_are_in_order(void **state)
{
	(void)state;
	struct ev_buffer out = { 0 };
	put_cache(CPU0 "cache/index0", "3\n", "Unified\n", "33792K\n", "0-1\n");
	put_cache(CPU0 "cache/index1", "1\n", "Data\n", "32K\n", "0\n");
	put_cache(CPU0 "cache/index2", "1\n", "Instruction\n", NULL, "0\n"); /* size unknown */
	put_cache(CPU1 "cache/index0", "3\n", "Unified\n", "33792K\n", "0-1\n");
	put_cache(CPU1 "cache/index1", "1\n", "Data\n", "32K\n", "1\n");
	assert_true(ev_host_caches(root, 2, &out));
	struct ev_cursor cursor = ev_cursor_of(out.bytes, out.size_bytes, false);
	assert_int_equal(ev_cursor_u32(&cursor), 1); /* version */
	assert_int_equal(ev_cursor_u32(&cursor), 3);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(ev_cursor_u32(&cursor), i < 2 ? 1 : 3);
		assert_int_equal(ev_cursor_u32(&cursor), 64);
		assert_int_equal(ev_cursor_u32(&cursor), 128);
		assert_int_equal(ev_cursor_u32(&cursor), 8);
		expect_text(&cursor, i < 2 ? "Data" : "Unified");
		expect_text(&cursor, i < 2 ? "32K" : "33792K");
		expect_text(&cursor, i == 0 ? "0" : i == 1 ? "1" : "0-1");
	}
	expect_end(&cursor);
	ev_buffer_done(&out);
}

static void memory_is_told_by_node_and_by_block(void **state)
{
	(void)state;
	struct ev_buffer out = { 0 };
	put(NODE "online", "0,2\n");
	put(NODE "node0/meminfo", "Node 0 MemTotal:  1000 kB\nNode 0 MemFree: 400 kB\n");
	put(NODE "node0/cpulist", "0-1\n");
	put(NODE "node2/meminfo", "Node 2 MemTotal:  50 kB\nNode 2 MemFree: 40 kB\n");
	put(NODE "node2/cpulist", "\n");
	put(NODE "node0/memory0/state", "online\n");
	put(NODE "node0/memory65/state", "online\n");
	put(NODE "node0/memory99999999999/state", "online\n");
	put("sys/devices/system/memory/block_size_bytes", "8000000\n");
	assert_true(ev_host_numa_topology(root, &out));
	struct ev_cursor cursor = ev_cursor_of(out.bytes, out.size_bytes, false);
	assert_int_equal(ev_cursor_u32(&cursor), 2);
	assert_int_equal(ev_cursor_u32(&cursor), 0);
	assert_int_equal(ev_cursor_u64(&cursor), 1000);
	assert_int_equal(ev_cursor_u64(&cursor), 400);
	expect_text(&cursor, "0-1");
	assert_int_equal(ev_cursor_u32(&cursor), 2);
	assert_int_equal(ev_cursor_u64(&cursor), 50);
	assert_int_equal(ev_cursor_u64(&cursor), 40);
	expect_text(&cursor, ""); /* memory without CPUs */
	expect_end(&cursor);
	out.size_bytes = 0;
	assert_true(ev_host_mem_topology(root, &out));
	/* version, block size, nodes; node, bits, bits, words; node 2 has no blocks */
	static const uint64_t words[] = { 1, 0x8000000, 1, 0, 66, 66, 1, 2 };
	assert_int_equal(out.size_bytes, sizeof(words));
	assert_memory_equal(out.bytes, words, sizeof(words));
	ev_buffer_done(&out);
}

static void counting_units_are_told_with_their_numbers(void **state)
{
	(void)state;
	struct ev_buffer out = { 0 };
	put(PMU "msr/type", "10\n");
	put(PMU "broken/type", "none\n");
	put(PMU "empty/other", "1\n");
	assert_true(ev_host_pmu_mappings(root, &out));
	struct ev_cursor cursor = ev_cursor_of(out.bytes, out.size_bytes, false);
	assert_int_equal(ev_cursor_u32(&cursor), 1);
	assert_int_equal(ev_cursor_u32(&cursor), 10);
	expect_text(&cursor, "msr");
	expect_end(&cursor);
	ev_buffer_done(&out);
}

static void what_the_machine_does_not_say_is_left_out(void **state)
{
	(void)state;
	struct ev_recording recording = { .cpus_available = 2 };
	char longest[6000];
	ev_host_sections(&recording, root);
	assert_int_equal(recording.section_count, 0);
	/* Half-told, broken or far too long files do not make a section either. */
	memset(longest, '1', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = 0;
	put(CPU0 "topology/core_siblings_list", longest);
	put(CPU0 "topology/thread_siblings_list", "0\n");
	put(CPU0 "cache/index0/level", "1\n");
	put(NODE "online", "0-99999999\n");
	put("sys/devices/system/memory/block_size_bytes", "8000000\n");
	put(PMU "msr/type", longest);
	ev_host_sections(&recording, root);
	assert_int_equal(recording.section_count, 0);
	put(NODE "online", "0-1\n");
	put(NODE "node0/meminfo", "Node 0 MemTotal:  1000 kB\nNode 0 MemFree: 400 kB\n");
	put(NODE "node0/cpulist", "0\n");
	ev_host_sections(&recording, root);
	assert_int_equal(recording.section_count, 0);
	put(PMU "msr/type", "10\n");
	ev_host_sections(&recording, root);
	assert_int_equal(recording.section_count, 1);
	assert_non_null(ev_recording_section(&recording, EV_FEATURE_PMU_MAPPINGS));
	ev_recording_done(&recording);
}

#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, make_root, delete_root)

static void capabilities_of_the_cpu_stand_alone(void **state)
{
	(void)state;
	struct ev_buffer out = { 0 };
	assert_false(ev_host_cpu_capabilities(root, &out));
	assert_int_equal(out.size_bytes, 0);
	put(PMU "cpu/caps/pmu_name", "skylake\n");
	put(PMU "cpu/caps/branches", "32\n");
	put(PMU "cpu/caps/empty", "");
	assert_true(ev_host_cpu_capabilities(root, &out));
	struct ev_cursor cursor = ev_cursor_of(out.bytes, out.size_bytes, false);
	assert_int_equal(ev_cursor_u32(&cursor), 2);
	expect_text(&cursor, "branches");
	expect_text(&cursor, "32");
	expect_text(&cursor, "pmu_name");
	expect_text(&cursor, "skylake");
	expect_end(&cursor);
	ev_buffer_done(&out);
}

static void capabilities_of_other_pmus_have_their_names_behind_them(void **state)
{
	(void)state;
	struct ev_buffer out = { 0 };
	assert_false(ev_host_pmu_capabilities(root, &out)); /* no PMU at all */
	put(PMU "cpu/caps/branches", "32\n");
	put(PMU "software/type", "1\n");
	put(PMU "cpu_core/caps/branches", "16\n");
	put(PMU "armv8/caps/slots", "0x8\n");
	assert_true(ev_host_pmu_capabilities(root, &out));
	struct ev_cursor cursor = ev_cursor_of(out.bytes, out.size_bytes, false);
	assert_int_equal(ev_cursor_u32(&cursor), 2);
	assert_int_equal(ev_cursor_u32(&cursor), 1);
	expect_text(&cursor, "slots");
	expect_text(&cursor, "0x8");
	expect_text(&cursor, "armv8");
	assert_int_equal(ev_cursor_u32(&cursor), 1);
	expect_text(&cursor, "branches");
	expect_text(&cursor, "16");
	expect_text(&cursor, "cpu_core");
	expect_end(&cursor);
	ev_buffer_done(&out);
}

static void kinds_of_cores_are_listed(void **state)
{
	(void)state;
	struct ev_buffer out = { 0 };
	put(PMU "cpu/type", "4\n");
	assert_false(ev_host_hybrid_topology(root, &out));
	assert_int_equal(out.size_bytes, 0);
	put(PMU "cpu_core/cpus", "0-7\n");
	put(PMU "cpu_atom/cpus", "8-15\n");
	assert_true(ev_host_hybrid_topology(root, &out));
	struct ev_cursor cursor = ev_cursor_of(out.bytes, out.size_bytes, false);
	assert_int_equal(ev_cursor_u32(&cursor), 2);
	expect_text(&cursor, "cpu_atom");
	expect_text(&cursor, "8-15");
	expect_text(&cursor, "cpu_core");
	expect_text(&cursor, "0-7");
	expect_end(&cursor);
	ev_buffer_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TREE(cpus_are_told_by_socket_and_core_and_an_offline_one_as_unknown),
		IN_TREE(a_shared_cache_is_told_once_and_levels_are_in_order),
		IN_TREE(memory_is_told_by_node_and_by_block),
		IN_TREE(counting_units_are_told_with_their_numbers),
		IN_TREE(capabilities_of_the_cpu_stand_alone),
		IN_TREE(capabilities_of_other_pmus_have_their_names_behind_them),
		IN_TREE(kinds_of_cores_are_listed),
		IN_TREE(what_the_machine_does_not_say_is_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
