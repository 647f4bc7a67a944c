/* Where the code of a file lies. */
#include <errno.h>
#include "compiled.h"
#include <evprof/symbol.h>

/* An address that is executed here, as the file knows it. */
static void this_programs_code_holds_its_functions(void **state)
{
	struct ev_code code[8];
	uint64_t offset;
	struct ev_err err = { 0 };
	(void)state;
	int count = ev_code_of_file("/proc/self/exe", code, EV_LENGTH(code));
	assert_int_equal(count, 1);
	assert_int_equal(ev_function_offset("/proc/self/exe", "main", &offset, &err), 0);
	assert_true(offset >= code[0].file_offset);
	assert_true(offset < code[0].file_offset + code[0].size_bytes);
	/* Told how many there are also where there is no room for them. */
	assert_int_equal(ev_code_of_file("/proc/self/exe", NULL, 0), count);
}

static void what_is_no_elf_file_has_none(void **state)
{
	struct ev_code code;
	(void)state;
	assert_int_equal(ev_code_of_file("/proc/self/cmdline", &code, 1), -ENOEXEC);
	assert_int_equal(ev_code_of_file("/nowhere", &code, 1), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(this_programs_code_holds_its_functions),
		cmocka_unit_test(what_is_no_elf_file_has_none),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
