/* The programs that read Python's frames, and those of others that read them as well. */
#ifndef COLLECT_BPF_PYTHON_H
#define COLLECT_BPF_PYTHON_H

#include <evprof/collect_python_bpf.h>
#include <python.h>

struct bpf_object;
struct python_bpf;
struct python_frames;
struct ring_buffer;

struct ev_python_candidate {
	uint32_t pid, tries;
	uint64_t next_ns;
};
/* A program beside an event: gone when `link` is closed. */
struct ev_python_beside {
	int event, link;
};
struct ev_bpf_python {
	struct ev_sampler *sampler;
	struct ev_bpf_python_options options;
	struct python_bpf *programs;
	struct ring_buffer *ring;
	struct python_frames *frames;
	EV_ARRAY(int) fds; /* of tracepoints, for everybody */
	EV_ARRAY(struct ev_python_beside) beside;
	int wait_fd, timer_fd;
	EV_ARRAY(struct ev_python_candidate) candidates;
	struct ev_bpf_python_tally tally;
};

/* Opened programs that are not loaded yet get the maps of those that read Python's frames; with
 * NULL they have none of them, and must not use any. -errno. */
int ev_bpf_python_share(struct ev_bpf_python *python, struct bpf_object *programs);
/* Makes room for another program beside this event. */
void ev_bpf_python_leave(struct ev_bpf_python *python, int event);
void ev_bpf_python_leave_all(struct ev_bpf_python *python);

/* Python frames that another program told of. */
struct ev_bpf_python_told {
	uint64_t time_ns; /* CLOCK_MONOTONIC: the number of a process may be another's later */
	uint32_t pid;
	const struct ev_python_word *words;
	size_t count;
	uint32_t flags; /* EV_PYTHON_DEEPER … */
	/* As in struct ev_python_stack. */
	bool (*generated)(void *context, uint64_t address);
	void *context;
};
/* The chain of the sample, with its markers, with those frames merged into it: how many addresses
 * are in `out`, 0 when its process is not known. *ip, where it is not NULL, becomes Python's when
 * the interpreter runs there. While the process is there, or soon after. */
size_t ev_bpf_python_merge(struct ev_bpf_python *python, const struct ev_bpf_python_told *told,
			   const uint64_t *chain, size_t count, uint64_t *out, size_t limit,
			   uint64_t *ip);

#endif
