/* Where things lie in the memory of a CPython, by version. */
#ifndef SYMBOL_PYTHON_LAYOUT_H
#define SYMBOL_PYTHON_LAYOUT_H

#include <evprof/symbol_python.h>

#define PYTHON_NONE UINT32_MAX

enum python_position {
	PYTHON_AT_BYTES, /* int, of bytes */
	PYTHON_AT_UNITS, /* int, of instructions of two bytes */
	PYTHON_AT_POINTER,
};
enum python_entry {                    /* how the first frame of a call from C is told */
		    PYTHON_ENTRY_EACH, /* each is */
		    PYTHON_ENTRY_FLAG, /* byte at frame_mark is 1 */
		    PYTHON_ENTRY_SHIM, /* the next one out has PYTHON_SHIM at frame_mark, and is
					  none itself */
};
#define PYTHON_SHIM 3
/* 3.14 has a word for a second kind of them. */
#define PYTHON_IS_SHIM(mark) ((mark) == PYTHON_SHIM || (mark) == PYTHON_SHIM + 1)
/* A reference to a code object may have marks in its lowest bits, from 3.14 on. */
#define PYTHON_REFERENCE_MARKS UINT64_C(7)

/* Offsets in bytes; PYTHON_NONE: there is no such thing. */
struct python_layout {
	uint32_t version; /* 0x030b: 3.11 */
	uint8_t lines, position, entry;
	bool based; /* the outermost frame of a thread is no call's: a shim of the thread itself */
	bool numbered;         /* a code object has a number that no other one gets */
	bool newer;            /* than what is known: read as the newest that is */
	uint32_t interpreters; /* in _PyRuntime: the first interpreter */
	uint32_t current;      /* in _PyRuntime: the thread that holds the GIL */
	uint32_t interpreter_next, interpreter_threads;
	uint32_t interpreter_gil; /* pointer to the GIL, whose … */
	uint32_t gil_holder, gil_locked;
	uint32_t gil_enabled; /* 0 there: nobody asks for it */
	uint32_t thread_next, thread_id, thread_native, thread_frame;
	uint32_t cframe_frame; /* thread_frame is a pointer to something that has it here */
	uint32_t frame_code, frame_previous, frame_position, frame_mark;
	uint32_t frame_copy; /* int: which copy of its code's instructions it runs, 0: the first */
	uint32_t code_file, code_name, code_qualname, code_first_line, code_lines;
	uint32_t code_instructions; /* they begin here, in the code object */
	uint32_t code_copies;       /* pointer to how many copies of them there are, and where */
	uint32_t bytes_size, bytes_data; /* the first is where what every object has ends */
	uint32_t text_length, text_state, text_ascii, text_compact; /* data: ASCII, others */
};

enum {
	PYTHON_PUBLISHED_BYTES = 768,
	PYTHON_FIRST_PUBLISHING = 0x030d,
	PYTHON_NEWEST_KNOWN = 0x030f,
};
/* Of this version (PY_VERSION_HEX). `published`: what the first PYTHON_PUBLISHED_BYTES of
 * _PyRuntime are, NULL when they could not be read; where they say their own offsets those are
 * taken. -ENOTSUP with a sentence for versions that are not known. */
int ev_python_layout_find(uint32_t version, const uint8_t *published, struct python_layout *layout,
			  struct ev_err *err);

/* What a version publishes about itself, as far as it holds together: into a layout that has the
 * rest. -ENOTSUP, -ENODATA with a sentence. */
int ev_python_layout_publish(struct python_layout *layout, uint32_t version,
			     const uint8_t *published, struct ev_err *err);

#endif
