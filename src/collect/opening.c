/* An attr the kernel refuses becomes the nearest one that it takes, and the sentence that says what
 * was given up. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "machine.h"
#include "opening.h"
#include "syscalls.h"

#define LARGEST_CPU 65535
#define NOT_PRECISE "not sampled precisely"

/* One thing that can be given up. `give_up` answers false when there is nothing to give. */
struct concession {
	bool (*answers)(int error);
	unsigned kept_by; /* EV_FIXED_… bits that forbid it */
	bool (*give_up)(struct perf_event_attr *attr);
	/* NULL, or no text: nothing that a user would miss */
	void (*tell)(const struct perf_event_attr *attr, char *out, size_t size_bytes);
};

static bool is_forbidden(int error)
{
	return error == EACCES || error == EPERM;
}

static bool is_unsupported(int error)
{
	return error == EOPNOTSUPP;
}

static bool is_invalid(int error)
{
	return error == EINVAL;
}

static bool is_unknown(int error)
{
	return error == EINVAL || error == E2BIG;
}

static bool is_refused_wish(int error)
{
	return error == EOPNOTSUPP || error == EINVAL || error == E2BIG;
}

static bool is_absent(int error)
{
	return error == ENOENT || error == ENODEV || error == ENXIO;
}

bool ev_attr_is_kernel_only(const struct perf_event_attr *attr)
{
	if (attr->type == PERF_TYPE_TRACEPOINT)
		return true;
	return attr->type == PERF_TYPE_SOFTWARE &&
	       (attr->config == PERF_COUNT_SW_CONTEXT_SWITCHES ||
		attr->config == PERF_COUNT_SW_CPU_MIGRATIONS ||
		attr->config == 11 /* cgroup-switches */);
}

bool ev_attr_is_clock(const struct perf_event_attr *attr)
{
	return attr->type == PERF_TYPE_SOFTWARE && (attr->config == PERF_COUNT_SW_CPU_CLOCK ||
						    attr->config == PERF_COUNT_SW_TASK_CLOCK);
}

static bool leave_kernel_out(struct perf_event_attr *attr)
{
	/* Without the kernel nothing would be left of those: a 0 that looks like a count. */
	if (attr->exclude_kernel || attr->exclude_user || ev_attr_is_kernel_only(attr))
		return false;
	attr->exclude_kernel = 1;
	attr->exclude_hv = 1;
	return true;
}

static void tell_kernel_left_out(const struct perf_event_attr *attr, char *out, size_t size_bytes)
{
	int level = ev_machine_paranoid();
	/* Clocks that are counted go on in the kernel whatever is excluded: nothing is missing. */
	if (ev_attr_is_clock(attr) && !attr->sample_period)
		*out = 0;
	else if (level >= 2)
		snprintf(out, size_bytes, "user space only: perf_event_paranoid is %d", level);
	else
		snprintf(out, size_bytes, "user space only: the kernel's share may not be seen");
}

static bool lower_precision(struct perf_event_attr *attr)
{
	if (!attr->precise_ip)
		return false;
	attr->precise_ip--;
	return true;
}

static void tell_precision(const struct perf_event_attr *attr, char *out, size_t size_bytes)
{
	if (attr->precise_ip)
		snprintf(out, size_bytes, "precise level %u is the highest here",
			 (unsigned)attr->precise_ip);
	else
		snprintf(out, size_bytes,
			 NOT_PRECISE ", which this PMU cannot: places may be a few "
				     "instructions late");
}

static bool leave_guest_bits(struct perf_event_attr *attr)
{
	if (!attr->exclude_guest && !attr->exclude_host)
		return false;
	attr->exclude_guest = attr->exclude_host = 0;
	return true;
}

static bool leave_lost_counts(struct perf_event_attr *attr)
{
	if (!(attr->read_format & EV_FORMAT_LOST))
		return false;
	attr->read_format &= ~(uint64_t)EV_FORMAT_LOST;
	return true;
}

static bool leave_build_ids(struct perf_event_attr *attr)
{
	if (!attr->build_id)
		return false;
	attr->build_id = 0;
	return true;
}

static bool leave_ksymbols(struct perf_event_attr *attr)
{
	if (!attr->ksymbol && !attr->bpf_event)
		return false;
	attr->ksymbol = attr->bpf_event = 0;
	return true;
}

/* Kernels since the end of 2024 read the counters of a thread alone into its samples, also when
 * they were inherited ("perf: Support PERF_SAMPLE_READ with inherit"); earlier ones refuse such
 * events. Asked, since an attr can be refused for more. */
static bool kernel_reads_inherited(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_READ | PERF_SAMPLE_TID,
		.read_format = PERF_FORMAT_GROUP | PERF_FORMAT_ID,
		.disabled = 1,
		.inherit = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
	int fd = ev_sys_perf_event_open(&attr, 0, -1, -1);
	if (fd >= 0)
		ev_sys_close(fd);
	return fd >= 0;
}

static bool leave_children(struct perf_event_attr *attr)
{
	if (!attr->inherit || !(attr->sample_type & PERF_SAMPLE_READ) || kernel_reads_inherited())
		return false;
	attr->inherit = 0;
	return true;
}

static void tell_no_children(const struct perf_event_attr *attr, char *out, size_t size_bytes)
{
	(void)attr;
	snprintf(out, size_bytes,
		 "threads and children born later are left out: this kernel cannot read the "
		 "group of an inherited counter; record -a counts them, with everything else");
}

/* aux_start_paused, aux_pause, aux_resume of kernels since 6.13 */
#define AUX_ACTIONS(attr) ((attr)->__reserved_3)

static bool leave_trace(struct perf_event_attr *attr)
{
	if (!attr->aux_output && !attr->aux_sample_size && !AUX_ACTIONS(attr))
		return false;
	attr->aux_output = 0;
	attr->aux_sample_size = AUX_ACTIONS(attr) = 0;
	attr->sample_type &= ~(uint64_t)PERF_SAMPLE_AUX;
	return true;
}

static void tell_no_trace(const struct perf_event_attr *attr, char *out, size_t size_bytes)
{
	(void)attr;
	snprintf(out, size_bytes,
		 "without aux-…: those terms need a group that a hardware trace leads (intel_pt, "
		 "cs_etm)");
}

static bool leave_records(struct perf_event_attr *attr, bool of_calls)
{
	bool is = attr->branch_sample_type & PERF_SAMPLE_BRANCH_CALL_STACK;
	if (!(attr->sample_type & PERF_SAMPLE_BRANCH_STACK) || is != of_calls)
		return false;
	attr->sample_type &= ~(uint64_t)PERF_SAMPLE_BRANCH_STACK;
	attr->branch_sample_type = 0;
	return true;
}

static bool leave_branches(struct perf_event_attr *attr)
{
	return leave_records(attr, false);
}

static void tell_no_branches(const struct perf_event_attr *attr, char *out, size_t size_bytes)
{
	(void)attr;
	snprintf(out, size_bytes,
		 "without branches: there are no such branch records of this "
		 "event here");
}

static bool leave_calls(struct perf_event_attr *attr)
{
	return leave_records(attr, true);
}

static void tell_no_calls(const struct perf_event_attr *attr, char *out, size_t size_bytes)
{
	(void)attr;
	snprintf(out, size_bytes,
		 "stacks by frame pointers: the processor keeps no record of calls (LBR) for this "
		 "event here; --call-graph auto needs neither");
}

/* In the order in which things are given up. */
static const struct concession concessions[] = {
	{ is_refused_wish, 0, leave_trace, tell_no_trace },
	{ is_refused_wish, 0, leave_branches, tell_no_branches },
	{ is_refused_wish, 0, leave_calls, tell_no_calls },
	{ is_forbidden, EV_FIXED_LEVEL, leave_kernel_out, tell_kernel_left_out },
	{ is_unsupported, EV_FIXED_PRECISE, lower_precision, tell_precision },
	/* Before what follows: that kernel may know all of it. */
	{ is_unknown, 0, leave_children, tell_no_children },
	{ is_unknown, 0, leave_lost_counts, NULL },
	{ is_unknown, 0, leave_build_ids, NULL },
	{ is_unknown, EV_FIXED_GUEST, leave_guest_bits, NULL },
	{ is_unknown, 0, leave_ksymbols, NULL },
	/* Old kernels say EINVAL to what they do not know: precision is not lost to that. */
	{ is_invalid, EV_FIXED_PRECISE, lower_precision, tell_precision },
};

/* Would the driver take the wish for precision and forget it? */
static bool is_forgotten(const struct perf_event_attr *attr)
{
	return attr->precise_ip && attr->sample_period &&
	       (attr->type == PERF_TYPE_SOFTWARE || !ev_machine_is_precise());
}

static void tell_forgotten(struct ev_opening *opening, unsigned fixed)
{
	size_t used = strlen(opening->fallback);
	if (!strstr(opening->fallback, NOT_PRECISE))
		snprintf(opening->fallback + used, sizeof(opening->fallback) - used,
			 "%s" NOT_PRECISE "%s: places may be a few instructions late",
			 used ? "; " : "",
			 fixed & EV_FIXED_PRECISE ? ", though the kernel takes the wish for it"
						  : ", which this PMU cannot");
}

static const struct concession *concede(struct perf_event_attr *attr, unsigned fixed, int error)
{
	for (size_t i = 0; i < EV_LENGTH(concessions); i++) {
		const struct concession *one = &concessions[i];
		if (one->answers(error) && !(fixed & one->kept_by) && one->give_up(attr))
			return one;
	}
	return NULL;
}

static void add_fallback(struct ev_opening *opening, const struct concession *made)
{
	size_t used = strlen(opening->fallback);
	char text[200] = "";
	if (made->tell)
		made->tell(&opening->attr, text, sizeof(text));
	if (*text)
		snprintf(opening->fallback + used, sizeof(opening->fallback) - used, "%s%s",
			 used ? "; " : "", text);
}

/* Everything else goes by the probe's own attr. */
static int open_attr(const struct ev_opening *opening, const struct perf_event_attr *attr,
		     int32_t tid, int32_t cpu, int group_fd)
{
	struct perf_event_attr asked = *attr;
	if (opening->tracepoint) {
		asked.type = PERF_TYPE_TRACEPOINT;
		asked.config = opening->tracepoint;
		asked.config1 = asked.config2 = 0;
	}
	return opening->in_cgroup ? ev_sys_perf_event_open_cgroup(&asked, tid, cpu, group_fd)
				  : ev_sys_perf_event_open(&asked, tid, cpu, group_fd);
}

/* Precision that was given up for an EINVAL which had another cause, found later, is tried again.
 */
static int restore_precision(const struct ev_opening *opening, int fd, struct perf_event_attr *attr,
			     unsigned asked, int32_t tid, int32_t cpu, int group_fd)
{
	struct perf_event_attr better = *attr;
	ev_sys_close(fd); /* it holds the counter */
	for (unsigned level = asked; level > attr->precise_ip; level--) {
		better.precise_ip = level & 3;
		fd = open_attr(opening, &better, tid, cpu, group_fd);
		if (fd < 0)
			continue;
		*attr = better;
		return fd;
	}
	return open_attr(opening, attr, tid, cpu, group_fd);
}

int ev_opening_try(struct ev_opening *opening, unsigned fixed, int32_t tid, int32_t cpu,
		   int group_fd)
{
	const struct concession *made[16];
	struct perf_event_attr attr = opening->attr;
	bool forgotten = is_forgotten(&attr);
	if (forgotten && !(fixed & EV_FIXED_PRECISE))
		attr.precise_ip = 0;
	size_t made_count = 0;
	int first_error = 0, fd;
	for (;;) {
		fd = open_attr(opening, &attr, tid, cpu, group_fd);
		if (fd >= 0)
			break;
		/* The first answer is about what was asked, later ones about what was left; but
		 * when even that is not there, no permission would bring it. */
		if (!first_error || is_forbidden(-fd) || is_absent(-fd))
			first_error = fd;
		const struct concession *one = concede(&attr, fixed, -fd);
		if (!one || made_count == EV_LENGTH(made))
			return first_error;
		made[made_count++] = one;
	}
	unsigned asked = forgotten ? 0 : opening->attr.precise_ip;
	if (asked > attr.precise_ip && made[made_count - 1]->give_up != lower_precision) {
		fd = restore_precision(opening, fd, &attr, asked, tid, cpu, group_fd);
		if (fd < 0)
			return fd;
	}
	opening->attr = attr;
	for (size_t i = 0; i < made_count; i++) {
		/* Of steps down only the last is told. */
		bool again = made[i]->give_up == lower_precision && attr.precise_ip == asked;
		for (size_t j = i + 1; j < made_count; j++)
			again |= made[j]->tell == made[i]->tell;
		if (!again)
			add_fallback(opening, made[i]);
	}
	if (forgotten)
		tell_forgotten(opening, fixed);
	if (!*opening->fallback && attr.exclude_kernel && ev_attr_is_kernel_only(&attr))
		snprintf(opening->fallback, sizeof(opening->fallback),
			 "always 0: it happens in the kernel, which is excluded");
	return fd;
}

void ev_opening_tell_wishes(struct ev_opening *opening, const struct ev_event *event)
{
	bool samples = opening->attr.sample_period;
	const char *const told[] = {
		!samples && event->fixed & EV_BPF_COUNTER
			? "by a counter of its own: evprof shares none through BPF"
			: NULL,
		samples && event->overwrite == EV_YES
			? "overwrite is not needed: the ring is read as it fills, nothing is "
			  "overwritten"
			: NULL,
		event->most_shown ? "nr= is for traces: nothing is left out here" : NULL,
	};
	for (size_t i = 0; i < EV_LENGTH(told); i++) {
		size_t used = strlen(opening->fallback);
		if (told[i] && !strstr(opening->fallback, told[i]))
			snprintf(opening->fallback + used, sizeof(opening->fallback) - used, "%s%s",
				 used ? "; " : "", told[i]);
	}
}

void ev_opening_refuse(struct ev_opening *opening, int error, const struct ev_target *target)
{
	opening->error = error;
	if (!opening->filter_refused)
		ev_explain_open(error, &opening->attr, target, opening->why, sizeof(opening->why));
}

bool ev_event_serves(const struct ev_event *event, int32_t cpu)
{
	uint32_t *cpus;
	size_t count;
	bool found = false;
	if (cpu < 0 || !event->cpus || ev_parse_ranges(event->cpus, LARGEST_CPU, &cpus, &count))
		return true;
	for (size_t i = 0; i < count && !found; i++)
		found = cpus[i] == (uint32_t)cpu;
	free(cpus);
	return found;
}

int ev_opening_filter(struct ev_opening *opening, int fd, const struct ev_event *event)
{
	if (!event->filter)
		return 0;
	int rc = ev_sys_ioctl(fd, PERF_EVENT_IOC_SET_FILTER, (void *)event->filter);
	if (!rc)
		return 0;
	opening->filter_refused = true;
	if (event->attr.type != PERF_TYPE_TRACEPOINT) {
		snprintf(opening->why, sizeof(opening->why),
			 "the kernel refuses the filter '%.200s': it takes numbers, as in "
			 "'filter 0x1000/0x20@/bin/ls', and so many as "
			 "/sys/bus/event_source/devices/%.60s/nr_addr_filters says",
			 event->filter, event->pmu ? event->pmu : "PMU");
		return rc;
	}
	const char *colon = strchr(event->name, ':');
	int system = colon ? (int)(colon - event->name) : 0;
	snprintf(opening->why, sizeof(opening->why),
		 "the kernel refuses the filter '%.200s': it may compare fields of this event "
		 "only, "
		 "which are listed by: sudo cat /sys/kernel/tracing/events/%.*s/%.100s/format",
		 event->filter, system, event->name, colon ? colon + 1 : event->name);
	return rc;
}
