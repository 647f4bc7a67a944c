/* Callgrind's text: whatever it holds, no more lines come out than went in, and a second reading
 * gives the same. */
#include <stdlib.h>
#include <string.h>
#include "../../src/collect/callgrind.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes);

struct seen {
	struct ev_strings *strings;
	size_t lines;
	uint64_t sum;
};

static int take(void *context, const struct ev_callgrind_line *line, struct ev_err *err)
{
	struct seen *seen = context;
	uint32_t names = ev_strings_count(seen->strings);
	(void)err;
	if (line->object >= names || line->function >= names || line->called_object >= names ||
	    line->called_function >= names)
		abort();
	seen->lines++;
	seen->sum = seen->sum * 31 + line->address + line->calls;
	for (size_t i = 0; i < EV_COST_COUNT; i++)
		seen->sum += line->costs[i] * (i + 1);
	return 0;
}

static struct seen read_all(const char *text, size_t size_bytes)
{
	struct seen seen = { .strings = ev_strings_open() };
	struct ev_callgrind_header header;
	struct ev_err err = { 0 };
	int rc = ev_callgrind_parse(text, size_bytes, seen.strings, &header, take, &seen, &err);
	if ((rc != 0) != (*err.text != 0) || seen.lines > size_bytes)
		abort();
	ev_strings_close(seen.strings);
	return seen;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size_bytes)
{
	char *text = ev_realloc(NULL, size_bytes + 1); /* no NUL behind the last byte */
	if (size_bytes)
		memcpy(text, bytes, size_bytes);
	struct seen one = read_all(text, size_bytes), other = read_all(text, size_bytes);
	if (one.lines != other.lines || one.sum != other.sum)
		abort();
	free(text);
	return 0;
}
