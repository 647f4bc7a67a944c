/* Formulas over counts: which row gets which figure, and which rows get none. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>
#include <evprof/figures.h>

#define assert_near(is, expected, tolerance) assert_true(fabs((is) - (expected)) <= (tolerance))

static const char *const names[] = {
	"task-clock",    "cycles",           "instructions",
	"cycles:u",      "instructions:u",   "branches",
	"branch-misses", "cpu_atom/cycles/", "cpu_atom/instructions/"
};
static const double values[] = { 2e9, 6e9, 12e9, 5e9, 5e9, 2e9, 1e8, 1e9, 5e8 };

/* The metric beside one more row. */
static struct ev_metric_value of(const char *event, double value)
{
	const char *all[EV_LENGTH(names) + 1] = { event };
	double counts[EV_LENGTH(names) + 1] = { value };
	struct ev_metric_value out;
	memcpy(all + 1, names, sizeof(names));
	memcpy(counts + 1, values, sizeof(values));
	const struct ev_metric_counts given = {
		.names = all, .values = counts, .count = EV_LENGTH(all), .elapsed_s = 4
	};
	if (!ev_metric_of(&given, 0, &out))
		out.metric = NULL;
	return out;
}

static const struct ev_metric *metric_named(const char *group, const char *name)
{
	for (size_t i = 0; i < ev_metric_count; i++) {
		if (!strcmp(ev_metrics[i].group, group) && !strcmp(ev_metrics[i].name, name))
			return &ev_metrics[i];
	}
	fail_msg("no metric %s", name);
	return NULL;
}

static void assert_metric(const char *event, double value, double expected, const char *unit)
{
	struct ev_metric_value out = of(event, value);
	assert_non_null(out.metric);
	assert_string_equal(out.unit, unit);
	assert_near(out.value, expected, 1e-9);
}

static void the_classic_figures(void **state)
{
	(void)state;
	assert_metric("task-clock", 2e9, 0.5, "CPUs utilized");
	assert_metric("cycles", 6e9, 3, "GHz");
	assert_metric("cpu-cycles", 6e9, 3, "GHz");
	assert_metric("instructions", 12e9, 2, "insn per cycle");
	assert_metric("branch-misses", 1e8, 5, "of all branches");
	assert_true(of("branch-misses", 1e8).metric->percent);
}

static void modifiers_pick_the_partner_of_the_same_level(void **state)
{
	(void)state;
	assert_metric("instructions:u", 5e9, 1, "insn per cycle");
	assert_metric("instructions:upp", 5e9, 1, "insn per cycle");
	assert_metric("cpu/instructions/u", 5e9, 1, "insn per cycle");
	assert_metric("cpu_atom/instructions/", 5e8, 0.5, "insn per cycle");
	/* No cycles:k was counted, so there is only the rate. */
	assert_metric("instructions:k", 4e9, 2, "G/sec");
}

static void other_events_get_rates_with_a_fitting_prefix(void **state)
{
	(void)state;
	assert_metric("context-switches", 0, 0, "/sec");
	assert_metric("page-faults", 100, 50, "/sec");
	assert_metric("page-faults", 230830, 115.415, "K/sec");
	assert_metric("branches", 2e9, 1, "G/sec");
	assert_metric("sched:sched_switch", 4e6, 2, "M/sec");
	assert_metric("cache-misses", 2e6, 1, "M/sec");
}

static void times_get_no_rate(void **state)
{
	(void)state;
	assert_null(of("duration_time", 1e9).metric);
	assert_null(of("user_time", 1e9).metric);
	assert_null(of("system_time", 1e9).metric);
}

static void without_a_clock_there_is_no_rate(void **state)
{
	(void)state;
	const char *const alone[] = { "page-faults" };
	const double count = 100;
	struct ev_metric_counts counts = {
		.names = alone, .values = &count, .count = 1, .elapsed_s = 1
	};
	struct ev_metric_value out;
	assert_false(ev_metric_of(&counts, 0, &out));
	const char *const clock[] = { "task-clock" };
	counts.names = clock;
	assert_true(ev_metric_of(&counts, 0, &out));
	counts.elapsed_s = 0;
	assert_false(ev_metric_of(&counts, 0, &out));
}

static void a_cpu_clock_stands_in_for_a_missing_task_clock(void **state)
{
	(void)state;
	const char *const both[] = { "cpu-clock", "page-faults" };
	const double numbers[] = { 2e9, 100 };
	const struct ev_metric_counts counts = {
		.names = both, .values = numbers, .count = 2, .elapsed_s = 1
	};
	struct ev_metric_value out;
	assert_true(ev_metric_of(&counts, 1, &out));
	assert_near(out.value, 50, 1e-9);
}

static void stalls_are_the_worse_of_the_two_ends_that_were_counted(void **state)
{
	(void)state;
	const struct ev_metric *metric = metric_named("stalls", "stalled-per-insn");
	const char *const some[] = { "instructions", "stalled-cycles-frontend",
				     "stalled-cycles-backend" };
	const double numbers[] = { 100, 20, 50 };
	struct ev_metric_counts counts = { .names = some, .values = numbers, .count = 3 };
	struct ev_metric_value out;
	assert_true(ev_metric_at(metric, &counts, 0, &out));
	assert_near(out.value, 0.5, 1e-12);
	counts.count = 2;
	assert_true(ev_metric_at(metric, &counts, 0, &out));
	assert_near(out.value, 0.2, 1e-12);
	counts.count = 1;
	assert_false(ev_metric_at(metric, &counts, 0, &out));
}

static void misses_are_told_per_thousand_instructions(void **state)
{
	(void)state;
	const char *const some[] = { "branch-misses:u", "instructions:u",
				     "L1-dcache-store-misses" };
	const double numbers[] = { 42, 10000, 5 };
	const struct ev_metric_counts counts = { .names = some, .values = numbers, .count = 3 };
	struct ev_metric_value out;
	assert_true(ev_metric_at(metric_named("mpki", "branch-mpki"), &counts, 0, &out));
	assert_near(out.value, 4.2, 1e-12);
	assert_true(ev_metric_stands_at(metric_named("mpki", "mpki"), "L1-dcache-store-misses"));
	/* Of all levels of privilege, but the instructions of one only. */
	assert_false(ev_metric_at(metric_named("mpki", "mpki"), &counts, 2, &out));
}

/* ---- counters that took turns ------------------------------------------------------------------
 */

static struct ev_metric_value shared_ipc(const unsigned *groups, const bool *shared)
{
	const char *const some[] = { "cycles", "instructions", "cycles" };
	const double numbers[] = { 100, 150, 300 };
	const struct ev_metric_counts counts = {
		.names = some, .values = numbers, .groups = groups, .shared = shared, .count = 3
	};
	struct ev_metric_value out;
	assert_true(ev_metric_of(&counts, 1, &out));
	return out;
}

static void a_ratio_of_counters_that_took_turns_is_marked(void **state)
{
	(void)state;
	const bool all[] = { true, true, true }, none[3] = { false },
		   one[] = { false, true, false };
	assert_true(shared_ipc((unsigned[]){ 0, 1, 2 }, all).apart);
	assert_true(shared_ipc((unsigned[]){ 0, 1, 2 }, one).apart);
	assert_false(shared_ipc((unsigned[]){ 0, 1, 2 }, none).apart);
	assert_false(shared_ipc((unsigned[]){ 0, 0, 2 }, all).apart);
}

static void the_partner_of_the_same_group_is_preferred(void **state)
{
	(void)state;
	const bool all[] = { true, true, true };
	struct ev_metric_value out = shared_ipc((unsigned[]){ 0, 1, 1 }, all);
	assert_near(out.value, 0.5, 1e-12);
	assert_false(out.apart);
	assert_near(shared_ipc((unsigned[]){ 0, 0, 2 }, all).value, 1.5, 1e-12);
}

static void a_rate_over_the_clock_needs_no_group(void **state)
{
	(void)state;
	const char *const some[] = { "task-clock", "cache-misses" };
	const double numbers[] = { 1e9, 150 };
	const bool shared[] = { false, true };
	const unsigned groups[] = { 0, 1 };
	const struct ev_metric_counts counts = {
		.names = some, .values = numbers, .groups = groups, .shared = shared, .count = 2
	};
	struct ev_metric_value out;
	assert_true(ev_metric_of(&counts, 1, &out));
	assert_false(out.apart);
}

/* ---- the tables --------------------------------------------------------------------------------
 */

static void every_formula_explains_itself(void **state)
{
	(void)state;
	assert_true(ev_metric_count > 40);
	for (size_t i = 0; i < ev_metric_count; i++) {
		assert_true(strlen(ev_metrics[i].about) > 10);
		assert_non_null(strchr(ev_metrics[i].format, '.'));
		assert_non_null(ev_metrics[i].text);
		for (size_t j = 0; j < i; j++)
			assert_false(!strcmp(ev_metrics[i].name, ev_metrics[j].name) &&
				     !strcmp(ev_metrics[i].group, ev_metrics[j].group));
	}
	assert_string_equal(ev_metrics[ev_metric_count - 1].event, "*");
}

static bool one_each(void *context, const char *name, double *value)
{
	(void)context;
	(void)name;
	*value = 3;
	return true;
}

static bool none_there(void *context, const char *name, double *value)
{
	(void)context;
	(void)name;
	(void)value;
	return false;
}

/* -M opens what the formula names and looks for the row among that. */
static void every_formula_is_one_and_names_the_row_it_stands_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < ev_metric_count; i++) {
		const struct ev_metric *metric = &ev_metrics[i];
		const char *rest = metric->formula;
		char name[128];
		double value;
		bool found = strchr(metric->event, '*');
		while (ev_formula_name(&rest, name, sizeof(name)))
			found |= !strcmp(name, "event") || !strcmp(name, metric->event);
		if (!found)
			fail_msg("%s does not name %s", metric->formula, metric->event);
		if (!ev_formula_value(metric->formula, one_each, NULL, &value))
			fail_msg("%s is no formula", metric->formula);
		assert_false(ev_formula_value(metric->formula, none_there, NULL, &value));
	}
}

static void metrics_are_meant_by_name_group_and_glob(void **state)
{
	(void)state;
	const struct ev_metric *metric = metric_named("tlb", "dtlb-miss");
	assert_true(ev_metric_is_meant(metric, "dtlb-miss"));
	assert_true(ev_metric_is_meant(metric, "DTLB_MISS"));
	assert_true(ev_metric_is_meant(metric, "tlb"));
	assert_true(ev_metric_is_meant(metric, "*tlb*"));
	assert_false(ev_metric_is_meant(metric, "itlb-miss"));
}

/* ---- top-down ----------------------------------------------------------------------------------
 */

static double part(const char *way, const char *name, const struct ev_metric_counts *counts)
{
	const struct ev_metric *metric = metric_named(way, name);
	struct ev_metric_value out;
	for (size_t i = 0; i < counts->count; i++) {
		if (ev_metric_at(metric, counts, i, &out))
			return out.value;
	}
	fail_msg("%s stands nowhere", name);
	return 0;
}

static void assert_parts(const char *way, const struct ev_metric_counts *counts,
			 const double expected[4])
{
	static const char *const parts[] = { "retiring", "bad-speculation", "frontend-bound",
					     "backend-bound" };
	for (size_t i = 0; i < 4; i++)
		assert_near(part(way, parts[i], counts), expected[i], 1e-9);
}

static void slots_are_shared_out_by_every_vendors_events(void **state)
{
	(void)state;
	const char *const slots[] = { "slots", "topdown-retiring", "topdown-bad-spec",
				      "cpu/topdown-fe-bound/", "topdown-be-bound" };
	assert_parts("topdown-intel-slots",
		     &(struct ev_metric_counts){ .names = slots,
						 .values = (double[]){ 1000, 400, 100, 200, 300 },
						 .count = 5 },
		     (double[]){ 40, 10, 20, 30 });
	const char *const classic[] = { "topdown-total-slots", "topdown-slots-issued",
					"topdown-slots-retired", "topdown-fetch-bubbles",
					"topdown-recovery-bubbles" };
	assert_parts("topdown-intel-classic",
		     &(struct ev_metric_counts){ .names = classic,
						 .values = (double[]){ 1000, 450, 400, 200, 50 },
						 .count = 5 },
		     (double[]){ 40, 10, 20, 30 });
	const char *const amd[] = { "ls_not_halted_cyc", "ex_ret_ops", "de_src_op_disp.all",
				    "de_no_dispatch_per_slot.no_ops_from_frontend",
				    "de_no_dispatch_per_slot.backend_stalls" };
	assert_parts("topdown-amd-zen4",
		     &(struct ev_metric_counts){ .names = amd,
						 .values = (double[]){ 100, 240, 300, 120, 180 },
						 .count = 5 },
		     (double[]){ 40, 10, 20, 30 });
	const char *const arm[] = { "cpu_cycles",         "stall_slot", "stall_slot_frontend",
				    "stall_slot_backend", "op_retired", "op_spec" };
	assert_parts("topdown-arm",
		     &(struct ev_metric_counts){ .names = arm,
						 .values =
							 (double[]){ 100, 400, 160, 240, 400, 500 },
						 .count = 6,
						 .slots = 8 },
		     (double[]){ 40, 10, 20, 30 });
}

static void codes_of_one_vendor_are_not_tried_on_anothers_cpu(void **state)
{
	(void)state;
	const struct ev_topdown_way *zen4 = NULL;
	for (size_t i = 0; i < ev_topdown_way_count; i++) {
		if (!strcmp(ev_topdown_ways[i].group, "topdown-amd-zen4"))
			zen4 = &ev_topdown_ways[i];
	}
	assert_non_null(zen4);
	assert_true(ev_topdown_suits(zen4, "AuthenticAMD,25,17,1"));
	assert_true(ev_topdown_suits(zen4, "AuthenticAMD,25,97,2"));
	assert_false(ev_topdown_suits(zen4, "AuthenticAMD,25,33,0")); /* Zen 3 */
	assert_false(ev_topdown_suits(zen4, "AuthenticAMD,25,1,1"));
	assert_false(ev_topdown_suits(zen4, "GenuineIntel,6,85,4"));
	assert_false(ev_topdown_suits(zen4, NULL));
	assert_true(ev_topdown_suits(&ev_topdown_ways[0], NULL));
}

static void names_of_any_length_are_survived(void **state)
{
	(void)state;
	char endless[1000];
	memset(endless, 'a', sizeof(endless) - 1);
	endless[sizeof(endless) - 1] = 0;
	assert_metric(endless, 100, 50, "/sec");
	endless[500] = '/';
	endless[700] = '/';
	assert_metric(endless, 100, 50, "/sec");
	assert_metric("", 100, 50, "/sec");
	assert_metric("/", 100, 50, "/sec");
	assert_metric(":", 100, 50, "/sec");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_classic_figures),
		cmocka_unit_test(modifiers_pick_the_partner_of_the_same_level),
		cmocka_unit_test(other_events_get_rates_with_a_fitting_prefix),
		cmocka_unit_test(times_get_no_rate),
		cmocka_unit_test(without_a_clock_there_is_no_rate),
		cmocka_unit_test(a_cpu_clock_stands_in_for_a_missing_task_clock),
		cmocka_unit_test(stalls_are_the_worse_of_the_two_ends_that_were_counted),
		cmocka_unit_test(misses_are_told_per_thousand_instructions),
		cmocka_unit_test(a_ratio_of_counters_that_took_turns_is_marked),
		cmocka_unit_test(the_partner_of_the_same_group_is_preferred),
		cmocka_unit_test(a_rate_over_the_clock_needs_no_group),
		cmocka_unit_test(every_formula_explains_itself),
		cmocka_unit_test(every_formula_is_one_and_names_the_row_it_stands_at),
		cmocka_unit_test(metrics_are_meant_by_name_group_and_glob),
		cmocka_unit_test(slots_are_shared_out_by_every_vendors_events),
		cmocka_unit_test(codes_of_one_vendor_are_not_tried_on_anothers_cpu),
		cmocka_unit_test(names_of_any_length_are_survived),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
