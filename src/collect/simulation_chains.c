/* Callgrind keeps functions apart by who called them, and tells who called from where: together
 * that is a call chain. */
#include <string.h>
#include "simulation.h"

unsigned ev_simulated_depth(const char *function)
{
	unsigned depth = 1;
	while ((function = strchr(function, '\''))) {
		depth++;
		function++;
	}
	return depth;
}

/* A jump from a file's .plt is no call of its own: a real stack does not show it. */
static bool is_stub(const struct ev_simulation *simulation,
		    const struct ev_simulated_caller *caller)
{
	return !caller->named && *ev_strings_text(simulation->strings, caller->object) == '/';
}

/* The name of a function tells how many callers belong to it, not one more is followed: above them
 * it was called by several. */
size_t ev_simulated_chain(const struct ev_simulation *simulation,
			  const struct ev_simulated_row *row, struct ev_simulated_caller *out,
			  size_t limit)
{
	unsigned left = ev_simulated_depth(ev_strings_text(simulation->strings, row->function)) - 1;
	uint32_t named = row->named, function = row->function;
	size_t count = 0;
	while (left-- && count < limit) {
		const uint32_t *id = ev_map_find(&simulation->caller_ids, named, function);
		if (!id)
			break;
		out[count] = simulation->callers.items[*id - 1];
		named = out[count].named;
		function = out[count].function;
		count += !is_stub(simulation, &out[count]);
	}
	return count;
}
