/* Text screens above the table. */
#include "browsed.h"

static void code_begins_at_its_hottest_line(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "dso,sym", false);
	browsed_draw(&on, 80, 24);
	browsed_press(&on, "a");
	assert_string_equal(on.annotated, "source work prog");
	assert_shows(&on, "Source of work\n");
	assert_shows(&on, ">  40  50.00%  line 40 of work<");
	browsed_press(&on, "^T");
	assert_shows(&on, ">   6  6.00%  line 6 of work<");
	browsed_press(&on, "^T");
	assert_shows(&on, ">  13  6.00%  line 13 of work<");
	browsed_press(&on, "H");
	assert_shows(&on, "line 40 of work<");
	browsed_press(&on, "s");
	assert_string_equal(on.annotated, "asm work prog");
	assert_shows(&on, "Instructions of work\n");
	browsed_press(&on, "^R");
	assert_shows(&on, ">.00%  line 40 of work<");
	browsed_press(&on, "^L");
	assert_shows(&on, ">  40  50.00%");
	browsed_press(&on, "^L");
	assert_shows(&on, "Overhead");
	browsed_done(&on);
}

static void a_node_of_a_chain_is_annotated_too(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", true);
	browsed_press(&on, "e^D^D^D^D^Da");
	assert_string_equal(on.annotated, "source read lib.so");
	browsed_press(&on, "q");
	on.refuses = true;
	browsed_press(&on, "a");
	assert_shows(&on, "there is no source");
	assert_shows(&on, "Children");
	browsed_done(&on);
}

static void text_is_searched(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_press(&on, "a/LINE 5^E");
	assert_shows(&on, "line 50 of work<");
	browsed_press(&on, "n");
	assert_shows(&on, "line 51 of work<");
	browsed_press(&on, "/nothing of that^E");
	assert_shows(&on, "there is no such text here");
	browsed_done(&on);
}

static void help_names_every_key_and_lies_above_all(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_press(&on, "a?");
	const char *text = browsed_draw(&on, 100, 60);
	assert_non_null(strstr(text, "other sort keys, as after -s"));
	assert_non_null(strstr(text, "only samples of a time"));
	assert_null(strstr(text, "freeze"));
	browsed_press(&on, "q");
	assert_shows(&on, "Source of work");
	browsed_press(&on, "q");
	assert_shows(&on, "Overhead");
	browsed_done(&on);
}

static void long_text_is_moved_through(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	browsed_press(&on, "?");
	browsed_draw(&on, 80, 8);
	browsed_press(&on, "^D^D");
	assert_null(strstr(browsed_draw(&on, 80, 8), "arrows"));
	browsed_press(&on, "^U^U");
	assert_non_null(strstr(browsed_draw(&on, 80, 8), "arrows"));
	browsed_press(&on, "^N^Q^D");
	assert_non_null(strstr(browsed_draw(&on, 80, 8), "J, c in code"));
	for (size_t height = 0; height < 5; height++)
		browsed_draw(&on, 3, height);
	browsed_done(&on);
}

static void what_is_known_of_the_recording_is_shown(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	ev_recording_add_note(&on.it.recording, "fallback", "half of it");
	browsed_press(&on, "i");
	assert_shows(&on, "Note: half of it\n");
	browsed_done(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(code_begins_at_its_hottest_line),
		cmocka_unit_test(a_node_of_a_chain_is_annotated_too),
		cmocka_unit_test(text_is_searched),
		cmocka_unit_test(help_names_every_key_and_lies_above_all),
		cmocka_unit_test(long_text_is_moved_through),
		cmocka_unit_test(what_is_known_of_the_recording_is_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
