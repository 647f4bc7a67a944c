/* What can be said of an attr that comes without a name, from a recording or from the kernel. */
#include <linux/hw_breakpoint.h>
#include <stdio.h>
#include "names.h"
#include "sysfs.h"

bool ev_event_is_hardware(const struct perf_event_attr *attr)
{
	switch (attr->type) {
	case PERF_TYPE_HARDWARE:
	case PERF_TYPE_HW_CACHE:
	case PERF_TYPE_RAW:
		return true;
	case PERF_TYPE_SOFTWARE:
	case PERF_TYPE_TRACEPOINT:
	case PERF_TYPE_BREAKPOINT:
		return false;
	}
	/* A type the kernel gave out at boot. */
	struct ev_pmus pmus;
	ev_pmus_open(&pmus, "");
	const struct ev_pmu *pmu = ev_pmu_of(&pmus, attr->type);
	bool core = pmu && pmu->core;
	ev_pmus_close(&pmus);
	return core;
}

/* Of the words that every kernel knows; the upper half of config names a core PMU on hybrid CPUs.
 */
static const char *generic_name(const struct perf_event_attr *attr, char *out, size_t size_bytes)
{
	uint64_t config = attr->config;
	if (attr->type == PERF_TYPE_HARDWARE || attr->type == PERF_TYPE_HW_CACHE)
		config &= UINT32_MAX;
	if (attr->type == PERF_TYPE_HW_CACHE)
		return ev_cache_name(config, out, size_bytes);
	const struct ev_generic *generic = ev_generic_of(attr->type, config);
	return generic ? generic->name : NULL;
}

char *ev_event_attr_name(const struct perf_event_attr *attr, char *out, size_t size_bytes)
{
	char text[64];
	unsigned long long config = attr->config;
	const char *name = generic_name(attr, text, sizeof(text));
	if (name)
		snprintf(out, size_bytes, "%s", name);
	else if (attr->type == PERF_TYPE_RAW)
		snprintf(out, size_bytes, "raw 0x%llx", config);
	else if (attr->type == PERF_TYPE_TRACEPOINT)
		snprintf(out, size_bytes, "tracepoint %llu", config);
	else if (attr->type == PERF_TYPE_BREAKPOINT)
		snprintf(out, size_bytes, "mem:0x%llx/%llu:%s%s%s",
			 (unsigned long long)attr->bp_addr, (unsigned long long)attr->bp_len,
			 attr->bp_type & HW_BREAKPOINT_R ? "r" : "",
			 attr->bp_type & HW_BREAKPOINT_W ? "w" : "",
			 attr->bp_type & HW_BREAKPOINT_X ? "x" : "");
	else
		snprintf(out, size_bytes, "type %u config 0x%llx", attr->type, config);
	return out;
}
