/* The table of Python functions, and its section in a recording:
 *
 *   "EVPY", version 1, then numbers in LEB128:
 *   texts: count, each NUL-terminated; number 0 is no text, n is the n-th of them
 *   functions: count, each name, file (texts), first line
 *   blocks, by rising address: count, each function (0 is the first one), first line / 64
 *
 * More of it may follow in the same form: its numbers go on from where the last part ended.
 * Readers take what they understand and stop at the first thing that makes no sense. */
#ifndef PERFDATA_PYTHON_FUNCTIONS_H
#define PERFDATA_PYTHON_FUNCTIONS_H

#include <evprof/perfdata_python.h>

#define PYTHON_MAGIC "EVPY"
#define PYTHON_VERSION 1
/* The last one is not of lines. */
#define PYTHON_BLOCKS_MAX (EV_PYTHON_LENGTH / EV_PYTHON_BLOCK_LINES - 1)

struct python_function {
	uint32_t name, file; /* texts */
	uint32_t first_line;
	const char *label; /* NULL until decoded */
};
struct python_block {
	uint32_t function, number;
};
/* Of functions that get theirs as they are added. */
struct python_labels {
	struct ev_strings *texts;
	struct ev_map files; /* text -> of which file's function it is */
	size_t left_bytes;
};
struct ev_python_functions {
	struct ev_strings *texts;
	EV_ARRAY(struct python_function) items;
	EV_ARRAY(struct python_block) blocks; /* their index is their address */
	struct ev_map by_words;               /* name and file, first line -> function */
	struct ev_map by_lines;               /* function, number -> block */
	struct ev_arena arena;                /* labels */
	struct python_labels *labels;         /* NULL: they are made when all is known */
};

/* Of a whole table that was so many bytes: nobody's names take more room than that allows. */
void ev_python_labels_make(struct ev_python_functions *functions, size_t size_bytes);
void ev_python_label_add(struct ev_python_functions *functions, struct python_function *function);
void ev_python_labels_close(struct python_labels *labels);

#endif
