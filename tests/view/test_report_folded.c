/* Folded stacks: one line each, as flame graph programs read them. */
#include "invented_report.h"

static void stacks_are_lines_with_their_samples(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 10, 1000);
	invented_add(&it, "main;lib:read;k:sys_read", 2, 200);
	invented_add(&it, "main;~tiny", 3, 300);
	invented_add(&it, "main;work;?0x12", 1, 100);
	invented_add_to(&it, 0, "other", 8, "main;work", 4, 400);
	invented_finish(&it, "sym", true, NULL);
	assert_string_equal(invented_print(&it, "folded"), "prog;main;read;sys_read_[k] 2\n"
							   "prog;main;work 10\n"
							   "other;main;work 4\n"
							   "prog;main;work;[prog] 1\n"
							   "prog;main;tiny_[i] 3\n");
	it.options.show_period = true;
	assert_non_null(strstr(invented_print(&it, "folded"), "prog;main;work 1000\n"));
	invented_done(&it);
}

static void processes_of_one_name_share_a_line(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add_to(&it, 0, "one", 1, "main;work", 1, 1);
	invented_add_to(&it, 0, "two", 2, "main;work", 2, 1);
	invented_add_to(&it, 0, "one", 3, "main;work", 4, 1);
	invented_finish(&it, "sym", true, NULL);
	assert_string_equal(invented_print(&it, "folded"), "one;main;work 5\ntwo;main;work 2\n");
	invented_done(&it);
}

static void names_keep_to_one_frame_and_one_line(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add_to(&it, 0, "a;b\nc", 1, "main", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	it.named.frames.items[1].function =
		ev_strings_add_text(it.profile->strings, "operator;()\33 x\n");
	assert_string_equal(invented_print(&it, "folded"), "a:b\\x0ac;operator:()\\x1b x\\x0a 1\n");
	invented_done(&it);
}

static void made_up_names_say_more_than_their_object(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;?[prog+0x9a00]", 1, 1);
	invented_add(&it, "main;?0x9a04", 2, 2);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "folded");
	assert_non_null(strstr(text, "prog;main;[prog+0x9a00] 1\n"));
	assert_non_null(strstr(text, "prog;main;[prog] 2\n"));
	invented_done(&it);
}

static void several_events_are_told_apart(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	ev_recording_add_event(&it.recording)->name = "page-faults";
	invented_add_to(&it, 0, "prog", 1, "main", 1, 1);
	invented_add_to(&it, 1, "prog", 1, "main", 7, 7);
	invented_finish(&it, "sym", true, NULL);
	assert_string_equal(invented_print(&it, "folded"),
			    "cpu-clock:u;prog;main 1\npage-faults;prog;main 7\n");
	invented_done(&it);
}

static void a_sample_without_frames_is_unknown(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "", 2, 2);
	invented_add_to(&it, 0, NULL, 9, "main", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	assert_string_equal(invented_print(&it, "folded"), "prog;[unknown] 2\n[unknown];main 1\n");
	invented_done(&it);
}

static void commands_stand_in_front_only_where_they_are_known(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add_to(&it, 0, NULL, 9, "main;work", 1, 1);
	invented_add_to(&it, 0, NULL, 9, "", 2, 1);
	invented_finish(&it, "sym", true, NULL);
	assert_string_equal(invented_print(&it, "folded"), "[unknown] 2\nmain;work 1\n");
	invented_done(&it);
}

static void filters_hold_for_stacks_too(void **state)
{
	(void)state;
	struct invented it;
	struct ev_filter filter = { .comms = "prog", .symbols = "work" };
	invented_open(&it);
	invented_add(&it, "main;work", 1, 1);
	invented_add(&it, "main", 1, 1);
	invented_add_to(&it, 0, "other", 8, "main;work", 4, 400);
	invented_finish(&it, "sym", true, &filter);
	assert_string_equal(invented_print(&it, "folded"), "prog;main;work 1\n");
	invented_done(&it);
}

/* The samples of a simulation are instructions: their costs count. */
static void simulated_costs_count_and_say_so(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 10, 1000);
	ev_recording_add_note(&it.recording, EV_NOTE_SIMULATED, "callgrind 9");
	invented_finish(&it, "sym", true, NULL);
	assert_non_null(strstr(invented_print(&it, "folded"), ";prog;main;work 1000\n"));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stacks_are_lines_with_their_samples),
		cmocka_unit_test(processes_of_one_name_share_a_line),
		cmocka_unit_test(names_keep_to_one_frame_and_one_line),
		cmocka_unit_test(made_up_names_say_more_than_their_object),
		cmocka_unit_test(several_events_are_told_apart),
		cmocka_unit_test(a_sample_without_frames_is_unknown),
		cmocka_unit_test(commands_stand_in_front_only_where_they_are_known),
		cmocka_unit_test(filters_hold_for_stacks_too),
		cmocka_unit_test(simulated_costs_count_and_say_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
