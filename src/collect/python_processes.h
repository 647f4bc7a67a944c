/* Processes that run Python, and what their code objects are. */
#ifndef COLLECT_PYTHON_PROCESSES_H
#define COLLECT_PYTHON_PROCESSES_H

#include <evprof/perfdata_python.h>
#include <evprof/symbol_python.h>
#include <python.h>

struct python_process {
	uint32_t pid, parent; /* parent: of which it is a copy, 0 = none */
	uint32_t ended_round; /* 0: it is there */
	uint64_t ended_ns;
	struct python_process *former; /* what had this number, while someone may ask for it */
	struct ev_python_runtime runtime;
	struct ev_python_codes *codes;
	char *folder;           /* where it runs; NULL: not asked yet */
	struct ev_map by_frame; /* code, position and check: index + 1 */
	EV_ARRAY(uint64_t) addresses;
};
struct python_processes {
	struct ev_python_functions *functions;
	EV_ARRAY(struct python_process *) list;
	struct ev_map by_pid; /* index + 1 */
	uint32_t unknown;     /* the function of code that was gone */
	uint64_t unreadable;  /* frames of such */
	uint64_t found;
	uint32_t newer; /* a version that is newer than what is known, 0: none was met */
	uint32_t round;
};

struct python_process *ev_python_process_find(const struct python_processes *processes,
					      uint32_t pid);
/* That which had this number at a time, as far as it is still known. */
struct python_process *ev_python_process_at(const struct python_processes *processes, uint32_t pid,
					    uint64_t time_ns);
/* A process runs Python; *shape, for programs in the kernel. -errno with a sentence. */
int ev_python_process_begin(struct python_processes *processes, uint32_t pid,
			    const struct ev_python_runtime *runtime,
			    struct ev_python_process *shape, struct ev_err *err);
void ev_python_process_fork(struct python_processes *processes, uint32_t pid, uint32_t parent);
void ev_python_process_end(struct python_processes *processes, uint32_t pid, uint64_t time_ns);
/* The address in the table of functions of what a frame runs. */
uint64_t ev_python_process_address(struct python_processes *processes,
				   struct python_process *process,
				   const struct ev_python_word *word);
/* A code object as its memory was when it was met. */
void ev_python_process_learn(struct python_processes *processes,
			     const struct ev_python_code_note *note, size_t size_bytes);
/* Those that ended some rounds ago go. */
void ev_python_processes_round(struct python_processes *processes);
void ev_python_processes_done(struct python_processes *processes);

#endif
