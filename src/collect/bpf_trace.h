/* What the files of traced calls share. */
#ifndef COLLECT_BPF_TRACE_H
#define COLLECT_BPF_TRACE_H

#include <evprof/collect_trace.h>
#include <trace.h>
#include <watched.h>
#include "limits.h"

/* Functions by number: none, then those that the cost is measured on, then the traced ones. */
enum { TRACE_FIRST = 1 + EV_TRACE_COSTS };

struct trace_bpf;
struct bpf_link;

enum trace_probe {
	TRACE_PROBE_RETURN,   /* on an instruction that returns */
	TRACE_PROBE_RETURNED, /* the kernel's, for a function */
	TRACE_PROBE_JUMP,
	TRACE_PROBE_LEAVING,
	TRACE_PROBE_ENTRY, /* last: what begins is also seen to end */
	TRACE_PROBE_KINDS
};
struct trace_site {
	const char *path;
	uint64_t offset;
	uint32_t function; /* its number, 0 = of none */
	uint32_t target;   /* of a jump: the number of the function it leads to, 0 = not known */
	enum trace_probe kind;
};
struct trace_sites {
	struct trace_site *items;
	size_t count, room;
};
/* Probes that were put by one request. */
struct trace_link {
	int fd;                /* of many probes, or -1 */
	struct bpf_link *link; /* of one, or NULL */
	const char *path;
	enum trace_probe kind;
	uint32_t function; /* of one */
};
struct trace_links {
	struct trace_link *items;
	size_t count, room;
};

struct ev_trace {
	struct trace_bpf *programs;
	bool singly;
	struct trace_function *functions; /* the map, as the programs see it */
	size_t function_count;            /* numbers, those that are no traced function too */
	size_t map_bytes;
	char own_path[4096]; /* of the code that costs are measured on */
	struct trace_sites sites;
	struct trace_links links;
	struct ev_trace_cost costs[EV_TRACE_COSTS];
	bool measured[EV_TRACE_COSTS]; /* or to be: also those that others are told from */
	uint64_t rate_limit;
	struct trace_watch {    /* by number */
		uint64_t calls; /* at the last look */
		uint64_t let_go_per_second;
		bool refused;
	} * watches;
	uint64_t look_ns;
	struct ev_descriptor_limit descriptors; /* when singly */
};

/* Puts the probes of all sites from `first` on. Functions for which the kernel refuses one are
 * marked and have none; -errno with a sentence when nothing at all could be put. */
int ev_trace_put(struct ev_trace *trace, size_t first, struct ev_err *err);
/* Takes the probes of some functions away: those for which `gone` is true, by number. */
void ev_trace_take(struct ev_trace *trace, const bool *gone);
void ev_trace_take_all(struct ev_trace *trace);

/* Measures the costs that are to be, and writes them down. */
int ev_trace_measure_costs(struct ev_trace *trace, struct ev_err *err);
/* Which of the costs a call of such a function has. */
size_t ev_trace_cost_of(const struct ev_trace_function *function);

/* Would a function with so many calls in so long be called oftener than `limit` in a second,
 * were it not traced? Each call costs cost_ns. How often then, about; 0 = not so often. */
uint64_t ev_trace_is_hot(uint64_t calls, uint64_t time_ns, double cost_ns, uint64_t limit);

#endif
