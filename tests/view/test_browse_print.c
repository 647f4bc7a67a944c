/* What is shown, in a file. */
#include "browsed.h"

static char name[128], kept[4096];

static int keep(void *self, const char *wanted, const char *text, size_t size_bytes, char said[256],
		struct ev_err *err)
{
	if (((struct browsed *)self)->refuses)
		return ev_fail(err, ENOSPC, "the disk is full");
	snprintf(name, sizeof(name), "%s", wanted);
	snprintf(kept, sizeof(kept), "%.*s", (int)size_bytes, text);
	snprintf(said, 256, "written: %s.0", wanted);
	return 0;
}

static void the_table_is_written_as_far_as_it_is_expanded(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	on.source.keep = keep;
	browsed_draw(&on, 20, 5); /* whatever the screen's size */
	browsed_press(&on, "eP");
	assert_string_equal(name, "perf.hist");
	assert_shows(&on, "written: perf.hist.0");
	assert_string_equal(kept, "evprof report: it  cpu-clock:u  20 samples  events 2,000\n"
				  "Quality: 20 samples, 100.0% resolved, 100.0% complete stacks, "
				  "0 lost\n"
				  "  Overhead  Symbol\n"
				  "    80.00%  [.] work\n"
				  "      80.00%  work  prog\n"
				  "        50.00%  main  prog\n"
				  "          50.00%  start  prog\n"
				  "        30.00%  mid  prog\n"
				  "          30.00%  main  prog\n"
				  "            30.00%  start  prog\n"
				  "    15.00%  [k] sys_read\n"
				  "     5.00%  [.] tiny\n");
	browsed_done(&on);
}

static void code_is_written_without_colours(void **state)
{
	(void)state;
	struct browsed on;
	browsed_small(&on, "sym", false);
	on.source.keep = keep;
	browsed_press(&on, "aP");
	assert_string_equal(name, "work.annotation");
	assert_non_null(strstr(kept, "   3  3.00%  line 3 of work\n"));
	assert_null(strchr(kept, '\33'));
	browsed_press(&on, "q?P");
	assert_string_equal(name, "perf.text");
	on.refuses = true;
	browsed_press(&on, "qP");
	assert_shows(&on, "the disk is full");
	on.source.keep = NULL;
	browsed_press(&on, "P");
	assert_shows(&on, "nothing can be written from here");
	browsed_done(&on);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_written_as_far_as_it_is_expanded),
		cmocka_unit_test(code_is_written_without_colours),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
