/* A code object that is made up byte by byte, and such as are none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "python_code.h"
#include "python_made.h"

static struct made_memory made;
static struct ev_python_memory memory = { made_read, &made };
static struct ev_arena arena;
static struct python_layout layout;

static struct python_code_reader reader_of(void)
{
	assert_int_equal(ev_python_layout_find(0x03080000, NULL, &layout, NULL), 0);
	made_code(&made);
	return (struct python_code_reader){ .layout = &layout,
					    .memory = &memory,
					    .code_type = MADE_BASE + MADE_TYPE,
					    .arena = &arena,
					    .limit_bytes = 1 << 20 };
}

static uint32_t check_now(struct python_code_reader *reader)
{
	struct ev_python_code code;
	assert_int_equal(ev_python_code_read(reader, MADE_BASE + MADE_CODE, &code), 0);
	return code.check;
}

static void it_has_a_name_a_file_and_lines(void **state)
{
	(void)state;
	struct ev_python_code code;
	struct python_code_reader reader = reader_of();
	assert_int_equal(ev_python_code_read(&reader, MADE_BASE + MADE_CODE, &code), 0);
	assert_string_equal(code.function, "f");
	assert_string_equal(code.file, "x.py");
	assert_int_equal(code.first_line, 10);
	assert_int_equal(ev_python_code_line(&code, 0), 10);
	assert_int_equal(ev_python_code_line(&code, 8), 12);
	ev_arena_done(&arena);
}

static void another_at_its_place_has_another_check(void **state)
{
	(void)state;
	struct python_code_reader reader = reader_of();
	uint32_t check = check_now(&reader);
	assert_int_equal(check_now(&reader), check);
	static const size_t fields[] = { 40, 104, 112, 120, 16 };
	for (size_t i = 0; i < EV_LENGTH(fields); i++) {
		reader = reader_of();
		made.bytes[MADE_CODE + fields[i]] ^= 1;
		struct ev_python_code code;
		if (!ev_python_code_read(&reader, MADE_BASE + MADE_CODE, &code))
			assert_int_not_equal(code.check, check);
	}
	ev_arena_done(&arena);
}

static void what_is_of_another_type_is_none(void **state)
{
	(void)state;
	struct ev_python_code code;
	struct python_code_reader reader = reader_of();
	assert_int_equal(ev_python_code_read(&reader, MADE_BASE + MADE_NAME, &code), -EINVAL);
	made_put(&made, MADE_NAME + 16, UINT64_MAX);
	assert_int_equal(ev_python_code_read(&reader, MADE_BASE + MADE_CODE, &code), -EINVAL);
	made.gone = true;
	assert_int_equal(ev_python_code_read(&reader, MADE_BASE + MADE_CODE, &code), -EFAULT);
	ev_arena_done(&arena);
}

static void what_is_kept_has_a_limit(void **state)
{
	(void)state;
	struct ev_python_code code;
	struct python_code_reader reader = reader_of();
	reader.limit_bytes = 0;
	assert_int_equal(ev_python_code_read(&reader, MADE_BASE + MADE_CODE, &code), -EINVAL);
	ev_arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_has_a_name_a_file_and_lines),
		cmocka_unit_test(another_at_its_place_has_another_check),
		cmocka_unit_test(what_is_of_another_type_is_none),
		cmocka_unit_test(what_is_kept_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
