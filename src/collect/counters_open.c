/* A list of events and a target become open counters, one per event and place (a thread, or a CPU).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "counters.h"
#include "machine.h"
#include "syscalls.h"
#include "tasks.h"
#include "thread_rings.h"

#define RESCANS 4 /* times that everything is opened anew because threads were born meanwhile */

struct opening_run {
	struct ev_counters *counters;
	const struct ev_target *target;
	const struct ev_counters_options *options;
};

/* ---- places ------------------------------------------------------------------------------------
 */

static int place_cpus(struct ev_counters *counters, const struct ev_target *target,
		      struct ev_err *err)
{
	uint32_t *cpus;
	size_t count;
	int rc = ev_machine_cpus(target, &cpus, &count, err);
	if (rc)
		return rc;
	counters->places = ev_alloc(count * sizeof(*counters->places));
	counters->place_count = count;
	for (size_t i = 0; i < count; i++)
		counters->places[i] = (struct ev_slot){ .cpu = (int32_t)cpus[i], .tid = -1 };
	free(cpus);
	return 0;
}

static void place_tasks(struct ev_counters *counters, const struct ev_task_list *tasks)
{
	free(counters->places);
	counters->places = ev_alloc(tasks->count * sizeof(*counters->places));
	counters->place_count = tasks->count;
	for (size_t i = 0; i < tasks->count; i++) {
		counters->places[i] =
			(struct ev_slot){ .cpu = -1, .tid = (int32_t)tasks->items[i] };
		if (counters->apart)
			ev_task_comm(tasks->items[i], counters->places[i].comm);
	}
}

/* ---- opening -----------------------------------------------------------------------------------
 */

/* evprof's own measures lead nobody. */
static size_t leader_of(const struct ev_event_list *events, size_t index)
{
	size_t leader = events->items[index].leader;
	return leader < index && events->items[leader].kind == EV_EVENT_KERNEL ? leader : index;
}

static void prepare_attr(const struct opening_run *run, size_t index)
{
	const struct ev_event *event = &run->counters->events->items[index];
	struct perf_event_attr *attr = &run->counters->openings[index].attr;
	bool command = run->target->kind == EV_TARGET_COMMAND,
	     leads = leader_of(run->counters->events, index) == index;
	run->counters->leads[index] = leads;
	*attr = event->attr;
	attr->size = sizeof(*attr);
	attr->freq = 0;
	attr->sample_period = 0;
	attr->sample_type = 0;
	attr->precise_ip = 0;
	attr->branch_sample_type = 0;
	attr->aux_sample_size = 0;
	attr->read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING;
	attr->inherit = run->target->kind != EV_TARGET_SYSTEM && !run->target->no_inherit;
	if (event->inherit != EV_UNSET)
		attr->inherit = run->target->kind != EV_TARGET_SYSTEM && event->inherit == EV_YES;
	if (run->counters->threads)
		ev_thread_rings_prepare(attr);
	/* Members run when their leader does. */
	attr->disabled = leads;
	attr->enable_on_exec = leads && command && run->options->at_exec;
	ev_probe_points_apply(&run->counters->probe_points, run->counters->events, index,
			      run->target, &run->counters->openings[index]);
}

/* Descriptor of one event on one place, or -errno. */
static int open_place(const struct opening_run *run, size_t index, size_t place, int group_fd)
{
	struct ev_counters *counters = run->counters;
	const struct ev_event *event = &counters->events->items[index];
	const struct ev_slot *at = &counters->places[place];
	int cgroup_fd = event->cgroup ? ev_cgroup_open(event->cgroup, NULL) : -1;
	counters->openings[index].in_cgroup = event->cgroup;
	if (event->cgroup && cgroup_fd < 0)
		return cgroup_fd;
	int fd = ev_opening_try(&counters->openings[index], event->fixed,
				event->cgroup ? cgroup_fd : at->tid, at->cpu, group_fd);
	if (event->cgroup)
		ev_sys_close(cgroup_fd);
	int rc = fd < 0 ? 0 : ev_opening_filter(&counters->openings[index], fd, event);
	if (!rc)
		return fd;
	ev_sys_close(fd);
	return rc;
}

/* Opens one event everywhere; under its leader's descriptors when it is not `alone`. */
static int open_event(const struct opening_run *run, size_t index, bool alone)
{
	struct ev_counters *counters = run->counters;
	const struct ev_event *event = &counters->events->items[index];
	size_t opened = 0;
	int last = -ESRCH;
	for (size_t place = 0; place < counters->place_count; place++) {
		if (!ev_event_serves(event, counters->places[place].cpu))
			continue;
		int group_fd = alone ? -1
				     : *ev_counters_fd(counters, leader_of(counters->events, index),
						       place);
		if (!alone && group_fd < 0)
			continue; /* the leader's thread was gone */
		int fd = open_place(run, index, place, group_fd);
		if (fd == -ESRCH && counters->target.kind != EV_TARGET_SYSTEM)
			continue; /* threads may end at any time */
		last = fd;
		if (fd < 0)
			break;
		*ev_counters_fd(counters, index, place) = fd;
		opened++;
	}
	if (last < 0)
		ev_counters_close_event(counters, index);
	else
		ev_opening_tell_wishes(&counters->openings[index], event);
	return last < 0 || !opened ? last : 0;
}

static bool needs_system(const struct opening_run *run, const struct ev_event *event,
			 struct ev_opening *opening)
{
	if (event->per_task || run->target->kind == EV_TARGET_SYSTEM)
		return false;
	opening->error = EINVAL;
	snprintf(opening->why, sizeof(opening->why),
		 "its PMU counts for the whole machine and cannot follow a program: add -a");
	return true;
}

/* Cores of the other kind, when -C names only those of one. */
static bool serves_nobody(const struct opening_run *run, const struct ev_event *event,
			  struct ev_opening *opening)
{
	const struct ev_counters *counters = run->counters;
	for (size_t place = 0; place < counters->place_count; place++)
		if (ev_event_serves(event, counters->places[place].cpu))
			return false;
	if (!counters->place_count)
		return false;
	opening->error = ENODEV;
	snprintf(opening->why, sizeof(opening->why),
		 "its PMU serves other CPUs (%s) than those that are watched", event->cpus);
	return true;
}

static bool is_in_group(const struct ev_event_list *events, size_t index, size_t leader)
{
	return events->items[index].kind == EV_EVENT_KERNEL && leader_of(events, index) == leader;
}

/* What the group of a refused member wants of the PMU, for the explanation. */
static struct ev_group_shape shape_of(const struct ev_counters *counters, size_t leader,
				      size_t refused)
{
	struct ev_group_shape shape = { .leader = &counters->openings[leader].attr };
	for (size_t i = leader; i < counters->events->count; i++) {
		if (!is_in_group(counters->events, i, leader) ||
		    !ev_event_is_hardware(&counters->events->items[i].attr))
			continue;
		shape.hardware++;
		shape.fitted += i < refused;
	}
	return shape;
}

/* 0, or the index + 1 of the event that was refused. */
static size_t open_group(const struct opening_run *run, size_t leader)
{
	const struct ev_event_list *events = run->counters->events;
	for (size_t i = leader; i < events->count; i++) {
		struct ev_opening *opening = &run->counters->openings[i];
		if (!is_in_group(events, i, leader))
			continue;
		if (needs_system(run, &events->items[i], opening) ||
		    serves_nobody(run, &events->items[i], opening))
			return i + 1;
		int rc = open_event(run, i, i == leader);
		if (!rc)
			continue;
		struct ev_group_shape shape = shape_of(run->counters, leader, i);
		if (i == leader)
			ev_opening_refuse(opening, -rc, run->target);
		else
			ev_opening_refuse_member(opening, -rc, run->target, &shape);
		return i + 1;
	}
	return 0;
}

/* A group is counted as one or not at all, so that its counts belong together. */
static void refuse_group(const struct opening_run *run, size_t leader, size_t culprit)
{
	const struct ev_event_list *events = run->counters->events;
	const struct ev_opening *cause = &run->counters->openings[culprit];
	for (size_t i = events->count; i-- > leader;) {
		struct ev_opening *opening = &run->counters->openings[i];
		if (!is_in_group(events, i, leader))
			continue;
		ev_counters_close_event(run->counters, i);
		if (i == culprit)
			continue;
		opening->error = cause->error;
		snprintf(opening->why, sizeof(opening->why),
			 "its group cannot be counted as one because of %.100s",
			 events->items[culprit].name);
	}
}

/* What happened to a group, besides what was given up already. */
static void tell_broken(struct ev_opening *opening, const char *culprit)
{
	size_t used = strlen(opening->fallback);
	snprintf(opening->fallback + used, sizeof(opening->fallback) - used,
		 "%scounted on its own: its group could not be opened as one because of %.100s",
		 used ? "; " : "", culprit);
}

/* A group with :W that cannot be counted as one becomes single events. */
static void break_group(const struct opening_run *run, size_t leader, size_t culprit)
{
	const struct ev_event_list *events = run->counters->events;
	for (size_t i = events->count; i-- > leader;)
		if (is_in_group(events, i, leader))
			ev_counters_close_event(run->counters, i);
	for (size_t i = leader; i < events->count; i++) {
		struct ev_opening *opening = &run->counters->openings[i];
		if (!is_in_group(events, i, leader))
			continue;
		*opening = (struct ev_opening){ 0 };
		prepare_attr(run, i);
		run->counters->leads[i] = true;
		opening->attr.disabled = 1;
		opening->attr.enable_on_exec = run->counters->openings[leader].attr.enable_on_exec;
		opening->alone = true;
		if (needs_system(run, &events->items[i], opening) ||
		    serves_nobody(run, &events->items[i], opening))
			continue;
		int rc = open_event(run, i, true);
		if (rc)
			ev_opening_refuse(opening, -rc, run->target);
		else
			tell_broken(opening, events->items[culprit].name);
	}
}

static void open_events(const struct opening_run *run)
{
	struct ev_counters *counters = run->counters;
	const struct ev_event_list *events = counters->events;
	counters->fds = ev_realloc(counters->fds,
				   events->count * counters->place_count * sizeof(*counters->fds));
	memset(counters->fds, 0xff, events->count * counters->place_count * sizeof(*counters->fds));
	for (size_t i = 0; i < events->count; i++) {
		counters->openings[i] = (struct ev_opening){ 0 };
		if (events->items[i].kind == EV_EVENT_KERNEL)
			prepare_attr(run, i);
	}
	for (size_t i = 0; i < events->count; i++) {
		bool wanted = !run->options->only || run->options->only[i];
		if (!wanted || !is_in_group(events, i, i))
			continue;
		size_t culprit = open_group(run, i);
		if (culprit && events->items[i].fixed & EV_WEAK_GROUP)
			break_group(run, i, culprit - 1);
		else if (culprit)
			refuse_group(run, i, culprit - 1);
	}
}

/* Descriptors for every event on every place; of those only that can be counted here, when `sure`.
 */
static uint64_t count_descriptors(const struct ev_counters *counters, bool sure)
{
	uint64_t count = 0;
	for (size_t i = 0; i < counters->events->count; i++) {
		const struct ev_event *event = &counters->events->items[i];
		if (event->kind != EV_EVENT_KERNEL || (sure && ev_probe_count(event, NULL, 0)))
			continue;
		for (size_t place = 0; place < counters->place_count; place++)
			count += ev_event_serves(event, counters->places[place].cpu);
	}
	return count;
}

/* Trying the events takes time: only when they would not fit all. */
static int make_room(struct ev_counters *counters, struct ev_err *err)
{
	if (!ev_descriptors_need(&counters->limit, count_descriptors(counters, false), NULL))
		return 0;
	return ev_descriptors_need(&counters->limit, count_descriptors(counters, true), err);
}

/* All that could have opened met threads that were gone. */
static bool nobody_was_there(const struct ev_counters *counters)
{
	for (size_t i = 0; i < counters->events->count; i++)
		if (counters->events->items[i].kind == EV_EVENT_KERNEL &&
		    counters->openings[i].error == ESRCH)
			return true;
	return false;
}

/* Rows for threads that are born later, where the rings for their counts can be had; else those
 * stay in the rows of their makers. More rings than this are not asked for. */
enum { RINGS_MOST = 512 };
static void begin_to_follow(struct ev_counters *counters)
{
	size_t events = counters->events->count, places = counters->place_count;
	ev_threads_close(counters->threads);
	counters->threads = NULL;
	if (places * events <= RINGS_MOST &&
	    !ev_descriptors_need(&counters->limit,
				 places * (2 * events + ev_cpus_online()) + events, NULL))
		ev_threads_open(&counters->threads, events, counters->places, places, NULL);
}

static void follow_all(struct ev_counters *counters)
{
	int rc = 0;
	for (size_t event = 0; event < counters->events->count; event++)
		for (size_t place = 0; place < counters->place_count; place++) {
			int fd = *ev_counters_fd(counters, event, place);
			if (fd >= 0 && counters->threads && !rc)
				rc = ev_threads_follow(counters->threads, event, place, fd, NULL);
		}
	if (!rc)
		return;
	ev_threads_close(counters->threads);
	counters->threads = NULL;
}

/* Threads born while others were being opened may be covered already, inherited from their maker,
 * or not: only a pass in which nobody was born is right. Main threads, the usual makers, are opened
 * first; after the last pass newcomers are taken for inherited. */
static int open_on_tasks(const struct opening_run *run, struct ev_err *err)
{
	struct ev_counters *counters = run->counters;
	struct ev_task_list before = { 0 }, now = { 0 };
	bool many = run->target->kind == EV_TARGET_PIDS || run->target->kind == EV_TARGET_USER;
	int rc = ev_tasks_list(run->target, &now, err);
	for (int pass = 0; !rc; pass++) {
		struct ev_task_list swap = before;
		before = now;
		now = swap;
		ev_counters_close_fds(counters);
		ev_probe_points_guard(&counters->probe_points, before.items, before.count);
		place_tasks(counters, &before);
		rc = make_room(counters, err);
		if (rc)
			break;
		if (run->options->newborn)
			begin_to_follow(counters);
		open_events(run);
		if (counters->threads)
			follow_all(counters);
		bool listed = many && !ev_tasks_list(run->target, &now, NULL);
		counters->unsettled = listed && ev_tasks_grew(&before, &now);
		if (!counters->unsettled || pass == RESCANS)
			break;
	}
	if (!rc && nobody_was_there(counters))
		rc = ev_fail(err, ESRCH, "the process ended before it could be watched");
	ev_array_done(&before);
	ev_array_done(&now);
	return rc;
}

/* Opened on this very thread, switched off, for the command that it forks next. */
static int open_for_command(const struct opening_run *run, struct ev_err *err)
{
	struct ev_counters *counters = run->counters;
	size_t count = counters->events->count;
	int rc = ev_descriptors_need(&counters->limit, ev_cpus_online() + 2 * count, err);
	if (!rc)
		rc = ev_threads_open(&counters->threads, count, NULL, 0, err);
	if (rc)
		return rc;
	counters->places = ev_alloc(sizeof(*counters->places));
	counters->places[0] = (struct ev_slot){ .cpu = -1, .tid = 0 };
	counters->place_count = 1;
	open_events(run);
	for (size_t event = 0; event < count && !rc; event++) {
		int fd = *ev_counters_fd(counters, event, 0);
		rc = fd < 0 ? 0 : ev_threads_follow(counters->threads, event, 0, fd, err);
	}
	return rc;
}

static void keep_target(struct ev_counters *counters, const struct ev_target *target)
{
	size_t bytes = target->id_count * sizeof(*target->ids);
	counters->target = *target;
	counters->target.ids = bytes ? memcpy(ev_alloc(bytes), target->ids, bytes) : NULL;
	counters->target.cpus = NULL;
	counters->target.cpu_count = 0;
}

int ev_counters_open(struct ev_counters **counters, const struct ev_event_list *events,
		     const struct ev_target *target, const struct ev_counters_options *options,
		     struct ev_err *err)
{
	struct ev_counters *made = ev_alloc(sizeof(*made));
	const struct opening_run run = { made, target, options };
	*made = (struct ev_counters){ .events = events };
	keep_target(made, target);
	made->all = (struct ev_slot){ .cpu = -1, .tid = -1 };
	made->newborn = options->newborn;
	made->apart = target->kind == EV_TARGET_SYSTEM || options->per_thread;
	made->openings = ev_alloc((events->count + 1) * sizeof(*made->openings));
	made->leads = ev_alloc(events->count + 1);
	ev_probe_points_open(&made->probe_points, "", events, target);
	int rc;
	if (target->kind == EV_TARGET_SYSTEM) {
		rc = place_cpus(made, target, err);
		if (!rc)
			rc = make_room(made, err);
		if (!rc)
			open_events(&run);
	} else if (target->kind == EV_TARGET_COMMAND && options->per_thread) {
		rc = open_for_command(&run, err);
	} else {
		rc = open_on_tasks(&run, err);
	}
	if (!rc && !options->disabled && !(options->at_exec && target->kind == EV_TARGET_COMMAND))
		rc = ev_counters_enable(made, err);
	if (rc) {
		ev_counters_close(made);
		made = NULL;
	}
	*counters = made;
	return rc;
}
