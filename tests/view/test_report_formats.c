/* The table of formats, and what an event is called in them. */
#include "invented_report.h"
#include "report.h"

static void formats_are_found_by_name(void **state)
{
	(void)state;
	assert_string_equal(ev_report_format_find("text")->name, "text");
	assert_string_equal(ev_report_format_find("folded")->name, "folded");
	assert_string_equal(ev_report_format_find("json")->name, "json");
	assert_null(ev_report_format_find("tex"));
	for (size_t i = 0; i < ev_report_format_count; i++)
		assert_ptr_equal(ev_report_format_find(ev_report_formats[i].name),
				 &ev_report_formats[i]);
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
		cmocka_unit_test(an_event_without_a_name_is_called_by_its_attr),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
