/* The tip: a command that fits the data it stands below. */
#include "invented_report.h"

static bool tips(struct invented *it, const char *part)
{
	const char *tip = strstr(invented_print(it, "text"), "# (Tip: ");
	assert_non_null(tip);
	return strstr(tip, part) != NULL;
}

static void the_tip_follows_from_the_data(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main", 100, 1);
	invented_finish(&it, "sym", false, NULL);
	assert_true(tips(&it, "evprof record -g)"));
	ev_recording_add_note(&it.recording, EV_NOTE_SIMULATED, "callgrind 9");
	assert_true(tips(&it, "evprof record --simulate -g)"));
	it.profile->quality.with_stack = 100;
	assert_true(tips(&it, "evprof report -g caller)"));
	it.options.chains = EV_CHAIN_GRAPH;
	assert_true(tips(&it, "evprof annotate"));
	it.profile->quality.lost = 100;
	assert_true(tips(&it, "-m"));
	it.profile->quality.samples = 0;
	assert_true(tips(&it, "-c"));
	invented_done(&it);
}

static void a_table_of_lines_leads_to_a_flame_graph(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main", 1, 1);
	it.profile->quality.with_stack = 1;
	it.options.chains = EV_CHAIN_GRAPH;
	invented_finish(&it, "srcline", false, NULL);
	assert_true(tips(&it, "--format folded"));
	invented_done(&it);
}

static void stacks_that_were_not_looked_at_need_no_new_recording(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main", 1, 1);
	it.recording.events[0].attr.sample_type = PERF_SAMPLE_CALLCHAIN;
	it.report.path = "other.data";
	invented_finish(&it, "sym", false, NULL);
	assert_true(tips(&it, "evprof report -i other.data -g)"));
	it.report.stacks_loaded = true; /* and are empty: the same again would be so too */
	assert_true(tips(&it, "evprof annotate"));
	it.recording.events[0].attr.sample_type = 0;
	assert_true(tips(&it, "evprof record -g)"));
	invented_done(&it);
}

static void the_command_can_be_pasted(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main", 1, 1);
	it.profile->quality.with_stack = 1;
	it.report.path = "other.data";
	invented_finish(&it, "sym", false, NULL);
	assert_true(tips(&it, "evprof report -i other.data -g caller)"));
	it.report.path = "two words; rm x";
	assert_true(tips(&it, "evprof report -i 'two words; rm x' -g caller)"));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_tip_follows_from_the_data),
		cmocka_unit_test(a_table_of_lines_leads_to_a_flame_graph),
		cmocka_unit_test(stacks_that_were_not_looked_at_need_no_new_recording),
		cmocka_unit_test(the_command_can_be_pasted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
