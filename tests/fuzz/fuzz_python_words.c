/* What a process may write in the name of an agent: codes and moments of any bytes. */
#include <stdlib.h>
#include <evprof/collect_agents.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

static void look(void *context, const struct ev_python_moment *moment)
{
	const struct ev_python_functions *functions = context;
	struct ev_python_line line;
	for (size_t i = 0; i < moment->frame_count; i++) {
		uint64_t address = moment->frames[i] & ~EV_PYTHON_STACK_ENTRY;
		if (address && !ev_python_line_find(functions, address, &line))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	static const enum ev_python_lines kinds[] = { EV_PYTHON_LNOTAB, EV_PYTHON_LINETABLE,
						      EV_PYTHON_LOCATIONS };
	for (size_t i = 0; i < EV_LENGTH(kinds); i++) {
		struct ev_python_functions *functions = ev_python_functions_open();
		struct ev_python_words *words = ev_python_words_open(1, kinds[i], functions);
		ev_python_words_take(words, bytes, size_bytes, look, functions);
		ev_python_words_close(words);
		ev_python_functions_close(functions);
	}
	return 0;
}
