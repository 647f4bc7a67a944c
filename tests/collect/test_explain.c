/* Every refusal names its cause and one cure. */
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_descriptor_limit
// wrap: ev_machine_paranoid ev_machine_may_perfmon ev_machine_is_filtered
// wrap: ev_machine_has_core_pmu ev_machine_hypervisor ev_file_number
// wrap: ev_machine_lockdown
#include "scripted.h"

static int opens_everything(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return 0;
}

static int forbids_everything(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return EACCES;
}

static int filters_everything(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return EPERM;
}

static int forbids_process_1(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)cpu, (void)group_fd;
	return tid == 1 ? EACCES : 0;
}

static int is_never_precise(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->precise_ip ? EOPNOTSUPP : 0;
}

static int only_counts(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->sample_period ? EOPNOTSUPP : 0;
}

static int has_four_breakpoints(const struct perf_event_attr *attr, pid_t tid, int cpu,
				int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return script.opens - script.closes >= 4 ? ENOSPC : 0;
}

static int knows_no_kinds(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid, (void)cpu, (void)group_fd;
	return attr->config >> 32 ? ENOENT : 0;
}

static const struct perf_event_attr cycles = { .type = PERF_TYPE_HARDWARE };
static char why[512];

static void assert_why(int error, const struct perf_event_attr *attr,
		       const struct ev_target *target, const char *part)
{
	ev_explain_open(error, attr, target, why, sizeof(why));
	if (!strstr(why, part))
		print_message("wanted '%s' in '%s'\n", part, why);
	assert_non_null(strstr(why, part));
}

static void watching_the_kernel_needs_paranoid_1(void **state)
{
	(void)state;
	script_reset(opens_everything);
	assert_why(EACCES, &cycles, NULL, "perf_event_paranoid is 2");
	assert_non_null(strstr(why, "sudo sysctl kernel.perf_event_paranoid=1"));
}

static void watching_the_whole_machine_needs_paranoid_0(void **state)
{
	(void)state;
	const struct ev_target system = { .kind = EV_TARGET_SYSTEM };
	script_reset(opens_everything);
	assert_why(EACCES, &cycles, &system, "whole CPU");
	assert_non_null(strstr(why, "sudo sysctl kernel.perf_event_paranoid=0"));
}

static void tracepoint_data_needs_paranoid_minus_1(void **state)
{
	(void)state;
	const struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT,
					      .sample_type = PERF_SAMPLE_RAW };
	script_reset(opens_everything);
	assert_why(EACCES, &attr, NULL, "sudo sysctl kernel.perf_event_paranoid=-1");
}

static void paranoid_3_and_4_forbid_everything(void **state)
{
	(void)state;
	script_reset(forbids_everything);
	for (script.paranoid = 3; script.paranoid <= 4; script.paranoid++)
		assert_why(EACCES, &cycles, NULL, "sudo sysctl kernel.perf_event_paranoid=2");
}

static void a_seccomp_filter_is_told_from_paranoia(void **state)
{
	(void)state;
	script_reset(filters_everything);
	script.filtered = true;
	assert_why(EPERM, &cycles, NULL, "seccomp");
	script.filtered = false;
	assert_why(EPERM, &cycles, NULL, "security module");
}

static void another_users_process_is_told_from_paranoia(void **state)
{
	(void)state;
	uint32_t id = 1;
	const struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &id, .id_count = 1 };
	script_reset(forbids_process_1);
	assert_why(EACCES, &cycles, &target, "sudo");
	assert_null(strstr(why, "paranoid"));
	script_reset(opens_everything);
	assert_why(EACCES, &cycles, &target, "perf_event_paranoid");
}

static const char *lockdown;

const char *__wrap_ev_machine_lockdown(char *out, size_t size_bytes);
const char *__wrap_ev_machine_lockdown(char *out, size_t size_bytes)
{
	snprintf(out, size_bytes, "%s", lockdown);
	return out;
}

static void privileges_that_do_not_help_point_to_lockdown(void **state)
{
	(void)state;
	script_reset(opens_everything);
	script.may_perfmon = true;
	lockdown = "confidentiality";
	assert_why(EACCES, &cycles, NULL, "locked down (confidentiality)");
	lockdown = "";
	assert_why(EACCES, &cycles, NULL, "security module");
}

static void a_tracepoint_closed_to_everyone_is_said_to_be(void **state)
{
	(void)state;
	const struct perf_event_attr counted = { .type = PERF_TYPE_TRACEPOINT };
	const struct perf_event_attr sampled = { .type = PERF_TYPE_TRACEPOINT, .sample_period = 1 };
	script_reset(opens_everything);
	assert_why(EINVAL, &counted, NULL, "does not allow this tracepoint");
	script.may_perfmon = true;
	assert_why(EPERM, &counted, NULL, "does not allow this tracepoint");
	assert_null(strstr(why, "lockdown"));
	assert_null(strstr(why, "sampling"));
	assert_why(EPERM, &sampled, NULL, "by perf_event_open for sampling");
}

static void allowed_by_paranoia_it_is_a_missing_capability(void **state)
{
	(void)state;
	script_reset(opens_everything);
	script.paranoid = -1;
	assert_why(EPERM, &cycles, NULL, "CAP_PERFMON");
}

static void no_pmu_is_said_with_the_hypervisors_name(void **state)
{
	(void)state;
	script_reset(opens_everything);
	script.has_pmu = false;
	script.hypervisor = "KVM";
	assert_why(ENOENT, &cycles, NULL, "no PMU: KVM guest without a virtual PMU");
	script.hypervisor = NULL;
	assert_why(ENOENT, &cycles, NULL, "no driver");
	script.has_pmu = true;
	assert_why(ENOENT, &cycles, NULL, "does not have this event");
	assert_string_equal(ev_pmu_absence(why, sizeof(why)), "");
}

static void an_unknown_tracepoint_is_said(void **state)
{
	(void)state;
	const struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT };
	script_reset(opens_everything);
	assert_why(ENOENT, &attr, NULL, "tracepoint");
}

static void a_pmu_without_interrupt_can_still_be_counted(void **state)
{
	(void)state;
	const struct perf_event_attr hardware = { .sample_period = 1000 };
	const struct perf_event_attr msr = { .type = 42, .sample_period = 1000 };
	script_reset(only_counts);
	assert_why(EOPNOTSUPP, &hardware, NULL, "evprof stat");
	assert_why(EINVAL, &msr, NULL, "evprof stat");
}

static void the_watchdog_is_named_when_it_holds_a_counter(void **state)
{
	(void)state;
	script_reset(opens_everything);
	script.number = 1;
	assert_why(EBUSY, &cycles, NULL, "sudo sysctl kernel.nmi_watchdog=0");
	script.number = 0;
	assert_why(EBUSY, &cycles, NULL, "taken");
	assert_null(strstr(why, "watchdog"));
}

static void too_high_a_frequency_names_the_limit(void **state)
{
	(void)state;
	const struct perf_event_attr attr = { .freq = 1, .sample_freq = 500000 };
	script_reset(opens_everything);
	script.number = 100000;
	assert_why(EINVAL, &attr, NULL, "sudo sysctl kernel.perf_event_max_sample_rate=500000");
}

static void every_other_refusal_has_a_sentence(void **state)
{
	(void)state;
	const struct perf_event_attr breakpoint = { .type = PERF_TYPE_BREAKPOINT };
	const struct perf_event_attr deep = { .sample_max_stack = 500 };
	const struct perf_event_attr precise = { .precise_ip = 2 };
	const struct perf_event_attr alone = { .exclusive = 1 };
	const struct perf_event_attr atom = { .config = UINT64_C(10) << 32 };
	script_reset(opens_everything);
	assert_why(EMFILE, &cycles, NULL, "limit of 1024");
	assert_why(ENFILE, &cycles, NULL, "fs.file-max");
	script_reset(has_four_breakpoints);
	assert_why(ENOSPC, &breakpoint, NULL, "a thread can have 4 here");
	assert_int_equal(script.opens, script.closes);
	script_reset(knows_no_kinds);
	assert_why(ENOENT, &atom, NULL, "one kind of core only");
	script_reset(opens_everything);
	script.filtered = true;
	assert_why(ENOSYS, &cycles, NULL, "seccomp");
	script.filtered = false;
	assert_why(ENOMEM, &cycles, NULL, "no memory");
	assert_why(EBUSY, &alone, NULL, "leave the e out");
	assert_why(EBUSY, &cycles, NULL, "pinned or exclusive event of another");
	assert_why(ENOSPC, &cycles, NULL, "no room");
	assert_why(EOVERFLOW, &deep, NULL, "perf_event_max_stack=500");
	script_reset(is_never_precise);
	assert_why(EOPNOTSUPP, &precise, NULL, ":pp out");
	script_reset(opens_everything);
	assert_why(ESRCH, &cycles, NULL, "gone");
	assert_why(ENODEV, &cycles, NULL, "offline");
	assert_why(ENOSYS, &cycles, NULL, "without performance events");
	assert_why(E2BIG, &cycles, NULL, "too old");
	assert_why(EINVAL, &cycles, NULL, "group");
	assert_why(EIO, &cycles, NULL, strerror(EIO));
}

static void a_short_buffer_is_respected(void **state)
{
	(void)state;
	char small[8];
	script_reset(opens_everything);
	memset(small, 'x', sizeof(small));
	ev_explain_open(EACCES, &cycles, NULL, small, 4);
	assert_int_equal(strlen(small), 3);
	assert_int_equal(small[4], 'x');
}

static void a_probe_of_a_program_has_refusals_of_its_own(void **state)
{
	(void)state;
	const struct perf_event_attr probe = { .type = 8 };
	static const struct {
		int error;
		const char *words;
	} known[] = {
		{ EACCES, "probe" },
		{ ENOENT, "the file that was to be probed is gone" },
		{ EIO, "file system" },
		{ EINVAL, "can not put a probe on this instruction" },
		{ 524, "can not put a probe on this instruction" },
		{ EMFILE, "one descriptor per event" },
	};
	script_reset(opens_everything);
	script.number = 8; /* the type of the uprobe PMU */
	for (size_t i = 0; i < EV_LENGTH(known); i++)
		assert_why(known[i].error, &probe, NULL, known[i].words);
	script.answer = filters_everything;
	script.filtered = true;
	assert_why(EPERM, &probe, NULL, "seccomp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(watching_the_kernel_needs_paranoid_1),
		cmocka_unit_test(watching_the_whole_machine_needs_paranoid_0),
		cmocka_unit_test(tracepoint_data_needs_paranoid_minus_1),
		cmocka_unit_test(paranoid_3_and_4_forbid_everything),
		cmocka_unit_test(a_seccomp_filter_is_told_from_paranoia),
		cmocka_unit_test(another_users_process_is_told_from_paranoia),
		cmocka_unit_test(privileges_that_do_not_help_point_to_lockdown),
		cmocka_unit_test(a_tracepoint_closed_to_everyone_is_said_to_be),
		cmocka_unit_test(allowed_by_paranoia_it_is_a_missing_capability),
		cmocka_unit_test(no_pmu_is_said_with_the_hypervisors_name),
		cmocka_unit_test(an_unknown_tracepoint_is_said),
		cmocka_unit_test(a_pmu_without_interrupt_can_still_be_counted),
		cmocka_unit_test(the_watchdog_is_named_when_it_holds_a_counter),
		cmocka_unit_test(too_high_a_frequency_names_the_limit),
		cmocka_unit_test(every_other_refusal_has_a_sentence),
		cmocka_unit_test(a_probe_of_a_program_has_refusals_of_its_own),
		cmocka_unit_test(a_short_buffer_is_respected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
