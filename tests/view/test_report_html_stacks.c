/* Which stacks a page of limited size holds, and what becomes of the weight of others. */
#include "invented_report.h"
#include "report_html.h"

static struct ev_html_threads threads;

static void find(struct ev_html_stacks *stacks, const struct ev_report *report, uint64_t bytes)
{
	ev_html_threads_find(&threads, report);
	ev_html_stacks_find(stacks, report, &threads, bytes);
}

static void totals(const struct ev_html_stacks *stacks, const struct ev_report *report,
		   uint64_t *samples, uint64_t *period)
{
	struct ev_html_cells cells = { 0 };
	*samples = *period = 0;
	ev_html_cells_find(&cells, report, &threads, stacks, 0, 0);
	for (size_t i = 0; i < cells.items.count; i++) {
		*samples += cells.items.items[i].samples;
		*period += cells.items.items[i].period;
	}
	ev_html_cells_done(&cells);
}

static void parents_stand_first(const struct ev_html_stacks *stacks)
{
	for (size_t i = 1; i < stacks->nodes.count; i++)
		assert_true(stacks->nodes.items[i].parent < i);
}

static void with_room_everything_is_kept(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_stacks stacks = { 0 };
	invented_open(&it);
	invented_add(&it, "main;work", 1000000, 1000000);
	invented_add(&it, "main;rare;rarer", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	find(&stacks, &it.report, 1000000);
	assert_int_equal(stacks.nodes.count, 5);
	assert_int_equal(stacks.left_out, 0);
	assert_true(stacks.least == 0);
	parents_stand_first(&stacks);
	ev_html_stacks_done(&stacks);
	ev_html_threads_done(&threads);
	invented_done(&it);
}

static void small_stacks_give_their_weight_to_a_node_that_says_so(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_stacks stacks = { 0 };
	uint64_t samples, period;
	invented_open(&it);
	invented_add(&it, "main;work", 5000, 10000);
	for (int i = 0; i < 100; i++) {
		char words[64];
		snprintf(words, sizeof(words), "main;rare%d;rarer", i);
		invented_add(&it, words, 1, 2);
	}
	invented_finish(&it, "sym", true, NULL);
	find(&stacks, &it.report, 1000);
	totals(&stacks, &it.report, &samples, &period);
	assert_int_equal(samples, 5100);
	assert_int_equal(period, 10200);
	assert_int_equal(stacks.left_out, 100);
	assert_true(stacks.least > 1.0 / 5100 && stacks.least < 0.001);
	/* The root, main, what stands for the small ones on it, work. */
	assert_int_equal(stacks.nodes.count, 4);
	assert_int_equal(stacks.nodes.items[2].frame, EV_HTML_LEFT_OUT);
	assert_int_equal(stacks.nodes.items[2].parent, 1);
	assert_int_equal(stacks.nodes.items[3].parent, 1);
	parents_stand_first(&stacks);
	ev_html_stacks_done(&stacks);
	ev_html_threads_done(&threads);
	invented_done(&it);
}

static void what_matters_to_one_event_is_kept(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_stacks stacks = { 0 };
	bool there = false;
	invented_open(&it);
	ev_recording_add_event(&it.recording)->name = "faults";
	invented_add(&it, "main;work", 1000000, 1000000);
	invented_add_to(&it, 1, "prog", 7, "main;faulting", 1, 1);
	for (int i = 0; i < 100; i++) {
		char words[64];
		snprintf(words, sizeof(words), "main;rare%d", i);
		invented_add(&it, words, 1, 1);
	}
	invented_finish(&it, "sym", true, NULL);
	find(&stacks, &it.report, 1000);
	for (size_t i = 1; i < stacks.nodes.count; i++) {
		uint32_t frame = stacks.nodes.items[i].frame;
		there |= frame != EV_HTML_LEFT_OUT &&
			 !strcmp(ev_strings_text(it.profile->strings,
						 it.named.frames.items[frame].function),
				 "faulting");
	}
	assert_true(there);
	assert_int_equal(stacks.left_out, 100);
	ev_html_stacks_done(&stacks);
	ev_html_threads_done(&threads);
	invented_done(&it);
}

static void without_any_room_one_node_holds_all(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_stacks stacks = { 0 };
	uint64_t samples, period;
	invented_open(&it);
	invented_add(&it, "main;work", 5, 10);
	invented_add(&it, "", 2, 4);
	invented_finish(&it, "sym", true, NULL);
	find(&stacks, &it.report, 0);
	totals(&stacks, &it.report, &samples, &period);
	assert_int_equal(samples, 7);
	assert_int_equal(period, 14);
	assert_int_equal(stacks.left_out, 1);
	parents_stand_first(&stacks);
	ev_html_stacks_done(&stacks);
	ev_html_threads_done(&threads);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_room_everything_is_kept),
		cmocka_unit_test(small_stacks_give_their_weight_to_a_node_that_says_so),
		cmocka_unit_test(what_matters_to_one_event_is_kept),
		cmocka_unit_test(without_any_room_one_node_holds_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
