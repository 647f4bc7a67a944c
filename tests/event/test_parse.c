/* Lists and groups. */
#include <errno.h>
#include "tree.h"

static void a_list_is_its_words_in_order(void **state)
{
	struct ev_event_list list = parsed(*state, " task-clock , cs:u,  page-faults ");
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].name, "task-clock");
	assert_string_equal(list.items[1].name, "cs:u");
	assert_string_equal(list.items[2].name, "page-faults");
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(list.items[i].leader, i);
		assert_int_equal(list.items[i].written, i);
	}
	ev_event_list_done(&list);
}

static void later_arguments_append(void **state)
{
	struct ev_event_list list = { 0 };
	struct ev_err err = { 0 };
	assert_int_equal(ev_event_parse_at(&list, *state, "cs,faults", &err), 0);
	assert_int_equal(ev_event_parse_at(&list, *state, "{task-clock,cpu-clock}", &err), 0);
	assert_int_equal(list.count, 4);
	assert_int_equal(list.items[2].leader, 2);
	assert_int_equal(list.items[3].leader, 2);
	assert_int_equal(list.items[3].written, 3);
	ev_event_list_done(&list);
}

static void a_group_has_its_first_event_as_leader(void **state)
{
	struct ev_event_list list = parsed(*state, "cs,{task-clock,faults , cpu-clock},{dummy}");
	assert_int_equal(list.count, 5);
	assert_int_equal(list.items[0].leader, 0);
	assert_int_equal(list.items[1].leader, 1);
	assert_int_equal(list.items[2].leader, 1);
	assert_int_equal(list.items[3].leader, 1);
	assert_int_equal(list.items[4].leader, 4);
	ev_event_list_done(&list);
}

static void group_modifiers_go_to_all_members_and_are_seen_in_their_names(void **state)
{
	struct ev_event_list list =
		parsed(*state, "{cycles:k,faults,cs/name=mine/,cycles/period=3/}:uS,cs");
	static const char *const names[] = { "cycles:ku", "faults:u", "mine", "cycles/period=3/u",
					     "cs" };
	for (size_t i = 0; i < list.count; i++)
		assert_string_equal(list.items[i].name, names[i]);
	/* k of its own and u of the group: both levels. */
	assert_false(list.items[0].attr.exclude_user || list.items[0].attr.exclude_kernel);
	assert_true(list.items[1].attr.exclude_kernel);
	assert_true(list.items[2].fixed & EV_SAMPLE_READ);
	assert_false(list.items[4].attr.exclude_kernel);
	ev_event_list_done(&list);
}

static void only_the_leader_is_pinned(void **state)
{
	struct ev_event_list list = parsed(*state, "{task-clock,cs}:DeW");
	assert_true(list.items[0].attr.pinned && list.items[0].attr.exclusive);
	assert_false(list.items[1].attr.pinned || list.items[1].attr.exclusive);
	assert_int_equal(list.items[0].fixed, EV_PINNED | EV_WEAK_GROUP);
	assert_int_equal(list.items[1].fixed, EV_WEAK_GROUP);
	ev_event_list_done(&list);
	list = parsed(*state, "{task-clock:D,cs}");
	assert_true(list.items[0].attr.pinned);
	ev_event_list_done(&list);
	refused_with(*state, "{task-clock,cs:D}", -EINVAL,
		     "only the first event of a group can be pinned");
}

static void a_tool_leads_no_group(void **state)
{
	struct ev_event_list list = parsed(*state, "{duration_time,cs,faults}:u,{user_time}");
	assert_int_equal(list.items[0].leader, 0);
	assert_int_equal(list.items[1].leader, 1);
	assert_int_equal(list.items[2].leader, 1);
	assert_int_equal(list.items[3].leader, 3);
	assert_string_equal(list.items[0].name, "duration_time");
	ev_event_list_done(&list);
}

static void a_group_over_kinds_of_core_becomes_a_group_for_each(void **state)
{
	tree_hybrid(*state);
	struct ev_event_list list = parsed(*state, "cs,{cycles,task-clock,instructions}:u");
	static const struct {
		const char *name;
		unsigned leader, written;
	} expected[] = {
		{ "cs", 0, 0 },
		{ "cpu_atom/cycles/u", 1, 1 },
		{ "task-clock:u", 1, 2 },
		{ "cpu_atom/instructions/u", 1, 3 },
		{ "cpu_core/cycles/u", 4, 1 },
		{ "cpu_core/instructions/u", 4, 3 },
	};
	assert_int_equal(list.count, EV_LENGTH(expected));
	for (size_t i = 0; i < list.count; i++) {
		assert_string_equal(list.items[i].name, expected[i].name);
		assert_int_equal(list.items[i].leader, expected[i].leader);
		assert_int_equal(list.items[i].written, expected[i].written);
	}
	ev_event_list_done(&list);
}

static void a_group_over_memory_controllers_is_one_for_each(void **state)
{
	tree_uncore(*state);
	struct ev_event_list list = parsed(*state, "{imc/cas_count_read/,imc/event=1/}");
	/* event=1 is a field of three of them, and the free running one has no fields. */
	assert_int_equal(list.count, 6);
	for (unsigned i = 0; i < 6; i++) {
		assert_int_equal(list.items[i].leader, i / 2 * 2);
		assert_int_equal(list.items[i].written, i % 2);
		assert_string_equal(list.items[i].pmu, list.items[i / 2 * 2].pmu);
	}
	ev_event_list_done(&list);
}

static void grammar_faults_are_shown_in_place(void **state)
{
	static const char *const refusals[][2] = {
		{ "", "no event is named\n\n^" },
		{ "  ", "no event is named" },
		{ ",cs", "an event is missing here\n,cs\n^" },
		{ "cs,,cs", "an event is missing here\ncs,,cs\n   ^" },
		{ "cs,", "an event is missing after the last ','\ncs,\n   ^" },
		{ "{", "an event is missing here" },
		{ "{}", "an event is missing here\n{}\n ^" },
		{ "{cs,}", "an event is missing here\n{cs,}\n    ^" },
		{ "{cs", "the '}' that ends this group is missing\n{cs\n^" },
		{ "cs}", "this '}' ends no group\ncs}\n  ^" },
		{ "{{cs}}", "a group can't hold a group\n{{cs}}\n ^" },
		{ "cs{", "a group '{' begins after a ','\ncs{\n  ^" },
		{ "{cs}{cs}", "',' or the end is expected here\n{cs}{cs}\n    ^" },
		{ "{cs}u", "',' or the end is expected here\n{cs}u\n    ^" },
		{ "{cs}:", "modifiers are missing" },
		{ "{cs}:x,cs", "unknown modifier 'x'" },
		{ "{cs}:u}", "unknown modifier '}'" },
	};
	for (size_t i = 0; i < EV_LENGTH(refusals); i++)
		refused_with(*state, refusals[i][0], -EINVAL, refusals[i][1]);
}

static void hostile_sizes_end_in_an_answer(void **state)
{
	char *text = ev_alloc(70001);
	memset(text, ',', 70000);
	struct ev_err err;
	assert_int_equal(refused(*state, text, &err), -E2BIG);
	memset(text, 'x', 60000);
	text[60000] = 0;
	assert_int_equal(refused(*state, text, &err), -ENOENT);
	for (size_t i = 0; i < 20000; i++)
		memcpy(text + 3 * i, "cs,", 3);
	text[59999] = 0;
	struct ev_event_list list = parsed(*state, text);
	assert_int_equal(list.count, 20000);
	ev_event_list_done(&list);
	/* A large group must not take the square of its size. */
	text[0] = '{';
	memcpy(text + 1, "cs,", 3);
	for (size_t i = 1; i < 19999; i++)
		memcpy(text + 1 + 3 * i, "cs,", 3);
	memcpy(text + 1 + 3 * 19999, "cs}", 4);
	list = parsed(*state, text);
	assert_int_equal(list.count, 20000);
	assert_int_equal(list.items[19999].leader, 0);
	assert_int_equal(list.items[19999].written, 19999);
	ev_event_list_done(&list);
	memset(text, '{', 60000);
	assert_int_equal(refused(*state, text, &err), -EINVAL);
	free(text);
}

static void a_null_error_is_accepted(void **state)
{
	struct ev_event_list list = { 0 };
	assert_int_equal(ev_event_parse_at(&list, *state, "nosuch", NULL), -ENOENT);
	assert_int_equal(list.count, 0);
	ev_event_list_done(&list);
}

static void the_machines_own_events_are_parsed(void **state)
{
	(void)state;
	struct ev_event_list list = { 0 };
	struct ev_err err = { 0 };
	assert_int_equal(ev_event_parse(&list, "task-clock,{cs,faults}:u", &err), 0);
	assert_int_equal(list.count, 3);
	ev_event_list_done(&list);
}

#define WITH_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_TREE(a_list_is_its_words_in_order),
		WITH_TREE(later_arguments_append),
		WITH_TREE(a_group_has_its_first_event_as_leader),
		WITH_TREE(group_modifiers_go_to_all_members_and_are_seen_in_their_names),
		WITH_TREE(only_the_leader_is_pinned),
		WITH_TREE(a_tool_leads_no_group),
		WITH_TREE(a_group_over_kinds_of_core_becomes_a_group_for_each),
		WITH_TREE(a_group_over_memory_controllers_is_one_for_each),
		WITH_TREE(grammar_faults_are_shown_in_place),
		WITH_TREE(hostile_sizes_end_in_an_answer),
		WITH_TREE(a_null_error_is_accepted),
		cmocka_unit_test(the_machines_own_events_are_parsed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
