/* What samples on the CPUs are worth, beside when threads came there and left. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/collect_waits.h>

static const uint64_t chain[] = { (uint64_t)PERF_CONTEXT_KERNEL, 7, (uint64_t)PERF_CONTEXT_USER,
				  8 };

struct given {
	uint64_t ns[16];
	char name[16]; /* of the sample, 0 = none */
	size_t count, all_ns;
	bool has_chain;
};

static int take(void *context, const struct ev_on_cpu_share *share, struct ev_err *err)
{
	struct given *given = context;
	(void)err;
	assert_true(given->count < 16);
	assert_int_equal(share->pid, 5);
	given->name[given->count] = share->record ? *(const char *)share->record : '-';
	given->ns[given->count++] = share->ns;
	given->all_ns += share->ns;
	if (!share->record)
		given->has_chain = share->chain_count == 2 && share->chain[1] == 8;
	return 0;
}

static void sampled(struct ev_on_cpu *on, uint32_t tid, uint64_t time_ns, const char *name)
{
	struct ev_record record = { .pid = 5, .tid = tid, .time_ns = time_ns };
	record.sample.chain = chain;
	record.sample.chain_count = 4;
	ev_on_cpu_sampled(on, &record, 250, name, 2);
}

static void finish(struct ev_on_cpu *on, struct given *given)
{
	assert_int_equal(ev_on_cpu_round(on, true, 1000000, take, given, NULL), 0);
	ev_on_cpu_done(on);
}

static void samples_of_a_turn_share_all_of_it(void **state)
{
	(void)state;
	struct ev_on_cpu on = { 0 };
	struct given given = { 0 };
	sampled(&on, 6, 1100, "a");
	sampled(&on, 6, 1400, "b");
	sampled(&on, 6, 1640, "c");
	ev_on_cpu_ran(&on, 5, 6, 1000, 1700);
	sampled(&on, 6, 5100, "d");
	ev_on_cpu_ran(&on, 5, 6, 5000, 5900);
	finish(&on, &given);
	assert_string_equal(given.name, "abcd");
	assert_int_equal(given.ns[1], 300);
	assert_int_equal(given.ns[0] + given.ns[1] + given.ns[2], 700);
	assert_int_equal(given.ns[3], 900);
}

static void a_turn_that_is_shorter_than_a_period_is_worth_what_it_was(void **state)
{
	(void)state;
	struct ev_on_cpu on = { 0 };
	struct given given = { 0 };
	for (uint64_t i = 0; i < 10; i++) {
		sampled(&on, 6, 1010 + 1000 * i, "x");
		ev_on_cpu_ran(&on, 5, 6, 1000 + 1000 * i, 1020 + 1000 * i);
	}
	finish(&on, &given);
	assert_int_equal(given.count, 10);
	assert_int_equal(given.all_ns, 200);
}

static void what_comes_in_another_order_is_put_in_order(void **state)
{
	(void)state;
	struct ev_on_cpu on = { 0 };
	struct given given = { 0 };
	ev_on_cpu_ran(&on, 5, 6, 1000, 1700);
	sampled(&on, 6, 1400, "b");
	sampled(&on, 6, 1100, "a");
	/* Nothing is shared out before all of its time must have come. */
	ev_on_cpu_round(&on, false, 1000, take, &given, NULL);
	ev_on_cpu_round(&on, false, 1000, take, &given, NULL);
	assert_int_equal(given.count, 0);
	ev_on_cpu_round(&on, false, 1000, take, &given, NULL);
	assert_string_equal(given.name, "ab");
	assert_int_equal(given.all_ns, 700);
	finish(&on, &given);
	assert_int_equal(given.count, 2);
}

static void a_gap_that_no_turn_can_have_had_is_not_counted(void **state)
{
	(void)state;
	struct ev_on_cpu on = { 0 };
	struct given given = { 0 };
	sampled(&on, 6, 1000, "a");
	sampled(&on, 6, 90000, "b"); /* the end of the first turn was lost */
	ev_on_cpu_ran(&on, 5, 6, 0, 90010);
	finish(&on, &given);
	assert_int_equal(given.all_ns, 500);
}

static void what_no_sample_tells_of_is_given_to_the_last_stack_and_labelled(void **state)
{
	(void)state;
	struct ev_on_cpu on = { 0 };
	struct given given = { 0 };
	sampled(&on, 6, 1100, "a");
	ev_on_cpu_ran(&on, 5, 6, 1000, 1200);
	ev_on_cpu_given(&on, 5, 6, 50);
	ev_on_cpu_measured(&on, 5, 6, 9000, 100000, true);
	finish(&on, &given);
	assert_string_equal(given.name, "a-");
	assert_int_equal(given.ns[0], 200);
	assert_int_equal(given.ns[1], 100000 - 200 - 50);
	assert_true(given.has_chain);
}

static void turns_without_samples_come_before_the_next_sample(void **state)
{
	(void)state;
	struct ev_on_cpu on = { 0 };
	struct given given = { 0 };
	sampled(&on, 6, 1100, "a");
	ev_on_cpu_ran(&on, 5, 6, 1000, 1200);
	ev_on_cpu_ran(&on, 5, 6, 2000, 2002000);
	sampled(&on, 6, 3000100, "b");
	ev_on_cpu_ran(&on, 5, 6, 3000000, 3000200);
	finish(&on, &given);
	assert_string_equal(given.name, "a-b");
	assert_int_equal(given.ns[1], 2000000);
	assert_int_equal(given.all_ns, 2000400);
}

static void only_threads_that_ended_long_ago_are_forgotten(void **state)
{
	(void)state;
	struct ev_on_cpu on = { 0 };
	struct given given = { 0 };
	uint64_t now_ns = UINT64_C(9000000000);
	ev_on_cpu_measured(&on, 5, 1, 100, 1, true);
	ev_on_cpu_measured(&on, 5, 2, 100, 1, false);
	ev_on_cpu_measured(&on, 5, 3, now_ns - 1, 1, true);
	ev_on_cpu_round(&on, false, now_ns, take, &given, NULL);
	assert_int_equal(given.count, 1);
	assert_int_equal(on.threads.count, 2);
	finish(&on, &given);
	assert_int_equal(given.all_ns, 3);
}

static void a_hundred_thousand_whose_ends_nobody_measured_are_forgotten(void **state)
{
	(void)state;
	struct ev_on_cpu on = { 0 };
	struct given given = { 0 };
	size_t most = 0;
	for (uint32_t i = 0; i < 100000; i++) {
		uint64_t now_ns = 10000000000u + i * UINT64_C(100000000);
		ev_on_cpu_ran(&on, 5, i, now_ns - 10, now_ns);
		assert_int_equal(ev_on_cpu_round(&on, false, now_ns, take, &given, NULL), 0);
		if (i >= 4)
			ev_on_cpu_ended(&on, 5, i - 4, now_ns - UINT64_C(300000000));
		most = on.threads.count > most ? on.threads.count : most;
	}
	/* Ten a second, for six seconds. */
	assert_in_range(most, 40, 70);
	assert_true(on.threads.room <= 128);
	finish(&on, &given);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_of_a_turn_share_all_of_it),
		cmocka_unit_test(a_turn_that_is_shorter_than_a_period_is_worth_what_it_was),
		cmocka_unit_test(what_comes_in_another_order_is_put_in_order),
		cmocka_unit_test(a_gap_that_no_turn_can_have_had_is_not_counted),
		cmocka_unit_test(what_no_sample_tells_of_is_given_to_the_last_stack_and_labelled),
		cmocka_unit_test(turns_without_samples_come_before_the_next_sample),
		cmocka_unit_test(only_threads_that_ended_long_ago_are_forgotten),
		cmocka_unit_test(a_hundred_thousand_whose_ends_nobody_measured_are_forgotten),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
