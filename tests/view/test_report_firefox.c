/* Firefox's processed profile: tables by column, threads with their samples. */
#include "invented_report.h"

static void stacks_frames_and_functions_are_columns(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work;~in", 10, 1000);
	invented_add(&it, "main;k:sys_read", 2, 200);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "firefox");
	assert_non_null(strstr(text, "\"preprocessedProfileVersion\": 66"));
	/* Callers stand before what they call: main, sys_read or work, … */
	assert_non_null(strstr(text, "\"stackTable\": {\"frame\": [1,"));
	assert_non_null(strstr(text, "\"prefixOffset\": [0,1,"));
	assert_non_null(strstr(text, "\"inlineDepth\": [0,0,"));
	assert_non_null(strstr(text, "\"weightType\": \"samples\", \"length\": 2}"));
	assert_non_null(strstr(text, "\"pid\": \"7\", \"tid\": 7, \"isMainThread\": true"));
	assert_non_null(strstr(text, "no times: samples stand in a row"));
	invented_done(&it);
}

static void each_event_has_threads_of_its_own(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	ev_recording_add_event(&it.recording)->name = "faults";
	invented_add(&it, "main", 3, 300);
	invented_add_to(&it, 1, "prog", 7, "main", 5, 5);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "firefox");
	assert_non_null(strstr(text, "{\"name\": \"prog (cpu-clock:u)\""));
	assert_non_null(strstr(text, "{\"name\": \"prog (faults)\""));
	invented_done(&it);
}

static void hostile_names_stay_texts(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add_to(&it, 0, "a\"\033b", 7, "<\"\n>", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "firefox");
	assert_non_null(strstr(text, "<\\\"\\\\x0a>"));
	assert_null(strchr(text, '\033'));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_frames_and_functions_are_columns),
		cmocka_unit_test(each_event_has_threads_of_its_own),
		cmocka_unit_test(hostile_names_stay_texts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
