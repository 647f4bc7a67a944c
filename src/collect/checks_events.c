/* Each kind of event is opened on evprof itself, made to happen, and must then be seen. */
#include <errno.h>
#include <link.h>
#include <linux/hw_breakpoint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "checks.h"
#include "machine.h"
#include "opening.h"
#include "syscalls.h"

#define CLOCK_PERIOD_NS 100000
#define CYCLE_PERIOD 100003

static const struct ev_target whole_cpu = { .kind = EV_TARGET_SYSTEM };

/* Counts, then samples with this period. True when both were seen to work; else the row says what
 * did not. */
static bool works(struct ev_check *check, struct perf_event_attr attr, uint64_t period, int32_t cpu,
		  ev_trial_work work, void *context)
{
	const struct ev_target *target = cpu < 0 ? NULL : &whole_cpu;
	struct ev_trial trial = { 0 };
	int rc = ev_trial_count(&attr, cpu, work, context, &trial);
	if (rc) {
		ev_check_missing(check, "can be neither counted nor sampled");
		ev_check_refused(check, -rc, &attr, target);
		return false;
	}
	if (!trial.value) {
		ev_check_missing(check, "can be opened, but nothing is counted");
		ev_check_why(check, trial.running_ns ? "what was done on purpose was not seen"
						     : "its counter never ran: others hold it");
		return false;
	}
	attr.sample_period = period;
	rc = ev_trial_sample(&attr, cpu, work, context, &trial);
	if (!rc && trial.samples)
		return true;
	ev_check_limited(check, "can be counted, not sampled");
	if (rc)
		ev_check_refused(check, -rc, &attr, target);
	else
		ev_check_why(check, "no sample arrived");
	return false;
}

static bool can_count(const struct ev_check *check)
{
	return check->state != EV_CHECK_MISSING;
}

/* ---- the CPU's and the kernel's own -------------------------------------------------------------
 */

void ev_check_hardware(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_HARDWARE, PERF_COUNT_HW_CPU_CYCLES);
	char absence[256];
	bool both = works(check, attr, CYCLE_PERIOD, -1, ev_trial_compute, NULL);
	checks->can_count |= can_count(check);
	checks->can_sample |= both;
	if (both) {
		ev_check_ok(check, "counted and sampled (cycles)");
		return;
	}
	if (*ev_pmu_absence(absence, sizeof(absence))) {
		ev_check_why(check, "there is no PMU");
		ev_check_cure(check, "a PMU, as above; meanwhile caches and branches can be "
				     "simulated: evprof stat --simulate ./prog");
	}
}

void ev_check_software(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
	bool both = works(check, attr, CLOCK_PERIOD_NS, -1, ev_trial_compute, NULL);
	checks->can_count |= can_count(check);
	checks->can_sample |= both;
	if (both)
		ev_check_ok(check, "counted and sampled (cpu-clock)");
}

void ev_check_kernel_side(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
	(void)checks;
	attr.exclude_kernel = attr.exclude_hv = 0;
	if (works(check, attr, CLOCK_PERIOD_NS, -1, ev_trial_compute, NULL))
		ev_check_ok(check, "counted and sampled");
	else if (!can_count(check) && checks->can_count)
		ev_check_limited(check, "user space only");
}

static void nothing(void *context)
{
	(void)context;
}

void ev_check_all_cpus(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
	uint32_t *cpus;
	size_t count, opened = 0;
	struct ev_trial trial;
	if (ev_machine_cpus(NULL, &cpus, &count, NULL))
		return;
	attr.exclude_kernel = attr.exclude_hv = 0;
	bool both = works(check, attr, CLOCK_PERIOD_NS, (int32_t)cpus[0], ev_trial_compute, NULL);
	if (!both && !can_count(check) && checks->can_count)
		ev_check_limited(check, "own processes only: no -a, no -C");
	attr.config = PERF_COUNT_SW_DUMMY;
	for (size_t i = 0; i < count && both; i++)
		opened += !ev_trial_count(&attr, (int32_t)cpus[i], nothing, NULL, &trial);
	if (both && opened == count)
		ev_check_ok(check, "%zu watched as a whole (-a, -C)", count);
	else if (both)
		ev_check_limited(check, "%zu of %zu CPUs can be watched as a whole", opened, count);
	free(cpus);
}

/* ---- tracepoints --------------------------------------------------------------------------------
 */

static void wait_a_little(void *context)
{
	const struct timespec moment = { .tv_nsec = 100000 };
	(void)context;
	nanosleep(&moment, NULL);
}

void ev_check_tracepoints(struct ev_check *check, struct ev_checks *checks)
{
	struct ev_event_list list = { 0 };
	struct ev_err err = { 0 };
	(void)checks;
	int rc = ev_event_parse(&list, "sched:sched_switch", &err);
	if (rc || !list.count) {
		ev_check_missing(check, "cannot be named");
		ev_check_why(check, "%s",
			     rc == -EACCES ? "their numbers may not be read"
					   : "the kernel shows none");
		ev_check_cure(check, rc == -EACCES ? "sudo evprof …"
						   : "sudo mount -t tracefs nodev "
						     "/sys/kernel/tracing");
		ev_check_unmounted(check, "/sys/kernel/tracing");
	} else {
		struct perf_event_attr attr =
			ev_trial_attr(PERF_TYPE_TRACEPOINT, list.items[0].attr.config);
		attr.exclude_kernel = attr.exclude_hv = 0;
		attr.sample_type = PERF_SAMPLE_RAW;
		if (works(check, attr, 1, -1, wait_a_little, NULL))
			ev_check_ok(check, "counted and sampled, with their data");
	}
	ev_event_list_done(&list);
}

/* ---- probes -------------------------------------------------------------------------------------
 */

static __attribute__((noinline)) void probed(void *context)
{
	__asm__ volatile("" : : "r"(context));
}

/* Where the code at an address stands in the file that it was mapped from. */
struct place {
	uintptr_t address;
	uint64_t offset;
	bool found;
};

static int find_place(struct dl_phdr_info *object, size_t size_bytes, void *context)
{
	struct place *place = context;
	(void)size_bytes;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		uintptr_t start = object->dlpi_addr + object->dlpi_phdr[i].p_vaddr;
		if (object->dlpi_phdr[i].p_type != PT_LOAD || place->address < start ||
		    place->address - start >= object->dlpi_phdr[i].p_filesz)
			continue;
		place->offset = object->dlpi_phdr[i].p_offset + (place->address - start);
		place->found = true;
		return 1;
	}
	return 0;
}

/* The number of a PMU that the kernel gives out dynamically; false when it has none. */
static bool pmu_type(const char *name, uint32_t *type)
{
	char path[128];
	int64_t number;
	snprintf(path, sizeof(path), "/sys/bus/event_source/devices/%s/type", name);
	if (ev_file_number(path, &number) || number <= 0 || number > UINT32_MAX)
		return false;
	*type = (uint32_t)number;
	return true;
}

/* Probes want the capability, whatever perf_event_paranoid says. */
static void cure_probes(struct ev_check *check)
{
	if (ev_machine_may_perfmon() || ev_machine_paranoid() > 2)
		return;
	ev_check_why(check, "probes need CAP_PERFMON");
	ev_check_cure(check, "sudo evprof …");
}

void ev_check_uprobes(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(0, 0);
	struct place place = { .address = (uintptr_t)probed };
	char path[4096];
	(void)checks;
	if (!pmu_type("uprobe", &attr.type)) {
		ev_check_missing(check, "the kernel offers none");
		ev_check_why(check, "there is no /sys/bus/event_source/devices/uprobe");
		ev_check_cure(check, "a kernel with CONFIG_UPROBE_EVENTS=y");
		ev_check_unmounted(check, "/sys/bus");
		return;
	}
	ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
	dl_iterate_phdr(find_place, &place);
	if (length <= 0 || !place.found) {
		ev_check_missing(check, "not tried");
		ev_check_why(check, "evprof's own file is not to be found");
		ev_check_unmounted(check, "/proc/self/exe");
		return;
	}
	path[length] = 0;
	attr.config1 = (uintptr_t)path;
	attr.config2 = place.offset;
	attr.exclude_kernel = attr.exclude_hv = 0;
	if (works(check, attr, 1, -1, probed, NULL))
		ev_check_ok(check, "functions of programs can be probed");
	else
		cure_probes(check);
}

static void read_file(void *context)
{
	FILE *file = fopen("/dev/zero", "re");
	(void)context;
	if (!file)
		return;
	getc(file);
	fclose(file);
}

void ev_check_kprobes(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(0, 0);
	(void)checks;
	if (!pmu_type("kprobe", &attr.type)) {
		ev_check_missing(check, "the kernel offers none");
		ev_check_why(check, "there is no /sys/bus/event_source/devices/kprobe");
		ev_check_cure(check, "a kernel with CONFIG_KPROBE_EVENTS=y");
		ev_check_unmounted(check, "/sys/bus");
		return;
	}
	attr.config1 = (uintptr_t) "vfs_read";
	attr.exclude_kernel = attr.exclude_hv = 0;
	if (works(check, attr, 1, -1, read_file, NULL))
		ev_check_ok(check, "functions of the kernel can be probed");
	else
		cure_probes(check);
}

/* ---- breakpoints --------------------------------------------------------------------------------
 */

enum { BREAKPOINTS_MAX = 64 };

static void write_watched(void *context)
{
	volatile uint64_t *watched = context;
	watched[0]++;
}

/* So many can be had at once. */
static unsigned count_breakpoints(struct perf_event_attr attr)
{
	int fds[BREAKPOINTS_MAX];
	unsigned count = 0;
	for (; count < BREAKPOINTS_MAX; count++, attr.bp_addr += sizeof(uint64_t)) {
		fds[count] = ev_sys_perf_event_open(&attr, 0, -1, -1);
		if (fds[count] < 0)
			break;
	}
	for (unsigned i = 0; i < count; i++)
		ev_sys_close(fds[i]);
	return count;
}

void ev_check_breakpoints(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_BREAKPOINT, 0);
	volatile uint64_t watched[BREAKPOINTS_MAX] = { 0 };
	(void)checks;
	attr.bp_type = HW_BREAKPOINT_W;
	attr.bp_addr = (uintptr_t)watched;
	attr.bp_len = HW_BREAKPOINT_LEN_8;
	if (works(check, attr, 1, -1, write_watched, (void *)watched))
		ev_check_ok(check, "%u at a time, counted and sampled", count_breakpoints(attr));
}

/* ---- stacks -------------------------------------------------------------------------------------
 */

/* The samples fall in here; libc's qsort stands between this and the caller of sort(). */
static int compare(const void *one, const void *other)
{
	const int *left = one, *right = other;
	ev_trial_compute(NULL);
	return (*left > *right) - (*left < *right);
}

static __attribute__((noinline)) void sort(void *context)
{
	int numbers[] = { 3, 2, 1, 4 };
	struct ev_trial *trial = context;
	trial->through = (uintptr_t)__builtin_return_address(0);
	qsort(numbers, EV_LENGTH(numbers), sizeof(numbers[0]), compare);
	__asm__ volatile("" : : "r"(numbers) : "memory"); /* the call above is no jump */
}

void ev_check_stacks(struct ev_check *check, struct ev_checks *checks)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
	struct ev_trial trial = { 0 };
	(void)checks;
	attr.sample_type = PERF_SAMPLE_CALLCHAIN;
	attr.sample_period = CLOCK_PERIOD_NS;
	attr.exclude_callchain_kernel = 1;
	int rc = ev_trial_sample(&attr, -1, sort, &trial, &trial);
	if (rc || !trial.samples) {
		ev_check_missing(check, "no stack can be recorded");
		if (rc)
			ev_check_refused(check, -rc, &attr, NULL);
		else
			ev_check_why(check, "no sample arrived");
	} else if (trial.stacks * 2 >= trial.samples) {
		ev_check_ok(check, "frame pointers lead through libc");
	} else {
		ev_check_limited(check, "stacks end in libc");
		ev_check_why(check, "it keeps no frame pointers: who called qsort or memcpy is not "
				    "seen; callers in code built with -fno-omit-frame-pointer are");
		ev_check_cure(check, "a distribution that builds with frame pointers (Ubuntu "
				     "24.04, Fedora 38 or later)");
	}
}
