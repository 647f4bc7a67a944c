/* One interval, as the BPF program tells it, becomes a sample. */
#include <sys/syscall.h>
#include "live.h"
#include "bpf_waits.h"
#include "wait_states.h"

static struct ev_wait_sample room;
static struct ev_wait wait_of(uint32_t what)
{
	memset(&room, 0, sizeof(room));
	return (struct ev_wait){ .what = what,
				 .pid = 7,
				 .tid = 8,
				 .cpu = 1,
				 .begin_ns = 1000,
				 .end_ns = 3500,
				 .syscall = SYS_futex,
				 .task_state = EV_TASK_INTERRUPTIBLE };
}

static void an_interval_is_a_sample_of_so_many_ns_at_its_end(void **state)
{
	(void)state;
	struct ev_wait wait = wait_of(EV_WAIT_INTERVAL);
	struct ev_record record;
	wait.kernel_count = 2;
	wait.kernel[0] = 0xffffffff81000100;
	wait.kernel[1] = 0xffffffff81000200;
	wait.user_count = 1;
	wait.user[0] = 0x401000;
	ev_wait_record(&wait, &room, &record);
	assert_int_equal(record.type, PERF_RECORD_SAMPLE);
	assert_int_equal(record.tid, 8);
	assert_int_equal(record.time_ns, 3500);
	assert_int_equal(record.sample.period, 2500);
	assert_int_equal(ev_wait_state_at(record.sample.ip), EV_STATE_LOCK);
	const uint64_t expected[] = { (uint64_t)PERF_CONTEXT_KERNEL,
				      ev_wait_state_address(EV_STATE_LOCK),
				      0xffffffff81000100,
				      0xffffffff81000200,
				      (uint64_t)PERF_CONTEXT_USER,
				      0x401000 };
	assert_int_equal(record.sample.chain_count, EV_LENGTH(expected));
	assert_memory_equal(record.sample.chain, expected, sizeof(expected));
}

static void a_copied_stack_comes_with_its_registers(void **state)
{
	(void)state;
	struct ev_wait wait = wait_of(EV_WAIT_INTERVAL);
	struct ev_record record;
	if (!ev_unwind_registers())
		SKIP("a_copied_stack_comes_with_its_registers",
		     "stacks of this machine are not unwound");
	for (size_t i = 0; i < EV_WAIT_REGISTERS; i++)
		wait.registers[i] = 1000 + i;
	wait.copied_bytes = 64;
	ev_wait_record(&wait, &room, &record);
	assert_int_equal(record.sample.user_stack_bytes, 64);
	assert_ptr_equal(record.sample.user_stack, wait.copy);
	assert_int_equal(record.sample.user_regs_mask, ev_unwind_registers());
	size_t count = (size_t)__builtin_popcountll(ev_unwind_registers());
	/* All of them are told, each once. */
	for (size_t i = 0; i < count; i++) {
		assert_in_range(record.sample.user_regs[i], 1000, 1000 + EV_WAIT_REGISTERS - 1);
		for (size_t k = 0; k < i; k++)
			assert_true(record.sample.user_regs[i] != record.sample.user_regs[k]);
	}
}

static void frames_of_the_program_that_looks_are_left_out(void **state)
{
	(void)state;
	struct ev_wait wait = wait_of(EV_WAIT_INTERVAL);
	struct ev_record record;
	room.functions[EV_WAIT_OF_SWITCH] =
		(struct ev_kernel_function){ "__schedule", 0xffffffff82000000, 0xffffffff82001000 };
	wait.kernel_count = 3;
	wait.kernel[0] = 0xffffffffc0000123;
	wait.kernel[1] = 0xffffffff82000618;
	wait.kernel[2] = 0xffffffff81000200;
	ev_wait_record(&wait, &room, &record);
	assert_int_equal(record.sample.chain_count, 4);
	assert_int_equal(record.sample.chain[2], 0xffffffff82000618);
}

static void an_interrupt_that_wakes_is_nobodys(void **state)
{
	(void)state;
	struct ev_wait wait = wait_of(EV_WAIT_WAKER);
	struct ev_record record;
	room.functions[EV_WAIT_OF_INTERRUPT] =
		(struct ev_kernel_function){ "asm_sysvec_apic_timer_interrupt", 0xffffffff82000000,
					     0xffffffff82001000 };
	wait.kernel_count = 3;
	wait.kernel[0] = 0xffffffff81000200; /* wakes */
	wait.kernel[1] = 0xffffffff82000100; /* the interrupt */
	wait.kernel[2] = 0xffffffff81000300; /* was interrupted */
	wait.user_count = 1;
	wait.user[0] = 0x401000;
	ev_wait_record(&wait, &room, &record);
	assert_int_equal(record.pid, 0);
	assert_int_equal(record.tid, 0);
	assert_int_equal(record.sample.chain_count, 3);
	assert_int_equal(record.sample.ip, 0xffffffff81000200);
}

static void counts_that_bytes_do_not_bear_out_are_refused(void **state)
{
	(void)state;
	struct ev_wait wait = wait_of(EV_WAIT_INTERVAL);
	size_t head = offsetof(struct ev_wait, user);
	assert_true(ev_wait_is_whole(&wait, head));
	assert_false(ev_wait_is_whole(&wait, head - 1));
	wait.user_count = 2;
	assert_true(ev_wait_is_whole(&wait, head + 16));
	assert_false(ev_wait_is_whole(&wait, head + 15));
	wait.user_count = EV_WAIT_USER_FRAMES + 1;
	assert_false(ev_wait_is_whole(&wait, sizeof(wait)));
	wait.user_count = 0;
	wait.copied_bytes = 100;
	assert_false(ev_wait_is_whole(&wait, head + 99));
	wait.copied_bytes = EV_WAIT_COPY_LIMIT + 1;
	assert_false(ev_wait_is_whole(&wait, sizeof(wait)));
	wait.copied_bytes = 0;
	wait.kernel_count = EV_WAIT_KERNEL_FRAMES + 1;
	assert_false(ev_wait_is_whole(&wait, sizeof(wait)));
}

static void sleep_long(void)
{
	sleep(100);
}

static void a_task_that_sleeps_is_found_waiting(void **state)
{
	(void)state;
	struct child child = child_start(sleep_long);
	struct ev_wait wait = { 0 };
	bool waits = false;
	/* At first it waits to be told to go. */
	for (int i = 0; i < 1000 && !waits; i++) {
		waits = ev_wait_of_task((uint32_t)child.pid, &wait);
		usleep(1000);
	}
	assert_true(waits);
	assert_int_equal(wait.pid, child.pid);
	assert_int_equal(wait.task_state, EV_TASK_INTERRUPTIBLE);
	assert_true(wait.began_before);
	kill(child.pid, SIGKILL);
	close(child.go_fd);
	waitpid(child.pid, NULL, 0);
	assert_false(ev_wait_of_task((uint32_t)child.pid, &wait));
	/* It runs. */
	assert_false(ev_wait_of_task((uint32_t)getpid(), &wait));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interval_is_a_sample_of_so_many_ns_at_its_end),
		cmocka_unit_test(a_copied_stack_comes_with_its_registers),
		cmocka_unit_test(frames_of_the_program_that_looks_are_left_out),
		cmocka_unit_test(an_interrupt_that_wakes_is_nobodys),
		cmocka_unit_test(counts_that_bytes_do_not_bear_out_are_refused),
		cmocka_unit_test(a_task_that_sleeps_is_found_waiting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
