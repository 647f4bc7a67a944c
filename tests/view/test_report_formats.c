/* The table of formats, and the order of rows they share. */
#include "invented_report.h"
#include "report.h"

static void formats_are_found_by_name(void **state)
{
	(void)state;
	assert_string_equal(ev_report_format_find("text")->name, "text");
	assert_string_equal(ev_report_format_find("folded")->name, "folded");
	assert_string_equal(ev_report_format_find("json")->name, "json");
	assert_null(ev_report_format_find("tex"));
	assert_int_equal(ev_report_format_count, 3);
}

static void every_event_has_an_order_of_its_own(void **state)
{
	(void)state;
	struct invented it;
	size_t count;
	invented_open(&it);
	invented_add_to(&it, 0, "prog", 7, "a", 1, 30);
	invented_add_to(&it, 0, "prog", 7, "b", 1, 10);
	invented_add_to(&it, 1, "prog", 7, "b", 1, 7);
	invented_add_to(&it, 1, "prog", 7, "c", 1, 9);
	invented_finish(&it, "sym", false, NULL);
	const struct ev_row **rows =
		ev_report_rows(&it.report, &it.options, (struct ev_events){ 0, 1 }, &count);
	assert_int_equal(count, 2);
	assert_string_equal(ev_row_text(&it.table, &it.named, rows[0], 0), "a");
	free(rows);
	rows = ev_report_rows(&it.report, &it.options, (struct ev_events){ 1, 1 }, &count);
	assert_int_equal(count, 2);
	assert_string_equal(ev_row_text(&it.table, &it.named, rows[0], 0), "c");
	free(rows);
	it.options.percent_limit = 50;
	rows = ev_report_rows(&it.report, &it.options, (struct ev_events){ 0, 2 }, &count);
	assert_int_equal(count, 2); /* a by the first event, c by the second */
	free(rows);
	invented_done(&it);
}

static void an_event_without_a_name_is_called_by_its_attr(void **state)
{
	(void)state;
	struct invented it;
	struct ev_arena arena = { 0 };
	invented_open(&it);
	invented_add(&it, "a", 1, 1);
	invented_finish(&it, "sym", false, NULL);
	assert_string_equal(ev_report_event(&it.report, 0, &arena), "cpu-clock:u");
	it.recording.events[0].name = "";
	it.recording.events[0].attr = (struct perf_event_attr){
		.type = PERF_TYPE_HARDWARE,
		.config = PERF_COUNT_HW_CPU_CYCLES,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	assert_string_equal(ev_report_event(&it.report, 0, &arena), "cycles:u");
	it.recording.events[0].name = NULL;
	it.recording.events[0].attr = (struct perf_event_attr){
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.exclude_guest = 1,
	};
	assert_string_equal(ev_report_event(&it.report, 0, &arena), "cpu-clock");
	assert_string_equal(ev_report_event(&it.report, 5, &arena), "event 6");
	ev_arena_done(&arena);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats_are_found_by_name),
		cmocka_unit_test(every_event_has_an_order_of_its_own),
		cmocka_unit_test(an_event_without_a_name_is_called_by_its_attr),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
