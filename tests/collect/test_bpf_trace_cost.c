/* Which function is called too often, and what a call of which costs. */
#include "bpf_trace.h"
#include "live.h"

#define SECOND UINT64_C(1000000000)

static void a_rate_is_that_of_the_untraced_program(void **state)
{
	(void)state;
	/* A tenth of a second's calls, each 9 us long by tracing: 0.9 of 1 s is not the program's.
	 */
	assert_int_equal(ev_trace_is_hot(100000, SECOND, 9000, 900000), 1000000);
	assert_int_equal(ev_trace_is_hot(100000, SECOND, 9000, 1000000), 0);
	assert_int_equal(ev_trace_is_hot(100000, SECOND, 0, 90000), 100000);
	assert_int_equal(ev_trace_is_hot(100000, SECOND, 0, 100000), 0);
}

static void more_cost_than_time_is_no_division_by_nothing(void **state)
{
	(void)state;
	assert_int_equal(ev_trace_is_hot(1000000, SECOND, 9000, 1000000), 50000000);
	assert_int_equal(ev_trace_is_hot(1, 0, 9000, 1), 0);
}

static void no_limit_lets_nothing_go(void **state)
{
	(void)state;
	assert_int_equal(ev_trace_is_hot(1000000, SECOND, 900, 0), 0);
}

static void costs_are_told_by_the_probes(void **state)
{
	uint64_t returns[] = { 7, 100 };
	struct ev_trace_function function = { .offset = 100,
					      .returns = returns,
					      .return_count = 2 };
	(void)state;
	assert_int_equal(ev_trace_cost_of(&function), EV_TRACE_COST_STEPPED_KERNEL);
	function.cheap = true;
	assert_int_equal(ev_trace_cost_of(&function), EV_TRACE_COST_CHEAP_KERNEL);
	function.by_instructions = true;
	assert_int_equal(ev_trace_cost_of(&function), EV_TRACE_COST_SINGLE);
	function.return_count = 1;
	assert_int_equal(ev_trace_cost_of(&function), EV_TRACE_COST_CHEAP_CODE);
	function.cheap = false;
	assert_int_equal(ev_trace_cost_of(&function), EV_TRACE_COST_STEPPED_CODE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_rate_is_that_of_the_untraced_program),
		cmocka_unit_test(more_cost_than_time_is_no_division_by_nothing),
		cmocka_unit_test(no_limit_lets_nothing_go),
		cmocka_unit_test(costs_are_told_by_the_probes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
