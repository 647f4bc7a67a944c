/* What kind of machine this is, whom evprof runs as, its clocks, and whether BPF can be used. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>
#include "checks.h"
#include "machine.h"
#include "syscalls.h"

/* ---- kernel and user ----------------------------------------------------------------------------
 */

void ev_check_kernel(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY);
	struct utsname name = { 0 };
	(void)checks;
	uname(&name);
	int fd = ev_sys_perf_event_open(&attr, 0, -1, -1);
	if (fd >= 0) {
		ev_sys_close(fd);
		ev_check_ok(check, "%s %s %s", name.sysname, name.release, name.machine);
		return;
	}
	ev_check_missing(check, "%s %s %s answers no perf_event_open", name.sysname, name.release,
			 name.machine);
	ev_check_refused(check, -fd, &attr, NULL);
	if (fd == -ENOSYS && !*check->cure)
		ev_check_cure(check, "a kernel with CONFIG_PERF_EVENTS=y (gVisor has none: another "
				     "container runtime)");
}

/* The capabilities for this program alone. */
static void cure_user(struct ev_check *check)
{
	char self[256];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self));
	if (length <= 0 || length == (ssize_t)sizeof(self) || memchr(self, '\'', (size_t)length))
		ev_check_cure(check, "sudo evprof …");
	else
		ev_check_cure(check,
			      "sudo setcap cap_perfmon,cap_bpf,cap_sys_ptrace,cap_syslog+ep '%.*s'",
			      (int)length, self);
}

void ev_check_user(struct ev_check *check, struct ev_checks *checks)
{
	static const struct {
		int capability;
		const char *name;
	} wanted[] = {
		{ EV_CAP_PERFMON, "CAP_PERFMON" },       { EV_CAP_BPF, "CAP_BPF" },
		{ EV_CAP_SYS_PTRACE, "CAP_SYS_PTRACE" }, { EV_CAP_SYSLOG, "CAP_SYSLOG" },
		{ EV_CAP_SYS_ADMIN, "CAP_SYS_ADMIN" },
	};
	char held[120] = "";
	(void)checks;
	for (size_t i = 0; i < EV_LENGTH(wanted); i++)
		if (ev_machine_has_capability(wanted[i].capability)) {
			size_t used = strlen(held);
			snprintf(held + used, sizeof(held) - used, "%s%s", used ? ", " : "",
				 wanted[i].name);
		}
	if (ev_machine_may_perfmon())
		ev_check_ok(check, "uid %u with %s", (unsigned)geteuid(), held);
	else {
		ev_check_limited(check, "uid %u%s%s", (unsigned)geteuid(), *held ? " with " : "",
				 held);
		ev_check_why(check, "without CAP_PERFMON it is perf_event_paranoid that decides");
		cure_user(check);
		ev_check_unmounted(check, "/proc/self/status");
	}
}

void ev_check_hypervisor(struct ev_check *check, struct ev_checks *checks)
{
	const char *name = ev_machine_hypervisor();
	(void)checks;
	if (name)
		ev_check_ok(check, "a guest of %s", name);
	else
		ev_check_ok(check, "none: bare metal, as far as it shows");
}

/* ---- containers ---------------------------------------------------------------------------------
 */

/* Is this process in the namespace that the machine began with? Those have fixed numbers. */
static bool is_initial(const char *kind, uint64_t number)
{
	char path[64], target[64];
	uint64_t found;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind);
	ssize_t length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return true;
	target[length] = 0;
	const char *at = strchr(target, '[');
	return !at || sscanf(at, "[%" SCNu64 "]", &found) != 1 || found == number;
}

void ev_check_container(struct ev_check *check, struct ev_checks *checks)
{
	static const struct {
		const char *kind;
		uint64_t number;
		const char *name;
	} spaces[] = {
		{ "pid", 0xeffffffc, "pid" },
		{ "user", 0xeffffffd, "user" },
		{ "cgroup", 0xeffffffb, "cgroup" },
	};
	char inside[64] = "", *cgroup = NULL;
	(void)checks;
	for (size_t i = 0; i < EV_LENGTH(spaces); i++)
		if (!is_initial(spaces[i].kind, spaces[i].number)) {
			size_t used = strlen(inside);
			snprintf(inside + used, sizeof(inside) - used, "%s%s", used ? ", " : "",
				 spaces[i].name);
		}
	const char *path = "/";
	if (!ev_file_read("/proc/self/cgroup", &cgroup, NULL)) {
		const char *unified = strstr(cgroup, "0::");
		cgroup[(unified ? (size_t)(unified - cgroup) : 0) +
		       strcspn(unified ? unified : cgroup, "\n")] = 0;
		path = unified ? unified + 3 : cgroup;
	}
	if (!*inside) {
		ev_check_ok(check, "not in one; cgroup %.80s", path);
	} else if (strstr(inside, "user")) {
		ev_check_limited(check, "namespaces of its own: %s; cgroup %.60s", inside, path);
		ev_check_why(check, "capabilities of a user namespace open no events");
		ev_check_cure(check, "run evprof outside: it sees into containers (-p PID)");
	} else {
		ev_check_ok(check, "namespaces of its own: %s; cgroup %.60s", inside, path);
	}
	free(cgroup);
}

void ev_check_seccomp(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY);
	(void)checks;
	int fd = ev_sys_perf_event_open(&attr, 0, -1, -1);
	bool filtered = ev_machine_is_filtered();
	if (fd >= 0) {
		ev_sys_close(fd);
		ev_check_ok(check, filtered ? "a seccomp filter lets perf_event_open through"
					    : "no seccomp filter");
	} else if (filtered && fd == -EPERM) {
		ev_check_missing(check, "a seccomp filter forbids perf_event_open");
		ev_check_why(check, "a container's, most likely");
		ev_check_cure(check, "docker run --security-opt seccomp=unconfined --cap-add "
				     "PERFMON …");
	} else {
		ev_check_ok(check, filtered ? "a seccomp filter is there" : "no seccomp filter");
	}
}

/* ---- clocks -------------------------------------------------------------------------------------
 */

void ev_check_clock(struct ev_check *check, struct ev_checks *checks)
{
	enum { READS = 1000, SLOW_NS = 500 };
	static const char folder[] = "/sys/devices/system/clocksource/clocksource0/";
	char path[128], *name = NULL;
	struct timespec now;
	(void)checks;
	uint64_t least_ns = UINT64_MAX;
	for (int i = 0; i < 3; i++) { /* another may have had the CPU meanwhile */
		uint64_t begin_ns = ev_now_ns();
		for (int k = 0; k < READS; k++)
			clock_gettime(CLOCK_MONOTONIC, &now);
		uint64_t each_ns = (ev_now_ns() - begin_ns) / READS;
		least_ns = each_ns < least_ns ? each_ns : least_ns;
	}
	snprintf(path, sizeof(path), "%scurrent_clocksource", folder);
	if (!ev_file_read(path, &name, NULL))
		name[strcspn(name, "\n")] = 0;
	if (least_ns < SLOW_NS) {
		ev_check_ok(check, "%.40s, %" PRIu64 " ns a reading", name ? name : "unknown",
			    least_ns);
	} else {
		ev_check_limited(check, "%.40s, %" PRIu64 " ns a reading", name ? name : "unknown",
				 least_ns);
		ev_check_why(check, "every sample and every count reads it");
		ev_check_cure(check, "echo tsc | sudo tee %scurrent_clocksource", folder);
	}
	free(name);
}

void ev_check_event_time(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK);
	struct ev_trial trial = { 0 };
	(void)checks;
	int rc = ev_trial_count(&attr, -1, ev_trial_compute, NULL, &trial);
	if (rc) {
		ev_check_missing(check, "no event, no times");
		ev_check_refused(check, -rc, &attr, NULL);
		return;
	}
	attr.use_clockid = 1;
	attr.clockid = CLOCK_MONOTONIC;
	rc = ev_trial_count(&attr, -1, ev_trial_compute, NULL, &trial);
	if (!trial.enabled_ns || !trial.running_ns) {
		ev_check_limited(check, "the kernel does not tell how long events ran");
	} else if (rc) {
		ev_check_limited(check, "the kernel's own clock only");
		ev_check_why(check, "record -k is refused: %s", strerror(-rc));
	} else {
		ev_check_ok(check, "told, by any clock (-k)");
	}
}

/* ---- BPF ----------------------------------------------------------------------------------------
 */

void ev_check_bpf(struct ev_check *check, struct ev_checks *checks)
{
	struct ev_bpf_counter *counter = NULL;
	struct ev_err err = { 0 };
	char absence[256];
	uint64_t switches;
	(void)checks;
	int rc = ev_bpf_counter_open(&counter, (uint32_t)getpid(), &err);
	if (!rc)
		rc = ev_bpf_counter_read(counter, &switches);
	ev_bpf_counter_close(counter);
	if (!rc) {
		ev_check_ok(check, "a program was loaded, attached and read");
		return;
	}
	ev_check_missing(check, "no program can be used");
	ev_check_why(check, "%s", ev_bpf_absence(absence, sizeof(absence)) ? absence : err.text);
	if (rc == -ENOSYS)
		ev_check_cure(check, "sudo apt install libbpf-dev zlib1g-dev clang bpftool, then "
				     "build evprof again");
	else if (ev_check_unmounted(check, "/proc/self/status") ||
		 ev_check_unmounted(check, "/sys/kernel/btf"))
		return;
	else if (!ev_machine_has_capability(EV_CAP_BPF) &&
		 !ev_machine_has_capability(EV_CAP_SYS_ADMIN))
		ev_check_cure(check, "sudo evprof …");
	else
		ev_check_cure(check, "a kernel with CONFIG_BPF_SYSCALL=y and "
				     "CONFIG_DEBUG_INFO_BTF=y");
}

void ev_check_btf(struct ev_check *check, struct ev_checks *checks)
{
	static const char path[] = "/sys/kernel/btf/vmlinux";
	enum { MAGIC = 0xeb9f };
	uint16_t magic = 0;
	(void)checks;
	FILE *file = fopen(path, "re");
	int error = errno;
	bool read = file && fread(&magic, sizeof(magic), 1, file) == 1;
	if (file)
		fclose(file);
	if (read && magic == MAGIC) {
		ev_check_ok(check, "%s", path);
		return;
	}
	ev_check_missing(check, "the kernel does not describe its types");
	ev_check_why(check, "%s: %s", path, file ? "no BTF" : strerror(error));
	ev_check_cure(check, "a kernel with CONFIG_DEBUG_INFO_BTF=y");
	ev_check_unmounted(check, path);
}
