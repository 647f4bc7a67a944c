/* collect, of Python: the frames of Python threads, read in the kernel as samples are taken. */
#ifndef EVPROF_COLLECT_PYTHON_BPF_H
#define EVPROF_COLLECT_PYTHON_BPF_H

#include <evprof/collect_bpf.h>
#include <evprof/perfdata_python.h>
#include <evprof/symbol_python.h>

struct ev_bpf_python;
struct ev_bpf_python_options {
	bool switches; /* also as threads leave their CPUs */
	/* Called once for each process whose Python cannot be read, with a sentence that says why.
	 */
	void (*refused)(void *context, uint32_t pid, const char *why);
	void *context;
};
struct ev_bpf_python_tally {
	uint64_t processes;  /* in which Python was found */
	uint64_t refused;    /* in which it was, and can't be read */
	uint64_t notes;      /* stacks that were read */
	uint64_t lost;       /* for want of room */
	uint64_t deeper;     /* of the notes, with more frames than are read */
	uint64_t torn;       /* of the notes: a frame could not be read, or they ran in a circle */
	uint64_t unreadable; /* frames whose code was gone when it was to be read */
	/* Of a process that is newer than what is known, and was read by what it publishes about
	 * itself; 0: none is. */
	uint32_t newer;
};
/* Does a process of the target map a file of Python's? Of the whole machine: does any? */
bool ev_bpf_python_likely(const struct ev_target *target);
/* NULL when programs in the kernel can read Python's frames here; else why not. */
const char *ev_bpf_python_absence(char *out, size_t size_bytes);
/* Loads programs for the events of a sampler that is open, before it is enabled. Processes of the
 * target that are there are looked at at once, others as they begin. `functions` gets what they
 * run. The sampler and the table are closed later. -EPERM, -ENOSYS … with a sentence. */
int ev_bpf_python_open(struct ev_bpf_python **python, struct ev_sampler *sampler,
		       const struct ev_watch_target *target, struct ev_python_functions *functions,
		       const struct ev_bpf_python_options *options, struct ev_err *err);
/* Puts a program beside each event that has none yet: those that count or follow samples
 * (struct ev_bpf_counts_options has `python`) read the frames themselves, and come first. Events
 * that no program can be beside get a note in the recording. */
void ev_bpf_python_beside(struct ev_bpf_python *python, struct ev_recording *recording);
/* It has no records of its own: draining it reads what the programs told, soon after the rings were
 * read. */
struct ev_bpf_source ev_bpf_python_source(struct ev_bpf_python *python);
/* The Python frames of a sample of this thread, at this time (CLOCK_MONOTONIC) and place; `left`:
 * as it left its CPU. Addresses are those of the table; valid until the source is drained. Of
 * samples that were in the rings as they were read at most three drains ago. */
bool ev_bpf_python_find(struct ev_bpf_python *python, uint32_t tid, uint64_t time_ns, uint64_t ip,
			bool left, struct ev_python_stack *stack);
struct ev_bpf_python_tally ev_bpf_python_tally(const struct ev_bpf_python *python);
void ev_bpf_python_close(struct ev_bpf_python *python);

#endif
