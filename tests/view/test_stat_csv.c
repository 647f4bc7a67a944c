/* Lines of fields: those of perf stat -x, and RFC 4180. */
#include <locale.h>
#include "view/counts.h"

static const struct ev_stat_options commas = { .separator_text = "," };

static void fields_stand_in_perfs_order(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	assert_string_equal(print_stat(&stat, &commas),
			    "853.76,msec,task-clock,853764321,100.00,0.999,CPUs utilized\n"
			    "5,,context-switches,853764321,100.00,5.856,/sec\n"
			    "2134410802,,cycles,432100000,43.21,2.500,GHz\n"
			    "<not supported>,,cache-misses,0,0.00,,\n"
			    "12.35,Joules,power/energy-pkg/,1,100.00,,\n"
			    "<not counted>,,dummy,0,0.00,,\n");
}

static void the_variance_follows_the_event(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	stat.runs = 3;
	stat.row_count = 1;
	sample_rows[0].relative_error = 0.2222;
	print_stat(&stat, &commas);
	sample_rows[0].relative_error = 0;
	assert_string_equal(printed,
			    "853.76,msec,task-clock,22.22%,853764321,100.00,0.999,CPUs utilized\n");
}

static void time_and_slot_come_first_without_blanks(void **state)
{
	(void)state;
	struct ev_stat_row row = sample_rows[1];
	struct ev_stat stat = sample_stat();
	row.slot = "CPU1";
	stat.rows = &row;
	stat.row_count = 1;
	stat.interval_s = 0.25;
	stat.summary = false;
	assert_string_equal(print_stat(&stat, &commas),
			    "0.250000000,CPU1,5,,context-switches,853764321,100.00,,\n");
}

static void a_row_without_a_slot_keeps_the_fields_of_the_others(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[1], sample_rows[5] };
	struct ev_stat stat = sample_stat();
	rows[0].slot = "CPU0";
	stat.rows = rows;
	stat.row_count = 2;
	assert_string_equal(print_stat(&stat, &commas),
			    "CPU0,5,,context-switches,853764321,100.00,,\n"
			    ",<not counted>,,dummy,0,0.00,,\n");
}

static void a_closing_table_is_marked(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	stat.row_count = 1;
	assert_string_equal(print_stat(&stat, &(struct ev_stat_options){ .separator_text = "\t",
									 .closing = true }),
			    "summary\t853.76\tmsec\ttask-clock\t853764321\t100.00\t0.999\tCPUs "
			    "utilized\n");
}

static void line_breaks_in_names_do_not_break_lines(void **state)
{
	(void)state;
	struct ev_stat_row row = sample_rows[1];
	struct ev_stat stat = sample_stat();
	row.slot = "a\nb-1";
	stat.rows = &row;
	stat.row_count = 1;
	assert_has(print_stat(&stat, &commas), "a\\x0ab-1,5,");
}

static void csv_has_a_header_quotes_and_both_times(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	const char *text = print_stat(&stat, &(struct ev_stat_options){ .csv = true });
	assert_has(text,
		   "time_s,slot,event,value,unit,relative_error_percent,enabled_ns,running_ns,"
		   "running_percent,scaling_error_percent,metric,metric_unit,metric_apart,"
		   "state,why,cpus,cgroup\r\n");
	assert_has(text, ",,task-clock,853.76,msec,,853764321,853764321,100.00,0.00,0.999,CPUs "
			 "utilized,0,counted,,,\r\n");
	assert_has(text, ",,cycles,2134410802,,,1000000000,432100000,43.21,1.23,2.500,"
			 "GHz,0,counted,,,\r\n");
	assert_has(text, ",,cache-misses,,,,,,,,,,,not supported,\"no PMU, \"\"really\"\"\",,\r\n");
}

static void csv_tells_errors_and_ratios_in_fields_of_their_own(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	const char *text = print_stat(&stat, &(struct ev_stat_options){ .csv = true });
	assert_has(text, ",,cycles,4000000,,,1000,500,50.00,0.20,,,,counted,,,\r\n");
	assert_has(text, ",,instructions,6000000,,,1000,500,50.00,,1.50,insn per cycle,1,counted,");
	assert_has(text, ",,branch-misses,,,,,,,,2.00,branch MPKI,0,metric,,,\r\n");
	text = print_stat(&stat, &(struct ev_stat_options){ .csv = true, .metric_only = true });
	assert_has(text, ",,instructions,,,,,,,,1.50,insn per cycle,1,metric,,,\r\n");
	assert_has_not(text, "counted,");
}

static void fields_of_perf_hold_only_what_perf_writes(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	const char *text = print_stat(&stat, &commas);
	assert_has_not(text, "MPKI");
	assert_has(text, "6000000,,instructions,500,50.00,1.50,insn per cycle\n");
	stat.metrics = chosen_metrics((const char *[]){ "ipc", "branch-mpki", "branch-miss" }, 3);
	assert_has(print_stat(&stat, &commas),
		   "\n12000,,branch-misses,500,50.00,2.00,branch MPKI\n");
	struct ev_stat_row rows[] = { shared_rows[1], shared_rows[1] };
	rows[1].event = "stalled-cycles-backend";
	stat.rows = rows;
	stat.row_count = 2;
	stat.metrics = NULL;
	assert_has(print_stat(&stat, &commas), "\n,,,,,1.00,stalled cycles per insn\n");
}

/* Two rows of a die each, and a cgroup. */
static struct ev_stat placed_stat(struct ev_stat_row rows[2])
{
	struct ev_stat stat = sample_stat();
	rows[0] = sample_rows[1];
	rows[1] = sample_rows[1];
	rows[0].slot = "S0-D0";
	rows[1].slot = "S0-D1";
	rows[0].cpus = 8;
	rows[1].cpus = 4;
	rows[1].cgroup = "a/b";
	stat.by = &ev_aggregations[EV_BY_DIE];
	stat.rows = rows;
	stat.row_count = 2;
	return stat;
}

static void places_and_cgroups_have_perfs_fields(void **state)
{
	(void)state;
	struct ev_stat_row rows[2];
	struct ev_stat stat = placed_stat(rows);
	assert_string_equal(print_stat(&stat, &commas),
			    "S0-D0,8,5,,context-switches,,853764321,100.00,,\n"
			    "S0-D1,4,5,,context-switches,a/b,853764321,100.00,,\n");
}

static void every_csv_line_has_as_many_fields_as_the_header(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	stat.runs = 2;
	stat.interval_s = 1;
	char *text = print_stat(&stat, &(struct ev_stat_options){ .csv = true });
	size_t lines = 0;
	for (char *line = strtok(text, "\r\n"); line; line = strtok(NULL, "\r\n"), lines++) {
		size_t commas_seen = 0;
		bool quoted = false;
		for (; *line; line++) {
			quoted ^= *line == '"';
			commas_seen += *line == ',' && !quoted;
		}
		assert_int_equal(commas_seen, 16);
	}
	assert_int_equal(lines, 1 + stat.row_count);
}

static void a_comma_locale_changes_nothing(void **state)
{
	(void)state;
	static const char *const locales[] = { "de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR" };
	const char *set = NULL;
	for (size_t i = 0; !set && i < EV_LENGTH(locales); i++)
		set = setlocale(LC_NUMERIC, locales[i]);
	if (!set) {
		print_message("SKIP a_comma_locale_changes_nothing: no such locale installed\n");
		skip();
	}
	struct ev_stat stat = sample_stat();
	stat.row_count = 1;
	print_stat(&stat, &commas);
	setlocale(LC_NUMERIC, "C");
	assert_string_equal(printed,
			    "853.76,msec,task-clock,853764321,100.00,0.999,CPUs utilized\n");
}

#define MODEL "callgrind 9: I1 32K; D1 32K, 8-way"

static void simulated_counts_name_their_model_in_every_line(void **state)
{
	(void)state;
	struct ev_stat_options semicolons = { .separator_text = ";" }, csv = { .csv = true };
	struct ev_stat stat = sample_stat();
	stat.row_count = 2;
	stat.simulated = MODEL;
	print_stat(&stat, &semicolons);
	/* The separator cannot stand in a field. */
	assert_non_null(
		strstr(printed, ";CPUs utilized;simulated: callgrind 9: I1 32K_ D1 32K, 8-way\n"));
	assert_non_null(strstr(printed, ";/sec;simulated: "));
	print_stat(&stat, &csv);
	assert_non_null(strstr(printed, ",counted,,,,\"" MODEL "\"\r\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_stand_in_perfs_order),
		cmocka_unit_test(the_variance_follows_the_event),
		cmocka_unit_test(time_and_slot_come_first_without_blanks),
		cmocka_unit_test(a_row_without_a_slot_keeps_the_fields_of_the_others),
		cmocka_unit_test(places_and_cgroups_have_perfs_fields),
		cmocka_unit_test(a_closing_table_is_marked),
		cmocka_unit_test(line_breaks_in_names_do_not_break_lines),
		cmocka_unit_test(csv_has_a_header_quotes_and_both_times),
		cmocka_unit_test(csv_tells_errors_and_ratios_in_fields_of_their_own),
		cmocka_unit_test(fields_of_perf_hold_only_what_perf_writes),
		cmocka_unit_test(every_csv_line_has_as_many_fields_as_the_header),
		cmocka_unit_test(a_comma_locale_changes_nothing),
		cmocka_unit_test(simulated_counts_name_their_model_in_every_line),
	};
	return cmocka_run_group_tests(tests, NULL, forget_printed);
}
