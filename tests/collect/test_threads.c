/* Every thread of a command has its count, and the counts add up to the whole: scripted rings
 * first, then live threads and processes. */
// wrap: ev_sys_ring_map ev_sys_ring_unmap ev_sys_perf_event_open ev_sys_ioctl
#include <fcntl.h>
#include <pthread.h>
#include "live.h"
#include "syscalls.h"
#include "threads.h"

/* ---- a kernel that is told what to write into the rings ----------------------------------------
 */

#define RINGS 8
static struct {
	bool on;
	void *base[RINGS];
	int fd[RINGS];
	size_t rings;
} script;

int __real_ev_sys_ring_map(int fd, size_t size_bytes, void **base);
int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base);
int __wrap_ev_sys_ring_map(int fd, size_t size_bytes, void **base)
{
	if (!script.on)
		return __real_ev_sys_ring_map(fd, size_bytes, base);
	assert_true(script.rings < RINGS);
	*base = script.base[script.rings] = calloc(1, size_bytes);
	script.fd[script.rings++] = fd;
	return 0;
}

void __real_ev_sys_ring_unmap(void *base, size_t size_bytes);
void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes);
void __wrap_ev_sys_ring_unmap(void *base, size_t size_bytes)
{
	if (script.on)
		free(base);
	else
		__real_ev_sys_ring_unmap(base, size_bytes);
}

int __real_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd);
int __wrap_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd);
int __wrap_ev_sys_perf_event_open(struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	if (!script.on)
		return __real_ev_sys_perf_event_open(attr, tid, cpu, group_fd);
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

int __real_ev_sys_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ev_sys_ioctl(int fd, unsigned long request, void *argument)
{
	if (!script.on)
		return __real_ev_sys_ioctl(fd, request, argument);
	return 0;
}

static void put(size_t ring, uint32_t type, const void *body, size_t size_bytes)
{
	struct perf_event_mmap_page *control = script.base[ring];
	const struct perf_event_header header = { .type = type,
						  .size = (uint16_t)(sizeof(header) + size_bytes) };
	char *to = (char *)control + sysconf(_SC_PAGESIZE) + control->data_head;
	memcpy(to, &header, sizeof(header));
	memcpy(to + sizeof(header), body, size_bytes);
	control->data_head += header.size;
}

static void put_fork(size_t ring, uint32_t tid, uint32_t parent, uint64_t time_ns)
{
	const struct {
		uint32_t pid, ppid, tid, ptid;
		uint64_t time_ns, id_time_ns;
	} body = { tid, parent, tid, parent, time_ns, time_ns };
	put(ring, PERF_RECORD_FORK, &body, sizeof(body));
}

static void put_exit(size_t ring, uint32_t tid, uint64_t time_ns)
{
	const struct {
		uint32_t pid, ppid, tid, ptid;
		uint64_t time_ns, id_time_ns;
	} body = { tid, 1, tid, 1, time_ns, time_ns };
	put(ring, PERF_RECORD_EXIT, &body, sizeof(body));
}

static void put_comm(size_t ring, uint32_t tid, const char *comm, uint64_t time_ns)
{
	struct {
		uint32_t pid, tid;
		char comm[16];
		uint64_t time_ns;
	} body = { .pid = tid, .tid = tid, .time_ns = time_ns };
	snprintf(body.comm, sizeof(body.comm), "%s", comm);
	put(ring, PERF_RECORD_COMM, &body, sizeof(body));
}

static void put_read(size_t ring, uint32_t tid, uint64_t value, uint64_t time_ns)
{
	const struct {
		uint32_t pid, tid;
		uint64_t value, enabled_ns, running_ns, time_ns;
	} body = { tid, tid, value, 10, 10, time_ns };
	put(ring, PERF_RECORD_READ, &body, sizeof(body));
}

/* The rings of turns are mapped first, one per CPU; then that of event 0. */
static size_t of_event;
static struct ev_threads *scripted(void)
{
	struct ev_threads *threads;
	struct ev_err err = { 0 };
	memset(&script, 0, sizeof(script));
	script.on = true;
	assert_int_equal(ev_threads_open(&threads, 1, NULL, 0, &err), 0);
	of_event = script.rings;
	assert_int_equal(ev_threads_follow(threads, 0, 0, 7, &err), 0);
	return threads;
}

static void done(struct ev_threads *threads)
{
	ev_threads_close(threads);
	script.on = false;
}

static void expect_thread(const struct ev_threads *threads, size_t thread, int32_t tid,
			  const char *comm, uint64_t value)
{
	struct ev_count count;
	assert_int_equal(ev_threads_slot(threads, thread)->tid, tid);
	assert_string_equal(ev_threads_slot(threads, thread)->comm, comm);
	assert_int_equal(ev_threads_read(threads, 0, thread, &count), 0);
	assert_int_equal(count.value, value);
}

static void a_thread_is_named_by_its_parent_until_it_has_a_name(void **state)
{
	(void)state;
	struct ev_threads *threads = scripted();
	put_fork(0, 10, 1, 100);
	put_comm(0, 10, "make", 110);
	put_fork(0, 11, 10, 120);
	put_fork(0, 12, 10, 130);
	put_comm(0, 12, "cc1", 140);
	put_read(of_event, 11, 5, 150);
	put_read(of_event, 12, 7, 160);
	put_read(of_event, 10, 9, 170);
	assert_int_equal(ev_threads_gather(threads, NULL), 0);
	assert_int_equal(ev_threads_count(threads), 3);
	expect_thread(threads, 0, 10, "make", 9);
	expect_thread(threads, 1, 11, "make", 5);
	expect_thread(threads, 2, 12, "cc1", 7);
	done(threads);
}

static void an_id_used_again_is_another_thread(void **state)
{
	(void)state;
	struct ev_threads *threads = scripted();
	put_fork(0, 10, 1, 100);
	put_comm(0, 10, "one", 110);
	put_exit(0, 10, 190);
	put_fork(0, 10, 1, 300);
	put_comm(0, 10, "two", 310);
	put_exit(0, 10, 390);
	put_read(of_event, 10, 5, 191);
	put_read(of_event, 10, 6, 391);
	assert_int_equal(ev_threads_gather(threads, NULL), 0);
	assert_int_equal(ev_threads_count(threads), 2);
	expect_thread(threads, 0, 10, "one", 5);
	expect_thread(threads, 1, 10, "two", 6);
	done(threads);
}

static void a_thread_that_execs_takes_over_the_id_of_the_first(void **state)
{
	(void)state;
	struct ev_threads *threads = scripted();
	put_fork(0, 10, 1, 100);
	put_comm(0, 10, "python3", 110);
	put_fork(0, 11, 10, 120);
	put_exit(0, 10, 200);
	put_comm(0, 10, "ls", 210);
	put_exit(0, 10, 300);
	put_read(of_event, 10, 5, 201);
	put_read(of_event, 10, 6, 301);
	assert_int_equal(ev_threads_gather(threads, NULL), 0);
	expect_thread(threads, 0, 10, "python3", 5);
	expect_thread(threads, 2, 10, "ls", 6);
	struct ev_count count;
	assert_int_equal(ev_threads_read(threads, 0, 1, &count), -ENOENT);
	done(threads);
}

static void what_no_thread_told_is_of_the_only_one_that_runs(void **state)
{
	(void)state;
	struct ev_threads *threads = scripted();
	put_fork(0, 10, 1, 100);
	put_fork(0, 11, 10, 110);
	put_comm(0, 11, "daemon", 120);
	put_exit(0, 10, 190);
	put_read(of_event, 10, 5, 191);
	assert_int_equal(ev_threads_gather(threads, NULL), 0);
	const struct ev_count total = { .value = 12, .enabled_ns = 30, .running_ns = 30 };
	ev_threads_settle(threads, 0, &total, false);
	assert_int_equal(ev_threads_count(threads), 2);
	expect_thread(threads, 0, 10, "", 5);
	expect_thread(threads, 1, 11, "daemon", 7);
	done(threads);
}

/* Thread 10 was there, and so was 20; their counters hold what their descendants counted too. */
static void those_that_were_there_keep_what_their_descendants_did_not_tell(void **state)
{
	(void)state;
	const struct ev_slot places[] = { { .tid = 10, .comm = "main" },
					  { .tid = 20, .comm = "other" } };
	const struct ev_count first = { 100, 50, 50 }, second = { 30, 50, 50 };
	struct ev_threads *threads;
	size_t of_place[2];
	bool lost;
	memset(&script, 0, sizeof(script));
	script.on = true;
	assert_int_equal(ev_threads_open(&threads, 1, places, 2, NULL), 0);
	for (size_t i = 0; i < 2; i++) {
		of_place[i] = script.rings;
		assert_int_equal(ev_threads_follow(threads, 0, i, 7, NULL), 0);
	}
	put_fork(0, 11, 10, 100);
	put_comm(0, 11, "worker", 110);
	put_fork(0, 12, 11, 120); /* a child of the child */
	put_fork(0, 21, 20, 130); /* still runs */
	put_comm(0, 10, "renamed", 140);
	put_exit(0, 10, 150);
	put_read(of_place[0], 11, 5, 160);
	put_read(of_place[0], 12, 7, 170);
	assert_int_equal(ev_threads_gather(threads, NULL), 0);
	ev_threads_settle_place(threads, 0, 0, &first);
	ev_threads_settle_place(threads, 0, 1, &second);
	assert_int_equal(ev_threads_count(threads), 5);
	expect_thread(threads, 0, 10, "renamed", 100 - 5 - 7);
	expect_thread(threads, 1, 20, "other", 30);
	expect_thread(threads, 2, 11, "worker", 5);
	expect_thread(threads, 3, 12, "worker", 7);
	assert_int_equal(ev_threads_running(threads, &lost), 1);
	assert_false(lost);
	done(threads);
}

static void several_that_run_share_a_row(void **state)
{
	(void)state;
	struct ev_threads *threads = scripted();
	put_fork(0, 10, 1, 100);
	put_fork(0, 11, 10, 110);
	assert_int_equal(ev_threads_gather(threads, NULL), 0);
	const struct ev_count total = { .value = 12, .enabled_ns = 30, .running_ns = 30 };
	ev_threads_settle(threads, 0, &total, false);
	assert_int_equal(ev_threads_count(threads), 3);
	expect_thread(threads, 2, -1, "(running)", 12);
	done(threads);
}

static void lost_records_leave_a_row_so_that_nothing_is_missing(void **state)
{
	(void)state;
	struct ev_threads *threads = scripted();
	const uint64_t lost[] = { 1, 3 };
	put_fork(0, 10, 1, 100);
	put_exit(0, 10, 190);
	put_read(of_event, 10, 5, 191);
	put(of_event, PERF_RECORD_LOST, lost, sizeof(lost));
	assert_int_equal(ev_threads_gather(threads, NULL), 0);
	const struct ev_count total = { .value = 9, .enabled_ns = 30, .running_ns = 30 };
	ev_threads_settle(threads, 0, &total, false);
	expect_thread(threads, 0, 10, "", 5);
	expect_thread(threads, 1, -1, "(lost)", 4);
	done(threads);
}

static void evprofs_own_count_is_no_ones(void **state)
{
	(void)state;
	struct ev_threads *threads = scripted();
	put_fork(0, 10, 1, 100);
	put_exit(0, 10, 190);
	put_read(of_event, 10, 5, 191);
	assert_int_equal(ev_threads_gather(threads, NULL), 0);
	const struct ev_count total = { .value = 9, .enabled_ns = 30, .running_ns = 30 };
	ev_threads_settle(threads, 0, &total, true);
	assert_int_equal(ev_threads_count(threads), 1);
	done(threads);
}

static void what_is_not_only_its_own_is_told_to_be_with_evprof(void **state)
{
	(void)state;
	struct ev_threads *threads = scripted();
	put_fork(0, 10, 1, 100);
	assert_int_equal(ev_threads_gather(threads, NULL), 0);
	const struct ev_count total = { .value = 9, .enabled_ns = 30, .running_ns = 30 };
	ev_threads_settle(threads, 0, &total, true);
	expect_thread(threads, 1, -1, "(with evprof)", 9);
	done(threads);
}

static void records_cut_short_are_passed_over(void **state)
{
	(void)state;
	struct ev_threads *threads = scripted();
	const uint32_t few[] = { 10, 10 };
	put(0, PERF_RECORD_FORK, few, sizeof(few));
	put(0, PERF_RECORD_COMM, few, sizeof(few));
	put(of_event, PERF_RECORD_READ, few, sizeof(few));
	put(of_event, PERF_RECORD_LOST, few, sizeof(few));
	assert_int_equal(ev_threads_gather(threads, NULL), 0);
	assert_int_equal(ev_threads_count(threads), 0);
	done(threads);
}

/* ---- live --------------------------------------------------------------------------------------
 */

static struct ev_counters *open_live(struct ev_event_list *events)
{
	const struct ev_counters_options options = { .per_thread = true, .at_exec = true };
	const struct ev_target target = { .kind = EV_TARGET_COMMAND };
	struct ev_counters *counters;
	struct ev_err err = { 0 };
	add_event(events, software_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS, 0));
	add_event(events, software_event("task-clock", PERF_COUNT_SW_TASK_CLOCK, 1));
	if (ev_counters_open(&counters, events, &target, &options, &err))
		fail_msg("%s", err.text);
	return counters;
}

static void run(struct ev_counters *counters, const char *script_text)
{
	char *argv[] = { (char *)"sh", (char *)"-c", (char *)script_text, NULL };
	struct ev_workload *workload;
	struct ev_err err = { 0 };
	int status;
	assert_int_equal(ev_workload_start(&workload, argv, &err), 0);
	assert_int_equal(ev_workload_go(workload, &err), 0);
	while (!ev_workload_ended(workload, false, &status, NULL)) {
		ev_counters_gather(counters, false, NULL);
		usleep(1000);
	}
	ev_workload_close(workload);
	assert_int_equal(ev_counters_gather(counters, true, &err), 0);
}

static void forks_add_up_and_keep_their_names(void **state)
{
	(void)state;
	if (!may_count())
		SKIP("forks_add_up_and_keep_their_names", "this user may not use perf events");
	struct ev_event_list events = { 0 };
	struct ev_counters *counters = open_live(&events);
	/* 300 of them, each ended before the command is. */
	run(counters, "i=0; while [ $i -lt 300 ]; do (:); i=$((i + 1)); done; cat /dev/null");
	size_t cats = 0, counted = 0;
	assert_int_equal(ev_counters_slot_count(counters), 302);
	for (size_t slot = 0; slot < ev_counters_slot_count(counters); slot++) {
		struct ev_count faults, clock;
		cats += !strcmp(ev_counters_slot(counters, slot)->comm, "cat");
		assert_true(ev_counters_slot(counters, slot)->tid > 0);
		assert_int_equal(ev_counters_read(counters, 0, slot, &faults), 0);
		assert_int_equal(ev_counters_read(counters, 1, slot, &clock), 0);
		counted += faults.value > 0;
		assert_true(clock.value > 0);
		assert_int_equal(clock.enabled_ns, clock.running_ns);
	}
	assert_int_equal(cats, 1);
	assert_int_equal(counted, 302);
	ev_counters_close(counters);
	ev_event_list_done(&events);
}

static void *touch_in_thread(void *unused)
{
	touch_pages(100);
	return unused;
}

/* What a thread counts when it is not kept apart is the truth for what it counts when it is. */
static void threads_of_a_child_count_the_pages_they_touch(void **state)
{
	(void)state;
	if (!may_count())
		SKIP("threads_of_a_child_count_the_pages_they_touch",
		     "this user may not use perf events");
	const struct ev_counters_options options = { .per_thread = true };
	const struct ev_target target = { .kind = EV_TARGET_COMMAND };
	struct ev_event_list events = { 0 };
	struct ev_counters *counters;
	size_t full = 0;
	add_event(&events, software_event("page-faults", PERF_COUNT_SW_PAGE_FAULTS, 0));
	assert_int_equal(ev_counters_open(&counters, &events, &target, &options, NULL), 0);
	pid_t pid = fork();
	if (!pid) {
		pthread_t threads[8];
		for (size_t i = 0; i < EV_LENGTH(threads); i++)
			pthread_create(&threads[i], NULL, touch_in_thread, NULL);
		for (size_t i = 0; i < EV_LENGTH(threads); i++)
			pthread_join(threads[i], NULL);
		_exit(0);
	}
	waitpid(pid, NULL, 0);
	assert_int_equal(ev_counters_gather(counters, true, NULL), 0);
	assert_int_equal(ev_counters_slot_count(counters), 9);
	for (size_t slot = 0; slot < 9; slot++) {
		struct ev_count count;
		assert_int_equal(ev_counters_read(counters, 0, slot, &count), 0);
		if (ev_counters_slot(counters, slot)->tid != pid)
			full += count.value >= 100 && count.value < 200;
	}
	assert_int_equal(full, 8);
	ev_counters_close(counters);
	ev_event_list_done(&events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_thread_is_named_by_its_parent_until_it_has_a_name),
		cmocka_unit_test(an_id_used_again_is_another_thread),
		cmocka_unit_test(a_thread_that_execs_takes_over_the_id_of_the_first),
		cmocka_unit_test(what_no_thread_told_is_of_the_only_one_that_runs),
		cmocka_unit_test(those_that_were_there_keep_what_their_descendants_did_not_tell),
		cmocka_unit_test(several_that_run_share_a_row),
		cmocka_unit_test(lost_records_leave_a_row_so_that_nothing_is_missing),
		cmocka_unit_test(evprofs_own_count_is_no_ones),
		cmocka_unit_test(what_is_not_only_its_own_is_told_to_be_with_evprof),
		cmocka_unit_test(records_cut_short_are_passed_over),
		cmocka_unit_test(forks_add_up_and_keep_their_names),
		cmocka_unit_test(threads_of_a_child_count_the_pages_they_touch),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
