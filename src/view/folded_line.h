/* The frames of a stack as folded text, written stack after stack. */
#ifndef VIEW_FOLDED_LINE_H
#define VIEW_FOLDED_LINE_H

#include <evprof/profile.h>

struct ev_folded_line {
	struct ev_buffer text; /* ";root;…;leaf", without a NUL; "" of the empty stack */
	EV_ARRAY(struct ev_folded_part) parts;
	uint32_t *path; /* of a step from stack to stack */
	size_t room;
	struct ev_arena scratch;
};
struct ev_folded_part {
	uint32_t stack;
	size_t end; /* of its text */
};
/* The line becomes that of `stack`. */
void ev_folded_move(struct ev_folded_line *line, const struct ev_named *named, uint32_t stack);
void ev_folded_line_done(struct ev_folded_line *line);
/* A name that is safe to print and has no ';', at the end of `text`. The scratch arena is reset. */
void ev_folded_name(struct ev_buffer *text, struct ev_arena *scratch, const char *name);

#endif
