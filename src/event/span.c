/* Pieces of text: compared, split and read as numbers without copying them. */
#include <ctype.h>
#include <errno.h>
#include <string.h>
#include "span.h"

static char folded(char c)
{
	return c == '_' || c == '.' ? '-' : (char)tolower((unsigned char)c);
}

struct ev_span ev_span_of(const char *text)
{
	return (struct ev_span){ text, strlen(text) };
}

size_t ev_span_find(struct ev_span span, char c)
{
	const char *found = span.length ? memchr(span.at, c, span.length) : NULL;
	return found ? (size_t)(found - span.at) : span.length;
}

size_t ev_span_find_unquoted(struct ev_span span, char wanted)
{
	char quote = 0;
	for (size_t i = 0; i < span.length; i++) {
		char c = span.at[i];
		if (quote)
			quote = c == quote ? 0 : quote;
		else if (c == '\'' || c == '"')
			quote = c;
		else if (c == wanted)
			return i;
	}
	return span.length;
}

struct ev_span ev_span_from(struct ev_span span, size_t start)
{
	if (start > span.length)
		start = span.length;
	return (struct ev_span){ span.at + start, span.length - start };
}

struct ev_span ev_span_head(struct ev_span span, size_t length)
{
	return (struct ev_span){ span.at, length < span.length ? length : span.length };
}

struct ev_span ev_span_trim(struct ev_span span)
{
	while (span.length && isspace((unsigned char)span.at[0])) {
		span.at++;
		span.length--;
	}
	while (span.length && isspace((unsigned char)span.at[span.length - 1]))
		span.length--;
	return span;
}

bool ev_span_is(struct ev_span span, const char *text)
{
	return strlen(text) == span.length && !memcmp(span.at, text, span.length);
}

bool ev_span_alike(struct ev_span span, const char *text)
{
	return strlen(text) == span.length && ev_span_starts(span, text) == span.length;
}

bool ev_span_same(struct ev_span one, struct ev_span other)
{
	size_t i = 0;
	while (i < one.length && i < other.length && folded(one.at[i]) == folded(other.at[i]))
		i++;
	return i == one.length && i == other.length;
}

size_t ev_span_starts(struct ev_span span, const char *prefix)
{
	size_t i = 0;
	for (; prefix[i]; i++)
		if (i == span.length || folded(prefix[i]) != folded(span.at[i]))
			return 0;
	return i;
}

bool ev_span_is_glob(struct ev_span span)
{
	for (size_t i = 0; i < span.length; i++)
		if (strchr("*?[", span.at[i]))
			return true;
	return false;
}

int ev_span_number(struct ev_span span, uint64_t *value)
{
	char text[32];
	if (span.length >= sizeof(text))
		return -EINVAL;
	memcpy(text, span.at, span.length);
	text[span.length] = 0;
	return ev_parse_u64(text, value);
}

int ev_span_hex(struct ev_span span, uint64_t *value)
{
	if (!span.length || span.length > 16)
		return -EINVAL;
	uint64_t sum = 0;
	for (size_t i = 0; i < span.length; i++) {
		char c = (char)tolower((unsigned char)span.at[i]);
		if (!isxdigit((unsigned char)c))
			return -EINVAL;
		sum = sum << 4 | (uint64_t)(isdigit((unsigned char)c) ? c - '0' : c - 'a' + 10);
	}
	*value = sum;
	return 0;
}

char *ev_span_text(struct ev_arena *arena, struct ev_span span)
{
	return ev_arena_text(arena, span.at, span.length);
}
