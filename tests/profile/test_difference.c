/* What changed between recordings of one table: values, presence, order, and what stands out. */
#include <math.h>
#include <evprof/figures.h>
#include <evprof/tables.h>
#include "invented.h"

struct made {
	struct invented it;
	struct ev_named *named;
	struct ev_table table;
	struct ev_scatters scatters;
	struct ev_difference difference;
	struct ev_difference_options how;
	struct ev_arena arena;
};

/* So many samples in each recording, spread evenly over its time. */
static void add(struct made *made, const char *words, uint64_t old, uint64_t new)
{
	const uint64_t counts[] = { old, new };
	uint32_t stack = invented_stack(&made->it, words);
	for (uint32_t event = 0; event < 2; event++)
		for (uint64_t i = 0; i < counts[event]; i++) {
			struct ev_tag tag = {
				.event = event,
				.block = (uint32_t)(i * EV_BLOCK_COUNT / counts[event]) + 1,
			};
			ev_profile_add(made->it.profile, ev_profile_tag(made->it.profile, &tag),
				       stack, 1, 1000);
		}
}

static struct made made_open(void)
{
	return (struct made){
		.it = invented_open(),
		.how = { .compute = EV_COMPUTE_DELTA_ABS, .order = 1, .chance_share = 0.05 },
	};
}

static void build(struct made *made, bool children, bool of_stacks)
{
	const enum ev_key keys[] = { EV_KEY_SYMBOL };
	made->named = invented_name_all(&made->it, 0, false);
	made->how.children = children;
	assert_int_equal(ev_table_build(&made->table, made->named, keys, 1, children, NULL, NULL),
			 0);
	if (of_stacks)
		ev_stack_scatters(&made->scatters, &made->table, made->named);
	else
		ev_table_scatters(&made->scatters, &made->table, made->named);
	made->scatters.all[0].seconds = 1;
	made->scatters.all[1].seconds = 2;
	ev_difference_build(&made->difference, &made->table, made->named, &made->scatters,
			    of_stacks, 0, 2, &made->how);
}

static void made_done(struct made *made)
{
	ev_difference_done(&made->difference);
	ev_scatters_done(&made->scatters);
	ev_table_done(&made->table);
	ev_named_close(made->named);
	invented_done(&made->it);
	ev_arena_done(&made->arena);
}

/* "name change presence!, …": ! stands out. */
static const char *rows(struct made *made)
{
	static const char *const presences[] = { "", " new", " gone", " neither" };
	const char *text = "";
	for (size_t i = 0; i < made->difference.row_count; i++) {
		const struct ev_difference_row *row = &made->difference.rows[i];
		const struct ev_difference_side *side = &row->sides[1];
		const char *name = made->difference.of_stacks
					   ? invented_text(&made->arena, made->named, row->item)
					   : ev_row_text(&made->table, made->named,
							 &made->table.rows[row->item], 0);
		char value[32] = "?";
		if (side->change.known)
			snprintf(value, sizeof(value), "%+.2f", side->change.value);
		text = ev_arena_printf(&made->arena, "%s%s%s %s%s%s", text, i ? ", " : "", name,
				       value, presences[side->presence],
				       row->stands_out ? "!" : "");
	}
	return text;
}

static void rows_go_by_how_much_they_changed(void **state)
{
	(void)state;
	struct made made = made_open();
	add(&made, "main grows", 1000, 1600);
	add(&made, "main stays", 2000, 2000);
	add(&made, "main shrinks", 1000, 300);
	add(&made, "main moves", 10, 12);
	build(&made, false, false);
	assert_string_equal(rows(&made), "shrinks -0.17!, grows +0.16!, stays +0.01, moves +0.00");
	assert_int_equal(made.difference.stand_out, 2);
	assert_int_equal(made.difference.tested, 4);
	assert_int_equal(made.difference.total_samples[0], 4010);
	made_done(&made);
}

static void what_only_one_recording_has_is_new_or_gone(void **state)
{
	(void)state;
	struct made made = made_open();
	add(&made, "a", 400, 0);
	add(&made, "b", 0, 300);
	add(&made, "c", 600, 700);
	build(&made, false, false);
	assert_string_equal(rows(&made), "a -0.40 gone!, b +0.30 new!, c +0.10!");
	made_done(&made);
	made = made_open();
	made.how.baseline_only = true;
	add(&made, "a", 400, 0);
	add(&made, "b", 0, 300);
	build(&made, false, false);
	assert_string_equal(rows(&made), "a -1.00 gone!");
	made_done(&made);
}

static void rows_of_few_samples_never_stand_out(void **state)
{
	(void)state;
	struct made made = made_open();
	add(&made, "a", 0, EV_DIFFERENCE_LEAST_SAMPLES - 1);
	add(&made, "b", 1000000, 0);
	add(&made, "c", 1000, 1000);
	build(&made, false, false);
	assert_int_equal(made.difference.tested, 2);
	for (size_t i = 0; i < made.difference.row_count; i++)
		assert_int_equal(made.difference.rows[i].sides[1].stands_out,
				 made.difference.rows[i].sides[0].samples >= 1000);
	made_done(&made);
}

static void signed_deltas_put_what_grew_first(void **state)
{
	(void)state;
	struct made made = made_open();
	made.how.compute = EV_COMPUTE_DELTA;
	add(&made, "a", 600, 100);
	add(&made, "b", 300, 500);
	add(&made, "c", 100, 400);
	build(&made, false, false);
	assert_string_equal(rows(&made), "c +0.30!, b +0.20!, a -0.50!");
	made_done(&made);
	made = made_open();
	made.how.order = 0;
	add(&made, "c", 100, 400);
	add(&made, "a", 600, 100);
	add(&made, "b", 300, 500);
	build(&made, false, false);
	assert_string_equal(rows(&made), "a -0.50!, b +0.20!, c +0.30!");
	made_done(&made);
}

static void ratios_to_nothing_are_not_known_and_last(void **state)
{
	(void)state;
	struct made made = made_open();
	made.how.compute = EV_COMPUTE_RATIO;
	made.how.measure = EV_MEASURE_TOTAL;
	add(&made, "a", 0, 300);
	add(&made, "b", 400, 200);
	add(&made, "c", 100, 400);
	build(&made, false, false);
	assert_string_equal(rows(&made), "c +4.00!, b +0.50!, a ? new!");
	made_done(&made);
}

static void weights_and_rates_are_of_periods(void **state)
{
	(void)state;
	struct made made = made_open();
	made.how.compute = EV_COMPUTE_WEIGHTED;
	made.how.measure = EV_MEASURE_TOTAL;
	made.how.old_weight = 1;
	made.how.new_weight = 2;
	add(&made, "a", 400, 400);
	build(&made, false, false);
	assert_string_equal(rows(&made), "a +400000.00");
	made_done(&made);
	made = made_open();
	made.how.measure = EV_MEASURE_SECOND; /* the second recording took twice as long */
	add(&made, "a", 400, 400);
	build(&made, false, false);
	assert_string_equal(rows(&made), "a -200000.00!");
	made_done(&made);
}

static void callers_change_with_what_they_call(void **state)
{
	(void)state;
	struct made made = made_open();
	add(&made, "main a hot", 500, 900);
	add(&made, "main b", 500, 100);
	build(&made, true, false);
	assert_string_equal(rows(&made), "a +0.40!, hot +0.40!, b -0.40!, main +0.00");
	made_done(&made);
}

static void stacks_are_compared_as_a_whole(void **state)
{
	(void)state;
	struct made made = made_open();
	add(&made, "main a work", 500, 900);
	add(&made, "main b work", 500, 100);
	build(&made, false, true);
	assert_string_equal(rows(&made), "main;a;work +0.40!, main;b;work -0.40!");
	made_done(&made);
}

static void exact_counts_differ_or_are_equal(void **state)
{
	(void)state;
	struct made made = made_open();
	made.how.exact = true;
	made.how.measure = EV_MEASURE_TOTAL;
	add(&made, "a", 1, 2);
	add(&made, "b", 1000, 1000);
	build(&made, false, false);
	assert_string_equal(rows(&made), "a +1000.00!, b +0.00");
	const struct ev_change *change = &made.difference.rows[0].sides[1].change;
	assert_true(change->low >= change->high && change->chance <= 0);
	made_done(&made);
}

static void a_recording_without_samples_is_no_trap(void **state)
{
	(void)state;
	struct made made = made_open();
	struct ev_tag tag = { .event = 1 };
	ev_profile_tag(made.it.profile, &tag);
	add(&made, "a", 100, 0);
	build(&made, false, false);
	assert_int_equal(made.difference.row_count, 1);
	assert_int_equal(made.difference.total_samples[1], 0);
	assert_false(made.difference.rows[0].stands_out);
	made_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_go_by_how_much_they_changed),
		cmocka_unit_test(what_only_one_recording_has_is_new_or_gone),
		cmocka_unit_test(rows_of_few_samples_never_stand_out),
		cmocka_unit_test(signed_deltas_put_what_grew_first),
		cmocka_unit_test(ratios_to_nothing_are_not_known_and_last),
		cmocka_unit_test(weights_and_rates_are_of_periods),
		cmocka_unit_test(callers_change_with_what_they_call),
		cmocka_unit_test(stacks_are_compared_as_a_whole),
		cmocka_unit_test(exact_counts_differ_or_are_equal),
		cmocka_unit_test(a_recording_without_samples_is_no_trap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
