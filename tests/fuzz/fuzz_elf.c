/* An ELF file: build-id, symbol tables, stubs, debug info. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../../src/symbol/debug_info.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void ask_for_everything(const char *path)
{
	struct ev_space_set *set = ev_space_set_open();
	struct ev_space_cache *cache = calloc(1, sizeof(*cache));
	struct ev_record record = { .type = PERF_RECORD_MMAP2 };
	record.mmap = (struct ev_mmap){
		.pid = 7, .tid = 7, .start = 0x10000, .length = 0x100000, .path = path
	};
	ev_space_set_add(set, &record);
	ev_space_set_ready(set);
	struct ev_symbolizer *symbolizer = ev_symbolizer_open(set, NULL, NULL);
	for (uint64_t address = 0x10000; cache && address < 0x14000; address += 0x41) {
		struct ev_symbol symbols[8];
		struct ev_place place =
			ev_space_find(set, cache, 7, 0, address, PERF_RECORD_MISC_USER);
		ev_symbolize(symbolizer, place, (unsigned)address & 15, symbols, 8);
		ev_symbolizer_trouble(symbolizer, place.object);
		bool in_code;
		ev_variable_find(symbolizer, place, symbols, &in_code);
	}
	ev_symbolizer_close(symbolizer);
	ev_space_set_close(set);
	free(cache);
}

/* As of a kernel module. */
static void ask_unlinked(const char *path)
{
	struct debug_info *debug = ev_debug_open(path, NULL, NULL);
	struct debug_frame frames[8];
	uint64_t start;
	if (debug && ev_debug_function(debug, "work", 4096, &start))
		for (uint64_t at = start; at < start + 64; at += 3)
			ev_debug_find(debug, at, EV_SYMBOL_LINES | EV_SYMBOL_INLINES, frames, 8);
	ev_debug_close(debug);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	char path[64];
	uint8_t id[20];
	uint64_t offset;
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	if (write(fd, bytes, size_bytes) == (ssize_t)size_bytes) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		ev_build_id_of_file(path, id);
		ev_function_offset(path, "main", &offset, NULL);
		ask_for_everything(path);
		ask_unlinked(path);
	}
	close(fd);
	return 0;
}
