/* The screen of counts: columns where the fingers and scripts of perf stat's users expect them. */
#include "view/counts.h"

static void columns_stand_where_perf_puts_them(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has(text, "\n Performance counter stats for './sorts':\n\n");
	assert_has(text,
		   "\n            853.76 msec   task-clock                       #    0.999 CPUs "
		   "utilized\n");
	assert_has(text, "\n                 5        context-switches                 #    5.856 "
			 "/sec\n");
	assert_has(text, "\n     <not counted>        dummy\n");
	assert_has(text, "\n             12.35 Joules power/energy-pkg/\n");
}

static void plain_columns_are_as_wide_as_perfs(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	stat.row_count = 2;
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has(text,
		   "\n            853.76 msec task-clock                       #    0.999 CPUs "
		   "utilized\n");
	assert_has(text,
		   "\n                 5      context-switches                 #    5.856 /sec\n");
}

static void blank_ends_of_lines_are_cut(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	assert_has_not(print_stat(&stat, &(struct ev_stat_options){ 0 }), " \n");
}

static void a_multiplexed_count_says_its_share(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has(text,
		   "        2134410802        cycles                           #    2.500 GHz  "
		   "                    (43.21%)  ±1.2%\n");
	assert_has(text, " (…%): share of the time for which the event was counted; the values are "
			 "scaled to the whole time; ±: within so much of it the true count is");
	assert_has_not(text, "± ?");
	text = print_stat(&stat, &(struct ev_stat_options){ .no_scale = true });
	assert_has(text, "(43.21%)\n");
	assert_has_not(text, "±");
}

static void a_bound_that_is_not_known_is_not_passed_over(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has(text, "(50.00%)  ±0.20%\n");
	assert_has(text, "(50.00%)  ± ?\n");
	assert_has(text, "(50.00%)  ±10.0%\n");
	assert_has(text, "\n ± ?: too little of it was counted");
	assert_has(text, "--multi-pass");
}

static void ratios_of_events_counted_at_other_times_are_marked(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has(text, "instructions                     #    1.50  insn per cycle *");
	assert_has(text,
		   "\n *: a ratio of events that were not counted at the same times; put them "
		   "in a group, -e '{a,b}', or use --multi-pass\n");
	/* Of one group, there is nothing to mark. */
	assert_has(text, "#    2.00  branch MPKI\n");
	stat.row_count = 1;
	assert_has_not(print_stat(&stat, &(struct ev_stat_options){ 0 }), " *");
	assert_null(ev_stat_apart(&stat));
}

static void strict_leaves_such_ratios_out(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	stat.strict = true;
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has_not(text, "insn per cycle");
	assert_has_not(text, " *");
	assert_has(text, "branch MPKI");
	assert_has(text, "6000000      instructions");
	assert_string_equal(ev_stat_apart(&stat), "ipc");
}

static void figures_of_several_counts_stand_below_a_row(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	struct ev_stat_row rows[] = { shared_rows[1], shared_rows[1], shared_rows[1] };
	rows[1].event = "stalled-cycles-frontend";
	rows[2].event = "task-clock";
	rows[1].value = 1500000;
	stat.rows = rows;
	stat.row_count = 2;
	assert_has(print_stat(&stat, &(struct ev_stat_options){ 0 }),
		   "\n                                                         #    0.25  stalled "
		   "cycles per insn\n");
}

static void metrics_that_were_asked_for_stand_alone(void **state)
{
	(void)state;
	struct ev_stat stat = shared_stat();
	stat.metrics = chosen_metrics((const char *[]){ "branch-mpki", "cpi" }, 2);
	const char *text = print_stat(&stat, &(struct ev_stat_options){ .verbose = true });
	assert_has(text, "cycles                           #    0.67  cycles per insn *");
	assert_has(text, "branch-misses                    #    2.00  branch MPKI");
	assert_has_not(text, "insn per cycle");
	assert_has(text, "\n cycles per insn: what an instruction costs on average: 1 / ipc (cpi = "
			 "cycles / instructions)\n");
}

static void big_numbers_are_grouped_when_asked(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	assert_has(print_stat(&stat, &(struct ev_stat_options){ .grouped = true }),
		   "     2,134,410,802        cycles");
	sample_rows[0].value = 1234567e6;
	assert_has(print_stat(&stat, &(struct ev_stat_options){ .grouped = true }),
		   "      1,234,567.00 msec   task-clock");
	sample_rows[0].value = 853764321;
}

static void repeated_runs_show_their_noise(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	stat.runs = 5;
	stat.elapsed_s = 0.000906;
	stat.elapsed_error_s = 0.00011;
	stat.row_count = 2;
	sample_rows[0].relative_error = 0.0536;
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	sample_rows[0].relative_error = 0;
	assert_has(text, "'./sorts' (5 runs):\n");
	assert_has(text, "CPUs utilized            ( +-  5.36% )\n");
	assert_has(text, "          0.000906 +- 0.000110 seconds time elapsed  ( +- 12.14% )\n");
	assert_has_not(text, "Table of individual");
}

static void the_table_of_runs_has_bars_of_bounded_length(void **state)
{
	(void)state;
	const double each[] = { 0.001, 0.001, 0.1, 1e-9 };
	struct ev_stat stat = sample_stat();
	stat.runs = 4;
	stat.row_count = 0;
	stat.elapsed_each_s = each;
	stat.elapsed_s = 0.001;
	stat.elapsed_error_s = 0.0005;
	const char *text = print_stat(&stat, &(struct ev_stat_options){ .table = true });
	assert_has(text, "          # Table of individual measurements:\n");
	assert_has(text, "          0.001000 (+0.000000) #\n");
	assert_has(text,
		   "          0.100000 (+0.099000) ########################################\n");
	assert_has(text, "          0.000000 (-0.001000) ####################");
	assert_has(text, "          # Final result:\n");
}

static void times_and_memory_follow_the_counts(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has(text, "\n\n       0.854413300 seconds time elapsed\n"
			 "\n       0.854343000 seconds user\n"
			 "       0.000000000 seconds sys\n"
			 "              20.5 MB peak RSS\n\n");
	stat.user_s = -1;
	stat.peak_rss_is_bound = true;
	assert_has(print_stat(&stat, &(struct ev_stat_options){ 0 }),
		   "\n              20.5 MB peak RSS or less\n\n");
	stat.peak_rss_kb = 0;
	text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has_not(text, "seconds user");
	assert_has_not(text, "peak RSS");
}

static void absence_causes_and_fallbacks_are_told_once(void **state)
{
	(void)state;
	const char *fallbacks[] = { "cycles: user space only" };
	struct ev_stat stat = sample_stat();
	stat.absence = "KVM guest without a virtual PMU";
	stat.fallbacks = fallbacks;
	stat.fallback_count = 1;
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has(text,
		   "\n hardware counters: none here (no PMU: KVM guest without a virtual PMU)\n"
		   " cache-misses: no PMU, \"really\"\n"
		   " cycles: user space only\n");
	const char *last = strstr(text, "\n Mostly computing: ");
	assert_non_null(last);
	assert_ptr_equal(strchr(last + 1, '\n') + 2, text + strlen(text));
}

static void rows_of_several_slots_share_one_footnote(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[3], sample_rows[3] };
	rows[0].slot = "CPU0";
	rows[1].slot = "CPU1";
	struct ev_stat stat = sample_stat();
	stat.rows = rows;
	stat.row_count = 2;
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	const char *note = strstr(text, "cache-misses: no PMU");
	assert_non_null(note);
	assert_null(strstr(note + 1, "cache-misses: no PMU"));
}

static void events_refused_for_one_cause_share_its_footnote(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[3], sample_rows[1], sample_rows[3] };
	rows[2].event = "cycles";
	struct ev_stat stat = sample_stat();
	stat.rows = rows;
	stat.row_count = 3;
	assert_has(print_stat(&stat, &(struct ev_stat_options){ 0 }),
		   "\n cache-misses, cycles: no PMU, \"really\"\n");
}

static void slots_come_first_and_are_divided_among_themselves(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[0], sample_rows[0], sample_rows[1],
				      sample_rows[1] };
	rows[0].slot = rows[2].slot = "CPU0";
	rows[1].slot = rows[3].slot = "worker thread-4321";
	rows[1].value /= 2;
	struct ev_stat stat = sample_stat();
	stat.rows = rows;
	stat.row_count = 4;
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has(text, "\nCPU0                                  853.76 msec task-clock ");
	assert_has(text, "\n   worker thread-4321                 426.88 msec task-clock ");
	assert_has(text, "  5      context-switches                 #    5.856 /sec\n");
	assert_has(text, "  5      context-switches                 #   11.713 /sec\n");
}

static void a_row_without_a_slot_keeps_the_columns_of_the_others(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[1], sample_rows[1] };
	struct ev_stat stat = sample_stat();
	rows[0].slot = "CPU0";
	stat.rows = rows;
	stat.row_count = 2;
	assert_has(print_stat(&stat, &(struct ev_stat_options){ 0 }),
		   "CPU0                        5      context-switches\n"
		   "                            5      context-switches\n");
	rows[0].slot = "sh-12";
	assert_has(print_stat(&stat, &(struct ev_stat_options){ 0 }),
		   "              sh-12                        5      context-switches\n"
		   "                                           5      context-switches\n");
}

static void places_tell_how_many_cpus_they_sum_as_perf_does(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[1], sample_rows[1] };
	struct ev_stat stat = sample_stat();
	stat.by = &ev_aggregations[EV_BY_CORE];
	rows[0].slot = "S0-D0-C0";
	rows[1].slot = "S0-D0-C11";
	rows[0].cpus = 2;
	rows[1].cpus = 1;
	stat.rows = rows;
	stat.row_count = 2;
	assert_has(print_stat(&stat, &(struct ev_stat_options){ 0 }),
		   "S0-D0-C0           2                  5      context-switches\n"
		   "S0-D0-C11          1                  5      context-switches\n");
	stat.interval_s = 1;
	stat.by = &ev_aggregations[EV_BY_SOCKET];
	rows[0].slot = rows[1].slot = "S0";
	assert_has(print_stat(&stat, &(struct ev_stat_options){ .heading = true }),
		   "#           time socket cpus             counts unit events\n"
		   "     1.000000000 S0        2                  5      context-switches\n");
}

static void cgroups_have_a_column_and_figures_of_their_own(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[0], sample_rows[1], sample_rows[0],
				      sample_rows[1] };
	struct ev_stat stat = sample_stat();
	rows[0].cgroup = rows[1].cgroup = "web";
	rows[2].cgroup = rows[3].cgroup = "a/batch";
	rows[2].value /= 2;
	stat.rows = rows;
	stat.row_count = 4;
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has(text, " context-switches                 web     #    5.856 /sec\n");
	assert_has(text, " context-switches                 a/batch #   11.713 /sec\n");
}

static void causes_that_differ_by_cgroup_are_all_told(void **state)
{
	(void)state;
	struct ev_stat_row rows[] = { sample_rows[3], sample_rows[3], sample_rows[3],
				      sample_rows[3] };
	struct ev_stat stat = sample_stat();
	rows[1].event = rows[3].event = "misses";
	rows[2].why = "nothing ran there";
	stat.rows = rows;
	stat.row_count = 4;
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has(text, "\n cache-misses, misses: no PMU, \"really\"\n");
	assert_has(text, "\n cache-misses: nothing ran there\n");
}

static void intervals_are_bare_rows_with_their_time(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	stat.interval_s = 0.100059148;
	stat.summary = false;
	const char *text = print_stat(&stat, &(struct ev_stat_options){ .heading = true });
	assert_has(text, "#           time             counts unit events\n"
			 "     0.100059148             853.76 msec   task-clock");
	assert_has(text, "# cache-misses: no PMU");
	assert_has_not(text, "seconds time elapsed");
	assert_has_not(text, "Performance counter stats");
	text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_has_not(text, "#           time");
}

static void foreign_names_cannot_reach_the_terminal(void **state)
{
	(void)state;
	struct ev_stat_row row = sample_rows[1];
	row.event = "a\033[31mb";
	row.slot = "c\033]0;x\a-7";
	struct ev_stat stat = sample_stat();
	stat.rows = &row;
	stat.row_count = 1;
	stat.target = "'\033[2J'";
	const char *text = print_stat(&stat, &(struct ev_stat_options){ 0 });
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\a'));
	assert_has(text, "a\\x1b[31mb");
}

static void verbose_explains_each_metric_once(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	assert_has_not(print_stat(&stat, &(struct ev_stat_options){ 0 }), "GHz: ");
	const char *text = print_stat(&stat, &(struct ev_stat_options){ .verbose = true });
	assert_has(text, "\n GHz: the clock rate");
	assert_has(text, "\n CPUs utilized: ");
}

static void simulated_counts_stand_under_their_model(void **state)
{
	(void)state;
	struct ev_stat_options table = { 0 };
	struct ev_stat stat = sample_stat();
	assert_null(strstr(print_stat(&stat, &table), "simula"));
	stat.simulated = "callgrind 9: I1 32K";
	print_stat(&stat, &table);
	assert_non_null(strstr(printed, " Performance counter stats for './sorts', simulated:\n"
					" (callgrind 9: I1 32K)\n\n"));
	assert_non_null(
		strstr(printed, " seconds time elapsed in the simulator, not the program's own\n"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_stand_where_perf_puts_them),
		cmocka_unit_test(plain_columns_are_as_wide_as_perfs),
		cmocka_unit_test(blank_ends_of_lines_are_cut),
		cmocka_unit_test(a_multiplexed_count_says_its_share),
		cmocka_unit_test(a_bound_that_is_not_known_is_not_passed_over),
		cmocka_unit_test(ratios_of_events_counted_at_other_times_are_marked),
		cmocka_unit_test(strict_leaves_such_ratios_out),
		cmocka_unit_test(figures_of_several_counts_stand_below_a_row),
		cmocka_unit_test(metrics_that_were_asked_for_stand_alone),
		cmocka_unit_test(big_numbers_are_grouped_when_asked),
		cmocka_unit_test(repeated_runs_show_their_noise),
		cmocka_unit_test(the_table_of_runs_has_bars_of_bounded_length),
		cmocka_unit_test(times_and_memory_follow_the_counts),
		cmocka_unit_test(absence_causes_and_fallbacks_are_told_once),
		cmocka_unit_test(rows_of_several_slots_share_one_footnote),
		cmocka_unit_test(events_refused_for_one_cause_share_its_footnote),
		cmocka_unit_test(slots_come_first_and_are_divided_among_themselves),
		cmocka_unit_test(a_row_without_a_slot_keeps_the_columns_of_the_others),
		cmocka_unit_test(places_tell_how_many_cpus_they_sum_as_perf_does),
		cmocka_unit_test(cgroups_have_a_column_and_figures_of_their_own),
		cmocka_unit_test(causes_that_differ_by_cgroup_are_all_told),
		cmocka_unit_test(intervals_are_bare_rows_with_their_time),
		cmocka_unit_test(foreign_names_cannot_reach_the_terminal),
		cmocka_unit_test(verbose_explains_each_metric_once),
		cmocka_unit_test(simulated_counts_stand_under_their_model),
	};
	return cmocka_run_group_tests(tests, NULL, forget_printed);
}
