/* Counts of records and tasks, as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/view_records.h>

static struct ev_told_task tasks[] = {
	{ .pid = 12, .tid = 13, .ppid = 12, .comm = "b\33[31m" },
	{ .pid = 12, .tid = 12, .ppid = 1, .comm = "a" },
	{ .pid = 1, .tid = 1, .ppid = -1, .comm = "init" },
	{ .pid = 20, .tid = 20, .ppid = 1, .comm = "c" },
	{ .pid = 30, .tid = 30, .ppid = 31, .comm = "x" },
	{ .pid = 31, .tid = 31, .ppid = 30, .comm = "y" },
	{ .pid = 40, .tid = 40, .ppid = 99, .comm = "orphan" },
	{ .pid = 41, .tid = 41, .ppid = 41, .comm = "own" },
};

static void who_began_whom_is_a_tree_by_number(void **state)
{
	char *text = NULL;
	size_t size_bytes;
	FILE *out = open_memstream(&text, &size_bytes);
	(void)state;
	ev_told_tasks_print(out, tasks, EV_LENGTH(tasks));
	fclose(out);
	assert_string_equal(text, "#      pid      tid     ppid  comm\n"
				  "         1        1       -1 |init\n"
				  "        12       12        1 | a\n"
				  "        12       13       12 |  b\\x1b[31m\n"
				  "        20       20        1 | c\n"
				  "        40       40       99 |orphan\n"
				  "        41       41       41 |own\n"
				  "        30       30       31 |x\n"
				  "        31       31       30 |y\n");
	free(text);
}

static void ten_thousand_that_began_one_another_are_not_moved_for_ever(void **state)
{
	enum { COUNT = 10000 };
	struct ev_told_task *chain = ev_alloc(COUNT * sizeof(*chain));
	char *text = NULL;
	size_t size_bytes;
	FILE *out = open_memstream(&text, &size_bytes);
	(void)state;
	for (unsigned i = 0; i < COUNT; i++)
		chain[i] = (struct ev_told_task){
			.pid = i, .tid = i, .ppid = (int64_t)i - 1, .comm = ""
		};
	ev_told_tasks_print(out, chain, COUNT);
	fclose(out);
	assert_in_range(size_bytes, COUNT * 30, COUNT * 110);
	free(text);
	free(chain);
}

static void types_come_by_number_and_events_after_them(void **state)
{
	struct ev_recorded_event events[] = { { .name = "cycles" }, { .name = "none" } };
	struct ev_recording recording = { .events = events, .event_count = 2 };
	struct ev_event_counts of_event[] = { { .samples = 3, .lost = 2 }, { 0 } };
	struct ev_record_counts counts = { .all = 8, .of_event = of_event };
	char *text = NULL;
	size_t size_bytes;
	FILE *out = open_memstream(&text, &size_bytes);
	(void)state;
	counts.of_type[PERF_RECORD_SAMPLE] = 3;
	counts.of_type[PERF_RECORD_COMM] = 4;
	ev_record_counts_print(out, &counts, &recording);
	fclose(out);
	assert_string_equal(text, "\nAggregated stats:\n"
				  "           TOTAL events:          8\n"
				  "            COMM events:          4  (50.0%)\n"
				  "          SAMPLE events:          3  (37.5%)\n"
				  "         UNKNOWN events:          1  (12.5%)\n"
				  "cycles stats:\n"
				  "          SAMPLE events:          3\n"
				  "    LOST_SAMPLES events:          2\n");
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_began_whom_is_a_tree_by_number),
		cmocka_unit_test(ten_thousand_that_began_one_another_are_not_moved_for_ever),
		cmocka_unit_test(types_come_by_number_and_events_after_them),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
