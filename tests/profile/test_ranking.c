/* Which neighbours in a table could as well stand the other way round. */
#include <math.h>
#include <evprof/figures.h>
#include <evprof/tables.h>
#include "invented.h"

struct made {
	struct invented it;
	struct ev_named *named;
	struct ev_table table;
	struct ev_unsettled found[EV_RANKING_LIMIT];
	size_t count;
};

static void build(struct made *made, bool children, double design)
{
	const enum ev_key keys[] = { EV_KEY_SYMBOL };
	const struct ev_row *rows[EV_RANKING_LIMIT];
	size_t count = 0;
	made->named = invented_name_all(&made->it, 0, false);
	assert_int_equal(ev_table_build(&made->table, made->named, keys, 1, children, NULL, NULL),
			 0);
	for (; count < made->table.row_count && count < EV_RANKING_LIMIT; count++)
		rows[count] = &made->table.rows[count];
	made->count =
		ev_ranking_find(&made->table, made->named, rows, count, 0, design, made->found);
}

static void made_done(struct made *made)
{
	ev_table_done(&made->table);
	ev_named_close(made->named);
	invented_done(&made->it);
}

static void add(struct made *made, const char *words, uint64_t samples)
{
	invented_add(&made->it, words, samples, samples * 1000);
}

static void near_neighbours_are_unsettled_and_others_are_not(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	add(&made, "a", 5000);
	add(&made, "b", 1020);
	add(&made, "c", 1000);
	add(&made, "d", 990);
	add(&made, "e", 300);
	build(&made, false, 1);
	assert_int_equal(made.count, 1);
	assert_int_equal(made.found[0].first, 1);
	assert_int_equal(made.found[0].last, 3);
	/* c and d: ten ahead, of which the interval is 1.96 times the root of 1990. */
	assert_true(made.found[0].times > 70 && made.found[0].times < 80);
	made_done(&made);
}

static void equal_rows_never_settle(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	add(&made, "a", 1000);
	add(&made, "b", 1000);
	build(&made, false, 1);
	assert_int_equal(made.count, 1);
	assert_true(isinf(made.found[0].times));
	made_done(&made);
}

static void a_caller_is_never_less_than_what_it_calls(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	add(&made, "main a b", 1000);
	add(&made, "main a", 1);
	add(&made, "main c", 500);
	build(&made, true, 1); /* main, a, b, c */
	assert_int_equal(made.count, 0);
	made_done(&made);
}

static void what_is_called_by_both_says_nothing_of_their_order(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	add(&made, "a c", 5000);
	add(&made, "a c b", 5000);
	add(&made, "b", 4990);
	add(&made, "z", 100);
	build(&made, true, 1); /* a, c 10000, b 9990: 5000 in both */
	assert_int_equal(made.count, 1);
	assert_int_equal(made.found[0].first, 1);
	assert_int_equal(made.found[0].last, 2);
	made_done(&made);
}

static void samples_that_hang_together_settle_less(void **state)
{
	(void)state;
	struct made made = { .it = invented_open() };
	add(&made, "a", 1100);
	add(&made, "b", 1000);
	build(&made, false, 1);
	assert_int_equal(made.count, 0);
	ev_table_done(&made.table);
	ev_named_close(made.named);
	build(&made, false, 9);
	assert_int_equal(made.count, 1);
	made_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(near_neighbours_are_unsettled_and_others_are_not),
		cmocka_unit_test(equal_rows_never_settle),
		cmocka_unit_test(a_caller_is_never_less_than_what_it_calls),
		cmocka_unit_test(what_is_called_by_both_says_nothing_of_their_order),
		cmocka_unit_test(samples_that_hang_together_settle_less),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
