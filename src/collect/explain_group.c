/* A member that its group could not take becomes a sentence: is it the event itself, or its place
 * in the group? */
#include <errno.h>
#include <string.h>
#include "explain.h"

const char *ev_watchdog_note(void)
{
	int64_t watchdog = 0;
	if (ev_file_number("/proc/sys/kernel/nmi_watchdog", &watchdog) || watchdog != 1)
		return "";
	return "; the kernel's watchdog holds a counter: sudo sysctl kernel.nmi_watchdog=0";
}

/* The PMU of an attr; generic events carry it in config on hybrid CPUs, and else mean the cores'.
 */
static uint64_t pmu_of(const struct perf_event_attr *attr)
{
	bool generic = attr->type == PERF_TYPE_HARDWARE || attr->type == PERF_TYPE_HW_CACHE;
	if (generic)
		return attr->config >> 32 ? attr->config >> 32 : PERF_TYPE_RAW;
	return attr->type;
}

static bool is_software(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE || attr->type == PERF_TYPE_TRACEPOINT ||
	       attr->type == PERF_TYPE_BREAKPOINT;
}

static bool is_of_two_pmus(const struct perf_event_attr *leader,
			   const struct perf_event_attr *member)
{
	return !is_software(leader) && !is_software(member) && pmu_of(leader) != pmu_of(member);
}

void ev_opening_refuse_member(struct ev_opening *opening, int error, const struct ev_target *target,
			      const struct ev_group_shape *group)
{
	bool placed =
		!opening->filter_refused && (error == EINVAL || error == EBUSY || error == ENOSPC);
	int alone = placed ? ev_explain_try(&opening->attr) : -error;
	if (alone) {
		/* What it says alone is about the event. */
		ev_opening_refuse(opening, placed ? -alone : error, target);
		return;
	}
	opening->error = error;
	if (is_of_two_pmus(group->leader, &opening->attr))
		snprintf(opening->why, sizeof(opening->why),
			 "a group is counted by one PMU, and this event is of another than the "
			 "group's first: take it out of the {…}");
	else if (group->hardware > 1)
		snprintf(opening->why, sizeof(opening->why),
			 "its group wants %zu counters at once and the PMU has fewer: %zu fitted, "
			 "this is the first that did not. Take events out, or let the group fall "
			 "apart: {…}:W%s",
			 group->hardware, group->fitted, ev_watchdog_note());
	else
		snprintf(opening->why, sizeof(opening->why),
			 "it opens alone, and the kernel refuses its place in the group: take it "
			 "out of the {…}");
}
