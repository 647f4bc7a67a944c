/* Interpreters that are made up byte by byte: whole ones, and such as no walk may get lost in. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "published_made.h"

enum { BASE = 0x10000, SIZE = 0x10000 };
enum { /* where things are, behind BASE */
       RUNTIME = 0,
       INTERPRETER = 0x1000,
       THREAD = 0x2000,
       OTHER_THREAD = 0x2400,
       FRAME = 0x3000,
       OUTER_FRAME = 0x3100,
       CODE = 0x4000,
       FILE_NAME = 0x5000,
       NAME = 0x5400,
       LINES = 0x6000,
       TYPE = 0x7000,
};

struct made {
	uint8_t bytes[SIZE];
	struct ev_python_runtime runtime;
	struct ev_python_memory memory;
	struct ev_python_state state;
	struct ev_err err;
};

static int read_made(void *context, uint64_t address, void *bytes, size_t size_bytes)
{
	const struct made *made = context;
	if (address < BASE || address - BASE > SIZE || size_bytes > SIZE - (address - BASE))
		return -EFAULT;
	memcpy(bytes, made->bytes + (address - BASE), size_bytes);
	return 0;
}

static void put(struct made *made, size_t at, uint64_t value)
{
	memcpy(made->bytes + at, &value, sizeof(value));
}
static void put32(struct made *made, size_t at, uint32_t value)
{
	memcpy(made->bytes + at, &value, sizeof(value));
}

static void put_text(struct made *made, size_t at, const char *text)
{
	put(made, at + 16, strlen(text));
	put32(made, at + 32, 1 << 2 | 1 << 5 | 1 << 6); /* of bytes, compact, ASCII */
	memcpy(made->bytes + at + 48, text, strlen(text));
}

/* A 3.8 whose only thread is in line 12 of f, called in line 11 of the same. */
static struct made *make(void)
{
	static const uint8_t lines[] = { 4, 1, 4, 1 };
	static struct made one;
	struct made *made = &one;
	memset(made, 0, sizeof(*made));
	made->runtime = (struct ev_python_runtime){ .version = 0x030812f0,
						    .address = BASE + RUNTIME,
						    .code_type = BASE + TYPE };
	made->memory = (struct ev_python_memory){ read_made, made };
	put(made, RUNTIME + 32, BASE + INTERPRETER);
	put(made, RUNTIME + 1368, BASE + THREAD);
	put(made, INTERPRETER + 8, BASE + THREAD);
	put(made, THREAD + 24, BASE + FRAME);
	put(made, THREAD + 176, 0x7f00);
	put(made, FRAME + 24, BASE + OUTER_FRAME);
	put(made, FRAME + 32, BASE + CODE);
	put32(made, FRAME + 104, 8);
	put(made, OUTER_FRAME + 32, BASE + CODE);
	put32(made, OUTER_FRAME + 104, 4);
	put(made, CODE + 8, BASE + TYPE);
	put32(made, CODE + 40, 10);
	put(made, CODE + 104, BASE + FILE_NAME);
	put(made, CODE + 112, BASE + NAME);
	put(made, CODE + 120, BASE + LINES);
	put(made, LINES + 16, sizeof(lines));
	memcpy(made->bytes + LINES + 32, lines, sizeof(lines));
	put_text(made, FILE_NAME, "x.py");
	put_text(made, NAME, "f");
	return made;
}

static void put_wide_text(struct made *made, size_t at, const char *text)
{
	put(made, at + 32, strlen(text));
	put32(made, at + 48, 3 | 1 << 8 | 1 << 11 | 1 << 12); /* a byte of its own before */
	memcpy(made->bytes + at + 56, text, strlen(text));
}

enum { COPIES = 0x8000, COPY = 0x8800, GIL = 0x9000, LARGE_INTERPRETER = 0xa000 };

static void put_frame(struct made *made, size_t at, uint64_t instruction, uint32_t copy)
{
	put(made, at, (BASE + CODE) | 1); /* the reference has a mark */
	put(made, at + 56, instruction);
	put32(made, at + 72, copy);
}

/* A 3.14 without the GIL: its two threads are in line 12 of f, the second one in a copy of the
 * instructions. */
static struct made *make_free_threaded(void)
{
	/* Two instructions of line 11, two of line 12. */
	static const uint8_t lines[] = { 0x80 | 13 << 3 | 1, 2, 0x80 | 13 << 3 | 1, 2 };
	struct made *made = make();
	memset(made->bytes, 0, sizeof(made->bytes));
	made->runtime.version = 0x030e00f0;
	memcpy(made->bytes + RUNTIME, free_threaded_3_14, sizeof(free_threaded_3_14));
	put(made, RUNTIME + 808, BASE + LARGE_INTERPRETER);
	put(made, LARGE_INTERPRETER + 16, BASE + GIL);
	put(made, GIL + 16, BASE + THREAD); /* what had it before it was let go */
	put32(made, GIL + 24, 1);
	put(made, LARGE_INTERPRETER + 7344, BASE + THREAD);
	put(made, THREAD + 8, BASE + OTHER_THREAD);
	put(made, THREAD + 72, BASE + FRAME);
	put(made, OTHER_THREAD + 72, BASE + OUTER_FRAME);
	put_frame(made, FRAME, BASE + CODE + 232 + 4, 0);
	put_frame(made, OUTER_FRAME, BASE + COPY + 4, 2);
	put(made, CODE + 24, BASE + TYPE);
	put32(made, CODE + 84, 10);
	put(made, CODE + 128, BASE + FILE_NAME);
	put(made, CODE + 144, BASE + NAME);
	put(made, CODE + 152, BASE + LINES);
	put(made, CODE + 224, BASE + COPIES);
	put(made, COPIES, 3);
	put(made, COPIES + 8, BASE + CODE + 232);
	put(made, COPIES + 24, BASE + COPY);
	put(made, LINES + 32, sizeof(lines));
	memcpy(made->bytes + LINES + 48, lines, sizeof(lines));
	put_wide_text(made, FILE_NAME, "x.py");
	put_wide_text(made, NAME, "f");
	return made;
}

static int read_it(struct made *made)
{
	return ev_python_read(&made->runtime, &made->memory, &made->state, &made->err);
}
static const struct ev_python_thread *only_thread(struct made *made)
{
	assert_int_equal(read_it(made), 0);
	assert_int_equal(made->state.threads.count, 1);
	return made->state.threads.items;
}

static void frames_have_functions_files_and_lines(void **state)
{
	(void)state;
	struct made *made = make();
	const struct ev_python_thread *thread = only_thread(made);
	assert_null(thread->trouble);
	assert_int_equal(thread->frame_count, 2);
	assert_string_equal(thread->frames[0].function, "f");
	assert_string_equal(thread->frames[0].file, "x.py");
	assert_int_equal(thread->frames[0].line, 12);
	assert_int_equal(thread->frames[1].line, 11);
	assert_true(thread->frames[0].entry);
	assert_int_equal(thread->pthread, 0x7f00);
	assert_true(made->state.gil_known);
	assert_true(thread->holds_gil);
	ev_python_state_done(&made->state);
}

static void threads_without_the_gil_run_copies_of_their_code(void **state)
{
	(void)state;
	struct made *made = make_free_threaded();
	assert_int_equal(read_it(made), 0);
	assert_true(made->state.free_threaded);
	assert_false(made->state.gil_known);
	assert_int_equal(made->state.threads.count, 2);
	for (size_t i = 0; i < 2; i++) {
		const struct ev_python_thread *thread = &made->state.threads.items[i];
		assert_null(thread->trouble);
		assert_int_equal(thread->frame_count, 1);
		assert_string_equal(thread->frames[0].function, "f");
		assert_string_equal(thread->frames[0].file, "x.py");
		assert_int_equal(thread->frames[0].line, 12);
		assert_false(thread->holds_gil);
	}
	ev_python_state_done(&made->state);
	/* Where the copy can't be found the function is known still. */
	put(made, CODE + 224, 16);
	assert_int_equal(read_it(made), 0);
	assert_int_equal(made->state.threads.items[1].frames[0].line, 10);
	ev_python_state_done(&made->state);
	/* Somebody asked for a GIL. */
	put32(made, GIL, 1);
	assert_int_equal(read_it(made), 0);
	assert_false(made->state.free_threaded);
	assert_true(made->state.gil_known && made->state.threads.items[0].holds_gil);
	ev_python_state_done(&made->state);
}

static void frames_in_a_circle_end(void **state)
{
	(void)state;
	struct made *made = make();
	put(made, OUTER_FRAME + 24, BASE + FRAME);
	const struct ev_python_thread *thread = only_thread(made);
	assert_int_equal(thread->frame_count, 2);
	assert_string_equal(thread->trouble, "a list of frames that runs in a circle");
	ev_python_state_done(&made->state);
}

static void threads_and_interpreters_in_a_circle_end(void **state)
{
	(void)state;
	struct made *made = make();
	put(made, THREAD + 8, BASE + OTHER_THREAD);
	put(made, OTHER_THREAD + 8, BASE + THREAD);
	put(made, INTERPRETER, BASE + INTERPRETER);
	assert_int_equal(read_it(made), 0);
	assert_int_equal(made->state.threads.count, 2);
	assert_int_equal(made->state.threads.items[1].frame_count, 0);
	assert_false(made->state.threads.items[1].holds_gil);
	ev_python_state_done(&made->state);
}

static void what_is_no_code_is_said(void **state)
{
	(void)state;
	struct made *made = make();
	put(made, OUTER_FRAME + 32, BASE + NAME);
	const struct ev_python_thread *thread = only_thread(made);
	assert_int_equal(thread->frame_count, 1);
	assert_string_equal(thread->trouble, "a frame without code");
	ev_python_state_done(&made->state);
}

static void names_longer_than_memory_are_none(void **state)
{
	(void)state;
	struct made *made = make();
	put(made, NAME + 16, UINT64_MAX);
	assert_int_equal(only_thread(made)->frame_count, 0);
	ev_python_state_done(&made->state);
	made = make();
	put32(made, NAME + 32, 3 << 2 | 1 << 5); /* of three bytes each */
	assert_string_equal(only_thread(made)->trouble, "a frame without code");
	ev_python_state_done(&made->state);
}

static void a_line_table_that_is_not_there_leaves_the_function(void **state)
{
	(void)state;
	struct made *made = make();
	put(made, LINES + 16, 1 << 30);
	const struct ev_python_thread *thread = only_thread(made);
	assert_int_equal(thread->frame_count, 2);
	assert_int_equal(thread->frames[0].line, 10);
	ev_python_state_done(&made->state);
}

static void memory_that_is_not_there_is_said(void **state)
{
	(void)state;
	struct made *made = make();
	put(made, OUTER_FRAME + 24, 0x10);
	assert_string_equal(only_thread(made)->trouble, "a frame in memory that can't be read");
	ev_python_state_done(&made->state);
	made = make();
	made->runtime.address = UINT64_MAX - 4;
	assert_int_equal(read_it(made), -EFAULT);
	ev_python_state_done(&made->state);
}

static void an_interpreter_that_is_not_set_up_is_said(void **state)
{
	(void)state;
	struct made *made = make();
	put(made, RUNTIME + 32, 0);
	assert_int_equal(read_it(made), -ENODATA);
	ev_python_state_done(&made->state);
	made->runtime.version = 0x030d00f0; /* no cookie */
	assert_int_equal(read_it(made), -ENODATA);
	ev_python_state_done(&made->state);
}

static void unknown_versions_are_said(void **state)
{
	(void)state;
	static const uint32_t versions[] = { 0x030712f0, 0x03000000, 0x02070000, 0 };
	struct made *made = make();
	for (size_t i = 0; i < EV_LENGTH(versions); i++) {
		made->runtime.version = versions[i];
		assert_int_equal(read_it(made), -ENOTSUP);
		assert_non_null(strstr(made->err.text, "CPython 3.8 to 3.15"));
		ev_python_state_done(&made->state);
	}
}

static void published_offsets_are_taken_when_they_make_sense(void **state)
{
	(void)state;
	static uint8_t published[PYTHON_PUBLISHED_BYTES];
	struct python_layout layout;
	struct ev_err err;
	uint64_t value = 0x030d01f0, offset = 632;
	memcpy(published, "xdebugpy", 8);
	memcpy(published + 8, &value, 8);
	memcpy(published + 40, &offset, 8);
	assert_int_equal(ev_python_layout_find(0x030d01f0, published, &layout, &err), 0);
	assert_int_equal(layout.interpreters, 632);
	assert_int_equal(layout.lines, EV_PYTHON_LOCATIONS);
	offset = UINT64_MAX;
	memcpy(published + 40, &offset, 8);
	assert_int_equal(ev_python_layout_find(0x030d01f0, published, &layout, &err), -ENOTSUP);
	memset(published + 40, 0, 8);
	published[10] = 0x0c; /* says 3.12 */
	assert_int_equal(ev_python_layout_find(0x030d01f0, published, &layout, &err), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_have_functions_files_and_lines),
		cmocka_unit_test(threads_without_the_gil_run_copies_of_their_code),
		cmocka_unit_test(frames_in_a_circle_end),
		cmocka_unit_test(threads_and_interpreters_in_a_circle_end),
		cmocka_unit_test(what_is_no_code_is_said),
		cmocka_unit_test(names_longer_than_memory_are_none),
		cmocka_unit_test(a_line_table_that_is_not_there_leaves_the_function),
		cmocka_unit_test(memory_that_is_not_there_is_said),
		cmocka_unit_test(an_interpreter_that_is_not_set_up_is_said),
		cmocka_unit_test(unknown_versions_are_said),
		cmocka_unit_test(published_offsets_are_taken_when_they_make_sense),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
