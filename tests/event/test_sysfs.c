/* The kernel's description of its PMUs, also where it is broken or hostile. */
#include <errno.h>
#include <math.h>
#include "tree.h"

static void pmus_are_read_with_their_nature(void **state)
{
	tree_plain(*state);
	struct ev_pmus pmus;
	ev_pmus_open(&pmus, *state);
	assert_int_equal(pmus.count, 5);
	const struct ev_pmu *cpu = ev_pmu_find(&pmus, ev_span_of("cpu"));
	assert_int_equal(cpu->type, 4);
	assert_true(cpu->core && cpu->per_task);
	assert_null(cpu->cpus);
	const struct ev_pmu *power = ev_pmu_find(&pmus, ev_span_of("POWER"));
	assert_int_equal(power->type, 9);
	assert_false(power->core || power->per_task);
	assert_string_equal(power->cpus, "0,8");
	assert_ptr_equal(ev_pmu_of(&pmus, 9), power);
	assert_null(ev_pmu_of(&pmus, 77));
	assert_null(ev_pmu_find(&pmus, ev_span_of("nope")));
	ev_pmus_close(&pmus);
}

static void a_pmu_without_a_sound_type_is_left_out(void **state)
{
	described_file(*state, PMUS "good/type", "7\n");
	described_file(*state, PMUS "empty/type", "");
	described_file(*state, PMUS "text/type", "seven\n");
	described_file(*state, PMUS "huge/type", "4294967296\n");
	described_file(*state, PMUS "negative/type", "-1\n");
	described_file(*state, PMUS "none/format/event", "config:0-7\n");
	struct ev_pmus pmus;
	ev_pmus_open(&pmus, *state);
	assert_int_equal(pmus.count, 1);
	assert_string_equal(pmus.items[0].name, "good");
	ev_pmus_close(&pmus);
}

static void a_machine_without_sysfs_has_no_pmus(void **state)
{
	struct ev_pmus pmus;
	ev_pmus_open(&pmus, *state);
	assert_int_equal(pmus.count, 0);
	assert_false(ev_pmus_are_hybrid(*state));
	ev_pmus_close(&pmus);
}

static void arms_sampling_unit_follows_threads_though_it_has_a_cpumask(void **state)
{
	described_file(*state, PMUS "arm_spe_0/type", "11\n");
	described_file(*state, PMUS "arm_spe_0/cpumask", "0-3\n");
	struct ev_pmus pmus;
	ev_pmus_open(&pmus, *state);
	assert_true(pmus.items[0].per_task);
	assert_string_equal(pmus.items[0].cpus, "0-3");
	ev_pmus_close(&pmus);
}

static void only_two_kinds_of_core_make_a_hybrid(void **state)
{
	char path[256];
	assert_false(ev_pmus_are_hybrid(*state));
	tree_hybrid(*state);
	assert_true(ev_pmus_are_hybrid(*state));
	snprintf(path, sizeof(path), "%s/" PMUS "cpu_atom/cpus", (char *)*state);
	assert_int_equal(unlink(path), 0);
	assert_false(ev_pmus_are_hybrid(*state));
}

static void fields_are_found_and_spread(void **state)
{
	tree_plain(*state);
	struct ev_pmus pmus;
	struct ev_field field;
	uint64_t bits;
	ev_pmus_open(&pmus, *state);
	const struct ev_pmu *cpu = ev_pmu_find(&pmus, ev_span_of("cpu"));
	assert_int_equal(ev_pmu_field(&pmus, cpu, ev_span_of("Event"), &field), 1);
	assert_int_equal(field.word, 0);
	assert_int_equal(field.mask, 0xf000000ff);
	assert_true(ev_field_spread(field.mask, 0x28f, &bits));
	assert_int_equal(bits, 0x20000008f);
	assert_false(ev_field_spread(field.mask, 0x1000, &bits));
	assert_int_equal(ev_pmu_field(&pmus, cpu, ev_span_of("ldlat"), &field), 1);
	assert_int_equal(field.word, 1);
	assert_int_equal(ev_pmu_field(&pmus, cpu, ev_span_of("nope"), &field), 0);
	assert_true(ev_field_spread(UINT64_MAX, UINT64_MAX, &bits));
	assert_int_equal(bits, UINT64_MAX);
	ev_pmus_close(&pmus);
}

static void a_broken_format_is_refused(void **state)
{
	static const char *const broken[] = { "",          "config",     "config:",
					      "config:64", "config:7-0", "config:0-7x",
					      "config9:0", "0-7",        "config:0-99999999999",
					      "config:-3" };
	described_file(*state, PMUS "cpu/type", "4\n");
	for (size_t i = 0; i < EV_LENGTH(broken); i++) {
		struct ev_pmus pmus;
		struct ev_field field;
		described_file(*state, PMUS "cpu/format/event", broken[i]);
		ev_pmus_open(&pmus, *state);
		assert_int_equal(ev_pmu_field(&pmus, &pmus.items[0], ev_span_of("event"), &field),
				 -EINVAL);
		ev_pmus_close(&pmus);
		refused_with(*state, "cpu/event=1/", -EINVAL, "can't be understood");
	}
}

static void a_file_larger_than_sysfs_can_hand_out_is_not_believed(void **state)
{
	char *text = ev_alloc(100000);
	memset(text, '1', 99999);
	described_file(*state, PMUS "cpu/type", "4\n");
	described_file(*state, PMUS "cpu/events/large", text);
	described_file(*state, PMUS "other/type", text);
	refused_with(*state, "cpu/large/", -EINVAL, "can't be understood");
	free(text);
}

static void units_and_scales_come_with_the_event(void **state)
{
	tree_plain(*state);
	struct ev_pmus pmus;
	struct ev_arena arena = { 0 };
	struct ev_alias alias;
	ev_pmus_open(&pmus, *state);
	const struct ev_pmu *power = ev_pmu_find(&pmus, ev_span_of("power"));
	assert_int_equal(ev_pmu_alias(&pmus, power, ev_span_of("ENERGY_PKG"), &arena, &alias), 1);
	assert_string_equal(alias.name, "energy-pkg");
	assert_string_equal(alias.terms, "event=0x02");
	assert_string_equal(alias.unit, "Joules");
	assert_true(alias.scale == ldexp(1, -32));
	/* The details of an event are no events. */
	assert_int_equal(ev_pmu_alias(&pmus, power, ev_span_of("energy-pkg.unit"), &arena, &alias),
			 0);
	ev_arena_done(&arena);
	ev_pmus_close(&pmus);
}

static void a_scale_that_is_no_number_is_refused(void **state)
{
	static const char *const broken[] = { "x", "1.5x", "0", "-1", "nan", "inf", "1e999" };
	tree_plain(*state);
	for (size_t i = 0; i < EV_LENGTH(broken); i++) {
		described_file(*state, PMUS "power/events/energy-pkg.scale", broken[i]);
		refused_with(*state, "power/energy-pkg/", -EINVAL, "can't be understood");
	}
}

static void families_of_pmus_are_meant_by_their_short_names(void **state)
{
	(void)state;
	struct ev_pmu pmu = { .name = "uncore_imc_10" };
	static const char *const meant[] = { "uncore_imc_10", "uncore_imc", "imc", "IMC_10",
					     "uncore_imc_*",  "imc_?0",     "*" };
	static const char *const other[] = { "imc_1", "imc_2",    "im", "uncore",
					     "cha",   "imc_10_x", "?mc" };
	for (size_t i = 0; i < EV_LENGTH(meant); i++)
		if (!ev_pmu_is_meant(&pmu, ev_span_of(meant[i])))
			fail_msg("%s was not meant by %s", pmu.name, meant[i]);
	for (size_t i = 0; i < EV_LENGTH(other); i++)
		if (ev_pmu_is_meant(&pmu, ev_span_of(other[i])))
			fail_msg("%s was meant by %s", pmu.name, other[i]);
	pmu.name = "uncore_imc_free_running_0";
	assert_false(ev_pmu_is_meant(&pmu, ev_span_of("imc")));
	assert_true(ev_pmu_is_meant(&pmu, ev_span_of("imc_free_running")));
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(pmus_are_read_with_their_nature),
		WITH_TREE(a_pmu_without_a_sound_type_is_left_out),
		WITH_TREE(a_machine_without_sysfs_has_no_pmus),
		WITH_TREE(arms_sampling_unit_follows_threads_though_it_has_a_cpumask),
		WITH_TREE(only_two_kinds_of_core_make_a_hybrid),
		WITH_TREE(fields_are_found_and_spread),
		WITH_TREE(a_broken_format_is_refused),
		WITH_TREE(a_file_larger_than_sysfs_can_hand_out_is_not_believed),
		WITH_TREE(units_and_scales_come_with_the_event),
		WITH_TREE(a_scale_that_is_no_number_is_refused),
		cmocka_unit_test(families_of_pmus_are_meant_by_their_short_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
