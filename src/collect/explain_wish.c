/* An attr that the kernel takes for impossible is tried without each of its wishes: the one without
 * which it opens is the cause. */
#include <errno.h>
#include "explain.h"
#include "syscalls.h"

int ev_explain_try(const struct perf_event_attr *attr)
{
	struct perf_event_attr copy = *attr;
	copy.size = sizeof(copy);
	copy.disabled = 1;
	copy.enable_on_exec = 0;
	int fd = ev_sys_perf_event_open(&copy, 0, -1, -1);
	if (fd < 0)
		fd = ev_sys_perf_event_open(&copy, -1, 0, -1); /* serves whole CPUs only */
	if (fd >= 0)
		ev_sys_close(fd);
	return fd < 0 ? fd : 0;
}

/* ---- what can be left out: false when it was not asked for ------------------------------------
 */

static bool without_branches(struct perf_event_attr *attr)
{
	bool asked = attr->sample_type & PERF_SAMPLE_BRANCH_STACK;
	attr->sample_type &= ~(uint64_t)PERF_SAMPLE_BRANCH_STACK;
	attr->branch_sample_type = 0;
	return asked;
}

static bool without_precision(struct perf_event_attr *attr)
{
	bool asked = attr->precise_ip;
	attr->precise_ip = 0;
	return asked;
}

static bool without_levels(struct perf_event_attr *attr)
{
	bool asked = attr->exclude_user || attr->exclude_kernel || attr->exclude_hv;
	attr->exclude_user = attr->exclude_kernel = attr->exclude_hv = 0;
	return asked;
}

static bool without_guests(struct perf_event_attr *attr)
{
	bool asked = attr->exclude_guest || attr->exclude_host;
	attr->exclude_guest = attr->exclude_host = 0;
	return asked;
}

static bool without_idle(struct perf_event_attr *attr)
{
	bool asked = attr->exclude_idle;
	attr->exclude_idle = 0;
	return asked;
}

static bool without_exclusion(struct perf_event_attr *attr)
{
	bool asked = attr->exclusive || attr->pinned;
	attr->exclusive = attr->pinned = 0;
	return asked;
}

static bool without_samples(struct perf_event_attr *attr)
{
	bool asked = attr->sample_period && attr->type != PERF_TYPE_SOFTWARE &&
		     attr->type != PERF_TYPE_TRACEPOINT && attr->type != PERF_TYPE_BREAKPOINT;
	attr->sample_period = 0;
	attr->freq = 0;
	attr->precise_ip = 0; /* is of samples */
	return asked;
}

static bool without_any(struct perf_event_attr *attr)
{
	bool levels = without_levels(attr), guests = without_guests(attr),
	     idle = without_idle(attr);
	return (levels || guests || idle) && without_samples(attr);
}

/* The cheapest loss first. */
static const struct wish {
	bool (*leave_out)(struct perf_event_attr *attr);
	const char *sentence;
} wishes[] = {
	{ without_branches, "this CPU, or the virtual machine, keeps no branch stacks" },
	{ without_precision, NULL },
	{ without_idle, "its PMU cannot leave idle time out: leave the I out" },
	{ without_guests, "its PMU cannot tell guests from the host: leave the G or H out" },
	{ without_levels,
	  "its PMU cannot tell user space from the kernel: leave the u or k (--all-user, "
	  "--all-kernel) out" },
	{ without_exclusion, "its PMU grants no pinned or exclusive counters: leave the D or e "
			     "out" },
	{ without_samples, "its PMU has no overflow interrupt, so that it can be counted (evprof "
			   "stat) but not sampled" },
	{ without_any, "its PMU can only count (evprof stat), and not tell user space from the "
		       "kernel: leave the modifiers out" },
};

/* The highest level that opens, next to the one that was asked for. */
static void say_precision(const struct ev_refusal *refusal)
{
	struct perf_event_attr attr = *refusal->attr;
	int asked = (int)attr.precise_ip;
	while (attr.precise_ip && ev_explain_try(&attr))
		attr.precise_ip--;
	if (attr.precise_ip)
		ev_say(refusal,
		       "this PMU samples it with precision %.*s at most, not %.*s: take :%.*s, or "
		       ":P for the highest there is",
		       (int)attr.precise_ip, "ppp", asked, "ppp", (int)attr.precise_ip, "ppp");
	else
		ev_say(refusal, "this PMU cannot sample it precisely: leave the :%.*s out", asked,
		       "ppp");
}

/* ---- what kernels have learned one by one -------------------------------------------------------
 */

/* The attr asks for the same, if that was asked for at all. */
static bool ask_switches(struct perf_event_attr *attr, const struct perf_event_attr *asked)
{
	attr->context_switch = asked->context_switch;
	return asked->context_switch;
}

static bool ask_namespaces(struct perf_event_attr *attr, const struct perf_event_attr *asked)
{
	attr->namespaces = asked->namespaces;
	return asked->namespaces;
}

static bool ask_clock(struct perf_event_attr *attr, const struct perf_event_attr *asked)
{
	attr->use_clockid = asked->use_clockid;
	attr->clockid = asked->use_clockid ? asked->clockid : 0;
	return asked->use_clockid;
}

/* A bit of sample_type, or of the attr. Versions by the kernel's own history. */
static const struct young {
	uint64_t sample_type;
	bool (*ask)(struct perf_event_attr *attr, const struct perf_event_attr *asked);
	const char *flag, *version;
} youngs[] = {
	{ PERF_SAMPLE_WEIGHT_STRUCT, NULL, "-W (weights with latencies)", "5.12" },
	{ PERF_SAMPLE_CODE_PAGE_SIZE, NULL, "--code-page-size", "5.11" },
	{ PERF_SAMPLE_DATA_PAGE_SIZE, NULL, "--data-page-size", "5.11" },
	{ PERF_SAMPLE_CGROUP, NULL, "--all-cgroups", "5.7, built with CONFIG_CGROUP_PERF" },
	{ PERF_SAMPLE_AUX, NULL, "aux-sample-size=", "5.5" },
	{ PERF_SAMPLE_PHYS_ADDR, NULL, "--phys-data", "4.14" },
	{ 0, ask_namespaces, "--namespaces", "4.12" },
	{ 0, ask_switches, "--switch-events (or waits)", "4.3" },
	{ 0, ask_clock, "-k (another clock)", "4.1" },
	{ PERF_SAMPLE_REGS_INTR, NULL, "-I (registers)", "3.19" },
	{ PERF_SAMPLE_TRANSACTION, NULL, "--transaction", "3.13" },
};

/* Each bit is tried by itself on an event of no kind, which takes them all: several may be strange
 * to a kernel at once. */
static bool say_young(const struct ev_refusal *refusal)
{
	for (size_t i = 0; i < EV_LENGTH(youngs); i++) {
		const struct young *young = &youngs[i];
		const struct perf_event_attr *asked = refusal->attr;
		struct perf_event_attr attr = {
			.type = PERF_TYPE_SOFTWARE,
			.config = PERF_COUNT_SW_DUMMY,
			.sample_type = asked->sample_type & young->sample_type,
			.sample_period = 1,
			.sample_regs_intr = young->sample_type & PERF_SAMPLE_REGS_INTR
						    ? asked->sample_regs_intr
						    : 0,
			.exclude_kernel = 1,
			.exclude_hv = 1,
		};
		bool asks = young->ask ? young->ask(&attr, asked) : attr.sample_type != 0;
		if (!asks)
			continue;
		if (ev_explain_try(&attr) != -EINVAL)
			continue;
		ev_say(refusal, "this kernel does not know %s, which wants Linux %s: leave it out",
		       young->flag, young->version);
		return true;
	}
	return false;
}

bool ev_explain_wish(const struct ev_refusal *refusal)
{
	if (refusal->error == EINVAL && say_young(refusal))
		return true;
	for (size_t i = 0; i < EV_LENGTH(wishes); i++) {
		struct perf_event_attr attr = *refusal->attr;
		if (!wishes[i].leave_out(&attr) || ev_explain_try(&attr))
			continue;
		if (wishes[i].sentence)
			ev_say(refusal, "%s", wishes[i].sentence);
		else
			say_precision(refusal);
		return true;
	}
	return false;
}
