/* Callers that only the link register named: kept, dropped, and counted with the others. */
#include "invented.h"

/* A stack whose last but one word is a guess. */
static void add_guess(struct invented *it, struct ev_profile *profile, const char *outer,
		      const char *guess, const char *running, uint64_t samples)
{
	uint32_t stack = invented_stack_in(it, profile, outer);
	uint32_t place = ev_profile_place(profile, invented_place(it, guess));
	stack = ev_profile_stack(profile, stack, place | EV_PLACE_GUESSED);
	place = ev_profile_place(profile, invented_place(it, running));
	stack = ev_profile_stack(profile, stack, place);
	ev_profile_add(profile, invented_tag_in(profile, 0, "prog", 7), stack, samples, samples);
	profile->has_guesses = true;
}

/* The named stacks with their samples: "main;work 3 main 1 ". */
static char *named_text(struct invented *it, struct ev_profile *profile)
{
	struct ev_namer namer = {
		.symbolize = invented_symbolize,
		.object = invented_object,
		.object_count = 4,
		.context = it,
	};
	struct ev_named *named = ev_named_open_with(profile, &namer, 0, false);
	struct ev_buffer out = { 0 };
	for (size_t i = 0; i < named->cells.count; i++)
		ev_buffer_printf(&out, "%s %lu ",
				 invented_text(&it->arena, named, named->cells.items[i].stack),
				 (unsigned long)named->cells.items[i].samples);
	ev_buffer_u8(&out, 0);
	ev_named_close(named);
	return (char *)out.bytes;
}

static void expect_one(const char *outer, const char *guess, const char *running,
		       const char *expected)
{
	struct invented it = invented_open();
	add_guess(&it, it.profile, outer, guess, running, 3);
	char *text = named_text(&it, it.profile);
	assert_string_equal(text, expected);
	assert_false(it.profile->has_guesses);
	free(text);
	invented_done(&it);
}

static void another_function_is_the_caller(void **state)
{
	(void)state;
	expect_one("start", "main@5", "leaf@9", "start;main;leaf 3 ");
	expect_one("start", "lib:main", "leaf", "start;main;leaf 3 ");
	expect_one("", "main@5", "leaf@9", "main;leaf 3 ");
}

static void an_address_in_the_running_function_is_none(void **state)
{
	(void)state;
	expect_one("start", "work@5", "work@9", "start;work 3 ");
	expect_one("", "work@5", "work@9", "work 3 ");
}

static void what_has_no_name_is_none(void **state)
{
	(void)state;
	expect_one("start", "?1", "leaf", "start;leaf 3 ");
	expect_one("start", "main", "?2", "start;0x0000000000003001 3 ");
}

static void one_guess_is_right_for_one_callee_and_wrong_for_another(void **state)
{
	(void)state;
	struct invented it = invented_open();
	add_guess(&it, it.profile, "start", "main@5", "leaf@9", 3);
	add_guess(&it, it.profile, "start", "main@5", "main@7", 4);
	char *text = named_text(&it, it.profile);
	assert_string_equal(text, "start;main 4 start;main;leaf 3 ");
	free(text);
	invented_done(&it);
}

static void guesses_and_certain_callers_are_added_up(void **state)
{
	(void)state;
	struct invented it = invented_open();
	add_guess(&it, it.profile, "start", "main@5", "leaf@9", 3);
	invented_add(&it, "start main@5 leaf@9", 5, 5);
	add_guess(&it, it.profile, "start main@5", "leaf@2", "leaf@9", 2);
	char *text = named_text(&it, it.profile);
	assert_string_equal(text, "start;main;leaf 10 ");
	free(text);
	invented_done(&it);
}

static void merging_keeps_guesses(void **state)
{
	(void)state;
	struct invented it = invented_open();
	struct ev_profile *part = ev_profile_open();
	invented_add(&it, "other", 1, 1);
	add_guess(&it, part, "start", "main@5", "leaf@9", 3);
	ev_profile_merge(it.profile, part);
	ev_profile_close(part);
	char *text = named_text(&it, it.profile);
	assert_non_null(strstr(text, "start;main;leaf 3 "));
	free(text);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(another_function_is_the_caller),
		cmocka_unit_test(an_address_in_the_running_function_is_none),
		cmocka_unit_test(what_has_no_name_is_none),
		cmocka_unit_test(one_guess_is_right_for_one_callee_and_wrong_for_another),
		cmocka_unit_test(guesses_and_certain_callers_are_added_up),
		cmocka_unit_test(merging_keeps_guesses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
