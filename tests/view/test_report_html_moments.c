/* What lines weigh in parts of the time. */
#include "invented_annotation.h"
#include "report_html_code.h"

static void add_at(struct invented *it, const char *words, uint32_t block, uint64_t samples)
{
	struct ev_tag tag = { .block = block };
	invented_add(it, words, samples);
	it->named.cells.items[it->named.cells.count - 1].tag = ev_profile_tag(it->profile, &tag);
}

static void weights_of_one_line_and_part_are_one(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_moments moments = { 0 };
	invented_open(&it, "a\nb\nc\n");
	add_at(&it, "main@2", 1, 3);
	add_at(&it, "main@2", 2, 4);
	add_at(&it, "main@2", 9, 5);
	add_at(&it, "main@3", 9, 6);
	add_at(&it, "other@1", 9, 7);
	invented_finish(&it);
	struct ev_annotated *section = invented_section(&it, "main", 1, 3);
	const struct ev_line_function *function = &it.lines.functions.items[section->function];
	ev_html_moments_build(&moments, &it.annotation, 4);
	/* Parts of 4 columns: 3 and 4 are in one. */
	size_t at = ev_html_moments_find(&moments, true, function->first_line);
	assert_int_equal(moments.items.count, 3);
	assert_int_equal(moments.items.items[at].time, 0);
	assert_int_equal(moments.items.items[at].weight.samples, 7);
	assert_int_equal(moments.items.items[at + 1].time, 2);
	assert_int_equal(moments.items.items[at + 1].weight.samples, 5);
	at = ev_html_moments_find(&moments, true, function->first_line + 1);
	assert_int_equal(moments.items.items[at].weight.samples, 6);
	ev_html_moments_done(&moments);
	invented_done(&it);
}

static void without_times_there_are_none(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_moments moments = { 0 };
	invented_open(&it, "a\n");
	add_at(&it, "main@1", 1, 3);
	invented_finish(&it);
	invented_section(&it, "main", 1, 1);
	ev_html_moments_build(&moments, &it.annotation, 0);
	assert_int_equal(moments.items.count, 0);
	ev_html_moments_done(&moments);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_of_one_line_and_part_are_one),
		cmocka_unit_test(without_times_there_are_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
