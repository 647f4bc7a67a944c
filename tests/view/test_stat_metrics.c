/* Metrics without counts: columns of one line, of each CPU, of each interval. */
#include "view/counts.h"

static const struct ev_stat_options only = { .metric_only = true };

static void a_column_for_each_metric(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	const char *text = print_stat(&stat, &only);
	assert_has(text, "\n  insn per cycle   branch MPKI\n"
			 "           1.50*          2.00\n");
	assert_has(text, "Performance counter stats for './sorts'");
	assert_has(text, "seconds time elapsed");
	assert_has_not(text, "6000000");
}

static void rates_are_named_by_their_event_and_not_shortened(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[0], sample_rows[1] };
	struct ev_stat stat = sample_stat();
	rows[1].value = 12345678;
	stat.rows = rows;
	stat.row_count = 2;
	const char *text = print_stat(&stat, &only);
	assert_has(text, "  CPUs utilized  context-switches/sec\n"
			 "          0.999          14460288.");
}

static void every_slot_has_a_line(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[0], sample_rows[0], sample_rows[1] };
	struct ev_stat stat = sample_stat();
	rows[0].slot = rows[2].slot = "CPU0";
	rows[1].slot = "CPU1";
	rows[1].value /= 2;
	stat.rows = rows;
	stat.row_count = 3;
	const char *text = print_stat(&stat, &only);
	assert_has(text, "\nCPU0                                0.999                 5.856\n");
	assert_has(text, "\nCPU1                                0.500\n");
}

static void separated_columns_have_one_head_and_no_blanks(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	const struct ev_stat_options commas = { .metric_only = true, .separator_text = "," };
	assert_string_equal(print_stat(&stat, &commas),
			    "insn per cycle,branch MPKI,\n1.50,2.00,\n");
	stat.interval_s = 0.5;
	assert_string_equal(print_stat(&stat, &commas), "0.500000000,1.50,2.00,\n");
}

static void simulated_metrics_name_their_model(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	const struct ev_stat_options commas = { .metric_only = true, .separator_text = "," };
	const struct ev_stat_options json = { .metric_only = true, .json = true };
	const struct ev_stat_options csv = { .metric_only = true, .csv = true };
	stat.simulated = "callgrind 9: I1, D1";
	assert_string_equal(print_stat(&stat, &commas),
			    "insn per cycle,branch MPKI,simulated\n"
			    "1.50,2.00,simulated: callgrind 9: I1_ D1\n");
	assert_has(print_stat(&stat, &json), ", \"simulated\" : \"callgrind 9: I1, D1\"}\n");
	assert_has(print_stat(&stat, &csv), ",metric,,,,\"callgrind 9: I1, D1\"\r\n");
}

static void objects_have_a_key_for_each_metric(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	const struct ev_stat_options json = { .metric_only = true, .json = true };
	assert_string_equal(print_stat(&stat, &json),
			    "{\"insn per cycle\" : \"1.50\", \"branch MPKI\" : \"2.00\"}\n");
	stat.interval_s = 0.5;
	stat.row_count = 1;
	assert_string_equal(print_stat(&stat, &json), "{\"interval\" : 0.500000000}\n");
	stat.interval_s = 0;
	assert_string_equal(print_stat(&stat, &json), "{}\n");
}

static void metrics_of_one_title_are_told_apart_by_their_event(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { shared_rows[1], shared_rows[1], shared_rows[0],
				      shared_rows[0] };
	struct ev_stat stat = shared_stat();
	rows[1].event = "instructions:u";
	rows[3].event = "cycles:u";
	stat.rows = rows;
	stat.row_count = 4;
	assert_has(print_stat(&stat, &only),
		   "  instructions insn per cycle  instructions:u insn per cycle\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_column_for_each_metric),
		cmocka_unit_test(rates_are_named_by_their_event_and_not_shortened),
		cmocka_unit_test(every_slot_has_a_line),
		cmocka_unit_test(separated_columns_have_one_head_and_no_blanks),
		cmocka_unit_test(simulated_metrics_name_their_model),
		cmocka_unit_test(objects_have_a_key_for_each_metric),
		cmocka_unit_test(metrics_of_one_title_are_told_apart_by_their_event),
	};
	return cmocka_run_group_tests(tests, NULL, forget_printed);
}
