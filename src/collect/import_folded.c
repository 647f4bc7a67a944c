/* Folded stacks: "root;caller;leaf 12" a line, as stackcollapse-*.pl, py-spy, async-profiler and
 * evprof write them. The count stands behind the last space; names may hold spaces. A name's end
 * may tell a place, "func (file.py:12)", or a kind: _[k] of the kernel, _[i] inlined, _[j] JIT. */
#include <stdlib.h>
#include <string.h>
#include "import.h"

enum { DEPTH_MAX = 65536 };

struct folded {
	struct ev_import *import;
	uint32_t event, user, kernel, task;
};
struct part {
	struct import_frame frame;
	char kind; /* k, i, j, or 0 */
};

static struct part part_of(struct folded *folded, const char *text, size_t length)
{
	struct part part = { 0 };
	size_t name_length, file_length;
	const char *file;
	if (length > 4 && text[length - 4] == '_' && text[length - 3] == '[' &&
	    text[length - 1] == ']' && strchr("kij01", text[length - 2])) {
		part.kind = text[length - 2];
		length -= 4;
	}
	if (ev_import_split_line(text, length, &name_length, &file, &file_length,
				 &part.frame.line)) {
		part.frame.file = ev_import_text(folded->import, file, file_length);
		length = name_length;
	}
	if (!length) {
		text = "[unknown]";
		length = strlen(text);
	}
	part.frame.function = ev_import_text(folded->import, text, length);
	return part;
}

/* Parts from the root; those inlined belong to the place of the one before them. */
static uint32_t stack_of(struct folded *folded, const struct part *parts, size_t count)
{
	struct import_frame frames[EV_GIVEN_FRAMES + 1];
	uint32_t stack = 0;
	for (size_t i = 0, end; i < count; i = end) {
		size_t used = 0;
		for (end = i + 1;
		     end < count && parts[end].kind == 'i' && end - i <= EV_GIVEN_FRAMES; end++)
			;
		for (size_t at = end; at-- > i;)
			frames[used++] = parts[at].frame;
		uint32_t object = parts[i].kind == 'k' ? folded->kernel : folded->user;
		stack = ev_import_stack(folded->import, stack,
					ev_import_place(folded->import, object, frames, used));
	}
	return stack;
}

static void take_line(struct folded *folded, uint64_t number, const char *line, size_t length)
{
	struct ev_import *import = folded->import;
	size_t end = length;
	uint64_t count;
	while (end && line[end - 1] != ' ' && line[end - 1] != '\t')
		end--;
	if (end < 2 || !ev_import_number(line + end, length - end, &count)) {
		ev_import_complain(import, "line %llu has no whole number behind its stack",
				   (unsigned long long)number);
		return;
	}
	while (end && (line[end - 1] == ' ' || line[end - 1] == '\t'))
		end--;
	EV_ARRAY(struct part) parts = { 0 };
	uint32_t task = folded->task;
	bool comm = import->comm_first;
	for (size_t at = 0; at <= end && parts.count < DEPTH_MAX;) {
		const char *stop = memchr(line + at, ';', end - at);
		size_t name = stop ? (size_t)(stop - line) - at : end - at;
		if (comm)
			task = ev_import_task(import, false, 0, 0,
					      ev_import_text(import, line + at, name));
		else
			*ev_array_add(&parts) = part_of(folded, line + at, name);
		comm = false;
		at += name + 1;
	}
	if (parts.count == DEPTH_MAX)
		ev_import_remark(import, "stacks of more than %d functions are cut", DEPTH_MAX);
	struct import_sample sample = {
		.event = folded->event, .task = task, .samples = count, .period = count
	};
	sample.stack = stack_of(folded, parts.items, parts.count);
	if (count)
		ev_import_sample(import, &sample);
	ev_array_done(&parts);
}

void ev_import_folded(struct ev_import *import, struct import_source *source)
{
	struct folded folded = { .import = import };
	const char *line;
	size_t length;
	folded.event = ev_import_event(import, "samples", strlen("samples"), "");
	folded.user = ev_import_object(import, "", 0, false);
	folded.kernel =
		ev_import_object(import, "[kernel.kallsyms]", strlen("[kernel.kallsyms]"), true);
	if (!import->comm_first)
		folded.task =
			ev_import_task(import, false, 0, 0, ev_import_text(import, "[unknown]", 9));
	while (ev_import_next(import, source, &line, &length))
		if (length && *line != '#')
			take_line(&folded, source->number, line, length);
	ev_import_remark(import, "folded stacks tell no addresses, objects, processes or times: "
				 "these are made up or missing");
	if (!import->comm_first)
		ev_import_remark(import, "the first name of each stack counts as a function; "
					 "--comm takes it for the thread's name");
}
