/* C text becomes tokens, whatever it is. */
#include "tracepoint_samples.h"

static struct trace_scanner scanner_of(struct ev_arena *arena, const char *text)
{
	return (struct trace_scanner){ .at = text, .end = text + strlen(text), .arena = arena };
}

static void names_numbers_signs_and_texts_are_told_apart(void **state)
{
	struct ev_arena arena = { 0 };
	struct trace_scanner scanner =
		scanner_of(&arena, " REC->a_1 << 0x1fUL 'x' '\\n' != \"a\" \"b\\n\"");
	(void)state;
	ev_trace_scan(&scanner);
	assert_true(ev_trace_is_name(&scanner, "REC"));
	assert_false(ev_trace_is_name(&scanner, "RE"));
	ev_trace_scan(&scanner);
	assert_true(ev_trace_is_sign(&scanner, OP_ARROW));
	ev_trace_scan(&scanner);
	assert_true(ev_trace_is_name(&scanner, "a_1"));
	ev_trace_scan(&scanner);
	assert_true(ev_trace_is_sign(&scanner, OP_SHL));
	ev_trace_scan(&scanner);
	assert_int_equal(scanner.token, TOKEN_NUMBER);
	assert_int_equal(scanner.number, 0x1f);
	ev_trace_scan(&scanner);
	assert_int_equal(scanner.number, 'x');
	ev_trace_scan(&scanner);
	assert_int_equal(scanner.number, '\n');
	ev_trace_scan(&scanner);
	assert_true(ev_trace_is_sign(&scanner, OP_NE));
	ev_trace_scan(&scanner);
	assert_int_equal(scanner.token, TOKEN_TEXT);
	assert_string_equal(scanner.text, "ab\n"); /* side by side they are one */
	ev_trace_scan(&scanner);
	assert_int_equal(scanner.token, TOKEN_END);
	ev_arena_done(&arena);
}

static void what_never_ends_is_bad(void **state)
{
	static const char *const texts[] = { "\"open",
					     "\"open\\",
					     "\"a\" \"open",
					     "'",
					     "'a",
					     "12monkeys",
					     "1234567890123456789012345678901234567890" };
	struct ev_arena arena = { 0 };
	(void)state;
	for (size_t i = 0; i < EV_LENGTH(texts); i++) {
		struct trace_scanner scanner = scanner_of(&arena, texts[i]);
		ev_trace_scan(&scanner);
		assert_int_equal(scanner.token, TOKEN_BAD);
	}
	ev_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_numbers_signs_and_texts_are_told_apart),
		cmocka_unit_test(what_never_ends_is_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
