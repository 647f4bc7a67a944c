/* What /proc and /sys say about this machine and about the rights of this process. */
#ifndef COLLECT_MACHINE_H
#define COLLECT_MACHINE_H

#include <evprof/collect.h>

/* Numbers of linux/capability.h. */
enum {
	EV_CAP_SYS_PTRACE = 19,
	EV_CAP_SYS_ADMIN = 21,
	EV_CAP_SYSLOG = 34,
	EV_CAP_PERFMON = 38,
	EV_CAP_BPF = 39
};

/* Has this process the capability, outside of user namespaces? */
bool ev_machine_has_capability(int capability);
/* Is this text of a uid_map that of the machine's own user namespace? */
bool ev_uid_map_is_initial(const char *text);
/* May this process use perf events without limits (CAP_PERFMON, or CAP_SYS_ADMIN)? */
bool ev_machine_may_perfmon(void);
/* perf_event_paranoid; the kernel's default 2 when it cannot be read. */
int ev_machine_paranoid(void);
/* Does a seccomp filter stand between this process and the kernel? */
bool ev_machine_is_filtered(void);
/* Do drivers of core PMUs look at attr.precise_ip here? Those of other architectures than x86 take
 * the wish and do not fulfil it. */
bool ev_machine_is_precise(void);
/* How the kernel is locked down ("integrity", "confidentiality"), in `out`; "" when it is not. */
const char *ev_machine_lockdown(char *out, size_t size_bytes);
/* The same of the text of /sys/kernel/security/lockdown: "none [integrity] confidentiality". */
const char *ev_lockdown_level(const char *text, char *out, size_t size_bytes);
/* Is the PMU of this name one of CPU cores? */
bool ev_machine_is_core_pmu(const char *name);
/* True when a driver for the CPU's own counters is there. */
bool ev_machine_has_core_pmu(void);
/* "KVM", "Hyper-V", "WSL 2", …; NULL on bare metal, "a hypervisor" when it does not say. */
const char *ev_machine_hypervisor(void);
/* Value of a "Name: value" line of a /proc text, up to the line's end, into `out`; false when there
 * is no such line. */
bool ev_proc_field(const char *text, const char *name, char *out, size_t size_bytes);

/* CPUs that may be watched: those of the target, or all online. -EINVAL with a sentence when one is
 * not online. free() *cpus. */
int ev_machine_cpus(const struct ev_target *target, uint32_t **cpus, size_t *count,
		    struct ev_err *err);

#endif
