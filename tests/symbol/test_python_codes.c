/* Code objects are read once, and known again, as long as they are the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#include "read_made.h"

static struct made_memory made;
static const struct ev_python_memory memory = { made_read, &made };

static struct ev_python_codes *open_made(void)
{
	struct ev_python_codes *codes;
	struct ev_python_runtime runtime = made_runtime();
	made_code(&made);
	assert_int_equal(ev_python_codes_open(&codes, &runtime, &memory, NULL), 0);
	return codes;
}

/* As who met it would tell it. */
static uint32_t check_of(void)
{
	return read_made(&memory).check;
}

static void what_was_read_is_known_when_it_is_gone(void **state)
{
	(void)state;
	struct ev_python_codes *codes = open_made();
	uint32_t check = check_of();
	assert_null(ev_python_codes_known(codes, MADE_BASE + MADE_CODE, check));
	assert_string_equal(ev_python_codes_find(codes, MADE_BASE + MADE_CODE, check)->function,
			    "f");
	made.gone = true;
	assert_string_equal(ev_python_codes_find(codes, MADE_BASE + MADE_CODE, check)->file,
			    "x.py");
	assert_null(ev_python_codes_find(codes, MADE_BASE + MADE_CODE, check + 1));
	ev_python_codes_close(codes);
}

static void another_at_its_place_is_read_anew(void **state)
{
	(void)state;
	struct ev_python_codes *codes = open_made();
	uint32_t before = check_of();
	assert_non_null(ev_python_codes_find(codes, MADE_BASE + MADE_CODE, before));
	made_put32(&made, MADE_CODE + 40, 30);
	uint32_t after = check_of();
	assert_int_equal(ev_python_codes_find(codes, MADE_BASE + MADE_CODE, after)->first_line, 30);
	/* What it was before is still known, and not what it is now. */
	assert_int_equal(ev_python_codes_find(codes, MADE_BASE + MADE_CODE, before)->first_line,
			 10);
	ev_python_codes_close(codes);
}

static void one_that_is_gone_is_learned_from_what_was_kept(void **state)
{
	(void)state;
	struct ev_python_codes *codes = open_made();
	static struct made_memory kept;
	const struct ev_python_memory of_kept = { made_read, &kept };
	uint32_t check = check_of();
	kept = made;
	made.gone = true;
	assert_null(ev_python_codes_find(codes, MADE_BASE + MADE_CODE, check));
	ev_python_codes_learn(codes, MADE_BASE + MADE_CODE, check + 1, &of_kept);
	assert_null(ev_python_codes_known(codes, MADE_BASE + MADE_CODE, check + 1));
	ev_python_codes_learn(codes, MADE_BASE + MADE_CODE, check, &of_kept);
	assert_string_equal(ev_python_codes_find(codes, MADE_BASE + MADE_CODE, check)->function,
			    "f");
	ev_python_codes_close(codes);
}

static void the_shape_is_that_of_the_version(void **state)
{
	(void)state;
	struct ev_python_codes *codes = open_made();
	struct ev_python_shape shape;
	ev_python_codes_shape(codes, &shape);
	assert_int_equal(shape.thread_id, 176);
	assert_int_equal(shape.code_function, 112);
	assert_int_equal(shape.cframe_frame, UINT32_MAX);
	ev_python_codes_close(codes);
	struct ev_err err = { 0 };
	struct ev_python_runtime unknown = made_runtime();
	unknown.version = 0x04000000;
	assert_int_equal(ev_python_codes_open(&codes, &unknown, &memory, &err), -ENOTSUP);
	assert_null(codes);
	assert_non_null(strstr(err.text, "4.0"));
	ev_python_codes_close(codes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_read_is_known_when_it_is_gone),
		cmocka_unit_test(another_at_its_place_is_read_anew),
		cmocka_unit_test(one_that_is_gone_is_learned_from_what_was_kept),
		cmocka_unit_test(the_shape_is_that_of_the_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
