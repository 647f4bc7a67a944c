/* Pieces of styled text become the lines of a screen, cut to its size. */
#include <stdlib.h>
#include <string.h>
#include "browse.h"

enum { LARGEST = 10000 }; /* lines, and columns */

void ev_screen_begin(struct ev_screen *screen, size_t width, size_t height)
{
	if (width > LARGEST)
		width = LARGEST;
	if (height > LARGEST)
		height = LARGEST;
	for (size_t i = height; i < screen->height; i++)
		ev_array_done(&screen->lines[i].runs);
	if (height != screen->height) {
		screen->lines =
			ev_realloc(screen->lines, (height ? height : 1) * sizeof(*screen->lines));
		for (size_t i = screen->height; i < height; i++)
			screen->lines[i] = (struct ev_screen_line){ 0 };
	}
	for (size_t i = 0; i < height; i++)
		screen->lines[i].runs.count = screen->lines[i].columns = 0;
	screen->width = width;
	screen->height = height;
	screen->has_cursor = false;
	ev_arena_reset(&screen->texts);
}

void ev_screen_done(struct ev_screen *screen)
{
	for (size_t i = 0; i < screen->height; i++)
		ev_array_done(&screen->lines[i].runs);
	free(screen->lines);
	ev_arena_done(&screen->texts);
	*screen = (struct ev_screen){ 0 };
}

/* Bytes of the character that begins here. */
static size_t character_bytes(const char *text)
{
	size_t bytes = 1;
	while ((uint8_t)*text >= 0xc0 && ((uint8_t)text[bytes] & 0xc0) == 0x80)
		bytes++;
	return bytes;
}

static size_t character_columns(const char *text, size_t bytes)
{
	char one[16];
	if (bytes == 1 && !((uint8_t)*text & 0x80))
		return 1;
	if (bytes >= sizeof(one))
		bytes = sizeof(one) - 1;
	memcpy(one, text, bytes);
	one[bytes] = 0;
	return ev_text_columns(one);
}

static void add_run(struct ev_screen *screen, size_t line, struct ev_run run)
{
	struct ev_screen_line *to = &screen->lines[line];
	*ev_array_add(&to->runs) = run;
	to->columns += run.columns;
}

/* What an ASCII terminal has for it. */
static char plain(const char *text, size_t bytes)
{
	static const struct {
		const char *text;
		char plain;
	} known[] = { { "±", '~' }, { "…", '.' }, { "—", '-' }, { "·", '.' }, { "│", '|' } };
	for (size_t i = 0; i < EV_LENGTH(known); i++)
		if (strlen(known[i].text) == bytes && !memcmp(known[i].text, text, bytes))
			return known[i].plain;
	return '?';
}

/* Control characters were escaped where names were; should one be left, it reaches no terminal. */
static bool is_control(const char *text, size_t bytes)
{
	uint8_t first = (uint8_t)text[0], second = bytes > 1 ? (uint8_t)text[1] : 0;
	return first < ' ' || first == 0x7f || (first == 0xc2 && second < 0xa0) ||
	       (bytes == 1 && first >= 0x80);
}

/* `length` bytes of text, of which nothing is left out before column `from`. */
static void add_part(struct ev_screen *screen, size_t line, struct ev_run like, bool ascii,
		     const char *text, size_t length, size_t *skip)
{
	size_t room = screen->width - screen->lines[line].columns, used = 0, bytes = 0;
	char *out = ev_arena_take(&screen->texts, length + 1);
	for (size_t at = 0, step; at < length && text[at]; at += step) {
		step = character_bytes(text + at);
		if (step > length - at)
			step = length - at;
		size_t columns = character_columns(text + at, step);
		bool control = is_control(text + at, step);
		bool replaced = control || (ascii && (uint8_t)text[at] & 0x80);
		if (replaced)
			columns = 1;
		if (*skip) {
			*skip -= columns < *skip ? columns : *skip;
			continue;
		}
		if (used + columns > room)
			break;
		if (replaced)
			out[bytes] = control ? '?' : plain(text + at, step);
		else
			memcpy(out + bytes, text + at, step);
		bytes += replaced ? 1 : step;
		used += columns;
	}
	like.text = out;
	like.columns = used;
	if (used)
		add_run(screen, line, like);
}

void ev_screen_add(struct ev_screen *screen, size_t line, enum ev_style style, bool selected,
		   bool ascii, const char *text)
{
	size_t skip = 0;
	if (line < screen->height)
		add_part(screen, line, (struct ev_run){ .style = style, .selected = selected },
			 ascii, text, strlen(text), &skip);
}

void ev_screen_pad(struct ev_screen *screen, size_t line, enum ev_style style, bool selected,
		   size_t columns)
{
	if (line >= screen->height)
		return;
	if (columns > screen->width)
		columns = screen->width;
	size_t have = screen->lines[line].columns;
	if (columns <= have)
		return;
	char *blanks = ev_arena_take(&screen->texts, columns - have + 1);
	memset(blanks, ' ', columns - have);
	add_run(screen, line, (struct ev_run){ style, selected, blanks, columns - have });
}

static enum ev_style style_of(unsigned long code)
{
	return code == 31                ? EV_STYLE_HOT
	       : code == 32              ? EV_STYLE_WARM
	       : code == 2 || code == 34 ? EV_STYLE_DIM
	       : code == 1               ? EV_STYLE_HEAD
					 : EV_STYLE_PLAIN;
}

void ev_screen_add_coloured(struct ev_screen *screen, size_t line, bool selected, bool ascii,
			    const char *text, size_t from)
{
	struct ev_run like = { .selected = selected };
	if (line >= screen->height)
		return;
	while (*text) {
		size_t length = strcspn(text, "\33");
		add_part(screen, line, like, ascii, text, length, &from);
		text += length;
		if (*text != '\33')
			break;
		text++;
		if (*text == '[') {
			like.style = style_of(strtoul(text + 1, NULL, 10));
			text += strcspn(text, "m");
			text += *text == 'm';
		}
	}
}

bool ev_text_has(const char *text, const char *part)
{
	return strcasestr(text, part) != NULL;
}
