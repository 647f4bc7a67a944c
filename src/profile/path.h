/* A walk over stacks that follow one another: the path from the root to the stack at hand stays
 * open, and a step closes and opens only what differs. */
#ifndef PROFILE_PATH_H
#define PROFILE_PATH_H

#include <evprof/profile.h>

struct ev_path {
	uint32_t base;    /* the path begins inside this stack; all stacks given are inside it */
	uint32_t *stacks; /* root first; the base is not in it */
	size_t depth, room;
	uint32_t *fresh; /* the new stack's part that is not shared, leaf first */
	size_t fresh_count;
};
/* How much of the path the next stack shares. What is deeper has to be closed, deepest first,
 * before ev_path_enter. Any order of stacks is right; rising order opens each only once. */
size_t ev_path_fork(struct ev_path *path, const struct ev_stack *stacks, uint32_t next);
/* The path is now that of the stack given to fork. `shared` is fork's answer. */
void ev_path_enter(struct ev_path *path, size_t shared);
void ev_path_done(struct ev_path *path);

#endif
