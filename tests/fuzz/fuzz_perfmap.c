/* A perf map: every answer must hold the address that was asked for. */
#include <stdlib.h>
#include <string.h>
#include "../../src/symbol/perf_map.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct perf_map map;
	char *text = ev_realloc(NULL, size_bytes + 1);
	if (size_bytes)
		memcpy(text, bytes, size_bytes);
	text[size_bytes] = 0;
	ev_perf_map_parse(&map, text, size_bytes);
	for (size_t i = 0; i < map.entries.count; i++) {
		uint64_t address = map.entries.items[i].start;
		const struct perf_map_entry *entry = ev_perf_map_find(&map, address);
		if (!entry || address < entry->start || address - entry->start >= entry->size_bytes)
			abort();
		ev_perf_map_find(&map, address - 1);
		ev_perf_map_find(&map, address + map.entries.items[i].size_bytes);
	}
	ev_perf_map_done(&map);
	return 0;
}
