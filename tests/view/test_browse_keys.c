/* What keys do to the table, and what they ask for. */
#include "browsed.h"

static void order_shares_and_titles_are_switched(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_press(&on, "G");
	assert_string_equal(on.wished, "sort - time - limit 0 callers");
	browsed_press(&on, "F");
	assert_string_equal(on.wished, "sort - time - limit 0 relative callers");
	assert_shows(&on, "Overhead  Symbol");
	browsed_press(&on, "H");
	assert_shows_not(&on, "Overhead  Symbol");
	browsed_done(&on);
}

static void the_selection_stays_on_the_table(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_draw(&on, 80, 24);
	browsed_press(&on, "^U^P");
	assert_shows(&on, "[.] work<");
	browsed_press(&on, "^N^D^Q");
	assert_shows(&on, "tiny<");
	browsed_press(&on, "^U");
	assert_shows(&on, "sys_read<");
	browsed_press(&on, "^H");
	assert_shows(&on, "[.] work<");
	browsed_done(&on);
}

static void leaving_is_q_or_an_interrupt(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	assert_false(browsed_press(&on, "q"));
	assert_false(browsed_press(&on, "^C"));
	assert_true(browsed_press(&on, "/q"));
	assert_false(browsed_press(&on, "^C"));
	assert_true(browsed_press(&on, "^X?q"));
	assert_true(browsed_press(&on, "^X"));
	browsed_done(&on);
}

static bool is_frozen;
static bool freeze(void *self)
{
	(void)self;
	return is_frozen = !is_frozen;
}
static bool is_zeroing;
static bool zero(void *self)
{
	(void)self;
	return is_zeroing = !is_zeroing;
}
static int save(void *self, char said[256], struct ev_err *err)
{
	if (((struct browsed *)self)->refuses)
		return ev_fail(err, ENOSPC, "the disk is full");
	snprintf(said, 256, "written: here.data");
	return 0;
}
static void status(void *self, FILE *out)
{
	(void)self;
	fputs("cost 1% of a CPU", out);
}

static void a_live_view_is_frozen_zeroed_and_saved(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_press(&on, "fzw"); /* of a recording: nothing */
	assert_false(is_zeroing);
	on.source.freeze = freeze;
	on.source.zero = zero;
	on.source.save = save;
	on.source.status = status;
	browsed_press(&on, "f");
	assert_true(is_frozen);
	assert_shows(&on, "frozen: f goes on");
	browsed_press(&on, " ");
	assert_false(is_frozen);
	browsed_press(&on, "z");
	assert_shows(&on, "each refresh begins anew");
	browsed_press(&on, "z");
	assert_false(is_zeroing);
	browsed_press(&on, "w");
	assert_shows(&on, "written: here.data");
	on.refuses = true;
	browsed_press(&on, "w");
	assert_shows(&on, "the disk is full");
	assert_shows(&on, "cost 1% of a CPU");
	on.refuses = false;
	browsed_press(&on, "?");
	assert_non_null(strstr(browsed_draw(&on, 80, 60), "write what was sampled"));
	browsed_done(&on);
}

static void keys_without_a_meaning_say_so(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_press(&on, "x");
	assert_shows(&on, "x does nothing here: ? shows the keys");
	browsed_press(&on, "\x01");
	assert_shows(&on, "that key does nothing here");
	browsed_press(&on, "z");
	assert_shows(&on, "beginning anew with each refresh is of evprof top");
	browsed_press(&on, "A");
	assert_shows(&on, "chance is told of comparisons");
	browsed_press(&on, "1");
	assert_shows(&on, "one event stands here");
	on.source.freeze = freeze;
	browsed_press(&on, "T");
	assert_shows(&on, "what runs now has no times to choose");
	browsed_press(&on, "r");
	assert_shows(&on, "what runs now has no other forms");
	browsed_done(&on);
}

static void digits_sort_by_an_event_of_those_side_by_side(void **state)
{
	(void)state;
	struct browsed on = { 0 };
	invented_open(&on.it);
	ev_recording_add_event(&on.it.recording)->name = "faults";
	on.it.profile->event_count = 2;
	invented_add_to(&on.it, 0, "prog", 7, "first", 9, 900);
	invented_add_to(&on.it, 0, "prog", 7, "second", 1, 100);
	invented_add_to(&on.it, 1, "prog", 7, "second", 5, 5);
	invented_finish(&on.it, "sym", false, NULL);
	on.it.options.group = true;
	browsed_open(&on);
	assert_shows(&on, "[.] first<");
	browsed_press(&on, "1");
	assert_shows(&on, "[.] second<");
	assert_shows(&on, "by event 1");
	browsed_press(&on, "2");
	assert_shows(&on, "there are 2 here, from 0 on");
	browsed_press(&on, "0");
	assert_shows(&on, "[.] first<");
	browsed_done(&on);
}

static void call_chains_tell_as_much_as_is_wanted(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_press(&on, "e");
	assert_shows(&on, "50.00%  main  prog\n");
	browsed_press(&on, "V");
	assert_shows(&on, "50.00%  (10 samples, 1,000)  main  prog\n");
	browsed_press(&on, "V");
	assert_shows(&on, "50.00%  main\n");
	browsed_done(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(order_shares_and_titles_are_switched),
		cmocka_unit_test(the_selection_stays_on_the_table),
		cmocka_unit_test(leaving_is_q_or_an_interrupt),
		cmocka_unit_test(keys_without_a_meaning_say_so),
		cmocka_unit_test(digits_sort_by_an_event_of_those_side_by_side),
		cmocka_unit_test(call_chains_tell_as_much_as_is_wanted),
		cmocka_unit_test(a_live_view_is_frozen_zeroed_and_saved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
