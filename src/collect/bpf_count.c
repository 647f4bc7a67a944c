/* The events of a sampler get BPF programs that count their samples by stack, thread and CPU. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "bpf_count.h"
#include "bpf_walk.h"
#include "sampler.h"
#include "syscalls.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif
#ifndef EV_BPF_WHY
#define EV_BPF_WHY "the build was not told of it"
#endif

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <count.skel.h>

/* ---- attaching --------------------------------------------------------------------------------
 */

static int attach_one(struct ev_bpf_counts *counts, size_t index, struct count_bpf *programs,
		      struct ev_err *err)
{
	struct ev_sampler *sampler = counts->sampler;
	struct ev_sampled_event *sampled = &sampler->events[index];
	size_t places = sampler->ring_count * sampler->tid_count;
	bool tracepoint = sampled->opening.attr.type == PERF_TYPE_TRACEPOINT;
	int program = bpf_program__fd(tracepoint ? programs->progs.count_tracepoint
						 : programs->progs.count_sample);
	for (size_t place = 0; place < places; place++) {
		int fd = sampler->fds[index * places + place];
		if (fd >= 0 && counts->options.python)
			ev_bpf_python_leave(counts->options.python, fd);
		int rc = fd < 0 ? 0
				: ev_sys_ioctl(fd, PERF_EVENT_IOC_SET_BPF,
					       (void *)(uintptr_t)(unsigned)program);
		if (rc < 0)
			return ev_fail(err, -rc, "%s cannot be counted in the kernel: %s%s",
				       sampled->event->name, strerror(-rc),
				       rc == -EOPNOTSUPP ? ": its counter has no overflow interrupt"
							 : "");
		if (tracepoint && fd >= 0)
			break; /* one for all CPUs */
	}
	if (tracepoint)
		counts->programs[0]->bss->on[programs->rodata->event_index] =
			programs->rodata->begin_pid != 0;
	if (tracepoint)
		sampled->gate = &counts->programs[0]->bss->on[programs->rodata->event_index];
	return 0;
}

/* To all that the event was opened as: once for each size of copies. */
static int attach(struct ev_bpf_counts *counts, size_t index, struct count_bpf *programs,
		  struct ev_err *err)
{
	const struct ev_sampler *sampler = counts->sampler;
	size_t end = sampler->event_count - sampler->has_teller;
	int rc = 0;
	for (size_t event = index; event < end && !rc; event += sampler->listed)
		rc = attach_one(counts, event, programs, err);
	return rc;
}

static int open_event(struct ev_bpf_counts *counts, size_t index, const struct ev_target *target,
		      struct ev_err *err)
{
	struct count_bpf *programs;
	int rc = ev_bpf_counts_load(counts, index, target, &programs, err);
	if (programs)
		counts->programs[counts->program_count++] = programs;
	return rc ? rc : attach(counts, index, programs, err);
}

/* The samples of a counted event as the file has them. */
static void describe(const struct ev_bpf_counts *counts, size_t index,
		     struct ev_recording *recording)
{
	size_t recorded = ev_sampler_recorded(counts->sampler, index);
	struct perf_event_attr *attr = &recording->events[recorded].attr;
	attr->sample_type |= PERF_SAMPLE_PERIOD | PERF_SAMPLE_WEIGHT;
	if (counts->options.callchain)
		attr->sample_type |= PERF_SAMPLE_CALLCHAIN;
	else
		attr->sample_type &= ~(uint64_t)PERF_SAMPLE_CALLCHAIN;
}

/* Its samples have nothing but what a program knows as well. */
static bool may_stream(const struct ev_sampled_event *sampled)
{
	const uint64_t known = PERF_SAMPLE_IDENTIFIER | PERF_SAMPLE_IP | PERF_SAMPLE_TID |
			       PERF_SAMPLE_TIME | PERF_SAMPLE_ID | PERF_SAMPLE_STREAM_ID |
			       PERF_SAMPLE_CPU | PERF_SAMPLE_PERIOD | PERF_SAMPLE_CALLCHAIN |
			       PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER;
	const struct perf_event_attr *attr = &sampled->opening.attr;
	return !(attr->sample_type & ~known) && attr->sample_type & PERF_SAMPLE_STACK_USER &&
	       !attr->precise_ip && attr->type != PERF_TYPE_TRACEPOINT;
}

/* Can a program take an event over? Else why not. */
static bool may_take(const struct ev_bpf_counts *counts, size_t index,
		     const struct ev_event_list *events, const struct ev_target *target,
		     const char **why)
{
	*why = NULL;
	if (counts->options.streams && !may_stream(&counts->sampler->events[index])) {
		*why = "samples have more than places and stacks";
		return false;
	}
	return ev_sampler_may_count(&events->items[index], target, why);
}

static int open_all(struct ev_bpf_counts *counts, const struct ev_event_list *events,
		    const struct ev_target *target, struct ev_recording *recording,
		    struct ev_err *err)
{
	int rc = 0;
	for (size_t i = 0; i < counts->sampler->listed && !rc; i++) {
		const char *why;
		bool taken = may_take(counts, i, events, target, &why);
		if (taken)
			rc = open_event(counts, i, target, err);
		if (taken && !counts->options.streams)
			describe(counts, i, recording);
		if (!taken && !counts->options.streams)
			ev_recording_add_note(recording, "fallback",
					      "%s: samples are taken one by one, not counted in "
					      "the kernel: %s",
					      events->items[i].name, why);
	}
	if (!rc && !counts->program_count && counts->options.streams)
		rc = ev_fail(err, EOPNOTSUPP,
			     "no stacks of these events can be followed in the kernel");
	if (!rc && !counts->program_count)
		rc = ev_fail(err, EOPNOTSUPP,
			     "none of these events can be counted in the kernel: leave --bpf out");
	return rc;
}

int ev_bpf_counts_open(struct ev_bpf_counts **counts, struct ev_sampler *sampler,
		       const struct ev_event_list *events, const struct ev_target *target,
		       const struct ev_bpf_counts_options *options, struct ev_recording *recording,
		       struct ev_err *err)
{
	char absence[256];
	*counts = NULL;
	if (ev_bpf_absence(absence, sizeof(absence)))
		return ev_fail(err, EPERM, "BPF programs cannot be used: %s", absence);
	if (sampler->listed > EV_COUNT_EVENTS_MAX)
		return ev_fail(err, E2BIG, "at most %d events can be counted in the kernel",
			       EV_COUNT_EVENTS_MAX);
	libbpf_set_print(NULL); /* it would speak to the user itself */
	struct ev_bpf_counts *made = ev_alloc(sizeof(*made));
	made->sampler = sampler;
	made->recording = recording;
	made->options = *options;
	made->room = options->room
			     ? options->room
			     : ev_bpf_counts_room(sampler, options->streams, options->interval_ns);
	made->programs = ev_alloc(sampler->listed * sizeof(*made->programs));
	made->keys = ev_alloc(EV_COUNT_BATCH * sizeof(*made->keys));
	made->values = ev_alloc(EV_COUNT_BATCH * sizeof(*made->values));
	made->known = ev_alloc(EV_COUNT_BATCH * 2 * sizeof(*made->known));
	made->told = ev_alloc(EV_COUNT_BATCH * sizeof(*made->told));
	made->tally.map_bytes = ev_bpf_counts_map_bytes(made->room);
	made->fetched_ns = ev_now_ns();
	int rc = open_all(made, events, target, recording, err);
	if (!rc) {
		made->notes = ring_buffer__new(bpf_map__fd(made->programs[0]->maps.notes),
					       ev_bpf_counts_note, made, NULL);
		if (!made->notes)
			rc = ev_fail(err, errno, "cannot map the ring of the BPF programs: %s",
				     strerror(errno));
	}
	if (!rc && made->programs[0]->rodata->walk_wanted)
		rc = ev_bpf_walk_open(&made->walk, made->programs[0]->obj,
				      &(struct ev_bpf_walk_options){
					      .cache = options->cache,
					      .on_demand = target->kind == EV_TARGET_SYSTEM },
				      err);
	if (rc) {
		ev_bpf_counts_close(made);
		made = NULL;
	} else {
		/* What had to be given up leaves programs on events that let all samples pass. */
		made->programs[0]->bss->streaming = options->streams;
	}
	*counts = made;
	return rc;
}

void ev_bpf_counts_know(struct ev_bpf_counts *counts, const struct ev_record *record)
{
	if (counts->walk)
		ev_bpf_walk_note(counts->walk, record);
}

static void expect(void *walk, const char *path)
{
	ev_bpf_walk_expect(walk, path);
}

void ev_bpf_counts_expect(struct ev_bpf_counts *counts, const char *path)
{
	if (counts->walk)
		ev_program_files(path, expect, counts->walk);
}

bool ev_bpf_counts_step(struct ev_bpf_counts *counts)
{
	return counts->walk && ev_bpf_walk_step(counts->walk);
}

bool ev_bpf_counts_walked(const struct ev_bpf_counts *counts, struct ev_bpf_walk_tally *tally)
{
	if (!counts->walk)
		return false;
	ev_bpf_walk_tally(counts->walk, tally);
	const struct count_bpf *first = counts->programs[0];
	for (size_t i = 0; i < EV_WALKED_COUNT; i++)
		tally->ends[i] -=
			first->bss->left[i] < tally->ends[i] ? first->bss->left[i] : tally->ends[i];
	return true;
}

bool ev_bpf_counts_all(const struct ev_bpf_counts *counts)
{
	return !counts->options.streams && counts->program_count == counts->sampler->listed;
}

static int source_fd(void *self)
{
	return ring_buffer__epoll_fd(((struct ev_bpf_counts *)self)->notes);
}

struct ev_bpf_source ev_bpf_counts_source(struct ev_bpf_counts *counts)
{
	return (struct ev_bpf_source){ counts, source_fd, ev_bpf_counts_drain };
}

void ev_bpf_counts_tally(const struct ev_bpf_counts *counts, struct ev_bpf_counts_tally *tally)
{
	*tally = counts->tally;
	if (!counts->program_count)
		return;
	tally->seen = counts->programs[0]->bss->hits;
	tally->lost += counts->programs[0]->bss->lost;
	tally->passed_on = counts->programs[0]->bss->uncounted;
	tally->unreadable = counts->programs[0]->bss->unreadable;
	tally->collided = counts->programs[0]->bss->collided;
	tally->python_lost = counts->programs[0]->bss->python_lost;
}

void ev_bpf_counts_close(struct ev_bpf_counts *counts)
{
	if (!counts)
		return;
	for (size_t i = 0; i < counts->sampler->event_count; i++)
		counts->sampler->events[i].gate = NULL;
	ring_buffer__free(counts->notes);
	ev_bpf_walk_close(counts->walk);
	/* The first one's maps are the others' as well. */
	while (counts->program_count)
		count_bpf__destroy(counts->programs[--counts->program_count]);
	for (size_t i = 0; i < EV_LENGTH(counts->generations); i++) {
		ev_map_done(&counts->generations[i].ids);
		ev_array_done(&counts->generations[i].stacks);
		ev_array_done(&counts->generations[i].addresses);
	}
	free(counts->programs);
	free(counts->keys);
	free(counts->values);
	free(counts->known);
	free(counts->told);
	free(counts);
}

#else

int ev_bpf_counts_open(struct ev_bpf_counts **counts, struct ev_sampler *sampler,
		       const struct ev_event_list *events, const struct ev_target *target,
		       const struct ev_bpf_counts_options *options, struct ev_recording *recording,
		       struct ev_err *err)
{
	(void)sampler, (void)events, (void)target, (void)options, (void)recording;
	*counts = NULL;
	return ev_fail(err, ENOSYS, "BPF programs cannot be used: not built in: %s", EV_BPF_WHY);
}

void ev_bpf_counts_know(struct ev_bpf_counts *counts, const struct ev_record *record)
{
	(void)counts, (void)record;
}

void ev_bpf_counts_expect(struct ev_bpf_counts *counts, const char *path)
{
	(void)counts, (void)path;
}

bool ev_bpf_counts_step(struct ev_bpf_counts *counts)
{
	(void)counts;
	return false;
}

bool ev_bpf_counts_walked(const struct ev_bpf_counts *counts, struct ev_bpf_walk_tally *tally)
{
	(void)counts, (void)tally;
	return false;
}

bool ev_bpf_counts_all(const struct ev_bpf_counts *counts)
{
	(void)counts;
	return false;
}

struct ev_bpf_source ev_bpf_counts_source(struct ev_bpf_counts *counts)
{
	(void)counts;
	return (struct ev_bpf_source){ 0 };
}

void ev_bpf_counts_tally(const struct ev_bpf_counts *counts, struct ev_bpf_counts_tally *tally)
{
	(void)counts;
	*tally = (struct ev_bpf_counts_tally){ 0 };
}

void ev_bpf_counts_close(struct ev_bpf_counts *counts)
{
	(void)counts;
}

#endif
