/* Rings that do not fit are halved until they do. */
// wrap: ev_sys_ring_map ev_sys_ring_unmap ev_sys_ioctl ev_sys_poll ev_lock_limit_find
#include <poll.h>
#include <sys/ioctl.h>
#include "live.h"
#include "sampler.h"

static struct {
	size_t allowed_bytes; /* that may be mapped at once */
	size_t mapped_bytes;
	int error, maps, unmaps, redirected;
	int hung_up[16];
	size_t hung_up_count;
} kernel;

int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base);
int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base)
{
	(void)fd;
	if (kernel.mapped_bytes + size_bytes > kernel.allowed_bytes)
		return -kernel.error;
	kernel.mapped_bytes += size_bytes;
	kernel.maps++;
	*base = malloc(1);
	return 0;
}

void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes);
void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes)
{
	kernel.mapped_bytes -= size_bytes;
	kernel.unmaps++;
	free(base);
}

int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument)
{
	(void)fd, (void)argument;
	kernel.redirected += request == PERF_EVENT_IOC_SET_OUTPUT;
	return 0;
}

int __wrap_ev_sys_poll(struct pollfd *fds, size_t count, int timeout_ms);
int __wrap_ev_sys_poll(struct pollfd *fds, size_t count, int timeout_ms)
{
	int ready = 0;
	(void)timeout_ms;
	for (size_t i = 0; i < count; i++) {
		fds[i].revents = 0;
		for (size_t h = 0; h < kernel.hung_up_count; h++)
			if (fds[i].fd == kernel.hung_up[h])
				fds[i].revents = POLLHUP;
		ready += fds[i].revents != 0;
	}
	return ready;
}

static struct ev_lock_limit lock_limit;

struct ev_lock_limit __wrap_ev_lock_limit_find(void);
struct ev_lock_limit __wrap_ev_lock_limit_find(void)
{
	return lock_limit;
}

/* Two CPUs, two events, two threads: descriptors 100 to 107. */
static struct ev_ring rings[2];
static size_t polled[2];
static int fds[8];
static struct ev_sampler sampler;

static int prepare(void **state)
{
	(void)state;
	memset(&kernel, 0, sizeof(kernel));
	kernel.error = EPERM;
	kernel.allowed_bytes = SIZE_MAX / 2;
	lock_limit = (struct ev_lock_limit){ .unlimited = true, .cpus = 2 };
	memset(rings, 0, sizeof(rings));
	memset(polled, 0, sizeof(polled));
	for (int i = 0; i < 8; i++)
		fds[i] = 100 + i;
	sampler = (struct ev_sampler){ .kind = EV_TARGET_PIDS,
				       .event_count = 2,
				       .tid_count = 2,
				       .rings = rings,
				       .ring_count = 2,
				       .fds = fds,
				       .polled = polled };
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++)
		ev_ring_unmap(&rings[i]);
	assert_int_equal(kernel.maps, kernel.unmaps);
	assert_int_equal(kernel.mapped_bytes, 0);
	return 0;
}

static const struct ev_sampler_options as_it_fits = { 0 };

static void one_ring_per_cpu_serves_all_its_descriptors(void **state)
{
	(void)state;
	assert_int_equal(ev_sampler_map(&sampler, &as_it_fits, NULL), 0);
	assert_int_equal(kernel.maps, 2);
	assert_int_equal(kernel.redirected, 6);
	assert_int_equal(rings[0].fd, 100);
	assert_int_equal(rings[1].fd, 102);
	assert_int_equal(ev_sampler_ring_count(&sampler), 2);
	assert_true(ev_sampler_ring_bytes(&sampler) >= 65536);
}

static void a_ring_that_may_not_be_locked_is_halved(void **state)
{
	(void)state;
	size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
	struct ev_sampler_options options = { .ring_bytes = 1 << 20 };
	kernel.allowed_bytes = 2 * ((256 << 10) + page_bytes);
	assert_int_equal(ev_sampler_map(&sampler, &options, NULL), 0);
	assert_int_equal(ev_sampler_ring_bytes(&sampler), 256 << 10);
	assert_int_equal(kernel.unmaps, 1); /* one ring of the size before fitted alone */
}

static void a_ring_that_may_not_be_locked_is_not_even_tried(void **state)
{
	(void)state;
	struct ev_sampler_options options = { .ring_bytes = 4 << 20 };
	lock_limit = (struct ev_lock_limit){ .per_cpu_kb = 516, .cpus = 2, .own_bytes = 64 << 10 };
	assert_int_equal(ev_sampler_map(&sampler, &options, NULL), 0);
	assert_int_equal(ev_sampler_ring_bytes(&sampler), 512 << 10);
	assert_int_equal(kernel.maps, 2);
	assert_non_null(
		strstr(ev_sampler_ring_note(&sampler),
		       "rings of 512 KiB instead of 4096 KiB: this user may lock 1096 KiB"));
}

static void rings_as_large_as_wanted_need_no_note(void **state)
{
	(void)state;
	assert_int_equal(ev_sampler_map(&sampler, &as_it_fits, NULL), 0);
	assert_string_equal(ev_sampler_ring_note(&sampler), "");
}

static void memory_that_is_short_is_no_end_either(void **state)
{
	(void)state;
	struct ev_sampler_options options = { .ring_bytes = 1 << 20 };
	kernel.error = ENOMEM;
	kernel.allowed_bytes = 1 << 20;
	assert_int_equal(ev_sampler_map(&sampler, &options, NULL), 0);
	assert_int_equal(ev_sampler_ring_bytes(&sampler), 256 << 10);
}

static void nothing_below_the_floor_is_tried(void **state)
{
	(void)state;
	struct ev_err err = { 0 };
	kernel.allowed_bytes = (size_t)sysconf(_SC_PAGESIZE) * 9;
	assert_int_equal(ev_sampler_map(&sampler, &as_it_fits, &err), -EPERM);
	assert_non_null(strstr(err.text, "perf_event_mlock_kb"));
	assert_int_equal(kernel.maps, kernel.unmaps);
}

static void another_refusal_is_not_retried(void **state)
{
	(void)state;
	struct ev_err err = { 0 };
	kernel.error = EINVAL;
	kernel.allowed_bytes = 0;
	assert_int_equal(ev_sampler_map(&sampler, &as_it_fits, &err), -EINVAL);
	assert_int_equal(kernel.maps, 0);
}

static void a_size_that_was_given_is_made_a_power_of_two(void **state)
{
	(void)state;
	struct ev_sampler_options options = { .ring_bytes = 300 << 10 };
	assert_int_equal(ev_sampler_map(&sampler, &options, NULL), 0);
	assert_int_equal(ev_sampler_ring_bytes(&sampler), 512 << 10);
}

static void a_cpu_without_descriptors_has_no_ring(void **state)
{
	(void)state;
	fds[2] = fds[3] = fds[6] = fds[7] = -1;
	assert_int_equal(ev_sampler_map(&sampler, &as_it_fits, NULL), 0);
	assert_int_equal(kernel.maps, 1);
	assert_int_equal(ev_sampler_ring_count(&sampler), 1);
	assert_int_equal(kernel.redirected, 3);
}

static void the_first_thread_may_be_gone(void **state)
{
	(void)state;
	fds[0] = fds[4] = -1;
	assert_int_equal(ev_sampler_map(&sampler, &as_it_fits, NULL), 0);
	assert_int_equal(rings[0].fd, 101);
}

static void hang_up(int fd)
{
	kernel.hung_up[kernel.hung_up_count++] = fd;
}

static void a_descriptor_that_hung_up_is_not_polled_again(void **state)
{
	(void)state;
	assert_int_equal(ev_sampler_map(&sampler, &as_it_fits, NULL), 0);
	hang_up(100);
	hang_up(102);
	assert_int_equal(ev_sampler_wait(&sampler, 0, -1), 2);
	assert_int_equal(ev_sampler_wait(&sampler, 0, -1), 0);
	assert_false(ev_sampler_targets_gone(&sampler));
}

static void when_all_have_hung_up_the_targets_are_gone(void **state)
{
	(void)state;
	assert_int_equal(ev_sampler_map(&sampler, &as_it_fits, NULL), 0);
	for (int fd = 100; fd < 108; fd++)
		hang_up(fd);
	assert_true(ev_sampler_targets_gone(&sampler));
	ev_sampler_wait(&sampler, 0, -1);
	assert_int_equal(ev_sampler_wait(&sampler, 0, -1), 0);
	assert_true(ev_sampler_targets_gone(&sampler));
	sampler.kind = EV_TARGET_SYSTEM;
	assert_false(ev_sampler_targets_gone(&sampler));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, prepare, tidy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_ring_per_cpu_serves_all_its_descriptors),
		TEST(a_ring_that_may_not_be_locked_is_halved),
		TEST(a_ring_that_may_not_be_locked_is_not_even_tried),
		TEST(rings_as_large_as_wanted_need_no_note),
		TEST(memory_that_is_short_is_no_end_either),
		TEST(nothing_below_the_floor_is_tried),
		TEST(another_refusal_is_not_retried),
		TEST(a_size_that_was_given_is_made_a_power_of_two),
		TEST(a_cpu_without_descriptors_has_no_ring),
		TEST(the_first_thread_may_be_gone),
		TEST(a_descriptor_that_hung_up_is_not_polled_again),
		TEST(when_all_have_hung_up_the_targets_are_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
