/* One probe function per row of `evprof doctor`, and what they try things with. */
#ifndef COLLECT_CHECKS_H
#define COLLECT_CHECKS_H

#include <evprof/collect.h>

/* Fills the row's state, value, why and cure; `checks` has the rows before it and takes note of
 * what the main job needs. */
typedef void (*ev_check_probe)(struct ev_check *check, struct ev_checks *checks);

/* ---- checks.c ---------------------------------------------------------------------------------
 */

/* The row's answer; `value` is a format. */
void ev_check_ok(struct ev_check *check, const char *value, ...) EV_PRINTF(2, 3);
void ev_check_limited(struct ev_check *check, const char *value, ...) EV_PRINTF(2, 3);
void ev_check_missing(struct ev_check *check, const char *value, ...) EV_PRINTF(2, 3);
void ev_check_why(struct ev_check *check, const char *fmt, ...) EV_PRINTF(2, 3);
void ev_check_cure(struct ev_check *check, const char *fmt, ...) EV_PRINTF(2, 3);
/* Cause and cure of a refused open. `target` as for ev_explain_open. */
void ev_check_refused(struct ev_check *check, int error, const struct perf_event_attr *attr,
		      const struct ev_target *target);

/* Where the file system that `path` should stand in (/proc or /sys) is not mounted: that is the
 * cause, its mounting the cure, and the answer true. */
bool ev_check_unmounted(struct ev_check *check, const char *path);
/* What brings a PMU to a machine that has none (checks_counters.c). */
void ev_check_pmu_cure(struct ev_check *check);

/* ---- checks_trial.c ---------------------------------------------------------------------------
 */

/* What an event did while something happened. */
struct ev_trial {
	uint64_t value, enabled_ns, running_ns;
	uint64_t samples, stacks; /* stacks: chains that hold `through` */
	uint64_t through;         /* an address that a complete chain passes, 0 = any */
};
typedef void (*ev_trial_work)(void *context);
/* Opens attr on this thread (cpu -1) or a CPU, lets `work` happen, and reads it: 0 or -errno. */
int ev_trial_count(const struct perf_event_attr *attr, int32_t cpu, ev_trial_work work,
		   void *context, struct ev_trial *trial);
/* The same through a ring; trial->samples are those that arrived. */
int ev_trial_sample(const struct perf_event_attr *attr, int32_t cpu, ev_trial_work work,
		    void *context, struct ev_trial *trial);
/* Computes for some milliseconds of this thread's own time. */
void ev_trial_compute(void *context);
/* Software event that is fit for trials, user space only. */
struct perf_event_attr ev_trial_attr(uint32_t type, uint64_t config);

/* Runs a program without input for at most limit_ms and takes the first line it prints. 0 when it
 * ended well; else -errno: -ENOENT when there is none, -ETIMEDOUT, -EIO when it failed. */
int ev_program_line(char *const *argv, int limit_ms, char *line, size_t size_bytes);
/* The path by which PATH finds a program; false when it does not. */
bool ev_program_path(const char *name, char *path, size_t size_bytes);

/* ---- checks_counters.c, checks_events.c, checks_limits.c, checks_names.c, checks_programs.c,
 * checks_machine.c ------------------------------------------------------------------------------
 */

void ev_check_kernel(struct ev_check *check, struct ev_checks *checks);
void ev_check_user(struct ev_check *check, struct ev_checks *checks);
void ev_check_hypervisor(struct ev_check *check, struct ev_checks *checks);
void ev_check_container(struct ev_check *check, struct ev_checks *checks);
void ev_check_seccomp(struct ev_check *check, struct ev_checks *checks);
void ev_check_clock(struct ev_check *check, struct ev_checks *checks);
void ev_check_event_time(struct ev_check *check, struct ev_checks *checks);
void ev_check_bpf(struct ev_check *check, struct ev_checks *checks);
void ev_check_bpf_counts(struct ev_check *check, struct ev_checks *checks);
void ev_check_btf(struct ev_check *check, struct ev_checks *checks);

void ev_check_pmu(struct ev_check *check, struct ev_checks *checks);
void ev_check_counters(struct ev_check *check, struct ev_checks *checks);
void ev_check_watchdog(struct ev_check *check, struct ev_checks *checks);

void ev_check_hardware(struct ev_check *check, struct ev_checks *checks);
void ev_check_software(struct ev_check *check, struct ev_checks *checks);
void ev_check_kernel_side(struct ev_check *check, struct ev_checks *checks);
void ev_check_all_cpus(struct ev_check *check, struct ev_checks *checks);
void ev_check_tracepoints(struct ev_check *check, struct ev_checks *checks);
void ev_check_uprobes(struct ev_check *check, struct ev_checks *checks);
void ev_check_kprobes(struct ev_check *check, struct ev_checks *checks);
void ev_check_breakpoints(struct ev_check *check, struct ev_checks *checks);
void ev_check_stacks(struct ev_check *check, struct ev_checks *checks);

void ev_check_recording(struct ev_check *check, struct ev_checks *checks);
void ev_check_paranoid(struct ev_check *check, struct ev_checks *checks);
void ev_check_kptr(struct ev_check *check, struct ev_checks *checks);
void ev_check_rings(struct ev_check *check, struct ev_checks *checks);
void ev_check_descriptors(struct ev_check *check, struct ev_checks *checks);
void ev_check_rate(struct ev_check *check, struct ev_checks *checks);
void ev_check_depth(struct ev_check *check, struct ev_checks *checks);

void ev_check_tracefs(struct ev_check *check, struct ev_checks *checks);
void ev_check_kernel_debug(struct ev_check *check, struct ev_checks *checks);
void ev_check_libc_debug(struct ev_check *check, struct ev_checks *checks);
void ev_check_python_debug(struct ev_check *check, struct ev_checks *checks);
void ev_check_debuginfod(struct ev_check *check, struct ev_checks *checks);

void ev_check_python(struct ev_check *check, struct ev_checks *checks);
void ev_check_perf_map(struct ev_check *check, struct ev_checks *checks);
void ev_check_jitdump(struct ev_check *check, struct ev_checks *checks);
void ev_check_valgrind(struct ev_check *check, struct ev_checks *checks);

#endif
