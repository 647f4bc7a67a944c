/* Lines of Python functions: each has an address, and is found by it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/perfdata_python.h>

static void every_line_of_a_function_has_an_address_of_its_own(void **state)
{
	(void)state;
	static const uint32_t lines[] = { 0, 1, 12, 63, 64, 70, 500, 12, UINT32_MAX };
	struct ev_python_functions *functions = ev_python_functions_open();
	uint32_t fib = ev_python_function_add(functions, "fib", "/home/a/sorts.py", 12);
	uint32_t other = ev_python_function_add(functions, "Tree.add", "/home/a/tree.py", 3);
	for (size_t i = 0; i < EV_LENGTH(lines); i++) {
		struct ev_python_line line;
		uint64_t address = ev_python_function_address(functions, fib, lines[i]);
		assert_int_not_equal(address,
				     ev_python_function_address(functions, other, lines[i]));
		assert_in_range(address, EV_PYTHON_BASE, EV_PYTHON_BASE + EV_PYTHON_LENGTH - 1);
		assert_true(ev_python_line_find(functions, address, &line));
		assert_string_equal(line.name, "fib");
		assert_string_equal(line.file, "/home/a/sorts.py");
		assert_int_equal(line.first_line, 12);
		assert_int_equal(line.line, lines[i]);
		assert_int_equal(line.function, fib);
		assert_null(line.label);
	}
	ev_python_functions_close(functions);
}

static void the_same_words_are_the_same_function_and_line(void **state)
{
	(void)state;
	struct ev_python_functions *functions = ev_python_functions_open();
	uint32_t one = ev_python_function_add(functions, "<lambda>", "a.py", 5);
	uint64_t at = ev_python_function_address(functions, one, 6);
	assert_int_equal(ev_python_function_add(functions, "<lambda>", "a.py", 5), one);
	assert_int_not_equal(ev_python_function_add(functions, "<lambda>", "a.py", 6), one);
	assert_int_not_equal(ev_python_function_add(functions, "<lambda>", "b.py", 5), one);
	assert_int_not_equal(ev_python_function_add(functions, "f", "a.py", 5), one);
	assert_int_equal(ev_python_function_address(functions, one, 6), at);
	assert_int_equal(ev_python_function_address(functions, one, 7), at + 1);
	assert_int_equal(ev_python_function_count(functions), 4);
	ev_python_functions_close(functions);
}

static void an_address_without_a_line_is_not_found(void **state)
{
	(void)state;
	struct ev_python_functions *functions = ev_python_functions_open();
	struct ev_python_line line;
	assert_false(ev_python_line_find(NULL, EV_PYTHON_BASE, &line));
	assert_false(ev_python_line_find(functions, EV_PYTHON_BASE, &line));
	ev_python_function_address(functions, ev_python_function_add(functions, "f", "f.py", 1), 1);
	assert_true(ev_python_line_find(functions, EV_PYTHON_BASE + 63, &line));
	assert_false(ev_python_line_find(functions, EV_PYTHON_BASE + 64, &line));
	assert_false(ev_python_line_find(functions, EV_PYTHON_BASE - 1, &line));
	assert_false(ev_python_line_find(functions, UINT64_MAX, &line));
	assert_int_equal(ev_python_function_address(functions, 1, 1), 0);
	ev_python_functions_close(functions);
}

static void a_mapping_holds_every_address_in_a_process(void **state)
{
	(void)state;
	struct ev_record record;
	ev_python_mapping(&record, 7, 8, 99);
	assert_int_equal(record.type, PERF_RECORD_MMAP2);
	assert_int_equal(record.mmap.start, EV_PYTHON_BASE);
	assert_int_equal(record.mmap.length, EV_PYTHON_LENGTH);
	assert_string_equal(record.mmap.path, "[python]");
	assert_int_equal(record.mmap.pid, 7);
	assert_int_equal(record.mmap.tid, 8);
	assert_int_equal(record.time_ns, 99);
	assert_true(record.mmap.executable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_line_of_a_function_has_an_address_of_its_own),
		cmocka_unit_test(the_same_words_are_the_same_function_and_line),
		cmocka_unit_test(an_address_without_a_line_is_not_found),
		cmocka_unit_test(a_mapping_holds_every_address_in_a_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
