/* Facts about the machine, read from text. */
#include <sched.h>
#include "live.h"
#include "machine.h"

static void a_field_is_found_by_its_whole_name(void **state)
{
	(void)state;
	const char *text =
		"vendor_id\t: Genuine\nmodel name\t: Xeon @ 2 GHz\nmodel\t\t: 85\nlast: x";
	char out[32];
	assert_true(ev_proc_field(text, "model", out, sizeof(out)));
	assert_string_equal(out, "85");
	assert_true(ev_proc_field(text, "model name", out, sizeof(out)));
	assert_string_equal(out, "Xeon @ 2 GHz");
	assert_true(ev_proc_field(text, "vendor_id", out, 4));
	assert_string_equal(out, "Gen");
	assert_true(ev_proc_field(text, "last", out, sizeof(out)));
	assert_string_equal(out, "x");
	assert_false(ev_proc_field(text, "id", out, sizeof(out)));
	assert_false(ev_proc_field("", "model", out, sizeof(out)));
	assert_false(ev_proc_field("model", "model", out, sizeof(out)));
}

static void all_cpus_are_watched_unless_some_are_named(void **state)
{
	(void)state;
	const struct ev_target all = { .kind = EV_TARGET_SYSTEM };
	uint32_t *cpus;
	size_t count;
	assert_int_equal(ev_machine_cpus(&all, &cpus, &count, NULL), 0);
	assert_int_equal(count, ev_cpus_online());
	assert_int_equal(count, sysconf(_SC_NPROCESSORS_ONLN));
	struct ev_target last = { .kind = EV_TARGET_SYSTEM,
				  .cpus = &cpus[count - 1],
				  .cpu_count = 1 };
	uint32_t *named;
	size_t named_count;
	assert_int_equal(ev_machine_cpus(&last, &named, &named_count, NULL), 0);
	assert_int_equal(named_count, 1);
	assert_int_equal(named[0], cpus[count - 1]);
	free(named);
	free(cpus);
}

static void capabilities_are_those_of_this_process(void **state)
{
	(void)state;
	/* What no kernel knows nobody has. */
	assert_false(ev_machine_has_capability(63));
	if (geteuid())
		SKIP("capabilities_are_those_of_this_process", "not root");
	pid_t pid = fork();
	if (!pid) {
		bool before = ev_machine_may_perfmon();
		_exit(setresuid(65534, 65534, 65534) || !before || ev_machine_may_perfmon());
	}
	int status;
	waitpid(pid, &status, 0);
	if (!ev_machine_may_perfmon())
		SKIP("capabilities_are_those_of_this_process", "this root has no CAP_PERFMON");
	assert_int_equal(status, 0);
}

static void a_rootless_containers_capabilities_do_not_count(void **state)
{
	(void)state;
	assert_true(ev_uid_map_is_initial("         0          0 4294967295\n"));
	assert_false(ev_uid_map_is_initial("         0       1000          1\n"));
	assert_false(ev_uid_map_is_initial("         0          0      65536\n"));
	assert_false(ev_uid_map_is_initial(""));
}

static void a_locked_down_kernel_says_how_far(void **state)
{
	(void)state;
	char level[32];
	assert_string_equal(ev_lockdown_level("[none] integrity confidentiality\n", level, 32), "");
	assert_string_equal(ev_lockdown_level("none [integrity] confidentiality\n", level, 32),
			    "integrity");
	assert_string_equal(ev_lockdown_level("none [integ", level, 32), "");
	assert_string_equal(ev_lockdown_level("", level, 32), "");
}

static void the_clock_goes_forward(void **state)
{
	(void)state;
	uint64_t before = ev_now_ns();
	assert_true(ev_now_ns() >= before);
}

static void slots_of_a_cycle_are_read_from_the_pmu(void **state)
{
	(void)state;
	char root[] = "/tmp/evprof-slots-XXXXXX", command[400];
	assert_non_null(mkdtemp(root));
	assert_int_equal(ev_pmu_slots(root), 0);
	snprintf(command, sizeof(command),
		 "d=%s/sys/bus/event_source/devices; mkdir -p $d/software $d/armv8_pmuv3_0/caps && "
		 "echo 0x00000008 >$d/armv8_pmuv3_0/caps/slots",
		 root);
	assert_int_equal(system(command), 0);
	assert_int_equal(ev_pmu_slots(root), 8);
	snprintf(command, sizeof(command), "rm -r %s", root);
	assert_int_equal(system(command), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_field_is_found_by_its_whole_name),
		cmocka_unit_test(all_cpus_are_watched_unless_some_are_named),
		cmocka_unit_test(capabilities_are_those_of_this_process),
		cmocka_unit_test(a_rootless_containers_capabilities_do_not_count),
		cmocka_unit_test(a_locked_down_kernel_says_how_far),
		cmocka_unit_test(the_clock_goes_forward),
		cmocka_unit_test(slots_of_a_cycle_are_read_from_the_pmu),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
