/* A tracepoint's format file and, behind a NUL, a payload: parsed and printed. */
#include <stdlib.h>
#include <string.h>
#include "../../src/perfdata/tracepoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static const char *name_address(void *context, uint64_t address, uint64_t *offset)
{
	(void)context;
	*offset = address & 15;
	return address & 1 ? "name" : NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	const uint8_t *end = size_bytes ? memchr(bytes, 0, size_bytes) : NULL;
	size_t text_bytes = end ? (size_t)(end - bytes) : size_bytes;
	size_t raw_bytes = end ? size_bytes - text_bytes - 1 : 0;
	struct trace_machine machine = { raw_bytes & 1, size_bytes & 1 ? 4 : 8 };
	struct ev_recording nothing = { 0 };
	struct ev_tracepoints *tracepoints = ev_tracepoints_open(&nothing);
	struct ev_arena arena = { 0 };
	struct trace_format format = { 0 };
	struct ev_buffer out = { 0 };
	uint8_t *raw = malloc(raw_bytes + 1); /* its end is the end of memory */
	if (raw_bytes)
		memcpy(raw, end + 1, raw_bytes);
	struct trace_sample sample = { raw, raw_bytes, &machine, tracepoints };
	ev_trace_format_parse(&format, (const char *)bytes, text_bytes, &machine, &arena);
	ev_trace_print(&format, &sample, &out, name_address, NULL);
	for (size_t i = 0; i < format.fields.count; i++)
		ev_trace_print_field(&format.fields.items[i], &sample, &out);
	ev_trace_format_done(&format);
	ev_tracepoints_close(tracepoints);
	ev_arena_done(&arena);
	ev_buffer_done(&out);
	free(raw);
	return 0;
}
