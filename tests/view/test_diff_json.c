/* Differences for programs. */
#include "invented_diff.h"

static void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static void every_row_has_its_sides_and_its_change(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	invented_diff_add(&made, "a", 2500, 5000);
	invented_diff_add(&made, "b", 7500, 5000);
	invented_diff_add(&made, "lib:new \"one\"", 0, 1);
	const char *text = invented_diff_print(&made, "dso,sym", "json");
	expect(text, "{\"path\": \"old.data\", \"hostname\": null, \"seconds\": 1.00000000, "
		     "\"samples\": 10000, \"lost\": 0}");
	expect(text, "\"compute\": \"delta-abs\",\n  \"measure\": \"share\",\n  \"keys\": "
		     "[\"object\", \"symbol\"]");
	expect(text, "{\"object\": \"prog\", \"symbol\": \"a\", \"sides\": [{\"samples\": 2500, "
		     "\"period\": 2500000, \"value\": 0.25000000, \"low\": 0.241");
	expect(text, "\"presence\": \"both\", \"stands_out\": true}");
	expect(text, "\"symbol\": \"new \\\"one\\\"\"");
	expect(text, "\"presence\": \"new\", \"stands_out\": false}");
	expect(text, "\"tested\": 2, \"stand_out\": 2");
	invented_diff_done(&made);
}

static void what_is_not_known_is_null(void **state)
{
	(void)state;
	struct invented_diff made;
	invented_diff_open(&made);
	made.how.compute = EV_COMPUTE_RATIO;
	made.of_stacks = true;
	invented_diff_add(&made, "main;a", 0, 5000);
	const char *text = invented_diff_print(&made, "sym", "json");
	expect(text, "\"keys\": [\"stack\"]");
	expect(text, "{\"stack\": \"main;a\", ");
	expect(text, "{\"value\": null, \"low\": null, \"high\": null, ");
	invented_diff_done(&made);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_has_its_sides_and_its_change),
		cmocka_unit_test(what_is_not_known_is_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
