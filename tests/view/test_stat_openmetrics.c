/* Counts as OpenMetrics: families with their words, escaped labels, an end. */
#include "view/counts.h"

static const char *print(struct ev_stat *stat)
{
	static char *text;
	size_t size;
	free(text);
	FILE *out = open_memstream(&text, &size);
	ev_stat_print_openmetrics(out, stat, stat);
	fclose(out);
	return text;
}

static void families_have_type_unit_and_help_before_their_samples(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	const char *text = print(&stat);
	assert_has(text, "# TYPE evprof_events counter\n"
			 "# HELP evprof_events Events counted since evprof began.\n"
			 "evprof_events_total{event=\"context-switches\"} 5\n");
	assert_has(text,
		   "# TYPE evprof_time_seconds counter\n# UNIT evprof_time_seconds seconds\n");
	assert_has(text, "evprof_time_seconds_total{event=\"task-clock\"} 0.853764321\n");
	assert_has(text, "unit=\"Joules\"} 12.345000\n");
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
}

static void what_was_not_counted_has_no_count_but_a_cause(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	const char *text = print(&stat);
	assert_has(text,
		   "evprof_event_running_ratio{event=\"cache-misses\",state=\"not supported\","
		   "why=\"no PMU, \\\"really\\\"\"} 0.000000\n");
	assert_has(text, "evprof_event_running_ratio{event=\"cycles\"} 0.432100\n");
	assert_null(strstr(text, "evprof_events_total{event=\"cache-misses\""));
}

static void labels_are_escaped(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[1] };
	rows[0].event = "a\\b\"c\nd\033e";
	rows[0].cgroup = "sys.slice";
	rows[0].slot = "S0-D0";
	struct ev_stat stat = sample_stat();
	stat.rows = rows;
	stat.row_count = 1;
	const char *text = print(&stat);
	assert_has(text, "{event=\"a\\\\b\\\"c\\\\x0ad\\\\x1be\",slot=\"S0-D0\",cgroup=\"sys."
			 "slice\"} 5\n");
}

static void nothing_counted_is_an_exposition_too(void **state)
{
	(void)state;
	struct ev_stat stat = { .user_s = -1, .sys_s = -1 };
	const char *text = print(&stat);
	assert_has(text, "# TYPE evprof info\n");
	assert_null(strstr(text, "evprof_events"));
	assert_string_equal(text + strlen(text) - 6, "# EOF\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(families_have_type_unit_and_help_before_their_samples),
		cmocka_unit_test(what_was_not_counted_has_no_count_but_a_cause),
		cmocka_unit_test(labels_are_escaped),
		cmocka_unit_test(nothing_counted_is_an_exposition_too),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
