/* A piece of the text a user typed; pieces point into that text, so a fault can be shown in place.
 */
#ifndef EVPROF_SPAN_H
#define EVPROF_SPAN_H

#include <evprof/base.h>

struct ev_span {
	const char *at;
	size_t length;
};

struct ev_span ev_span_of(const char *text);
/* Offset of the first c, or the length when there is none. */
size_t ev_span_find(struct ev_span span, char c);
/* The same, of one that stands in no '…' and no "…". */
size_t ev_span_find_unquoted(struct ev_span span, char c);
struct ev_span ev_span_from(struct ev_span span, size_t start);
struct ev_span ev_span_head(struct ev_span span, size_t length);
struct ev_span ev_span_trim(struct ev_span span);
/* The same text; alike also when only case, '-', '_' and '.' differ. */
bool ev_span_is(struct ev_span span, const char *text);
bool ev_span_alike(struct ev_span span, const char *text);
bool ev_span_same(struct ev_span one, struct ev_span other); /* alike */
/* Length of `prefix` when the span starts with something like it, else 0. */
size_t ev_span_starts(struct ev_span span, const char *prefix);
bool ev_span_is_glob(struct ev_span span);
/* A whole unsigned number, decimal or 0x…; -EINVAL, -ERANGE. */
int ev_span_number(struct ev_span span, uint64_t *value);
/* 1 to 16 hexadecimal digits and nothing else; -EINVAL. */
int ev_span_hex(struct ev_span span, uint64_t *value);
char *ev_span_text(struct ev_arena *arena, struct ev_span span);

#endif
