/* Rings are mapped as large as the user may lock, and waited for. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "sampler.h"
#include "syscalls.h"

#define FLOOR_PAGES 8
#define WANTED_BYTES (4ull << 20) /* a third of a second at 25 kHz with call chains */
/* The same time at 4 kHz with copies of 64 KiB would want 85 MiB: it is a twentieth of a second. */
#define WANTED_FOR_COPIES (16ull << 20)
#define LARGE_COPY_BYTES 8192
#define MEMORY_SHARE 64 /* all rings together take at most this part of memory */

static uint64_t power_of_two(uint64_t value)
{
	uint64_t power = 1;
	while (power < value && power << 1)
		power <<= 1;
	return power;
}

static size_t first_size(const struct ev_sampler *sampler, const struct ev_sampler_options *options,
			 uint64_t floor_bytes)
{
	uint64_t bytes = WANTED_BYTES;
	uint32_t copy_bytes = options->stack_bytes;
	for (size_t i = 0; i < options->other_stack_count; i++)
		if (options->other_stack_bytes[i] > copy_bytes)
			copy_bytes = options->other_stack_bytes[i];
	if (copy_bytes > LARGE_COPY_BYTES)
		bytes = WANTED_FOR_COPIES;
	uint64_t memory = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	if (options->ring_bytes)
		bytes = power_of_two(options->ring_bytes);
	else
		while (bytes > floor_bytes && bytes * sampler->ring_count > memory / MEMORY_SHARE)
			bytes /= 2;
	/* A ring that was asked for may be smaller than what evprof would choose. */
	uint64_t least = options->ring_bytes ? (uint64_t)sysconf(_SC_PAGESIZE) : floor_bytes;
	return (size_t)(bytes < least ? least : bytes);
}

static int map_all(struct ev_sampler *sampler, size_t bytes)
{
	for (size_t i = 0; i < sampler->ring_count; i++) {
		int rc = sampler->rings[i].fd < 0 ? 0 : ev_ring_map(&sampler->rings[i], bytes);
		if (!rc)
			continue;
		while (i-- > 0)
			ev_ring_unmap(&sampler->rings[i]);
		return rc;
	}
	return 0;
}

static int refuse_map(int error, const struct ev_lock_limit *limit, size_t bytes, size_t ring_count,
		      struct ev_err *err)
{
	char told[400];
	if (error != EPERM)
		return ev_fail(err, error, "cannot map %zu rings of %zu KiB: %s", ring_count,
			       bytes >> 10, strerror(error));
	return ev_fail(err, error,
		       "cannot lock memory for %zu rings of %zu KiB; other profilers of this user "
		       "may hold some of it: %s",
		       ring_count, bytes >> 10,
		       ev_lock_limit_tell(limit, ring_count, bytes, told, sizeof(told)));
}

/* All descriptors of a CPU write into the ring of the first one. */
static int lead_to_ring(struct ev_sampler *sampler, size_t ring, struct ev_err *err)
{
	for (size_t event = 0; event < sampler->event_count; event++)
		for (size_t tid = 0; tid < sampler->tid_count; tid++) {
			int fd = *ev_sampler_fd(sampler, event, ring, tid);
			if (fd < 0 || fd == sampler->rings[ring].fd)
				continue;
			int rc = ev_sys_ioctl(fd, PERF_EVENT_IOC_SET_OUTPUT,
					      (void *)(long)sampler->rings[ring].fd);
			if (rc < 0)
				return ev_fail(err, -rc, "cannot share the ring of CPU %d: %s",
					       sampler->rings[ring].cpu, strerror(-rc));
		}
	return 0;
}

/* The n-th descriptor that writes into a ring, counted over events and threads; -1 past the last,
 * -2 for one that is not open. */
static int ring_member(const struct ev_sampler *sampler, size_t ring, size_t n)
{
	if (n >= sampler->event_count * sampler->tid_count)
		return -1;
	int fd = *ev_sampler_fd(sampler, n / sampler->tid_count, ring, n % sampler->tid_count);
	return fd < 0 ? -2 : fd;
}

/* Those that have something to write into them. */
static size_t count_rings(const struct ev_sampler *sampler)
{
	size_t count = 0;
	for (size_t i = 0; i < sampler->ring_count; i++)
		count += sampler->rings[i].fd >= 0;
	return count;
}

static void tell_smaller(struct ev_sampler *sampler, const struct ev_lock_limit *limit,
			 size_t rings, size_t wanted, size_t bytes)
{
	char told[400];
	snprintf(sampler->ring_note, sizeof(sampler->ring_note),
		 "rings of %zu KiB instead of %zu KiB: %s", bytes >> 10, wanted >> 10,
		 limit->unlimited ? "there is no more memory for them"
				  : ev_lock_limit_tell(limit, rings, wanted, told, sizeof(told)));
}

const char *ev_sampler_ring_note(const struct ev_sampler *sampler)
{
	return sampler->ring_note;
}

int ev_sampler_map(struct ev_sampler *sampler, const struct ev_sampler_options *options,
		   struct ev_err *err)
{
	size_t floor_bytes = FLOOR_PAGES * (size_t)sysconf(_SC_PAGESIZE), n;
	for (size_t i = 0; i < sampler->ring_count; i++) {
		for (n = 0; ring_member(sampler, i, n) == -2; n++)
			;
		sampler->rings[i].fd = ring_member(sampler, i, n);
	}
	size_t wanted = first_size(sampler, options, floor_bytes);
	struct ev_lock_limit limit = ev_lock_limit_find();
	size_t rings = count_rings(sampler);
	size_t bytes = (size_t)ev_lock_limit_fit(&limit, rings, wanted, floor_bytes);
	int rc = map_all(sampler, bytes);
	while ((rc == -EPERM || rc == -ENOMEM) && bytes / 2 >= floor_bytes) {
		bytes /= 2;
		rc = map_all(sampler, bytes);
	}
	if (rc)
		return refuse_map(-rc, &limit, bytes, rings, err);
	if (bytes < wanted)
		tell_smaller(sampler, &limit, rings, wanted, bytes);
	for (size_t i = 0; i < sampler->ring_count && !rc; i++)
		rc = lead_to_ring(sampler, i, err);
	return rc;
}

uint64_t ev_sampler_ring_bytes(const struct ev_sampler *sampler)
{
	for (size_t i = 0; i < sampler->ring_count; i++)
		if (sampler->rings[i].base)
			return sampler->rings[i].data_bytes;
	return 0;
}

size_t ev_sampler_ring_count(const struct ev_sampler *sampler)
{
	size_t mapped = 0;
	for (size_t i = 0; i < sampler->ring_count; i++)
		mapped += sampler->rings[i].base != NULL;
	return mapped;
}

/* ---- waiting -----------------------------------------------------------------------------------
 */

static bool has_hung_up(int fd)
{
	struct pollfd one = { .fd = fd };
	return ev_sys_poll(&one, 1, 0) > 0 && one.revents & POLLHUP;
}

/* A descriptor whose thread, and all that inherited from it, has ended answers every poll at once
 * and hears of nothing: another one of the ring takes its place. */
static void poll_next(struct ev_sampler *sampler, size_t ring)
{
	int fd;
	do
		fd = ring_member(sampler, ring, ++sampler->polled[ring]);
	while (fd == -2 || (fd >= 0 && has_hung_up(fd)));
}

int ev_sampler_wait(struct ev_sampler *sampler, int timeout_ms, int extra_fd)
{
	struct pollfd few[65], *fds = few;
	size_t count = sampler->ring_count;
	if (count >= EV_LENGTH(few))
		fds = ev_alloc((count + 1) * sizeof(*fds));
	for (size_t i = 0; i < count; i++)
		fds[i] = (struct pollfd){ .fd = ring_member(sampler, i, sampler->polled[i]),
					  .events = POLLIN };
	fds[count] = (struct pollfd){ .fd = extra_fd, .events = POLLIN };
	int rc = ev_sys_poll(fds, count + 1, timeout_ms);
	for (size_t i = 0; rc > 0 && i < count; i++)
		if (fds[i].fd >= 0 && fds[i].revents & POLLHUP)
			poll_next(sampler, i);
	if (fds != few)
		free(fds);
	return rc;
}

bool ev_sampler_targets_gone(const struct ev_sampler *sampler)
{
	if (sampler->kind == EV_TARGET_SYSTEM)
		return false;
	/* Every thread is open on every CPU, so that one CPU's descriptors tell of all. */
	for (size_t i = 0; i < sampler->ring_count; i++) {
		size_t n = sampler->polled[i];
		int fd;
		for (; (fd = ring_member(sampler, i, n)) != -1; n++)
			if (fd >= 0 && !has_hung_up(fd))
				return false;
	}
	return true;
}
