/* Styled text on lines of a width. */
#include <locale.h>
#include "browsed.h"
#include "browse.h"

static void text_is_cut_at_the_width_by_whole_characters(void **state)
{
	(void)state;
	struct ev_screen screen = { 0 };
	ev_screen_begin(&screen, 5, 2);
	ev_screen_add(&screen, 0, EV_STYLE_PLAIN, false, false, "ab");
	ev_screen_add(&screen, 0, EV_STYLE_HOT, true, false, "cdefgh");
	assert_int_equal(screen.lines[0].runs.count, 2);
	assert_string_equal(screen.lines[0].runs.items[1].text, "cde");
	assert_true(screen.lines[0].runs.items[1].selected);
	ev_screen_add(&screen, 0, EV_STYLE_PLAIN, false, false, "more");
	assert_int_equal(screen.lines[0].runs.count, 2);
	ev_screen_add(&screen, 1, EV_STYLE_PLAIN, false, false, "éééééé");
	assert_string_equal(screen.lines[1].runs.items[0].text, "ééééé");
	ev_screen_add(&screen, 7, EV_STYLE_PLAIN, false, false, "nowhere");
	ev_screen_done(&screen);
}

static void colours_become_styles_and_columns_are_skipped(void **state)
{
	(void)state;
	struct ev_screen screen = { 0 };
	ev_screen_begin(&screen, 20, 1);
	ev_screen_add_coloured(&screen, 0, false, false, "ab\33[31mhot\33[m \33[2mdim\33[m", 1);
	const struct ev_run *runs = screen.lines[0].runs.items;
	assert_int_equal(screen.lines[0].runs.count, 4);
	assert_string_equal(runs[0].text, "b");
	assert_string_equal(runs[1].text, "hot");
	assert_int_equal(runs[1].style, EV_STYLE_HOT);
	assert_int_equal(runs[2].style, EV_STYLE_PLAIN);
	assert_int_equal(runs[3].style, EV_STYLE_DIM);
	/* What only begins like a colour. */
	ev_screen_begin(&screen, 20, 1);
	ev_screen_add_coloured(&screen, 0, false, false, "a\33", 0);
	ev_screen_add_coloured(&screen, 0, false, false, "b\33[", 0);
	ev_screen_add_coloured(&screen, 0, false, false, "c\33[31", 0);
	assert_int_equal(screen.lines[0].columns, 3);
	ev_screen_done(&screen);
}

static void sizes_change_both_ways(void **state)
{
	(void)state;
	struct ev_screen screen = { 0 };
	static const size_t heights[] = { 3, 100, 0, 1, 50000, 2 };
	for (size_t i = 0; i < EV_LENGTH(heights); i++) {
		ev_screen_begin(&screen, 10, heights[i]);
		assert_true(screen.height <= 10000);
		for (size_t line = 0; line < screen.height; line++)
			ev_screen_add(&screen, line, EV_STYLE_PLAIN, false, false, "x");
	}
	ev_screen_done(&screen);
}

static void blanks_reach_a_column(void **state)
{
	(void)state;
	struct ev_screen screen = { 0 };
	ev_screen_begin(&screen, 6, 1);
	ev_screen_add(&screen, 0, EV_STYLE_PLAIN, false, true, "±é");
	assert_string_equal(screen.lines[0].runs.items[0].text, "~?");
	ev_screen_pad(&screen, 0, EV_STYLE_BAR, false, 4);
	assert_int_equal(screen.lines[0].columns, 4);
	ev_screen_pad(&screen, 0, EV_STYLE_BAR, false, 2);
	assert_int_equal(screen.lines[0].columns, 4);
	ev_screen_pad(&screen, 0, EV_STYLE_BAR, false, 100);
	assert_int_equal(screen.lines[0].columns, 6);
	ev_screen_done(&screen);
}

static void no_control_character_reaches_a_terminal(void **state)
{
	(void)state;
	struct ev_screen screen = { 0 };
	ev_screen_begin(&screen, 40, 1);
	ev_screen_add(&screen, 0, EV_STYLE_PLAIN, false, false,
		      "a\33]0;x\a\x7f\xc2\x9b"
		      "31m\tb\x80");
	assert_string_equal(screen.lines[0].runs.items[0].text, "a?]0;x???31m?b?");
	ev_screen_done(&screen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cut_at_the_width_by_whole_characters),
		cmocka_unit_test(colours_become_styles_and_columns_are_skipped),
		cmocka_unit_test(sizes_change_both_ways),
		cmocka_unit_test(blanks_reach_a_column),
		cmocka_unit_test(no_control_character_reaches_a_terminal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
