/* Which rows are shown, and in what order. */
#include "invented_report.h"
#include "report.h"

static void every_event_has_an_order_of_its_own(void **state)
{
	(void)state;
	struct invented it;
	size_t count;
	invented_open(&it);
	invented_add_to(&it, 0, "prog", 7, "a", 1, 30);
	invented_add_to(&it, 0, "prog", 7, "b", 1, 10);
	invented_add_to(&it, 1, "prog", 7, "b", 1, 7);
	invented_add_to(&it, 1, "prog", 7, "c", 1, 9);
	invented_finish(&it, "sym", false, NULL);
	const struct ev_row **rows =
		ev_report_rows(&it.report, &it.options, (struct ev_events){ 0, 1 }, &count);
	assert_int_equal(count, 2);
	assert_string_equal(ev_row_text(&it.table, &it.named, rows[0], 0), "a");
	free(rows);
	rows = ev_report_rows(&it.report, &it.options, (struct ev_events){ 1, 1 }, &count);
	assert_int_equal(count, 2);
	assert_string_equal(ev_row_text(&it.table, &it.named, rows[0], 0), "c");
	free(rows);
	it.options.percent_limit = 50;
	rows = ev_report_rows(&it.report, &it.options, (struct ev_events){ 0, 2 }, &count);
	assert_int_equal(count, 2); /* a by the first event, c by the second */
	free(rows);
	invented_done(&it);
}

/* "a b c": the symbols of the rows of event 0, by the columns named. */
static const char *ordered(struct invented *it, const char *columns)
{
	static char text[256];
	struct ev_column order[8];
	char *words = ev_strdup(columns), *rest = words;
	size_t count = 0, row_count;
	for (char *word; (word = strsep(&rest, ","));)
		assert_int_equal(ev_column_parse(word, "column", &order[count++], NULL), 0);
	free(words);
	it->options.row_order = order;
	it->options.row_order_count = count;
	const struct ev_row **rows =
		ev_report_rows(&it->report, &it->options, (struct ev_events){ 0, 1 }, &row_count);
	*text = 0;
	for (size_t i = 0; i < row_count; i++) {
		size_t used = strlen(text);
		snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
			 ev_row_text(&it->table, &it->named, rows[i], 0));
	}
	free(rows);
	return text;
}

static void rows_go_by_the_columns_that_are_asked_for(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add_to(&it, 0, "prog", 20, "b", 5, 10);
	invented_add_to(&it, 0, "prog", 9, "c", 1, 30);
	invented_add_to(&it, 0, "prog", 9, "a", 1, 20);
	invented_finish(&it, "sym,pid", false, NULL);
	assert_string_equal(ordered(&it, "sym"), "a b c");
	assert_string_equal(ordered(&it, "overhead"), "c a b");
	assert_string_equal(ordered(&it, "period,sym"), "c a b");
	assert_string_equal(ordered(&it, "sample,sym"), "b a c");
	assert_string_equal(ordered(&it, "sample,period"), "b c a");
	assert_string_equal(ordered(&it, "pid,sym"), "a c b");           /* 9 before 20 */
	assert_string_equal(ordered(&it, "overhead_children"), "c a b"); /* no such numbers */
	invented_done(&it);
}

static void rows_of_few_samples_stand_behind_by_ratio(void **state)
{
	(void)state;
	struct invented it;
	struct ev_ratio_list ratios = { 0 };
	struct ev_ratio_sums sums[4] = { 0 };
	invented_open(&it);
	invented_add(&it, "a", 100, 1000);
	invented_add(&it, "b", 100, 900);
	invented_add(&it, "c", 1, 800);
	invented_finish(&it, "sym", false, NULL);
	*ev_array_add(&ratios.items) = (struct ev_ratio){ "b/a", 0, 0, 1 };
	for (int i = 0; i < 100; i++) {
		ev_ratio_sums_add(&sums[0], 10, 5);
		ev_ratio_sums_add(&sums[1], 10, 20);
	}
	ev_ratio_sums_add(&sums[2], 1, 1000);
	it.report.ratios = &ratios;
	it.report.ratio_sums = sums;
	assert_string_equal(ordered(&it, "ratio"), "b a c");
	ev_ratios_done(&ratios);
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_event_has_an_order_of_its_own),
		cmocka_unit_test(rows_go_by_the_columns_that_are_asked_for),
		cmocka_unit_test(rows_of_few_samples_stand_behind_by_ratio),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
