/* The events of a sampler once more, on one process that is told of each of its samples by a signal
 * while it still stands where it was sampled. They write into the sampler's rings, and what they
 * write is told apart from the rest by a bit. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "sampler.h"
#include "syscalls.h"

struct ev_followed {
	uint32_t pid;
	int *fds; /* [event * ring_count + ring], -1 = not open */
	struct ev_followed *next;
};

bool ev_attr_may_follow(const struct perf_event_attr *attr)
{
	return attr->type != PERF_TYPE_TRACEPOINT && attr->type != PERF_TYPE_BREAKPOINT &&
	       !ev_attr_is_kernel_only(attr) && !attr->aux_output && !attr->aux_sample_size &&
	       !(attr->sample_type & PERF_SAMPLE_READ) && !attr->exclude_user &&
	       !(attr->type == PERF_TYPE_SOFTWARE && attr->config == PERF_COUNT_SW_DUMMY);
}

static size_t count_of(const struct ev_sampler *sampler)
{
	return sampler->listed ? sampler->event_count - sampler->has_teller : 0;
}

static bool is_on(const struct ev_sampler *sampler, size_t event)
{
	return event / sampler->listed == sampler->size &&
	       sampler->events[event % sampler->listed].runs;
}

/* A signal that comes while a system call waits would end it early: only what the program itself
 * does is sampled, and where that is interrupted nothing waits. */
static void make_signalling(const struct ev_sampler *sampler, size_t event, bool leads,
			    uint64_t data, struct perf_event_attr *attr)
{
	*attr = sampler->events[event].opening.attr;
	attr->exclude_kernel = 1;
	attr->enable_on_exec = 0;
	attr->inherit = attr->inherit_thread = 1;
	attr->remove_on_exec = 1;
	attr->sigtrap = 1;
	attr->sig_data = data;
	attr->disabled = leads ? !is_on(sampler, event) : 0;
	attr->mmap = attr->mmap2 = attr->mmap_data = attr->build_id = 0;
	attr->comm = attr->comm_exec = attr->task = 0;
	attr->ksymbol = attr->bpf_event = attr->context_switch = 0;
	attr->inherit_stat = 0;
}

static uint64_t id_of(int fd)
{
	uint64_t id = 0;
	return fd >= 0 && !ev_sys_ioctl(fd, PERF_EVENT_IOC_ID, &id) ? id : 0;
}

/* The id by which readers of the recording know the event. */
static uint64_t told_id(const struct ev_sampler *sampler, size_t event)
{
	size_t places = sampler->ring_count * sampler->tid_count;
	for (size_t i = 0; i < places; i++)
		if (sampler->fds[event * places + i] >= 0)
			return id_of(sampler->fds[event * places + i]);
	return 0;
}

static int open_event(struct ev_sampler *sampler, struct ev_followed *followed, size_t event,
		      uint64_t data)
{
	const struct ev_event *listed = sampler->events[event].event;
	size_t rings = sampler->ring_count, leader = sampler->events[event].leader;
	uint64_t told = told_id(sampler, event);
	struct perf_event_attr attr;
	if (!told || !ev_attr_may_follow(&sampler->events[event].opening.attr))
		return 0;
	for (size_t ring = 0; ring < rings; ring++) {
		int cpu = sampler->rings[ring].cpu, group = -1;
		if (sampler->rings[ring].fd < 0 || (listed && !ev_event_serves(listed, cpu)))
			continue;
		if (leader != event)
			group = followed->fds[leader * rings + ring];
		make_signalling(sampler, event, group < 0, data, &attr);
		int fd = ev_sys_perf_event_open(&attr, (pid_t)followed->pid, cpu, group);
		if (fd < 0)
			return fd;
		followed->fds[event * rings + ring] = fd;
		int rc = ev_sys_ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT,
				      (void *)(long)sampler->rings[ring].fd);
		if (sampler->marked_by)
			ev_sys_ioctl(fd, PERF_EVENT_IOC_SET_BPF,
				     (void *)(uintptr_t)(unsigned)sampler->marked_by);
		uint64_t id = id_of(fd);
		if (rc < 0 || !id)
			return rc < 0 ? rc : -EINVAL;
		*ev_map_add(&sampler->followed_ids, id, 0, NULL) =
			(uint32_t)sampler->told_ids.count + 1;
		*ev_array_add(&sampler->told_ids) = told;
	}
	return 0;
}

static void close_followed(const struct ev_sampler *sampler, struct ev_followed *followed)
{
	for (size_t i = count_of(sampler) * sampler->ring_count; i-- > 0;)
		if (followed->fds[i] >= 0)
			ev_sys_close(followed->fds[i]);
	free(followed->fds);
	free(followed);
}

int ev_sampler_follow(struct ev_sampler *sampler, uint32_t pid, uint64_t data,
		      struct ev_followed **followed, struct ev_err *err)
{
	struct ev_followed *made = ev_alloc(sizeof(*made));
	size_t count = count_of(sampler) * sampler->ring_count;
	int rc = 0;
	made->pid = pid;
	made->fds = ev_alloc((count + 1) * sizeof(*made->fds));
	memset(made->fds, 0xff, count * sizeof(*made->fds));
	pthread_mutex_lock(&sampler->follow_lock);
	for (size_t event = 0; event < count_of(sampler) && !rc; event++) {
		rc = open_event(sampler, made, event, data);
		if (rc)
			rc = ev_fail(err, -rc, "%s cannot be sampled by signals: %s",
				     sampler->events[event].event->name, strerror(-rc));
	}
	if (rc) {
		close_followed(sampler, made);
		made = NULL;
	} else {
		made->next = sampler->followed;
		sampler->followed = made;
	}
	pthread_mutex_unlock(&sampler->follow_lock);
	*followed = made;
	return rc;
}

void ev_sampler_leave(struct ev_sampler *sampler, struct ev_followed *followed)
{
	struct ev_followed **link = &sampler->followed;
	if (!followed)
		return;
	pthread_mutex_lock(&sampler->follow_lock);
	while (*link && *link != followed)
		link = &(*link)->next;
	if (*link)
		*link = followed->next;
	pthread_mutex_unlock(&sampler->follow_lock);
	close_followed(sampler, followed);
}

void ev_sampler_turn_followed(struct ev_sampler *sampler, size_t event, bool on)
{
	unsigned long how = on ? PERF_EVENT_IOC_ENABLE : PERF_EVENT_IOC_DISABLE;
	if (event >= count_of(sampler))
		return;
	pthread_mutex_lock(&sampler->follow_lock);
	for (struct ev_followed *one = sampler->followed; one; one = one->next)
		for (size_t ring = 0; ring < sampler->ring_count; ring++)
			if (one->fds[event * sampler->ring_count + ring] >= 0)
				ev_sys_ioctl(one->fds[event * sampler->ring_count + ring], how,
					     NULL);
	pthread_mutex_unlock(&sampler->follow_lock);
}

void ev_sampler_close_followed(struct ev_sampler *sampler)
{
	while (sampler->followed) {
		struct ev_followed *one = sampler->followed;
		sampler->followed = one->next;
		close_followed(sampler, one);
	}
	ev_map_done(&sampler->followed_ids);
	ev_array_done(&sampler->told_ids);
	pthread_mutex_destroy(&sampler->follow_lock);
}

/* ---- what they write ----------------------------------------------------------------------------
 */

/* The word at `at` of a record, where it is the id of a followed event, becomes the one that
 * readers know. */
static bool tell(const struct ev_sampler *sampler, uint8_t *record, size_t size_bytes, size_t at)
{
	uint64_t id;
	if (at % 8 || at + sizeof(id) > size_bytes)
		return false;
	memcpy(&id, record + at, sizeof(id));
	const uint32_t *index = ev_map_find(&sampler->followed_ids, id, 0);
	if (index)
		memcpy(record + at, &sampler->told_ids.items[*index - 1], sizeof(id));
	return index != NULL;
}

const void *ev_sampler_mark(struct ev_sampler *sampler, const void *bytes, size_t size_bytes)
{
	pthread_mutex_lock(&sampler->follow_lock);
	if (!sampler->followed_ids.count) {
		pthread_mutex_unlock(&sampler->follow_lock);
		return bytes;
	}
	uint8_t *copy = ev_sampler_own(sampler, bytes, size_bytes);
	struct ev_raw raw;
	for (size_t at = 0, next = 0; ev_records_next(copy, size_bytes, &next, &raw); at = next) {
		struct perf_event_header *header = (void *)(copy + at);
		if (raw.type == PERF_RECORD_SAMPLE) {
			if (tell(sampler, copy + at, raw.size_bytes, sizeof(*header)))
				header->misc |= EV_MISC_FOLLOWED;
			continue;
		}
		/* LOST begins with it, THROTTLE has it behind a time, and all end with it. */
		if (raw.type == PERF_RECORD_LOST)
			tell(sampler, copy + at, raw.size_bytes, sizeof(*header));
		if (raw.type == PERF_RECORD_THROTTLE || raw.type == PERF_RECORD_UNTHROTTLE)
			tell(sampler, copy + at, raw.size_bytes, sizeof(*header) + 8);
		tell(sampler, copy + at, raw.size_bytes, raw.size_bytes - sizeof(uint64_t));
	}
	pthread_mutex_unlock(&sampler->follow_lock);
	return copy;
}
