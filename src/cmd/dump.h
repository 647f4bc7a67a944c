/* What the files of evprof dump share. */
#ifndef CMD_DUMP_H
#define CMD_DUMP_H

#include <evprof/collect_stopped.h>
#include <evprof/view_dump.h>
#include "options.h"

enum dump_python { DUMP_MERGED, DUMP_PYTHON_ONLY, DUMP_PYTHON_OFF };
struct dump_options {
	const char *pid; /* -p */
	enum dump_python python;
	bool running;     /* --nonblocking */
	bool json, quiet; /* -j, -q */
};

/* Of one thread, taken while it stood still. */
struct dump_moment {
	bool taken;
	struct ev_sample sample;
	struct ev_stopped_values values;
	struct ev_buffer stack;
};
struct dump_run {
	const struct dump_options *options;
	uint32_t pid;
	struct ev_stopped stopped;
	struct dump_moment *moments; /* of stopped.threads */
	struct ev_space_set *set;    /* NULL when no native frames are wanted */
	struct ev_python_runtime runtime;
	struct ev_python_state python;
	bool has_python;
	const struct ev_python_thread **of_thread; /* of stopped.threads; NULL: has no Python */
	char python_path[4096];
	EV_ARRAY(const char *) notes; /* in the arena */
	struct ev_arena arena;
};
void dump_note(struct dump_run *run, const char *fmt, ...) EV_PRINTF(2, 3);
/* While the process stands still: what its stacks and mappings are. */
void dump_native_take(struct dump_run *run);
/* Later: the frames of each thread, Python's in their places. */
void dump_join(struct dump_run *run, struct ev_dump_thread *threads);

#endif
