/* Differences as a table. */
#include "invented_diff.h"

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void refuse(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in:\n%s", part, text);
}

static void add_usual(struct invented_diff *made)
{
	invented_diff_add(made, "main;grows", 2500, 5000);
	invented_diff_add(made, "main;stays", 5000, 5000);
	invented_diff_add(made, "k:gone", 2500, 0);
	invented_diff_add(made, "lib:moves", 1, 2);
}

static void the_table_tells_what_changed_and_counts_the_rest(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	add_usual(&made);
	const char *text = invented_diff_print(&made, "dso,sym", "text");
	expect(text, "# Event 'cycles'\n#\n#  Old: old.data, 10,001 samples, 1.00 s");
	expect(text, "\n#  New: new.data, 10,002 samples, 1.00 s");
	expect(text, "#   Delta      ±     Old     New  Shared Object      Symbol\n"
		     "# ....... ......  ......  ......  .................  ......\n"
		     "#\n"
		     "  -25.00% ±0.84%  25.00%    gone  [kernel.kallsyms]  [k] gone\n"
		     "  +24.99% ±1.30%  25.00%  49.99%  prog               [.] grows\n"
		     "#\n"
		     "# … 2 rows differ by no more than chance (--all shows them).\n"
		     "# Of those none differs by more than 1.39% (95% each).\n");
	refuse(text, "stays");
	refuse(text, "Note: the recordings are not equally long");
	invented_diff_done(&made);
}

static void all_rows_are_shown_with_their_marks(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	made.options.all = made.options.quiet = true;
	add_usual(&made);
	const char *text = invented_diff_print(&made, "sym", "text");
	expect(text, " ~   +0.01% ±0.05%   0.01%   0.02%  [.] moves\n");
	expect(text, "[.] moves\n");
	assert_int_equal(*text, ' ');
	refuse(text, "#");
	invented_diff_done(&made);
}

static void separated_fields_are_not_padded(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	made.options.all = made.options.quiet = true;
	made.options.separator = ',';
	add_usual(&made);
	const char *text = invented_diff_print(&made, "sym", "text");
	expect(text, ",-25.00%,±0.84%,25.00%,,[k] gone\n");
	expect(text, "\n~,");
	invented_diff_done(&made);
}

static void periods_and_formulas_are_columns(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	made.options.show_period = made.options.show_formula = true;
	invented_diff_add(&made, "a", 100, 300);
	invented_diff_add(&made, "b", 300, 100);
	const char *text = invented_diff_print(&made, "sym", "text");
	expect(text, "(300000 * 100 / 400000) - (100000 * 100 / 400000)");
	expect(text, "Old period  New period");
	invented_diff_done(&made);
	invented_diff_open(&made);
	made.how.compute = EV_COMPUTE_RATIO;
	made.how.measure = EV_MEASURE_TOTAL;
	made.options.show_formula = true;
	invented_diff_add(&made, "a", 100, 300);
	text = invented_diff_print(&made, "sym", "text");
	expect(text, "300000 / 100000");
	expect(text, " 3.0000 ±");
	invented_diff_done(&made);
}

static void stacks_stand_in_one_column(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	made.of_stacks = true;
	add_usual(&made);
	const char *text = invented_diff_print(&made, "sym", "text");
	expect(text, "  main;grows\n");
	invented_diff_done(&made);
}

static void what_makes_it_hard_to_compare_is_said(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	made.seconds[1] = 3;
	made.quality[1].lost = 5000;
	for (size_t r = 0; r < 2; r++) {
		struct ev_recorded_event *event = ev_recording_add_event(&made.recordings[r]);
		event->name = "cycles";
		event->attr.freq = r;
		event->attr.sample_period = 4000;
	}
	add_usual(&made);
	const char *text = invented_diff_print(&made, "sym", "text");
	expect(text, "# Note: the recordings are not equally long");
	expect(text, "# Note: more than 1% of the samples of new.data were lost");
	expect(text, "# Note: sampled once in 4000 events in one and 4000 times a second");
	expect(text, "# Note: samples have no times");
	invented_diff_done(&made);
}

static void counts_of_a_simulation_have_no_intervals(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	made.how.exact = true;
	ev_recording_add_note(&made.it.recording, EV_NOTE_SIMULATED, "a model");
	add_usual(&made);
	const char *text = invented_diff_print(&made, "sym", "text");
	expect(text, "# Simulated: exact counts of a model");
	expect(text, "Counts of a simulation are exact: every difference is real.\n");
	refuse(text, "±");
	invented_diff_done(&made);
}

static void equal_recordings_have_no_table(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	invented_diff_add(&made, "a", 100, 100);
	const char *text = invented_diff_print(&made, "sym", "text");
	expect(text, "# No row differs by more than chance (1 row compared; --all shows them).");
	refuse(text, "Delta");
	invented_diff_done(&made);
}

static void names_cannot_command_the_terminal(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	invented_diff_add(&made, "e\33[2Jvil", 100, 900);
	invented_diff_add(&made, "b", 900, 100);
	refuse(invented_diff_print(&made, "sym", "text"), "\33");
	invented_diff_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_tells_what_changed_and_counts_the_rest),
		cmocka_unit_test(all_rows_are_shown_with_their_marks),
		cmocka_unit_test(separated_fields_are_not_padded),
		cmocka_unit_test(periods_and_formulas_are_columns),
		cmocka_unit_test(stacks_stand_in_one_column),
		cmocka_unit_test(what_makes_it_hard_to_compare_is_said),
		cmocka_unit_test(counts_of_a_simulation_have_no_intervals),
		cmocka_unit_test(equal_recordings_have_no_table),
		cmocka_unit_test(names_cannot_command_the_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
