/* What a run of the simulator leaves, as it is read and turned into records. */
#ifndef COLLECT_SIMULATION_H
#define COLLECT_SIMULATION_H

#include <evprof/collect.h>
#include "callgrind.h"

/* A program that ran in a process, and a thread of it. */
struct ev_simulated_task {
	uint32_t pid, thread; /* threads count from 1 in each process */
	uint32_t order;       /* the how-manieth program of its process, from 0 */
	uint32_t command;     /* as typed; string id */
};
/* Where a program's file was loaded: address in memory - bias = address in the file. */
struct ev_simulated_load {
	uint32_t pid, object; /* string id of its path */
	uint64_t bias;
	uint64_t low, high; /* of its code, in the file's addresses */
};
/* Cost of an instruction; with call chains, of its runs under one row of callers. Its costs, one
 * per event, stand at index * event_count. */
struct ev_simulated_row {
	uint32_t task, object, function;
	uint32_t named; /* the object by which callgrind knows the function, 0 for none */
	uint64_t address;
};
/* From where a function was called most. */
struct ev_simulated_caller {
	uint32_t object, function, named;
	uint64_t address, calls;
};
struct ev_simulation {
	const struct ev_simulation_options *options;
	struct ev_workload *workload;
	char *folder;
	int watch_fd;  /* inotify, -1 where there is none */
	unsigned kept; /* results put aside so far */
	bool missed;   /* some came too fast to be put aside */

	struct ev_strings *strings;
	EV_ARRAY(struct ev_simulated_task) tasks;
	struct ev_map task_ids; /* (pid, thread << 32 | order) -> task + 1 */
	EV_ARRAY(struct ev_simulated_row) rows;
	EV_ARRAY(uint64_t) costs;
	struct ev_map row_ids; /* (address, task << 32 | place) -> row + 1 */
	struct ev_map places;  /* (object, function) -> number */
	EV_ARRAY(struct ev_simulated_caller) callers;
	struct ev_map caller_ids; /* (named, function) called -> caller + 1 */
	struct ev_map parents;    /* pid -> its parent's */
	struct ev_map exec_pids;  /* processes that have a log of a program of their own */
	EV_ARRAY(struct ev_simulated_load) loads;
	struct ev_simulated_python *python; /* NULL: its functions are not asked for */
};

struct ev_simulated_words {
	EV_ARRAY(char *) items;
};
/* Options for the simulator to take native functions as part of the Python functions that called
 * them. */
void ev_simulated_skip(struct ev_simulated_words *words);

/* Adds what the log of a process tells of its files. */
void ev_simulated_loads_read(struct ev_simulation *simulation, const char *log, uint32_t pid);
/* An address in the memory of a process becomes one in a file; false when it is in none. */
bool ev_simulated_loads_find(const struct ev_simulation *simulation, uint32_t pid, uint32_t *object,
			     uint64_t *address);

/* "leaf'caller'main" has 3 functions. */
unsigned ev_simulated_depth(const char *function);
/* Where the callers of a row were, the nearest first, as (object, address) pairs; how many, at most
 * `limit`. */
size_t ev_simulated_chain(const struct ev_simulation *simulation,
			  const struct ev_simulated_row *row, struct ev_simulated_caller *out,
			  size_t limit);

#endif
