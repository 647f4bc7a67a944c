/* Counting counters, on CPUs made up here: some general ones, some fixed, some held by others. */
#include <fcntl.h>
#include "live.h"
#include "checks.h"
#include "syscalls.h"
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_read ev_pmu_absence
// wrap: ev_machine_hypervisor ev_file_number ev_trial_compute

static struct {
	unsigned general, general_held;
	uint64_t fixed, fixed_held; /* bits: 1 << PERF_COUNT_HW_… */
	bool watchdog, no_pmu;
	const char *hypervisor;
	struct {
		int fd;
		uint64_t config;
	} open[64];
	unsigned open_count, opens;
} cpu;

/* Do the events fit into what is there, or into what of it is free? */
static bool fits(unsigned general, uint64_t fixed)
{
	unsigned needed = 0;
	for (unsigned i = 0; i < cpu.open_count; i++) {
		uint64_t bit = 1ull << cpu.open[i].config;
		if (fixed & bit)
			fixed &= ~bit;
		else
			needed++;
	}
	return needed <= general;
}

int __wrap_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int on, int group_fd);
int __wrap_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int on, int group_fd)
{
	(void)tid;
	(void)on;
	if (cpu.no_pmu || attr->type != PERF_TYPE_HARDWARE || attr->config >> 32)
		return -ENOENT;
	assert_int_equal(group_fd < 0, !cpu.open_count); /* one group at a time */
	cpu.open[cpu.open_count++].config = attr->config;
	if (!fits(cpu.general, cpu.fixed)) {
		cpu.open_count--;
		return -EINVAL;
	}
	cpu.opens++;
	return cpu.open[cpu.open_count - 1].fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

void __wrap_ev_sys_close(int fd);
void __wrap_ev_sys_close(int fd)
{
	assert_true(cpu.open_count);
	assert_int_equal(cpu.open[--cpu.open_count].fd, fd); /* the last one first */
	close(fd);
}

int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument)
{
	(void)fd;
	(void)request;
	(void)argument;
	return 0;
}

ssize_t __wrap_ev_sys_read(int fd, void *bytes, size_t size_bytes);
ssize_t __wrap_ev_sys_read(int fd, void *bytes, size_t size_bytes)
{
	uint64_t numbers[3] = { 100, 50, 50 };
	(void)fd;
	if (!fits(cpu.general - cpu.general_held, cpu.fixed & ~cpu.fixed_held))
		return 0; /* a pinned group in error */
	memcpy(bytes, numbers, size_bytes);
	return (ssize_t)size_bytes;
}

const char *__wrap_ev_pmu_absence(char *out, size_t size_bytes);
const char *__wrap_ev_pmu_absence(char *out, size_t size_bytes)
{
	snprintf(out, size_bytes, "%s", cpu.no_pmu ? "made up without one" : "");
	return out;
}

const char *__wrap_ev_machine_hypervisor(void);
const char *__wrap_ev_machine_hypervisor(void)
{
	return cpu.hypervisor;
}

int __wrap_ev_file_number(const char *path, int64_t *value);
int __wrap_ev_file_number(const char *path, int64_t *value)
{
	*value = cpu.watchdog;
	return strstr(path, "nmi_watchdog") ? 0 : -ENOENT;
}

void __wrap_ev_trial_compute(void *context);
void __wrap_ev_trial_compute(void *context)
{
	(void)context;
}

static struct ev_check examine(ev_check_probe probe)
{
	struct ev_check check = { 0 };
	struct ev_checks checks = { 0 };
	probe(&check, &checks);
	assert_int_equal(cpu.open_count, 0);
	return check;
}

#define CYCLES (1ull << PERF_COUNT_HW_CPU_CYCLES)
#define INSTRUCTIONS (1ull << PERF_COUNT_HW_INSTRUCTIONS)
#define REFERENCE (1ull << PERF_COUNT_HW_REF_CPU_CYCLES)

static void general_and_fixed_counters_are_told_apart(void **state)
{
	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	cpu.general = 4;
	cpu.fixed = CYCLES | INSTRUCTIONS | REFERENCE;
	struct ev_check check = examine(ev_check_counters);
	assert_int_equal(check.state, EV_CHECK_OK);
	assert_string_equal(check.value, "4 general, 3 fixed");
}

static void a_cpu_without_fixed_counters_has_none(void **state)
{
	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	cpu.general = 6;
	struct ev_check check = examine(ev_check_counters);
	assert_int_equal(check.state, EV_CHECK_OK);
	assert_string_equal(check.value, "6 general, 0 fixed");
}

static void the_watchdogs_fixed_counter_is_named(void **state)
{
	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	cpu.general = 8;
	cpu.fixed = CYCLES | INSTRUCTIONS;
	cpu.fixed_held = CYCLES;
	cpu.watchdog = true;
	struct ev_check check = examine(ev_check_counters);
	assert_int_equal(check.state, EV_CHECK_LIMITED);
	assert_string_equal(check.value, "8 general, 2 fixed");
	assert_non_null(strstr(check.why, "1 of 10 taken (the NMI watchdog holds one): cycles"));
	assert_string_equal(check.cure, "sudo sysctl -w kernel.nmi_watchdog=0");
}

static void held_general_counters_are_counted(void **state)
{
	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	cpu.general = 6;
	cpu.general_held = 2;
	struct ev_check check = examine(ev_check_counters);
	assert_int_equal(check.state, EV_CHECK_LIMITED);
	assert_non_null(strstr(check.why, "2 of 6 taken by someone"));
	assert_string_equal(check.cure, "");
}

static void all_counters_may_be_held(void **state)
{
	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	cpu.general = cpu.general_held = 2;
	struct ev_check check = examine(ev_check_counters);
	assert_int_equal(check.state, EV_CHECK_LIMITED);
	assert_non_null(strstr(check.why, "2 of 2 taken"));
}

static void a_pmu_without_end_ends_the_search(void **state)
{
	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	cpu.general = 1000;
	struct ev_check check = examine(ev_check_counters);
	assert_int_equal(check.state, EV_CHECK_OK);
	assert_true(cpu.opens < 1000);
}

static void every_hypervisor_has_its_own_cure(void **state)
{
	static const char *const names[][2] = {
		{ "KVM", "pmu=on" },       { "Hyper-V", "Set-VMProcessor" },
		{ "WSL 2", ".wslconfig" }, { "VMware", "vpmc" },
		{ "Xen", "vpmu=on" },      { "a hypervisor", "enable vPMU in a hypervisor" }
	};
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(names); i++) {
		memset(&cpu, 0, sizeof(cpu));
		cpu.no_pmu = true;
		cpu.hypervisor = names[i][0];
		struct ev_check check = examine(ev_check_pmu);
		assert_int_equal(check.state, EV_CHECK_MISSING);
		assert_non_null(strstr(check.cure, names[i][1]));
		check = examine(ev_check_counters);
		assert_int_equal(check.state, EV_CHECK_MISSING);
	}
}

static void the_watchdog_is_harmless_without_a_pmu(void **state)
{
	(void)state;
	memset(&cpu, 0, sizeof(cpu));
	cpu.watchdog = true;
	assert_int_equal(examine(ev_check_watchdog).state, EV_CHECK_LIMITED);
	cpu.no_pmu = true;
	assert_int_equal(examine(ev_check_watchdog).state, EV_CHECK_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(general_and_fixed_counters_are_told_apart),
		cmocka_unit_test(a_cpu_without_fixed_counters_has_none),
		cmocka_unit_test(the_watchdogs_fixed_counter_is_named),
		cmocka_unit_test(held_general_counters_are_counted),
		cmocka_unit_test(all_counters_may_be_held),
		cmocka_unit_test(a_pmu_without_end_ends_the_search),
		cmocka_unit_test(every_hypervisor_has_its_own_cure),
		cmocka_unit_test(the_watchdog_is_harmless_without_a_pmu),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
