/* What a code object says tells it from others, wherever it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "python_check.h"
#include "read_made.h"

static struct made_memory made;
static const struct ev_python_memory memory = { made_read, &made };

static uint32_t check_now(void)
{
	return read_made(&memory).check;
}

/* Is it another one with another byte there? */
static void expect_other(size_t at)
{
	uint32_t before = check_now();
	made.bytes[at] ^= 1;
	assert_int_not_equal(check_now(), before);
	made.bytes[at] ^= 1;
	assert_int_equal(check_now(), before);
}

static void each_of_its_parts_is_looked_at(void **state)
{
	(void)state;
	char path[200];
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = 0;
	made_code(&made);
	expect_other(MADE_NAME + 48);
	made_text(&made, MADE_NAME, "ffffffffffff");
	expect_other(MADE_NAME + 48 + 11);
	made_text(&made, MADE_FILE, path);
	expect_other(MADE_FILE + 48);
	expect_other(MADE_FILE + 48 + 100);
	expect_other(MADE_FILE + 48 + 198);
	expect_other(MADE_LINES + 32 + 3);
	made_put(&made, MADE_LINES + 16, 190);
	expect_other(MADE_LINES + 32 + 189);
	/* Its arguments, and the names of its variables. */
	expect_other(MADE_CODE + 16);
	expect_other(MADE_CODE + 72);
}

static void what_the_interpreter_writes_later_is_not(void **state)
{
	(void)state;
	made_code(&made);
	uint32_t before = check_now();
	made_put(&made, MADE_NAME + 24, 12345); /* its hash */
	made.bytes[MADE_NAME + 32] |= 1;        /* it is shared */
	made_put(&made, MADE_CODE, 7);          /* references */
	made.bytes[MADE_NAME + 48 + 1] = 'x';   /* behind its end */
	made.bytes[MADE_LINES + 32 + 4] = 9;
	assert_int_equal(check_now(), before);
}

static void parts_that_were_in_no_memory_are_not_missed(void **state)
{
	(void)state;
	made_code(&made);
	struct ev_python_code code = read_made(&memory);
	assert_true(ev_python_code_is(&code, code.check));
	assert_true(ev_python_code_is(&code, code.check ^ code.parts[1]));
	assert_true(ev_python_code_is(&code, code.check ^ code.parts[0] ^ code.parts[2]));
	assert_false(ev_python_code_is(&code, code.check + 1));
	made_put32(&made, MADE_CODE + 40, 11);
	struct ev_python_code other = read_made(&memory);
	assert_false(ev_python_code_is(&code, other.check ^ other.parts[1]));
}

static void what_is_cut_short_counts_as_nothing(void **state)
{
	(void)state;
	static const uint8_t bytes[64] = { 1 };
	assert_int_equal(ev_python_check_text(PYTHON_PART_NAME, 65, 1, true, bytes, 64), 0);
	assert_int_not_equal(ev_python_check_text(PYTHON_PART_NAME, 64, 1, true, bytes, 64), 0);
	assert_int_equal(ev_python_check_text(PYTHON_PART_NAME, UINT64_MAX, 4, true, bytes, 64), 0);
	assert_int_equal(ev_python_check_lines(UINT64_MAX, bytes, 64), 0);
	assert_int_not_equal(ev_python_check_text(PYTHON_PART_NAME, 8, 1, true, bytes, 64),
			     ev_python_check_text(PYTHON_PART_FILE, 8, 1, true, bytes, 64));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_of_its_parts_is_looked_at),
		cmocka_unit_test(what_the_interpreter_writes_later_is_not),
		cmocka_unit_test(parts_that_were_in_no_memory_are_not_missed),
		cmocka_unit_test(what_is_cut_short_counts_as_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
