/* collect, of one process: its threads held still for a moment, their registers and memory, and the
 * Python interpreter in it. */
#ifndef EVPROF_COLLECT_STOPPED_H
#define EVPROF_COLLECT_STOPPED_H

#include <evprof/collect.h>
#include <evprof/symbol_python.h>

struct ev_stopped_thread {
	uint32_t tid;
	uint32_t tid_inside; /* as the process knows it, in a container */
	char name[16];
	char state; /* before it was stopped, as in /proc/TID/stat: 'R' running, 'S' sleeping … */
	bool stopped;
	int signal_number; /* that it was about to get, 0 = none: it gets it when it goes on */
	uint64_t pthread;  /* pthread_t; 0 when not known */
	/* As the kernel's NT_PRSTATUS has them; 0 bytes when not known. */
	uint8_t registers[512];
	size_t register_bytes;
};
struct ev_stopped {
	uint32_t pid;
	EV_ARRAY(struct ev_stopped_thread) threads; /* the main thread first */
	/* Why some threads could not be stopped, a sentence, or "". */
	char trouble[256];
};
/* All threads of a process stop, unless `running`: then they are only listed. System calls that
 * they wait in are begun again by the kernel when they go on, or return EINTR to the few programs
 * that ask for that. Another debugger's process is left running. -ESRCH, -EPERM with cause and
 * cure. */
int ev_process_stop(struct ev_stopped *stopped, uint32_t pid, bool running, struct ev_err *err);
/* They go on; what is known of them stays. The kernel does the same when this program ends. */
void ev_process_continue(struct ev_stopped *stopped);
/* They go on, if they did not yet, and are forgotten. Takes a zeroed one. */
void ev_process_release(struct ev_stopped *stopped);

/* A thread that is stopped, as a sample with PERF_SAMPLE_REGS_USER and STACK_USER would tell it: up
 * to limit_bytes of its stack are read into `stack`, and sample->user_regs are `values`, which both
 * must outlive the sample. False when its registers are not known, or not of this machine's kind.
 */
struct ev_stopped_values {
	uint64_t items[64];
};
bool ev_stopped_sample(uint32_t pid, const struct ev_stopped_thread *thread,
		       struct ev_stopped_values *values, struct ev_buffer *stack,
		       size_t limit_bytes, struct ev_sample *sample);

/* All bytes of the memory of *(uint32_t *)pid, or -errno: an ev_python_memory. */
int ev_process_memory(void *pid, uint64_t address, void *bytes, size_t size_bytes);

/* The interpreter of a process. `path` (of path_bytes): the file that it is in. -ENOENT: there is
 * none; -ENOTSUP with a sentence: it is Python, but not one that can be read. */
int ev_python_find(uint32_t pid, struct ev_python_runtime *runtime, char *path, size_t path_bytes,
		   struct ev_err *err);

#endif
