/* A section with symbols of a recording, decoded and asked about places. */
#include <stdlib.h>
#include <evprof/symbol.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void add_mapping(struct ev_space_set *set, const char *path, uint64_t start)
{
	struct ev_record record = { .type = PERF_RECORD_MMAP2 };
	record.mmap = (struct ev_mmap){
		.pid = 7, .tid = 7, .start = start, .length = 0x10000, .path = path
	};
	ev_space_set_add(set, &record);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct ev_recording recording = { 0 };
	struct ev_space_set *set = ev_space_set_open();
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_symbolizer_options options = { .no_local_files = true };
	/* The last byte chooses whose section it is: evprof's, simpleperf's two, hiperf's. */
	static const unsigned sections[] = { EV_FEATURE_EVPROF_SYMBOLS, 128, 132, 192 };
	unsigned chosen = size_bytes ? bytes[size_bytes - 1] % 4 : 0;
	ev_recording_set_section(&recording, sections[chosen], bytes, size_bytes);
	add_mapping(set, "/bin/p", 0x10000);
	add_mapping(set, "//anon", 0x20000);
	ev_space_set_ready(set);
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, &recording, &options);
	for (uint64_t address = 0x10000; cache && address < 0x30000; address += 0x101) {
		struct ev_symbol symbols[8];
		struct ev_place place =
			ev_space_find(set, cache, 7, 0, address, PERF_RECORD_MISC_USER);
		unsigned flags = (unsigned)(address >> 4) & 15;
		size_t count = ev_symbolize(symbolizer, place, flags, symbols, 1 + address % 8);
		if (!count || count > 1 + address % 8)
			abort();
		ev_symbolizer_trouble(symbolizer, place.object);
	}
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
	ev_recording_done(&recording);
	free(cache);
	return 0;
}
