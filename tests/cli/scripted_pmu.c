/* evprof itself on a machine that the environment describes: SCRIPTED_COUNTERS is how many counters
 * its PMU has, SCRIPTED_ROOT a folder with its /sys, SCRIPTED_CPUID what perf would call its CPU.
 */
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_read ev_machine_has_core_pmu
// wrap: ev_pmus_open ev_pmu_slots ev_describe_host
#include "scripted_pmu.h"

static const char *scripted_root(const char *root)
{
	const char *given = getenv("SCRIPTED_ROOT");
	return given ? given : root;
}

struct ev_pmus;
void __real_ev_pmus_open(struct ev_pmus *pmus, const char *root);
void __wrap_ev_pmus_open(struct ev_pmus *pmus, const char *root);
void __wrap_ev_pmus_open(struct ev_pmus *pmus, const char *root)
{
	__real_ev_pmus_open(pmus, scripted_root(root));
}

uint64_t __real_ev_pmu_slots(const char *root);
uint64_t __wrap_ev_pmu_slots(const char *root);
uint64_t __wrap_ev_pmu_slots(const char *root)
{
	return __real_ev_pmu_slots(scripted_root(root));
}

void __real_ev_describe_host(struct ev_recording *recording, int argc, char *const *argv);
void __wrap_ev_describe_host(struct ev_recording *recording, int argc, char *const *argv);
void __wrap_ev_describe_host(struct ev_recording *recording, int argc, char *const *argv)
{
	__real_ev_describe_host(recording, argc, argv);
	if (getenv("SCRIPTED_CPUID"))
		recording->cpuid = getenv("SCRIPTED_CPUID");
}
