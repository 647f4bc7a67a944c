/* Intervals of shares and differences: how often they hold, by samples that are drawn. */
#include <math.h>
#include <evprof/tables.h>
#include "invented.h"
#include "profile.h"

enum { ROWS = 6 };
static const double truth[ROWS] = { 0.50, 0.25, 0.15, 0.06, 0.03, 0.01 };

static uint64_t random_state = 1;
static double random_01(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (double)(random_state >> 11) / 9007199254740992.0;
}

static size_t draw_row(void)
{
	double left = random_01();
	size_t row = 0;
	while (row + 1 < ROWS && (left -= truth[row]) >= 0)
		row++;
	return row;
}

/* ---- recordings that are drawn --------------------------------------------------------------- */

struct world {
	const char *name;
	size_t samples;
	double stay;       /* chance that a sample is of the row of the one before */
	bool periods_vary; /* exponentially, as with a frequency that is sought */
	bool phases;       /* the rows come one after another, each for its share */
	unsigned threads;  /* that sample in turn; 0 as 1 */
};

static size_t row_of_phase(double time)
{
	double at = time;
	size_t row = 0;
	while (row + 1 < ROWS && (at -= truth[row]) >= 0)
		row++;
	return row;
}

struct drawn {
	struct invented it;
	struct ev_named *named;
	struct ev_table table;
	size_t rows[ROWS]; /* of the table, by function */
};

/* A cell for every row and part of the time, filled anew for every recording. */
static void drawn_open(struct drawn *drawn)
{
	static const char names[] = "abcdef";
	const enum ev_key keys[] = { EV_KEY_SYMBOL };
	*drawn = (struct drawn){ .it = invented_open() };
	for (uint32_t block = 1; block <= EV_BLOCK_COUNT; block++)
		for (size_t row = 0; row < ROWS; row++) {
			struct ev_tag tag = { .block = block };
			char name[] = { names[row], 0 };
			ev_profile_add(drawn->it.profile, ev_profile_tag(drawn->it.profile, &tag),
				       invented_stack(&drawn->it, name), 1, ROWS - row);
		}
	drawn->named = invented_name_all(&drawn->it, 0, false);
	assert_int_equal(ev_table_build(&drawn->table, drawn->named, keys, 1, false, NULL, NULL),
			 0);
}

static void drawn_done(struct drawn *drawn)
{
	ev_table_done(&drawn->table);
	ev_named_close(drawn->named);
	invented_done(&drawn->it);
}

static void draw(struct drawn *drawn, const struct world *world, struct ev_scatters *scatters)
{
	static uint64_t samples[ROWS][EV_BLOCK_COUNT];
	static double periods[ROWS][EV_BLOCK_COUNT];
	size_t last[8] = { 0 };
	unsigned threads = world->threads ? world->threads : 1;
	memset(samples, 0, sizeof(samples));
	memset(periods, 0, sizeof(periods));
	for (unsigned i = 0; i < threads; i++)
		last[i] = draw_row();
	double shift = random_01();
	for (size_t i = 0; i < world->samples; i++) {
		double time = ((double)i + shift) / (double)world->samples;
		size_t *row = &last[i % threads];
		if (world->phases)
			*row = row_of_phase(time);
		else if (random_01() >= world->stay)
			*row = draw_row();
		size_t block = (size_t)(time * EV_BLOCK_COUNT);
		samples[*row][block]++;
		periods[*row][block] += world->periods_vary ? 1000 * -log(1 - random_01()) : 1000;
	}
	drawn->table.total_samples[0] = world->samples;
	for (size_t i = 0; i < drawn->named->cells.count; i++) {
		struct ev_cell *cell = &drawn->named->cells.items[i];
		uint32_t block = drawn->named->profile->tags.items[cell->tag].block - 1;
		uint32_t frame = drawn->named->stacks.items[cell->stack].place;
		size_t row = (size_t)(*ev_strings_text(drawn->named->profile->strings,
						       drawn->named->frames.items[frame].function) -
				      'a');
		cell->samples = samples[row][block];
		cell->period = (uint64_t)(periods[row][block] + 0.5);
	}
	ev_table_scatters(scatters, &drawn->table, drawn->named);
}

static const struct world worlds[] = {
	{ .name = "independent samples", .samples = 3000 },
	{ .name = "few of them", .samples = 400 },
	{ .name = "loops that last", .samples = 4000, .stay = 0.75 },
	{ .name = "few samples of loops", .samples = 500, .stay = 0.5 },
	{ .name = "longer loops", .samples = 8000, .stay = 0.9 },
	{ .name = "loops of four threads", .samples = 4000, .stay = 0.6, .threads = 4 },
	{ .name = "periods that vary", .samples = 3000, .periods_vary = true },
	{ .name = "both", .samples = 4000, .stay = 0.5, .periods_vary = true },
};
enum { DRAWS = 400 };

/* ---- shares ---------------------------------------------------------------------------------- */

static void intervals_of_shares_hold_in_95_of_100_recordings(void **state)
{
	(void)state;
	struct drawn drawn;
	drawn_open(&drawn);
	random_state = 88172645463325252ULL;
	for (size_t w = 0; w < EV_LENGTH(worlds); w++) {
		size_t held = 0, row_held[ROWS] = { 0 };
		for (size_t i = 0; i < DRAWS; i++) {
			struct ev_scatters scatters;
			draw(&drawn, &worlds[w], &scatters);
			for (size_t row = 0; row < ROWS; row++) {
				struct ev_estimate share =
					ev_share_estimate(&scatters.self[row], scatters.all);
				bool holds = share.low <= truth[row] && truth[row] <= share.high;
				held += holds;
				row_held[row] += holds;
				assert_true(share.low <= share.value && share.value <= share.high);
			}
			ev_scatters_done(&scatters);
		}
		double all = 100.0 * (double)held / (DRAWS * ROWS);
		print_message("%s: %.2f %% hold\n", worlds[w].name, all);
		assert_true(all >= 93 && all <= 97);
		for (size_t row = 0; row < ROWS; row++)
			assert_true(row_held[row] >= 0.90 * DRAWS);
	}
	drawn_done(&drawn);
}

static void recordings_of_the_same_program_differ_by_no_more_than_chance(void **state)
{
	(void)state;
	struct drawn drawn;
	drawn_open(&drawn);
	random_state = 362436069;
	for (size_t w = 0; w < EV_LENGTH(worlds); w++) {
		size_t held = 0, found = 0;
		for (size_t i = 0; i < DRAWS; i++) {
			struct ev_scatters old, new;
			double chances[ROWS];
			draw(&drawn, &worlds[w], &old);
			draw(&drawn, &worlds[w], &new);
			for (size_t row = 0; row < ROWS; row++) {
				struct ev_change change =
					ev_change_difference(ev_share_estimate(&old.self[row],
									       old.all),
							     ev_share_estimate(&new.self[row],
									       new.all));
				bool holds = change.low <= 0 && 0 <= change.high;
				held += holds;
				/* The chance and the interval say the same. */
				assert_true(holds == (change.chance >= 0.0499) ||
					    fabs(change.chance - 0.05) < 0.002);
				chances[row] = change.chance;
			}
			found += ev_chances_limit(chances, ROWS, 0.05) >= 0;
			ev_scatters_done(&old);
			ev_scatters_done(&new);
		}
		double all = 100.0 * (double)held / (DRAWS * ROWS);
		print_message("%s: %.2f %% hold; %.1f %% of pairs with a row marked\n",
			      worlds[w].name, all, 100.0 * (double)found / DRAWS);
		assert_true(all >= 93 && all <= 97.5); /* few samples have few values */
		assert_true(found <= 0.08 * DRAWS);
	}
	drawn_done(&drawn);
}

/* What a program does one after another is its course, not chance. */
static void phases_do_not_make_intervals_wide(void **state)
{
	(void)state;
	static const struct world phases = { .samples = 4000, .phases = true };
	struct drawn drawn;
	struct ev_scatters scatters;
	drawn_open(&drawn);
	random_state = 521288629;
	for (size_t i = 0; i < 100; i++) {
		draw(&drawn, &phases, &scatters);
		for (size_t row = 0; row < ROWS; row++) {
			struct ev_estimate share =
				ev_share_estimate(&scatters.self[row], scatters.all);
			assert_true(share.low <= truth[row] && truth[row] <= share.high);
			/* Without regard to the order of the parts: 0.36. */

			assert_true(share.high - share.low < 0.08);
			;
		}
		ev_scatters_done(&scatters);
	}
	drawn_done(&drawn);
}

static void a_real_difference_stands_out(void **state)
{
	(void)state;
	static const struct world few = { .samples = 1500 };
	struct drawn drawn;
	struct ev_scatters old, new;
	drawn_open(&drawn);
	random_state = 7;
	draw(&drawn, &few, &old);
	draw(&drawn, &few, &new);
	struct ev_estimate a = ev_share_estimate(&old.self[2], old.all);
	struct ev_estimate b = ev_share_estimate(&new.self[1], new.all);
	struct ev_change change = ev_change_difference(a, b);
	assert_true(change.known && change.low > 0.05 && change.high < 0.16);
	assert_true(change.chance < 1e-6);
	change = ev_change_difference(b, a);
	assert_true(change.high < -0.05 && change.chance < 1e-6);
	change = ev_change_ratio(a, b);
	assert_true(change.low > 1.2 && change.low < change.value && change.value < change.high);
	ev_scatters_done(&old);
	ev_scatters_done(&new);
	drawn_done(&drawn);
}

static struct ev_scatter_all of_all(uint64_t samples)
{
	double count = (double)samples;
	return (struct ev_scatter_all){
		.sums = { .samples = samples, .period = count, .squares = count },
		.design = 1,
	};
}

static struct ev_scatter of_row(uint64_t samples)
{
	double count = (double)samples;
	return (struct ev_scatter){ .samples = samples, .period = count, .squares = count };
}

/* Figures of Newcombe's own tables: 56/70 less 48/80 is 0.0524 to 0.3339, and 9/10 less 3/10 is
 * 0.1705 to 0.8090. Student's t is wider than his normal,
 * of few samples by much. */
static void intervals_are_those_of_the_literature(void **state)
{
	(void)state;
	static const struct {
		uint64_t new_row, new_all, old_row, old_all;
		double low, high, within;
	} known[] = { { 56, 70, 48, 80, 0.0524, 0.3339, 0.005 },
		      { 9, 10, 3, 10, 0.1705, 0.8090, 0.1 } };
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		struct ev_scatter_all old_all = of_all(known[i].old_all);
		struct ev_scatter_all new_all = of_all(known[i].new_all);
		struct ev_scatter old = of_row(known[i].old_row), new = of_row(known[i].new_row);
		struct ev_change change = ev_change_difference(ev_share_estimate(&old, &old_all),
							       ev_share_estimate(&new, &new_all));
		assert_true(fabs(change.low - known[i].low) < known[i].within);
		assert_true(fabs(change.high - known[i].high) < known[i].within);
	}
}

static void a_row_that_is_not_there_has_an_interval_too(void **state)
{
	(void)state;
	struct ev_scatter_all all = of_all(1000);
	struct ev_scatter none = { 0 }, some = of_row(40);
	struct ev_estimate gone = ev_share_estimate(&none, &all);
	assert_true(gone.value <= 0 && gone.low <= 0);
	assert_true(gone.high > 0.003 && gone.high < 0.005); /* the rule of three, and some */
	struct ev_change change = ev_change_difference(gone, ev_share_estimate(&some, &all));
	assert_true(change.low > 0.02 && change.chance < 1e-4);
	assert_false(ev_change_ratio(gone, ev_share_estimate(&some, &all)).known);
	some = of_row(1);
	change = ev_change_difference(gone, ev_share_estimate(&some, &all));
	assert_true(change.low < 0 && change.chance > 0.1);
}

static void all_of_it_is_all_of_it(void **state)
{
	(void)state;
	struct ev_scatter_all all = of_all(1000);
	struct ev_estimate share = ev_share_estimate(&all.sums, &all);
	assert_true(share.value >= 1 && share.high >= 1 && share.low > 0.99);
}

static void nothing_at_all_is_not_known(void **state)
{
	(void)state;
	struct ev_scatter_all all = { 0 };
	struct ev_scatter none = { 0 };
	struct ev_estimate share = ev_share_estimate(&none, &all);
	assert_true(share.low <= 0 && share.high >= 1);
	assert_true(ev_change_difference(share, share).chance > 0.9);
}

/* Counts are as sure as shares where the clock ticks evenly. */
static void weights_have_the_interval_of_counts(void **state)
{
	(void)state;
	struct ev_scatter_all all = of_all(100000);
	struct ev_scatter row = of_row(100), none = { 0 };
	struct ev_estimate weight = ev_weight_estimate(&row, &all);
	assert_true(weight.low > 80 && weight.low < 84 && weight.high > 120 && weight.high < 124);
	weight = ev_weight_estimate(&none, &all);
	assert_true(weight.low <= 0 && weight.high > 3.5 && weight.high < 4.2);
	weight = ev_estimate_scaled(ev_weight_estimate(&row, &all), 0.5);
	assert_true(weight.value >= 50 && weight.value <= 50);
}

static void few_of_many_chances_may_be_chance(void **state)
{
	(void)state;
	const double chances[] = { 0.001, 0.9, 0.011, 0.04, 0.5 };
	/* Sorted: .001 <= .01, .011 <= .02, .04 > .03. */
	double limit = ev_chances_limit(chances, 5, 0.05);
	assert_true(limit >= 0.011 && limit <= 0.011);
	assert_true(ev_chances_limit(chances + 3, 2, 0.05) < 0);
	assert_true(ev_chances_limit(NULL, 0, 0.05) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(intervals_of_shares_hold_in_95_of_100_recordings),
		cmocka_unit_test(recordings_of_the_same_program_differ_by_no_more_than_chance),
		cmocka_unit_test(phases_do_not_make_intervals_wide),
		cmocka_unit_test(a_real_difference_stands_out),
		cmocka_unit_test(intervals_are_those_of_the_literature),
		cmocka_unit_test(a_row_that_is_not_there_has_an_interval_too),
		cmocka_unit_test(all_of_it_is_all_of_it),
		cmocka_unit_test(nothing_at_all_is_not_known),
		cmocka_unit_test(weights_have_the_interval_of_counts),
		cmocka_unit_test(few_of_many_chances_may_be_chance),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
