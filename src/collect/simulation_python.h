/* Python's functions in a simulation: their costs are those of contexts of calls. */
#ifndef COLLECT_SIMULATION_PYTHON_H
#define COLLECT_SIMULATION_PYTHON_H

#include "simulation.h"

/* `functions` stays; `callers` as the simulator keeps them apart. */
struct ev_simulated_python *ev_simulated_python_open(struct ev_python_functions *functions,
						     unsigned callers);
/* Adds what an agent has left of a program: any bytes; as much as makes sense is taken. */
void ev_simulated_python_read(struct ev_simulated_python *python, const void *bytes,
			      size_t size_bytes, uint32_t pid, uint32_t program);
/* A line of costs, or of calls, of a process; `named` as in struct ev_simulated_row. The address
 * under which its costs are to be added up. */
uint64_t ev_simulated_python_see(struct ev_simulation *simulation, uint32_t pid,
				 const struct ev_callgrind_line *line, uint32_t named);
void ev_simulated_python_call(struct ev_simulation *simulation, uint32_t pid,
			      const struct ev_callgrind_line *line, uint32_t named);
/* A function of Python (a line of it, as recordings have it) or an address in an object. */
struct ev_simulated_frame {
	uint64_t python;
	uint32_t object, named; /* as in struct ev_simulated_row */
	uint64_t address;
};
/* The functions of a row, innermost first: Python's, and what native ones stand outside of them.
 * *is_python: the costs are the first one's own, else a native function's that it called. After all
 * was read. */
size_t ev_simulated_python_chain(struct ev_simulation *simulation,
				 const struct ev_simulated_row *row, struct ev_simulated_frame *out,
				 size_t limit, bool *is_python);
void ev_simulated_python_close(struct ev_simulated_python *python);

#endif
