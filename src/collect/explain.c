/* A refused perf_event_open becomes a sentence: the cause, found by looking, and its one cure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "explain.h"
#include "machine.h"
#include "syscalls.h"

/* The most harmless event there is, for finding out what exactly is forbidden. */
static int try_harmless(pid_t tid, int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	int fd = ev_sys_perf_event_open(&attr, tid, cpu, -1);
	if (fd >= 0)
		ev_sys_close(fd);
	return fd < 0 ? fd : 0;
}

/* ---- EACCES, EPERM ------------------------------------------------------------------------------
 */

static bool refuse_filtered(const struct ev_refusal *refusal)
{
	int rc = try_harmless(0, -1);
	int level = ev_machine_paranoid();
	if (rc != -EACCES && rc != -EPERM)
		return false;
	if (ev_machine_is_filtered() && rc == -EPERM)
		ev_say(refusal, "a seccomp filter (a container's, most likely) forbids "
				"perf_event_open: start the container with "
				"--security-opt seccomp=unconfined --cap-add PERFMON");
	else if (level >= 3 && !ev_machine_may_perfmon())
		ev_say(refusal,
		       "perf_event_paranoid is %d, which forbids every event to users without "
		       "CAP_PERFMON: sudo sysctl kernel.perf_event_paranoid=2",
		       level);
	else
		ev_say(refusal,
		       "a security module of this system forbids performance events to "
		       "this user, whatever perf_event_paranoid (%d) says: try with sudo; "
		       "evprof doctor tells what works",
		       level);
	return true;
}

static bool refuse_other_task(const struct ev_refusal *refusal)
{
	const struct ev_target *target = refusal->target;
	const char *what = target && target->kind == EV_TARGET_TIDS ? "thread" : "process";
	char path[64];
	struct stat status;
	if (!target || target->kind == EV_TARGET_SYSTEM || target->kind == EV_TARGET_COMMAND)
		return false;
	for (size_t i = 0; target->kind != EV_TARGET_USER && i < target->id_count; i++) {
		uint32_t id = target->ids[i];
		int rc = try_harmless((pid_t)id, -1);
		if (rc != -EACCES && rc != -EPERM)
			continue;
		snprintf(path, sizeof(path), "/proc/%u", id);
		if (!stat(path, &status) && status.st_uid != geteuid())
			ev_say(refusal,
			       "%s %u belongs to another user (uid %u), whom this user may not "
			       "watch: run evprof with sudo",
			       what, id, status.st_uid);
		else
			ev_say(refusal,
			       "%s %u may not be looked into (a setuid or otherwise protected "
			       "program): run evprof with sudo",
			       what, id);
		return true;
	}
	if (target->kind != EV_TARGET_USER || !target->id_count || target->ids[0] == geteuid())
		return false;
	ev_say(refusal, "processes of uid %u may not be watched by this user: run evprof with sudo",
	       target->ids[0]);
	return true;
}

/* Highest perf_event_paranoid that allows what was asked, and what that is called. */
static int allowed_level(const struct ev_refusal *refusal, const char **what)
{
	const struct perf_event_attr *attr = refusal->attr;
	bool raw = attr->type == PERF_TYPE_TRACEPOINT && attr->sample_type & PERF_SAMPLE_RAW;
	if (raw) {
		*what = "the data of tracepoints";
		return -1;
	}
	if (refusal->target && refusal->target->kind == EV_TARGET_SYSTEM) {
		*what = "watching a whole CPU";
		return 0;
	}
	*what = ev_attr_is_kernel_only(attr) ? "events that happen in the kernel"
					     : "watching the kernel";
	return 1;
}

/* Some tracepoints are closed to perf_event_open, whoever asks. */
static void refuse_tracepoint(const struct ev_refusal *refusal)
{
	ev_say(refusal,
	       "the kernel does not allow this tracepoint to be opened by perf_event_open%s",
	       refusal->attr->sample_period ? " for sampling" : "");
}

static void refuse_forbidden(const struct ev_refusal *refusal)
{
	const char *what;
	char lockdown[32];
	int level = ev_machine_paranoid(), allowed = allowed_level(refusal, &what);
	if (refuse_filtered(refusal) || refuse_other_task(refusal))
		return;
	if (ev_machine_may_perfmon() && refusal->attr->type == PERF_TYPE_TRACEPOINT)
		refuse_tracepoint(refusal);
	else if (ev_machine_may_perfmon() && *ev_machine_lockdown(lockdown, sizeof(lockdown)))
		ev_say(refusal,
		       "the kernel is locked down (%s), which forbids this even with CAP_PERFMON: "
		       "cat /sys/kernel/security/lockdown",
		       lockdown);
	else if (ev_machine_may_perfmon())
		ev_say(refusal, "the kernel refuses this event although CAP_PERFMON is there and "
				"it is not locked down; a security module could be why: sudo dmesg "
				"| tail");
	else if (level > allowed)
		ev_say(refusal,
		       "perf_event_paranoid is %d, which forbids %s to users without CAP_PERFMON: "
		       "sudo sysctl kernel.perf_event_paranoid=%d",
		       level, what, allowed);
	else
		ev_say(refusal,
		       "it needs CAP_PERFMON, which this user has not: run evprof with sudo");
}

/* ---- probes of programs -------------------------------------------------------------------------
 */

#define NOT_SUPPORTED 524 /* the kernel's own ENOTSUPP, which has no name here */

static bool is_probe(const struct perf_event_attr *attr)
{
	int64_t type;
	return attr->type > PERF_TYPE_BREAKPOINT &&
	       !ev_file_number("/sys/bus/event_source/devices/uprobe/type", &type) &&
	       type == attr->type;
}

static void refuse_probe(const struct ev_refusal *refusal)
{
	switch (refusal->error) {
	case EACCES:
	case EPERM:
		if (refuse_filtered(refusal) || refuse_other_task(refusal))
			return;
		ev_say(refusal, "%s",
		       geteuid()
			       ? "only root, or who has CAP_PERFMON, may probe programs: run "
				 "evprof with sudo"
			       : "this kernel forbids probes of programs even to root (a container "
				 "without CAP_PERFMON, or lockdown): run evprof outside of it");
		return;
	case ENOENT:
		ev_say(refusal, "the file that was to be probed is gone");
		return;
	case EIO:
		ev_say(refusal, "the file system that its file is on can not be probed: copy the "
				"program to a disk");
		return;
	case EINVAL:
	case NOT_SUPPORTED:
		ev_say(refusal,
		       "the kernel can not put a probe on this instruction: choose another, "
		       "as in function+4");
		return;
	}
	ev_say(refusal, "%s", strerror(refusal->error));
}

static bool is_of_the_probe(int error)
{
	return error == EACCES || error == EPERM || error == ENOENT || error == EIO ||
	       error == EINVAL || error == NOT_SUPPORTED;
}

/* ---- the others --------------------------------------------------------------------------------
 */

/* A generic event for one kind of core: config names its PMU, which older kernels do not read. */
static bool is_for_one_kind(const struct perf_event_attr *attr)
{
	return (attr->type == PERF_TYPE_HARDWARE || attr->type == PERF_TYPE_HW_CACHE) &&
	       attr->config >> 32;
}

static void refuse_absent(const struct ev_refusal *refusal)
{
	char absence[256];
	struct perf_event_attr plain = *refusal->attr;
	bool hardware = ev_event_is_hardware(refusal->attr);
	plain.config &= UINT32_MAX;
	if (hardware && *ev_pmu_absence(absence, sizeof(absence)))
		ev_say(refusal, "no PMU: %s. Software events work everywhere: evprof list sw",
		       absence);
	else if (is_for_one_kind(refusal->attr) && !ev_explain_try(&plain))
		ev_say(refusal, "this kernel opens generic events on one kind of core only; those "
				"of each kind's own PMU work: evprof list pmu");
	else if (hardware)
		ev_say(refusal,
		       "the PMU of this CPU does not have this event: evprof list hw cache");
	else if (refusal->attr->type == PERF_TYPE_TRACEPOINT)
		ev_say(refusal, "this kernel has no such tracepoint: evprof list tracepoint");
	else
		ev_say(refusal, "this kernel does not have it: evprof list");
}

static void refuse_unsupported(const struct ev_refusal *refusal)
{
	if (!ev_explain_wish(refusal))
		ev_say(refusal, "its PMU cannot do what was asked");
}

static void refuse_invalid(const struct ev_refusal *refusal)
{
	const struct perf_event_attr *attr = refusal->attr;
	int64_t limit = 0;
	ev_file_number("/proc/sys/kernel/perf_event_max_sample_rate", &limit);
	if (attr->freq && limit && attr->sample_freq > (uint64_t)limit)
		ev_say(refusal,
		       "%llu samples per second are more than perf_event_max_sample_rate (%lld): "
		       "sudo sysctl kernel.perf_event_max_sample_rate=%llu",
		       (unsigned long long)attr->sample_freq, (long long)limit,
		       (unsigned long long)attr->sample_freq);
	else if (attr->type == PERF_TYPE_TRACEPOINT)
		refuse_tracepoint(refusal);
	else if (!ev_explain_wish(refusal))
		ev_say(refusal, "the kernel takes the event, or its place in a group, for "
				"contradictory");
}

static void refuse_busy(const struct ev_refusal *refusal)
{
	const char *watchdog = ev_watchdog_note();
	if (*watchdog)
		ev_say(refusal, "the counter is taken%s", watchdog);
	else if (refusal->attr->exclusive)
		ev_say(refusal, "it wants the PMU for itself (e), and others count on it: leave "
				"the e out");
	else
		ev_say(refusal, "the counter is taken by someone who does not share it: a pinned "
				"or exclusive event of another profiler, or a debugger");
}

/* ---- what there is too little of ---------------------------------------------------------------
 */

#define MOST_BREAKPOINTS 16

/* How many breakpoints a thread can have, by opening as many. */
static int count_breakpoints(const struct perf_event_attr *like)
{
	struct perf_event_attr attr = *like;
	int fds[MOST_BREAKPOINTS], count = 0;
	attr.disabled = 1;
	attr.enable_on_exec = 0;
	while (count < MOST_BREAKPOINTS &&
	       (fds[count] = ev_sys_perf_event_open(&attr, 0, -1, -1)) >= 0)
		count++;
	for (int i = 0; i < count; i++)
		ev_sys_close(fds[i]);
	return count;
}

static void refuse_full(const struct ev_refusal *refusal)
{
	if (refusal->attr->type == PERF_TYPE_BREAKPOINT)
		ev_say(refusal,
		       "all hardware breakpoints of the CPU are in use, of which a thread can "
		       "have %d here: watch fewer addresses at once, or end the debugger that "
		       "uses them",
		       count_breakpoints(refusal->attr));
	else
		ev_say(refusal, "the kernel has no room for one more such event");
}

static void refuse_descriptors(const struct ev_refusal *refusal)
{
	struct rlimit limit = { 0 };
	unsigned long long used = 0, unused, most = 0;
	char *text = NULL;
	if (refusal->error == ENFILE) {
		if (!ev_file_read("/proc/sys/fs/file-nr", &text, NULL) &&
		    sscanf(text, "%llu %llu %llu", &used, &unused, &most) != 3)
			used = most = 0;
		free(text);
		ev_say(refusal,
		       "the whole system is out of file descriptors (%llu of %llu): "
		       "sudo sysctl fs.file-max=%llu",
		       used, most, most > 500000 ? most * 2 : 1000000);
		return;
	}
	ev_sys_descriptor_limit(NULL, &limit);
	ev_say(refusal,
	       "one descriptor per event, thread and CPU is more than the limit of %llu: "
	       "sudo prlimit --pid $$ --nofile=1000000:1000000, or watch fewer threads or events",
	       (unsigned long long)limit.rlim_cur);
}

static void refuse_memory(const struct ev_refusal *refusal)
{
	ev_say(refusal, "the kernel has no memory for one more counter: watch fewer threads or "
			"events at once, or see free -h");
}

static void refuse_deep(const struct ev_refusal *refusal)
{
	ev_say(refusal,
	       "deeper stacks than perf_event_max_stack allows: "
	       "sudo sysctl kernel.perf_event_max_stack=%u",
	       (unsigned)refusal->attr->sample_max_stack);
}

static void refuse_gone(const struct ev_refusal *refusal)
{
	ev_say(refusal, "the process or thread is gone");
}

static void refuse_offline(const struct ev_refusal *refusal)
{
	ev_say(refusal, "the CPU is offline, or its counters do not do this");
}

static void refuse_kernel(const struct ev_refusal *refusal)
{
	int64_t level;
	if (!ev_file_number("/proc/sys/kernel/perf_event_paranoid", &level) &&
	    ev_machine_is_filtered())
		ev_say(refusal, "a seccomp filter (a container's, most likely) hides "
				"perf_event_open: start the container with "
				"--security-opt seccomp=unconfined --cap-add PERFMON");
	else
		ev_say(refusal, "this kernel was built without performance events");
}

static void refuse_new(const struct ev_refusal *refusal)
{
	/* The kernel writes the size that it knows into the attr that it refused. */
	struct perf_event_attr attr = *refusal->attr;
	attr.size = sizeof(attr);
	int fd = ev_sys_perf_event_open(&attr, 0, -1, -1);
	if (fd >= 0)
		ev_sys_close(fd);
	ev_say(refusal,
	       "this kernel is too old for the event's options: it knows the first %u bytes of "
	       "them, and the event uses some of all %zu",
	       attr.size, sizeof(attr));
}

static const struct {
	int error;
	void (*refuse)(const struct ev_refusal *refusal);
} causes[] = {
	{ EACCES, refuse_forbidden },
	{ EPERM, refuse_forbidden },
	{ ENOENT, refuse_absent },
	{ ENXIO, refuse_absent },
	{ EOPNOTSUPP, refuse_unsupported },
	{ EINVAL, refuse_invalid },
	{ EBUSY, refuse_busy },
	{ ENOSPC, refuse_full },
	{ EMFILE, refuse_descriptors },
	{ ENFILE, refuse_descriptors },
	{ EOVERFLOW, refuse_deep },
	{ ESRCH, refuse_gone },
	{ ENODEV, refuse_offline },
	{ ENOMEM, refuse_memory },
	{ ENOSYS, refuse_kernel },
	{ E2BIG, refuse_new },
};

void ev_explain_open(int error, const struct perf_event_attr *attr, const struct ev_target *target,
		     char *why, size_t size_bytes)
{
	const struct ev_refusal refusal = { error, attr, target, why, size_bytes };
	if (is_of_the_probe(error) && is_probe(attr)) {
		refuse_probe(&refusal);
		return;
	}
	for (size_t i = 0; i < EV_LENGTH(causes); i++)
		if (causes[i].error == error) {
			causes[i].refuse(&refusal);
			return;
		}
	snprintf(why, size_bytes, "%s", strerror(error));
}
