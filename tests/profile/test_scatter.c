/* How rows change from one part of the time to the next. */
#include <math.h>
#include <evprof/figures.h>
#include <evprof/tables.h>
#include "invented.h"

struct made {
	struct invented it;
	struct ev_named *named;
	struct ev_table table;
	struct ev_scatters scatters;
};

static void add(struct made *made, const char *words, uint32_t block, uint64_t samples)
{
	struct ev_tag tag = { .block = block };
	ev_profile_add(made->it.profile, ev_profile_tag(made->it.profile, &tag),
		       invented_stack(&made->it, words), samples, samples);
}

static void build(struct made *made, bool children)
{
	const enum ev_key keys[] = { EV_KEY_SYMBOL };
	made->named = invented_name_all(&made->it, 0, false);
	assert_int_equal(ev_table_build(&made->table, made->named, keys, 1, children, NULL, NULL),
			 0);
	ev_table_scatters(&made->scatters, &made->table, made->named);
}

static void made_done(struct made *made)
{
	ev_scatters_done(&made->scatters);
	ev_table_done(&made->table);
	ev_named_close(made->named);
	invented_done(&made->it);
}

static size_t row_of(const struct made *made, const char *name)
{
	for (size_t i = 0; i < made->table.row_count; i++)
		if (!strcmp(ev_row_text(&made->table, made->named, &made->table.rows[i], 0), name))
			return i;
	fail_msg("no row %s", name);
	return 0;
}

static void near(double value, double wanted)
{
	if (fabs(value - wanted) > 1e-6 * fabs(wanted) + 1e-9)
		fail_msg("%f, expected %f", value, wanted);
}

/* Few samples: 16 parts of 8 blocks each. */
static void steps_are_between_neighbouring_parts_also_empty_ones(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	uint32_t per_part = EV_BLOCK_COUNT / 16;
	add(&made, "a", 1, 10);                /* part 0 */
	add(&made, "a", 2, 2);                 /* the same */
	add(&made, "a", per_part + 1, 6);      /* part 1 */
	add(&made, "a", 5 * per_part + 1, 6);  /* part 5 */
	add(&made, "b", 15 * per_part + 1, 6); /* the last */
	build(&made, false);
	const struct ev_scatter_all *all = &made.scatters.all[0];
	const struct ev_scatter *a = &made.scatters.self[row_of(&made, "a")];
	const struct ev_scatter *b = &made.scatters.self[row_of(&made, "b")];
	assert_int_equal(all->parts, 16);
	near(a->period, 24);
	/* 12 to 6, 6 to 0, 0 to 6, 6 to 0 */
	near(a->steps, 4 * 36);
	near(a->products, 4 * 36);
	near(b->steps, 36);
	near(all->sums.steps, 5 * 36);
	assert_int_equal(all->kept, 15);
	made_done(&made);
}

static void callers_have_the_scatter_of_what_they_call(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	for (uint32_t block = 1; block <= EV_BLOCK_COUNT; block++) {
		add(&made, "main work", block, 10 + block % 3);
		add(&made, "main work main rest", block, 5);
		add(&made, "other", block, 3);
	}
	build(&made, true);
	size_t main_row = row_of(&made, "main"), work = row_of(&made, "work");
	size_t rest = row_of(&made, "rest"), other = row_of(&made, "other");
	const struct ev_scatter *own = made.scatters.self, *all = made.scatters.children;
	near(own[main_row].period, 0);
	near(all[main_row].period, own[work].period + own[rest].period);
	near(all[main_row].steps, own[work].steps);
	near(all[work].period, all[main_row].period);
	near(all[rest].steps, 0);
	near(own[other].steps, 0);
	assert_true(own[work].steps > 0);
	assert_int_equal(all[main_row].samples, made.table.rows[main_row].children_samples[0]);
	made_done(&made);
}

static void stacks_have_the_scatter_of_their_cells(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	for (uint32_t block = 1; block <= EV_BLOCK_COUNT; block++) {
		add(&made, "a", block, 10 + block % 5);
		add(&made, "b", block, 5 + block % 2);
	}
	build(&made, false);
	struct ev_scatters stacks;
	ev_stack_scatters(&stacks, &made.table, made.named);
	for (uint32_t i = 1; i < made.named->stacks.count; i++) {
		struct ev_arena arena = { 0 };
		const struct ev_scatter *row =
			&made.scatters.self[row_of(&made, invented_text(&arena, made.named, i))];
		near(stacks.self[i].period, row->period);
		near(stacks.self[i].steps, row->steps);
		near(stacks.self[i].products, row->products);
		ev_arena_done(&arena);
	}
	near(stacks.all[0].design, made.scatters.all[0].design);
	ev_scatters_done(&stacks);
	made_done(&made);
}

static void samples_without_times_count_as_independent(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	add(&made, "a", 0, 10);
	add(&made, "b", 0, 30);
	build(&made, false);
	assert_int_equal(made.scatters.all[0].parts, 0);
	near(made.scatters.all[0].design, 1);
	struct ev_estimate share =
		ev_share_estimate(&made.scatters.self[row_of(&made, "a")], &made.scatters.all[0]);
	near(share.value, 0.25);
	assert_true(share.low > 0.12 && share.low < 0.16 && share.high > 0.39 && share.high < 0.42);
	made_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_are_between_neighbouring_parts_also_empty_ones),
		cmocka_unit_test(callers_have_the_scatter_of_what_they_call),
		cmocka_unit_test(stacks_have_the_scatter_of_their_cells),
		cmocka_unit_test(samples_without_times_count_as_independent),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
