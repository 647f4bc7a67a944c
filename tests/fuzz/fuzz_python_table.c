/* A section with Python functions of a recording, decoded and asked about lines; what was
 * understood is encoded and means the same again. */
#include <stdlib.h>
#include <string.h>
#include <evprof/perfdata_python.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	struct ev_python_functions *functions = ev_python_functions_decode(bytes, size_bytes);
	struct ev_python_functions *again;
	struct ev_buffer out = { 0 };
	if (!functions)
		return 0;
	ev_python_functions_encode(functions, &out);
	again = ev_python_functions_decode(out.bytes, out.size_bytes);
	if (!again)
		abort();
	for (uint64_t at = EV_PYTHON_BASE; at < EV_PYTHON_BASE + 4096; at += 61) {
		struct ev_python_line one, other;
		bool found = ev_python_line_find(functions, at, &one);
		if (ev_python_line_find(again, at, &other) != found)
			abort();
		if (found && (strcmp(one.name, other.name) || strcmp(one.file, other.file) ||
			      !one.label || one.line != other.line))
			abort();
	}
	ev_python_functions_close(again);
	ev_python_functions_close(functions);
	ev_buffer_done(&out);
	return 0;
}
