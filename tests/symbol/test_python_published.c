/* What CPython 3.14 and 3.15 publish about themselves, as Debian's have it, and what none does. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "published_made.h"

enum { VERSION = 1, FREE_THREADED = 2, WORDS = PUBLISHED_WORDS };

static const uint64_t of_3_14[WORDS] = {
	COOKIE, 0x030e0af0, 0,    316616, 784,  808, 225864, 7280, 7272, 7344, 7360, 7408,
	7688,   7672,       7680, 16,     7784, 0,   7800,   7792, 7992, 0,    832,  0,
	8,      16,         72,   152,    160,  232, 32,     88,   8,    0,    56,   80,
	74,     64,         0,    216,    112,  120, 128,    136,  68,   52,   96,   104,
	208,    0,          16,   8,      416,  24,  88,     168,  40,   32,   16,   40,
	24,     16,         200,  24,     40,   32,  48,     32,   40,   24,   16,   32,
	16,     24,         40,   16,     32,   64,  32,     16,   40,   264,  192,  160,
	24,     72,         67,   0,      8,    24,  304,    8076, 0,    4,    512,  0,
};
static const uint64_t of_3_15[WORDS] = {
	COOKIE, 0x030f02f0, 0,    346568, 912,  936, 226240, 7272, 7264, 7336, 7352, 7400,
	7592,   7576,       7584, 16,     7736, 0,   7752,   7744, 7944, 0,    888,  0,
	8,      16,         72,   80,     88,   96,  176,    184,  256,  32,   36,   40,
	136,    288,        0,    88,     8,    0,   56,     80,   74,   64,   0,    216,
	112,    120,        128,  136,    68,   52,  96,     104,  208,  0,    16,   8,
	424,    24,         88,   168,    32,   288, 944,    888,  40,   32,   16,   40,
	24,     16,         200,  24,     40,   32,  48,     32,   40,   24,   16,   32,
	16,     24,         40,   16,     32,   64,  32,     16,   40,   56,   176,  112,
};

static uint64_t words[WORDS];
static struct python_layout layout;
static struct ev_err err;

static int find(const uint64_t *from, uint32_t version)
{
	uint8_t bytes[PYTHON_PUBLISHED_BYTES];
	memmove(words, from, sizeof(words));
	words[VERSION] = version;
	memcpy(bytes, words, sizeof(bytes));
	return ev_python_layout_find(version, bytes, &layout, &err);
}

static void each_version_is_read_in_its_own_form(void **state)
{
	(void)state;
	assert_int_equal(find(of_3_14, 0x030e0af0), 0);
	assert_int_equal(layout.interpreters, 808);
	assert_int_equal(layout.interpreter_threads, 7344);
	assert_int_equal(layout.thread_frame, 72);
	assert_int_equal(layout.thread_id, 152);
	assert_int_equal(layout.frame_position, 56);
	assert_int_equal(layout.frame_mark, 74);
	assert_int_equal(layout.code_file, 112);
	assert_int_equal(layout.code_instructions, 208);
	assert_int_equal(layout.text_ascii, 40);
	assert_int_equal(layout.gil_holder, 8);
	assert_int_equal(layout.gil_locked, 16);
	assert_false(layout.based || layout.newer);
	assert_int_equal(find(of_3_15, 0x030f02f0), 0);
	assert_int_equal(layout.interpreters, 936);
	assert_int_equal(layout.thread_id, 176);
	assert_int_equal(layout.thread_native, 184);
	assert_int_equal(layout.frame_mark, 74);
	assert_int_equal(layout.code_lines, 136);
	assert_int_equal(layout.text_length, 16);
	assert_true(layout.based);
	assert_false(layout.newer);
}

static void a_version_to_come_is_read_where_all_holds_together(void **state)
{
	(void)state;
	assert_int_equal(find(of_3_15, 0x031000f0), 0);
	assert_true(layout.newer && layout.based);
	assert_int_equal(layout.thread_id, 176);
	/* It may also publish as one before. */
	assert_int_equal(find(of_3_14, 0x031100f0), 0);
	assert_true(layout.newer);
	assert_false(layout.based);
	assert_int_equal(layout.thread_id, 152);
}

static void without_the_gil_objects_are_larger_and_code_has_copies(void **state)
{
	(void)state;
	assert_int_equal(find(of_3_14, 0x030e0af0), 0);
	assert_int_equal(layout.gil_enabled, PYTHON_NONE);
	assert_int_equal(layout.frame_copy, PYTHON_NONE);
	assert_int_equal(layout.text_compact, 56);
	assert_int_equal(find(free_threaded_3_14, 0x030e00f0), 0);
	assert_int_equal(layout.bytes_size, 32);
	assert_int_equal(layout.bytes_data, 48);
	assert_int_equal(layout.text_length, 32);
	assert_int_equal(layout.text_state, 48);
	assert_int_equal(layout.text_ascii, 56);
	assert_int_equal(layout.text_compact, 72);
	assert_int_equal(layout.frame_mark, 78);
	assert_int_equal(layout.frame_copy, 72);
	assert_int_equal(layout.code_copies, 224);
	assert_int_equal(layout.code_instructions, 232);
	assert_int_equal(layout.gil_enabled, 0);
	assert_int_equal(layout.gil_holder, 16);
	assert_false(layout.newer);
	/* The next one may be built so, too. */
	assert_int_equal(find(free_threaded_3_14, 0x031000f0), 0);
	assert_true(layout.newer);
	assert_int_equal(layout.frame_copy, 72);
	/* 3.13 has no copies. */
	assert_int_equal(find(free_threaded_3_14, 0x030d00f0), 0);
	assert_int_equal(layout.frame_copy, PYTHON_NONE);
}

/* One word more in front of any field that is read, or one less. */
static void other_forms_are_said_and_not_guessed(void **state)
{
	enum { TAKEN = 93 }; /* what is behind is not read */
	(void)state;
	for (size_t at = 3; at < TAKEN; at++) {
		uint64_t moved[WORDS] = { 0 };
		memcpy(moved, of_3_15, at * sizeof(*moved));
		memcpy(moved + at + 1, of_3_15 + at, (WORDS - 1 - at) * sizeof(*moved));
		moved[at] = 48;
		assert_int_equal(find(moved, 0x031000f0), -ENOTSUP);
		assert_non_null(strstr(err.text, "it is Python 3.16"));
		memcpy(moved + at, of_3_15 + at + 1, (WORDS - 1 - at) * sizeof(*moved));
		assert_int_equal(find(moved, 0x031000f0), -ENOTSUP);
	}
	uint64_t none[WORDS] = { COOKIE };
	assert_int_equal(find(none, 0x031000f0), -ENOTSUP);
	assert_int_equal(find(of_3_15, 0x040000f0), -ENOTSUP);
}

static void what_cannot_be_is_refused(void **state)
{
	uint64_t wrong[WORDS];
	(void)state;
	memcpy(wrong, of_3_14, sizeof(wrong));
	/* Objects of a build with the GIL, in one that says that it has none. */
	wrong[FREE_THREADED] = 1;
	assert_int_equal(find(wrong, 0x031000f0), -ENOTSUP);
	memcpy(wrong, free_threaded_3_14, sizeof(wrong));
	wrong[38] = UINT64_MAX;
	assert_int_equal(find(wrong, 0x030e00f0), -ENOTSUP);
	memcpy(wrong, of_3_14, sizeof(wrong));
	wrong[5] = UINT64_MAX;
	assert_int_equal(find(wrong, 0x030e0af0), -ENOTSUP);
	wrong[5] = 808;
	wrong[0] = 0;
	assert_int_equal(find(wrong, 0x030e0af0), -ENODATA);
	assert_int_equal(ev_python_layout_find(0x030e0af0, NULL, &layout, &err), -ENODATA);
	/* The GIL is not everything. */
	wrong[0] = COOKIE;
	wrong[18] = 0;
	assert_int_equal(find(wrong, 0x030e0af0), 0);
	assert_int_equal(layout.interpreter_gil, PYTHON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_version_is_read_in_its_own_form),
		cmocka_unit_test(a_version_to_come_is_read_where_all_holds_together),
		cmocka_unit_test(without_the_gil_objects_are_larger_and_code_has_copies),
		cmocka_unit_test(other_forms_are_said_and_not_guessed),
		cmocka_unit_test(what_cannot_be_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
