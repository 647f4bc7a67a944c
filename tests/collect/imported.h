/* A foreign profile in a test, read into the model, and its samples as text. */
#ifndef TESTS_IMPORTED_H
#define TESTS_IMPORTED_H

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <evprof/import.h>
#include "import.h"

static inline struct ev_import *import_bytes(const void *bytes, size_t size_bytes, bool comm)
{
	struct ev_import_options options = { .comm_first = comm };
	struct ev_import *import = NULL;
	struct ev_err err = { 0 };
	char *exact = ev_realloc(NULL, size_bytes ? size_bytes : 1); /* no byte behind */
	if (size_bytes)
		memcpy(exact, bytes, size_bytes);
	if (ev_import_open(&import, exact, size_bytes, &options, &err))
		fail_msg("%s", err.text);
	free(exact);
	return import;
}

/* "event comm pid/tid root;caller(file:line)>inlined samples period", the objects behind @. */
static inline const char *sample_text(const struct ev_import *import, size_t index)
{
	static char text[4096];
	const struct import_sample *sample = &import->samples.items[index];
	const struct import_task *task = &import->tasks.items[sample->task];
	const struct ev_strings *strings = import->strings;
	uint32_t path[64];
	size_t depth = 0, used;
	assert_true(index < import->samples.count);
	for (uint32_t s = sample->stack; s && depth < 64; s = import->stacks.items[s].parent)
		path[depth++] = import->stacks.items[s].place;
	used = (size_t)sprintf(text, "%s %s %d/%d ",
			       ev_strings_text(strings, import->events.items[sample->event].name),
			       ev_strings_text(strings, task->comm), (int)task->pid,
			       (int)task->tid);
	while (depth--) {
		const struct import_place *place = &import->places.items[path[depth]];
		for (uint32_t f = place->frame_count; f-- > 0;) {
			const struct import_frame *frame =
				&import->frames.items[place->first_frame + f];
			used += (size_t)sprintf(text + used, "%s%s",
						f + 1 < place->frame_count ? ">" : "",
						ev_strings_text(strings, frame->function));
			if (frame->file)
				used += (size_t)sprintf(text + used, "(%s:%u)",
							ev_strings_text(strings, frame->file),
							frame->line);
		}
		used += (size_t)sprintf(text + used, "@%s%s",
					ev_strings_text(strings,
							import->objects.items[place->object].path),
					depth ? ";" : "");
	}
	sprintf(text + used, " %llu %llu", (unsigned long long)sample->samples,
		(unsigned long long)sample->period);
	return text;
}

#endif
