/* symbol, of Python: the memory of a running CPython becomes its threads and their frames,
 * function, file and line. Who reads the memory is the caller's choice. */
#ifndef EVPROF_SYMBOL_PYTHON_H
#define EVPROF_SYMBOL_PYTHON_H

#include <evprof/base.h>

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

/* Addresses as in the symbol table; 0: it has no such symbol. */
struct ev_python_file {
	uint64_t runtime;   /* _PyRuntime: everything begins here */
	uint64_t version;   /* Py_Version, a number in memory; from 3.11 on */
	uint64_t code_type; /* PyCode_Type */
	/* No _PyRuntime, but another function of an interpreter: Python 2, or older than 3.7. */
	bool python2, old;
	/* The first part of the file that is loaded: where, and its address. */
	uint64_t load_offset, load_address;
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
	struct ev_arena arena; /* all names and frames */
};
/* Every thread's frames as they are at this moment: of threads that run meanwhile, as far as they
 * hold together. -ENOTSUP for a version whose memory is not known, -ENODATA before the interpreter
 * was set up and after it was taken down. */
int ev_python_read(const struct ev_python_runtime *runtime, const struct ev_python_memory *memory,
		   struct ev_python_state *state, struct ev_err *err);
/* A zeroed one is done. */
void ev_python_state_done(struct ev_python_state *state);

#endif
