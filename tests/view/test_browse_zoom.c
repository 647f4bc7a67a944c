/* Zooming into parts of what was sampled, and out again. */
#include "browsed.h"

static void zooms_are_filters_that_are_left_again(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "comm,dso,sym", false);
	browsed_press(&on, "d");
	assert_string_equal(on.wished, "sort - time - limit 0 [dso=prog]");
	assert_shows(&on, "[dso=prog] Quality");
	browsed_press(&on, "t");
	assert_string_equal(on.wished, "sort - time - limit 0 [dso=prog] [comm=prog]");
	browsed_press(&on, "^X");
	assert_string_equal(on.wished, "sort - time - limit 0 [dso=prog]");
	browsed_press(&on, "d");
	assert_string_equal(on.wished, "sort - time - limit 0");
	browsed_press(&on, "k^L");
	assert_string_equal(on.wished, "sort - time - limit 0");
	browsed_press(&on, "^L");
	assert_shows(&on, "q leaves");
	browsed_done(&on);
}

static void the_object_of_a_chain_is_zoomed_into_too(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", true);
	browsed_press(&on, "e^D^D^D^D^Dd");
	assert_string_equal(on.wished, "sort - time - limit 0 [dso=lib.so]");
	browsed_press(&on, "^H^Ut");
	assert_shows(&on, "the thread is no column here");
	browsed_done(&on);
}

static void commas_in_names_do_not_part_them(void **state)
{
	(void)state;
	struct browsed on = { 0 };
	invented_open(&on.it);
	invented_add_to(&on.it, 0, "a,b", 7, "main", 1, 1);
	invented_finish(&on.it, "comm", false, NULL);
	browsed_open(&on);
	browsed_press(&on, "t");
	assert_string_equal(on.wished, "sort - time - limit 0 [comm=a\\,b]");
	browsed_done(&on);
}

static void a_refused_wish_is_told_and_taken_back(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "comm,sym", false);
	on.refuses = true;
	browsed_press(&on, "t");
	assert_shows(&on, "there is no such report");
	assert_string_equal(on.wished, "sort - time - limit 0");
	assert_shows(&on, "[.] work");
	on.refuses = false;
	browsed_press(&on, "^D");
	assert_shows_not(&on, "there is no such report");
	browsed_done(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(zooms_are_filters_that_are_left_again),
		cmocka_unit_test(the_object_of_a_chain_is_zoomed_into_too),
		cmocka_unit_test(commas_in_names_do_not_part_them),
		cmocka_unit_test(a_refused_wish_is_told_and_taken_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
