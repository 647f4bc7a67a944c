/* The page of two recordings: what each weighs, and of what it is known that it changed. */
#include "invented_diff.h"

static void has(const char *page, const char *text)
{
	if (!strstr(page, text))
		fail_msg("no %s in the page", text);
}

static void weights_of_both_are_in_it(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	invented_diff_add(&made, "main;gone", 100, 0);
	invented_diff_add(&made, "main;work", 100, 300);
	const char *page = invented_diff_print(&made, "sym", "html");
	has(page, "\"total_samples\":300,\"total_period\":300000,\"unit\":300000,\"nodes\":[3],"
		  "\"threads\":[0],\"samples\":[300],\"period\":[1],");
	has(page, "\"old\":{\"total_samples\":200,\"total_period\":200000,\"unit\":100000,"
		  "\"nodes\":[2,1],\"threads\":[0,0],\"samples\":[100,100],\"period\":[1,1],");
	has(page, "\"factors\":[{\"samples\":0.005000");
	has(page, "\"diff\":{\"old\":\"old.data\",\"new\":\"new.data\",\"measure\":\"share\","
		  "\"verdicts\":[");
	assert_null(strstr(page, "\"time\":{"));
	invented_diff_done(&made);
}

static void what_stands_out_is_told_of_rows_with_samples_enough(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	invented_diff_add(&made, "main", 1000, 1000);
	invented_diff_add(&made, "more", 100, 900);
	invented_diff_add(&made, "rare", 2, 3);
	const char *page = invented_diff_print(&made, "sym", "html");
	const char *verdicts = strstr(page, "\"verdicts\":[");
	assert_non_null(verdicts);
	size_t length = strcspn(verdicts, "}"), count = 0, out = 0;
	for (const char *at = verdicts; at < verdicts + length; at++) {
		count += at[0] == ']' && at[1] != '}';
		out += !strncmp(at, ",1]", 3);
	}
	assert_int_equal(count, 2);
	assert_int_equal(out, 2);
	invented_diff_done(&made);
}

static void two_recordings_are_compared_and_no_more(void **state)
{
	(void)state;
	struct ev_diff diff = { .part_count = 3 };
	struct ev_diff_options options = { 0 };
	struct ev_err err = { 0 };
	assert_true(ev_diff_format_find("html")->print(stderr, &diff, &options, &err) < 0);
	assert_non_null(strstr(err.text, "two recordings"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_of_both_are_in_it),
		cmocka_unit_test(what_stands_out_is_told_of_rows_with_samples_enough),
		cmocka_unit_test(two_recordings_are_compared_and_no_more),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
