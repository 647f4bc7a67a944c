/* Sums of functions in a page: of all stacks, however many the page holds. */
#include "invented_report.h"
#include "report_html.h"

static const struct ev_html_function *find(const struct invented *it,
					   const struct ev_html_functions *functions,
					   const char *name)
{
	for (size_t i = 0; i < functions->items.count; i++) {
		const struct ev_html_function *function = &functions->items.items[i];
		uint32_t text = it->named.frames.items[function->frame].function;
		if (!strcmp(ev_strings_text(it->profile->strings, text), name))
			return function;
	}
	return NULL;
}

static void recursion_counts_once(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_functions functions = { 0 };
	invented_open(&it);
	invented_add(&it, "main;loop;other;loop", 3, 30);
	invented_add(&it, "main;loop;other", 2, 20);
	invented_add(&it, "main;idle", 1, 10);
	invented_finish(&it, "sym", true, NULL);
	ev_html_functions_find(&functions, &it.report, 0, 10000);
	assert_int_equal(functions.all, 4);
	const struct ev_html_function *loop = find(&it, &functions, "loop");
	assert_non_null(loop);
	assert_int_equal(loop->self_samples, 3);
	assert_int_equal(loop->self_period, 30);
	assert_int_equal(loop->children_samples, 5);
	assert_int_equal(loop->children_period, 50);
	assert_int_equal(find(&it, &functions, "main")->children_samples, 6);
	assert_int_equal(find(&it, &functions, "idle")->children_samples, 1);
	ev_html_functions_done(&functions);
	invented_done(&it);
}

static void a_function_that_is_called_and_inlined_is_one(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_functions functions = { 0 };
	invented_open(&it);
	invented_add(&it, "main;~copy", 3, 3);
	invented_add(&it, "main;copy", 4, 4);
	invented_add(&it, "main;lib:copy", 5, 5);
	invented_finish(&it, "sym", true, NULL);
	ev_html_functions_find(&functions, &it.report, 0, 10000);
	assert_int_equal(functions.all, 3);
	assert_int_equal(find(&it, &functions, "copy")->self_samples, 7);
	assert_int_equal(functions.items.items[2].self_samples, 5);
	ev_html_functions_done(&functions);
	invented_done(&it);
}

static void other_events_and_what_is_filtered_do_not_count(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_functions functions = { 0 };
	invented_open(&it);
	ev_recording_add_event(&it.recording)->name = "faults";
	invented_add_to(&it, 0, "one", 1, "main", 1, 1);
	invented_add_to(&it, 0, "two", 2, "main", 2, 2);
	invented_add_to(&it, 1, "two", 2, "main", 4, 4);
	invented_finish(&it, "sym", true, &(struct ev_filter){ .comms = "two" });
	ev_html_functions_find(&functions, &it.report, 0, 10000);
	assert_int_equal(functions.items.count, 1);
	assert_int_equal(functions.items.items[0].self_samples, 2);
	ev_html_functions_done(&functions);
	invented_done(&it);
}

static void with_little_room_the_heaviest_stay(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_functions functions = { 0 };
	invented_open(&it);
	invented_add(&it, "heavy", 1000, 1000);
	for (int i = 0; i < 50; i++) {
		char name[32];
		snprintf(name, sizeof(name), "light%d", i);
		invented_add(&it, name, 1, 1);
	}
	invented_finish(&it, "sym", true, NULL);
	ev_html_functions_find(&functions, &it.report, 0, 200);
	assert_int_equal(functions.all, 51);
	assert_int_equal(functions.items.count, 1);
	assert_non_null(find(&it, &functions, "heavy"));
	ev_html_functions_done(&functions);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recursion_counts_once),
		cmocka_unit_test(a_function_that_is_called_and_inlined_is_one),
		cmocka_unit_test(other_events_and_what_is_filtered_do_not_count),
		cmocka_unit_test(with_little_room_the_heaviest_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
