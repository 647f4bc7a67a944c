/* The whole examination, before a kernel that answers as scripted. */
#include "scripted.h"
#include "checks.h"
#include "ring.h"
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_descriptor_limit
// wrap: ev_machine_paranoid ev_machine_may_perfmon ev_machine_is_filtered ev_machine_has_core_pmu
// wrap: ev_machine_hypervisor ev_file_number ev_sys_read ev_sys_ring_map ev_sys_ring_unmap
// wrap: ev_program_line ev_bpf_counter_open

/* Whatever is read has been counted, and has run. */
ssize_t __wrap_ev_sys_read(int fd, void *bytes, size_t size_bytes);
ssize_t __wrap_ev_sys_read(int fd, void *bytes, size_t size_bytes)
{
	uint64_t *numbers = bytes;
	(void)fd;
	for (size_t i = 0; i < size_bytes / sizeof(*numbers); i++)
		numbers[i] = 7;
	return (ssize_t)size_bytes;
}

/* A ring with one sample in it. */
int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base);
int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base)
{
	(void)fd;
	*base = calloc(1, size_bytes);
	struct perf_event_mmap_page *control = *base;
	struct perf_event_header *header =
		(void *)((uint8_t *)*base + (size_t)sysconf(_SC_PAGESIZE));
	*header = (struct perf_event_header){ .type = PERF_RECORD_SAMPLE, .size = 16 };
	control->data_head = 16;
	return 0;
}

void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes);
void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes)
{
	(void)size_bytes;
	free(base);
}

int __wrap_ev_program_line(char *const *argv, int limit_ms, char *line, size_t size_bytes);
int __wrap_ev_program_line(char *const *argv, int limit_ms, char *line, size_t size_bytes)
{
	(void)argv;
	(void)limit_ms;
	(void)size_bytes;
	*line = 0;
	return -ENOENT;
}

int __wrap_ev_bpf_counter_open(struct ev_bpf_counter **counter, uint32_t pid, struct ev_err *err);
int __wrap_ev_bpf_counter_open(struct ev_bpf_counter **counter, uint32_t pid, struct ev_err *err)
{
	(void)pid;
	*counter = NULL;
	return ev_fail(err, EPERM, "the kernel refuses the BPF program: scripted");
}

static const struct ev_check *row(const struct ev_checks *checks, const char *name)
{
	for (size_t i = 0; i < checks->count; i++)
		if (!strcmp(checks->items[i].name, name))
			return &checks->items[i];
	fail_msg("no row %s", name);
	return NULL;
}

static void assert_state(const struct ev_checks *checks, const char *name,
			 enum ev_check_state state)
{
	const struct ev_check *check = row(checks, name);
	if (check->state != state)
		fail_msg("%s is %d: %s", name, check->state, check->value);
}

static void assert_told(const struct ev_checks *checks, const char *name, const char *why,
			const char *cure)
{
	const struct ev_check *check = row(checks, name);
	if (!strstr(check->why, why) || !strstr(check->cure, cure))
		fail_msg("%s: why '%s', cure '%s'", name, check->why, check->cure);
}

static int opens_all(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr;
	(void)tid;
	(void)cpu;
	return group_fd < 0 ? 0 : EINVAL;
}

static int refuses_all(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr;
	(void)tid;
	(void)cpu;
	(void)group_fd;
	return script.filtered ? EPERM : EACCES;
}

static int opens_software_of_users(const struct perf_event_attr *attr, pid_t tid, int cpu,
				   int group_fd)
{
	(void)tid;
	(void)group_fd;
	if (attr->type == PERF_TYPE_HARDWARE)
		return ENOENT;
	return cpu >= 0 && tid < 0 ? EACCES : attr->exclude_kernel ? 0 : EACCES;
}

/* What every row must have, whatever the machine. */
static void assert_complete(const struct ev_checks *checks)
{
	const char *area = "";
	assert_true(checks->count > 30);
	assert_int_equal(script.opens, script.closes);
	for (size_t i = 0; i < checks->count; i++) {
		const struct ev_check *check = &checks->items[i];
		assert_true(*check->value);
		if (strcmp(area, check->area))
			for (size_t k = 0; k < i; k++)
				assert_string_not_equal(checks->items[k].area, check->area);
		area = check->area;
	}
}

static void where_all_opens_the_main_job_works(void **state)
{
	struct ev_checks checks;
	(void)state;
	script_reset(opens_all);
	script.may_perfmon = true;
	script.number = 1000000; /* whatever is read, it is plenty */
	ev_checks_run(&checks);
	assert_complete(&checks);
	assert_true(checks.can_count && checks.can_sample && checks.can_write);
	assert_state(&checks, "hardware", EV_CHECK_OK);
	assert_state(&checks, "software", EV_CHECK_OK);
	assert_state(&checks, "all CPUs", EV_CHECK_OK);
	assert_state(&checks, "breakpoints", EV_CHECK_OK);
	assert_non_null(strstr(row(&checks, "breakpoints")->value, "64"));
	ev_checks_done(&checks);
}

static void behind_a_seccomp_filter_nothing_works_and_the_container_is_blamed(void **state)
{
	struct ev_checks checks;
	(void)state;
	script_reset(refuses_all);
	script.filtered = script.may_perfmon = true;
	ev_checks_run(&checks);
	assert_complete(&checks);
	assert_false(checks.can_count || checks.can_sample);
	assert_true(checks.can_write);
	assert_state(&checks, "system calls", EV_CHECK_MISSING);
	assert_state(&checks, "software", EV_CHECK_MISSING);
	assert_told(&checks, "software", "seccomp", "--security-opt seccomp=unconfined");
	assert_told(&checks, "rings", "seccomp", "--security-opt seccomp=unconfined");
	ev_checks_done(&checks);
}

static void paranoid_3_is_cured_by_sysctl(void **state)
{
	struct ev_checks checks;
	(void)state;
	script_reset(refuses_all);
	script.paranoid = 3;
	script.number = 3;
	ev_checks_run(&checks);
	assert_complete(&checks);
	assert_false(checks.can_count);
	assert_state(&checks, "paranoid level", EV_CHECK_MISSING);
	assert_told(&checks, "paranoid level", "", "sudo sysctl -w kernel.perf_event_paranoid=-1");
	assert_told(&checks, "software", "perf_event_paranoid is 3", "sudo sysctl");
	ev_checks_done(&checks);
}

static void a_plain_user_of_a_virtual_machine_gets_half_and_is_told(void **state)
{
	struct ev_checks checks;
	(void)state;
	script_reset(opens_software_of_users);
	script.has_pmu = false;
	script.hypervisor = "VMware";
	script.number = 2;
	ev_checks_run(&checks);
	assert_complete(&checks);
	assert_true(checks.can_count && checks.can_sample);
	assert_state(&checks, "PMU", EV_CHECK_MISSING);
	assert_told(&checks, "PMU", "VMware guest without a virtual PMU", "vpmc.enable");
	assert_told(&checks, "hardware", "no PMU", "evprof stat --simulate");
	assert_told(&checks, "counters", "no PMU", "vpmc.enable");
	assert_state(&checks, "kernel side", EV_CHECK_LIMITED);
	assert_told(&checks, "kernel side", "perf_event_paranoid is 2", "sysctl");
	assert_state(&checks, "all CPUs", EV_CHECK_LIMITED);
	assert_state(&checks, "paranoid level", EV_CHECK_LIMITED);
	assert_state(&checks, "programs", EV_CHECK_MISSING);
	assert_state(&checks, "python", EV_CHECK_MISSING);
	assert_told(&checks, "valgrind", "simulated", "install valgrind");
	ev_checks_done(&checks);
}

static void a_refusal_is_taken_apart_into_cause_and_cure(void **state)
{
	const struct perf_event_attr attr = { .type = PERF_TYPE_BREAKPOINT };
	struct ev_check check = { 0 };
	(void)state;
	script_reset(opens_all);
	ev_check_refused(&check, ENOSPC, &attr, NULL);
	assert_non_null(strstr(check.why, "breakpoints"));
	assert_null(strstr(check.why, "watch fewer"));
	assert_non_null(strstr(check.cure, "watch fewer"));
	check = (struct ev_check){ 0 };
	ev_check_refused(&check, ESRCH, &attr, NULL);
	assert_string_equal(check.why, "the process or thread is gone");
	assert_string_equal(check.cure, "");
}

static void long_texts_are_cut(void **state)
{
	struct ev_check check = { 0 };
	(void)state;
	ev_check_ok(&check, "%5000s", "x");
	assert_int_equal(strlen(check.value), sizeof(check.value) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_all_opens_the_main_job_works),
		cmocka_unit_test(behind_a_seccomp_filter_nothing_works_and_the_container_is_blamed),
		cmocka_unit_test(paranoid_3_is_cured_by_sysctl),
		cmocka_unit_test(a_plain_user_of_a_virtual_machine_gets_half_and_is_told),
		cmocka_unit_test(a_refusal_is_taken_apart_into_cause_and_cure),
		cmocka_unit_test(long_texts_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
