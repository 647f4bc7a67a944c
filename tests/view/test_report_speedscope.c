/* Speedscope's JSON: frames once, stacks as their numbers. */
#include "invented_report.h"

static void stacks_are_numbers_of_frames_from_the_root(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 10, 1000);
	invented_add(&it, "main", 2, 200);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "speedscope");
	assert_non_null(strstr(text, "{\"name\": \"[unknown]\"},\n    {\"name\": \"main\"},\n"
				     "    {\"name\": \"work\"}\n"));
	assert_non_null(strstr(text, "\"unit\": \"none\""));
	assert_non_null(strstr(text, "\"samples\": [\n[1],\n[1,2]]"));
	assert_non_null(strstr(text, "\"weights\": [2,10],\n    \"endValue\": 12}"));
	invented_done(&it);
}

static void events_are_profiles_of_their_own(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	ev_recording_add_event(&it.recording)->name = "faults";
	invented_add(&it, "main", 3, 300);
	invented_add_to(&it, 1, "prog", 7, "main", 5, 5);
	invented_add_to(&it, 1, "other", 8, "main", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "speedscope");
	assert_non_null(strstr(text, "\"name\": \"cpu-clock:u\""));
	assert_non_null(strstr(strstr(text, "\"name\": \"faults\""), "\"weights\": [6]"));
	invented_done(&it);
}

static void what_is_filtered_is_not_in_it(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add_to(&it, 0, "one", 1, "main", 1, 1);
	invented_add_to(&it, 0, "two", 2, "main", 2, 2);
	invented_finish(&it, "sym", true, &(struct ev_filter){ .comms = "two" });
	assert_non_null(strstr(invented_print(&it, "speedscope"), "\"weights\": [2]"));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_numbers_of_frames_from_the_root),
		cmocka_unit_test(events_are_profiles_of_their_own),
		cmocka_unit_test(what_is_filtered_is_not_in_it),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
