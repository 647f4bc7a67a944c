/* Which threads a page tells apart. */
#include "invented_report.h"
#include "report_html.h"

static void the_heaviest_are_told_apart_and_others_go_by_name(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_threads threads = { 0 };
	invented_open(&it);
	for (uint32_t i = 0; i < EV_HTML_THREADS + 6; i++)
		invented_add_to(&it, 0, i % 2 ? "odd" : "even", i + 1, "main", 1000 - i, 1000 - i);
	invented_finish(&it, "sym", true, NULL);
	ev_html_threads_find(&threads, &it.report);
	assert_int_equal(threads.items.count, EV_HTML_THREADS + 2);
	assert_int_equal(threads.items.items[0].tid, 1);
	assert_int_equal(threads.items.items[0].merged, 1);
	assert_int_equal(threads.items.items[EV_HTML_THREADS].merged, 3);
	assert_int_equal(threads.items.items[EV_HTML_THREADS + 1].merged, 3);
	ev_html_threads_done(&threads);
	invented_done(&it);
}

static void a_thread_that_matters_to_one_event_is_told_apart(void **state)
{
	(void)state;
	struct invented it;
	struct ev_html_threads threads = { 0 };
	invented_open(&it);
	ev_recording_add_event(&it.recording)->name = "faults";
	invented_add_to(&it, 0, "busy", 1, "main", 1000000, 1000000);
	for (uint32_t i = 0; i < EV_HTML_THREADS + 6; i++)
		invented_add_to(&it, 0, "pool", i + 10, "main", 10, 10);
	invented_add_to(&it, 1, "rare", 5, "main", 1, 1);
	invented_finish(&it, "sym", true, NULL);
	ev_html_threads_find(&threads, &it.report);
	assert_int_equal(threads.items.items[0].tid, 5);
	ev_html_threads_done(&threads);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_heaviest_are_told_apart_and_others_go_by_name),
		cmocka_unit_test(a_thread_that_matters_to_one_event_is_told_apart),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
