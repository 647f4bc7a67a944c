/* One JSON object a line, with perf's keys. */
#include "view/counts.h"

static const struct ev_stat_options json = { .json = true };

static void keys_are_those_perf_emits(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	const char *text = print_stat(&stat, &json);
	assert_has(text,
		   "{\"counter-value\" : \"853.764321\", \"unit\" : \"msec\", \"event\" : "
		   "\"task-clock\", \"event-runtime\" : 853764321, \"pcnt-running\" : 100.00, "
		   "\"metric-value\" : 0.999240, \"metric-unit\" : \"CPUs utilized\"}\n");
	assert_has(text, "\"counter-value\" : \"5.000000\"");
	assert_has(text, "\"event-runtime\" : 432100000, \"pcnt-running\" : 43.21");
}

static void a_refused_event_has_no_metric_but_a_cause(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	assert_has(print_stat(&stat, &json),
		   "{\"counter-value\" : \"<not supported>\", \"unit\" : \"\", \"event\" : "
		   "\"cache-misses\", \"event-runtime\" : 0, \"pcnt-running\" : 0.00, \"why\" : "
		   "\"no PMU, \\\"really\\\"\"}\n");
}

static void interval_variance_and_slot_have_their_keys(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[1], sample_rows[1], sample_rows[1] };
	rows[0].slot = "CPU12";
	rows[1].slot = "CPU12-99";
	rows[2].relative_error = 0.0362;
	struct ev_stat stat = sample_stat();
	stat.rows = rows;
	stat.row_count = 3;
	stat.runs = 3;
	stat.interval_s = 0.100222254;
	stat.summary = false;
	const char *text = print_stat(&stat, &json);
	assert_has(text, "{\"interval\" : 0.100222254, \"cpu\" : \"12\", \"counter-value\"");
	assert_has(text,
		   "{\"interval\" : 0.100222254, \"thread\" : \"CPU12-99\", \"counter-value\"");
	assert_has(text, "{\"interval\" : 0.100222254, \"counter-value\"");
	assert_has(text,
		   "\"event\" : \"context-switches\", \"variance\" : 3.62, \"event-runtime\"");
}

static void scaled_values_tell_their_error_and_ratios_that_they_are_apart(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	const char *text = print_stat(&stat, &json);
	assert_has(text,
		   "\"event\" : \"cycles\", \"event-runtime\" : 500, \"pcnt-running\" : 50.00, "
		   "\"scaling-error\" : 0.20}\n");
	assert_has(text, "\"scaling-error\" : null, \"metric-value\" : 1.500000, \"metric-unit\" : "
			 "\"insn per cycle\", \"metric-apart\" : true}\n");
	assert_has(text, "{\"metric-value\" : 2.000000, \"metric-unit\" : \"branch MPKI\"}\n");
	struct ev_stat whole = sample_stat();
	whole.row_count = 2;
	assert_has_not(print_stat(&whole, &json), "scaling-error");
}

static void places_and_cgroups_have_perfs_keys(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[1], sample_rows[1] };
	struct ev_stat stat = sample_stat();
	stat.by = &ev_aggregations[EV_BY_NODE];
	rows[0].slot = rows[1].slot = "N0";
	rows[0].cpus = rows[1].cpus = 2;
	rows[1].cgroup = "a\"b";
	stat.rows = rows;
	stat.row_count = 2;
	const char *text = print_stat(&stat, &json);
	assert_has(text, "{\"node\" : \"N0\", \"aggregate-number\" : 2, \"counter-value\" : ");
	assert_has(text, "\"event\" : \"context-switches\", \"cgroup\" : \"\", \"event-runtime\"");
	assert_has(text,
		   "\"event\" : \"context-switches\", \"cgroup\" : \"a\\\"b\", \"event-runtime\"");
}

static void names_are_escaped(void **state)
{
	(void)state;
	struct ev_stat_row row = sample_rows[1];
	struct ev_stat stat = sample_stat();
	row.event = "a\"\\\n\xff";
	stat.rows = &row;
	stat.row_count = 1;
	assert_has(print_stat(&stat, &json), "\"event\" : \"a\\\"\\\\\\u000a\\ufffd\"");
}

static void a_simulated_count_names_its_model(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	assert_null(strstr(print_stat(&stat, &json), "simulated"));
	stat.simulated = "callgrind 9: \"I1\"";
	assert_has(print_stat(&stat, &json), "\"simulated\" : \"callgrind 9: \\\"I1\\\"\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_those_perf_emits),
		cmocka_unit_test(a_refused_event_has_no_metric_but_a_cause),
		cmocka_unit_test(interval_variance_and_slot_have_their_keys),
		cmocka_unit_test(scaled_values_tell_their_error_and_ratios_that_they_are_apart),
		cmocka_unit_test(places_and_cgroups_have_perfs_keys),
		cmocka_unit_test(names_are_escaped),
		cmocka_unit_test(a_simulated_count_names_its_model),
	};
	return cmocka_run_group_tests(tests, NULL, forget_printed);
}
