/* What the agent in a Python process has written -> moments: where its threads were, in Python. The
 * process may have written anything. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/collect_agents.h>
#include "python_agent.h"

enum {
	CODES_MAX = 1 << 20,
	FRAMES_MAX = 1 << 16,
	LINES_KEPT_BYTES = 64 << 20,
};

struct code {
	uint32_t function, first_line;
	uint8_t *lines;
	uint32_t lines_bytes;
};
struct ev_python_words {
	uint32_t pid;
	enum ev_python_lines lines;
	struct ev_python_functions *functions;
	struct ev_map ids; /* of a code object -> index + 1 */
	EV_ARRAY(struct code) codes;
	uint64_t kept_bytes;
	struct ev_map known; /* id, offset -> index + 1 of the address */
	EV_ARRAY(uint64_t) addresses;
	EV_ARRAY(uint64_t) frames;
	struct ev_arena scratch;
};

struct ev_python_words *ev_python_words_open(uint32_t pid, enum ev_python_lines lines,
					     struct ev_python_functions *functions)
{
	struct ev_python_words *words = ev_alloc(sizeof(*words));
	words->pid = pid;
	words->lines = lines;
	words->functions = functions;
	return words;
}

static bool copy(struct ev_cursor *in, void *to, size_t size_bytes)
{
	const void *from = ev_cursor_bytes(in, size_bytes);
	if (from)
		memcpy(to, from, size_bytes);
	return from != NULL;
}

static const char *text_of(struct ev_python_words *words, struct ev_cursor *in, uint32_t bytes,
			   uint8_t kind)
{
	const void *characters = ev_cursor_bytes(in, bytes);
	if (!characters || (kind != 1 && kind != 2 && kind != 4))
		return NULL;
	return ev_python_text(&words->scratch, characters, bytes / kind, kind);
}

static int take_code(struct ev_python_words *words, struct ev_cursor *in)
{
	struct python_agent_code head;
	if (!copy(in, &head, sizeof(head)))
		return -EBADMSG;
	ev_arena_reset(&words->scratch);
	const char *name = text_of(words, in, head.name_bytes, head.name_kind);
	const char *file = text_of(words, in, head.file_bytes, head.file_kind);
	const void *lines = ev_cursor_bytes(in, head.lines_bytes);
	if (!name || !file || !lines || !head.id)
		return -EBADMSG;
	/* A program may make code without end: what came first is kept. */
	if (words->codes.count == CODES_MAX ||
	    words->kept_bytes + head.lines_bytes > LINES_KEPT_BYTES)
		return 0;
	struct code code = {
		.function = ev_python_function_add(words->functions, name, file, head.first_line),
		.first_line = head.first_line,
		.lines = ev_alloc(head.lines_bytes + 1),
		.lines_bytes = head.lines_bytes,
	};
	memcpy(code.lines, lines, head.lines_bytes);
	words->kept_bytes += head.lines_bytes;
	*ev_array_add(&words->codes) = code;
	*ev_map_add(&words->ids, head.id, 0, NULL) = (uint32_t)words->codes.count;
	return 0;
}

/* 0: nobody has told what code it is. */
static uint64_t address_of(struct ev_python_words *words, uint32_t id, int32_t offset)
{
	const uint32_t *index = ev_map_find(&words->ids, id, 0);
	bool added;
	if (!index)
		return 0;
	uint32_t *known = ev_map_add(&words->known, id, (uint32_t)offset, &added);
	if (!added)
		return words->addresses.items[*known - 1];
	const struct code *code = &words->codes.items[*index - 1];
	uint32_t line = ev_python_line(words->lines, code->lines, code->lines_bytes,
				       code->first_line, offset);
	*ev_array_add(&words->addresses) =
		ev_python_function_address(words->functions, code->function, line);
	*known = (uint32_t)words->addresses.count;
	return words->addresses.items[*known - 1];
}

static int take_moment(struct ev_python_words *words, struct ev_cursor *in, ev_take_python take,
		       void *context)
{
	struct python_agent_moment head;
	struct python_agent_frame frame;
	if (!copy(in, &head, sizeof(head)) || head.frame_count > FRAMES_MAX ||
	    head.frame_count > ev_cursor_left(in) / sizeof(frame))
		return -EBADMSG;
	words->frames.count = 0;
	for (uint32_t i = 0; i < head.frame_count; i++) {
		copy(in, &frame, sizeof(frame));
		*ev_array_add(&words->frames) = address_of(words, frame.code, frame.at >> 1) |
						(frame.at & 1 ? EV_PYTHON_STACK_ENTRY : 0);
	}
	struct ev_python_moment moment = {
		.pid = words->pid,
		.tid = head.tid,
		.time_ns = head.time_ns,
		.took_ns = head.took_ns,
		.ip = head.ip,
		.sp = head.sp,
		.cut = head.flags & PYTHON_AGENT_CUT,
		.torn = head.flags & PYTHON_AGENT_TORN,
		.frames = words->frames.items,
		.frame_count = words->frames.count,
	};
	take(context, &moment);
	return 0;
}

int ev_python_words_take(struct ev_python_words *words, const void *bytes, size_t size_bytes,
			 ev_take_python take, void *context)
{
	struct ev_cursor all = ev_cursor_of(bytes, size_bytes, false);
	int rc = 0;
	while (!rc && ev_cursor_left(&all)) {
		struct python_agent_header header;
		struct ev_cursor peek = all;
		if (!copy(&peek, &header, sizeof(header)) || header.size_bytes < sizeof(header) ||
		    header.size_bytes % 8 || header.size_bytes > ev_cursor_left(&all))
			return -EBADMSG;
		const void *record = ev_cursor_bytes(&all, header.size_bytes);
		struct ev_cursor in = ev_cursor_of(record, header.size_bytes, false);
		if (header.type == PYTHON_AGENT_CODE)
			rc = take_code(words, &in);
		else if (header.type == PYTHON_AGENT_MOMENT)
			rc = take_moment(words, &in, take, context);
		else if (header.type != PYTHON_AGENT_PAD)
			rc = -EBADMSG;
	}
	return rc;
}

void ev_python_words_close(struct ev_python_words *words)
{
	if (!words)
		return;
	for (size_t i = 0; i < words->codes.count; i++)
		free(words->codes.items[i].lines);
	ev_array_done(&words->codes);
	ev_array_done(&words->addresses);
	ev_array_done(&words->frames);
	ev_map_done(&words->ids);
	ev_map_done(&words->known);
	ev_arena_done(&words->scratch);
	free(words);
}
