/* What can be had here: whether there is a PMU at all, and, tried on evprof itself, whether an
 * event can be counted and sampled. */
#include <errno.h>
#include <stdlib.h>
#include "machine.h"
#include "opening.h"
#include "syscalls.h"

#define LARGEST_CPU 65535
#define ANY_PERIOD 1000003 /* the probe is closed before it could come to a sample */

const char *ev_pmu_absence(char *out, size_t size_bytes)
{
	*out = 0;
	if (ev_machine_has_core_pmu())
		return out;
	const char *hypervisor = ev_machine_hypervisor();
	if (hypervisor)
		snprintf(out, size_bytes, "%s guest without a virtual PMU", hypervisor);
	else
		snprintf(out, size_bytes, "the kernel has no driver for this CPU's counters");
	return out;
}

/* The first CPU of the event's PMU. */
static int32_t first_cpu(const struct ev_event *event)
{
	uint32_t *cpus;
	size_t count;
	if (!event->cpus || ev_parse_ranges(event->cpus, LARGEST_CPU, &cpus, &count))
		return 0;
	int32_t cpu = count ? (int32_t)cpus[0] : 0;
	free(cpus);
	return cpu;
}

static int probe(const struct ev_event *event, const struct perf_event_attr *attr, char *why,
		 size_t size_bytes)
{
	const struct ev_target system = { .kind = EV_TARGET_SYSTEM };
	struct ev_opening opening = { .attr = *attr };
	opening.attr.size = sizeof(opening.attr);
	opening.attr.disabled = 1;
	int fd = event->per_task ? ev_opening_try(&opening, event->fixed, 0, -1, -1)
				 : ev_opening_try(&opening, event->fixed, -1, first_cpu(event), -1);
	if (fd >= 0) {
		ev_sys_close(fd);
		return 0;
	}
	if (why)
		ev_explain_open(-fd, &opening.attr, event->per_task ? NULL : &system, why,
				size_bytes);
	return -fd;
}

int ev_probe_filter(const struct ev_event *event, char *why, size_t size_bytes)
{
	struct ev_opening opening = { .attr = event->attr };
	opening.attr.size = sizeof(opening.attr);
	opening.attr.disabled = 1;
	int fd = event->filter ? ev_opening_try(&opening, event->fixed, 0, -1, -1) : -1;
	if (fd < 0)
		return 0;
	int rc = ev_opening_filter(&opening, fd, event);
	ev_sys_close(fd);
	if (rc && why)
		snprintf(why, size_bytes, "%s", opening.why);
	return -rc;
}

int ev_probe_count(const struct ev_event *event, char *why, size_t size_bytes)
{
	struct perf_event_attr attr = event->attr;
	if (event->kind == EV_EVENT_TOOL)
		return 0;
	attr.freq = 0;
	attr.sample_period = 0;
	return probe(event, &attr, why, size_bytes);
}

int ev_probe_sample(const struct ev_event *event, char *why, size_t size_bytes)
{
	struct perf_event_attr attr = event->attr;
	if (event->kind == EV_EVENT_TOOL) {
		if (why)
			snprintf(why, size_bytes, "evprof measures it once, at the end of a run");
		return EOPNOTSUPP;
	}
	if (!attr.sample_period)
		attr.sample_period = ANY_PERIOD;
	attr.sample_type |= PERF_SAMPLE_IP | PERF_SAMPLE_TID;
	return probe(event, &attr, why, size_bytes);
}
