/* Python frames of threads: what the programs that read them and their reader agree on. */
#ifndef BPF_PYTHON_H
#define BPF_PYTHON_H

#include <linux/types.h>

enum {
	EV_PYTHON_FRAMES_MAX = 1024,  /* of one thread; what is further out is left out, and told */
	EV_PYTHON_THREADS_MAX = 1024, /* of an interpreter, as far as its list is followed */
	EV_PYTHON_INTERPRETERS_MAX = 64,
	EV_PYTHON_PROCESSES = 8192,
	EV_PYTHON_CODES = 32768,      /* that the reader was told of lately */
	EV_PYTHON_MET = 512,          /* of those, that a CPU met last */
	EV_PYTHON_RECORD_BYTES = 128, /* looked at of a frame, and of a code object */
	/* Looked at of a name, or of a line table: so much at its beginning, so much at its end,
	 * and nothing behind the limit. It is what tells apart code that is made in the memory of
	 * other code that is gone, in which each part may stand where one like it stood. */
	EV_PYTHON_LOOK_FIRST = 64,
	EV_PYTHON_LOOK_LAST = 128,
	EV_PYTHON_LOOK_TEXT_BYTES = 512,
	EV_PYTHON_LOOK_LINES_BYTES = 4096,
	EV_PYTHON_CODE_FIXED = 40,  /* before the name of its file: set once, as it is made */
	EV_PYTHON_CODE_NUMBER = 20, /* before that name */
};
#define EV_PYTHON_ABSENT 0xffffffff

/* Where things lie in the memory of one process, by pid. Offsets in bytes, EV_PYTHON_ABSENT: there
 * is no such thing. Those of a frame are from `frame_from` on. */
struct ev_python_process {
	__u64 interpreters; /* address of the pointer to the first interpreter */
	__u32 interpreter_next, interpreter_threads;
	__u32 thread_next, thread_id, thread_frame;
	__u32 cframe_frame; /* thread_frame is a pointer to something that has it here */
	__u32 frame_from, frame_code, frame_previous, frame_position, frame_mark;
	/* An int in a frame: which copy of its code's instructions it runs, 0: the first; and in a
	 * code object a pointer to how many copies there are, and then to each. */
	__u32 frame_copy, code_copies;
	/* Of a code object, from its bytes_size on: what makes up its check. */
	__u32 code_file, code_lines, code_first_line;
	__u32 code_instructions, code_function;
	/* Of a string in characters; of bytes, behind what every object begins with. */
	__u32 text_length, bytes_size;
	__u32 text_state, text_ascii, text_compact, bytes_data;
	__u8 position, entry; /* enum python_position and python_entry of the symbol stage */
	__u8 frame_bytes;     /* that are looked at, at most EV_PYTHON_RECORD_BYTES - 1 */
	__u8 by_number;       /* thread_id is the kernel's number of the thread, 32 bits */
	__u8 numbered;        /* a code object has a number that no other one gets, or 0 */
	__u8 based;           /* a border (see words) that is the outermost frame is no call's */
};

#define EV_PYTHON_ENTRY (1ull << 63)
/* A frame, innermost first. `code` 0: here C code began to run Python, whose frames stand before;
 * a frame with EV_PYTHON_ENTRY is the last one of those itself. */
struct ev_python_word {
	__u64 code;     /* address of its code object, EV_PYTHON_ENTRY */
	__s32 position; /* of the instruction, in bytes behind the first one */
	__u32 check;    /* of its content: another one at its place has another */
};

/* What a string says of itself: 3 bits of bytes a character from bit 2 on, which are never 0, and
 * whether it is compact and ASCII. What stands before them takes two bits, a byte or two bytes, as
 * the interpreter was built. */
static inline __u32 ev_python_text_state(__u32 state)
{
	if (state & 0xfc)
		return state;
	return state >> (state & 0xff00 ? 6 : 14);
}

enum ev_python_note_kind {
	EV_PYTHON_SAMPLE, /* as a sample was taken, or one might be */
	EV_PYTHON_SWITCH, /* as the thread left its CPU */
	EV_PYTHON_FORK,   /* `pid` is a copy of `parent`, whose Python is known */
	EV_PYTHON_EXEC,   /* another program runs, which may be Python */
	EV_PYTHON_EXIT,
	EV_PYTHON_CODE, /* a code object that was not met before: struct ev_python_code_note */
};
enum {
	EV_PYTHON_DEEPER = 1, /* there were more frames */
	EV_PYTHON_CIRCLE = 2, /* frames ran in a circle: none is told */
	EV_PYTHON_TORN = 4,   /* one of them could not be read: those before it are told */
};
/* In the ring buffer; `count` words follow. */
struct ev_python_note {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 ip;      /* where the thread was; 0: not known */
	__u32 pid, tid;
	__u32 parent;
	__u16 count;
	__u8 kind, flags;
};

/* What a code object is, as its memory is now: it may be gone when anyone asks. Of each part so
 * many bytes are there, 0 when there was no room, at its own place in `bytes`. */
enum { EV_PYTHON_CODE_ITSELF, EV_PYTHON_CODE_FILE, EV_PYTHON_CODE_NAME, EV_PYTHON_CODE_LINES };
#define EV_PYTHON_CODE_PARTS 4
#define EV_PYTHON_CODE_BYTES 160
#define EV_PYTHON_TEXT_BYTES 1024
#define EV_PYTHON_LINES_BYTES 8192
#define EV_PYTHON_TEXT_HEAD 72  /* of a string, before its characters, at most */
#define EV_PYTHON_BYTES_HEAD 64 /* of bytes, likewise */
#define EV_PYTHON_PART_AT(part)                                                                    \
	((part) ? EV_PYTHON_CODE_BYTES + ((part)-1) * EV_PYTHON_TEXT_BYTES : 0)
struct ev_python_code_note {
	struct ev_python_note note;
	__u64 code;
	__u64 address[EV_PYTHON_CODE_PARTS];
	__u32 size[EV_PYTHON_CODE_PARTS];
	__u32 check, unused;
	__u8 bytes[EV_PYTHON_CODE_BYTES + 2 * EV_PYTHON_TEXT_BYTES + EV_PYTHON_LINES_BYTES];
};

#endif
