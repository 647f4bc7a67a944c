/* Events shared out to passes on a PMU with a known number of counters. */
// wrap: ev_sys_perf_event_open ev_sys_close ev_sys_ioctl ev_sys_read ev_machine_has_core_pmu
#include "collect/live.h"
#include "scripted_pmu.h"

static struct ev_event hardware(const char *name, uint64_t config, unsigned leader)
{
	struct ev_event event = software_event(name, config, leader);
	event.attr.type = PERF_TYPE_RAW;
	return event;
}

static int with_counters(unsigned counters)
{
	scripted_setup();
	pmu.counters = counters;
	return 0;
}

static int all_closed(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCRIPTED_EVENTS; i++)
		assert_true(!pmu.counters || pmu.events[i].fd < 0);
	return 0;
}

/* Six events, the second to fourth a group; the last in common. */
static struct ev_event_list six(void)
{
	struct ev_event_list events = { 0 };
	add_event(&events, hardware("a", 1, 0));
	add_event(&events, hardware("b", 2, 1));
	add_event(&events, hardware("c", 3, 1));
	add_event(&events, hardware("d", 4, 1));
	add_event(&events, hardware("e", 5, 4));
	add_event(&events, hardware("common", 6, 5));
	return events;
}

static const bool last_in_common[] = { false, false, false, false, false, true };
static const bool none_in_common[6] = { false };

static void assert_plan(unsigned counters, const bool *common, size_t passes, size_t unfit,
			const unsigned expected[5])
{
	struct ev_event_list events = six();
	unsigned pass_of[6];
	size_t bad;
	with_counters(counters);
	assert_int_equal(ev_passes_plan(&events, common, pass_of, &bad), passes);
	assert_int_equal(bad, unfit);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(pass_of[i], expected[i]);
	ev_event_list_done(&events);
}

static void what_fits_at_once_is_one_pass(void **state)
{
	(void)state;
	assert_plan(6, last_in_common, 1, 0, (unsigned[]){ 0, 0, 0, 0, 0 });
}

static void groups_stay_whole_and_common_events_take_their_counter(void **state)
{
	(void)state;
	assert_plan(4, last_in_common, 3, 0, (unsigned[]){ 0, 1, 1, 1, 2 });
	assert_plan(4, none_in_common, 2, 0, (unsigned[]){ 0, 0, 0, 0, 1 });
	assert_plan(5, last_in_common, 2, 0, (unsigned[]){ 0, 0, 0, 0, 1 });
}

static void a_group_that_never_fits_is_told(void **state)
{
	(void)state;
	assert_plan(3, last_in_common, 3, 1, (unsigned[]){ 0, 1, 1, 1, 2 });
}

static void software_events_are_in_the_first_pass(void **state)
{
	(void)state;
	if (!may_count())
		SKIP("software_events_are_in_the_first_pass", "perf events may not be used");
	struct ev_event_list events = { 0 };
	const bool none[3] = { false };
	unsigned pass_of[3];
	size_t unfit;
	with_counters(1);
	add_event(&events, hardware("a", 1, 0));
	add_event(&events, hardware("b", 2, 1));
	add_event(&events, software_event("task-clock", PERF_COUNT_SW_TASK_CLOCK, 2));
	assert_int_equal(ev_passes_plan(&events, none, pass_of, &unfit), 2);
	assert_int_equal(pass_of[1], 1);
	assert_int_equal(pass_of[2], 0);
	ev_event_list_done(&events);
}

static void trying_tells_refused_from_crowded(void **state)
{
	(void)state;
	struct ev_event_list events = { 0 };
	const bool first[] = { true, false }, second[] = { false, true };
	with_counters(1);
	add_event(&events, hardware("a", 1, 0));
	add_event(&events, hardware("b", SCRIPTED_ABSENT, 1));
	assert_int_equal(ev_counters_try(&events, first), 0);
	assert_int_equal(ev_counters_try(&events, second), -ENOENT);
	/* A refused one takes no counter, and does not hide that the others have too few. */
	assert_int_equal(ev_counters_try(&events, NULL), -ENOENT);
	add_event(&events, hardware("c", 3, 2));
	assert_int_equal(ev_counters_try(&events, NULL), -ENOSPC);
	events.count--;
	events.items[1].attr.config = 2;
	assert_int_equal(ev_counters_try(&events, NULL), -ENOSPC);
	/* Pinned, it is in error for good. */
	events.items[1].attr.pinned = 1;
	assert_int_equal(ev_counters_try(&events, NULL), -ENOSPC);
	ev_event_list_done(&events);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(what_fits_at_once_is_one_pass, all_closed),
		cmocka_unit_test_teardown(groups_stay_whole_and_common_events_take_their_counter,
					  all_closed),
		cmocka_unit_test_teardown(a_group_that_never_fits_is_told, all_closed),
		cmocka_unit_test_teardown(software_events_are_in_the_first_pass, all_closed),
		cmocka_unit_test_teardown(trying_tells_refused_from_crowded, all_closed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
