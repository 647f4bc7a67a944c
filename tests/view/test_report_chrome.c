/* Chrome's trace: samples, and slices that end where threads did something else. */
#include "invented_report.h"

static void add_at(struct invented *it, uint64_t slice, const char *words)
{
	invented_add(it, words, 1, 10);
	struct invented_entry *entry = &it->entries.items[it->entries.count - 1];
	struct ev_tag tag = it->profile->tags.items[entry->tag];
	tag.slice = slice + 1;
	entry->tag = ev_profile_tag(it->profile, &tag);
}

static void what_goes_on_from_sample_to_sample_is_one_slice(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	it.profile->slice_ns = 1000000;
	it.profile->last_time_ns = 1;
	add_at(&it, 0, "main;one");
	add_at(&it, 1, "main;two");
	add_at(&it, 2, "main;two");
	add_at(&it, 50, "main;two");
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "chrome");
	assert_non_null(strstr(text, "\"name\": \"one\", \"cat\": \"estimated from samples\", "
				     "\"ts\": 0.000, \"dur\": 1000.000}"));
	assert_non_null(strstr(text, "\"name\": \"two\", \"cat\": \"estimated from samples\", "
				     "\"ts\": 1000.000, \"dur\": 3000.000}"));
	assert_non_null(strstr(text, "\"name\": \"main\", \"cat\": \"estimated from samples\", "
				     "\"ts\": 0.000, \"dur\": 4000.000}"));
	assert_non_null(strstr(text, "\"ts\": 50000.000, \"dur\": 2000.000}"));
	invented_done(&it);
}

static void samples_name_their_stack_by_its_number(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 4, 40);
	invented_finish(&it, "sym", true, NULL);
	const char *text = invented_print(&it, "chrome");
	assert_non_null(strstr(text, "\"2\": {\"category\": \"prog\", \"name\": \"work\", "
				     "\"parent\": \"1\"}"));
	assert_non_null(strstr(text, "\"sf\": 2, \"args\": {\"samples\": 4, \"period\": 40}}"));
	assert_non_null(strstr(text, "\"times\": \"none: samples stand in a row\""));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_goes_on_from_sample_to_sample_is_one_slice),
		cmocka_unit_test(samples_name_their_stack_by_its_number),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
