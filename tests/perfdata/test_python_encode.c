/* The section with Python functions: whole, cut at every byte, and with every byte changed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/perfdata_python.h>

struct known {
	const char *name, *file;
	uint32_t first_line, line;
	const char *label;
};
static const struct known known[] = {
	{ "fib", "/home/a/sorts.py", 12, 14, "fib (sorts.py:12)" },
	{ "fib", "/home/a/sorts.py", 12, 900, "fib (sorts.py:12)" },
	{ "<module>", "/usr/lib/json/__init__.py", 1, 0, "<module> (json/__init__.py:1)" },
	{ "<module>", "/usr/lib/xml/__init__.py", 1, 3, "<module> (xml/__init__.py:1)" },
	{ "<module>", "/a/b/json/x/__init__.py", 1, 3, "<module> (/a/b/json/x/__init__.py:1)" },
	{ "<module>", "/c/b/json/x/__init__.py", 1, 3, "<module> (/c/b/json/x/__init__.py:1)" },
	{ "naïve.<locals>.é", "x.py", 2, 2, "naïve.<locals>.é (x.py:2)" },
	{ "<module>", "<string>", 1, 1, "<module> (<string>:1)" },
	{ "", "", 0, 0, "? (?:0)" },
};
static uint64_t addresses[EV_LENGTH(known)];

static void encode_known(struct ev_buffer *bytes)
{
	struct ev_python_functions *functions = ev_python_functions_open();
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		uint32_t function = ev_python_function_add(functions, known[i].name, known[i].file,
							   known[i].first_line);
		addresses[i] = ev_python_function_address(functions, function, known[i].line);
	}
	ev_python_functions_encode(functions, bytes);
	ev_python_functions_close(functions);
}

static void a_table_comes_back_with_labels(void **state)
{
	(void)state;
	struct ev_buffer bytes = { 0 };
	encode_known(&bytes);
	struct ev_python_functions *functions =
		ev_python_functions_decode(bytes.bytes, bytes.size_bytes);
	assert_non_null(functions);
	assert_int_equal(ev_python_function_count(functions), EV_LENGTH(known) - 1);
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		struct ev_python_line line;
		assert_true(ev_python_line_find(functions, addresses[i], &line));
		assert_string_equal(line.name, known[i].name);
		assert_string_equal(line.file, known[i].file);
		assert_string_equal(line.label, known[i].label);
		assert_int_equal(line.first_line, known[i].first_line);
		assert_int_equal(line.line, known[i].line);
	}
	ev_python_functions_close(functions);
	ev_buffer_done(&bytes);
}

static void a_table_that_grew_is_the_same(void **state)
{
	(void)state;
	struct ev_buffer bytes = { 0 };
	struct ev_python_told told = { 0 };
	struct ev_python_functions *functions = ev_python_functions_open();
	/* Also of nothing: then the section has begun. */
	assert_true(ev_python_functions_grow(functions, &told, &bytes));
	size_t begun = bytes.size_bytes;
	assert_true(begun);
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		uint32_t function = ev_python_function_add(functions, known[i].name, known[i].file,
							   known[i].first_line);
		addresses[i] = ev_python_function_address(functions, function, known[i].line);
		assert_true(ev_python_functions_grow(functions, &told, &bytes));
		assert_false(ev_python_functions_grow(functions, &told, &bytes));
	}
	ev_python_functions_close(functions);
	functions = ev_python_functions_decode(bytes.bytes, bytes.size_bytes);
	for (size_t i = 0; i < EV_LENGTH(known); i++) {
		struct ev_python_line line;
		assert_true(ev_python_line_find(functions, addresses[i], &line));
		assert_string_equal(line.label, known[i].label);
		assert_int_equal(line.line, known[i].line);
	}
	ev_python_functions_close(functions);
	/* Cut anywhere, what was there before the last part is. */
	for (size_t length = begun; length < bytes.size_bytes; length++) {
		functions = ev_python_functions_decode(bytes.bytes, length);
		assert_true(ev_python_function_count(functions) < EV_LENGTH(known));
		ev_python_functions_close(functions);
	}
	ev_buffer_done(&bytes);
}

/* Ask for everything; a sanitizer sees what is wrong. */
static void use(struct ev_python_functions *functions)
{
	struct ev_python_line line;
	for (uint64_t at = 0; functions && at < 10000; at += 7)
		if (ev_python_line_find(functions, EV_PYTHON_BASE + at, &line))
			assert_true(strlen(line.label) + strlen(line.file) < 100000);
	ev_python_functions_close(functions);
}

static void what_is_cut_or_changed_is_taken_as_far_as_it_makes_sense(void **state)
{
	(void)state;
	struct ev_buffer bytes = { 0 };
	encode_known(&bytes);
	for (size_t length = 0; length < bytes.size_bytes; length++) {
		uint8_t *copy = malloc(length + 1);
		memcpy(copy, bytes.bytes, length);
		use(ev_python_functions_decode(copy, length));
		free(copy);
	}
	for (size_t i = 0; i < bytes.size_bytes; i++) {
		static const uint8_t changes[] = { 0, 1, 0x7f, 0x80, 0xff };
		uint8_t was = bytes.bytes[i];
		for (size_t n = 0; n < EV_LENGTH(changes); n++) {
			bytes.bytes[i] = changes[n];
			use(ev_python_functions_decode(bytes.bytes, bytes.size_bytes));
		}
		bytes.bytes[i] = was;
	}
	assert_null(ev_python_functions_decode("EVSY\1", 5));
	assert_null(ev_python_functions_decode("EVPY\2", 5));
	assert_null(ev_python_functions_decode("", 0));
	ev_buffer_done(&bytes);
}

static void many_functions_of_one_long_name_take_a_bounded_room(void **state)
{
	(void)state;
	struct ev_buffer bytes = { 0 };
	enum { FUNCTIONS = 120000, NAME = 100000 };
	ev_buffer_add(&bytes, "EVPY\1\1", 6);
	for (int i = 0; i < NAME; i++)
		ev_buffer_u8(&bytes, 'x');
	ev_buffer_u8(&bytes, 0);
	ev_buffer_add(&bytes,
		      (const uint8_t[]){ (FUNCTIONS & 127) | 128, (FUNCTIONS >> 7 & 127) | 128,
					 FUNCTIONS >> 14 },
		      3);
	for (int i = 0; i < FUNCTIONS; i++)
		ev_buffer_add(&bytes, "\1\0\5", 3);
	ev_buffer_add(&bytes, "\1\0\0", 3);
	struct ev_python_functions *functions =
		ev_python_functions_decode(bytes.bytes, bytes.size_bytes);
	struct ev_python_line line;
	assert_int_equal(ev_python_function_count(functions), FUNCTIONS);
	assert_true(ev_python_line_find(functions, EV_PYTHON_BASE, &line));
	assert_int_equal(strlen(line.name), NAME);
	ev_python_functions_close(functions);
	ev_buffer_done(&bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_table_comes_back_with_labels),
		cmocka_unit_test(a_table_that_grew_is_the_same),
		cmocka_unit_test(what_is_cut_or_changed_is_taken_as_far_as_it_makes_sense),
		cmocka_unit_test(many_functions_of_one_long_name_take_a_bounded_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
