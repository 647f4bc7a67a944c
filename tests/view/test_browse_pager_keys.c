/* What keys do on text screens, of annotated code above all. */
#include "browsed.h"

static struct ev_browse_code shown;

/* Instructions of two functions, as ev_annotate_text prints them. */
static int annotate(void *self, const struct ev_browse_place *place,
		    const struct ev_browse_code *code, FILE *out, struct ev_err *err)
{
	struct browsed *on = self;
	snprintf(on->annotated, sizeof(on->annotated), "%s", place->function);
	shown = *code;
	if (on->refuses)
		return ev_fail(err, ENOENT, "there is no code");
	if (!code->assembly) {
		fprintf(out, "File: /src/%s.c\n  1  40.00%%  x = 1;\n  2  60.00%%  y = x;\n",
			place->function);
		return 0;
	}
	fputs("    10.00%    1000:  \342\206\223 jne 0x1010\n"
	      "    20.00%    1004:  \342\206\222 callq 0x3000 <mid@plt>\n"
	      "    20.00%    1008:  \342\206\222 jmp 0x4000\n"
	      "    50.00%  \342\200\272 1010:    nop\n",
	      out);
	return 0;
}

static void of_code(struct browsed *on, const char *keys)
{
	browsed_small(on, "dso,sym", false);
	on->source.annotate = annotate;
	browsed_press(on, keys);
}

static void jumps_and_calls_are_followed(void **state)
{
	(void)state;
	struct browsed on;
	of_code(&on, "as");
	assert_true(shown.assembly);
	browsed_press(&on, "^H^E");
	assert_shows(&on, "nop<");
	browsed_press(&on, "^E");
	assert_shows(&on, "this instruction goes nowhere else");
	browsed_press(&on, "^U^E");
	assert_shows(&on, "that is outside of this function, and has no name here");
	browsed_press(&on, "^U^E");
	assert_string_equal(on.annotated, "mid");
	assert_shows(&on, "Instructions of mid");
	browsed_press(&on, "q");
	assert_shows(&on, "Instructions of work");
	browsed_press(&on, "s^E");
	assert_shows(&on, "jumps and calls are of instructions: s shows them");
	browsed_done(&on);
}

static void shares_and_bytes_are_chosen(void **state)
{
	(void)state;
	struct browsed on;
	of_code(&on, "ap");
	assert_int_equal(shown.share, EV_SHARE_GLOBAL_PERIOD);
	assert_shows(&on, "shares are of everything, by what they stand for");
	browsed_press(&on, "b");
	assert_int_equal(shown.share, EV_SHARE_GLOBAL_HITS);
	browsed_press(&on, "p");
	assert_int_equal(shown.share, EV_SHARE_LOCAL_HITS);
	browsed_press(&on, "bo");
	assert_int_equal(shown.share, EV_SHARE_LOCAL_PERIOD);
	assert_shows(&on, "bytes are of instructions");
	assert_false(shown.raw_bytes);
	browsed_press(&on, "so");
	assert_true(shown.raw_bytes);
	on.refuses = true;
	browsed_press(&on, "s");
	assert_shows(&on, "there is no code");
	assert_shows(&on, "Instructions of work");
	browsed_done(&on);
}

static void the_next_function_is_turned_to(void **state)
{
	(void)state;
	struct browsed on;
	of_code(&on, "a>");
	assert_string_equal(on.annotated, "sys_read");
	browsed_press(&on, ">>");
	assert_string_equal(on.annotated, "tiny");
	assert_shows(&on, "this is the last function of the table");
	browsed_press(&on, "<<<");
	assert_string_equal(on.annotated, "work");
	assert_shows(&on, "this is the first function of the table");
	browsed_press(&on, "q");
	assert_shows(&on, "[.] work<");
	browsed_done(&on);
}

static void the_hottest_lines_are_gone_through_both_ways(void **state)
{
	(void)state;
	struct browsed on;
	of_code(&on, "as");
	assert_shows(&on, "nop<");
	browsed_press(&on, "^T");
	assert_shows(&on, "<mid@plt><");
	browsed_press(&on, "^T");
	assert_shows(&on, "jmp 0x4000<");
	browsed_press(&on, "^T");
	assert_shows(&on, "jne 0x1010<");
	browsed_press(&on, "^S^S");
	assert_shows(&on, "<mid@plt><");
	browsed_press(&on, "H");
	assert_shows(&on, "nop<");
	browsed_done(&on);
}

static void texts_are_searched_both_ways(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "dso,sym", false);
	browsed_press(&on, "a^HNline 3^E"); /* 3, 30 to 39, from the first line back */
	assert_shows(&on, "line 39 of work<");
	browsed_press(&on, "N");
	assert_shows(&on, "line 38 of work<");
	browsed_press(&on, "n");
	assert_shows(&on, "line 39 of work<");
	browsed_press(&on, "n");
	assert_shows(&on, "line 3 of work<");
	browsed_press(&on, "N");
	assert_shows(&on, "line 39 of work<");
	browsed_done(&on);
}

static void keys_that_have_nothing_to_do_say_why(void **state)
{
	(void)state;
	struct browsed on;
	static const char *const keys[] = { "t", "k", "j", "J", "O", "f", "c" };
	of_code(&on, "a");
	for (size_t i = 0; i < EV_LENGTH(keys); i++) {
		browsed_press(&on, keys[i]);
		assert_shows_not(&on, "? help");
		assert_shows_not(&on, "does nothing here");
	}
	browsed_press(&on, "X");
	assert_shows(&on, "X does nothing here: ? shows the keys");
	browsed_press(&on, "l");
	assert_shows(&on, "File: /src/work.c");
	browsed_press(&on, "s");
	browsed_press(&on, "l");
	assert_shows(&on, "which file this was made of is not known here");
	browsed_press(&on, "?");
	assert_shows(&on, "Keys");
	browsed_done(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jumps_and_calls_are_followed),
		cmocka_unit_test(shares_and_bytes_are_chosen),
		cmocka_unit_test(the_next_function_is_turned_to),
		cmocka_unit_test(the_hottest_lines_are_gone_through_both_ways),
		cmocka_unit_test(texts_are_searched_both_ways),
		cmocka_unit_test(keys_that_have_nothing_to_do_say_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
