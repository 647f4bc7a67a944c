/* Generic events as sums of what the simulator counts. */
#include <errno.h>
#include "live.h"

static const struct ev_simulated_event *find(const char *text, struct ev_err *err)
{
	struct ev_event_list list = { 0 };
	struct ev_err ignored = { 0 };
	assert_int_equal(ev_event_parse(&list, text, &ignored), 0);
	const struct ev_simulated_event *event = ev_simulated_event_of(&list.items[0]);
	if (!event)
		assert_int_equal(ev_simulated_refuse(&list.items[0], err), -EOPNOTSUPP);
	ev_event_list_done(&list);
	return event;
}

static void every_row_is_found_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ev_simulated_event_count; i++) {
		struct ev_err err = { 0 };
		assert_ptr_equal(find(ev_simulated_events[i].name, &err), &ev_simulated_events[i]);
		assert_true(ev_simulated_events[i].costs);
	}
}

static void other_spellings_and_modifiers_mean_the_same(void **state)
{
	struct ev_err err = { 0 };
	(void)state;
	assert_ptr_equal(find("branch-instructions", &err), find("branches", &err));
	assert_ptr_equal(find("cache-misses:u", &err), find("cache-misses", &err));
	assert_ptr_equal(find("l1d-read-miss", &err), find("L1-dcache-load-misses", &err));
}

static void what_cannot_be_simulated_says_why_and_what_can(void **state)
{
	static const struct {
		const char *event, *why;
	} cases[] = {
		{ "cycles", "knows no time" },
		{ "dTLB-load-misses", "nothing like it" },
		{ "task-clock", "measured of the simulator" },
		{ "duration_time", "measured of the simulator" },
		{ "cache-misses:k", "own code only" },
	};
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(cases); i++) {
		struct ev_err err = { 0 };
		assert_null(find(cases[i].event, &err));
		assert_non_null(strstr(err.text, cases[i].event));
		assert_non_null(strstr(err.text, cases[i].why));
		assert_non_null(strstr(err.text, "cache-misses"));
	}
}

static void nothing_takes_one_for_a_counter(void **state)
{
	struct ev_arena arena = { 0 };
	(void)state;
	for (size_t i = 0; i < ev_simulated_event_count; i++) {
		struct perf_event_attr attr;
		ev_simulated_attr(&ev_simulated_events[i], &attr);
		assert_true(attr.type > PERF_TYPE_MAX);
		assert_true(attr.type > 1u << 24);
		assert_non_null(
			strstr(ev_simulated_name(&ev_simulated_events[i], &arena), "simulated/"));
	}
	ev_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_found_by_its_name),
		cmocka_unit_test(other_spellings_and_modifiers_mean_the_same),
		cmocka_unit_test(what_cannot_be_simulated_says_why_and_what_can),
		cmocka_unit_test(nothing_takes_one_for_a_counter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
