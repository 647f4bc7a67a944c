/* How many counters the CPU has, and who holds some: groups are opened until one is refused, then
 * run until one really counts. */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "checks.h"
#include "machine.h"
#include "syscalls.h"

#define WATCHDOG "/proc/sys/kernel/nmi_watchdog"
#define PMU_FOLDER "/sys/bus/event_source/devices"

enum { GROUP_MAX = 48 };

/* ---- which there are ----------------------------------------------------------------------------
 */

/* How a virtual machine gets one, by the hypervisor that evprof finds. */
static const struct {
	const char *hypervisor, *cure;
} virtual_pmus[] = {
	{ "KVM", "a VM setting: enable vPMU on the host (QEMU: -cpu host,pmu=on; libvirt: "
		 "<cpu mode='host-passthrough'/> and <pmu state='on'/>; in a cloud: a bare-metal "
		 "instance)" },
	{ "QEMU or KVM", "a VM setting: enable vPMU on the host (QEMU: -cpu host,pmu=on)" },
	{ "QEMU (emulated)", "a VM setting: -cpu max,pmu=on (QEMU emulates a PMU for Arm only)" },
	{ "VMware", "a VM setting: Processors, Virtualize CPU performance counters "
		    "(vpmc.enable = \"TRUE\")" },
	{ "Hyper-V", "a VM setting, on the host: Set-VMProcessor NAME -Perfmon @(\"pmu\")" },
	{ "WSL 2", "a VM setting: hardwarePerformanceCounters=true under [wsl2] in "
		   "%UserProfile%\\.wslconfig, then wsl --shutdown" },
	{ "Xen", "a setting of the hypervisor: vpmu=on on Xen's command line" },
	{ "EC2", "a bare-metal instance, or one that fills a whole socket" },
	{ "VirtualBox", "another hypervisor, or bare metal: VirtualBox offers guests no PMU" },
};

void ev_check_pmu_cure(struct ev_check *check)
{
	const char *hypervisor = ev_machine_hypervisor();
	for (size_t i = 0; hypervisor && i < EV_LENGTH(virtual_pmus); i++)
		if (!strcmp(virtual_pmus[i].hypervisor, hypervisor))
			ev_check_cure(check, "%s", virtual_pmus[i].cure);
	if (hypervisor && !*check->cure)
		ev_check_cure(check, "a VM setting: enable vPMU in %s", hypervisor);
	if (!hypervisor)
		ev_check_cure(check, "a kernel with a driver for this CPU's counters, and counters "
				     "that the firmware leaves on");
}

void ev_check_pmu(struct ev_check *check, struct ev_checks *checks)
{
	char absence[256], others[160] = "", cores[120] = "";
	DIR *folder = opendir(PMU_FOLDER);
	(void)checks;
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		bool core = ev_machine_is_core_pmu(entry->d_name);
		char *out = core ? cores : others;
		size_t room = core ? sizeof(cores) : sizeof(others), used = strlen(out);
		if (entry->d_name[0] != '.')
			snprintf(out + used, room - used, "%s%s", used ? ", " : "", entry->d_name);
	}
	if (folder)
		closedir(folder);
	if (*ev_pmu_absence(absence, sizeof(absence))) {
		ev_check_missing(check, "none of the CPU's own");
		ev_check_why(check, "%s%s%s", absence, *others ? "; there are: " : "", others);
		ev_check_pmu_cure(check);
	} else if (!folder) {
		ev_check_limited(check, "not known");
		ev_check_why(check, "there is no " PMU_FOLDER);
		ev_check_cure(check, "a kernel with CONFIG_PERF_EVENTS=y");
		ev_check_unmounted(check, PMU_FOLDER);
	} else {
		ev_check_ok(check, "%s%s%s", cores, *others ? "; also " : "", others);
	}
}

/* ---- how many -----------------------------------------------------------------------------------
 */

struct group {
	int fds[GROUP_MAX];
	unsigned count;
	uint64_t pmu; /* its number in the upper half, where there are several; else 0 */
};

static int add(struct group *group, uint64_t config)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_HARDWARE, group->pmu | config);
	/* Only the leader begins stopped; pinned, so that it gets its counters or nothing. */
	attr.disabled = attr.pinned = !group->count;
	if (group->count == GROUP_MAX)
		return -ENOSPC;
	int fd = ev_sys_perf_event_open(&attr, 0, -1, group->count ? group->fds[0] : -1);
	if (fd < 0)
		return fd;
	group->fds[group->count++] = fd;
	return 0;
}

static void drop(struct group *group, unsigned keep)
{
	while (group->count > keep)
		ev_sys_close(group->fds[--group->count]);
}

/* Does the whole group get its counters at once? */
static bool runs(const struct group *group)
{
	uint64_t numbers[3] = { 0 };
	ev_sys_ioctl(group->fds[0], PERF_EVENT_IOC_RESET, NULL);
	if (ev_sys_ioctl(group->fds[0], PERF_EVENT_IOC_ENABLE, NULL) < 0)
		return false;
	ev_trial_compute(NULL);
	ssize_t got = ev_sys_read(group->fds[0], numbers, sizeof(numbers));
	ev_sys_ioctl(group->fds[0], PERF_EVENT_IOC_DISABLE, NULL);
	/* A pinned group without its counters is in error: nothing can be read. */
	return got == (ssize_t)sizeof(numbers) && numbers[2];
}

/* Events that have no counter of their own, the likelier first: so many of one as fit at once is
 * the number of general counters. */
static const uint64_t plain_events[] = { PERF_COUNT_HW_BRANCH_INSTRUCTIONS,
					 PERF_COUNT_HW_CACHE_REFERENCES,
					 PERF_COUNT_HW_BRANCH_MISSES, PERF_COUNT_HW_CACHE_MISSES };
/* Those that some CPUs count in counters made for them. */
static const struct {
	uint64_t config;
	const char *name;
} special_events[] = {
	{ PERF_COUNT_HW_CPU_CYCLES, "cycles" },
	{ PERF_COUNT_HW_INSTRUCTIONS, "instructions" },
	{ PERF_COUNT_HW_REF_CPU_CYCLES, "ref-cycles" },
};

struct counters {
	unsigned general, general_free; /* of the CPU; of them, those that run */
	unsigned fixed, fixed_free;
	char taken[64]; /* names of fixed ones that do not run */
};

/* As many of one event as open, at most `most`. */
static void fill(struct group *group, uint64_t config, unsigned most)
{
	while (group->count < most && !add(group, config))
		;
}

/* With all general counters in use, what still fits is counted elsewhere. */
static void count_fixed(struct counters *counters, struct group *group, uint64_t plain)
{
	for (size_t i = 0; i < EV_LENGTH(special_events); i++) {
		/* Behind as many as the CPU has, whether they run or not … */
		fill(group, plain, counters->general);
		bool fits =
			group->count == counters->general && !add(group, special_events[i].config);
		drop(group, 0);
		if (!fits)
			continue;
		counters->fixed++;
		/* … and behind those that do. */
		fill(group, plain, counters->general_free);
		if (!add(group, special_events[i].config) && runs(group)) {
			counters->fixed_free++;
		} else {
			size_t used = strlen(counters->taken);
			snprintf(counters->taken + used, sizeof(counters->taken) - used, "%s%s",
				 used ? ", " : "", special_events[i].name);
		}
		drop(group, 0);
	}
}

static struct counters count_all(uint64_t pmu)
{
	struct counters counters = { 0 };
	struct group group = { .pmu = pmu };
	uint64_t plain = 0;
	for (size_t i = 0; i < EV_LENGTH(plain_events) && !group.count; i++) {
		plain = plain_events[i];
		fill(&group, plain, GROUP_MAX);
	}
	counters.general = group.count;
	while (group.count && !runs(&group))
		drop(&group, group.count - 1);
	counters.general_free = group.count;
	drop(&group, 0);
	if (counters.general_free && counters.general < GROUP_MAX)
		count_fixed(&counters, &group, plain);
	return counters;
}

/* The same where several kinds of cores have a PMU each: on a core of that kind. */
static struct counters count_on(const char *pmu)
{
	struct counters counters = { 0 };
	char path[320];
	int64_t type, cpu;
	cpu_set_t before, here;
	snprintf(path, sizeof(path), PMU_FOLDER "/%s/type", pmu);
	if (ev_file_number(path, &type))
		return counters;
	snprintf(path, sizeof(path), PMU_FOLDER "/%s/cpus", pmu); /* "0-7": the first one */
	if (ev_file_number(path, &cpu) || cpu < 0 || cpu >= CPU_SETSIZE)
		return counters;
	CPU_ZERO(&here);
	CPU_SET((size_t)cpu, &here);
	if (ev_sys_affinity(&here, &before))
		return counters;
	counters = count_all((uint64_t)type << 32);
	ev_sys_affinity(&before, NULL);
	return counters;
}

static bool watchdog_is_on(void)
{
	int64_t on = 0;
	return !ev_file_number(WATCHDOG, &on) && on;
}

static void say(struct ev_check *check, const char *pmu, const struct counters *counters)
{
	unsigned all = counters->general + counters->fixed;
	unsigned taken = all - counters->general_free - counters->fixed_free;
	size_t used = strlen(check->value);
	snprintf(check->value + used, sizeof(check->value) - used, "%s%s%s%u general, %u fixed",
		 used ? "; " : "", pmu, *pmu ? ": " : "", counters->general, counters->fixed);
	if (!taken)
		return;
	check->state = EV_CHECK_LIMITED;
	ev_check_why(check, "%u of %u taken %s%s%s", taken, all,
		     watchdog_is_on() ? "(the NMI watchdog holds one)"
				      : "by someone who does not share",
		     *counters->taken ? ": " : "", counters->taken);
	if (watchdog_is_on())
		ev_check_cure(check, "sudo sysctl -w kernel.nmi_watchdog=0");
}

void ev_check_counters(struct ev_check *check, struct ev_checks *checks)
{
	struct counters counters = count_all(0);
	char path[320];
	unsigned kinds = 0;
	DIR *folder = opendir(PMU_FOLDER);
	(void)checks;
	if (!counters.general) {
		ev_check_missing(check, "none: no event of the CPU opens");
		if (*ev_pmu_absence(path, sizeof(path))) {
			ev_check_why(check, "there is no PMU");
			ev_check_pmu_cure(check);
		}
		if (folder)
			closedir(folder);
		return;
	}
	check->state = EV_CHECK_OK;
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		snprintf(path, sizeof(path), PMU_FOLDER "/%s/cpus", entry->d_name);
		if (entry->d_name[0] == '.' || access(path, R_OK))
			continue;
		struct counters own = count_on(entry->d_name);
		if (own.general) {
			say(check, entry->d_name, &own);
			kinds++;
		}
	}
	if (folder)
		closedir(folder);
	if (!kinds)
		say(check, "", &counters);
}

void ev_check_watchdog(struct ev_check *check, struct ev_checks *checks)
{
	char absence[256];
	int64_t on = 0;
	(void)checks;
	if (ev_file_number(WATCHDOG, &on)) {
		if (ev_check_unmounted(check, WATCHDOG))
			ev_check_limited(check, "not known");
		else
			ev_check_ok(check, "the kernel has none");
	} else if (!on) {
		ev_check_ok(check, "off");
	} else if (*ev_pmu_absence(absence, sizeof(absence))) {
		ev_check_ok(check, "on, and without a PMU it holds no counter");
	} else {
		ev_check_limited(check, "on: it holds one counter of every CPU");
		ev_check_cure(check, "sudo sysctl -w kernel.nmi_watchdog=0");
	}
}
