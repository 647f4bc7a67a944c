/* The rows of a report for spreadsheets. */
#include "invented_report.h"

static void rows_are_lines_with_quotes_where_needed(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 3, 300);
	invented_add(&it, "main;lib:f(int, char)", 1, 100);
	invented_finish(&it, "dso,sym", false, NULL);
	assert_string_equal(invented_print(&it, "csv"),
			    "event,object,symbol,samples,period,share,children_samples,"
			    "children_period,children_share,simulated\r\n"
			    "cpu-clock:u,prog,work,3,300,0.750000,,,,\r\n"
			    "cpu-clock:u,lib.so,\"f(int, char)\",1,100,0.250000,,,,\r\n");
	invented_done(&it);
}

static void children_have_columns(void **state)
{
	(void)state;
	struct invented it;
	invented_open(&it);
	invented_add(&it, "main;work", 3, 300);
	invented_finish(&it, "sym", true, NULL);
	assert_non_null(strstr(invented_print(&it, "csv"),
			       "cpu-clock:u,main,0,0,0.000000,3,300,1.000000,\r\n"));
	invented_done(&it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_lines_with_quotes_where_needed),
		cmocka_unit_test(children_have_columns),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
