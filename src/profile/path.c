/* Stacks in rising order become opened and closed frames. */
#include <stdlib.h>
#include "path.h"

size_t ev_path_fork(struct ev_path *path, const struct ev_stack *stacks, uint32_t next)
{
	size_t shared = path->depth;
	path->fresh_count = 0;
	/* Parents have smaller numbers: whichever end is bigger can't be shared. */
	for (;;) {
		uint32_t top = shared ? path->stacks[shared - 1] : path->base;
		if (next == top)
			return shared;
		if (next < top) {
			shared--;
			continue;
		}
		if (path->fresh_count == path->room) {
			path->room = path->room ? path->room * 2 : 256;
			path->fresh = ev_realloc(path->fresh, path->room * sizeof(*path->fresh));
			path->stacks = ev_realloc(path->stacks, path->room * sizeof(*path->stacks));
		}
		path->fresh[path->fresh_count++] = next;
		next = stacks[next].parent;
	}
}

void ev_path_enter(struct ev_path *path, size_t shared)
{
	if (shared + path->fresh_count > path->room) {
		while (shared + path->fresh_count > path->room)
			path->room *= 2;
		path->fresh = ev_realloc(path->fresh, path->room * sizeof(*path->fresh));
		path->stacks = ev_realloc(path->stacks, path->room * sizeof(*path->stacks));
	}
	path->depth = shared;
	while (path->fresh_count)
		path->stacks[path->depth++] = path->fresh[--path->fresh_count];
}

void ev_path_done(struct ev_path *path)
{
	free(path->stacks);
	free(path->fresh);
	*path = (struct ev_path){ 0 };
}
