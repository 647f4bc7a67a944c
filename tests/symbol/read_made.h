/* A code object that is made up, as the stage's own reader reads it. */
#ifndef TESTS_SYMBOL_READ_MADE_H
#define TESTS_SYMBOL_READ_MADE_H

#include "python_code.h"
#include "python_made.h"

static inline struct ev_python_code read_made(const struct ev_python_memory *memory)
{
	struct ev_arena arena = { 0 };
	struct python_layout layout;
	struct ev_python_code code;
	ev_python_layout_find(0x03080000, NULL, &layout, NULL);
	struct python_code_reader reader = {
		.layout = &layout, .memory = memory, .arena = &arena, .limit_bytes = 1 << 20
	};
	assert_int_equal(ev_python_code_read(&reader, MADE_BASE + MADE_CODE, &code), 0);
	ev_arena_done(&arena);
	return code;
}

#endif
