/* Addresses of Python code become functions and lines, out of the table that a recording carries.
 */
#include "records.h"

struct python {
	struct ev_recording recording;
	struct ev_space_set *set;
	struct ev_space_cache *cache;
	struct ev_symbolizer *symbolizer;
	uint64_t fib, unknown; /* addresses: line 14, and no line */
};

static void open_python(struct python *python, bool table)
{
	static const uint32_t pids[] = { 7, 8 };
	struct ev_python_functions *functions = ev_python_functions_open();
	struct ev_buffer bytes = { 0 };
	*python = (struct python){ .set = ev_space_set_open() };
	uint32_t fib = ev_python_function_add(functions, "fib", "/home/a/sorts.py", 12);
	python->fib = ev_python_function_address(functions, fib, 14);
	python->unknown = ev_python_function_address(functions, fib, 0);
	ev_python_functions_encode(functions, &bytes);
	ev_python_functions_close(functions);
	if (table)
		ev_recording_set_section(&python->recording, EV_FEATURE_EVPROF_PYTHON, bytes.bytes,
					 bytes.size_bytes);
	ev_buffer_done(&bytes);
	for (size_t i = 0; i < EV_LENGTH(pids); i++) {
		struct ev_record record;
		ev_python_mapping(&record, pids[i], pids[i], 5);
		ev_space_set_add(python->set, &record);
	}
	ev_space_set_ready(python->set);
	python->cache = calloc(1, sizeof(*python->cache));
	python->symbolizer = ev_symbolizer_open(python->set, &python->recording, NULL);
}

static void close_python(struct python *python)
{
	ev_symbolizer_close(python->symbolizer);
	ev_space_set_close(python->set);
	ev_recording_done(&python->recording);
	free(python->cache);
}

static struct ev_place place_of(struct python *python, uint32_t pid, uint64_t address)
{
	return ev_space_find(python->set, python->cache, pid, 10, address, USER);
}

static void python_code_is_one_object_in_all_processes(void **state)
{
	(void)state;
	struct python python;
	open_python(&python, true);
	struct ev_place one = place_of(&python, 7, python.fib);
	struct ev_place other = place_of(&python, 8, python.fib);
	assert_int_equal(one.object, other.object);
	assert_int_equal(one.offset, python.fib);
	assert_int_equal(ev_space_set_object(python.set, one.object)->kind, EV_OBJECT_PYTHON);
	assert_string_equal(ev_space_set_object(python.set, one.object)->name, "[python]");
	assert_null(ev_symbolizer_trouble(python.symbolizer, one.object));
	close_python(&python);
}

static void a_line_is_itself_for_callers_too(void **state)
{
	(void)state;
	struct python python;
	struct ev_symbol symbol;
	open_python(&python, true);
	for (unsigned flags = 0; flags <= EV_SYMBOL_EXACT; flags += EV_SYMBOL_EXACT) {
		assert_int_equal(ev_symbolize(python.symbolizer, place_of(&python, 7, python.fib),
					      flags | EV_SYMBOL_LINES | EV_SYMBOL_INLINES, &symbol,
					      1),
				 1);
		assert_string_equal(symbol.function, "fib (sorts.py:12)");
		assert_string_equal(symbol.linkage, "fib");
		assert_string_equal(symbol.file, "/home/a/sorts.py");
		assert_int_equal(symbol.line, 14);
		assert_int_equal(symbol.declared, 12);
		assert_true(symbol.python);
		assert_false(symbol.inlined || symbol.made_up);
	}
	ev_symbolize(python.symbolizer, place_of(&python, 7, python.unknown), EV_SYMBOL_LINES,
		     &symbol, 1);
	assert_string_equal(symbol.function, "fib (sorts.py:12)");
	assert_int_equal(symbol.line, 0);
	ev_symbolize(python.symbolizer, place_of(&python, 7, python.fib), EV_SYMBOL_MANGLED,
		     &symbol, 1);
	assert_string_equal(symbol.function, "fib");
	assert_string_equal(symbol.file, "/home/a/sorts.py");
	assert_int_equal(symbol.declared, 12);
	assert_int_equal(symbol.line, 0); /* not asked for */
	close_python(&python);
}

static void what_is_outside_of_python_and_any_of_it_have_names(void **state)
{
	(void)state;
	struct python python;
	struct ev_symbol symbol;
	struct ev_record mapping;
	open_python(&python, true);
	ev_python_native_mapping(&mapping);
	ev_space_set_add(python.set, &mapping);
	ev_space_set_ready(python.set);
	struct ev_place native =
		ev_space_find(python.set, python.cache, 99, 1, EV_PYTHON_NATIVE, KERNEL);
	assert_int_equal(ev_symbolize(python.symbolizer, native, 0, &symbol, 1), 1);
	assert_string_equal(symbol.function, "[native]");
	assert_false(symbol.python);
	ev_symbolize(python.symbolizer, place_of(&python, 7, EV_PYTHON_ANY), 0, &symbol, 1);
	assert_string_equal(symbol.function, "[python]");
	assert_true(symbol.python);
	close_python(&python);
}

static void an_address_that_the_table_does_not_have_has_no_name(void **state)
{
	(void)state;
	struct python python;
	struct ev_symbol symbol;
	open_python(&python, true);
	assert_int_equal(ev_symbolize(python.symbolizer,
				      place_of(&python, 7, python.fib + 0x100000), EV_SYMBOL_LINES,
				      &symbol, 1),
			 1);
	assert_null(symbol.function);
	close_python(&python);
}

static void a_recording_without_the_table_says_so(void **state)
{
	(void)state;
	struct python python;
	struct ev_symbol symbol;
	open_python(&python, false);
	struct ev_place place = place_of(&python, 7, python.fib);
	assert_int_equal(ev_symbolize(python.symbolizer, place, 0, &symbol, 1), 1);
	assert_null(symbol.function);
	assert_string_equal(ev_symbolizer_trouble(python.symbolizer, place.object),
			    "the recording carries no names of its Python functions");
	close_python(&python);
}

static void the_symbols_that_are_carried_leave_python_to_its_table(void **state)
{
	(void)state;
	struct python python;
	struct ev_buffer bytes = { 0 }, none = { 0 };
	open_python(&python, true);
	struct ev_place place = place_of(&python, 7, python.fib);
	ev_symbols_encode(python.symbolizer, python.set, &place, 1, EV_SYMBOL_LINES, &bytes);
	ev_symbols_encode(python.symbolizer, python.set, &place, 0, EV_SYMBOL_LINES, &none);
	assert_int_equal(bytes.size_bytes, none.size_bytes);
	ev_buffer_done(&bytes);
	ev_buffer_done(&none);
	close_python(&python);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(python_code_is_one_object_in_all_processes),
		cmocka_unit_test(a_line_is_itself_for_callers_too),
		cmocka_unit_test(what_is_outside_of_python_and_any_of_it_have_names),
		cmocka_unit_test(an_address_that_the_table_does_not_have_has_no_name),
		cmocka_unit_test(a_recording_without_the_table_says_so),
		cmocka_unit_test(the_symbols_that_are_carried_leave_python_to_its_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
