/* Callgrind knows a file by its .text alone: what runs in its .plt or .init comes as an address in
 * memory, of no object. The simulator's log tells where it loaded what, and brings those home. */
#include <stdlib.h>
#include <string.h>
#include "simulation.h"

#define READING "Reading syms from "
#define ADDRESSES "svma 0x"

/* Extents of a file's code, looked up once. */
static void find_extent(struct ev_simulation *simulation, struct ev_simulated_load *load)
{
	struct ev_code code[8];
	for (size_t i = 0; i < simulation->loads.count; i++) {
		const struct ev_simulated_load *other = &simulation->loads.items[i];
		if (other->object != load->object || other == load)
			continue;
		load->low = other->low;
		load->high = other->high;
		return;
	}
	int count = ev_code_of_file(ev_strings_text(simulation->strings, load->object), code,
				    EV_LENGTH(code));
	load->low = UINT64_MAX;
	for (int i = 0; i < count && i < (int)EV_LENGTH(code); i++) {
		if (code[i].address < load->low)
			load->low = code[i].address;
		if (code[i].address + code[i].size_bytes > load->high)
			load->high = code[i].address + code[i].size_bytes;
	}
}

/* "--12-- Reading syms from PATH", and on the next line "--12--    svma 0x10a0, avma 0x1090a0":
 * where its .text is in the file and in memory. */
void ev_simulated_loads_read(struct ev_simulation *simulation, const char *log, uint32_t pid)
{
	for (const char *at = log; (at = strstr(at, READING));) {
		const char *path = at + strlen(READING), *end = strchr(path, '\n');
		if (!end)
			return;
		const char *stop = strchr(end + 1, '\n');
		const char *numbers = strstr(end + 1, ADDRESSES);
		const char *loaded = numbers ? strstr(numbers, "avma 0x") : NULL;
		at = end;
		if (!loaded || (stop && loaded > stop))
			continue;
		struct ev_simulated_load load = {
			.pid = pid,
			.object = ev_strings_add(simulation->strings, path, (size_t)(end - path)),
			.bias = strtoull(loaded + strlen("avma "), NULL, 16) -
				strtoull(numbers + strlen("svma "), NULL, 16),
		};
		find_extent(simulation, &load);
		*ev_array_add(&simulation->loads) = load;
	}
}

static const struct ev_simulated_load *find_load(const struct ev_simulation *simulation,
						 uint32_t pid, uint64_t address)
{
	for (size_t i = simulation->loads.count; i--;) {
		const struct ev_simulated_load *load = &simulation->loads.items[i];
		uint64_t there = address - load->bias;
		if (load->pid == pid && there >= load->low && there < load->high)
			return load;
	}
	return NULL;
}

/* A log is that of the last program of its process; a forked child that stays what it was goes by
 * its parent's. */
bool ev_simulated_loads_find(const struct ev_simulation *simulation, uint32_t pid, uint32_t *object,
			     uint64_t *address)
{
	enum { GENERATIONS = 64 };
	for (int i = 0; i < GENERATIONS; i++) {
		const struct ev_simulated_load *load = find_load(simulation, pid, *address);
		if (load) {
			*object = load->object;
			*address -= load->bias;
			return true;
		}
		const uint32_t *parent = ev_map_find(&simulation->parents, pid, 0);
		if (!parent || ev_map_find(&simulation->exec_pids, pid, 0))
			return false;
		pid = *parent;
	}
	return false;
}
