/* A PMU for tests on machines that have none: hardware events are answered here, all others by the
 * kernel. So many counters as the test says; groups that do not fit take turns, tick by tick, as
 * the kernel lets them. What is watched is taken to run all the time.
 *
 * The program that includes this is linked with --wrap for the functions below. */
#ifndef TESTS_SCRIPTED_PMU_H
#define TESTS_SCRIPTED_PMU_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/ioctl.h>
#include <evprof/collect.h>

#define SCRIPTED_TICK_NS 4000000u
#define SCRIPTED_EVENTS 256
#define SCRIPTED_ABSENT 0x99 /* a raw event that this PMU has not */

static struct {
	unsigned counters; /* 0: not set up */
	double uneven;     /* each time that counting begins the program does so much more */
	unsigned begun;
	unsigned lost_run, runs; /* in the run of this number there is no counter to be had */
	uint64_t round_ns; /* all events are read as of one moment, however busy the machine is */
	struct scripted_event {
		int fd;
		size_t leader; /* index */
		struct perf_event_attr attr;
		bool on;
		uint64_t at_ns; /* counted up to */
		double value;
		uint64_t enabled_ns, running_ns;
		bool was_read; /* in this round */
	} events[SCRIPTED_EVENTS];
} pmu;

static struct scripted_event *scripted_find(int fd)
{
	for (size_t i = 0; i < SCRIPTED_EVENTS; i++) {
		if (pmu.events[i].fd == fd)
			return &pmu.events[i];
	}
	return NULL;
}

static void scripted_setup(void)
{
	const char *counters = getenv("SCRIPTED_COUNTERS"), *uneven = getenv("SCRIPTED_UNEVEN");
	if (pmu.counters)
		return;
	pmu.counters = counters ? (unsigned)atoi(counters) : 4;
	pmu.uneven = uneven ? atof(uneven) : 0;
	pmu.lost_run =
		getenv("SCRIPTED_LOST_RUN") ? (unsigned)atoi(getenv("SCRIPTED_LOST_RUN")) : 0;
	for (size_t i = 0; i < SCRIPTED_EVENTS; i++)
		pmu.events[i].fd = -1;
}

/* How much the program does in a tick, around 1. */
static double scripted_activity(uint64_t tick)
{
	uint64_t hash = (tick + 1) * 0x9e3779b97f4a7c15u;
	return 0.8 + 0.4 * (double)(hash >> 40) / (double)(1u << 24);
}

/* Events per nanosecond. */
static double scripted_rate(const struct perf_event_attr *attr)
{
	static const double rates[] = {
		[PERF_COUNT_HW_CPU_CYCLES] = 3,
		[PERF_COUNT_HW_INSTRUCTIONS] = 4.5,
		[PERF_COUNT_HW_CACHE_REFERENCES] = 0.05,
		[PERF_COUNT_HW_CACHE_MISSES] = 0.005,
		[PERF_COUNT_HW_BRANCH_INSTRUCTIONS] = 0.9,
		[PERF_COUNT_HW_BRANCH_MISSES] = 0.009,
	};
	if (attr->type == PERF_TYPE_HARDWARE && attr->config < EV_LENGTH(rates))
		return rates[attr->config];
	/* Raw events by the last digits of their code: 0x64 is counted 100 times as often as 0x1.
	 */
	if (attr->type == PERF_TYPE_RAW)
		return 0.01 * (double)(attr->config & 0xff);
	return 0.01;
}

static unsigned scripted_needs(size_t leader)
{
	unsigned needs = 0;
	for (size_t i = 0; i < SCRIPTED_EVENTS; i++)
		needs += pmu.events[i].fd >= 0 && pmu.events[i].leader == leader;
	return needs;
}

/* Does the group have the hardware in this tick? Whose turn it is comes first; the first that does
 * not fit ends the row. */
static bool scripted_has_turn(size_t leader, uint64_t tick)
{
	size_t groups[SCRIPTED_EVENTS], count = 0;
	unsigned used = 0;
	for (size_t i = 0; i < SCRIPTED_EVENTS; i++) {
		if (pmu.events[i].fd >= 0 && pmu.events[i].leader == i && pmu.events[i].on)
			groups[count++] = i;
	}
	for (size_t i = 0; i < count; i++) {
		size_t group = groups[(tick + i) % count];
		used += scripted_needs(group);
		if (used > pmu.counters)
			return false;
		if (group == leader)
			return true;
	}
	return false;
}

static void scripted_count(struct scripted_event *event, uint64_t now_ns)
{
	if (!pmu.events[event->leader].on)
		return;
	while (event->at_ns < now_ns) {
		uint64_t tick = event->at_ns / SCRIPTED_TICK_NS;
		uint64_t next_ns = (tick + 1) * SCRIPTED_TICK_NS;
		uint64_t end_ns = next_ns < now_ns ? next_ns : now_ns;
		event->enabled_ns += end_ns - event->at_ns;
		if (scripted_has_turn(event->leader, tick)) {
			event->running_ns += end_ns - event->at_ns;
			event->value += scripted_rate(&event->attr) * scripted_activity(tick) *
					(double)(end_ns - event->at_ns);
		}
		event->at_ns = end_ns;
	}
}

/* All of them, before who has a turn changes. */
static void scripted_count_all(uint64_t now_ns)
{
	for (size_t i = 0; i < SCRIPTED_EVENTS; i++) {
		if (pmu.events[i].fd >= 0)
			scripted_count(&pmu.events[i], now_ns);
	}
}

static void scripted_switch(size_t leader, bool on)
{
	uint64_t now_ns = ev_now_ns();
	scripted_count_all(now_ns);
	for (size_t i = 0; i < SCRIPTED_EVENTS; i++) {
		if (pmu.events[i].fd >= 0 && pmu.events[i].leader == leader && on)
			pmu.events[i].at_ns = now_ns;
	}
	pmu.events[leader].on = on;
	pmu.round_ns = 0;
}

/* The exec comes after the last open. */
static void scripted_wait_for_exec(void)
{
	uint64_t now_ns = ev_now_ns();
	for (size_t i = 0; i < SCRIPTED_EVENTS; i++) {
		struct scripted_event *event = &pmu.events[i];
		if (event->fd < 0 || !pmu.events[event->leader].attr.enable_on_exec)
			continue;
		event->at_ns = now_ns;
		event->value = 0;
		event->enabled_ns = event->running_ns = 0;
	}
}

/* The moment of a round of readings: an event that was read already begins the next. */
static uint64_t scripted_round(struct scripted_event *event)
{
	if (!pmu.round_ns || event->was_read) {
		pmu.round_ns = ev_now_ns();
		for (size_t i = 0; i < SCRIPTED_EVENTS; i++)
			pmu.events[i].was_read = false;
	}
	event->was_read = true;
	return pmu.round_ns;
}

int __real_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd);
int __wrap_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd);
int __wrap_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	scripted_setup();
	struct scripted_event *leader = group_fd >= 0 ? scripted_find(group_fd) : NULL;
	if (!ev_event_is_hardware(attr))
		return __real_ev_sys_perf_event_open(attr, tid, cpu, leader ? -1 : group_fd);
	if (attr->type == PERF_TYPE_HARDWARE &&
	    (attr->config == PERF_COUNT_HW_STALLED_CYCLES_FRONTEND ||
	     attr->config == PERF_COUNT_HW_STALLED_CYCLES_BACKEND))
		return -ENOENT;
	if (attr->type == PERF_TYPE_RAW && attr->config == SCRIPTED_ABSENT)
		return -ENOENT;
	if (leader && scripted_needs(leader->leader) >= pmu.counters)
		return -EINVAL;
	struct scripted_event *event = scripted_find(-1);
	if (!event)
		return -EMFILE;
	*event = (struct scripted_event){ .fd = open("/dev/null", O_RDONLY | O_CLOEXEC),
					  .attr = *attr };
	event->leader = leader ? leader->leader : (size_t)(event - pmu.events);
	if (!leader && (attr->enable_on_exec || !attr->disabled))
		scripted_switch(event->leader, true);
	event->at_ns = ev_now_ns();
	scripted_wait_for_exec();
	pmu.runs += attr->enable_on_exec;
	pmu.begun += attr->enable_on_exec && attr->exclude_kernel;
	return event->fd;
}

int __real_ev_sys_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument)
{
	struct scripted_event *event = fd >= 0 ? scripted_find(fd) : NULL;
	if (!event)
		return __real_ev_sys_ioctl(fd, request, argument);
	if (request == PERF_EVENT_IOC_ENABLE || request == PERF_EVENT_IOC_DISABLE)
		scripted_switch(event->leader, request == PERF_EVENT_IOC_ENABLE);
	return 0;
}

ssize_t __real_ev_sys_read(int fd, void *bytes, size_t size_bytes);
ssize_t __wrap_ev_sys_read(int fd, void *bytes, size_t size_bytes);
ssize_t __wrap_ev_sys_read(int fd, void *bytes, size_t size_bytes)
{
	struct scripted_event *event = fd >= 0 ? scripted_find(fd) : NULL;
	if (!event)
		return __real_ev_sys_read(fd, bytes, size_bytes);
	scripted_count_all(scripted_round(event));
	if (event->attr.pinned && event->running_ns < event->enabled_ns)
		return 0;
	uint64_t values[3] = { (uint64_t)event->value, event->enabled_ns, event->running_ns };
	if (pmu.lost_run && pmu.runs == pmu.lost_run)
		values[0] = values[2] = 0;
	/* What a program does in user space is the same in every run. */
	if (event->attr.type == PERF_TYPE_HARDWARE && event->attr.exclude_kernel &&
	    event->attr.config == PERF_COUNT_HW_INSTRUCTIONS)
		values[0] = (uint64_t)(1e9 * (1 + pmu.uneven * (double)pmu.begun));
	if (size_bytes < sizeof(values))
		return -ENOSPC;
	memcpy(bytes, values, sizeof(values));
	return sizeof(values);
}

void __real_ev_sys_close(int fd);
void __wrap_ev_sys_close(int fd);
void __wrap_ev_sys_close(int fd)
{
	struct scripted_event *event = fd >= 0 ? scripted_find(fd) : NULL;
	if (event) {
		scripted_count_all(ev_now_ns());
		event->fd = -1;
	}
	__real_ev_sys_close(fd);
}

bool __wrap_ev_machine_has_core_pmu(void);
bool __wrap_ev_machine_has_core_pmu(void)
{
	return true;
}

#endif
