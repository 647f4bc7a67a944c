/* pprof's text and peek: its columns, its rounding, its units. */
#include <errno.h>
#include <linux/perf_event.h>
#include "invented_report.h"

static void some_work(struct invented *it, bool of_time, uint64_t scale)
{
	invented_open(it);
	it->recording.events[0].name = of_time ? "cpu-clock" : "cycles";
	it->recording.events[0].attr.type = of_time ? PERF_TYPE_SOFTWARE : PERF_TYPE_HARDWARE;
	it->recording.events[0].attr.config = PERF_COUNT_SW_CPU_CLOCK;
	invented_add(it, "start;main;work", 10, 900 * scale);
	invented_add(it, "start;main;mid;work", 6, 90 * scale);
	invented_add(it, "start;main;mid;~tiny", 1, 9 * scale);
	invented_add(it, "start;main;mid", 1, 1 * scale);
	invented_finish(it, "sym", true, NULL);
}

static void functions_have_flat_and_cum(void **state)
{
	(void)state;
	struct invented it;
	some_work(&it, true, 1000000);
	assert_string_equal(invented_print(&it, "pprof-text"),
			    "Type: cpu-clock\n"
			    "Showing nodes accounting for 1000ms, 100% of 1000ms total\n"
			    "      flat  flat%   sum%        cum   cum%\n"
			    "     990ms 99.00% 99.00%      990ms 99.00%  work\n"
			    "       9ms   0.9% 99.90%        9ms   0.9%  tiny (inline)\n"
			    "       1ms   0.1%   100%      100ms 10.00%  mid\n"
			    "         0     0%   100%     1000ms   100%  main\n"
			    "         0     0%   100%     1000ms   100%  start\n");
	invented_done(&it);
}

static void counts_have_no_unit(void **state)
{
	(void)state;
	struct invented it;
	some_work(&it, false, 1);
	it.options.percent_limit = 2;
	assert_string_equal(invented_print(&it, "pprof-text"),
			    "Type: cycles\n"
			    "Showing nodes accounting for 991, 99.10% of 1000 total\n"
			    "Dropped 1 node (cum <= 20)\n"
			    "      flat  flat%   sum%        cum   cum%\n"
			    "       990 99.00% 99.00%        990 99.00%  work\n"
			    "         1   0.1% 99.10%        100 10.00%  mid\n"
			    "         0     0% 99.10%       1000   100%  main\n"
			    "         0     0% 99.10%       1000   100%  start\n");
	invented_done(&it);
}

static void the_recordings_length_is_told(void **state)
{
	(void)state;
	struct invented it;
	some_work(&it, true, 1000000);
	it.profile->first_time_ns = 5000000000;
	it.profile->last_time_ns = 9000000000;
	const char *text = invented_print(&it, "pprof-text");
	assert_non_null(strstr(text, "\nDuration: 4s, Total samples = 1s (25.00%)\n"));
	invented_done(&it);
}

static void callers_stand_above_a_function_and_callees_below(void **state)
{
	(void)state;
	struct invented it;
	some_work(&it, false, 1);
	it.options.quiet = true;
	it.options.peek = "^mid$";
	assert_string_equal(
		invented_print(&it, "pprof-tree"),
		"----------------------------------------------------------+-------------\n"
		"      flat  flat%   sum%        cum   cum%   calls calls% + context \t \t \n"
		"----------------------------------------------------------+-------------\n"
		"                                               100   100% |   main\n"
		"         1   0.1%   0.1%        100 10.00%                | mid\n"
		"                                                90 90.00% |   work\n"
		"                                                 9  9.00% |   tiny (inline)\n"
		"----------------------------------------------------------+-------------\n");
	invented_done(&it);
}

static void what_matches_nothing_is_said(void **state)
{
	(void)state;
	struct invented it;
	struct ev_err err = { 0 };
	some_work(&it, false, 1);
	const struct ev_report_format *tree = ev_report_format_find("pprof-tree");
	it.options.peek = "nowhere";
	assert_int_equal(tree->print(stdout, &it.report, &it.options, &err), -ENOENT);
	assert_non_null(strstr(err.text, "nowhere"));
	it.options.peek = "(";
	assert_int_equal(tree->print(stdout, &it.report, &it.options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "regular expression"));
	invented_done(&it);
}

static void every_event_has_its_table(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	ev_recording_add_event(&it.recording)->name = "branches";
	invented_add(&it, "main", 1, 5);
	invented_add_to(&it, 1, "prog", 7, "main", 1, 8);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "pprof-text");
	assert_non_null(strstr(text, "Type: branches\nShowing nodes accounting for 8, 100% of 8"));
	assert_non_null(strstr(text, "Type: cpu-clock:u\n"));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_have_flat_and_cum),
		cmocka_unit_test(counts_have_no_unit),
		cmocka_unit_test(the_recordings_length_is_told),
		cmocka_unit_test(callers_stand_above_a_function_and_callees_below),
		cmocka_unit_test(what_matches_nothing_is_said),
		cmocka_unit_test(every_event_has_its_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
