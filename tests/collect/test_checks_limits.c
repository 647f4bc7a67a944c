/* What a user may do, and how much, in words. */
#include "scripted.h"
#include "checks.h"
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_descriptor_limit
// wrap: ev_machine_paranoid ev_machine_may_perfmon ev_machine_is_filtered ev_machine_has_core_pmu
// wrap: ev_machine_hypervisor ev_file_number ev_sys_ring_map ev_sys_ring_unmap ev_cpus_online

static size_t lockable_bytes; /* per ring */

int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base);
int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base)
{
	(void)fd;
	if (size_bytes > lockable_bytes)
		return -EPERM;
	*base = &lockable_bytes;
	return 0;
}

void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes);
void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes)
{
	(void)size_bytes;
	assert_ptr_equal(base, &lockable_bytes);
}

uint32_t __wrap_ev_cpus_online(void);
uint32_t __wrap_ev_cpus_online(void)
{
	return 100;
}

static int opens_all(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)tid;
	(void)cpu;
	(void)group_fd;
	return attr->freq && script.number < 4000 ? EINVAL : 0;
}

static struct ev_check examine(ev_check_probe probe)
{
	struct ev_check check = { 0 };
	struct ev_checks checks = { 0 };
	probe(&check, &checks);
	assert_true(*check.value);
	assert_int_equal(script.opens, script.closes);
	return check;
}

static void each_paranoid_level_is_told_by_what_it_allows(void **state)
{
	static const struct {
		int64_t level;
		enum ev_check_state state;
		const char *value;
	} cases[] = {
		{ -1, EV_CHECK_OK, "-1: everything" },
		{ 0, EV_CHECK_LIMITED, "0: whole CPUs" },
		{ 1, EV_CHECK_LIMITED, "1: own programs, and the kernel" },
		{ 2, EV_CHECK_LIMITED, "2: own programs, user space only" },
		{ 3, EV_CHECK_MISSING, "3: nothing" },
		{ 4, EV_CHECK_MISSING, "4: nothing" },
	};
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		script_reset(opens_all);
		script.number = cases[i].level;
		struct ev_check check = examine(ev_check_paranoid);
		assert_int_equal(check.state, cases[i].state);
		assert_non_null(strstr(check.value, cases[i].value));
		assert_int_equal(!*check.cure, check.state == EV_CHECK_OK);
		script.may_perfmon = true;
		assert_int_equal(examine(ev_check_paranoid).state, EV_CHECK_OK);
	}
}

static void rings_are_halved_until_they_fit(void **state)
{
	(void)state;
	script_reset(opens_all);
	lockable_bytes = SIZE_MAX;
	assert_int_equal(examine(ev_check_rings).state, EV_CHECK_OK);
	lockable_bytes = 200 << 10;
	struct ev_check check = examine(ev_check_rings);
	assert_int_equal(check.state, EV_CHECK_LIMITED);
	assert_int_equal(strncmp(check.value, "128 KiB on each of ", 19), 0);
	assert_non_null(strstr(check.cure, "perf_event_mlock_kb=516"));
	lockable_bytes = 0;
	check = examine(ev_check_rings);
	assert_int_equal(check.state, EV_CHECK_MISSING);
	assert_non_null(strstr(check.cure, "perf_event_mlock_kb"));
}

static void descriptors_are_told_in_events(void **state)
{
	(void)state;
	script_reset(opens_all);
	script.limit = (struct rlimit){ .rlim_cur = 1024, .rlim_max = 100064 };
	struct ev_check check = examine(ev_check_descriptors);
	assert_int_equal(check.state, EV_CHECK_OK);
	assert_string_equal(check.value, "1024 of 100064: 1000 events on 100 CPUs");
	assert_int_equal(script.limit.rlim_cur, 1024); /* as it was */
	script.limit = (struct rlimit){ .rlim_cur = 256, .rlim_max = 256 };
	check = examine(ev_check_descriptors);
	assert_int_equal(check.state, EV_CHECK_LIMITED);
	assert_string_equal(check.cure, "as root: ulimit -Hn 2024");
}

static void a_lowered_rate_is_raised_again(void **state)
{
	(void)state;
	script_reset(opens_all);
	script.number = 100000;
	assert_int_equal(examine(ev_check_rate).state, EV_CHECK_OK);
	script.number = 1500;
	struct ev_check check = examine(ev_check_rate);
	assert_int_equal(check.state, EV_CHECK_LIMITED);
	assert_string_equal(check.cure, "sudo sysctl -w kernel.perf_event_max_sample_rate=100000");
}

static void shallow_stacks_are_told(void **state)
{
	(void)state;
	script_reset(opens_all);
	script.number = 127;
	assert_int_equal(examine(ev_check_depth).state, EV_CHECK_OK);
	script.number = 16;
	assert_int_equal(examine(ev_check_depth).state, EV_CHECK_LIMITED);
}

static void a_folder_that_takes_no_file_takes_no_recording(void **state)
{
	struct ev_check check = { 0 };
	struct ev_checks checks = { 0 };
	char *before = getcwd(NULL, 0);
	(void)state;
	assert_int_equal(chdir("/proc"), 0);
	ev_check_recording(&check, &checks);
	assert_int_equal(chdir(before), 0);
	free(before);
	assert_int_equal(check.state, EV_CHECK_MISSING);
	assert_false(checks.can_write);
	assert_true(*check.why && *check.cure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_paranoid_level_is_told_by_what_it_allows),
		cmocka_unit_test(rings_are_halved_until_they_fit),
		cmocka_unit_test(descriptors_are_told_in_events),
		cmocka_unit_test(a_lowered_rate_is_raised_again),
		cmocka_unit_test(shallow_stacks_are_told),
		cmocka_unit_test(a_folder_that_takes_no_file_takes_no_recording),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
