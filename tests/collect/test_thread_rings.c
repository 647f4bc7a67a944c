/* Rings for single threads are had as large as this user may lock them, of those that still run. */
// wrap: ev_sys_ring_map ev_sys_ring_unmap ev_sys_perf_event_open ev_sys_ioctl
#include <fcntl.h>
#include <stdlib.h>
#include "live.h"
#include "syscalls.h"
#include "thread_rings.h"

static struct {
	size_t largest_bytes; /* of a ring */
	int refused;
	bool leads_nothing;
	int32_t ended; /* a thread */
} kernel;

int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base);
int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base)
{
	(void)fd;
	if (kernel.largest_bytes && size_bytes > kernel.largest_bytes) {
		kernel.refused++;
		return -EPERM;
	}
	*base = calloc(1, size_bytes);
	return 0;
}

void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes);
void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes)
{
	(void)size_bytes;
	free(base);
}

int __wrap_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd);
int __wrap_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr;
	(void)cpu;
	(void)group_fd;
	return kernel.ended && tid == kernel.ended ? -ESRCH
						   : open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument)
{
	(void)fd;
	(void)request;
	(void)argument;
	return kernel.leads_nothing ? -EINVAL : 0;
}

static const int32_t itself[] = { 0 };

static void rings_shrink_to_what_may_be_locked(void **state)
{
	(void)state;
	struct ev_thread_rings rings = { 0 };
	struct ev_err err = { 0 };
	memset(&kernel, 0, sizeof(kernel));
	kernel.largest_bytes = 40 << 10;
	assert_int_equal(ev_thread_rings_open(&rings, 0, itself, 1, &err), 0);
	assert_true(kernel.refused > 0);
	ev_thread_rings_close(&rings);
	kernel.largest_bytes = 1;
	assert_int_equal(ev_thread_rings_open(&rings, 0, itself, 1, &err), -EPERM);
	assert_non_null(strstr(err.text, "perf_event_mlock_kb"));
	ev_thread_rings_close(&rings);
}

static void a_kernel_that_leads_no_output_is_told(void **state)
{
	(void)state;
	struct ev_thread_rings rings = { 0 };
	struct ev_err err = { 0 };
	memset(&kernel, 0, sizeof(kernel));
	assert_int_equal(ev_thread_rings_open(&rings, 1, itself, 1, &err), 0);
	kernel.leads_nothing = true;
	assert_int_equal(ev_thread_rings_follow(&rings, 0, 0, 0, 7, &err), -EINVAL);
	assert_non_null(strstr(err.text, "this kernel"));
	ev_thread_rings_close(&rings);
}

/* A main thread may end before the others do. */
static void threads_that_have_ended_are_passed_over(void **state)
{
	(void)state;
	static const int32_t tids[] = { 10, 20 };
	for (size_t gone = 0; gone < EV_LENGTH(tids); gone++) {
		struct ev_thread_rings rings = { 0 };
		struct ev_err err = { 0 };
		size_t mapped = 0, event, place;
		memset(&kernel, 0, sizeof(kernel));
		kernel.ended = tids[gone];
		assert_int_equal(ev_thread_rings_open(&rings, 1, tids, 2, &err), 0);
		for (size_t i = 0; i < 2; i++)
			assert_int_equal(ev_thread_rings_follow(&rings, 0, i, tids[i], 7, &err), 0);
		for (size_t i = 0; i < rings.count; i++) {
			bool reads = ev_thread_rings_reads(&rings, i, &event, &place);
			if (!rings.items[i].base) {
				assert_true(reads);
				assert_int_equal(place, gone);
			}
			mapped += reads && rings.items[i].base;
		}
		assert_int_equal(mapped, 1);
		ev_thread_rings_close(&rings);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rings_shrink_to_what_may_be_locked),
		cmocka_unit_test(a_kernel_that_leads_no_output_is_told),
		cmocka_unit_test(threads_that_have_ended_are_passed_over),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
