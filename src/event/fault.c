/* A fault in an event's text becomes the sentence, the text with a caret under the place, and for
 * unknown names the nearest known ones. */
#include <errno.h>
#include <string.h>
#include "parse.h"
#include "suggest.h"

/* Columns of the user's text that are shown, and the most that stand in front of the fault. */
#define WINDOW 70
#define WINDOW_BEFORE 40
/* Bytes of the message; names in it may be of any length. */
#define LONGEST_MESSAGE 300

/* Start of the character that holds `at`, so that no character of more bytes is cut. */
static size_t character_start(struct ev_span text, size_t at)
{
	while (at > 0 && at < text.length && ((unsigned char)text.at[at] & 0xc0) == 0x80)
		at--;
	return at;
}

/* The part of the text round the fault, safe to print, and the caret line under it. */
static const char *marked(struct ev_parse *parse, struct ev_span at)
{
	struct ev_arena *arena = &parse->scratch;
	size_t offset = (size_t)(at.at - parse->text.at);
	size_t start =
		offset > WINDOW_BEFORE ? character_start(parse->text, offset - WINDOW_BEFORE) : 0;
	struct ev_span window = ev_span_from(parse->text, start);
	bool cut = window.length > WINDOW;
	if (cut)
		window = ev_span_head(window, character_start(window, WINDOW));
	const char *front = start ? "..." : "";
	const char *before =
		ev_text_safe(arena, ev_span_text(arena, ev_span_head(window, offset - start)));
	const char *shown = ev_text_safe(arena, ev_span_text(arena, window));
	size_t column = ev_text_columns(before) + strlen(front);
	return ev_arena_printf(arena, "%s%s%s\n%*s^", front, shown, cut ? "..." : "", (int)column,
			       "");
}

static int fault(struct ev_parse *parse, int code, struct ev_span at, const char *after,
		 const char *fmt, va_list args)
{
	char message[1024];
	vsnprintf(message, sizeof(message), fmt, args);
	struct ev_span safe = ev_span_of(ev_text_safe(&parse->scratch, message));
	bool cut = safe.length > LONGEST_MESSAGE;
	if (cut)
		safe = ev_span_head(safe, character_start(safe, LONGEST_MESSAGE));
	return ev_fail(parse->err, code, "%.*s%s\n%s%s", (int)safe.length, safe.at,
		       cut ? "..." : "", marked(parse, at), after);
}

int ev_parse_fault(struct ev_parse *parse, int code, struct ev_span at, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	int rc = fault(parse, code, at, "", fmt, args);
	va_end(args);
	return rc;
}

/* Which part of the list holds names of this form. */
static const char *place_of(struct ev_parse *parse, struct ev_span wanted)
{
	const char *text = ev_span_text(&parse->scratch, wanted);
	if (strstr(text, "::"))
		return "evprof list pfm";
	if (strchr(text, '/'))
		return "evprof list pmu";
	return strchr(text, ':') ? "evprof list tracepoint" : "evprof list";
}

int ev_parse_unknown(struct ev_parse *parse, struct ev_span at, struct ev_span wanted,
		     const char *fmt, ...)
{
	const char *nearest = ev_suggest(parse, wanted);
	const char *after =
		ev_arena_printf(&parse->scratch, "%s%s\nRun '%s' to see what can be counted here.",
				*nearest ? "\ndid you mean: " : "", nearest,
				place_of(parse, wanted));
	va_list args;
	va_start(args, fmt);
	int rc = fault(parse, ENOENT, at, after, fmt, args);
	va_end(args);
	return rc;
}
