/* symbol, of Python: the memory of a running CPython becomes its threads and their frames,
 * function, file and line. Who reads the memory is the caller's choice. */
#ifndef EVPROF_SYMBOL_PYTHON_H
#define EVPROF_SYMBOL_PYTHON_H

#include <evprof/base.h>

/* The versions whose memory is known. */
#define EV_PYTHON_VERSIONS "3.8 to 3.15"

/* ---- line tables -------------------------------------------------------------------------------
 */

enum ev_python_lines {
	EV_PYTHON_LNOTAB,    /* co_lnotab, to 3.9 */
	EV_PYTHON_LINETABLE, /* co_linetable of 3.10 */
	EV_PYTHON_LOCATIONS, /* co_linetable from 3.11 on */
};
/* The line of the instruction `offset_bytes` behind the beginning of a code object's instructions;
 * before them (nothing ran yet) its first line. 0: it has none. */
uint32_t ev_python_line(enum ev_python_lines kind, const void *table, size_t size_bytes,
			uint32_t first_line, int64_t offset_bytes);

/* ---- names -------------------------------------------------------------------------------------
 */

/* Characters of 1, 2 or 4 bytes as UTF-8 in the arena. Bytes of file names that were no UTF-8
 * (surrogateescape) are themselves again; what can't be written becomes U+FFFD. Not yet safe to
 * print. */
const char *ev_python_text(struct ev_arena *arena, const void *characters, size_t count,
			   unsigned bytes_each);

/* ---- the interpreter in a file -----------------------------------------------------------------
 */

/* Code of the interpreter that stands in a native stack where Python runs. */
struct ev_python_range {
	uint64_t start, end;
	bool evaluates; /* runs Python code; else it only leads from one Python function to another
			 */
	bool part; /* evaluates one instruction and jumps to the next one's part: whichever it is
		    * stands in a stack inside of the main function, which called the first */
};
enum { EV_PYTHON_RANGES = 32 };
/* Addresses as in the symbol table; 0: it has no such symbol. */
struct ev_python_file {
	uint64_t runtime;   /* _PyRuntime: everything begins here */
	uint64_t version;   /* Py_Version, a number in memory; from 3.11 on */
	uint64_t code_type; /* PyCode_Type */
	/* No _PyRuntime, but another function of an interpreter: Python 2, or older than 3.7. */
	bool python2, old;
	/* The first part of the file that is loaded: where, and its address. */
	uint64_t load_offset, load_address;
	struct ev_python_range ranges[EV_PYTHON_RANGES];
	uint32_t range_count;
};
/* 0; -ENOENT: no interpreter is in it, -ENOTSUP: of another kind of machine, -errno. */
int ev_python_file_read(const char *path, struct ev_python_file *file);
/* Major and minor version in a path, "…/libpython3.10.so.1.0", "…/lib/python3.9/…",
 * "x.cpython-38-x86_64-linux-gnu.so", as 0x30a0000; 0 when it tells none. */
uint32_t ev_python_path_version(const char *path);

/* ---- the interpreter in memory ------------------------------------------------------------------
 */

/* All of the bytes: 0, or -errno. */
struct ev_python_memory {
	int (*read)(void *context, uint64_t address, void *bytes, size_t size_bytes);
	void *context;
};
struct ev_python_runtime {
	uint32_t version;   /* PY_VERSION_HEX, as far as known: 0x030b07f0, 0x03080000 */
	uint64_t address;   /* of _PyRuntime in memory */
	uint64_t code_type; /* of PyCode_Type in memory, 0 when not known: what is no code is then
			     * not noticed */
	struct ev_python_range ranges[EV_PYTHON_RANGES]; /* in memory */
	uint32_t range_count;
};
struct ev_python_frame {
	const char *function; /* qualified from 3.11 on; not yet safe to print */
	const char *file;     /* as the code object has it; not yet safe to print */
	uint32_t line;        /* 0 when the code has none here */
	uint32_t first_line;  /* where the function begins */
	bool entry;           /* C code called this one; it called the next one out itself else */
};
struct ev_python_thread {
	uint64_t pthread;   /* pthread_t */
	uint32_t native_id; /* thread id as the process knows it; 0: not told before 3.11 */
	uint32_t interpreter;
	bool holds_gil;
	struct ev_python_frame *frames; /* innermost first */
	size_t frame_count;
	const char *trouble; /* why frames are missing, or NULL */
};
struct ev_python_state {
	EV_ARRAY(struct ev_python_thread) threads;
	bool gil_known;
	bool free_threaded;    /* there is no GIL, or nobody asks for it */
	bool newer;            /* a version to come, read by what it publishes about itself */
	struct ev_arena arena; /* all names and frames */
};
/* Every thread's frames as they are at this moment: of threads that run meanwhile, as far as they
 * hold together. -ENOTSUP for a version whose memory is not known, -ENODATA before the interpreter
 * was set up and after it was taken down. */
int ev_python_read(const struct ev_python_runtime *runtime, const struct ev_python_memory *memory,
		   struct ev_python_state *state, struct ev_err *err);
/* A zeroed one is done. */
void ev_python_state_done(struct ev_python_state *state);

/* ---- code objects, for who follows frames elsewhere ---------------------------------------------
 */

struct ev_python_code {
	const char *function; /* qualified from 3.11 on; not yet safe to print */
	const char *file;     /* as the code object has it; not yet safe to print */
	const uint8_t *lines;
	size_t lines_bytes;
	enum ev_python_lines lines_kind;
	uint32_t first_line;
	uint32_t check;    /* of its content: what is put in its place later has another */
	uint32_t parts[3]; /* of that, those of its name, its file and its lines: xor takes one out
			    */
};
/* Is this its check, as who met it computed it? Parts that were in no memory then are not in it,
 * nor need they be where code objects have numbers. */
bool ev_python_code_is(const struct ev_python_code *code, uint32_t check);
/* The line of the instruction so many bytes behind the first one, as ev_python_line. */
uint32_t ev_python_code_line(const struct ev_python_code *code, int64_t offset_bytes);
/* Where things lie, in bytes; UINT32_MAX: there is no such thing. `position` (of the instruction):
 * 0 an int of bytes, 1 of units of two, 2 a pointer. `entry` (the outermost of the frames that one
 * call from C runs): 0 each is, 1 the byte at frame_mark is 1, 2 the next one out is none itself
 * and has 3 there. */
struct ev_python_shape {
	uint32_t interpreters; /* in _PyRuntime: the first interpreter */
	uint32_t interpreter_next, interpreter_threads;
	uint32_t thread_next, thread_id, thread_native;
	uint32_t thread_frame, cframe_frame; /* cframe_frame: in what thread_frame points to */
	uint32_t frame_code, frame_previous, frame_position, frame_mark, frame_copy;
	uint32_t code_file, code_function, code_lines, code_first_line;
	uint32_t code_instructions, code_copies;
	uint32_t text_length, text_state, text_ascii, text_compact, bytes_size, bytes_data;
	uint8_t position, entry;
	bool numbered; /* code objects have numbers, at EV_PYTHON_CODE_NUMBER of bpf/python.h */
	bool based;    /* the outermost frame of a thread that is none itself is no call's */
	bool newer;    /* a version to come, read by what it publishes about itself */
};
/* The code objects of one process, read as they are asked for. */
struct ev_python_codes;
/* `memory` is copied. -ENOTSUP with a sentence for versions that are not known, -ENODATA for an
 * interpreter that is not there yet. */
int ev_python_codes_open(struct ev_python_codes **codes, const struct ev_python_runtime *runtime,
			 const struct ev_python_memory *memory, struct ev_err *err);
void ev_python_codes_shape(const struct ev_python_codes *codes, struct ev_python_shape *shape);
/* The code object at an address, read when it is new; valid until the next one is read. NULL: it
 * can't be read, or another is there by now. `check` as bpf/python_code.bpf.h computes it. */
const struct ev_python_code *ev_python_codes_find(struct ev_python_codes *codes, uint64_t address,
						  uint32_t check);
/* One whose memory someone has kept: read there while it is not known. */
void ev_python_codes_learn(struct ev_python_codes *codes, uint64_t address, uint32_t check,
			   const struct ev_python_memory *kept);
/* The same of what was read before. */
const struct ev_python_code *ev_python_codes_known(const struct ev_python_codes *codes,
						   uint64_t address, uint32_t check);
void ev_python_codes_close(struct ev_python_codes *codes);

/* ---- merged stacks ------------------------------------------------------------------------------
 */

/* The Python frames of a thread, innermost first, as addresses. The last one of those that one call
 * from C runs has EV_PYTHON_STACK_ENTRY; that alone: a call that runs none. */
#define EV_PYTHON_STACK_ENTRY (UINT64_C(1) << 63)
struct ev_python_stack {
	const uint64_t *frames;
	size_t count;
	bool complete; /* to the outermost */
	const struct ev_python_range *ranges;
	uint32_t range_count;
	/* Is this in memory that is no file's? From there the interpreter is called for Python's
	 * own perf support (-X perf), once more for each function: those frames are left out. NULL:
	 * none is. */
	bool (*generated)(void *context, uint64_t address);
	void *context;
};
struct ev_python_merged {
	size_t placed;   /* Python frames in the chain */
	size_t behind;   /* of those, at its end: there was no native frame for them */
	size_t left_out; /* addresses, for want of room */
};
/* The chain of a sample, with its markers, native and Python frames merged: in its part of user
 * space each frame that runs Python is replaced by what it runs, and those that only lead there
 * from another Python function are left out. How many addresses there are in `out`. */
size_t ev_python_merge(const struct ev_python_stack *stack, const uint64_t *chain, size_t count,
		       uint64_t *out, size_t limit, struct ev_python_merged *how);
/* What runs at a place in user space, where that is the interpreter's; false where it is not. */
bool ev_python_place(const struct ev_python_stack *stack, uint64_t ip, uint64_t *address);

/* ---- for an agent inside the process ------------------------------------------------------------
 */

struct python_agent_offsets; /* agent/python_agent.h */
/* Where an agent finds frames and code in this version's memory. `published`: what _PyRuntime
 * begins with, so many bytes as that header says. -ENOTSUP with a sentence for versions that are
 * not known, -ENODATA where one from 3.13 on does not publish what it should. `newer`, when wanted:
 * the version is one to come. */
int ev_python_agent_offsets(uint32_t version, const uint8_t *published,
			    struct python_agent_offsets *offsets, enum ev_python_lines *lines,
			    bool *newer, struct ev_err *err);

#endif
