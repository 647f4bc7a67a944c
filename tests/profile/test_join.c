/* Profiles of several recordings become one: by names and builds, not by addresses. */
#include <evprof/tables.h>
#include "invented.h"

struct two {
	struct invented parts[2];
	struct ev_named *parts_named[2];
	struct ev_named *whole;
	struct ev_profile *profile;
};

static struct two two_open(void)
{
	return (struct two){ .parts = { invented_open(), invented_open() } };
}

static void join_both(struct two *it, const uint32_t *const events[2])
{
	static const char *const paths[] = { "old.data", "new.data" };
	static const char *const hosts[] = { "one", "two" };
	struct ev_join *join = ev_join_open();
	for (size_t i = 0; i < 2; i++) {
		it->parts_named[i] = invented_name_all(&it->parts[i], 0, false);
		ev_join_add(join, &(struct ev_part){ .named = it->parts_named[i],
						     .events = events ? events[i] : NULL,
						     .path = paths[i],
						     .host = hosts[i] });
	}
	it->whole = ev_join_finish(join, &it->profile);
}

static void two_done(struct two *it)
{
	ev_named_close(it->whole);
	ev_profile_close(it->profile);
	for (size_t i = 0; i < 2; i++) {
		ev_named_close(it->parts_named[i]);
		invented_done(&it->parts[i]);
	}
}

/* "self/children text, …" in the order of the rows, of one event. */
static const char *rows(struct two *it, const char *keys, bool children, uint32_t event,
			struct ev_arena *arena)
{
	enum ev_key parsed[EV_KEY_COUNT];
	size_t count;
	struct ev_table table;
	const char *text = "";
	assert_int_equal(ev_keys_parse(keys, parsed, &count, NULL), 0);
	assert_int_equal(ev_table_build(&table, it->whole, parsed, count, children, NULL, NULL), 0);
	for (size_t i = 0; i < table.row_count; i++) {
		const struct ev_row *row = &table.rows[i];
		text = ev_arena_printf(arena, "%s%s%lu", text, i ? ", " : "",
				       (unsigned long)row->period[event]);
		if (children)
			text = ev_arena_printf(arena, "%s/%lu", text,
					       (unsigned long)row->children[event]);
		for (size_t k = 0; k < count; k++)
			text = ev_arena_printf(arena, "%s %s", text,
					       ev_row_text(&table, it->whole, row, k));
	}
	ev_table_done(&table);
	return text;
}

static void functions_of_the_same_name_become_one_row(void **state)
{
	(void)state;
	struct two it = two_open();
	struct ev_arena arena = { 0 };
	/* At other addresses: words are numbered in the order in which they come. */
	invented_add(&it.parts[0], "main work", 1, 10);
	invented_add(&it.parts[0], "main rest", 1, 5);
	invented_add(&it.parts[1], "start main rest", 2, 7);
	invented_add(&it.parts[1], "start main work", 3, 30);
	join_both(&it, NULL);
	assert_string_equal(rows(&it, "sym", true, 0, &arena),
			    "0/52 main, 40/40 work, 0/37 start, 12/12 rest");
	assert_int_equal(it.profile->quality.samples, 7);
	ev_arena_done(&arena);
	two_done(&it);
}

static void sums_of_ratios_are_added_up_by_the_rows_of_the_whole(void **state)
{
	(void)state;
	struct two it = two_open();
	struct ev_joints joints[2] = { 0 }, all = { 0 };
	/* The second has one ratio more, which comes first there. */
	const uint32_t ratios[2][2] = { { 0 }, { 1, 0 } };
	struct ev_join *join = ev_join_open();
	invented_add(&it.parts[1], "main rest", 1, 1); /* other numbers for all that follows */
	for (uint32_t i = 0; i < 2; i++) {
		uint32_t tag = invented_tag_in(it.parts[i].profile, 0, "prog", i + 1);
		uint32_t stack = invented_stack(&it.parts[i], i ? "start main work" : "main work");
		ev_profile_add(it.parts[i].profile, tag, stack, 1, 100);
		ev_joints_add(&joints[i], i, tag, stack, 100, 10 + i);
		if (i)
			ev_joints_add(&joints[i], 0, tag, stack, 1, 2);
		it.parts_named[i] = invented_name_all(&it.parts[i], 0, false);
		ev_join_add(join, &(struct ev_part){ .named = it.parts_named[i],
						     .path = "a",
						     .joints = &joints[i],
						     .ratios = ratios[i],
						     .all_joints = &all });
	}
	it.whole = ev_join_finish(join, &it.profile);
	struct ev_table table;
	enum ev_key key = EV_KEY_SYMBOL;
	assert_int_equal(ev_table_build(&table, it.whole, &key, 1, false, NULL, NULL), 0);
	struct ev_ratio_sums *sums = ev_table_ratio_sums(&table, it.whole, &all, 2);
	assert_string_equal(ev_row_text(&table, it.whole, &table.rows[0], 0), "work");
	assert_int_equal(sums[0].samples, 2);
	assert_true(sums[0].x == 200 && sums[0].y == 21);
	assert_int_equal(sums[1].samples, 1);
	assert_true(sums[1].x == 1 && sums[1].y == 2);
	free(sums);
	ev_table_done(&table);
	for (size_t i = 0; i < 2; i++)
		ev_joints_done(&joints[i]);
	ev_joints_done(&all);
	two_done(&it);
}

static void hosts_and_recordings_stand_side_by_side(void **state)
{
	(void)state;
	struct two it = two_open();
	struct ev_arena arena = { 0 };
	invented_add(&it.parts[0], "main", 1, 10);
	invented_add(&it.parts[1], "main", 1, 30);
	join_both(&it, NULL);
	assert_string_equal(rows(&it, "host,recording,sym", false, 0, &arena),
			    "30 two new.data main, 10 one old.data main");
	ev_arena_done(&arena);
	two_done(&it);
}

static void addresses_without_a_name_mean_nothing_in_another_recording(void **state)
{
	(void)state;
	struct two it = two_open();
	struct ev_arena arena = { 0 };
	invented_add(&it.parts[0], "main ?7", 1, 10);
	invented_add(&it.parts[1], "main other ?9", 1, 30);
	join_both(&it, NULL);
	assert_string_equal(rows(&it, "sym", false, 0, &arena), "40 [unknown]");
	ev_arena_done(&arena);
	two_done(&it);
}

static void events_are_those_of_the_whole(void **state)
{
	(void)state;
	static const uint32_t first[] = { 2 }, second[] = { 1 };
	static const uint32_t *const events[] = { first, second };
	struct two it = two_open();
	struct ev_arena arena = { 0 };
	invented_add(&it.parts[0], "main", 1, 10);
	invented_add(&it.parts[1], "main", 1, 30);
	join_both(&it, events);
	assert_int_equal(it.profile->event_count, 3);
	assert_string_equal(rows(&it, "sym", false, 2, &arena), "10 main");
	assert_string_equal(rows(&it, "sym", false, 1, &arena), "30 main");
	ev_arena_done(&arena);
	two_done(&it);
}

static void stacks_of_the_whole_are_in_the_order_of_a_walk(void **state)
{
	(void)state;
	struct two it = two_open();
	invented_add(&it.parts[0], "a b", 1, 1);
	invented_add(&it.parts[0], "c", 1, 1);
	invented_add(&it.parts[1], "a d", 1, 1);
	invented_add(&it.parts[1], "a b", 1, 1);
	join_both(&it, NULL);
	assert_int_equal(it.whole->stacks.count, 5);
	for (uint32_t i = 2; i < it.whole->stacks.count; i++) {
		uint32_t at = i - 1, parent = it.whole->stacks.items[i].parent;
		while (at && at != parent)
			at = it.whole->stacks.items[at].parent;
		assert_int_equal(at, parent); /* an open one */
	}
	for (size_t i = 1; i < it.whole->cells.count; i++)
		assert_true(it.whole->cells.items[i - 1].stack <= it.whole->cells.items[i].stack);
	two_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(functions_of_the_same_name_become_one_row),
		cmocka_unit_test(sums_of_ratios_are_added_up_by_the_rows_of_the_whole),
		cmocka_unit_test(hosts_and_recordings_stand_side_by_side),
		cmocka_unit_test(addresses_without_a_name_mean_nothing_in_another_recording),
		cmocka_unit_test(events_are_those_of_the_whole),
		cmocka_unit_test(stacks_of_the_whole_are_in_the_order_of_a_walk),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
