/* The text table: perf's layout, to the byte. */
#include "invented_report.h"

static void a_small_profile(struct invented *it)
{
	invented_open(it);
	invented_add(it, "start;main;work", 10, 1000);
	invented_add(it, "start;main;mid;work", 6, 600);
	invented_add(it, "start;main;mid;lib:read;k:sys_read", 3, 300);
	invented_add_to(it, 0, "a longer one", 8, "start;?0x12", 1, 100);
}

static void the_table_has_perfs_layout(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it);
	it.profile->quality.lost = 4;
	it.profile->quality.unresolved = 1;
	invented_finish(&it, "comm,dso,sym", false, NULL);
	assert_string_equal(invented_print(&it, "text"),
			    "# What the recording says about itself is shown by --header.\n"
			    "#\n"
			    "# Total Lost Samples: 4\n"
			    "#\n"
			    "# Quality: 20 samples, 95.0% resolved, 4 lost\n"
			    "#\n"
			    "# Samples: 20  of event 'cpu-clock:u'\n"
			    "# Event count (approx.): 2000\n"
			    "#\n"
			    "# Overhead  Command       Shared Object      Symbol      \n"
			    "# ........  ............  .................  ............\n"
			    "#\n"
			    "    80.00%  prog          prog               [.] work\n"
			    "    15.00%  prog          [kernel.kallsyms]  [k] sys_read\n"
			    "     5.00%  a longer one  prog               [.] 0x12\n"
			    "#\n"
			    "# Ranking: the order of rows 2 and 3 (sys_read, 0x12) is within "
			    "chance; some 73 samples would settle it.\n"
			    "\n\n"
			    "#\n"
			    "# (Tip: samples were lost; a bigger ring helps: evprof record -m 4M)\n"
			    "#\n");
	invented_done(&it);
}

static void children_samples_and_periods_are_columns(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it);
	invented_finish(&it, "sym", true, NULL);
	it.options.show_samples = it.options.show_period = it.options.quiet = true;
	assert_string_equal(invented_print(&it, "text"),
			    "   100.00%     0.00%             0             0  [.] start\n"
			    "    95.00%     0.00%             0             0  [.] main\n"
			    "    80.00%    80.00%            16          1600  [.] work\n"
			    "    45.00%     0.00%             0             0  [.] mid\n"
			    "    15.00%     0.00%             0             0  [.] read\n"
			    "    15.00%    15.00%             3           300  [k] sys_read\n"
			    "     5.00%     5.00%             1           100  [.] 0x12\n"
			    "\n\n");
	it.options.quiet = false;
	assert_non_null(strstr(invented_print(&it, "text"),
			       "# Children      Self       Samples        Period  Symbol      \n"
			       "# ........  ........  ............  ............  ............\n"));
	invented_done(&it);
}

static void small_rows_are_left_out(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it);
	invented_finish(&it, "sym", false, NULL);
	it.options.quiet = true;
	it.options.percent_limit = 15;
	assert_string_equal(invented_print(&it, "text"), "    80.00%  [.] work\n"
							 "    15.00%  [k] sys_read\n\n\n");
	invented_done(&it);
}

static void separated_fields_are_not_padded(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;f(int, char)", 1, 1);
	invented_add(&it, "main", 2, 2);
	invented_finish(&it, "pid,sym", true, NULL);
	it.options.separator = ',';
	const char *text = invented_print(&it, "text");
	assert_non_null(strstr(text, "\n# Children,Self,Pid:Command,Symbol\n"
				     "100.00%,66.67%,7:prog,[.] main\n"
				     "33.33%,33.33%,7:prog,[.] f(int. char)\n"));
	invented_done(&it);
}

static void columns_take_the_width_they_are_given(void **state)
{
	(void)state;
	struct invented it;
	const uint32_t widths[] = { 10, 8, 0 };
	a_small_profile(&it);
	invented_finish(&it, "comm,dso,sym", false, NULL);
	it.options.widths = widths;
	it.options.width_count = 3;
	const char *text = invented_print(&it, "text");
	assert_non_null(strstr(text, "#   Overhead  Command   Shared Object      Symbol      \n"
				     "# ..........  ........  .................  ............\n"
				     "#\n"
				     "      80.00%  prog      prog               [.] work\n"));
	assert_non_null(strstr(text, "       5.00%  a longer  prog               [.] 0x12\n"));
	invented_done(&it);
}

static void headings_are_cut_but_numbers_are_not(void **state)
{
	(void)state;
	struct invented it;
	const uint32_t widths[] = { 3, 5, 8 };
	a_small_profile(&it);
	invented_finish(&it, "comm,dso,sym", false, NULL);
	it.options.widths = widths;
	it.options.width_count = 3;
	const char *text = invented_print(&it, "text");
	assert_non_null(strstr(text, "# Overhead  Comma  Shared O  Symbol      \n"
				     "# ........  .....  ........  ............\n"
				     "#\n"
				     "    80.00%  prog   prog      [.] work\n"
				     "    15.00%  prog   [kernel.  [k] sys_read\n"));
	invented_done(&it);
}

static void processes_are_numbers_in_line(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it);
	invented_finish(&it, "pid", false, NULL);
	const char *text = invented_print(&it, "text");
	assert_non_null(strstr(text, "# Overhead      Pid:Command     \n"
				     "# ........  ....................\n"
				     "#\n"
				     "    95.00%        7:prog\n"
				     "     5.00%        8:a longer one\n"));
	invented_done(&it);
}

static void two_events(struct invented *it)
{
	invented_open(it);
	ev_recording_add_event(&it->recording)->name = "page-faults";
	ev_recording_add_event(&it->recording)->name = "never";
	it->recording.events[1].leader = 0;
	it->recording.events[2].leader = 0;
	it->profile->event_count = 3;
	invented_add_to(it, 0, "prog", 7, "main;a", 1234, 900);
	invented_add_to(it, 0, "prog", 7, "main;b", 1, 100);
	invented_add_to(it, 1, "prog", 7, "main;b", 3, 30);
	invented_add_to(it, 1, "prog", 7, "main;c", 1, 10);
}

static void events_follow_one_another(void **state)
{
	(void)state;
	struct invented it;
	two_events(&it);
	invented_finish(&it, "sym", false, NULL);
	const char *text = invented_print(&it, "text");
	assert_non_null(strstr(text, "# Samples: 1K of event 'cpu-clock:u'\n"
				     "# Event count (approx.): 1000\n"
				     "#\n"
				     "# Overhead  Symbol\n"
				     "# ........  ......\n"
				     "#\n"
				     "    90.00%  [.] a\n"
				     "    10.00%  [.] b\n"
				     "\n\n"
				     "# Samples: 4  of event 'page-faults'\n"
				     "# Event count (approx.): 40\n"
				     "#\n"
				     "# Overhead  Symbol\n"
				     "# ........  ......\n"
				     "#\n"
				     "    75.00%  [.] b\n"
				     "    25.00%  [.] c\n"
				     "#\n"
				     "# Ranking: the order of rows 1 and 2 (b, c) is within "
				     "chance; some 12 samples would settle it.\n"
				     "\n\n"));
	assert_null(strstr(text, "never"));
	invented_done(&it);
}

static void grouped_events_stand_side_by_side(void **state)
{
	(void)state;
	struct invented it;
	two_events(&it);
	invented_finish(&it, "sym", false, NULL);
	it.options.group = it.options.show_samples = true;
	const char *text = invented_print(&it, "text");
	assert_non_null(strstr(text,
			       "# Samples: 1K of events 'anon group { cpu-clock:u, page-faults, "
			       "never }'\n"
			       "# Event count (approx.): 1040\n"
			       "#\n"
			       "#                 Overhead                               Samples  "
			       "Symbol\n"
			       "# ........................  ....................................  "
			       "......\n"
			       "#\n"
			       "    90.00%   0.00%   0.00%          1234           0           0  "
			       "[.] a\n"
			       "    10.00%  75.00%   0.00%             1           3           0  "
			       "[.] b\n"
			       "     0.00%  25.00%   0.00%             0           1           0  "
			       "[.] c\n"));
	invented_done(&it);
}

static void names_cannot_command_the_terminal(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	it.recording.events[0].name = "cyc\33[31mles";
	invented_add_to(&it, 0, "co\rmm", 1, "main;\33]0;owned\a", 1, 1);
	it.options.chains = EV_CHAIN_GRAPH;
	invented_finish(&it, "comm,sym", true, NULL);
	it.report.path = "x\n\33.data";
	const char *text = invented_print(&it, "text");
	for (const char *at = text; *at; at++)
		assert_true(*at == '\n' || (*at >= ' ' && *at < 127));
	assert_non_null(strstr(text, "co\\x0dmm"));
	invented_done(&it);
}

static void colours_stand_on_shares_only_when_asked(void **state)
{
	(void)state;
	struct invented it;
	a_small_profile(&it);
	invented_finish(&it, "sym", false, NULL);
	it.options.quiet = true;
	assert_null(strchr(invented_print(&it, "text"), '\33'));
	it.options.colour = true;
	assert_non_null(strstr(invented_print(&it, "text"), "    \33[31m80.00%\33[m  [.] work\n"));
	invented_done(&it);
}

static void nothing_sampled_is_said(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "text");
	assert_non_null(strstr(text, "# No samples.\n"));
	assert_non_null(strstr(text, "# Quality: 0 samples, 0 lost\n"));
	it.report.partial = "it ends in the middle of a \33 record";
	text = invented_print(&it, "text");
	assert_non_null(strstr(text, "# No samples: it ends in the middle of a \\x1b record\n"));
	assert_null(strstr(text, "# No samples.\n"));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_has_perfs_layout),
		cmocka_unit_test(children_samples_and_periods_are_columns),
		cmocka_unit_test(small_rows_are_left_out),
		cmocka_unit_test(separated_fields_are_not_padded),
		cmocka_unit_test(columns_take_the_width_they_are_given),
		cmocka_unit_test(headings_are_cut_but_numbers_are_not),
		cmocka_unit_test(processes_are_numbers_in_line),
		cmocka_unit_test(events_follow_one_another),
		cmocka_unit_test(grouped_events_stand_side_by_side),
		cmocka_unit_test(names_cannot_command_the_terminal),
		cmocka_unit_test(colours_stand_on_shares_only_when_asked),
		cmocka_unit_test(nothing_sampled_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
