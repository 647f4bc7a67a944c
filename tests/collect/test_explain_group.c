/* A refused member: its own fault, or its place in the group? */
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_descriptor_limit
// wrap: ev_machine_paranoid ev_machine_may_perfmon ev_machine_is_filtered
// wrap: ev_machine_has_core_pmu ev_machine_hypervisor ev_file_number
#include "explain.h"
#include "scripted.h"

static int opens_alone(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu;
	return group_fd >= 0 ? EINVAL : 0;
}

static int is_not_there(const struct perf_event_attr *attr, pid_t tid, int cpu, int group_fd)
{
	(void)attr, (void)tid, (void)cpu, (void)group_fd;
	return ENOENT;
}

static const struct perf_event_attr cycles = { .type = PERF_TYPE_HARDWARE };
static struct ev_opening opening;

static const char *said(int error, const struct perf_event_attr *member,
			const struct perf_event_attr *leader, size_t hardware, size_t fitted)
{
	const struct ev_group_shape group = { leader, hardware, fitted };
	opening = (struct ev_opening){ .attr = *member };
	ev_opening_refuse_member(&opening, error, NULL, &group);
	assert_int_equal(script.opens, script.closes);
	return opening.why;
}

static void a_group_that_is_too_large_says_how_many_fitted(void **state)
{
	(void)state;
	script_reset(opens_alone);
	const char *why = said(EINVAL, &cycles, &cycles, 6, 4);
	assert_non_null(strstr(why, "wants 6 counters at once"));
	assert_non_null(strstr(why, "4 fitted"));
	assert_non_null(strstr(why, "{…}:W"));
	assert_null(strstr(why, "watchdog"));
	assert_int_equal(opening.error, EINVAL);
}

static void the_watchdog_is_named_where_it_may_be_the_one_too_many(void **state)
{
	(void)state;
	script_reset(opens_alone);
	script.number = 1;
	assert_non_null(
		strstr(said(EINVAL, &cycles, &cycles, 5, 4), "sudo sysctl kernel.nmi_watchdog=0"));
}

static void a_member_of_another_pmu_is_told(void **state)
{
	(void)state;
	const struct perf_event_attr imc = { .type = 20 };
	const struct perf_event_attr atom = { .type = PERF_TYPE_HARDWARE,
					      .config = UINT64_C(10) << 32 };
	const struct perf_event_attr raw = { .type = PERF_TYPE_RAW, .config = 0x1c2 };
	script_reset(opens_alone);
	assert_non_null(strstr(said(EINVAL, &imc, &cycles, 1, 0), "one PMU"));
	assert_non_null(strstr(said(EINVAL, &atom, &cycles, 2, 1), "one PMU"));
	assert_null(strstr(said(EINVAL, &raw, &cycles, 2, 1), "one PMU"));
}

static void a_member_that_is_not_there_is_not_blamed_on_the_group(void **state)
{
	(void)state;
	script_reset(is_not_there);
	assert_null(strstr(said(EINVAL, &cycles, &cycles, 2, 1), "group"));
	assert_int_equal(opening.error, ENOENT);
	assert_null(strstr(said(ENOENT, &cycles, &cycles, 2, 1), "group"));
}

static void software_events_take_no_counters(void **state)
{
	(void)state;
	const struct perf_event_attr clock = { .type = PERF_TYPE_SOFTWARE };
	script_reset(opens_alone);
	const char *why = said(EINVAL, &clock, &clock, 0, 0);
	assert_non_null(strstr(why, "group"));
	assert_null(strstr(why, "counters"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_group_that_is_too_large_says_how_many_fitted),
		cmocka_unit_test(the_watchdog_is_named_where_it_may_be_the_one_too_many),
		cmocka_unit_test(a_member_of_another_pmu_is_told),
		cmocka_unit_test(a_member_that_is_not_there_is_not_blamed_on_the_group),
		cmocka_unit_test(software_events_take_no_counters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
