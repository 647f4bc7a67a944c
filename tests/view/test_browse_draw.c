/* The table on screens of any size. */
#include "browsed.h"

static void every_size_of_screen_is_filled_without_overflow(void **state)
{
	(void)state;
	static const size_t widths[] = { 0, 1, 2, 7, 20, 80, 300 };
	struct browsed on;
	browsed_small(&on, "comm,dso,sym", true);
	for (size_t height = 0; height <= 12; height++)
		for (size_t i = 0; i < EV_LENGTH(widths); i++)
			browsed_draw(&on, widths[i], height);
	browsed_press(&on, "E^N");
	for (size_t height = 1; height <= 12; height++)
		for (size_t i = 0; i < EV_LENGTH(widths); i++)
			browsed_draw(&on, widths[i], height);
	browsed_press(&on, "/wo");
	for (size_t height = 1; height <= 12; height++)
		for (size_t i = 0; i < EV_LENGTH(widths); i++)
			browsed_draw(&on, widths[i], height);
	browsed_draw(&on, 300, 100);
	browsed_done(&on);
}

static void small_screens_have_rows_before_all_else(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	assert_string_equal(browsed_draw(&on, 1, 1), ">+<\n");
	assert_string_equal(browsed_draw(&on, 20, 2),
			    ">+   80.00%  [.] work<\n+   15.00%  [k] sys_\n");
	assert_string_equal(browsed_draw(&on, 20, 1), ">+   80.00%  [.] work<\n");
	browsed_press(&on, "^D");
	assert_string_equal(browsed_draw(&on, 20, 1), ">+   15.00%  [k] sys_<\n");
	browsed_press(&on, "/w");
	assert_string_equal(browsed_draw(&on, 20, 1), "Only rows with: w\n");
	browsed_done(&on);
}

static void hostile_names_are_escaped(void **state)
{
	(void)state;
	struct browsed on = { 0 };
	invented_open(&on.it);
	invented_add_to(&on.it, 0, "\33]0;x\a", 7, "main;\33[2Jevil\n;\xe2\x80\xaertl", 1, 100);
	on.it.profile->quality.with_stack = 1;
	on.it.options.chains = EV_CHAIN_GRAPH;
	invented_finish(&on.it, "comm,sym", true, NULL);
	browsed_open(&on);
	browsed_press(&on, "Et=");
	const char *text = browsed_draw(&on, 120, 24);
	assert_null(strchr(text, '\33'));
	assert_null(strchr(text, '\a'));
	assert_null(strstr(text, "\xe2\x80\xae"));
	assert_non_null(strstr(text, "\\x1b[2Jevil\\x0a"));
	browsed_press(&on, "^Xa");
	assert_null(strchr(browsed_draw(&on, 120, 3), '\33'));
	browsed_done(&on);
}

static void an_ascii_terminal_gets_ascii(void **state)
{
	(void)state;
	struct browsed on = { .options = { .ascii = true } };
	invented_open(&on.it);
	invented_add(&on.it, "main;größe中", 3, 300);
	invented_finish(&on.it, "sym", false, NULL);
	browsed_open(&on);
	const char *text = browsed_draw(&on, 80, 24);
	for (const char *at = text; *at; at++)
		assert_false((uint8_t)*at & 0x80);
	assert_non_null(strstr(text, "gr??e?"));
	browsed_done(&on);
}

static void simulated_counts_are_called_so(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	ev_recording_add_note(&on.it.recording, EV_NOTE_SIMULATED, "a model");
	assert_shows(&on, "Simulated: exact counts of a model");
	browsed_done(&on);
}

static void shares_have_the_colours_of_the_text_report(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_draw(&on, 80, 24);
	const struct ev_screen_line *line = &on.screen.lines[3];
	bool hot = false;
	for (size_t i = 0; i < line->runs.count; i++)
		hot |= line->runs.items[i].style == EV_STYLE_HOT &&
		       !strcmp(line->runs.items[i].text, "80.00%");
	assert_true(hot);
	browsed_done(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_of_screen_is_filled_without_overflow),
		cmocka_unit_test(small_screens_have_rows_before_all_else),
		cmocka_unit_test(hostile_names_are_escaped),
		cmocka_unit_test(an_ascii_terminal_gets_ascii),
		cmocka_unit_test(simulated_counts_are_called_so),
		cmocka_unit_test(shares_have_the_colours_of_the_text_report),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
