/* perfdata, of Python: the functions of Python programs as addresses that a recording can hold, and
 * the table that says what they are. */
#ifndef EVPROF_PERFDATA_PYTHON_H
#define EVPROF_PERFDATA_PYTHON_H

#include <evprof/perfdata.h>

/* Python code is an object of its own in every process that runs any: one mapping of this name at
 * addresses that no process has. Other readers of the file show the addresses. */
#define EV_PYTHON_OBJECT "[python]"
#define EV_PYTHON_NATIVE_OBJECT "[native]"
#define EV_PYTHON_BASE (UINT64_C(1) << 52)
#define EV_PYTHON_LENGTH (UINT64_C(1) << 36)
/* The last address stands for any function, where a reader wants none told; and beside the ends of
 * stacks there is an address, in no process, for samples that were in no Python code. */
#define EV_PYTHON_ANY (EV_PYTHON_BASE + EV_PYTHON_LENGTH - 1)
#define EV_PYTHON_NATIVE UINT64_C(0xfffffffffffe0040)
/* An address is a line: blocks of so many addresses are as many lines of one function, from a
 * multiple of it on, so that a function may have any lines. */
#define EV_PYTHON_BLOCK_LINES 64

/* Which lines of which functions have which address: one table for all processes of a recording. */
struct ev_python_functions;
struct ev_python_functions *ev_python_functions_open(void);
/* Functions get labels as they are added from now on: for who shows them meanwhile. */
void ev_python_functions_label(struct ev_python_functions *functions);
/* The number of a function, the same for the same words; `name` qualified where that is known,
 * `file` as the code object has it, better absolute, `first_line` where its definition begins. */
uint32_t ev_python_function_add(struct ev_python_functions *functions, const char *name,
				const char *file, uint32_t first_line);
/* The address of a line of it, made when it is new; line 0: not known. 0 when the table is full. It
 * is the line itself, also for callers: no byte behind it as return addresses are. */
uint64_t ev_python_function_address(struct ev_python_functions *functions, uint32_t function,
				    uint32_t line);
struct ev_python_line {
	const char *name, *file; /* not yet safe to print */
	/* "name (file.py:12)", with as many folders before the file as it takes to tell it from
	 * others; NULL in a table that was neither decoded nor labels as it grows. Not yet safe to
	 * print. */
	const char *label;
	uint32_t function;
	uint32_t first_line;
	uint32_t line; /* 0: not known */
};
/* False for an address that no line has. Strings live as long as the table. From several threads at
 * once while nothing is added. */
bool ev_python_line_find(const struct ev_python_functions *functions, uint64_t address,
			 struct ev_python_line *out);
/* How many functions there are, and lines that can be told apart: what the table takes. */
uint32_t ev_python_function_count(const struct ev_python_functions *functions);
void ev_python_functions_close(struct ev_python_functions *functions);

/* The table for EV_FEATURE_EVPROF_PYTHON, and out of it: NULL for what is no such table; of a
 * damaged one as much as makes sense. Nothing is added to a decoded table. */
void ev_python_functions_encode(const struct ev_python_functions *functions, struct ev_buffer *out);
/* What came into the table since the last time, as more of the section: a zeroed `told` begins with
 * all of it. False, and nothing is added, when that is nothing; at first it is never nothing. */
struct ev_python_told {
	uint32_t texts, functions, blocks;
	bool begun;
};
bool ev_python_functions_grow(const struct ev_python_functions *functions,
			      struct ev_python_told *told, struct ev_buffer *out);
struct ev_python_functions *ev_python_functions_decode(const void *bytes, size_t size_bytes);

/* The mapping of Python code in a process, from a time on, to be written before its first sample
 * with such an address. */
void ev_python_mapping(struct ev_record *record, uint32_t pid, uint32_t tid, uint64_t time_ns);
/* The mapping that names EV_PYTHON_NATIVE: [native]. */
void ev_python_native_mapping(struct ev_record *record);

#endif
