/* Events and a target become open sampling counters, per thread and CPU, ready to write into the
 * rings of their CPUs. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include "machine.h"
#include "sampler.h"
#include "syscalls.h"
#include "tasks.h"

#define SETTLED_AFTER 3 /* drains, in which a size of stack copies is switched off again */
#define RESCANS 4 /* times that everything is opened anew because threads were born meanwhile */

static size_t fd_count(const struct ev_sampler *sampler)
{
	return sampler->event_count * sampler->ring_count * sampler->tid_count;
}

static void close_fds(struct ev_sampler *sampler)
{
	for (size_t i = sampler->fds ? fd_count(sampler) : 0; i-- > 0;) {
		if (sampler->fds[i] >= 0)
			ev_sys_close(sampler->fds[i]);
		sampler->fds[i] = -1;
	}
}

/* ---- opening -----------------------------------------------------------------------------------
 */

/* 1 when it is open, 0 when its thread is gone, -errno. */
static int open_one(struct ev_sampler *sampler, size_t index, size_t ring, size_t tid)
{
	struct ev_sampled_event *sampled = &sampler->events[index];
	const struct ev_event *event = sampled->event;
	int group_fd = -1;
	if (sampled->leader != index) {
		group_fd = *ev_sampler_fd(sampler, sampled->leader, ring, tid);
		if (group_fd < 0)
			return 0;
	}
	int on = (int32_t)sampler->tids[tid];
	sampled->opening.in_cgroup = event && event->cgroup;
	if (sampled->opening.in_cgroup)
		on = ev_cgroup_open(event->cgroup, NULL);
	if (sampled->opening.in_cgroup && on < 0)
		return on;
	int fd = ev_opening_try(&sampled->opening, event ? event->fixed : 0, on,
				sampler->rings[ring].cpu, group_fd);
	if (sampled->opening.in_cgroup)
		ev_sys_close(on);
	if (fd == -ESRCH && sampler->kind != EV_TARGET_SYSTEM)
		return 0;
	if (fd < 0)
		return fd;
	*ev_sampler_fd(sampler, index, ring, tid) = fd;
	int rc = event ? ev_opening_filter(&sampled->opening, fd, event) : 0;
	return rc < 0 ? rc : 1;
}

static bool is_hardware(const struct ev_sampled_event *sampled)
{
	return sampled->event && ev_event_is_hardware(&sampled->event->attr);
}

static int refuse(struct ev_sampler *sampler, size_t index, int error,
		  const struct ev_target *target, struct ev_err *err)
{
	struct ev_sampled_event *sampled = &sampler->events[index];
	struct ev_group_shape shape = { .leader = &sampler->events[sampled->leader].opening.attr };
	for (size_t i = 0; i < sampler->event_count; i++) {
		bool counts = sampler->events[i].leader == sampled->leader &&
			      is_hardware(&sampler->events[i]);
		shape.hardware += counts;
		shape.fitted += counts && i < index;
	}
	if (sampled->leader == index)
		ev_opening_refuse(&sampled->opening, error, target);
	else
		ev_opening_refuse_member(&sampled->opening, error, target, &shape);
	return ev_fail(err, error, "%s cannot be sampled: %s",
		       sampled->event ? sampled->event->name : "dummy", sampled->opening.why);
}

/* Is it a member of a group that may fall apart (:W)? Not where the leader's samples carry the
 * counts of all. */
static bool may_fall_apart(const struct ev_sampler *sampler, size_t index)
{
	const struct ev_sampled_event *sampled = &sampler->events[index];
	return sampled->leader != index && sampled->event->fixed & EV_WEAK_GROUP &&
	       !(sampled->event->fixed & EV_SAMPLE_READ);
}

/* Its members are sampled each on its own from now on. */
static void break_group(struct ev_sampler *sampler, size_t culprit)
{
	size_t leader = sampler->events[culprit].leader;
	for (size_t i = leader; i < sampler->event_count; i++) {
		struct ev_sampled_event *sampled = &sampler->events[i];
		struct ev_opening *opening = &sampled->opening;
		size_t used = strlen(opening->fallback);
		if (sampled->leader != leader)
			continue;
		sampled->leader = i;
		opening->attr.disabled = 1;
		opening->attr.enable_on_exec = sampler->events[leader].opening.attr.enable_on_exec;
		snprintf(opening->fallback + used, sizeof(opening->fallback) - used,
			 "%ssampled on its own: its group could not be opened as one because of "
			 "%.100s",
			 used ? "; " : "", sampler->events[culprit].event->name);
	}
}

/* Opens one event on all its CPUs and threads; how many it was, or -errno. */
static int open_event(struct ev_sampler *sampler, size_t event)
{
	const struct ev_event *listed = sampler->events[event].event;
	int opened = 0;
	for (size_t ring = 0; ring < sampler->ring_count; ring++) {
		if (listed && !ev_event_serves(listed, sampler->rings[ring].cpu))
			continue;
		for (size_t tid = 0; tid < sampler->tid_count; tid++) {
			int rc = open_one(sampler, event, ring, tid);
			if (rc < 0)
				return rc;
			opened += rc;
		}
	}
	if (listed)
		ev_opening_tell_wishes(&sampler->events[event].opening, listed);
	return opened;
}

static uint64_t count_descriptors(const struct ev_sampler *sampler)
{
	uint64_t count = 0;
	for (size_t event = 0; event < sampler->event_count; event++)
		for (size_t ring = 0; ring < sampler->ring_count; ring++) {
			const struct ev_event *listed = sampler->events[event].event;
			if (!listed || ev_event_serves(listed, sampler->rings[ring].cpu))
				count += sampler->tid_count;
		}
	return count;
}

static int open_all(struct ev_sampler *sampler, const struct ev_target *target, struct ev_err *err)
{
	size_t bytes = fd_count(sampler) * sizeof(*sampler->fds), opened = 0;
	int rc = ev_descriptors_need(&sampler->limit, count_descriptors(sampler), err);
	if (rc)
		return rc;
	sampler->fds = ev_realloc(sampler->fds, bytes);
	memset(sampler->fds, 0xff, bytes);
	for (size_t event = 0; event < sampler->event_count; event++) {
		rc = open_event(sampler, event);
		if (rc < 0 && may_fall_apart(sampler, event)) {
			/* Once for each group: then everything is opened anew. */
			close_fds(sampler);
			break_group(sampler, event);
			return open_all(sampler, target, err);
		}
		if (rc < 0)
			return refuse(sampler, event, -rc, target, err);
		opened += (size_t)rc;
	}
	if (!opened)
		return ev_fail(err, ESRCH, "the process ended before it could be watched");
	return 0;
}

/* As counters do (see open_on_tasks there): only a pass in which no thread was born is right. */
static int open_tasks(struct ev_sampler *sampler, const struct ev_target *target,
		      struct ev_err *err)
{
	struct ev_task_list before = { 0 }, now = { 0 };
	bool many = target->kind == EV_TARGET_PIDS || target->kind == EV_TARGET_USER;
	int rc = ev_tasks_list(target, &now, err);
	for (int pass = 0; !rc; pass++) {
		struct ev_task_list swap = before;
		close_fds(sampler);
		before = now;
		now = swap;
		sampler->tids = before.items;
		sampler->tid_count = before.count;
		ev_probe_points_guard(&sampler->probe_points, before.items, before.count);
		rc = open_all(sampler, target, err);
		if (rc || !many || pass == RESCANS || ev_tasks_list(target, &now, NULL) ||
		    !ev_tasks_grew(&before, &now))
			break;
	}
	ev_array_done(&now);
	return rc;
}

static int open_events(struct ev_sampler *sampler, const struct ev_target *target,
		       struct ev_err *err)
{
	uint32_t *cpus;
	size_t count;
	int rc = ev_machine_cpus(target, &cpus, &count, err);
	if (rc)
		return rc;
	sampler->rings = ev_alloc(count * sizeof(*sampler->rings));
	sampler->polled = ev_alloc(count * sizeof(*sampler->polled));
	sampler->ring_count = count;
	for (size_t i = 0; i < count; i++)
		sampler->rings[i] = (struct ev_ring){ .cpu = (int32_t)cpus[i], .fd = -1 };
	free(cpus);
	if (target->kind != EV_TARGET_SYSTEM)
		return open_tasks(sampler, target, err);
	sampler->tids = ev_alloc(sizeof(*sampler->tids));
	sampler->tids[0] = (uint32_t)-1;
	sampler->tid_count = 1;
	return open_all(sampler, target, err);
}

/* ---- what the recording says of it --------------------------------------------------------------
 */

static const char *recorded_name(const struct ev_sampled_event *sampled,
				 struct ev_recording *recording)
{
	const struct ev_event *event = sampled->event;
	if (!event)
		return "dummy";
	/* A name must not promise the kernel when it had to be left out. */
	if (sampled->opening.attr.exclude_kernel && !event->attr.exclude_kernel)
		return ev_arena_printf(&recording->arena, "%s%su", event->name,
				       strchr(event->name, ':') ? "" : ":");
	return ev_arena_text(&recording->arena, event->name, strlen(event->name));
}

/* The event a sampled one is recorded as: a marker that stands in several places is one. */
static size_t recorded_as(const struct ev_sampler *sampler, size_t index)
{
	const struct ev_event *event = sampler->events[index].event;
	size_t listed = ev_sampler_listed(sampler, index);
	return event && event->probe && event->summed < listed ? event->summed : listed;
}

size_t ev_sampler_recorded(const struct ev_sampler *sampler, size_t index)
{
	size_t as = recorded_as(sampler, index), at = 0;
	for (size_t i = 0; i < as; i++)
		at += recorded_as(sampler, i) == i;
	return at;
}

static size_t ids_wanted(const struct ev_sampler *sampler, size_t index)
{
	size_t count = 0;
	for (size_t i = index; i < sampler->event_count; i++)
		count += recorded_as(sampler, i) == index;
	return count * sampler->ring_count * sampler->tid_count;
}

static struct ev_recorded_event *add_recorded(const struct ev_sampler *sampler, size_t index,
					      struct ev_recording *recording)
{
	const struct ev_sampled_event *sampled = &sampler->events[index];
	struct ev_recorded_event *told = ev_recording_add_event(recording);
	told->attr = sampled->opening.attr;
	if (sampled->event && sampled->event->probe_path)
		told->attr.config1 = 0; /* an address of ours, which tells a reader nothing */
	told->name = recorded_name(sampled, recording);
	told->ids =
		ev_arena_take(&recording->arena, ids_wanted(sampler, index) * sizeof(*told->ids));
	return told;
}

static int describe(struct ev_sampler *sampler, struct ev_recording *recording, struct ev_err *err)
{
	size_t places = sampler->ring_count * sampler->tid_count;
	size_t *at = ev_arena_take(&recording->arena, sampler->event_count * sizeof(*at));
	for (size_t i = 0; i < sampler->event_count; i++) {
		size_t as = recorded_as(sampler, i);
		struct ev_recorded_event *told;
		at[i] = as == i ? recording->event_count : at[as];
		if (as == i)
			told = add_recorded(sampler, i, recording);
		else
			told = &recording->events[at[i]];
		if (as == i)
			told->leader = (int)at[recorded_as(sampler, sampler->events[i].leader)];
		for (size_t place = 0; place < places; place++) {
			int fd = sampler->fds[i * places + place];
			uint64_t id = 0;
			int rc = fd < 0 ? 0 : ev_sys_ioctl(fd, PERF_EVENT_IOC_ID, &id);
			if (rc < 0)
				return ev_fail(err, -rc, "cannot ask for the id of %s: %s",
					       told->name, strerror(-rc));
			if (fd < 0)
				continue;
			told->ids[told->id_count++] = id;
			*ev_map_add(&sampler->event_of_id, id, 0, NULL) = (uint32_t)i + 1;
		}
	}
	return 0;
}

static uint32_t depth_limit(void)
{
	int64_t limit;
	if (ev_file_number("/proc/sys/kernel/perf_event_max_stack", &limit) || limit < 1)
		return PERF_MAX_STACK_DEPTH;
	return (uint32_t)limit;
}

int ev_sampler_open(struct ev_sampler **sampler, const struct ev_event_list *events,
		    const struct ev_target *target, const struct ev_sampler_options *options,
		    struct ev_recording *recording, struct ev_err *err)
{
	struct ev_sampler *made = ev_alloc(sizeof(*made));
	pthread_mutex_init(&made->follow_lock, NULL);
	made->kind = target->kind;
	made->depth_limit = depth_limit();
	ev_probe_points_open(&made->probe_points, "", events, target);
	int rc = ev_sampler_plan(made, events, target, options, err);
	if (!rc)
		rc = open_events(made, target, err);
	if (!rc)
		rc = ev_sampler_map(made, options, err);
	if (!rc)
		rc = describe(made, recording, err);
	struct timespec step;
	if (!rc && options->clock_id >= 0 && !clock_getres(options->clock_id, &step))
		recording->clock_resolution_ns =
			(uint64_t)step.tv_sec * 1000000000u + (uint64_t)step.tv_nsec;
	for (size_t i = 0; i < made->event_count; i++)
		made->events[i].runs = made->events[i].leader != i || !options->disabled;
	bool begins = !options->disabled && !options->counted;
	if (!rc && begins && !(options->at_exec && target->kind == EV_TARGET_COMMAND))
		rc = ev_sampler_enable(made, err);
	if (rc) {
		ev_sampler_close(made);
		made = NULL;
	}
	*sampler = made;
	return rc;
}

const struct ev_opening *ev_sampler_opening(const struct ev_sampler *sampler, size_t event)
{
	return &sampler->events[event].opening;
}

size_t ev_sampler_thread_count(const struct ev_sampler *sampler)
{
	return sampler->kind == EV_TARGET_SYSTEM ? 0 : sampler->tid_count;
}

/* ---- on and off --------------------------------------------------------------------------------
 */

static int turn(struct ev_sampler *sampler, size_t event, bool on, struct ev_err *err)
{
	size_t places = sampler->ring_count * sampler->tid_count;
	if (sampler->events[event].gate) {
		__atomic_store_n(sampler->events[event].gate, on, __ATOMIC_RELAXED);
		return 0;
	}
	for (size_t place = 0; place < places; place++) {
		int fd = sampler->fds[event * places + place];
		int rc = fd < 0 ? 0
				: ev_sys_ioctl(fd,
					       on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE,
					       NULL);
		if (rc < 0)
			return ev_fail(err, -rc, "cannot %s %s: %s", on ? "start" : "stop",
				       sampler->events[event].event->name, strerror(-rc));
	}
	ev_sampler_turn_followed(sampler, event, on);
	return 0;
}

int ev_sampler_turn(struct ev_sampler *sampler, size_t event, bool on, struct ev_err *err)
{
	sampler->events[event].runs = on;
	return turn(sampler, sampler->size * sampler->listed + event, on, err);
}

static int command_leaders(struct ev_sampler *sampler, bool on, struct ev_err *err)
{
	size_t first = sampler->size * sampler->listed;
	int rc = 0;
	for (size_t i = 0; i < sampler->listed && !rc; i++)
		if (sampler->events[first + i].leader == first + i)
			rc = ev_sampler_turn(sampler, i, on, err);
	return rc;
}

int ev_sampler_copy(struct ev_sampler *sampler, size_t size, struct ev_err *err)
{
	size_t before = sampler->size;
	if (size == before)
		return 0;
	assert(size * sampler->listed < sampler->event_count);
	sampler->left = before;
	sampler->unsettled = SETTLED_AFTER;
	ev_sampler_settle(sampler);
	sampler->size = size;
	int rc = 0;
	for (size_t i = 0; i < sampler->listed && !rc; i++) {
		size_t event = size * sampler->listed + i;
		bool leads = sampler->events[event].leader == event;
		bool runs = sampler->events[i].runs;
		if (leads == runs) /* a member is on unless it was switched off by itself */
			rc = turn(sampler, event, runs, err);
	}
	return rc;
}

void ev_sampler_settle(struct ev_sampler *sampler)
{
	if (!sampler->unsettled)
		return;
	sampler->unsettled--;
	for (size_t i = 0; i < sampler->listed; i++) {
		size_t event = sampler->left * sampler->listed + i;
		if (sampler->events[event].leader == event)
			turn(sampler, event, false, NULL);
	}
}

int ev_sampler_enable(struct ev_sampler *sampler, struct ev_err *err)
{
	return command_leaders(sampler, true, err);
}

int ev_sampler_disable(struct ev_sampler *sampler, struct ev_err *err)
{
	return command_leaders(sampler, false, err);
}

void ev_sampler_close(struct ev_sampler *sampler)
{
	if (!sampler)
		return;
	for (size_t i = 0; i < sampler->ring_count; i++)
		ev_ring_unmap(&sampler->rings[i]);
	ev_sampler_close_followed(sampler);
	close_fds(sampler);
	ev_probe_points_close(&sampler->probe_points, "");
	ev_descriptors_restore(&sampler->limit);
	ev_map_done(&sampler->event_of_id);
	ev_map_done(&sampler->place_of_id);
	ev_buffer_done(&sampler->owned);
	free(sampler->rates);
	ev_buffer_done(&sampler->copy);
	free(sampler->fds);
	free(sampler->tids);
	free(sampler->rings);
	free(sampler->polled);
	free(sampler->events);
	free(sampler);
}
