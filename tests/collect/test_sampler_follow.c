/* A process whose samples are signals in it as well: as many of both, told apart from the rest. */
#include <sys/mman.h>
#include "live.h"

#define DATA 4711

struct shared {
	int ready, go;
	unsigned signals, others;
};
static struct shared *shared;

static void on_trap(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	if (info->si_code == 6 /* TRAP_PERF */)
		shared->signals++;
	else
		shared->others++;
}

static _Noreturn void work(void)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO };
	sigaction(SIGTRAP, &action, NULL);
	__atomic_store_n(&shared->ready, 1, __ATOMIC_RELEASE);
	while (!__atomic_load_n(&shared->go, __ATOMIC_ACQUIRE))
		usleep(1000);
	touch_pages(100);
	_exit(0);
}

struct counts {
	unsigned followed, plain;
};
static int count(void *context, const void *bytes, size_t size_bytes, struct ev_err *err)
{
	struct counts *counts = context;
	(void)err;
	for (const uint8_t *at = bytes, *end = at + size_bytes; at < end;) {
		struct perf_event_header header;
		memcpy(&header, at, sizeof(header));
		if (header.type == PERF_RECORD_SAMPLE && header.misc & EV_MISC_FOLLOWED)
			counts->followed++;
		else if (header.type == PERF_RECORD_SAMPLE)
			counts->plain++;
		at += header.size;
	}
	return 0;
}

static void samples_of_a_followed_process_are_signals_too(void **state)
{
	(void)state;
	const char *name = "samples_of_a_followed_process_are_signals_too";
	struct ev_event_list list = { 0 };
	struct ev_recording recording = { 0 };
	struct ev_sampler *sampler = NULL;
	struct ev_followed *followed = NULL;
	struct ev_err err = { 0 };
	struct counts counts = { 0 };
	if (!may_count()) {
		print_message("SKIP %s: perf events may not be used\n", name);
		skip();
	}
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	pid_t child = fork();
	if (!child)
		work();
	for (int i = 0; i < 30000 && !__atomic_load_n(&shared->ready, __ATOMIC_ACQUIRE); i++)
		usleep(1000);
	uint32_t pid = (uint32_t)child;
	struct ev_target target = { .kind = EV_TARGET_PIDS, .ids = &pid, .id_count = 1 };
	struct ev_sampler_options options = { .period_events = 1,
					      .identified = true,
					      .clock_id = -1 };
	add_event(&list, software_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS, 0));
	list.items[0].attr.exclude_kernel = 1;
	int rc = ev_sampler_open(&sampler, &list, &target, &options, &recording, &err);
	if (!rc)
		rc = ev_sampler_follow(sampler, pid, DATA, &followed, &err);
	__atomic_store_n(&shared->go, 1, __ATOMIC_RELEASE);
	waitpid(child, NULL, 0);
	if (!rc)
		rc = ev_sampler_drain(sampler, count, &counts, &err);
	ev_sampler_leave(sampler, followed);
	ev_sampler_close(sampler);
	ev_recording_done(&recording);
	ev_array_done(&list);
	if (rc == -EINVAL) {
		print_message("SKIP %s: the kernel sends no such signals (before 5.13)\n", name);
		skip();
	}
	if (rc)
		fail_msg("%s", err.text);
	/* Two events that count the same share a sample, and so an id. */
	assert_true(counts.followed >= 100);
	assert_true(shared->signals >= 100);
	assert_int_equal(shared->others, 0);
	munmap(shared, sizeof(*shared));
}

static void what_happens_in_the_kernel_is_not_followed(void **state)
{
	(void)state;
	struct perf_event_attr attr = { .type = PERF_TYPE_SOFTWARE,
					.config = PERF_COUNT_SW_CONTEXT_SWITCHES };
	assert_false(ev_attr_may_follow(&attr));
	attr.config = PERF_COUNT_SW_DUMMY;
	assert_false(ev_attr_may_follow(&attr));
	attr.config = PERF_COUNT_SW_CPU_CLOCK;
	assert_true(ev_attr_may_follow(&attr));
	attr.sample_type = PERF_SAMPLE_READ;
	assert_false(ev_attr_may_follow(&attr));
	attr = (struct perf_event_attr){ .type = PERF_TYPE_TRACEPOINT };
	assert_false(ev_attr_may_follow(&attr));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_of_a_followed_process_are_signals_too),
		cmocka_unit_test(what_happens_in_the_kernel_is_not_followed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
