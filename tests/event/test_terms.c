/* Terms that every event takes. */
#include <errno.h>
#include "tree.h"

static void a_period_or_a_frequency_is_fixed(void **state)
{
	(void)state;
	struct ev_event_list list = parsed("/nowhere", "cs/period=1000/,cs/freq=0x63/u");
	assert_int_equal(list.items[0].attr.sample_period, 1000);
	assert_int_equal(list.items[0].attr.freq, 0);
	assert_int_equal(list.items[0].fixed, EV_FIXED_PERIOD);
	assert_int_equal(list.items[1].attr.sample_freq, 99);
	assert_int_equal(list.items[1].attr.freq, 1);
	assert_int_equal(list.items[1].fixed, EV_FIXED_PERIOD | EV_FIXED_LEVEL);
	ev_event_list_done(&list);
}

static void a_name_may_hold_what_separates_events(void **state)
{
	(void)state;
	struct ev_event_list list =
		parsed("/nowhere", "cs/name='a,b/c}:d'/,cs/name=plain/u,{cs/name=\"x y\"/}:k");
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].name, "a,b/c}:d");
	assert_string_equal(list.items[1].name, "plain");
	assert_string_equal(list.items[2].name, "x y");
	ev_event_list_done(&list);
}

static void wishes_travel_with_the_event(void **state)
{
	(void)state;
	struct ev_event_list list =
		parsed("/nowhere", "cs/"
				   "call-graph=dwarf,stack-size=1001,max-stack=20,time=0,no-"
				   "inherit,overwrite/,cs//,"
				   "cs/call_graph=no,inherit,no-overwrite=1,time/,cs/call-graph=fp/"
				   ",cs/call-graph=lbr/,"
				   "cs/no-inherit=0/,cs/percore,metric-id=x/,cs/percore=0/");
	const struct ev_event *event = list.items;
	assert_int_equal(list.count, 8);
	assert_false(event->percore);
	assert_true(list.items[6].percore);
	assert_string_equal(list.items[6].name, "cs/percore,metric-id=x/");
	assert_false(list.items[7].percore);
	assert_int_equal(event->call_graph, EV_CALL_GRAPH_DWARF);
	assert_int_equal(event->stack_size_bytes, 1008);
	assert_int_equal(event->attr.sample_max_stack, 20);
	assert_int_equal(event->time, EV_NO);
	assert_int_equal(event->inherit, EV_NO);
	assert_int_equal(event->overwrite, EV_YES);
	event++;
	assert_int_equal(event->call_graph, EV_CALL_GRAPH_UNSET);
	assert_int_equal(event->inherit, EV_UNSET);
	event++;
	assert_int_equal(event->call_graph, EV_CALL_GRAPH_NONE);
	assert_int_equal(event->inherit, EV_YES);
	assert_int_equal(event->overwrite, EV_NO);
	assert_int_equal(event->time, EV_YES);
	assert_int_equal(event[1].call_graph, EV_CALL_GRAPH_FP);
	assert_int_equal(event[2].call_graph, EV_CALL_GRAPH_LBR);
	assert_int_equal(event[3].inherit, EV_YES);
	ev_event_list_done(&list);
}

static void what_only_some_processors_have_is_asked_of_the_kernel(void **state)
{
	(void)state;
	struct ev_event_list list =
		parsed("/nowhere", "cs/branch_type='any_call,u'/,cs/branch-type=k/,"
				   "cs/aux-output,aux-sample-size=4096/,cs/aux_output=0/,"
				   "cs/aux-action=pause/,cs/nr=7/");
	assert_int_equal(list.count, 6);
	assert_int_equal(list.items[0].attr.branch_sample_type,
			 PERF_SAMPLE_BRANCH_ANY_CALL | PERF_SAMPLE_BRANCH_USER);
	assert_int_equal(list.items[1].attr.branch_sample_type,
			 PERF_SAMPLE_BRANCH_ANY | PERF_SAMPLE_BRANCH_KERNEL);
	assert_int_equal(list.items[2].attr.aux_output, 1);
	assert_int_equal(list.items[2].attr.aux_sample_size, 4096);
	assert_int_equal(list.items[3].attr.aux_output, 0);
	assert_int_equal(list.items[4].attr.__reserved_3, 2); /* aux_pause */
	assert_int_equal(list.items[5].most_shown, 7);
	ev_event_list_done(&list);
}

static void wrong_terms_are_refused_with_the_right_ones(void **state)
{
	(void)state;
	static const char *const refusals[][2] = {
		{ "cs/foo=1/", "takes no term 'foo' (there are: period freq name" },
		{ "cs/foo/", "takes no term 'foo'" },
		{ "cs/period/", "'period' needs a number above 0" },
		{ "cs/period=/", "needs a number" },
		{ "cs/period=0/", "needs a number above 0" },
		{ "cs/period=-1/", "needs a number" },
		{ "cs/freq=x/", "needs a number" },
		{ "cs/period=1,freq=1/", "either a period or a frequency" },
		{ "cs/freq=1,period=1/", "either a period or a frequency" },
		{ "cs/name=/", "needs a name" },
		{ "cs/call-graph=deep/", "one of fp, dwarf, lbr, no" },
		{ "cs/call-graph/", "one of fp, dwarf, lbr, no" },
		{ "cs/stack-size=65529/", "from 8 to 65528" },
		{ "cs/stack-size=7/", "from 8 to 65528" },
		{ "cs/max-stack=65536/", "from 1 to 65535" },
		{ "cs/time=2/", "from 0 to 1" },
		{ "cs/percore=2/", "from 0 to 1" },
		{ "cs/metric-id/", "needs a name" },
		{ "cs/driver-config/", "which evprof does not record" },
		{ "cs/aux-output=2/", "from 0 to 1" },
		{ "cs/aux-sample-size=65536/", "from 0 to 65535" },
		{ "cs/aux-sample-size/", "needs a number" },
		{ "cs/aux-action=stop/", "one of pause, resume, start-paused" },
		{ "cs/aux-action/", "one of pause, resume, start-paused" },
		{ "cs/nr=0/", "needs a number above 0" },
		{ "cs/branch_type/", "needs a kind of branches" },
		{ "cs/branch_type='any,x'/", "has no kind 'x' (there are u k hv any" },
		{ "cs/branch_type='any,'/", "has no kind ''" },
		{ "cs/period=1,,freq=1/", "a term is missing here" },
		{ "cs/,/", "a term is missing here" },
		{ "cs/=1/", "a term is missing here" },
		{ "cs/period=1/x", "unknown modifier 'x'" },
		{ "cs/period=1", "the '/' that ends the terms is missing" },
		{ "cs/name='x/", "the '/' that ends the terms is missing" },
		{ "cs/period=1/:", "modifiers are missing" },
		{ "/period=1/", "missing before '/'" },
		{ "cs/config=1/", "takes no term 'config'" },
		{ "duration_time/period=5/", "takes no term 'period'" },
		{ "duration_time/name=x/u", "takes no modifiers" },
	};
	for (size_t i = 0; i < EV_LENGTH(refusals); i++)
		refused_with("/nowhere", refusals[i][0], -EINVAL, refusals[i][1]);
}

static void hostile_numbers_of_terms_are_refused(void **state)
{
	(void)state;
	char text[700] = "cs/";
	for (size_t i = 0; i < 64; i++)
		strcat(text, "time=0,");
	strcat(text, "time=0/");
	refused_with("/nowhere", text, -E2BIG, "more than 64 terms");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_period_or_a_frequency_is_fixed),
		cmocka_unit_test(a_name_may_hold_what_separates_events),
		cmocka_unit_test(wishes_travel_with_the_event),
		cmocka_unit_test(hostile_numbers_of_terms_are_refused),
		cmocka_unit_test(what_only_some_processors_have_is_asked_of_the_kernel),
		cmocka_unit_test(wrong_terms_are_refused_with_the_right_ones),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
