/* evprof itself, with a PMU that is not there: SCRIPTED_COUNTERS says how many counters it has. */
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_read ev_machine_has_core_pmu
#include "scripted_pmu.h"
