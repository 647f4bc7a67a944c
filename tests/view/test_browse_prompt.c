/* What is typed at the bottom. */
#include "browsed.h"

static void the_filter_takes_effect_as_it_is_typed(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_press(&on, "/re");
	assert_shows(&on, "sys_read");
	assert_shows_not(&on, "[.] work");
	assert_shows(&on, "Only rows with: re\n");
	assert_true(on.screen.has_cursor);
	assert_int_equal(on.screen.cursor_line, 23);
	assert_int_equal(on.screen.cursor_column, 18);
	browsed_press(&on, "x");
	assert_shows(&on, "nothing here has that text");
	browsed_press(&on, "^B^B^BWOR^E");
	assert_shows(&on, "[.] work");
	assert_shows(&on, "[/WOR: 1] Quality");
	assert_false(on.screen.has_cursor);
	assert_int_equal(on.asked, 1);
	browsed_press(&on, "^X");
	assert_shows(&on, "sys_read");
	browsed_press(&on, "/zzz^X"); /* given up: all is there */
	assert_shows(&on, "[.] work");
	browsed_done(&on);
}

static void sort_keys_times_and_limits_are_typed(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_press(&on, "o");
	assert_shows(&on, "Sort by: sym\n");
	browsed_press(&on, "\x15"
			   "comm,dso^E");
	assert_string_equal(on.wished, "sort comm,dso time - limit 0");
	browsed_press(&on, "T10%-20%^E");
	assert_string_equal(on.wished, "sort comm,dso time 10%-20% limit 0");
	browsed_press(&on, "L\x15"
			   "60^E");
	assert_string_equal(on.wished, "sort comm,dso time 10%-20% limit 60");
	assert_shows_not(&on, "sys_read");
	browsed_press(&on, "L\x15"
			   "0^E");
	browsed_press(&on, "L\x15words^E");
	assert_shows(&on, "that is no percentage");
	browsed_press(&on, "=cpu=1^E");
	assert_string_equal(on.wished, "sort comm,dso time 10%-20% limit 0 [cpu=1]");
	browsed_done(&on);
}

static void a_refused_text_becomes_what_it_was(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	on.refuses = true;
	browsed_press(&on, "o\x15nonsense^E");
	assert_shows(&on, "there is no such report");
	assert_string_equal(on.wished, "sort - time - limit 0");
	browsed_press(&on, "=nonsense^E");
	assert_string_equal(on.wished, "sort - time - limit 0");
	browsed_press(&on, "T^E=^E");
	browsed_done(&on);
}

static void characters_of_many_bytes_are_taken_back_whole(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_press(&on, "/");
	ev_browser_press(on.browser, 0xe9);    /* é */
	ev_browser_press(on.browser, 0x4e2d);  /* 中 */
	ev_browser_press(on.browser, 0x1f600); /* an emoji */
	assert_shows(&on, "Only rows with: é中😀\n");
	browsed_press(&on, "^B^B");
	assert_shows(&on, "Only rows with: é\n");
	/* What is no character, and control characters, are not typed. */
	ev_browser_press(on.browser, 0xd800);
	ev_browser_press(on.browser, 0x9b);
	ev_browser_press(on.browser, 0);
	assert_shows(&on, "Only rows with: é\n");
	browsed_press(&on, "^B^B^B");
	assert_shows(&on, "Only rows with:\n");
	for (int i = 0; i < 10000; i++)
		ev_browser_press(on.browser, 'x');
	assert_shows(&on, "Only rows with: xxx");
	browsed_done(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_filter_takes_effect_as_it_is_typed),
		cmocka_unit_test(sort_keys_times_and_limits_are_typed),
		cmocka_unit_test(a_refused_text_becomes_what_it_was),
		cmocka_unit_test(characters_of_many_bytes_are_taken_back_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
