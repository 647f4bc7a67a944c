/* Topology files become ids: trees are made here, the machine's own is looked at last. */
#include <sys/stat.h>
#include "live.h"

static char root[64];

static void write_file(const char *text, const char *fmt, unsigned cpu)
{
	char path[512], *slash;
	size_t used = (size_t)snprintf(path, sizeof(path), "%s/sys/devices/system/cpu/", root);
	snprintf(path + used, sizeof(path) - used, fmt, cpu);
	for (slash = path + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = 0;
		mkdir(path, 0755);
		*slash = '/';
	}
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", text);
	fclose(file);
}

static int make_root(void **state)
{
	(void)state;
	strcpy(root, "/tmp/evprof-topology-XXXXXX");
	return mkdtemp(root) ? 0 : -1;
}

static int drop_root(void **state)
{
	char command[128];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf %s", root);
	return system(command);
}

static const char *id_of(enum ev_by by, unsigned cpu)
{
	static char id[64];
	struct ev_cpu_place place = ev_cpu_place(root, cpu);
	return ev_aggregation_id(&ev_aggregations[by], &place, id, sizeof(id));
}

static void every_id_is_made_of_its_files(void **state)
{
	(void)state;
	write_file("1", "cpu%u/topology/physical_package_id", 70);
	write_file("2", "cpu%u/topology/die_id", 70);
	write_file("33", "cpu%u/topology/core_id", 70);
	write_file("9", "cpu%u/topology/cluster_id", 70);
	write_file("1", "cpu%u/cache/index0/level", 70);
	write_file("70", "cpu%u/cache/index0/shared_cpu_list", 70);
	write_file("3", "cpu%u/cache/index1/level", 70);
	write_file("64-79", "cpu%u/cache/index1/shared_cpu_list", 70);
	write_file("", "cpu%u/node5/cpulist", 70);
	assert_string_equal(id_of(EV_BY_CPU, 70), "CPU70");
	assert_string_equal(id_of(EV_BY_CORE, 70), "S1-D2-C33");
	assert_string_equal(id_of(EV_BY_DIE, 70), "S1-D2");
	assert_string_equal(id_of(EV_BY_SOCKET, 70), "S1");
	assert_string_equal(id_of(EV_BY_NODE, 70), "N5");
	assert_string_equal(id_of(EV_BY_CLUSTER, 70), "S1-D2-CLS9");
	assert_string_equal(id_of(EV_BY_CACHE, 70), "S1-D2-L3-ID64");
}

static void what_the_machine_does_not_tell_is_minus_one_or_none(void **state)
{
	(void)state;
	assert_string_equal(id_of(EV_BY_CORE, 3), "S-1-D0-C-1");
	assert_string_equal(id_of(EV_BY_NODE, 3), "N0");
	assert_string_equal(id_of(EV_BY_CACHE, 3), "S-1-D0-L0-ID3");
	write_file("-1", "cpu%u/topology/physical_package_id", 3);
	write_file("rubbish", "cpu%u/topology/die_id", 3);
	write_file("99999999999999999999", "cpu%u/topology/core_id", 3);
	write_file("3", "cpu%u/cache/index0/level", 3);
	write_file("x-y", "cpu%u/cache/index0/shared_cpu_list", 3);
	write_file("", "cpu%u/nodes/cpulist", 3);
	assert_string_equal(id_of(EV_BY_CORE, 3), "S-1-D0-C-1");
	assert_string_equal(id_of(EV_BY_CACHE, 3), "S-1-D0-L0-ID3");
	assert_string_equal(id_of(EV_BY_NODE, 3), "N0");
}

static void ids_are_ordered_as_numbers_and_from_the_outside_in(void **state)
{
	(void)state;
	const struct ev_aggregation *core = &ev_aggregations[EV_BY_CORE];
	struct ev_cpu_place one = { .cpu = 9, .socket = 0, .die = 1, .core = 2 };
	struct ev_cpu_place other = { .cpu = 1, .socket = 0, .die = 1, .core = 10 };
	assert_true(ev_aggregation_compare(core, &one, &other) < 0);
	other.die = 0;
	assert_true(ev_aggregation_compare(core, &one, &other) > 0);
	assert_int_equal(ev_aggregation_compare(&ev_aggregations[EV_BY_SOCKET], &one, &other), 0);
}

static void a_long_id_is_cut_and_nothing_else_is_touched(void **state)
{
	(void)state;
	char small[8] = "#######";
	const struct ev_cpu_place place = { .socket = 1000000, .die = 5, .core = 6 };
	ev_aggregation_id(&ev_aggregations[EV_BY_CORE], &place, small, sizeof(small) - 1);
	assert_string_equal(small, "S10000");
}

static void the_table_says_each_name_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < ev_aggregation_count; i++) {
		assert_non_null(ev_aggregations[i].name);
		assert_non_null(ev_aggregations[i].parts[0].prefix);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(ev_aggregations[i].name, ev_aggregations[j].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_id_is_made_of_its_files),
		cmocka_unit_test(what_the_machine_does_not_tell_is_minus_one_or_none),
		cmocka_unit_test(ids_are_ordered_as_numbers_and_from_the_outside_in),
		cmocka_unit_test(a_long_id_is_cut_and_nothing_else_is_touched),
		cmocka_unit_test(the_table_says_each_name_once),
	};
	return cmocka_run_group_tests(tests, make_root, drop_root);
}
