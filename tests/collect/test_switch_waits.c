/* Records of switches become intervals off the CPUs. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/collect_waits.h>

static struct ev_switch_wait given[16];
static uint64_t first_address[16];
static size_t given_count;
static struct ev_on_cpu on;

static int keep(void *context, const struct ev_switch_wait *wait, struct ev_err *err)
{
	(void)context;
	(void)err;
	assert_true(given_count < EV_LENGTH(given));
	first_address[given_count] = wait->chain_count > 1 ? wait->chain[1] : 0;
	given[given_count++] = *wait;
	return 0;
}

static struct ev_switch_waits *begin(uint64_t shortest_ns, uint64_t from_ns)
{
	given_count = 0;
	ev_on_cpu_done(&on);
	return ev_switch_waits_open(shortest_ns, from_ns, &on);
}

static void add_switch(struct ev_switch_waits *waits, uint32_t tid, uint64_t time_ns, bool out,
		       bool preempted)
{
	struct ev_record record = { .type = PERF_RECORD_SWITCH,
				    .pid = 7,
				    .tid = tid,
				    .time_ns = time_ns,
				    .context_switch = { .out = out, .preempted = preempted } };
	ev_switch_waits_add(waits, &record);
}

static void add_sample(struct ev_switch_waits *waits, uint32_t tid, uint64_t time_ns, uint64_t ip)
{
	uint64_t chain[] = { (uint64_t)PERF_CONTEXT_KERNEL, 0xffffffff81000000,
			     (uint64_t)PERF_CONTEXT_USER, ip };
	struct ev_record record = { .type = PERF_RECORD_SAMPLE,
				    .pid = 7,
				    .tid = tid,
				    .time_ns = time_ns,
				    .sample = { .ip = ip, .chain = chain, .chain_count = 4 } };
	ev_switch_waits_add(waits, &record);
}

static void add_task(struct ev_switch_waits *waits, uint32_t type, uint32_t tid, uint64_t time_ns)
{
	struct ev_record record = { .type = type,
				    .pid = 7,
				    .tid = 7,
				    .time_ns = time_ns,
				    .task = { .pid = 7, .tid = tid } };
	ev_switch_waits_add(waits, &record);
}

static void an_interval_has_the_stack_of_the_last_sample_before(void **state)
{
	(void)state;
	struct ev_switch_waits *waits = begin(0, 0);
	add_switch(waits, 8, 100, false, false);
	add_sample(waits, 8, 120, 0x1111);
	add_sample(waits, 8, 140, 0x2222);
	add_switch(waits, 8, 200, true, false);
	add_switch(waits, 8, 1200, false, false);
	add_switch(waits, 8, 1300, true, true);
	add_switch(waits, 8, 1350, false, false);
	assert_int_equal(ev_switch_waits_round(waits, true, 1400, keep, NULL, NULL), 0);
	assert_int_equal(given_count, 2);
	assert_int_equal(given[0].ns, 1000);
	assert_int_equal(given[0].end_ns, 1200);
	assert_int_equal(given[0].state, EV_STATE_BLOCKED);
	assert_int_equal(given[0].chain_count, 2); /* without the kernel's side */
	assert_int_equal(first_address[0], 0x2222);
	assert_int_equal(given[1].state, EV_STATE_PREEMPTED);
	assert_int_equal(given[1].ns, 50);
	assert_int_equal(on.threads.items[0].measured_ns, 250);
	ev_switch_waits_close(waits);
}

static void records_of_several_cpus_may_come_out_of_order(void **state)
{
	(void)state;
	struct ev_switch_waits *waits = begin(0, 0);
	/* What came back on another CPU stands in a ring that was read before. */
	add_switch(waits, 8, 900, false, false);
	assert_int_equal(ev_switch_waits_round(waits, false, 0, keep, NULL, NULL), 0);
	add_switch(waits, 8, 100, true, false);
	add_switch(waits, 8, 950, true, false);
	assert_int_equal(ev_switch_waits_round(waits, false, 0, keep, NULL, NULL), 0);
	assert_int_equal(given_count, 1);
	assert_int_equal(given[0].ns, 800);
	ev_switch_waits_close(waits);
}

static void short_intervals_are_added_up_by_state_and_stack(void **state)
{
	(void)state;
	struct ev_switch_waits *waits = begin(1000, 0);
	add_sample(waits, 8, 50, 0x1111);
	for (uint64_t i = 1; i <= 4; i++) {
		add_switch(waits, 8, i * 100, true, i == 4);
		add_switch(waits, 8, i * 100 + 10, false, false);
	}
	add_sample(waits, 8, 600, 0x2222);
	add_switch(waits, 8, 700, true, false);
	add_switch(waits, 8, 705, false, false);
	assert_int_equal(ev_switch_waits_round(waits, true, 1000, keep, NULL, NULL), 0);
	assert_int_equal(given_count, 3);
	assert_int_equal(given[0].ns, 30);
	assert_int_equal(given[1].ns, 10);
	assert_int_equal(given[2].ns, 5);
	assert_int_equal(first_address[2], 0x2222);
	struct ev_switch_waits_tally tally = ev_switch_waits_tally(waits);
	assert_int_equal(tally.intervals, 5);
	assert_int_equal(tally.shorts, 5);
	assert_int_equal(tally.short_ns, 45);
	ev_switch_waits_close(waits);
}

static void what_has_not_ended_is_closed_at_the_end_but_not_for_the_dead(void **state)
{
	(void)state;
	struct ev_switch_waits *waits = begin(0, 0);
	add_task(waits, PERF_RECORD_FORK, 8, 50);
	add_switch(waits, 8, 100, true, false);
	add_task(waits, PERF_RECORD_FORK, 9, 60);
	add_switch(waits, 9, 70, false, false);
	add_task(waits, PERF_RECORD_EXIT, 9, 90);
	assert_int_equal(ev_switch_waits_round(waits, true, 600, keep, NULL, NULL), 0);
	assert_int_equal(given_count, 1);
	assert_int_equal(given[0].tid, 8);
	assert_int_equal(given[0].ns, 500);
	struct ev_switch_waits_tally tally = ev_switch_waits_tally(waits);
	assert_int_equal(tally.open, 1);
	assert_int_equal(tally.open_ns, 500);
	assert_int_equal(tally.without_stack, 1);
	ev_switch_waits_close(waits);
}

static void who_was_there_before_waits_since_the_beginning(void **state)
{
	(void)state;
	struct ev_switch_waits *waits = begin(0, 1000);
	add_switch(waits, 8, 1500, false, false);
	/* A new thread has not waited. */
	add_task(waits, PERF_RECORD_FORK, 9, 1600);
	add_switch(waits, 9, 1700, false, false);
	assert_int_equal(ev_switch_waits_round(waits, true, 2000, keep, NULL, NULL), 0);
	assert_int_equal(given_count, 1);
	assert_int_equal(given[0].tid, 8);
	assert_int_equal(given[0].ns, 500);
	ev_switch_waits_close(waits);
}

static void a_number_that_is_used_again_is_another_thread(void **state)
{
	(void)state;
	struct ev_switch_waits *waits = begin(0, 0);
	add_switch(waits, 8, 100, true, false);
	add_task(waits, PERF_RECORD_EXIT, 8, 200);
	add_task(waits, PERF_RECORD_FORK, 8, 300);
	add_switch(waits, 8, 400, false, false);
	assert_int_equal(ev_switch_waits_round(waits, true, 500, keep, NULL, NULL), 0);
	assert_int_equal(given_count, 0);
	ev_switch_waits_close(waits);
}

static int refuse(void *context, const struct ev_switch_wait *wait, struct ev_err *err)
{
	(void)context;
	(void)wait;
	given_count++;
	return ev_fail(err, ENOSPC, "full");
}

static void a_failure_to_write_ends_it(void **state)
{
	(void)state;
	struct ev_switch_waits *waits = begin(0, 0);
	for (uint64_t i = 1; i < 4; i++) {
		add_switch(waits, 8, i * 100, true, false);
		add_switch(waits, 8, i * 100 + 50, false, false);
	}
	assert_int_equal(ev_switch_waits_round(waits, true, 500, refuse, NULL, NULL), -ENOSPC);
	assert_int_equal(given_count, 1);
	ev_switch_waits_close(waits);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_interval_has_the_stack_of_the_last_sample_before),
		cmocka_unit_test(records_of_several_cpus_may_come_out_of_order),
		cmocka_unit_test(short_intervals_are_added_up_by_state_and_stack),
		cmocka_unit_test(what_has_not_ended_is_closed_at_the_end_but_not_for_the_dead),
		cmocka_unit_test(who_was_there_before_waits_since_the_beginning),
		cmocka_unit_test(a_number_that_is_used_again_is_another_thread),
		cmocka_unit_test(a_failure_to_write_ends_it),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	ev_on_cpu_done(&on);
	return failed;
}
