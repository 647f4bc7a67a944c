/* No name can steer a terminal, end a JSON string or add a CSV field. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/base.h>

static void expect_safe(const char *text, const char *safe)
{
	struct ev_arena arena = { 0 };
	assert_string_equal(ev_text_safe(&arena, text), safe);
	ev_arena_done(&arena);
}

static void terminal_escapes_become_visible(void **state)
{
	(void)state;
	expect_safe("plain name<int>", "plain name<int>");
	expect_safe("\033[31mred", "\\x1b[31mred");
	expect_safe("tab\tnewline\n", "tab\\x09newline\\x0a");
	expect_safe("caf\xc3\xa9", "caf\xc3\xa9");
	expect_safe("\xff\xfe", "\\xff\\xfe");
	expect_safe("\xc3", "\\xc3");
	expect_safe("\xc0\xaf", "\\xc0\\xaf");
	expect_safe("a\xe2\x80\xae"
		    "b",
		    "a\\xe2\\x80\\xaeb");
	expect_safe("\xc2\x9b"
		    "2J",
		    "\\xc2\\x9b2J");
}

static void expect_written(void (*write_text)(FILE *, const char *), const char *text,
			   const char *expected)
{
	char *out = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&out, &size);
	write_text(file, text);
	fclose(file);
	assert_string_equal(out, expected);
	free(out);
}

static void json_strings_stay_strings(void **state)
{
	(void)state;
	expect_written(ev_json_text, "a\"b\\c", "\"a\\\"b\\\\c\"");
	expect_written(ev_json_text, "\001\n", "\"\\u0001\\u000a\"");
	expect_written(ev_json_text, "\xff", "\"\\ufffd\"");
	expect_written(ev_json_text, "\xf0\x9f\x90\x8d", "\"\xf0\x9f\x90\x8d\"");
	expect_written(ev_json_text, "</script>", "\"</script>\"");
}

static void csv_fields_are_quoted_when_they_must_be(void **state)
{
	(void)state;
	expect_written(ev_csv_text, "plain", "plain");
	expect_written(ev_csv_text, "a,b", "\"a,b\"");
	expect_written(ev_csv_text, "say \"x\"", "\"say \"\"x\"\"\"");
	expect_written(ev_csv_text, "two\nlines", "\"two\nlines\"");
}

static void columns_count_characters_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(ev_text_columns("abc"), 3);
	assert_int_equal(ev_text_columns("caf\xc3\xa9"), 4);
	assert_int_equal(ev_text_columns("\xff"), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(terminal_escapes_become_visible),
		cmocka_unit_test(json_strings_stay_strings),
		cmocka_unit_test(csv_fields_are_quoted_when_they_must_be),
		cmocka_unit_test(columns_count_characters_not_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
