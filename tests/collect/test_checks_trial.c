/* Trials on this very process: what is done must be seen. */
#include "live.h"
#include "checks.h"

static void needs_events(void)
{
	if (!may_count())
		SKIP("checks_trial", "no event can be counted here");
}

static void what_is_computed_is_counted(void **state)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_TASK_CLOCK);
	struct ev_trial trial = { 0 };
	(void)state;
	needs_events();
	assert_int_equal(ev_trial_count(&attr, -1, ev_trial_compute, NULL, &trial), 0);
	assert_true(trial.value > 0);
	assert_true(trial.running_ns > 0 && trial.running_ns <= trial.enabled_ns);
}

static void what_is_computed_is_sampled(void **state)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
	struct ev_trial trial = { 0 };
	(void)state;
	needs_events();
	attr.sample_period = 100000;
	assert_int_equal(ev_trial_sample(&attr, -1, ev_trial_compute, NULL, &trial), 0);
	assert_true(trial.samples > 0);
}

static __attribute__((noinline)) void compute_below(void *context)
{
	struct ev_trial *trial = context;
	trial->through = (uintptr_t)__builtin_return_address(0);
	ev_trial_compute(NULL);
	__asm__ volatile("" : : : "memory");
}

static void complete_stacks_are_told_from_others(void **state)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, PERF_COUNT_SW_CPU_CLOCK);
	struct ev_trial trial = { 0 }, never = { .through = 1 };
	(void)state;
	needs_events();
	attr.sample_period = 100000;
	attr.sample_type = PERF_SAMPLE_CALLCHAIN;
	attr.exclude_callchain_kernel = 1;
	assert_int_equal(ev_trial_sample(&attr, -1, compute_below, &trial, &trial), 0);
	assert_true(trial.stacks > 0 && trial.stacks <= trial.samples);
	assert_int_equal(ev_trial_sample(&attr, -1, ev_trial_compute, NULL, &never), 0);
	assert_true(never.samples > 0);
	assert_int_equal(never.stacks, 0);
}

static void an_unknown_event_is_refused(void **state)
{
	struct perf_event_attr attr = ev_trial_attr(PERF_TYPE_SOFTWARE, 999999);
	struct ev_trial trial = { 0 };
	(void)state;
	needs_events();
	assert_true(ev_trial_count(&attr, -1, ev_trial_compute, NULL, &trial) < 0);
	assert_true(ev_trial_sample(&attr, -1, ev_trial_compute, NULL, &trial) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_computed_is_counted),
		cmocka_unit_test(what_is_computed_is_sampled),
		cmocka_unit_test(complete_stacks_are_told_from_others),
		cmocka_unit_test(an_unknown_event_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
