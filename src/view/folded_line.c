/* A stack becomes its folded text: ";root;…;leaf". Neighbours in a profile share most of it. */
#include <stdlib.h>
#include <string.h>
#include "folded_line.h"
#include "report.h"

void ev_folded_name(struct ev_buffer *text, struct ev_arena *scratch, const char *name)
{
	const char *safe = ev_report_safe(scratch, name);
	size_t from = text->size_bytes;
	ev_buffer_add(text, safe, strlen(safe));
	for (size_t i = from; i < text->size_bytes; i++)
		if (text->bytes[i] == ';')
			text->bytes[i] = ':';
	ev_arena_reset(scratch);
}

static void add_frame(struct ev_buffer *text, struct ev_arena *scratch,
		      const struct ev_named *named, const struct ev_frame *frame)
{
	const struct ev_strings *strings = named->profile->strings;
	ev_buffer_u8(text, ';');
	const char *function = ev_strings_text(strings, frame->function);
	/* Brackets tell a made-up name from an address, which would be a frame of its own in every
	 * graph. */
	if (!frame->resolved && *function != '[') {
		const char *object = ev_strings_text(strings, named->object_names[frame->object]);
		bool bracketed = *object == '[';
		ev_buffer_printf(text, bracketed ? "" : "[");
		ev_folded_name(text, scratch, object);
		ev_buffer_printf(text, bracketed ? "" : "]");
	} else {
		ev_folded_name(text, scratch, function);
	}
	if (frame->inlined)
		ev_buffer_printf(text, "_[i]");
	else if (frame->kernel)
		ev_buffer_printf(text, "_[k]");
}

/* Only what differs from the last stack is written again. */
void ev_folded_move(struct ev_folded_line *line, const struct ev_named *named, uint32_t stack)
{
	const struct ev_stack *stacks = named->stacks.items;
	size_t fresh = 0, kept = line->parts.count;
	for (uint32_t at = stack;;) {
		uint32_t top = kept ? line->parts.items[kept - 1].stack : 0;
		if (at == top)
			break;
		if (at < top) {
			kept--;
			continue;
		}
		if (fresh == line->room) {
			line->room = line->room ? line->room * 2 : 256;
			line->path = ev_realloc(line->path, line->room * sizeof(*line->path));
		}
		line->path[fresh++] = at;
		at = stacks[at].parent;
	}
	line->parts.count = kept;
	line->text.size_bytes = kept ? line->parts.items[kept - 1].end : 0;
	while (fresh--) {
		uint32_t at = line->path[fresh];
		add_frame(&line->text, &line->scratch, named,
			  &named->frames.items[stacks[at].place]);
		*ev_array_add(&line->parts) = (struct ev_folded_part){ at, line->text.size_bytes };
	}
}

void ev_folded_line_done(struct ev_folded_line *line)
{
	ev_array_done(&line->parts);
	ev_buffer_done(&line->text);
	free(line->path);
	ev_arena_done(&line->scratch);
}
