/* /proc and /sys become facts about rights, CPUs, counters and hypervisors. */
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "machine.h"
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#define PMU_FOLDER "/sys/bus/event_source/devices"
#define LARGEST_CPU 65535

bool ev_proc_field(const char *text, const char *name, char *out, size_t size_bytes)
{
	size_t length = strlen(name);
	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, length))
			continue;
		const char *at = line + length;
		while (*at == ' ' || *at == '\t')
			at++;
		if (*at++ != ':')
			continue;
		while (*at == ' ' || *at == '\t')
			at++;
		snprintf(out, size_bytes, "%.*s", (int)strcspn(at, "\n"), at);
		return true;
	}
	return false;
}

static bool own_status(const char *name, int base, uint64_t *value)
{
	char *text, field[64];
	if (ev_file_read("/proc/self/status", &text, NULL))
		return false;
	bool found = ev_proc_field(text, name, field, sizeof(field));
	free(text);
	if (found)
		*value = strtoull(field, NULL, base);
	return found;
}

bool ev_uid_map_is_initial(const char *text)
{
	uint64_t inside, outside, count;
	return sscanf(text, "%" SCNu64 " %" SCNu64 " %" SCNu64, &inside, &outside, &count) == 3 &&
	       !inside && !outside && count >= UINT32_MAX;
}

/* Capabilities of a user namespace (a rootless container) are worth nothing outside of it. */
static bool capabilities_count(void)
{
	char *text;
	if (ev_file_read("/proc/self/uid_map", &text, NULL))
		return true;
	bool initial = ev_uid_map_is_initial(text);
	free(text);
	return initial;
}

bool ev_machine_has_capability(int capability)
{
	uint64_t effective;
	return own_status("CapEff", 16, &effective) && (effective >> capability & 1) &&
	       capabilities_count();
}

bool ev_machine_may_perfmon(void)
{
	return ev_machine_has_capability(EV_CAP_PERFMON) ||
	       ev_machine_has_capability(EV_CAP_SYS_ADMIN);
}

int ev_machine_paranoid(void)
{
	int64_t level;
	return ev_file_number("/proc/sys/kernel/perf_event_paranoid", &level) ? 2 : (int)level;
}

bool ev_machine_is_filtered(void)
{
	uint64_t mode;
	return own_status("Seccomp", 10, &mode) && mode == 2;
}

bool ev_machine_is_precise(void)
{
#if defined(__x86_64__) || defined(__i386__)
	return true;
#else
	return false;
#endif
}

const char *ev_lockdown_level(const char *text, char *out, size_t size_bytes)
{
	const char *open = strchr(text, '['), *close = open ? strchr(open, ']') : NULL;
	*out = 0;
	if (close && strncmp(open, "[none]", strlen("[none]")))
		snprintf(out, size_bytes, "%.*s", (int)(close - open - 1), open + 1);
	return out;
}

const char *ev_machine_lockdown(char *out, size_t size_bytes)
{
	char *text;
	*out = 0;
	if (ev_file_read("/sys/kernel/security/lockdown", &text, NULL))
		return out;
	ev_lockdown_level(text, out, size_bytes);
	free(text);
	return out;
}

/* Drivers of CPU cores: "cpu", "cpu_core", "cpum_cf", "armv8_pmuv3_0", and any that lists the cores
 * it serves in `cpus` (others have `cpumask`). */
bool ev_machine_is_core_pmu(const char *name)
{
	char path[512];
	if (!strcmp(name, "cpu") || !strncmp(name, "cpu_", 4) || !strncmp(name, "cpum_", 5) ||
	    !strncmp(name, "armv", 4))
		return true;
	snprintf(path, sizeof(path), PMU_FOLDER "/%s/cpus", name);
	return !access(path, F_OK);
}

bool ev_machine_has_core_pmu(void)
{
	DIR *folder = opendir(PMU_FOLDER);
	bool found = false;
	if (!folder)
		return true; /* no /sys here: the kernel's own answer must do */
	for (struct dirent *entry; !found && (entry = readdir(folder));)
		found = entry->d_name[0] != '.' && ev_machine_is_core_pmu(entry->d_name);
	closedir(folder);
	return found;
}

uint64_t ev_pmu_slots(const char *root)
{
	char path[512], *text;
	uint64_t slots = 0;
	snprintf(path, sizeof(path), "%s" PMU_FOLDER, root);
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && !slots && (entry = readdir(folder));) {
		if (strncmp(entry->d_name, "armv", 4))
			continue;
		snprintf(path, sizeof(path), "%s" PMU_FOLDER "/%.100s/caps/slots", root,
			 entry->d_name);
		if (ev_file_read(path, &text, NULL))
			continue;
		slots = strtoull(text, NULL, 16); /* "0x00000008" */
		free(text);
	}
	if (folder)
		closedir(folder);
	return slots < 1000 ? slots : 0;
}

#if defined(__x86_64__) || defined(__i386__)
static const char *hypervisor_by_cpuid(void)
{
	static const struct {
		char signature[13];
		const char *name;
	} known[] = {
		{ "KVMKVMKVM", "KVM" },
		{ "Linux KVM Hv", "KVM" },
		{ "Microsoft Hv", "Hyper-V" },
		{ "VMwareVMware", "VMware" },
		{ "XenVMMXenVMM", "Xen" },
		{ "VBoxVBoxVBox", "VirtualBox" },
		{ "TCGTCGTCGTCG", "QEMU (emulated)" },
		{ "bhyve bhyve ", "bhyve" },
		{ " lrpepyh  vr", "Parallels" },
		{ " prl hyperv ", "Parallels" },
		{ "ACRNACRNACRN", "ACRN" },
		{ "NVMMNVMMNVMM", "NVMM" },
		{ "OpenBSDVMM58", "OpenBSD" },
	};
	unsigned eax, ebx, ecx, edx;
	if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx >> 31 & 1))
		return NULL;
	char signature[13] = { 0 };
	__cpuid(0x40000000, eax, ebx, ecx, edx);
	memcpy(signature, &ebx, 4);
	memcpy(signature + 4, &ecx, 4);
	memcpy(signature + 8, &edx, 4);
	for (size_t i = 0; i < EV_LENGTH(known); i++)
		if (!strcmp(signature, known[i].signature))
			return known[i].name;
	return "a hypervisor";
}
#else
static const char *hypervisor_by_cpuid(void)
{
	static const struct {
		const char *path, *word, *name;
	} signs[] = {
		{ "/proc/device-tree/hypervisor/compatible", "kvm", "KVM" },
		{ "/proc/device-tree/hypervisor/compatible", "xen", "Xen" },
		{ "/sys/class/dmi/id/sys_vendor", "QEMU", "QEMU or KVM" },
		{ "/sys/class/dmi/id/sys_vendor", "Amazon EC2", "EC2" },
		{ "/sys/class/dmi/id/sys_vendor", "VMware", "VMware" },
		{ "/sys/class/dmi/id/sys_vendor", "Microsoft", "Hyper-V" },
		{ "/proc/device-tree/compatible", "dummy-virt", "QEMU or KVM" },
	};
	for (size_t i = 0; i < EV_LENGTH(signs); i++) {
		char *text;
		size_t size_bytes;
		if (ev_file_read(signs[i].path, &text, &size_bytes))
			continue;
		bool found = memmem(text, size_bytes, signs[i].word, strlen(signs[i].word));
		free(text);
		if (found)
			return signs[i].name;
	}
	return NULL;
}
#endif

const char *ev_machine_hypervisor(void)
{
	char *release;
	const char *name = hypervisor_by_cpuid();
	if (name && !ev_file_read("/proc/sys/kernel/osrelease", &release, NULL)) {
		if (strcasestr(release, "microsoft"))
			name = "WSL 2";
		free(release);
	}
	return name;
}

static int online_cpus(uint32_t **cpus, size_t *count)
{
	char *text;
	if (!ev_file_read("/sys/devices/system/cpu/online", &text, NULL)) {
		text[strcspn(text, "\n")] = 0;
		int rc = ev_parse_ranges(text, LARGEST_CPU, cpus, count);
		free(text);
		if (!rc && *count)
			return 0;
	}
	long online = sysconf(_SC_NPROCESSORS_ONLN);
	*count = online > 0 ? (size_t)online : 1;
	*cpus = ev_alloc(*count * sizeof(**cpus));
	for (size_t i = 0; i < *count; i++)
		(*cpus)[i] = (uint32_t)i;
	return 0;
}

int ev_machine_cpus(const struct ev_target *target, uint32_t **cpus, size_t *count,
		    struct ev_err *err)
{
	int rc = online_cpus(cpus, count);
	if (rc || !target || target->kind != EV_TARGET_SYSTEM || !target->cpu_count)
		return rc;
	for (size_t i = 0; i < target->cpu_count && !rc; i++) {
		size_t at = 0;
		while (at < *count && (*cpus)[at] != target->cpus[i])
			at++;
		if (at == *count)
			rc = ev_fail(err, EINVAL, "CPU %u is not online", target->cpus[i]);
	}
	free(*cpus);
	*cpus = NULL;
	if (rc)
		return rc;
	*count = target->cpu_count;
	*cpus = ev_alloc(*count * sizeof(**cpus));
	memcpy(*cpus, target->cpus, *count * sizeof(**cpus));
	return 0;
}

int ev_target_cpus(const struct ev_target *target, uint32_t **cpus, size_t *count,
		   struct ev_err *err)
{
	return ev_machine_cpus(target, cpus, count, err);
}

uint32_t ev_cpus_online(void)
{
	uint32_t *cpus;
	size_t count = 0;
	online_cpus(&cpus, &count);
	free(cpus);
	return (uint32_t)count;
}

uint64_t ev_now_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
