/* This test has the symbols of an interpreter itself. */
#include <errno.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <evprof/symbol_python.h>

extern uint64_t _PyRuntime[4], PyCode_Type[4];
extern const uint32_t Py_Version;
uint64_t _PyRuntime[4] = { 1 }, PyCode_Type[4] = { 2 };
const uint32_t Py_Version = 0x030b07f0;

static int first_object(struct dl_phdr_info *info, size_t size, void *bias)
{
	(void)size;
	*(uint64_t *)bias = info->dlpi_addr;
	return 1;
}

static void the_interpreter_is_where_its_symbols_are(void **state)
{
	(void)state;
	struct ev_python_file file;
	uint64_t bias = 0;
	dl_iterate_phdr(first_object, &bias);
	assert_int_equal(ev_python_file_read("/proc/self/exe", &file), 0);
	assert_int_equal(file.runtime + bias, (uintptr_t)_PyRuntime);
	assert_int_equal(file.version + bias, (uintptr_t)&Py_Version);
	assert_int_equal(file.code_type + bias, (uintptr_t)PyCode_Type);
	assert_false(file.python2 || file.old);
	assert_int_equal(file.load_offset, 0);
}

static void other_files_have_none(void **state)
{
	(void)state;
	struct ev_python_file file;
	assert_int_equal(ev_python_file_read("/bin/sh", &file), -ENOENT);
	assert_int_equal(ev_python_file_read("/nowhere/python3", &file), -ENOENT);
	assert_true(ev_python_file_read("/etc/passwd", &file) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_interpreter_is_where_its_symbols_are),
		cmocka_unit_test(other_files_have_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
