/* Callgrind's format: what functions cost themselves and in what they call. */
#include "invented_report.h"

static void lines_have_their_cost_and_calls_theirs(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 10, 1000);
	invented_add(&it, "main;lib:read", 2, 200);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "callgrind");
	assert_non_null(strstr(text, "events: cpu-clock:u\nsummary: 12\n"));
	assert_non_null(strstr(text, "\nob=(2) prog\nfl=(1) ???\nfn=(2) main\n"));
	assert_non_null(strstr(text, "cob=(2)\ncfi=(1)\ncfn=(4) work\ncalls=1 0\n0 10\n"));
	assert_non_null(strstr(text, "cob=(4) lib.so\ncfi=(1)\ncfn=(3) read\ncalls=1 0\n0 2\n"));
	assert_non_null(strstr(text, "\nob=(2)\nfl=(1)\nfn=(4)\n0 10\n"));
	assert_non_null(strstr(text, "\nob=(4)\nfl=(1)\nfn=(3)\n0 2\n"));
	invented_done(&it);
}

static void recursion_does_not_count_twice(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;sort", 1, 1);
	invented_add(&it, "main;sort;sort", 2, 2);
	invented_add(&it, "main;sort;sort;sort", 4, 4);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "callgrind");
	assert_non_null(
		strstr(text, "fn=(2) main\ncob=(2)\ncfi=(1)\ncfn=(3) sort\ncalls=1 0\n0 7\n"));
	assert_non_null(strstr(text, "\nfn=(3)\n0 7\n"));
	assert_null(strstr(strstr(text, "\nfn=(3)\n0 7"), "cfn="));
	invented_done(&it);
}

static void every_event_is_a_column(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	ev_recording_add_event(&it.recording)->name = "page faults";
	invented_add(&it, "main", 3, 300);
	invented_add_to(&it, 1, "prog", 7, "main", 5, 5);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "callgrind");
	assert_non_null(strstr(text, "events: cpu-clock:u page_faults\nsummary: 3 5\n"));
	assert_non_null(strstr(text, "fn=(2) main\n0 3 5\n"));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_have_their_cost_and_calls_theirs),
		cmocka_unit_test(recursion_does_not_count_twice),
		cmocka_unit_test(every_event_is_a_column),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
