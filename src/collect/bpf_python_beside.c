/* Programs that read Python's frames stand beside the events of a sampler, and are read by programs
 * of other events: each event can have one. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "bpf_python.h"
#include "bpf_watched.h"
#include "python_frames.h"
#include "sampler.h"
#include "syscalls.h"

#ifndef EV_HAVE_BPF
#define EV_HAVE_BPF 0
#endif

#if EV_HAVE_BPF

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <python.skel.h>

/* A tracepoint's programs see everybody, and one that is inherited is gone for all when the first
 * heir ends: so it gets an event of its own that only carries the program. */
static int attach_tracepoint(struct ev_bpf_python *python, const struct perf_event_attr *of)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT,
					.size = sizeof(attr),
					.config = of->config,
					.sample_period = 1,
					.sample_type = PERF_SAMPLE_RAW };
	int fd = ev_sys_perf_event_open(&attr, -1, 0, -1);
	if (fd < 0)
		return fd;
	*ev_array_add(&python->fds) = fd;
	int program = bpf_program__fd(python->programs->progs.python_tracepoint);
	int rc = ev_sys_ioctl(fd, PERF_EVENT_IOC_SET_BPF, (void *)(uintptr_t)(unsigned)program);
	return rc ? rc : ev_sys_ioctl(fd, PERF_EVENT_IOC_ENABLE, NULL);
}

/* It may have to make room for another one later, which only links can. */
static int attach_one(struct ev_bpf_python *python, int event, int program)
{
	int link = bpf_link_create(program, event, BPF_PERF_EVENT, NULL);
	if (link >= 0) {
		*ev_array_add(&python->beside) = (struct ev_python_beside){ event, link };
		return 0;
	}
	if (errno == EEXIST)
		return 0; /* it reads the frames itself */
	int rc = ev_sys_ioctl(event, PERF_EVENT_IOC_SET_BPF, (void *)(uintptr_t)(unsigned)program);
	return rc == -EEXIST ? 0 : rc;
}

static int attach_event(struct ev_bpf_python *python, size_t index)
{
	struct ev_sampler *sampler = python->sampler;
	const struct perf_event_attr *attr = &sampler->events[index].opening.attr;
	size_t places = sampler->ring_count * sampler->tid_count;
	int program = bpf_program__fd(python->programs->progs.python_sample);
	if (attr->type == PERF_TYPE_TRACEPOINT)
		return index == ev_sampler_listed(sampler, index) ? attach_tracepoint(python, attr)
								  : 0;
	for (size_t place = 0; place < places; place++) {
		int fd = sampler->fds[index * places + place];
		int rc = fd < 0 ? 0 : attach_one(python, fd, program);
		if (rc < 0)
			return rc;
	}
	return 0;
}

void ev_bpf_python_beside(struct ev_bpf_python *python, struct ev_recording *recording)
{
	struct ev_sampler *sampler = python->sampler;
	size_t count = sampler->event_count - sampler->has_teller;
	for (size_t i = 0; i < count; i++) {
		int rc = sampler->events[i].counted ? 0 : attach_event(python, i);
		if (rc && i == ev_sampler_listed(sampler, i))
			ev_recording_add_note(recording, "fallback",
					      "%s: its samples have no Python frames: %s",
					      sampler->events[i].event->name, strerror(-rc));
	}
}

void ev_bpf_python_leave(struct ev_bpf_python *python, int event)
{
	for (size_t i = 0; i < python->beside.count; i++) {
		if (python->beside.items[i].event != event)
			continue;
		ev_sys_close(python->beside.items[i].link);
		python->beside.items[i] = python->beside.items[--python->beside.count];
		return;
	}
}

void ev_bpf_python_leave_all(struct ev_bpf_python *python)
{
	for (size_t i = 0; i < python->beside.count; i++)
		ev_sys_close(python->beside.items[i].link);
	for (size_t i = 0; i < python->fds.count; i++)
		ev_sys_close(python->fds.items[i]);
	ev_array_done(&python->beside);
	ev_array_done(&python->fds);
}

/* ---- other programs ---------------------------------------------------------------------------
 */

int ev_bpf_python_share(struct ev_bpf_python *python, struct bpf_object *programs)
{
	struct bpf_map *map;
	int rc = 0;
	bpf_object__for_each_map(map, programs)
	{
		const char *name = bpf_map__name(map);
		if (rc || strncmp(name, "python_", 7))
			continue;
		const struct bpf_map *theirs =
			python ? bpf_object__find_map_by_name(python->programs->obj, name) : NULL;
		if (python)
			rc = theirs ? bpf_map__reuse_fd(map, bpf_map__fd(theirs)) : -ENOENT;
		else
			rc = bpf_map__set_autocreate(map, false);
	}
	return rc;
}

/* What code is was told before the frames that run it, through the other ring. */
size_t ev_bpf_python_merge(struct ev_bpf_python *python, const struct ev_bpf_python_told *told,
			   const uint64_t *chain, size_t count, uint64_t *out, size_t limit,
			   uint64_t *ip)
{
	uint64_t frames[EV_PYTHON_FRAMES_MAX];
	struct ev_python_stack stack = { .frames = frames,
					 .generated = told->generated,
					 .context = told->context };
	struct ev_python_merged how;
	ring_buffer__consume(python->ring);
	if (!ev_python_frames_translate(python->frames, told, frames, &stack))
		return 0;
	if (ip)
		ev_python_place(&stack, *ip, ip);
	return ev_python_merge(&stack, chain, count, out, limit, &how);
}

#endif
