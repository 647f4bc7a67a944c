/* What kind of profile some bytes are. */
#include "imported.h"

static enum ev_import_format detect(const char *text)
{
	return ev_import_detect(text, strlen(text));
}

static void content_tells_the_format(void **state)
{
	(void)state;
	assert_int_equal(detect("main;f 12\n"), EV_IMPORT_FOLDED);
	assert_int_equal(detect("p 1 1.000001: 2 cycles: \n\t 40 main (/x)\n"), EV_IMPORT_SCRIPT);
	assert_int_equal(detect("# x\np 1 [000] 1.000001: cycles: \n"), EV_IMPORT_SCRIPT);
	assert_int_equal(ev_import_detect("\x1f\x8b", 2), EV_IMPORT_PPROF);
	assert_int_equal(ev_import_detect("\n\4\x8\1\x10\2", 6), EV_IMPORT_PPROF);
	assert_int_equal(detect("To be, or not to be\n"), EV_IMPORT_UNKNOWN);
	assert_int_equal(detect("{\"json\": 1}\n"), EV_IMPORT_UNKNOWN);
	assert_int_equal(detect(""), EV_IMPORT_UNKNOWN);
	assert_int_equal(ev_import_detect("\x7f"
					  "ELF\2\1",
					  6),
			 EV_IMPORT_UNKNOWN);
}

static void a_recording_is_not_imported(void **state)
{
	struct ev_import_options options = { 0 };
	struct ev_import *import = NULL;
	struct ev_err err = { 0 };
	(void)state;
	assert_int_equal(ev_import_open(&import, "PERFILE2xxxx", 12, &options, &err), -EINVAL);
	assert_non_null(strstr(err.text, "recording already"));
}

static void a_file_without_a_sample_is_an_error(void **state)
{
	struct ev_import_options options = { .format = EV_IMPORT_FOLDED };
	struct ev_import *import = NULL;
	struct ev_err err = { 0 };
	(void)state;
	assert_int_equal(ev_import_open(&import, "# x\n", 4, &options, &err), -EINVAL);
	assert_string_equal(err.text, "there is no sample in it");
}

static void lines_end_with_or_without_a_carriage_return(void **state)
{
	const char text[] = "a\r\n\nb", *at = text, *line;
	size_t length;
	(void)state;
	assert_true(ev_import_line(&at, text + 5, &line, &length));
	assert_int_equal(length, 1);
	assert_true(ev_import_line(&at, text + 5, &line, &length));
	assert_int_equal(length, 0);
	assert_true(ev_import_line(&at, text + 5, &line, &length));
	assert_int_equal(*line, 'b');
	assert_false(ev_import_line(&at, text + 5, &line, &length));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(content_tells_the_format),
		cmocka_unit_test(a_recording_is_not_imported),
		cmocka_unit_test(a_file_without_a_sample_is_an_error),
		cmocka_unit_test(lines_end_with_or_without_a_carriage_return),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
