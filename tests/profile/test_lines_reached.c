/* What an event had weighed in all when lines were last in its samples. */
#include <evprof/tables.h>
#include "invented.h"

static void add_at(struct invented *it, uint32_t block, uint32_t event, const char *words,
		   uint64_t period)
{
	struct ev_tag tag = { .event = event, .block = block };
	ev_profile_add(it->profile, ev_profile_tag(it->profile, &tag), invented_stack(it, words), 1,
		       period);
	it->profile->event_count = 2;
}

static uint64_t reached_by(const struct ev_lines *lines, const uint64_t *reached, const char *name)
{
	const struct ev_strings *strings = lines->named->profile->strings;
	for (size_t i = 0; i < lines->lines.count; i++) {
		const struct ev_line_function *function =
			&lines->functions.items[lines->lines.items[i].function];
		if (!strcmp(ev_strings_text(strings, function->name), name))
			return reached[i];
	}
	fail_msg("there is no function %s", name);
	return 0;
}

static void a_line_has_all_that_was_before_it_was_last_sampled(void **state)
{
	struct invented it = invented_open();
	struct ev_lines lines;
	(void)state;
	add_at(&it, 1, 0, "main@9 first@2", 1);
	add_at(&it, 3, 0, "main@9 second@2", 10);
	add_at(&it, 4, 0, "main@9 first@2", 100);
	add_at(&it, 7, 0, "late@2", 1000);
	add_at(&it, 9, 1, "other@2", 5);
	struct ev_named *named = invented_name_all(&it, EV_SYMBOL_LINES | EV_SYMBOL_INLINES, true);
	assert_int_equal(ev_lines_build(&lines, named, false, NULL, NULL), 0);
	uint64_t *reached = ev_lines_reached(&lines, 0);
	assert_int_equal(reached_by(&lines, reached, "first"), 111);
	assert_int_equal(reached_by(&lines, reached, "second"), 11);
	assert_int_equal(reached_by(&lines, reached, "main"), 111);
	assert_int_equal(reached_by(&lines, reached, "late"), 1111);
	assert_int_equal(reached_by(&lines, reached, "other"), 0);
	free(reached);
	ev_lines_done(&lines);
	ev_named_close(named);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_all_that_was_before_it_was_last_sampled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
