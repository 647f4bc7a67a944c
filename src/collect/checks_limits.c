/* What this user may do and how much of it: levels, memory, descriptors, rates, the file. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "checks.h"
#include "machine.h"
#include "opening.h"
#include "ring.h"
#include "syscalls.h"

#define KERNEL "/proc/sys/kernel/"
#define USUAL_RATE_HZ 4000 /* what record asks for unless told */
#define USUAL_DEPTH 127    /* what the kernel allows unless told */
#define RING_WANTED (512u << 10)
#define RING_LEAST (32u << 10)

/* ---- the file -----------------------------------------------------------------------------------
 */

void ev_check_recording(struct ev_check *check, struct ev_checks *checks)
{
	char path[] = "perf.data.XXXXXX", page[4096] = { 0 };
	int fd = mkstemp(path), error = errno;
	if (fd >= 0) {
		ssize_t written = write(fd, page, sizeof(page));
		error = written < 0 ? errno : written < (ssize_t)sizeof(page) ? ENOSPC : 0;
		close(fd);
		unlink(path);
	}
	checks->can_write = fd >= 0 && !error;
	if (checks->can_write) {
		ev_check_ok(check, "perf.data can be written in this folder");
		return;
	}
	ev_check_missing(check, "perf.data cannot be written in this folder");
	ev_check_why(check, "%s", strerror(error));
	ev_check_cure(check, "evprof record -o /tmp/perf.data …");
}

/* ---- levels -------------------------------------------------------------------------------------
 */

static void not_known(struct ev_check *check, const char *path)
{
	ev_check_limited(check, "not known");
	if (!ev_check_unmounted(check, path))
		ev_check_why(check, "%s cannot be read", path);
}

void ev_check_paranoid(struct ev_check *check, struct ev_checks *checks)
{
	static const char *const allowed[] = { "everything", "whole CPUs, no data of tracepoints",
					       "own programs, and the kernel for them",
					       "own programs, user space only", "nothing" };
	int64_t level;
	(void)checks;
	if (ev_file_number(KERNEL "perf_event_paranoid", &level)) {
		not_known(check, KERNEL "perf_event_paranoid");
		return;
	}
	if (ev_machine_may_perfmon()) {
		ev_check_ok(check, "%" PRId64 ", but CAP_PERFMON allows everything", level);
		return;
	}
	size_t step = level < 0 ? 0 : level > 2 ? 4 : (size_t)level + 1;
	if (!step) {
		ev_check_ok(check, "%" PRId64 ": everything is allowed to everyone", level);
		return;
	}
	(step == 4 ? ev_check_missing : ev_check_limited)(check, "%" PRId64 ": %s", level,
							  allowed[step]);
	ev_check_cure(check, "sudo sysctl -w kernel.perf_event_paranoid=-1");
}

void ev_check_kptr(struct ev_check *check, struct ev_checks *checks)
{
	char line[128];
	int64_t level = -1;
	(void)checks;
	ev_file_number(KERNEL "kptr_restrict", &level);
	FILE *symbols = fopen("/proc/kallsyms", "re");
	uint64_t address = 0;
	for (int i = 0; symbols && i < 1000 && !address && fgets(line, sizeof(line), symbols); i++)
		address = strtoull(line, NULL, 16);
	if (symbols)
		fclose(symbols);
	if (address) {
		ev_check_ok(check, "addresses are shown (kptr_restrict %" PRId64 ")", level);
		return;
	}
	ev_check_missing(check, "functions of the kernel stay without names");
	if (!symbols) {
		ev_check_why(check, "/proc/kallsyms cannot be read");
		ev_check_cure(check, "sudo evprof …");
		ev_check_unmounted(check, "/proc/kallsyms");
		return;
	}
	ev_check_why(check,
		     level > 0 ? "kptr_restrict is %" PRId64 " and hides their addresses"
			       : "kptr_restrict is %" PRId64 ", but perf_event_paranoid above 1 "
				 "hides their addresses too",
		     level);
	if (level > 1)
		ev_check_cure(check, "sudo sysctl -w kernel.kptr_restrict=1 && sudo evprof …");
	else if (level == 1)
		ev_check_cure(check, "sudo evprof …");
	else /* shown to those who may watch the kernel */
		ev_check_cure(check, "sudo sysctl -w kernel.perf_event_paranoid=1");
}

/* ---- memory -------------------------------------------------------------------------------------
 */

/* Can a ring of this size be had for every CPU at once? 0 or -errno. */
static int map_everywhere(struct ev_ring *rings, size_t count, size_t bytes)
{
	size_t mapped = 0;
	int rc = 0;
	while (mapped < count && !rc) {
		rc = ev_ring_map(&rings[mapped], bytes);
		mapped += !rc;
	}
	while (mapped-- > 0)
		ev_ring_unmap(&rings[mapped]);
	return rc;
}

static void describe_memory(char *out, size_t size_bytes)
{
	int64_t allowed_kb = 0;
	struct rlimit locked = { 0 };
	ev_file_number(KERNEL "perf_event_mlock_kb", &allowed_kb);
	ev_sys_locked_limit(&locked);
	int used = snprintf(out, size_bytes, "mlock_kb %" PRId64 ", ", allowed_kb);
	if (locked.rlim_cur == RLIM_INFINITY)
		snprintf(out + used, size_bytes - (size_t)used, "memlock unlimited");
	else
		snprintf(out + used, size_bytes - (size_t)used, "memlock %llu KiB",
			 (unsigned long long)locked.rlim_cur >> 10);
}

void ev_check_rings(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_DUMMY);
	uint32_t *cpus;
	size_t count, open = 0, bytes = RING_WANTED;
	char limits[96];
	int rc = 0;
	(void)checks;
	if (ev_machine_cpus(NULL, &cpus, &count, NULL))
		return;
	struct ev_ring *rings = ev_alloc(count * sizeof(*rings));
	for (; open < count && rc >= 0; open += rc >= 0) {
		rc = ev_sys_perf_event_open(&attr, 0, (int)cpus[open], -1);
		rings[open].fd = rc;
		rings[open].cpu = (int32_t)cpus[open];
	}
	describe_memory(limits, sizeof(limits));
	bool opened = rc >= 0;
	if (opened)
		while ((rc = map_everywhere(rings, count, bytes)) && bytes > RING_LEAST)
			bytes /= 2;
	for (size_t i = 0; i < open; i++)
		ev_sys_close(rings[i].fd);
	free(rings);
	free(cpus);
	if (!opened) {
		ev_check_missing(check, "no event, no ring");
		ev_check_refused(check, -rc, &attr, NULL);
		return;
	}
	if (rc < 0) {
		ev_check_missing(check, "no rings for %zu CPUs", count);
		ev_check_why(check, "%s (%s)", strerror(-rc), limits);
	} else if (bytes < RING_WANTED) {
		ev_check_limited(check, "%zu KiB on each of %zu CPUs", bytes >> 10, count);
		ev_check_why(check, "%s; small rings lose samples at high frequencies", limits);
	} else {
		ev_check_ok(check, "%u KiB on each of %zu CPUs (%s)", RING_WANTED >> 10, count,
			    limits);
	}
	if (check->state != EV_CHECK_OK)
		ev_check_cure(check, "sudo sysctl -w kernel.perf_event_mlock_kb=%zu",
			      (size_t)(RING_WANTED >> 10) + 4);
}

/* ---- descriptors --------------------------------------------------------------------------------
 */

void ev_check_descriptors(struct ev_check *check, struct ev_checks *checks)
{
	enum { OTHERS = 64, EVENTS = 10 };
	struct rlimit limit;
	uint64_t cpus = ev_cpus_online();
	(void)checks;
	if (ev_sys_descriptor_limit(NULL, &limit)) {
		ev_check_limited(check, "not known");
		return;
	}
	struct rlimit raised = { .rlim_cur = limit.rlim_max, .rlim_max = limit.rlim_max };
	bool can_raise = !ev_sys_descriptor_limit(&raised, NULL);
	ev_sys_descriptor_limit(&limit, NULL);
	uint64_t most = can_raise ? limit.rlim_max : limit.rlim_cur;
	uint64_t fit = most > OTHERS ? (most - OTHERS) / (cpus ? cpus : 1) : 0;
	(fit < EVENTS ? ev_check_limited : ev_check_ok)(check,
							"%" PRIu64 " of %" PRIu64 ": %" PRIu64
							" events on %" PRIu64 " CPU%s",
							(uint64_t)limit.rlim_cur, most, fit, cpus,
							cpus == 1 ? "" : "s");
	if (fit < EVENTS)
		ev_check_cure(check, "as root: ulimit -Hn %" PRIu64, EVENTS * cpus + 1024);
}

/* ---- rates and depths ---------------------------------------------------------------------------
 */

void ev_check_rate(struct ev_check *check, struct ev_checks *checks)
{
	int64_t rate, percent = 0;
	(void)checks;
	if (ev_file_number(KERNEL "perf_event_max_sample_rate", &rate)) {
		not_known(check, KERNEL "perf_event_max_sample_rate");
		return;
	}
	ev_file_number(KERNEL "perf_cpu_time_max_percent", &percent);
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
	attr.freq = 1;
	attr.sample_freq = USUAL_RATE_HZ;
	attr.sample_type = PERF_SAMPLE_IP;
	int fd = ev_sys_perf_event_open(&attr, 0, -1, -1);
	if (fd >= 0)
		ev_sys_close(fd);
	if (rate >= USUAL_RATE_HZ && fd != -EINVAL) {
		ev_check_ok(check, "at most %" PRId64 " per second, %" PRId64 " %% of a CPU", rate,
			    percent);
		return;
	}
	ev_check_limited(check, "at most %" PRId64 " per second", rate);
	ev_check_why(check, "the kernel lowers it when its interrupts take longer than "
			    "perf_cpu_time_max_percent");
	ev_check_cure(check, "sudo sysctl -w kernel.perf_event_max_sample_rate=100000");
}

void ev_check_depth(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
	int64_t depth = USUAL_DEPTH;
	(void)checks;
	bool known = !ev_file_number(KERNEL "perf_event_max_stack", &depth);
	attr.sample_period = 1000000;
	attr.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_CALLCHAIN;
	attr.sample_max_stack = (uint16_t)(depth < 0 ? 0 : depth > UINT16_MAX ? UINT16_MAX : depth);
	int fd = ev_sys_perf_event_open(&attr, 0, -1, -1);
	if (fd < 0) {
		ev_check_missing(check, "no stacks");
		ev_check_refused(check, -fd, &attr, NULL);
		return;
	}
	ev_sys_close(fd);
	if (known && depth < USUAL_DEPTH) {
		ev_check_limited(check, "%" PRId64 " callers", depth);
		ev_check_cure(check, "sudo sysctl -w kernel.perf_event_max_stack=127");
	} else {
		ev_check_ok(check, "%" PRId64 " callers", depth);
	}
}
