/* What nodes weigh over time: in parts as fine as there is room for, and never less in sum. */
#include "invented_report.h"
#include "report_html.h"

struct made {
	struct invented it;
	struct ev_html_threads threads;
	struct ev_html_stacks stacks;
	struct ev_html_cells cells;
};

/* `main` has a sample of 10 in each of so many columns from the first on. */
static void make(struct made *made, uint32_t columns, uint64_t limit_bytes)
{
	*made = (struct made){ 0 };
	invented_open(&made->it);
	for (uint32_t i = 0; i < columns; i++) {
		struct ev_tag tag = { .pid = 7, .tid = 7, .block = i + 1 };
		*ev_array_add(&made->it.entries) =
			(struct invented_entry){ ev_strdup("main"),
						 ev_profile_tag(made->it.profile, &tag), 1, 10 };
	}
	invented_finish(&made->it, "sym", true, NULL);
	ev_html_threads_find(&made->threads, &made->it.report);
	ev_html_stacks_find(&made->stacks, &made->it.report, &made->threads, 100000);
	ev_html_cells_find(&made->cells, &made->it.report, &made->threads, &made->stacks, 1,
			   limit_bytes);
}

static void made_done(struct made *made)
{
	ev_html_cells_done(&made->cells);
	ev_html_stacks_done(&made->stacks);
	ev_html_threads_done(&made->threads);
	invented_done(&made->it);
}

static uint64_t sum(const struct ev_html_cells *cells)
{
	uint64_t period = 0;
	for (size_t i = 0; i < cells->items.count; i++)
		period += cells->items.items[i].period;
	return period;
}

static void with_room_every_column_is_told(void **state)
{
	(void)state;
	struct made made;
	make(&made, 600, 100000);
	assert_int_equal(made.cells.grain, 1);
	assert_int_equal(made.cells.items.count, 600);
	assert_int_equal(made.cells.items.items[599].time, 599);
	assert_int_equal(sum(&made.cells), 6000);
	made_done(&made);
}

static void without_room_columns_are_put_together_and_nothing_is_lost(void **state)
{
	(void)state;
	struct made made;
	make(&made, 600, 3000);
	assert_int_equal(made.cells.grain, 4);
	assert_int_equal(made.cells.items.count, 150);
	assert_int_equal(made.cells.items.items[149].time, 149);
	assert_int_equal(made.cells.items.items[149].samples, 4);
	assert_int_equal(sum(&made.cells), 6000);
	made_done(&made);
}

static void without_any_room_one_part_is_all_of_the_time(void **state)
{
	(void)state;
	struct made made;
	make(&made, 600, 0);
	assert_int_equal(made.cells.grain, EV_PAGE_COLUMNS);
	assert_int_equal(made.cells.items.count, 1);
	assert_int_equal(sum(&made.cells), 6000);
	made_done(&made);
}

static void threads_are_told_over_time_whatever_they_do(void **state)
{
	(void)state;
	struct made made;
	struct ev_html_cells heat = { 0 };
	make(&made, 40, 0);
	ev_html_cells_heat(&heat, &made.it.report, &made.threads, 1000);
	assert_int_equal(heat.grain, 1);
	assert_int_equal(heat.items.count, 40);
	assert_int_equal(heat.items.items[0].node, 0);
	assert_int_equal(sum(&heat), 400);
	ev_html_cells_done(&heat);
	made_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_room_every_column_is_told),
		cmocka_unit_test(without_room_columns_are_put_together_and_nothing_is_lost),
		cmocka_unit_test(without_any_room_one_part_is_all_of_the_time),
		cmocka_unit_test(threads_are_told_over_time_whatever_they_do),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
