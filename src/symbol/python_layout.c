/* A version of CPython, and from 3.13 on what the interpreter publishes about itself -> where
 * things lie in its memory, on 64-bit machines. */
#include <errno.h>
#include <string.h>
#include "python_layout.h"

#define NONE PYTHON_NONE
#define LARGEST_OFFSET ((uint64_t)1 << 24)

/* From each version's own headers. */
#define OLD_FRAMES(version_, lines_, position_, lasti_, interpreters_, current_)                   \
	{                                                                                          \
		.version = version_, .lines = lines_, .position = position_,                       \
		.entry = PYTHON_ENTRY_EACH, .interpreters = interpreters_, .current = current_,    \
		.interpreter_next = 0, .interpreter_threads = 8, .interpreter_gil = NONE,          \
		.thread_next = 8, .thread_id = 176, .thread_native = NONE, .thread_frame = 24,     \
		.cframe_frame = NONE, .frame_code = 32, .frame_previous = 24,                      \
		.frame_position = lasti_, .frame_mark = NONE, .code_file = 104, .code_name = 112,  \
		.code_qualname = NONE, .code_first_line = 40, .code_lines = 120,                   \
		.code_instructions = NONE, .bytes_size = 16, .bytes_data = 32, .text_length = 16,  \
		.text_state = 32, .text_ascii = 48, .text_compact = 72                             \
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
	  .thread_next = 8,
	  .thread_id = 152,
	  .thread_native = 160,
	  .thread_frame = 56,
	  .cframe_frame = 8,
	  .frame_code = 32,
	  .frame_previous = 48,
	  .frame_position = 56,
	  .frame_mark = 68,
	  .code_file = 112,
	  .code_name = 120,
	  .code_qualname = 128,
	  .code_first_line = 72,
	  .code_lines = 136,
	  .code_instructions = 184,
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
	  .interpreters = 40,
	  .current = NONE,
	  .interpreter_next = 0,
	  .interpreter_threads = 72,
	  .interpreter_gil = 384,
	  .gil_holder = 8,
	  .gil_locked = 16,
	  .thread_next = 8,
	  .thread_id = 136,
	  .thread_native = 144,
	  .thread_frame = 56,
	  .cframe_frame = 0,
	  .frame_code = 0,
	  .frame_previous = 8,
	  .frame_position = 56,
	  .frame_mark = 70,
	  .code_file = 112,
	  .code_name = 120,
	  .code_qualname = 128,
	  .code_first_line = 68,
	  .code_lines = 136,
	  .code_instructions = 192,
	  .bytes_size = 16,
	  .bytes_data = 32,
	  .text_length = 16,
	  .text_state = 32,
	  .text_ascii = 40,
	  .text_compact = 56 },
	/* What is not below is what 3.13 publishes. */
	{ .version = 0x030d,
	  .lines = EV_PYTHON_LOCATIONS,
	  .position = PYTHON_AT_POINTER,
	  .entry = PYTHON_ENTRY_SHIM,
	  .current = NONE,
	  .cframe_frame = NONE,
	  .bytes_data = 32,
	  .text_compact = 56 },
};

/* Where _Py_DebugOffsets of 3.13 says it. */
static const struct {
	size_t at, field;
} published_fields[] = {
	{ 40, offsetof(struct python_layout, interpreters) },
	{ 64, offsetof(struct python_layout, interpreter_next) },
	{ 72, offsetof(struct python_layout, interpreter_threads) },
	{ 112, offsetof(struct python_layout, interpreter_gil) },
	{ 168, offsetof(struct python_layout, thread_next) },
	{ 184, offsetof(struct python_layout, thread_frame) },
	{ 192, offsetof(struct python_layout, thread_id) },
	{ 200, offsetof(struct python_layout, thread_native) },
	{ 232, offsetof(struct python_layout, frame_previous) },
	{ 240, offsetof(struct python_layout, frame_code) },
	{ 248, offsetof(struct python_layout, frame_position) },
	{ 264, offsetof(struct python_layout, frame_mark) },
	{ 280, offsetof(struct python_layout, code_file) },
	{ 288, offsetof(struct python_layout, code_name) },
	{ 296, offsetof(struct python_layout, code_qualname) },
	{ 304, offsetof(struct python_layout, code_lines) },
	{ 312, offsetof(struct python_layout, code_first_line) },
	{ 344, offsetof(struct python_layout, code_instructions) },
	{ 520, offsetof(struct python_layout, bytes_size) },
	{ 544, offsetof(struct python_layout, text_state) },
	{ 552, offsetof(struct python_layout, text_length) },
	{ 560, offsetof(struct python_layout, text_ascii) },
};

static uint64_t word(const uint8_t *bytes, size_t at)
{
	uint64_t value;
	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

static int take_published(const uint8_t *published, uint32_t version, struct python_layout *layout,
			  struct ev_err *err)
{
	enum { VERSION = 8, FREE_THREADED = 16, GIL = 120, LOCKED = 136, HOLDER = 144 };
	if (!published || memcmp(published, "xdebugpy", 8))
		return ev_fail(err, ENODATA, "its interpreter is not set up, or was taken down");
	if ((uint32_t)word(published, VERSION) >> 16 != version >> 16)
		return ev_fail(err, ENOTSUP, "its version and what it publishes differ");
	if (word(published, FREE_THREADED))
		return ev_fail(err, ENOTSUP, "it is a build without the GIL, whose memory differs");
	for (size_t i = 0; i < EV_LENGTH(published_fields); i++) {
		uint64_t offset = word(published, published_fields[i].at);
		if (offset > LARGEST_OFFSET)
			return ev_fail(err, ENOTSUP, "what it publishes makes no sense");
		uint32_t narrow = (uint32_t)offset;
		memcpy((char *)layout + published_fields[i].field, &narrow, sizeof(narrow));
	}
	uint64_t holder = word(published, HOLDER) - word(published, GIL);
	uint64_t locked = word(published, LOCKED) - word(published, GIL);
	if (holder > LARGEST_OFFSET || locked > LARGEST_OFFSET) {
		layout->interpreter_gil = NONE;
		return 0;
	}
	layout->gil_holder = (uint32_t)holder;
	layout->gil_locked = (uint32_t)locked;
	return 0;
}

int ev_python_layout_find(uint32_t version, const uint8_t *published, struct python_layout *layout,
			  struct ev_err *err)
{
	unsigned major = version >> 24, minor = version >> 16 & 255;
	for (size_t i = 0; i < EV_LENGTH(layouts); i++) {
		if (layouts[i].version != version >> 16)
			continue;
		*layout = layouts[i];
		return version >> 16 < 0x030d ? 0 : take_published(published, version, layout, err);
	}
	return ev_fail(err, ENOTSUP,
		       "it is Python %u.%u; the memory of CPython 3.8 to 3.13 is known, and no "
		       "other's is guessed",
		       major, minor);
}
