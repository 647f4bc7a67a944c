/* Rows and call trees as lines of a table. */
#include "browsed.h"

static void chains_are_expanded_level_by_level(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", true);
	browsed_press(&on, "^D^E"); /* main */
	assert_string_equal(browsed_draw(&on, 60, 11),
			    "evprof report: it  cpu-clock:u  20 samples  events 2,000\n"
			    "Quality: 20 samples, 100.0% resolved, 100.0% complete stacks\n"
			    "  Children      Self  Symbol\n"
			    "+  100.00%     0.00%  [.] start\n"
			    ">-  100.00%     0.00%  [.] main<\n"
			    "    - 100.00%  main  prog\n"
			    "      + 50.00%  mid  prog\n"
			    "        50.00%  work  prog\n"
			    "+   80.00%    80.00%  [.] work\n"
			    "+   50.00%     0.00%  [.] mid\n"
			    "? help  Enter expand  a annotate  / filter  t thread  d obje\n");
	browsed_press(&on, "^D^D^E");
	assert_shows(&on, "      - 50.00%  mid  prog<\n"
			  "          30.00%  work  prog\n"
			  "        + 15.00%  read  lib.so\n");
	browsed_press(&on, "^E");
	assert_shows(&on, "      + 50.00%  mid  prog<\n        50.00%  work  prog\n");
	browsed_done(&on);
}

static void everything_below_a_row_is_expanded_at_once(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", true);
	browsed_press(&on, "e");
	assert_shows(&on, "- 15.00%  read  lib.so\n"
			  "              15.00%  sys_read  [kernel.kallsyms]\n"
			  "            5.00%  tiny (inlined)  prog\n");
	browsed_press(&on, "e");
	assert_shows_not(&on, "tiny (inlined)  prog");
	browsed_press(&on, "ec");
	assert_shows_not(&on, "tiny (inlined)  prog");
	browsed_press(&on, "c");
	assert_shows_not(&on, "tiny (inlined)  prog");
	browsed_done(&on);
}

static void all_rows_are_expanded_and_collapsed(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_press(&on, "E");
	assert_shows(&on, "    - 80.00%  work  prog\n"
			  "      - 50.00%  main  prog\n"
			  "          50.00%  start  prog\n");
	browsed_press(&on, "^D^D^DC");
	assert_shows_not(&on, "start  prog");
	assert_shows(&on, ">+   80.00%  [.] work<");
	browsed_done(&on);
}

static void what_is_selected_stays_so_in_the_next_report(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", true);
	browsed_press(&on, "^D^E^D^D");
	assert_shows(&on, ">      + 50.00%  mid  prog<");
	assert_int_equal(ev_browser_refresh(on.browser, NULL), 0);
	assert_int_equal(on.asked, 2);
	assert_shows(&on, ">      + 50.00%  mid  prog<");
	/* Its row goes away. */
	struct ev_filter filter = { .symbols = "work" };
	ev_table_done(&on.it.table);
	enum ev_key key = EV_KEY_SYMBOL;
	assert_int_equal(ev_table_build(&on.it.table, &on.it.named, &key, 1, true, &filter, NULL),
			 0);
	assert_int_equal(ev_browser_refresh(on.browser, NULL), 0);
	assert_shows(&on, "[.] work<");
	browsed_done(&on);
}

static void branches_below_the_limit_are_left_out(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", true);
	on.it.options.chain_limit = 20;
	assert_int_equal(ev_browser_refresh(on.browser, NULL), 0);
	browsed_press(&on, "e");
	assert_shows(&on, "work  prog");
	assert_shows_not(&on, "read  lib.so");
	browsed_done(&on);
}

static void a_profile_without_stacks_has_nothing_to_expand(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	on.it.profile->quality.with_stack = 0;
	assert_int_equal(ev_browser_refresh(on.browser, NULL), 0);
	assert_shows(&on, ">    80.00%  [.] work<");
	browsed_press(&on, "+");
	assert_shows(&on, "no call chains were recorded: evprof record -g does");
	browsed_done(&on);
}

static void events_are_turned_to(void **state)
{
	(void)state;
	struct browsed on = { 0 };
	invented_open(&on.it);
	ev_recording_add_event(&on.it.recording)->name = "never";
	ev_recording_add_event(&on.it.recording)->name = "faults";
	on.it.recording.events[0].leader = on.it.recording.events[1].leader =
		on.it.recording.events[2].leader = -1;
	invented_add(&on.it, "main;work", 3, 300);
	invented_add_to(&on.it, 2, "prog", 7, "main;load", 5, 5);
	on.it.profile->event_count = 3;
	invented_finish(&on.it, "sym", false, NULL);
	browsed_open(&on);
	assert_shows(&on, "cpu-clock:u  3 samples  events 300");
	browsed_press(&on, "^T");
	assert_shows(&on, "faults  5 samples  events 5");
	assert_shows(&on, "[.] load");
	assert_shows_not(&on, "[.] work");
	browsed_press(&on, "^S");
	assert_shows(&on, "[.] work");
	browsed_done(&on);
}

static void without_samples_it_says_so(void **state)
{
	(void)state;
	struct browsed on = { 0 };
	invented_open(&on.it);
	invented_finish(&on.it, "comm,sym", true, NULL);
	browsed_open(&on);
	assert_shows(&on, "  no samples\n");
	browsed_press(&on, "^D^UeE+aCGtdkS^T");
	assert_shows(&on, "  no samples\n");
	browsed_done(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chains_are_expanded_level_by_level),
		cmocka_unit_test(everything_below_a_row_is_expanded_at_once),
		cmocka_unit_test(all_rows_are_expanded_and_collapsed),
		cmocka_unit_test(what_is_selected_stays_so_in_the_next_report),
		cmocka_unit_test(branches_below_the_limit_are_left_out),
		cmocka_unit_test(a_profile_without_stacks_has_nothing_to_expand),
		cmocka_unit_test(events_are_turned_to),
		cmocka_unit_test(without_samples_it_says_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
