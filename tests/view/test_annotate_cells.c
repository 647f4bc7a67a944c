/* Cells of several events, and source text that is not to be trusted. */
#include "annotate.h"
#include "invented_annotation.h"

static void events_stand_side_by_side(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "x\n");
	ev_recording_add_event(&it.recording)->name = "cache-misses";
	invented_add_to(&it, 0, "work@1", 3, 3000);
	invented_add_to(&it, 1, "work@1", 2, 7);
	invented_finish(&it);
	invented_section(&it, "work", 1, 1);
	const char *text = invented_print(&it, false);
	expect(text, "Line #  cycles        %  cache-misses        %  Source\n");
	expect(text, "       1   3,000  100.00%             7  100.00%  x\n");
	expect(text, "Self: 100.00% of cycles, 100.00% of cache-misses\n");
	it.options.show_samples = true;
	expect(invented_print(&it, false),
	       "Line #  Samples  cycles        %  Samples  cache-misses        %  Source\n");
	it.options.show_samples = false;
	it.events[0] = false;
	expect(invented_print(&it, false), "Line #  Samples  cache-misses        %  Source\n");
	invented_done(&it);
}

static void shares_are_of_what_is_asked(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "x\ny\n");
	invented_add_to(&it, 0, "work@1", 1, 1000);
	invented_add_to(&it, 0, "work@2", 3, 1000);
	invented_add_to(&it, 0, "other@2", 4, 2000);
	invented_finish(&it);
	invented_section(&it, "work", 1, 2);
	expect(invented_print(&it, false), "1,000   50.00%  x");
	it.options.share = EV_SHARE_GLOBAL_PERIOD;
	expect(invented_print(&it, false), "1,000   25.00%  x");
	it.options.share = EV_SHARE_LOCAL_HITS;
	expect(invented_print(&it, false), "1,000   75.00%  y");
	it.options.share = EV_SHARE_GLOBAL_HITS;
	expect(invented_print(&it, false), "1,000   12.50%  x");
	invented_done(&it);
}

static void hostile_text_is_escaped_and_tabs_are_expanded(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "a\tb\x1b[31mc\xff\xe2\x80\xae\n");
	invented_add(&it, "wo\x1brk@1", 1);
	invented_finish(&it);
	invented_section(&it, "wo\x1brk", 1, 1);
	const char *text = invented_print(&it, false);
	expect(text, "  a       b\\x1b[31mc\\xff\\xe2\\x80\\xae\n");
	expect(text, "Function: wo\\x1brk (prog)");
	assert_null(strchr(text, '\x1b'));
	invented_done(&it);
}

static void long_lines_are_cut_at_the_width_of_the_terminal(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "abcdefghijklmnopqrstuvwxyz\xc3\xa4\xc3\xb6\xc3\xbc\n");
	invented_add(&it, "work@1", 1);
	invented_finish(&it);
	invented_section(&it, "work", 1, 1);
	expect(invented_print(&it, false), "xyz\xc3\xa4\xc3\xb6\xc3\xbc\n");
	it.options.width = 55;
	const char *text = invented_print(&it, false);
	const char *row = strstr(text, "       1");
	assert_non_null(row);
	char line[200];
	snprintf(line, sizeof(line), "%.*s", (int)strcspn(row, "\n"), row);
	assert_int_equal(ev_text_columns(line), 55);
	expect(line, "\342\200\246");
	invented_done(&it);
}

static void a_line_without_an_end_is_bounded(void **state)
{
	struct invented it;
	(void)state;
	char *long_line = ev_alloc(100002);
	memset(long_line, 'x', 100000);
	invented_open(&it, long_line);
	invented_add(&it, "work@1", 1);
	invented_finish(&it);
	invented_section(&it, "work", 1, 1);
	assert_true(strlen(invented_print(&it, false)) < 10000);
	invented_done(&it);
	free(long_line);
}

static void colours_are_only_there_when_asked_for(void **state)
{
	struct invented it;
	(void)state;
	invented_open(&it, "x\n");
	invented_add(&it, "work@1", 1);
	invented_finish(&it);
	invented_section(&it, "work", 1, 1);
	refuse(invented_print(&it, false), "\33");
	it.options.colour = true;
	expect(invented_print(&it, false), "\33[31m100.00%\33[m");
	invented_done(&it);
}

static void ratios_stand_behind_the_events_they_are_of(void **state)
{
	struct invented it;
	struct ev_ratio_list ratios = { 0 };
	struct ev_ratio_sums sums[4] = { 0 };
	(void)state;
	invented_open(&it, "x\ny\nz\n");
	ev_recording_add_event(&it.recording)->name = "instructions";
	invented_add_to(&it, 0, "work@1", 20, 2000);
	invented_add_to(&it, 1, "work@1", 20, 3000);
	invented_add_to(&it, 0, "work@2", 2, 200);
	invented_finish(&it);
	*ev_array_add(&ratios.items) =
		(struct ev_ratio){ .name = "IPC", .above = 1, .below = 0, .scale = 1 };
	it.annotation.report.ratios = &ratios;
	for (int i = 0; i < 20; i++)
		ev_ratio_sums_add(&sums[1], 100, 150); /* the first line is that of no frame */
	ev_ratio_sums_add(&sums[2], 100, 20);
	ev_ratio_sums_add(&sums[2], 100, 80);
	ev_ratio_sums_merge(&sums[3], &sums[1]);
	ev_ratio_sums_merge(&sums[3], &sums[2]);
	invented_section(&it, "work", 1, 3)->ratio_sums = sums;
	it.options.all = true;
	const char *text = invented_print(&it, false);
	expect(text, "instructions        %       IPC  Source\n");
	expect(text, "1.50    x\n");
	expect(text, "0.50 ?  y\n");
	expect(text, "  z\n");
	expect(invented_print(&it, true), "\"ratios\": [{\"name\": \"IPC\", \"value\": 1.50000, ");
	it.events[1] = false; /* a ratio of an event that is not shown */
	refuse(invented_print(&it, false), "IPC");
	invented_done(&it);
	ev_ratios_done(&ratios);
}

static void holes_of_one_row_are_filled(void **state)
{
	bool shown[9], hot[9] = { [1] = true, [5] = true };
	(void)state;
	ev_annotate_choose(shown, hot, 9, 1);
	assert_true(shown[0] && shown[1] && shown[2] && shown[3] && shown[4] && shown[5] &&
		    shown[6]);
	assert_false(shown[7] || shown[8]);
	ev_annotate_choose(shown, hot, 9, 0);
	assert_true(shown[0] && shown[1] && shown[5]);
	assert_false(shown[2] || shown[3] || shown[4] || shown[6]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_stand_side_by_side),
		cmocka_unit_test(shares_are_of_what_is_asked),
		cmocka_unit_test(hostile_text_is_escaped_and_tabs_are_expanded),
		cmocka_unit_test(long_lines_are_cut_at_the_width_of_the_terminal),
		cmocka_unit_test(a_line_without_an_end_is_bounded),
		cmocka_unit_test(colours_are_only_there_when_asked_for),
		cmocka_unit_test(ratios_stand_behind_the_events_they_are_of),
		cmocka_unit_test(holes_of_one_row_are_filled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
