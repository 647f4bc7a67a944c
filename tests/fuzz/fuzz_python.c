/* The memory of a Python, its line tables and its strings: walks end, lines stay lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/symbol_python.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

struct memory {
	const uint8_t *bytes;
	size_t size_bytes;
};

/* Memory is the input over and over again, so that every pointer leads somewhere; each 16th part of
 * the address space is empty. */
static int read_input(void *context, uint64_t address, void *out, size_t size_bytes)
{
	const struct memory *memory = context;
	uint8_t *to = out;
	if (address >> 60 == 15)
		return -EFAULT;
	for (size_t i = 0; i < size_bytes; i++)
		to[i] = memory->bytes[(address + i) % memory->size_bytes];
	return 0;
}

static void read_lines(const uint8_t *bytes, size_t size_bytes)
{
	for (int kind = EV_PYTHON_LNOTAB; kind <= EV_PYTHON_LOCATIONS; kind++)
		for (int64_t at = -1; at < 256; at += 3)
			if (ev_python_line((enum ev_python_lines)kind, bytes, size_bytes, 40, at) >
			    INT32_MAX)
				abort();
}

static void read_text(const uint8_t *bytes, size_t size_bytes)
{
	struct ev_arena arena = { 0 };
	for (unsigned each = 1; each <= 4; each *= 2)
		if (strlen(ev_python_text(&arena, bytes, size_bytes / each, each)) <
		    size_bytes / each)
			abort();
	ev_python_path_version(ev_arena_text(&arena, (const char *)bytes, size_bytes));
	ev_arena_done(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct memory memory = { bytes, size_bytes };
	struct ev_python_memory reader = { read_input, &memory };
	struct ev_err err;
	if (size_bytes < 16 || size_bytes > 1 << 14)
		return 0;
	read_lines(bytes, size_bytes);
	read_text(bytes, size_bytes);
	/* The last byte chooses a version, as the first ones are what an interpreter publishes. */
	uint32_t minor = 8 + bytes[size_bytes - 1] % 6;
	struct ev_python_runtime runtime = { .version = 0x03000000 | minor << 16,
					     .address = size_bytes };
	struct ev_python_state state;
	int rc = ev_python_read(&runtime, &reader, &state, &err);
	for (size_t i = 0; i < state.threads.count; i++)
		for (size_t at = 0; at < state.threads.items[i].frame_count; at++)
			if (rc || !state.threads.items[i].frames[at].function)
				abort();
	ev_python_state_done(&state);
	return 0;
}
