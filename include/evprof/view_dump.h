/* view, of one process: what its threads are at, for people and programs. */
#ifndef EVPROF_VIEW_DUMP_H
#define EVPROF_VIEW_DUMP_H

#include <evprof/base.h>

/* Texts may hold anything; views make them safe. */
struct ev_dump_frame {
	bool python;
	const char *function; /* NULL: not known */
	const char *file;     /* source file; NULL: not known */
	uint32_t line;        /* 0: not known */
	const char *object;   /* file of a native frame; NULL for a Python frame */
	bool inlined;         /* into the next one */
};
struct ev_dump_thread {
	uint32_t tid;
	const char *name;
	char state; /* as in /proc/TID/stat */
	bool python, holds_gil;
	const struct ev_dump_frame *frames; /* innermost first */
	size_t frame_count;
	const char *trouble; /* why frames are missing, or NULL */
};
struct ev_dump {
	uint32_t pid;
	const char *command;
	const char *version; /* "3.11.2"; NULL: no Python frames */
	const char *path;    /* of the interpreter */
	bool gil_known;
	bool free_threaded; /* Python's threads run side by side, without a GIL */
	const struct ev_dump_thread *threads;
	size_t thread_count;
	const char *const *notes; /* sentences about what is missing, safe to print */
	size_t note_count;
};
/* As py-spy dump does: a block for each thread, its innermost frame first. */
void ev_dump_print(FILE *out, const struct ev_dump *dump);
void ev_dump_print_json(FILE *out, const struct ev_dump *dump);

#endif
