/* The TRACING_DATA of a recording -> the formats of its tracepoints, each taken apart when it is
 * first asked for. Layout: perf's trace-event format 0.5 and 0.6 (drawn in collect's writer). */
#include <stdlib.h>
#include <string.h>
#include "tracepoint.h"

struct found { /* a format that was not asked for yet */
	const char *text, *system;
	size_t size_bytes;
	struct trace_format *parsed;
};
struct ev_tracepoints {
	struct trace_machine machine;
	struct ev_arena arena;
	EV_ARRAY(struct found) found;
	struct ev_map by_id; /* id -> index into found, +1 */
	struct ev_map texts; /* address -> index into words, +1 */
	EV_ARRAY(const char *) words;
};

/* A file of the section: its size in so many bytes, then its text. */
static const char *take_file(struct ev_cursor *cursor, unsigned count_bytes, size_t *size_bytes)
{
	uint64_t size = count_bytes == 8 ? ev_cursor_u64(cursor) : ev_cursor_u32(cursor);
	if (cursor->bad || size > ev_cursor_left(cursor)) {
		cursor->bad = true;
		*size_bytes = 0;
		return NULL;
	}
	*size_bytes = (size_t)size;
	return ev_cursor_bytes(cursor, (size_t)size);
}

/* "ID: 123" in a line of its own. */
static uint32_t id_of(const char *text, size_t size_bytes)
{
	const char *at = memmem(text, size_bytes, "\nID: ", 5), *end = text + size_bytes;
	uint32_t id = 0;
	if (!at)
		return 0;
	for (at += 5; at < end && *at >= '0' && *at <= '9' && id < 100000000; at++)
		id = id * 10 + (uint32_t)(*at - '0');
	return id;
}

static void add_format(struct ev_tracepoints *tracepoints, struct ev_cursor *cursor,
		       const char *system)
{
	struct found found = { .system = system };
	found.text = take_file(cursor, 8, &found.size_bytes);
	if (!found.text)
		return;
	uint32_t *index =
		ev_map_add(&tracepoints->by_id, id_of(found.text, found.size_bytes), 0, NULL);
	*ev_array_add(&tracepoints->found) = found;
	*index = (uint32_t)tracepoints->found.count;
}

static void take_formats(struct ev_tracepoints *tracepoints, struct ev_cursor *cursor,
			 const char *system)
{
	uint32_t count = ev_cursor_u32(cursor);
	for (uint32_t i = 0; i < count && !cursor->bad; i++)
		add_format(tracepoints, cursor, system);
}

/* "0xffffffff82345678 : "text"" in every line. */
static void take_texts(struct ev_tracepoints *tracepoints, const char *text, size_t size_bytes)
{
	const char *end = text + size_bytes;
	while (text && text < end) {
		const char *stop = memchr(text, '\n', (size_t)(end - text));
		stop = stop ? stop : end;
		const char *open = memchr(text, '"', (size_t)(stop - text));
		const char *close = open ? memrchr(open + 1, '"', (size_t)(stop - open - 1)) : NULL;
		char number[24] = "";
		uint64_t address;
		size_t digits = strcspn(text, " :\n");
		if (close && digits < sizeof(number) && text + digits <= stop) {
			memcpy(number, text, digits);
			if (!ev_parse_u64(number, &address)) {
				size_t length = (size_t)(close - open - 1);
				/* Lines end with an escaped newline. */
				if (length >= 2 && !memcmp(close - 2, "\\n", 2))
					length -= 2;
				*ev_array_add(&tracepoints->words) =
					ev_arena_text(&tracepoints->arena, open + 1, length);
				*ev_map_add(&tracepoints->texts, address, 0, NULL) =
					(uint32_t)tracepoints->words.count;
			}
		}
		text = stop + 1;
	}
}

static void read_section(struct ev_tracepoints *tracepoints, const struct ev_section *section)
{
	static const uint8_t magic[] = { 0x17, 0x08, 0x44, 't', 'r', 'a', 'c', 'i', 'n', 'g' };
	struct ev_cursor cursor = ev_cursor_of(section->bytes, section->size_bytes, false);
	const void *start = ev_cursor_bytes(&cursor, sizeof(magic));
	size_t size_bytes;
	if (!start || memcmp(start, magic, sizeof(magic)) || !ev_cursor_text(&cursor))
		return;
	bool big = ev_cursor_u8(&cursor);
	uint8_t long_bytes = ev_cursor_u8(&cursor);
	cursor.swap = big != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
	tracepoints->machine.swap = cursor.swap;
	if (long_bytes == 4)
		tracepoints->machine.long_bytes = 4;
	ev_cursor_u32(&cursor);       /* bytes of a page */
	for (int i = 0; i < 2; i++) { /* header_page, header_event */
		ev_cursor_text(&cursor);
		take_file(&cursor, 8, &size_bytes);
	}
	take_formats(tracepoints, &cursor, "ftrace");
	uint32_t systems = ev_cursor_u32(&cursor);
	for (uint32_t i = 0; i < systems && !cursor.bad; i++) {
		const char *system = ev_cursor_text(&cursor);
		if (system)
			take_formats(tracepoints, &cursor, system);
	}
	take_file(&cursor, 4, &size_bytes); /* kallsyms */
	const char *texts = take_file(&cursor, 4, &size_bytes);
	if (texts) {
		/* strcspn above wants an end. */
		char *copy = ev_arena_text(&tracepoints->arena, texts, size_bytes);
		take_texts(tracepoints, copy, size_bytes);
	}
}

struct ev_tracepoints *ev_tracepoints_open(const struct ev_recording *recording)
{
	const struct ev_section *section = ev_recording_section(recording, EV_FEATURE_TRACING_DATA);
	struct ev_tracepoints *tracepoints = ev_alloc(sizeof(*tracepoints));
	tracepoints->machine = (struct trace_machine){ recording->swapped, 8 };
	if (section)
		read_section(tracepoints, section);
	return tracepoints;
}

void ev_tracepoints_close(struct ev_tracepoints *tracepoints)
{
	if (!tracepoints)
		return;
	for (size_t i = 0; i < tracepoints->found.count; i++)
		if (tracepoints->found.items[i].parsed)
			ev_trace_format_done(tracepoints->found.items[i].parsed);
	ev_array_done(&tracepoints->found);
	ev_array_done(&tracepoints->words);
	ev_map_done(&tracepoints->by_id);
	ev_map_done(&tracepoints->texts);
	ev_arena_done(&tracepoints->arena);
	free(tracepoints);
}

const char *ev_tracepoints_text_at(const struct ev_tracepoints *tracepoints, uint64_t address)
{
	const uint32_t *index = ev_map_find(&tracepoints->texts, address, 0);
	return index ? tracepoints->words.items[*index - 1] : NULL;
}

static const struct trace_format *format_of(struct ev_tracepoints *tracepoints, uint64_t id)
{
	const uint32_t *index = ev_map_find(&tracepoints->by_id, id, 0);
	if (!index)
		return NULL;
	struct found *found = &tracepoints->found.items[*index - 1];
	if (!found->parsed) {
		found->parsed = ev_arena_take(&tracepoints->arena, sizeof(*found->parsed));
		found->parsed->system = found->system;
		if (!ev_trace_format_parse(found->parsed, found->text, found->size_bytes,
					   &tracepoints->machine, &tracepoints->arena))
			found->parsed->name = "";
	}
	return found->parsed;
}

bool ev_tracepoints_know(struct ev_tracepoints *tracepoints, uint64_t id, const char **system,
			 const char **name, const char **failure)
{
	const struct trace_format *format = format_of(tracepoints, id);
	if (!format)
		return false;
	*system = format->system;
	*name = format->name;
	*failure = format->failure;
	return true;
}

static const struct trace_field *field_of(const struct trace_format *format, const char *name)
{
	for (size_t i = 0; format && i < format->fields.count; i++)
		if (!strcmp(format->fields.items[i].name, name))
			return &format->fields.items[i];
	return NULL;
}

const char *ev_tracepoints_field_name(struct ev_tracepoints *tracepoints, uint64_t id, size_t index)
{
	const struct trace_format *format = format_of(tracepoints, id);
	for (size_t i = 0; format && i < format->fields.count; i++)
		if (!(format->fields.items[i].flags & FIELD_COMMON) && !index--)
			return format->fields.items[i].name;
	return NULL;
}

/* What stands behind "name=" in the text, up to a blank. */
static bool add_shown(const struct ev_buffer *text, const char *name, struct ev_buffer *out)
{
	size_t length = strlen(name);
	const char *at = (const char *)text->bytes, *end = at + text->size_bytes;
	while (at < end) {
		size_t word = strcspn(at, " ");
		if (word > length && !memcmp(at, name, length) && at[length] == '=') {
			size_t shown = word - length - 1;
			/* A comma between fields belongs to neither. */
			if (shown && at[word - 1] == ',')
				shown--;
			ev_buffer_add(out, at + length + 1, shown);
			return true;
		}
		at += word + 1;
	}
	return false;
}

bool ev_tracepoints_field(struct ev_tracepoints *tracepoints, uint64_t id, const char *name,
			  bool plain, const void *raw, size_t raw_bytes, struct ev_buffer *out)
{
	const struct trace_format *format = format_of(tracepoints, id);
	const struct trace_field *field = field_of(format, name);
	struct trace_sample sample = { raw, raw_bytes, &tracepoints->machine, tracepoints };
	struct ev_buffer text = { 0 };
	bool shown = false;
	if (!field)
		return false;
	/* A text may hold blanks and what looks like another field. */
	if (!plain && !(field->flags & FIELD_TEXT)) {
		ev_trace_print(format, &sample, &text, NULL, NULL);
		ev_buffer_u8(&text, 0);
		text.size_bytes = strlen((const char *)text.bytes);
		shown = add_shown(&text, name, out);
		ev_buffer_done(&text);
	}
	if (!shown)
		ev_trace_print_field(field, &sample, out);
	return true;
}

bool ev_tracepoints_print(struct ev_tracepoints *tracepoints, uint64_t id, const void *raw,
			  size_t raw_bytes, ev_name_address *name_address, void *context,
			  struct ev_buffer *out)
{
	const struct trace_format *format = format_of(tracepoints, id);
	struct trace_sample sample = { raw, raw_bytes, &tracepoints->machine, tracepoints };
	if (!format)
		return false;
	ev_trace_print(format, &sample, out, name_address, context);
	return true;
}
