/* Code of the interpreter that only its callers tell. */
#ifndef CMD_RECORD_AGENT_SITES_H
#define CMD_RECORD_AGENT_SITES_H

#include <evprof/perfdata.h>
#include <evprof/symbol_python.h>

struct record_sites {
	struct ev_map known; /* return address, pid */
};
/* The chain of a sample, before it is merged with its Python frames: where there are more calls of
 * Python than frames of the interpreter's main function, frames that were called from where that is
 * called from elsewhere become its beginning. */
void record_sites_apply(struct record_sites *sites, uint32_t pid,
			const struct ev_python_stack *stack, uint64_t *chain, size_t count);
/* Is it in the interpreter's main function, or in what leads there? Of the next instruction, too.
 */
bool record_sites_have(const struct ev_python_stack *stack, uint64_t address);
void record_sites_done(struct record_sites *sites);

#endif
