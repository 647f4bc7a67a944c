/* Filters and the default counters. */
#include <errno.h>
#include "tree.h"

static void a_filter_goes_to_the_tracepoints_of_the_last_word(void **state)
{
	tree_plain(*state);
	struct ev_err err = { 0 };
	struct ev_event_list list = parsed(*state, "sched:sched_waking,cs,sched:*");
	assert_int_equal(ev_event_filter(&list, "prev_pid == 0", &err), 0);
	assert_null(list.items[0].filter);
	assert_null(list.items[1].filter);
	assert_string_equal(list.items[2].filter, "prev_pid == 0");
	assert_string_equal(list.items[3].filter, "prev_pid == 0");
	ev_event_list_done(&list);
}

static void filters_of_one_event_hold_together(void **state)
{
	tree_plain(*state);
	struct ev_err err = { 0 };
	struct ev_event_list list = parsed(*state, "sched:*");
	assert_int_equal(ev_event_filter(&list, "prev_pid == 0 || cpu", &err), 0);
	assert_int_equal(ev_event_filter(&list, "next_pid > 1", &err), 0);
	assert_string_equal(list.items[0].filter, "(prev_pid == 0 || cpu) && (next_pid > 1)");
	assert_string_equal(list.items[1].filter, "(prev_pid == 0 || cpu) && (next_pid > 1)");
	ev_event_list_done(&list);
}

static void a_condition_goes_to_the_events_of_the_last_word_or_to_all(void **state)
{
	(void)state;
	struct ev_event_list list = { 0 };
	struct ev_err err = { 0 };
	assert_int_equal(ev_event_condition(&list, "cpu == 1", true, &err), -EINVAL);
	assert_int_equal(ev_event_parse(&list, "cpu-clock", &err), 0);
	assert_int_equal(ev_event_parse(&list, "page-faults", &err), 0);
	assert_int_equal(ev_event_condition(&list, "cpu == 1", false, &err), 0);
	assert_null(list.items[0].condition);
	assert_string_equal(list.items[1].condition, "cpu == 1");
	assert_int_equal(ev_event_condition(&list, "tid == 1", true, &err), 0);
	assert_string_equal(list.items[0].condition, "tid == 1");
	assert_string_equal(list.items[1].condition, "(cpu == 1) && (tid == 1)");
	assert_null(list.items[0].filter);
	ev_event_list_done(&list);
}

static void a_filter_for_nothing_is_refused(void **state)
{
	tree_plain(*state);
	struct ev_err err = { 0 };
	struct ev_event_list list = { 0 };
	assert_int_equal(ev_event_filter(&list, "x", &err), -EINVAL);
	assert_non_null(strstr(err.text, "behind the tracepoint"));
	list = parsed(*state, "cs/name='a\x1b'/");
	assert_int_equal(ev_event_filter(&list, "x", &err), -EINVAL);
	assert_non_null(strstr(err.text, "only tracepoints can be filtered, and 'a\\x1b' is none"));
	ev_event_list_done(&list);
	list = parsed(*state, "duration_time");
	assert_int_equal(ev_event_filter(&list, "x", &err), -EINVAL);
	ev_event_list_done(&list);
	list = parsed(*state, "sched:sched_switch");
	assert_int_equal(ev_event_filter(&list, " ", &err), -EINVAL);
	assert_null(list.items[0].filter);
	ev_event_list_done(&list);
}

static void what_a_filter_can_not_be_for_is_told(void **state)
{
	struct ev_err err;
	tree_probes(*state);
	struct ev_event_list list = parsed(*state, "uprobe:/bin/ls:main");
	assert_int_equal(ev_event_filter(&list, "a == 1", &err), -EINVAL);
	assert_non_null(strstr(err.text, "a probe has no fields"));
	ev_event_list_done(&list);
	list = parsed("/nowhere", "cs");
	assert_int_equal(ev_event_filter(&list, " start 0x1000@/bin/ls", &err), -EINVAL);
	assert_non_null(strstr(err.text, "'cs' takes no address filter"));
	assert_int_equal(ev_event_filter(&list, "start == 1", &err), -EINVAL);
	assert_non_null(strstr(err.text, "only tracepoints can be filtered"));
	list.items[0].pmu = "no_such_pmu";
	assert_int_equal(ev_event_filter(&list, "filter 0x10/0x20@/bin/ls", &err), -EINVAL);
	assert_non_null(strstr(err.text, "takes no address filter"));
	ev_event_list_done(&list);
}

static void the_default_counters_are_perfs_in_perfs_order(void **state)
{
	static const char *const names[] = { "task-clock",
					     "context-switches",
					     "cpu-migrations",
					     "page-faults",
					     "cycles",
					     "stalled-cycles-frontend",
					     "stalled-cycles-backend",
					     "instructions",
					     "branches",
					     "branch-misses",
					     "L1-dcache-loads",
					     "L1-dcache-load-misses",
					     "LLC-loads",
					     "LLC-load-misses",
					     "L1-icache-loads",
					     "L1-icache-load-misses",
					     "dTLB-loads",
					     "dTLB-load-misses",
					     "iTLB-loads",
					     "iTLB-load-misses",
					     "L1-dcache-prefetches",
					     "L1-dcache-prefetch-misses" };
	static const size_t counts[] = { 10, 14, 20, 22, 22 };
	for (unsigned detail = 0; detail < EV_LENGTH(counts); detail++) {
		const char *const *list = ev_event_defaults(detail);
		for (size_t i = 0; i < counts[detail]; i++) {
			assert_string_equal(list[i], names[i]);
			struct ev_event_list events = parsed(*state, list[i]);
			ev_event_list_done(&events);
		}
		assert_null(list[counts[detail]]);
	}
}

static void a_word_of_several_pmus_adds_up(void **state)
{
	tree_hybrid(*state);
	tree_uncore(*state);
	struct ev_event_list list =
		parsed(*state, "cs,cycles:u,{instructions,cs}:k,cycles/name=mine/,cpu_atom/cycles/,"
			       "uncore_imc/cas_count_read/,mem-loads");
	static const struct {
		const char *name, *word;
		size_t sum;
	} expected[] = {
		{ "cs", "cs", 0 },
		{ "cpu_atom/cycles/u", "cycles:u", 1 },
		{ "cpu_core/cycles/u", "cycles:u", 1 },
		{ "cpu_atom/instructions/k", "instructions:k", 3 },
		{ "cs:k", "cs:k", 4 },
		{ "cpu_core/instructions/k", "instructions:k", 3 },
		{ "mine", "mine", 6 },
		{ "mine", "mine", 6 },
		{ "cpu_atom/cycles/", "cpu_atom/cycles/", 8 },
		/* Those of other units or scales are no part of the sum. */
		{ "uncore_imc_0/cas_count_read/", "uncore_imc/cas_count_read/", 9 },
		{ "uncore_imc_2/cas_count_read/", "uncore_imc/cas_count_read/", 10 },
		{ "uncore_imc_10/cas_count_read/", "uncore_imc/cas_count_read/", 10 },
		{ "cpu_atom/mem-loads/", "mem-loads", 12 },
		{ "cpu_core/mem-loads/", "mem-loads", 12 },
	};
	assert_int_equal(list.count, EV_LENGTH(expected));
	for (size_t i = 0; i < list.count; i++) {
		assert_string_equal(list.items[i].name, expected[i].name);
		assert_string_equal(list.items[i].word, expected[i].word);
		assert_int_equal(ev_event_sum(&list, i), expected[i].sum);
	}
	ev_event_list_done(&list);
}

static void tracepoints_of_a_glob_do_not_add_up(void **state)
{
	tree_plain(*state);
	struct ev_event_list list = parsed(*state, "sched:*");
	assert_int_equal(list.count, 2);
	assert_int_equal(ev_event_sum(&list, 1), 1);
	ev_event_list_done(&list);
}

static void an_ended_list_is_empty_and_can_be_ended_again(void **state)
{
	struct ev_event_list list = parsed(*state, "cs,faults");
	ev_event_list_done(&list);
	assert_int_equal(list.count, 0);
	ev_event_list_done(&list);
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(a_filter_goes_to_the_tracepoints_of_the_last_word),
		WITH_TREE(filters_of_one_event_hold_together),
		WITH_TREE(a_condition_goes_to_the_events_of_the_last_word_or_to_all),
		WITH_TREE(a_filter_for_nothing_is_refused),
		WITH_TREE(what_a_filter_can_not_be_for_is_told),
		WITH_TREE(the_default_counters_are_perfs_in_perfs_order),
		WITH_TREE(a_word_of_several_pmus_adds_up),
		WITH_TREE(tracepoints_of_a_glob_do_not_add_up),
		WITH_TREE(an_ended_list_is_empty_and_can_be_ended_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
