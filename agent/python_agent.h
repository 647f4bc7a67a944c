/* What the recorder and its agent in a Python process say to each other: over a socket when the
 * process begins, and then through memory that both map. */
#ifndef AGENT_PYTHON_AGENT_H
#define AGENT_PYTHON_AGENT_H

#include <stdint.h>

#define PYTHON_AGENT_LIBRARY "libevprof-python.so"
/* The name of the recorder's socket, without the zero byte that makes it an abstract one. */
#define PYTHON_AGENT_VARIABLE "EVPROF_PYTHON"
#define PYTHON_AGENT_MAGIC 0x65767079u /* another build's agent does not match */
#define PYTHON_AGENT_SIGNAL_DATA UINT64_C(0x6576707974726170)

enum { PYTHON_AGENT_PUBLISHED_BYTES = 768, PYTHON_AGENT_NO_OFFSET = UINT32_MAX };

/* agent -> recorder. Where the interpreter is, and what it says of itself. */
struct python_agent_hello {
	uint32_t magic, size_bytes;
	uint32_t version;    /* PY_VERSION_HEX */
	uint32_t traced;     /* a debugger has it, whose signals these would be */
	uint64_t runtime;    /* address of _PyRuntime */
	uint64_t start, end; /* of the agent's own code */
	uint8_t published[PYTHON_AGENT_PUBLISHED_BYTES];
};

enum python_agent_position {
	PYTHON_AGENT_AT_BYTES,
	PYTHON_AGENT_AT_UNITS,
	PYTHON_AGENT_AT_POINTER
};
enum python_agent_entry {
	PYTHON_AGENT_ENTRY_EACH,
	PYTHON_AGENT_ENTRY_FLAG,
	PYTHON_AGENT_ENTRY_SHIM
};
/* Where things lie in the memory of this interpreter, in bytes; PYTHON_AGENT_NO_OFFSET: nowhere. */
struct python_agent_offsets {
	uint32_t position, entry; /* enum python_agent_position, enum python_agent_entry */
	uint32_t thread_key;      /* in _PyRuntime: Py_tss_t of the thread's state, or nowhere */
	uint32_t interpreters;    /* in _PyRuntime */
	uint32_t interpreter_next, interpreter_threads;
	uint32_t thread_next, thread_id, thread_frame, cframe_frame;
	uint32_t frame_code, frame_previous, frame_position, frame_mark;
	uint32_t frame_copy; /* which copy of its code's instructions it runs, 0: the first */
	uint32_t frame_shim; /* what stands at frame_mark of a frame that is only a border, or one
			      * more than that */
	uint32_t code_file, code_name, code_qualname, code_first_line, code_lines;
	uint32_t code_instructions;
	uint32_t code_copies; /* pointer to how many copies of them there are, and to each */
	uint32_t code_number; /* that no other code object gets, or 0 */
	uint32_t bytes_size, bytes_data;
	uint32_t text_length, text_state, text_ascii, text_compact;
};

/* recorder -> agent, with the descriptor of the memory. */
struct python_agent_answer {
	uint32_t magic, size_bytes;
	int32_t refused; /* not 0: leave it, there is no memory */
	int32_t clock;   /* of times */
	uint64_t ring_bytes;
	struct python_agent_offsets offsets;
};

/* The memory: a page of these, then a ring of ring_bytes, a power of two. */
#define PYTHON_AGENT_RING_AT 4096
struct python_agent_ring {
	uint64_t head; /* bytes ever written, the agent's */
	uint64_t lost; /* moments for which there was no room */
	uint64_t late; /* … for which another thread had the turn for too long */
	uint64_t unused[5];
	uint64_t tail; /* bytes ever read, the recorder's */
};

enum python_agent_record { PYTHON_AGENT_PAD, PYTHON_AGENT_CODE, PYTHON_AGENT_MOMENT };
/* Each begins at a multiple of 8 and does not wrap. */
struct python_agent_header {
	uint32_t size_bytes; /* of all, a multiple of 8 */
	uint32_t type;       /* enum python_agent_record */
};

/* A code object, when it is first seen in a frame. Its bytes follow: name, file, line table. */
struct python_agent_code {
	struct python_agent_header header;
	uint32_t id; /* not 0; rising */
	uint32_t first_line;
	uint32_t name_bytes, file_bytes, lines_bytes;
	uint8_t name_kind, file_kind; /* bytes of a character: 1, 2, 4 */
	uint8_t unused[2];
};

enum { PYTHON_AGENT_CUT = 1, PYTHON_AGENT_TORN = 2 };
/* What a thread did when an event came: frames follow, innermost first. */
struct python_agent_moment {
	struct python_agent_header header;
	uint64_t time_ns;
	uint64_t ip, sp; /* of the instruction that was interrupted */
	uint32_t tid;
	uint32_t frame_count;
	uint32_t flags;   /* PYTHON_AGENT_CUT: there are more; PYTHON_AGENT_TORN: the next could not
			     be read */
	uint32_t took_ns; /* from time_ns until all was read */
};
struct python_agent_frame {
	uint32_t code; /* id; 0: there was no room to tell which */
	int32_t at;    /* offset of its instruction in bytes times 2, + 1 for the first frame that
			* C code called; below 0: before the first one */
};

/* ---- in a simulator, where costs are attributed by calls ----------------------------------------
 */

/* The folder in which each process leaves what its functions are called: files python.PID.N, in the
 * order of the programs that ran in it. */
#define PYTHON_AGENT_SIMULATED_VARIABLE "EVPROF_PYTHON_SIMULATED"
/* Each function is called through code of its own, so many bytes at addresses from here on; each
 * program of a process has a room of its own there. */
#define PYTHON_AGENT_CALLS_AT UINT64_C(0x30000000000)
#define PYTHON_AGENT_CALLS_END UINT64_C(0x40000000000)
enum { PYTHON_AGENT_CALL_BYTES = 32, PYTHON_AGENT_CALLS_BYTES = 1 << 26 };
/* Names of the agent's own functions begin so, by which its costs are told apart. */
#define PYTHON_AGENT_PREFIX "evprof_"

/* A function; its bytes follow: name, file, both UTF-8. */
struct python_agent_function {
	uint32_t size_bytes; /* of all, a multiple of 8 */
	uint32_t first_line;
	uint64_t address; /* of its calls; 0: none is told, and the name says why */
	uint32_t name_bytes, file_bytes;
};

#endif
