/* Rings into which the kernel writes what becomes of single threads: their births, names and ends,
 * and what each of them counted.
 *
 * Events are opened on evprof's own thread, switched off there, and inherited by the command that
 * it forks. With attr.inherit_stat each inherited copy writes a READ record when its thread ends.
 * Those records need a ring, and the kernel maps none for an inherited event that is not bound to a
 * CPU; but the output of one may be led into the ring of an event that is not inherited. Each event
 * has such a ring of its own: the kernel writes READ records under a lock of the event, so that no
 * two CPUs write into one ring at a time. Births and names come through one ring per CPU. Where
 * threads that were there are watched, each of them has its own rings for READ records: a ring
 * belongs to a thread. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/collect.h>
#include "machine.h"
#include "syscalls.h"
#include "thread_rings.h"

#define RING_BYTES (256u << 10) /* the ends of 5461 threads */
#define RING_LEAST_BYTES (8u << 10)
#define CAP_IPC_LOCK 14 /* may lock as much memory as there is */

static size_t least_ring(void)
{
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	return page_bytes < RING_LEAST_BYTES ? RING_LEAST_BYTES : page_bytes;
}

/* What one ring may have when all of them share what this user may lock. */
static size_t fair_ring(size_t ring_count, size_t cpu_count)
{
	int64_t allowed_kb;
	size_t bytes = RING_BYTES;
	if (ev_machine_has_capability(CAP_IPC_LOCK) ||
	    ev_file_number("/proc/sys/kernel/perf_event_mlock_kb", &allowed_kb) || allowed_kb < 0)
		return bytes;
	uint64_t share = ((uint64_t)allowed_kb << 10) * cpu_count / (ring_count + 1);
	while (bytes > least_ring() && bytes + (uint64_t)sysconf(_SC_PAGESIZE) > share)
		bytes /= 2;
	return bytes;
}

static int map_ring(struct ev_ring *ring, size_t bytes, struct ev_err *err)
{
	size_t least = least_ring();
	int rc = ev_ring_map(ring, bytes);
	for (; (rc == -EPERM || rc == -ENOMEM) && bytes / 2 >= least; rc = ev_ring_map(ring, bytes))
		bytes /= 2;
	return rc ? ev_fail(err, -rc, "cannot map a ring for the counts of single threads: %s%s",
			    strerror(-rc),
			    rc == -EPERM ? "; other profilers of this user may hold what "
					   "kernel.perf_event_mlock_kb allows"
					 : "")
		  : 0;
}

/* An event that counts nothing, for its ring, or to tell of turns. */
static int open_teller(struct perf_event_attr *attr, int32_t tid, int32_t cpu, struct ev_err *err)
{
	attr->type = PERF_TYPE_SOFTWARE;
	attr->config = PERF_COUNT_SW_DUMMY;
	attr->size = sizeof(*attr);
	attr->exclude_kernel = attr->exclude_hv = 1;
	int fd = ev_sys_perf_event_open(attr, tid, cpu, -1);
	if (fd >= 0)
		return fd;
	char why[512];
	const struct ev_target target = { .kind = EV_TARGET_COMMAND };
	ev_explain_open(-fd, attr, &target, why, sizeof(why));
	return ev_fail(err, -fd, "single threads cannot be followed: %s", why);
}

static int open_ring(struct ev_ring *ring, struct perf_event_attr *attr, int32_t tid, size_t bytes,
		     struct ev_err *err)
{
	ring->fd = open_teller(attr, tid, ring->cpu, err);
	return ring->fd < 0 ? ring->fd : map_ring(ring, bytes, err);
}

void ev_thread_rings_prepare(struct perf_event_attr *attr)
{
	attr->inherit = attr->inherit_stat = 1;
	attr->sample_id_all = 1;
	attr->sample_type = PERF_SAMPLE_TIME;
}

/* Births, names and ends of one place and its descendants, on one CPU. */
static int open_turns(struct ev_thread_rings *rings, struct ev_ring *ring, int32_t tid,
		      struct ev_err *err)
{
	struct perf_event_attr attr = { .task = 1, .comm = 1 };
	ev_thread_rings_prepare(&attr);
	attr.inherit_stat = 0;
	if (ring->fd < 0)
		return open_ring(ring, &attr, tid, rings->ring_bytes, err);
	int fd = open_teller(&attr, tid, ring->cpu, err);
	if (fd < 0)
		return fd;
	*ev_array_add(&rings->turn_fds) = fd;
	int rc = ev_sys_ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, (void *)(long)ring->fd);
	return rc < 0 ? ev_fail(err, -rc, "single threads cannot be followed: %s", strerror(-rc))
		      : 0;
}

int ev_thread_rings_open(struct ev_thread_rings *rings, size_t event_count, const int32_t *tids,
			 size_t tid_count, struct ev_err *err)
{
	uint32_t *cpus;
	size_t cpu_count;
	int rc = ev_machine_cpus(NULL, &cpus, &cpu_count, err);
	if (rc)
		return rc;
	rings->tid_count = tid_count;
	rings->read_count = event_count * tid_count;
	rings->count = rings->read_count + cpu_count;
	rings->ring_bytes = fair_ring(rings->count, cpu_count);
	rings->items = ev_alloc(rings->count * sizeof(*rings->items));
	for (size_t i = 0; i < rings->count; i++)
		rings->items[i] = (struct ev_ring){
			.fd = -1,
			.cpu = i < rings->read_count ? -1 : (int32_t)cpus[i - rings->read_count],
		};
	free(cpus);
	for (size_t i = 0; i < tid_count && !rc; i++)
		for (size_t ring = rings->read_count; ring < rings->count && !rc; ring++) {
			rc = open_turns(rings, &rings->items[ring], tids[i], err);
			if (rc == -ESRCH)
				rc = 0; /* threads may end at any time */
		}
	return rc;
}

int ev_thread_rings_follow(struct ev_thread_rings *rings, size_t event, size_t place, int32_t tid,
			   int fd, struct ev_err *err)
{
	struct perf_event_attr attr = { .disabled = 1 };
	struct ev_ring *ring = &rings->items[event * rings->tid_count + place];
	int rc = open_ring(ring, &attr, tid, rings->ring_bytes, err);
	if (rc == -ESRCH)
		return 0;
	if (rc)
		return rc;
	rc = ev_sys_ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT, (void *)(long)ring->fd);
	return rc < 0 ? ev_fail(err, -rc,
				"this kernel does not tell what single threads counted: %s",
				strerror(-rc))
		      : 0;
}

bool ev_thread_rings_reads(const struct ev_thread_rings *rings, size_t ring, size_t *event,
			   size_t *place)
{
	if (ring >= rings->read_count)
		return false;
	*event = ring / rings->tid_count;
	*place = ring % rings->tid_count;
	return true;
}

void ev_thread_rings_close(struct ev_thread_rings *rings)
{
	for (size_t i = 0; rings->items && i < rings->count; i++) {
		ev_ring_unmap(&rings->items[i]);
		if (rings->items[i].fd >= 0)
			ev_sys_close(rings->items[i].fd);
	}
	for (size_t i = 0; i < rings->turn_fds.count; i++)
		ev_sys_close(rings->turn_fds.items[i]);
	ev_array_done(&rings->turn_fds);
	free(rings->items);
	*rings = (struct ev_thread_rings){ 0 };
}
