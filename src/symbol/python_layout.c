/* A version of CPython -> where things lie in its memory, on 64-bit machines. */
#include <errno.h>
#include "python_layout.h"

#define NONE PYTHON_NONE

/* From each version's own headers. */
#define OLD_FRAMES(version_, lines_, position_, lasti_, interpreters_, current_)                   \
	{                                                                                          \
		.version = version_, .lines = lines_, .position = position_,                       \
		.entry = PYTHON_ENTRY_EACH, .interpreters = interpreters_, .current = current_,    \
		.interpreter_next = 0, .interpreter_threads = 8, .interpreter_gil = NONE,          \
		.gil_enabled = NONE, .thread_next = 8, .thread_id = 176, .thread_native = NONE,    \
		.thread_frame = 24, .cframe_frame = NONE, .frame_code = 32, .frame_previous = 24,  \
		.frame_position = lasti_, .frame_mark = NONE, .frame_copy = NONE,                  \
		.code_copies = NONE, .code_file = 104, .code_name = 112, .code_qualname = NONE,    \
		.code_first_line = 40, .code_lines = 120, .code_instructions = NONE,               \
		.bytes_size = 16, .bytes_data = 32, .text_length = 16, .text_state = 32,           \
		.text_ascii = 48, .text_compact = 72                                               \
	}

static const struct python_layout layouts[] = {
	OLD_FRAMES(0x0308, EV_PYTHON_LNOTAB, PYTHON_AT_BYTES, 104, 32, 1368),
	OLD_FRAMES(0x0309, EV_PYTHON_LNOTAB, PYTHON_AT_BYTES, 104, 32, 568),
	OLD_FRAMES(0x030a, EV_PYTHON_LINETABLE, PYTHON_AT_UNITS, 96, 32, 568),
	{ .version = 0x030b,
	  .lines = EV_PYTHON_LOCATIONS,
	  .position = PYTHON_AT_POINTER,
	  .entry = PYTHON_ENTRY_FLAG,
	  .interpreters = 40,
	  .current = 576,
	  .interpreter_next = 0,
	  .interpreter_threads = 16,
	  .interpreter_gil = NONE,
	  .gil_enabled = NONE,
	  .thread_next = 8,
	  .thread_id = 152,
	  .thread_native = 160,
	  .thread_frame = 56,
	  .cframe_frame = 8,
	  .frame_code = 32,
	  .frame_previous = 48,
	  .frame_position = 56,
	  .frame_mark = 68,
	  .frame_copy = NONE,
	  .code_file = 112,
	  .code_name = 120,
	  .code_qualname = 128,
	  .code_first_line = 72,
	  .code_lines = 136,
	  .code_instructions = 184,
	  .code_copies = NONE,
	  .bytes_size = 16,
	  .bytes_data = 32,
	  .text_length = 16,
	  .text_state = 32,
	  .text_ascii = 48,
	  .text_compact = 72 },
	{ .version = 0x030c,
	  .lines = EV_PYTHON_LOCATIONS,
	  .position = PYTHON_AT_POINTER,
	  .entry = PYTHON_ENTRY_SHIM,
	  .numbered = true,
	  .interpreters = 40,
	  .current = NONE,
	  .interpreter_next = 0,
	  .interpreter_threads = 72,
	  .interpreter_gil = 384,
	  .gil_holder = 8,
	  .gil_locked = 16,
	  .gil_enabled = NONE,
	  .thread_next = 8,
	  .thread_id = 136,
	  .thread_native = 144,
	  .thread_frame = 56,
	  .cframe_frame = 0,
	  .frame_code = 0,
	  .frame_previous = 8,
	  .frame_position = 56,
	  .frame_mark = 70,
	  .frame_copy = NONE,
	  .code_file = 112,
	  .code_name = 120,
	  .code_qualname = 128,
	  .code_first_line = 68,
	  .code_lines = 136,
	  .code_instructions = 192,
	  .code_copies = NONE,
	  .bytes_size = 16,
	  .bytes_data = 32,
	  .text_length = 16,
	  .text_state = 32,
	  .text_ascii = 40,
	  .text_compact = 56 },
};

/* What is not below is what these publish about themselves. */
static const struct python_layout publishing = {
	.lines = EV_PYTHON_LOCATIONS,
	.position = PYTHON_AT_POINTER,
	.entry = PYTHON_ENTRY_SHIM,
	.numbered = true,
	.current = NONE,
	.gil_enabled = NONE,
	.cframe_frame = NONE,
	.frame_copy = NONE,
	.code_copies = NONE,
};

int ev_python_layout_find(uint32_t version, const uint8_t *published, struct python_layout *layout,
			  struct ev_err *err)
{
	unsigned major = version >> 24, minor = version >> 16 & 255;
	if (version >> 16 >= PYTHON_FIRST_PUBLISHING && major == 3) {
		*layout = publishing;
		layout->version = version >> 16;
		return ev_python_layout_publish(layout, version, published, err);
	}
	for (size_t i = 0; i < EV_LENGTH(layouts); i++) {
		if (layouts[i].version != version >> 16)
			continue;
		*layout = layouts[i];
		return 0;
	}
	return ev_fail(err, ENOTSUP,
		       "it is Python %u.%u; the memory of CPython " EV_PYTHON_VERSIONS
		       " is known, and no other's is guessed",
		       major, minor);
}
