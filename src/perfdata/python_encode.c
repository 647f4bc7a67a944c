/* The table of Python functions becomes the bytes of a section, and those the table again. */
#include <stdlib.h>
#include <string.h>
#include "python_functions.h"

/* ---- into bytes -------------------------------------------------------------------------------
 */

bool ev_python_functions_grow(const struct ev_python_functions *functions,
			      struct ev_python_told *told, struct ev_buffer *out)
{
	uint32_t texts = ev_strings_count(functions->texts);
	uint32_t first = told->texts ? told->texts : 1; /* number 0 is no text */

	if (told->begun && texts == first && functions->items.count == told->functions &&
	    functions->blocks.count == told->blocks)
		return false;
	ev_buffer_add(out, PYTHON_MAGIC, 4);
	ev_buffer_u8(out, PYTHON_VERSION);
	ev_buffer_varint(out, texts - first);
	for (uint32_t id = first; id < texts; id++) {
		const char *text = ev_strings_text(functions->texts, id);
		ev_buffer_add(out, text, strlen(text) + 1);
	}
	ev_buffer_varint(out, functions->items.count - told->functions);
	for (size_t i = told->functions; i < functions->items.count; i++) {
		ev_buffer_varint(out, functions->items.items[i].name);
		ev_buffer_varint(out, functions->items.items[i].file);
		ev_buffer_varint(out, functions->items.items[i].first_line);
	}
	ev_buffer_varint(out, functions->blocks.count - told->blocks);
	for (size_t i = told->blocks; i < functions->blocks.count; i++) {
		ev_buffer_varint(out, functions->blocks.items[i].function);
		ev_buffer_varint(out, functions->blocks.items[i].number);
	}
	*told = (struct ev_python_told){ .texts = texts,
					 .functions = (uint32_t)functions->items.count,
					 .blocks = (uint32_t)functions->blocks.count,
					 .begun = true };
	return true;
}

void ev_python_functions_encode(const struct ev_python_functions *functions, struct ev_buffer *out)
{
	struct ev_python_told told = { 0 };

	ev_python_functions_grow(functions, &told, out);
}

/* ---- out of bytes -----------------------------------------------------------------------------
 */

/* A number below the limit; bad when it is not. */
static uint32_t number_below(struct ev_cursor *at, uint64_t limit)
{
	uint64_t value = ev_cursor_varint(at);

	if (value >= limit)
		at->bad = true;
	return at->bad ? 0 : (uint32_t)value;
}

/* A count of things that take at least `least` bytes each. */
static size_t count_of(struct ev_cursor *at, size_t least)
{
	return number_below(at, ev_cursor_left(at) / least + 1);
}

/* The number in the table of each text of the section: those that are in it twice have one. */
struct texts {
	EV_ARRAY(uint32_t) items;
};

static void read_texts(struct ev_python_functions *functions, struct texts *texts,
		       struct ev_cursor *at)
{
	for (size_t left = count_of(at, 1); left && !at->bad; left--) {
		const char *text = ev_cursor_text(at);
		if (text)
			*ev_array_add(&texts->items) = ev_strings_add_text(functions->texts, text);
	}
}

/* Functions keep the numbers that they have in the section, also where two are the same. */
static void read_functions(struct ev_python_functions *functions, const struct texts *texts,
			   struct ev_cursor *at)
{
	for (size_t left = count_of(at, 3); left && !at->bad; left--) {
		uint32_t name = number_below(at, texts->items.count);
		uint32_t file = number_below(at, texts->items.count);
		uint32_t first_line = number_below(at, (uint64_t)UINT32_MAX + 1);
		if (at->bad)
			break;
		*ev_array_add(&functions->items) = (struct python_function){
			.name = texts->items.items[name],
			.file = texts->items.items[file],
			.first_line = first_line,
		};
	}
}

static void read_blocks(struct ev_python_functions *functions, struct ev_cursor *at)
{
	for (size_t left = count_of(at, 2); left && !at->bad; left--) {
		uint32_t function = number_below(at, functions->items.count);
		uint32_t number = number_below(at, UINT32_MAX / EV_PYTHON_BLOCK_LINES + 1);
		if (at->bad || functions->blocks.count >= PYTHON_BLOCKS_MAX)
			break;
		*ev_array_add(&functions->blocks) = (struct python_block){ function, number };
	}
}

/* A part begins here; `at` goes behind the words that say so. */
static bool begins(struct ev_cursor *at)
{
	const void *magic = ev_cursor_left(at) >= 5 ? ev_cursor_bytes(at, 4) : NULL;

	return magic && !memcmp(magic, PYTHON_MAGIC, 4) && ev_cursor_u8(at) == PYTHON_VERSION;
}

struct ev_python_functions *ev_python_functions_decode(const void *bytes, size_t size_bytes)
{
	struct ev_cursor at = ev_cursor_of(bytes, size_bytes, false);
	struct texts texts = { 0 };
	struct ev_python_functions *functions;

	if (!begins(&at))
		return NULL;
	functions = ev_python_functions_open();
	*ev_array_add(&texts.items) = ev_strings_add_text(functions->texts, "");
	do {
		read_texts(functions, &texts, &at);
		read_functions(functions, &texts, &at);
		read_blocks(functions, &at);
	} while (!at.bad && begins(&at));
	ev_array_done(&texts.items);
	ev_python_labels_make(functions, size_bytes);
	return functions;
}
