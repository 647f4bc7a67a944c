/* The table of Python functions becomes the bytes of a section, and those the table again, with a
 * label for each function. */
#include <stdlib.h>
#include <string.h>
#include "python_functions.h"

/* Of labels together, for each byte of the section and beside. */
#define LABEL_BYTES_EACH 16
#define LABEL_BYTES ((size_t)1 << 20)

/* ---- into bytes -------------------------------------------------------------------------------
 */

static void put(struct ev_buffer *out, uint64_t value)
{
	for (; value > 127; value >>= 7)
		ev_buffer_u8(out, (uint8_t)(value | 128));
	ev_buffer_u8(out, (uint8_t)value);
}

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
	put(out, texts - first);
	for (uint32_t id = first; id < texts; id++) {
		const char *text = ev_strings_text(functions->texts, id);
		ev_buffer_add(out, text, strlen(text) + 1);
	}
	put(out, functions->items.count - told->functions);
	for (size_t i = told->functions; i < functions->items.count; i++) {
		put(out, functions->items.items[i].name);
		put(out, functions->items.items[i].file);
		put(out, functions->items.items[i].first_line);
	}
	put(out, functions->blocks.count - told->blocks);
	for (size_t i = told->blocks; i < functions->blocks.count; i++) {
		put(out, functions->blocks.items[i].function);
		put(out, functions->blocks.items[i].number);
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
	uint64_t value = 0;

	for (unsigned shift = 0; shift < 64; shift += 7) {
		uint8_t byte = ev_cursor_u8(at);
		value |= (uint64_t)(byte & 127) << shift;
		if (!(byte & 128)) {
			if (value >= limit)
				at->bad = true;
			return at->bad ? 0 : (uint32_t)value;
		}
	}
	at->bad = true;
	return 0;
}

/* A count of things that take at least `least` bytes each. */
static size_t count_of(struct ev_cursor *at, size_t least)
{
	return number_below(at, ev_cursor_left(at) / least + 1);
}

/* Texts that are in the section twice would get one number: its own numbers are kept. */
struct texts {
	EV_ARRAY(const char *) items;
};

static void read_texts(struct texts *texts, struct ev_cursor *at)
{
	for (size_t left = count_of(at, 1); left && !at->bad; left--) {
		const char *text = ev_cursor_text(at);
		if (text)
			*ev_array_add(&texts->items) = text;
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
			.name = ev_strings_add_text(functions->texts, texts->items.items[name]),
			.file = ev_strings_add_text(functions->texts, texts->items.items[file]),
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

/* ---- labels -----------------------------------------------------------------------------------
 */

/* The last `parts` parts of a path; all of it when it has no more. */
static const char *tail_of(const char *path, unsigned parts)
{
	const char *at = path + strlen(path);

	while (at > path) {
		if (at[-1] == '/' && !--parts)
			return at;
		at--;
	}
	return path;
}

/* Many functions can have one long name: what their labels take together has a bound, and its own
 * name is the label of one beyond it. */
static const char *label_of(struct ev_python_functions *functions,
			    const struct python_function *function, unsigned parts,
			    size_t *left_bytes)
{
	const char *name = ev_strings_text(functions->texts, function->name);
	const char *file = ev_strings_text(functions->texts, function->file);
	const char *tail = *file ? tail_of(file, parts) : "?";
	size_t needed = strlen(name) + strlen(tail) + 16;

	if (needed > *left_bytes)
		return name;
	*left_bytes -= needed;
	return ev_arena_printf(&functions->arena, "%s (%s:%u)", *name ? name : "?", tail,
			       function->first_line);
}

/* Functions of one name at the same line of files of one name get folders before it: one,
 * three or all. What is wholly the same stays so. */
static void label_all(struct ev_python_functions *functions, size_t left_bytes)
{
	static const unsigned parts[] = { 1, 2, 4, UINT16_MAX };
	size_t count = functions->items.count;
	bool *settled = ev_alloc(count + 1);

	for (size_t step = 0; step < EV_LENGTH(parts); step++) {
		struct ev_strings *labels = ev_strings_open();
		EV_ARRAY(uint32_t) files = { 0 }; /* by label: its file + 1, or all ones for two */
		uint32_t *ids = ev_alloc((count + 1) * sizeof(*ids));
		for (size_t i = 0; i < count; i++) {
			struct python_function *function = &functions->items.items[i];
			if (settled[i])
				continue;
			function->label = label_of(functions, function, parts[step], &left_bytes);
			ids[i] = ev_strings_add_text(labels, function->label);
			while (files.count <= ids[i])
				ev_array_add(&files);
			uint32_t *file = &files.items[ids[i]];
			*file = !*file || *file == function->file + 1 ? function->file + 1
								      : UINT32_MAX;
		}
		for (size_t i = 0; i < count; i++)
			if (!settled[i])
				settled[i] = files.items[ids[i]] != UINT32_MAX;
		ev_array_done(&files);
		ev_strings_close(labels);
		free(ids);
	}
	free(settled);
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
	*ev_array_add(&texts.items) = "";
	do {
		read_texts(&texts, &at);
		read_functions(functions, &texts, &at);
		read_blocks(functions, &at);
	} while (!at.bad && begins(&at));
	ev_array_done(&texts.items);
	label_all(functions, LABEL_BYTES_EACH * size_bytes + LABEL_BYTES);
	return functions;
}
