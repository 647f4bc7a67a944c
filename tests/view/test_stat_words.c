/* Where the time went, in words, with the figures it rests on. */
#include "view/counts.h"

static struct ev_arena arena;

static const char *words(double user_s, double sys_s, double elapsed_s, uint64_t major_faults,
			 uint64_t voluntary, uint64_t involuntary)
{
	struct ev_stat stat = sample_stat();
	stat.user_s = user_s;
	stat.sys_s = sys_s;
	stat.elapsed_s = elapsed_s;
	stat.major_faults = major_faults;
	stat.voluntary_switches = voluntary;
	stat.involuntary_switches = involuntary;
	return ev_stat_words(&stat, &arena);
}

static void a_loop_is_computing(void **state)
{
	(void)state;
	assert_string_equal(words(0.99, 0.01, 1, 0, 1, 4),
			    "Mostly computing: 99 % in user code, 1 % in the kernel, 0 % waiting "
			    "(1.00 of 2 CPUs used for 1.000 s; major faults 0, waits 1, "
			    "preemptions 4).");
	assert_has(words(1.9, 0.05, 1, 0, 1, 4), "Mostly computing: 97 % in user code");
	assert_has(words(1.9, 0.05, 1, 0, 1, 4), "1.95 of 2 CPUs");
}

static void a_copy_is_in_the_kernel(void **state)
{
	(void)state;
	assert_has(words(0.1, 0.8, 1, 0, 1, 4),
		   "Mostly in the kernel: 10 % in user code, 80 % in the "
		   "kernel, 10 % waiting");
}

static void a_sleeper_is_waiting(void **state)
{
	(void)state;
	assert_has(words(0.03, 0.01, 1, 0, 20, 1), "Mostly waiting: ");
	assert_has(words(0.001, 0.000, 1, 0, 2, 0),
		   "0 % computing or in the kernel (too short to tell), ");
}

static void a_crowded_out_program_waits_for_a_cpu(void **state)
{
	(void)state;
	assert_has(words(0.3, 0.01, 1, 0, 2, 300), "Mostly waiting, for a CPU that others used: ");
}

static void page_reading_is_shortness_of_memory(void **state)
{
	(void)state;
	assert_has(words(0.2, 0.2, 2, 8000, 8100, 10), "Short of memory");
	assert_has(words(0.2, 0.2, 2, 8000, 8100, 10), "major faults 8000");
	assert_has(words(0.02, 0.02, 2, 60, 100, 10), "Mostly waiting");
}

static void a_balance_is_called_a_mixture(void **state)
{
	(void)state;
	assert_has(words(0.4, 0.35, 1, 0, 20, 1), "A mixture: ");
}

static void the_least_run_is_not_split(void **state)
{
	(void)state;
	assert_has(words(0.001, 0, 0.001, 0, 0, 0),
		   "Mostly on the CPU: 100 % computing or in the kernel (too short to tell)");
	assert_null(words(0, 0, 0, 0, 0, 0));
}

static void an_attached_process_is_judged_by_its_task_clock(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	stat.user_s = stat.sys_s = -1;
	stat.elapsed_s = 10;
	assert_null(ev_stat_words(&stat, &arena));
	stat.target = "process id '12'";
	assert_string_equal(ev_stat_words(&stat, &arena),
			    "Mostly waiting: on a CPU for 9 % of the time (0.09 CPUs used of 2).");
	stat.target = "'system wide'";
	assert_null(ev_stat_words(&stat, &arena));
}

static void the_machine_is_judged_by_its_cpus(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	stat.target = "'system wide'";
	stat.elapsed_s = 10;
	stat.machine = (struct ev_stat_machine){
		.user_s = 2, .sys_s = 1, .idle_s = 15, .disk_s = 2, .cpus = 2
	};
	assert_string_equal(ev_stat_words(&stat, &arena),
			    "Mostly idle: the CPUs were 10 % in user code, 5 % in the kernel, 75 % "
			    "idle, 10 % waiting for disks (0.30 of 2 CPUs used for 10.000 s).");
	stat.machine.user_s = 30;
	stat.machine.stolen_s = 10;
	assert_has(ev_stat_words(&stat, &arena), "Mostly computing: ");
	assert_has(ev_stat_words(&stat, &arena), "waiting for disks, 17 % taken by the host (");
	stat.machine.sys_s = 100;
	assert_has(ev_stat_words(&stat, &arena), "Mostly in the kernel: ");
	stat.machine.disk_s = 900;
	assert_has(ev_stat_words(&stat, &arena), "Mostly waiting for disks: ");
	stat.machine = (struct ev_stat_machine){ .user_s = 0.01, .cpus = 1 };
	assert_has(ev_stat_words(&stat, &arena), "Too short to tell what the CPUs did");
}

static void with_a_delay_the_whole_life_of_the_command_is_judged(void **state)
{
	(void)state;
	struct ev_stat stat = sample_stat();
	stat.user_s = 2;
	stat.sys_s = 0;
	stat.elapsed_s = 1;
	stat.usage_s = 10;
	assert_has(ev_stat_words(&stat, &arena), "Mostly waiting: 20 % in user code, ");
	assert_has(ev_stat_words(&stat, &arena),
		   "0.20 of 2 CPUs used for 10.000 s with the delay;");
}

static int done(void **state)
{
	ev_arena_done(&arena);
	return forget_printed(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loop_is_computing),
		cmocka_unit_test(a_copy_is_in_the_kernel),
		cmocka_unit_test(a_sleeper_is_waiting),
		cmocka_unit_test(a_crowded_out_program_waits_for_a_cpu),
		cmocka_unit_test(page_reading_is_shortness_of_memory),
		cmocka_unit_test(a_balance_is_called_a_mixture),
		cmocka_unit_test(the_least_run_is_not_split),
		cmocka_unit_test(an_attached_process_is_judged_by_its_task_clock),
		cmocka_unit_test(the_machine_is_judged_by_its_cpus),
		cmocka_unit_test(with_a_delay_the_whole_life_of_the_command_is_judged),
	};
	return cmocka_run_group_tests(tests, NULL, done);
}
