/* What programs in the kernel told of Python threads -> frames of a recording, to be asked for by
 * thread and time. */
#ifndef COLLECT_PYTHON_FRAMES_H
#define COLLECT_PYTHON_FRAMES_H

#include <evprof/collect_python_bpf.h>
#include <python.h>
#include "bpf_python.h"

struct python_frames;
struct python_frames *ev_python_frames_open(struct ev_python_functions *functions);
/* A process runs the Python of `runtime`. The shape of its memory, for programs in the kernel.
 * -errno with a sentence when it can't be read. */
int ev_python_frames_begin(struct python_frames *frames, uint32_t pid,
			   const struct ev_python_runtime *runtime,
			   struct ev_python_process *process, struct ev_err *err);
/* It is a copy of its parent. */
void ev_python_frames_fork(struct python_frames *frames, uint32_t pid, uint32_t parent);
/* It is over, or another program. */
void ev_python_frames_end(struct python_frames *frames, uint32_t pid, uint64_t time_ns);
/* One note, out of the ring: its frames become addresses while its process is there. */
void ev_python_frames_note(struct python_frames *frames, const struct ev_python_note *note,
			   size_t size_bytes);
/* One of a code object that was not met before. */
void ev_python_frames_learn(struct python_frames *frames, const struct ev_python_code_note *note,
			    size_t size_bytes);
/* A drain has ended: what is three of them old goes. */
void ev_python_frames_round(struct python_frames *frames);
/* What another program told of a thread becomes addresses in `frames`, which are as many, and the
 * stack's; false when its process is not known. */
bool ev_python_frames_translate(struct python_frames *frames, const struct ev_bpf_python_told *told,
				uint64_t *addresses, struct ev_python_stack *stack);
bool ev_python_frames_find(struct python_frames *frames, uint32_t tid, uint64_t time_ns,
			   uint64_t ip, bool left, struct ev_python_stack *stack);
/* Into the fields that are known here. */
void ev_python_frames_tally(const struct python_frames *frames, struct ev_bpf_python_tally *tally);
void ev_python_frames_close(struct python_frames *frames);

#endif
