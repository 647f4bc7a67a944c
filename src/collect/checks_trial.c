/* An event is opened, something happens, and what came of it is told: counts, samples, stacks. */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>
#include "checks.h"
#include "ring.h"
#include "syscalls.h"

#define RING_PAGES 8
#define COMPUTE_NS 2000000

struct perf_event_attr ev_trial_attr(uint32_t type, uint64_t config)
{
	return (struct perf_event_attr){
		.type = type,
		.size = sizeof(struct perf_event_attr),
		.config = config,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING,
		.disabled = 1,
		.exclude_kernel = 1,
		.exclude_hv = 1,
	};
}

void ev_trial_compute(void *context)
{
	volatile uint64_t sum = 0;
	struct timespec now, begin;
	int64_t spent_ns;
	(void)context;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &begin);
	do {
		for (int i = 0; i < 10000; i++)
			sum += (uint64_t)i * sum + 1;
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
		spent_ns = (now.tv_sec - begin.tv_sec) * 1000000000ll + now.tv_nsec - begin.tv_nsec;
	} while (spent_ns < COMPUTE_NS);
}

static int read_counts(int fd, struct ev_trial *trial)
{
	uint64_t numbers[3] = { 0 };
	ssize_t got = ev_sys_read(fd, numbers, sizeof(numbers));
	if (got < 0)
		return (int)got;
	trial->value = numbers[0];
	trial->enabled_ns = numbers[1];
	trial->running_ns = numbers[2];
	return 0;
}

static int happen(int fd, ev_trial_work work, void *context, struct ev_trial *trial)
{
	int rc = ev_sys_ioctl(fd, PERF_EVENT_IOC_ENABLE, NULL);
	if (rc < 0)
		return rc;
	work(context);
	ev_sys_ioctl(fd, PERF_EVENT_IOC_DISABLE, NULL);
	return read_counts(fd, trial);
}

int ev_trial_count(const struct perf_event_attr *attr, int32_t cpu, ev_trial_work work,
		   void *context, struct ev_trial *trial)
{
	struct perf_event_attr tried = *attr;
	int fd = ev_sys_perf_event_open(&tried, cpu < 0 ? 0 : -1, cpu, -1);
	if (fd < 0)
		return fd;
	int rc = happen(fd, work, context, trial);
	ev_sys_close(fd);
	return rc;
}

/* Layout of the samples: u64 ip, then with CALLCHAIN u64 count and so many addresses. */
static int take_samples(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	struct ev_trial *trial = context;
	struct ev_cursor cursor = ev_cursor_of(bytes, size_bytes, false);
	(void)err;
	while (ev_cursor_left(&cursor)) {
		uint32_t type = ev_cursor_u32(&cursor);
		ev_cursor_u16(&cursor);
		uint16_t size = ev_cursor_u16(&cursor);
		if (size < sizeof(struct perf_event_header))
			return 1;
		struct ev_cursor body =
			ev_cursor_part(&cursor, size - sizeof(struct perf_event_header));
		if (type != PERF_RECORD_SAMPLE)
			continue;
		trial->samples++;
		bool met = false;
		ev_cursor_u64(&body);
		for (uint64_t left = ev_cursor_u64(&body); left && ev_cursor_left(&body); left--)
			met |= ev_cursor_u64(&body) == trial->through;
		trial->stacks += met;
	}
	return 0;
}

int ev_trial_sample(const struct perf_event_attr *attr, int32_t cpu, ev_trial_work work,
		    void *context, struct ev_trial *trial)
{
	struct perf_event_attr tried = *attr;
	struct ev_ring ring = { .cpu = cpu };
	struct ev_buffer copy = { 0 };
	tried.sample_type |= PERF_SAMPLE_IP;
	ring.fd = ev_sys_perf_event_open(&tried, cpu < 0 ? 0 : -1, cpu, -1);
	if (ring.fd < 0)
		return ring.fd;
	int rc = ev_ring_map(&ring, RING_PAGES * (size_t)sysconf(_SC_PAGESIZE));
	/* On a busy host the first try may see nothing. */
	for (int i = 0; !rc && i < 3 && !trial->samples; i++) {
		rc = happen(ring.fd, work, context, trial);
		if (!rc)
			ev_ring_drain(&ring, &copy, take_samples, trial, NULL);
	}
	ev_ring_unmap(&ring);
	ev_buffer_done(&copy);
	ev_sys_close(ring.fd);
	return rc;
}
