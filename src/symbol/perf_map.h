/* Names of generated code, as runtimes write them to /tmp/perf-PID.map. */
#ifndef SYMBOL_PERF_MAP_H
#define SYMBOL_PERF_MAP_H

#include "process_files.h"
#include "segments.h"

struct perf_map_entry {
	uint64_t start, size_bytes;
	const char *name; /* in the text */
};
struct perf_map {
	char *text;
	EV_ARRAY(struct perf_map_entry) entries;
	struct ev_segments segments;
	uint32_t tree;
};
/* Takes the text over: free() space of size_bytes and a NUL. */
void ev_perf_map_parse(struct perf_map *map, char *text, size_t size_bytes);
/* The map of a process: that of its own name space, else the one in /tmp. NULL, or why there is
 * none. */
const char *ev_perf_map_read(struct perf_map *map, uint32_t pid, const struct process_view *view);
/* Is there a file where the map of a process would be? */
bool ev_perf_map_exists(uint32_t pid);
const struct perf_map_entry *ev_perf_map_find(const struct perf_map *map, uint64_t address);
void ev_perf_map_done(struct perf_map *map);

#endif
