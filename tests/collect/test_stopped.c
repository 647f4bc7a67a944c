/* A child's threads stand still, are looked at, and go on. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include <evprof/collect_stopped.h>
#include <evprof/symbol_unwind.h>
#include "syscalls.h"

// wrap: ev_sys_memory_read ev_sys_trace
static int memory_refusal, trace_refusal; /* 0: the kernel decides */

ssize_t __wrap_ev_sys_memory_read(pid_t pid, uint64_t address, void *bytes, size_t size_bytes);
ssize_t __real_ev_sys_memory_read(pid_t pid, uint64_t address, void *bytes, size_t size_bytes);
ssize_t __wrap_ev_sys_memory_read(pid_t pid, uint64_t address, void *bytes, size_t size_bytes)
{
	return memory_refusal ? memory_refusal
			      : __real_ev_sys_memory_read(pid, address, bytes, size_bytes);
}
int __wrap_ev_sys_trace(int request, pid_t tid, uint64_t address, void *data);
int __real_ev_sys_trace(int request, pid_t tid, uint64_t address, void *data);
int __wrap_ev_sys_trace(int request, pid_t tid, uint64_t address, void *data)
{
	return trace_refusal ? trace_refusal : __real_ev_sys_trace(request, tid, address, data);
}

/* ---- the child ----------------------------------------------------------------------------------
 */

static const char marker[] = "a text that is in memory";
static int from_child[2];
static volatile uint64_t counter; /* of the child: grows as long as it runs */

static void *count_on(void *unused)
{
	prctl(PR_SET_NAME, "counting");
	for (;;)
		counter++;
	return unused;
}

static pid_t start_child(void)
{
	assert_int_equal(pipe(from_child), 0);
	pid_t pid = fork();
	if (!pid) {
		pthread_t thread;
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&thread, NULL, count_on, NULL);
		while (!counter)
			usleep(1000);
		if (write(from_child[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	char ready;
	assert_int_equal(read(from_child[0], &ready, 1), 1);
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(from_child[0]);
	close(from_child[1]);
}

static bool stop(struct ev_stopped *stopped, pid_t pid, struct ev_err *err)
{
	int rc = ev_process_stop(stopped, (uint32_t)pid, false, err);
	if (!rc && !stopped->trouble[0])
		return true;
	print_message("SKIP stopping a process: %s\n", rc ? err->text : stopped->trouble);
	ev_process_release(stopped);
	return false;
}

static uint64_t count_of(pid_t pid)
{
	uint32_t number = (uint32_t)pid;
	uint64_t count = 0;
	ev_process_memory(&number, (uintptr_t)&counter, (void *)&count, sizeof(count));
	return count;
}

/* ---- tests --------------------------------------------------------------------------------------
 */

static void all_threads_stand_still_until_they_are_released(void **state)
{
	(void)state;
	struct ev_stopped stopped;
	struct ev_err err = { 0 };
	pid_t pid = start_child();
	if (!stop(&stopped, pid, &err)) {
		end_child(pid);
		skip();
	}
	assert_int_equal(stopped.threads.count, 2);
	assert_int_equal(stopped.threads.items[0].tid, pid);
	assert_true(stopped.threads.items[0].stopped && stopped.threads.items[1].stopped);
	assert_string_equal(stopped.threads.items[1].name, "counting");
	uint8_t text[sizeof(marker)];
	uint32_t number = (uint32_t)pid;
	assert_int_equal(ev_process_memory(&number, (uintptr_t)marker, text, sizeof(text)), 0);
	assert_string_equal((char *)text, marker);
	uint64_t before = count_of(pid), now;
	usleep(20000);
	assert_int_equal(count_of(pid), before);
	assert_int_equal(ev_process_memory(&number, 16, text, sizeof(text)), -EFAULT);
	ev_process_release(&stopped);
	assert_int_equal(stopped.threads.count, 0);
	for (unsigned i = 0; (now = count_of(pid)) == before && i < 10000; i++)
		usleep(1000);
	assert_true(now > before);
	assert_true(stop(&stopped, pid, &err));
	ev_process_release(&stopped);
	end_child(pid);
}

static void a_stopped_thread_is_a_sample_with_its_stack(void **state)
{
	(void)state;
	struct ev_stopped stopped;
	struct ev_stopped_values values;
	struct ev_buffer stack = { 0 };
	struct ev_sample sample;
	struct ev_err err = { 0 };
	pid_t pid = start_child();
	if (!stop(&stopped, pid, &err)) {
		end_child(pid);
		skip();
	}
#if defined(__x86_64__) || defined(__aarch64__)
	assert_true(ev_stopped_sample((uint32_t)pid, stopped.threads.items, &values, &stack,
				      1 << 20, &sample));
	assert_int_equal(sample.tid, pid);
	assert_true(sample.ip != 0 && sample.user_stack_bytes > 0);
	assert_int_equal(sample.user_regs_mask & ev_unwind_registers(), ev_unwind_registers());
	/* No more than was asked for, but for the last part. */
	assert_true(ev_stopped_sample((uint32_t)pid, &stopped.threads.items[1], &values, &stack, 1,
				      &sample));
	assert_true(sample.user_stack_bytes <= 1 << 16);
#endif
	struct ev_stopped_thread running = stopped.threads.items[0];
	running.stopped = false;
	assert_false(ev_stopped_sample((uint32_t)pid, &running, &values, &stack, 1 << 20, &sample));
	ev_buffer_done(&stack);
	ev_process_release(&stopped);
	end_child(pid);
}

static void refusals_name_cause_and_cure(void **state)
{
	(void)state;
	struct ev_stopped stopped;
	struct ev_err err = { 0 };
	memory_refusal = -EPERM;
	assert_int_equal(ev_process_stop(&stopped, (uint32_t)getpid(), false, &err), -EPERM);
	assert_non_null(strstr(err.text, "process "));
	memory_refusal = -ESRCH;
	assert_int_equal(ev_process_stop(&stopped, 999999999, false, &err), -ESRCH);
	assert_string_equal(err.text, "there is no process 999999999 (any more)");
	memory_refusal = 0;
}

static void who_may_not_be_stopped_is_listed_and_that_is_said(void **state)
{
	(void)state;
	struct ev_stopped stopped;
	struct ev_err err = { 0 };
	memory_refusal = -EFAULT;
	trace_refusal = -EPERM;
	assert_int_equal(ev_process_stop(&stopped, (uint32_t)getpid(), false, &err), 0);
	memory_refusal = trace_refusal = 0;
	assert_int_equal(stopped.threads.count, 1);
	assert_false(stopped.threads.items[0].stopped);
	assert_non_null(strstr(stopped.trouble, "not stopped: "));
	ev_process_release(&stopped);
}

static void without_stopping_nothing_is_traced(void **state)
{
	(void)state;
	struct ev_stopped stopped;
	struct ev_err err = { 0 };
	memory_refusal = -EFAULT;
	trace_refusal = -EIO; /* would be told */
	assert_int_equal(ev_process_stop(&stopped, (uint32_t)getpid(), true, &err), 0);
	memory_refusal = trace_refusal = 0;
	assert_int_equal(stopped.threads.count, 1);
	assert_string_equal(stopped.trouble, "");
	assert_string_equal(stopped.threads.items[0].name, "test_stopped");
	ev_process_release(&stopped);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_threads_stand_still_until_they_are_released),
		cmocka_unit_test(a_stopped_thread_is_a_sample_with_its_stack),
		cmocka_unit_test(refusals_name_cause_and_cure),
		cmocka_unit_test(who_may_not_be_stopped_is_listed_and_that_is_said),
		cmocka_unit_test(without_stopping_nothing_is_traced),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
