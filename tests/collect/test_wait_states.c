/* What a thread waits for, by the signs that it gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <sys/syscall.h>
#include "wait_states.h"

static enum ev_wait_state in_call(int64_t number)
{
	return ev_wait_state_of(&(struct ev_wait_signs){
		.task_state = EV_TASK_INTERRUPTIBLE, .has_user = true, .syscall = number });
}

static void a_system_call_tells_what_an_interruptible_wait_is_for(void **state)
{
	(void)state;
	assert_int_equal(in_call(SYS_futex), EV_STATE_LOCK);
	assert_int_equal(in_call(SYS_clock_nanosleep), EV_STATE_SLEEP);
	assert_int_equal(in_call(SYS_read), EV_STATE_READ);
	assert_int_equal(in_call(SYS_sendto), EV_STATE_WRITE);
	assert_int_equal(in_call(SYS_ppoll), EV_STATE_POLL);
	assert_int_equal(in_call(SYS_wait4), EV_STATE_CHILD);
	assert_int_equal(in_call(SYS_rt_sigtimedwait), EV_STATE_SIGNAL);
	assert_int_equal(in_call(SYS_getpid), EV_STATE_OTHER);
}

static void who_can_run_waits_for_a_cpu(void **state)
{
	(void)state;
	struct ev_wait_signs signs = { .has_user = true, .syscall = SYS_read };
	assert_int_equal(ev_wait_state_of(&signs), EV_STATE_PREEMPTED);
	signs.task_state = EV_TASK_INTERRUPTIBLE; /* on its way to a wait */
	signs.preempted = true;
	assert_int_equal(ev_wait_state_of(&signs), EV_STATE_PREEMPTED);
}

static void the_kernel_tells_of_a_wait_for_a_block_device(void **state)
{
	(void)state;
	struct ev_wait_signs signs = { .task_state = EV_TASK_UNINTERRUPTIBLE,
				       .in_iowait = true,
				       .has_user = true,
				       .syscall = SYS_write };
	assert_int_equal(ev_wait_state_of(&signs), EV_STATE_DISK);
	signs.in_iowait = false;
	assert_int_equal(ev_wait_state_of(&signs), EV_STATE_KERNEL);
}

static void who_is_in_no_system_call_waits_for_memory(void **state)
{
	(void)state;
	struct ev_wait_signs signs = { .task_state = EV_TASK_UNINTERRUPTIBLE,
				       .in_iowait = true,
				       .has_user = true,
				       .syscall = -1 };
	assert_int_equal(ev_wait_state_of(&signs), EV_STATE_FAULT);
}

static void a_parent_that_waits_for_its_vfork_waits_for_a_child(void **state)
{
	(void)state;
	struct ev_wait_signs signs = { .task_state = EV_TASK_UNINTERRUPTIBLE | 0x100,
				       .has_user = true,
				       .syscall = SYS_clone };
	assert_int_equal(ev_wait_state_of(&signs), EV_STATE_CHILD);
}

static void stopped_ones_are_stopped_whatever_they_did(void **state)
{
	(void)state;
	static const uint32_t states[] = { EV_TASK_STOPPED, EV_TASK_TRACED,
					   EV_TASK_FROZEN | EV_TASK_INTERRUPTIBLE };
	for (size_t i = 0; i < EV_LENGTH(states); i++)
		assert_int_equal(ev_wait_state_of(&(struct ev_wait_signs){ .task_state = states[i],
									   .has_user = true,
									   .syscall = -1 }),
				 EV_STATE_STOPPED);
}

static void numbers_of_another_kind_of_program_are_not_taken_for_ours(void **state)
{
	(void)state;
	struct ev_wait_signs signs = { .task_state = EV_TASK_INTERRUPTIBLE,
				       .has_user = true,
				       .syscall = SYS_futex,
				       .other_numbers = true };
	assert_int_equal(ev_wait_state_of(&signs), EV_STATE_OTHER);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_system_call_tells_what_an_interruptible_wait_is_for),
		cmocka_unit_test(who_can_run_waits_for_a_cpu),
		cmocka_unit_test(the_kernel_tells_of_a_wait_for_a_block_device),
		cmocka_unit_test(who_is_in_no_system_call_waits_for_memory),
		cmocka_unit_test(a_parent_that_waits_for_its_vfork_waits_for_a_child),
		cmocka_unit_test(stopped_ones_are_stopped_whatever_they_did),
		cmocka_unit_test(numbers_of_another_kind_of_program_are_not_taken_for_ours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
