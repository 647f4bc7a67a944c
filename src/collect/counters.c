/* Open counters become counts per slot, and are switched on and off. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "counters.h"
#include "syscalls.h"
#include "tasks.h"

int *ev_counters_fd(const struct ev_counters *counters, size_t event, size_t place)
{
	return &counters->fds[event * counters->place_count + place];
}

void ev_counters_close_event(struct ev_counters *counters, size_t event)
{
	for (size_t place = 0; place < counters->place_count; place++) {
		int *fd = ev_counters_fd(counters, event, place);
		if (*fd >= 0)
			ev_sys_close(*fd);
		*fd = -1;
	}
}

void ev_counters_close_fds(struct ev_counters *counters)
{
	/* Members before leaders: a leader's close would first make each a leader of its own. */
	for (size_t event = counters->fds ? counters->events->count : 0; event-- > 0;)
		ev_counters_close_event(counters, event);
}

const struct ev_opening *ev_counters_opening(const struct ev_counters *counters, size_t event)
{
	return &counters->openings[event];
}

size_t ev_counters_slot_count(const struct ev_counters *counters)
{
	if (counters->threads)
		return ev_threads_count(counters->threads);
	return counters->apart ? counters->place_count : 1;
}

size_t ev_counters_place_count(const struct ev_counters *counters, bool *unsettled)
{
	if (unsettled)
		*unsettled = counters->unsettled;
	return counters->place_count;
}

bool ev_counters_follow(const struct ev_counters *counters, size_t *running, bool *lost)
{
	*running = counters->threads ? ev_threads_running(counters->threads, lost) : 0;
	return counters->threads;
}

const struct ev_slot *ev_counters_slot(const struct ev_counters *counters, size_t slot)
{
	if (counters->threads)
		return ev_threads_slot(counters->threads, slot);
	return counters->apart ? &counters->places[slot] : &counters->all;
}

/* Sum of an event's counters on some places. */
static int read_places(struct ev_counters *counters, size_t event, size_t from, size_t to,
		       struct ev_count *count)
{
	int rc = -ENOENT;
	*count = (struct ev_count){ 0 };
	for (size_t place = from; place < to; place++) {
		uint64_t values[3];
		int fd = *ev_counters_fd(counters, event, place);
		if (fd < 0)
			continue;
		ssize_t got = ev_sys_read(fd, values, sizeof(values));
		if (got < 0)
			return (int)got;
		/* End of file: a pinned event that once did not fit is in error for good. */
		if (got != (ssize_t)sizeof(values))
			return -EIO;
		count->value += values[0];
		count->enabled_ns += values[1];
		count->running_ns += values[2];
		rc = 0;
	}
	return rc;
}

int ev_counters_read(struct ev_counters *counters, size_t event, size_t slot,
		     struct ev_count *count)
{
	if (counters->threads)
		return ev_threads_read(counters->threads, event, slot, count);
	if (counters->apart)
		return read_places(counters, event, slot, slot + 1, count);
	return read_places(counters, event, 0, counters->place_count, count);
}

int ev_counters_gather(struct ev_counters *counters, bool last, struct ev_err *err)
{
	if (!counters->threads)
		return 0;
	int rc = ev_threads_gather(counters->threads, err);
	for (size_t event = 0; last && event < counters->events->count; event++) {
		struct ev_count total;
		for (size_t i = 0; counters->newborn && i < counters->place_count; i++)
			if (!read_places(counters, event, i, i + 1, &total))
				ev_threads_settle_place(counters->threads, event, i, &total);
		if (!counters->newborn &&
		    !read_places(counters, event, 0, counters->place_count, &total))
			ev_threads_settle(counters->threads, event, &total, counters->own);
	}
	return rc;
}

static int command_one(struct ev_counters *counters, size_t event, size_t place, bool on,
		       struct ev_err *err)
{
	int fd = *ev_counters_fd(counters, event, place);
	unsigned long request = on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE;
	int rc = fd < 0 ? 0 : ev_sys_ioctl(fd, request, NULL);
	return rc < 0 ? ev_fail(err, -rc, "cannot %s %s: %s", on ? "start" : "stop",
				counters->events->items[event].name, strerror(-rc))
		      : 0;
}

static bool has_cgroups(const struct ev_counters *counters)
{
	for (size_t event = 0; event < counters->events->count; event++)
		if (counters->events->items[event].cgroup)
			return true;
	return false;
}

/* Moves this thread there. The kernel's clock of a cgroup is brought up to date when its threads
 * come and go: switched on from another CPU while one of them runs, an event would be taken to have
 * run since some time before. On the CPU itself we have taken its place. */
static void go_to_cpu(int32_t cpu)
{
	uint8_t mask[EV_CPU_MASK_BYTES] = { 0 };
	if (cpu < 0 || (size_t)cpu >= 8 * sizeof(mask))
		return;
	unsigned long word = 1ul << ((size_t)cpu % (8 * sizeof(word)));
	memcpy(mask + (size_t)cpu / (8 * sizeof(word)) * sizeof(word), &word, sizeof(word));
	ev_sys_affinity_set(mask); /* where that is not allowed, times are less exact */
}

static int command_places(struct ev_counters *counters, const size_t *only, bool on,
			  struct ev_err *err)
{
	uint8_t before[EV_CPU_MASK_BYTES];
	bool moves = has_cgroups(counters) && !ev_sys_affinity_get(before);
	int rc = 0;
	for (size_t place = 0; place < counters->place_count && !rc; place++) {
		if (moves)
			go_to_cpu(counters->places[place].cpu);
		for (size_t event = 0; event < counters->events->count && !rc; event++)
			if (only ? event == *only : counters->leads[event])
				rc = command_one(counters, event, place, on, err);
	}
	if (moves)
		ev_sys_affinity_set(before);
	return rc;
}

int ev_counters_enable(struct ev_counters *counters, struct ev_err *err)
{
	counters->own = counters->threads && !counters->newborn;
	return command_places(counters, NULL, true, err);
}

int ev_counters_disable(struct ev_counters *counters, struct ev_err *err)
{
	return command_places(counters, NULL, false, err);
}

int ev_counters_turn(struct ev_counters *counters, size_t event, bool on, struct ev_err *err)
{
	counters->own |= counters->threads && !counters->newborn && on;
	return command_places(counters, &event, on, err);
}

bool ev_counters_targets_gone(const struct ev_counters *counters)
{
	const struct ev_target *target = &counters->target;
	if (target->kind == EV_TARGET_SYSTEM)
		return false;
	if (target->kind != EV_TARGET_USER)
		return !ev_target_lives(target);
	for (size_t i = 0; i < counters->place_count; i++)
		if (ev_task_lives((uint32_t)counters->places[i].tid))
			return false;
	return true;
}

void ev_counters_close(struct ev_counters *counters)
{
	if (!counters)
		return;
	ev_counters_close_fds(counters);
	ev_probe_points_close(&counters->probe_points, "");
	ev_threads_close(counters->threads);
	ev_descriptors_restore(&counters->limit);
	free(counters->fds);
	free(counters->places);
	free(counters->openings);
	free(counters->leads);
	free(counters->target.ids);
	free(counters);
}
