/* Pairs of numbers become small ids: tables that hold 4 bytes per slot and nothing else, because
 * what an id stands for is already in an array. */
#ifndef PROFILE_INTERN_H
#define PROFILE_INTERN_H

#include <evprof/profile.h>

/* Open addressing; a slot is an id or 0 for empty, so id 0 can't be in a table. A zeroed table is
 * empty. The seed differs from run to run, so that no file can be made to collide. */
struct ev_ids {
	uint32_t *slots;
	size_t room; /* power of two or 0 */
	uint64_t seed;
};
/* Hash of the item with this id in `items`. */
typedef uint64_t ev_ids_hash(const struct ev_ids *ids, const void *items, uint32_t id);

/* Make the table big enough for ids up to `count`; when that moves it, enter 1 … count - 1 again,
 * which are all in `items`. */
void ev_ids_reserve(struct ev_ids *ids, size_t count, const void *items, ev_ids_hash *hash);
/* The same for a table that holds only some of the items: `used` of them now. */
void ev_ids_reserve_some(struct ev_ids *ids, size_t used, const void *items, ev_ids_hash *hash);
void ev_ids_done(struct ev_ids *ids);

/* Half of MurmurHash3's finalizer: the low bits depend on all of the key. */
static inline uint64_t ev_ids_mix(const struct ev_ids *ids, uint64_t key)
{
	key = (key ^ ids->seed) * 0xff51afd7ed558ccdULL;
	key = (key ^ key >> 32) * 0xc4ceb9fe1a85ec53ULL;
	return key ^ key >> 29;
}

/* At most 5/8 full: beyond that the misses of linear probing cost more than the memory. */
static inline bool ev_ids_full(const struct ev_ids *ids, size_t count)
{
	return count * 8 >= ids->room * 5;
}

/* Stacks being interned. Three ways lead to a stack, the quickest first: the path that was added
 * last, since samples that follow one another mostly share their outer frames; the number after the
 * parent's, since a stack that was added right after its parent has it; the table, which need only
 * hold the others: where stacks branch. */
enum { EV_PATH_LENGTH = 256 };
struct ev_stack_path {
	uint32_t parent, place, id;
};
struct ev_stack_ids {
	struct ev_ids ids;
	size_t used; /* stacks in the table */
	uint32_t depth;
	struct ev_stack_path path[EV_PATH_LENGTH];
};
/* The id of (parent, place) in an array whose item 0 is the empty stack. */
uint32_t ev_stack_ids_search(struct ev_stack_ids *known, struct ev_stack **stacks, size_t *count,
			     size_t *room, uint32_t parent, uint32_t place);
/* Enter stacks that are already in an array. */
void ev_stack_ids_fill(struct ev_stack_ids *known, const struct ev_stack *stacks, size_t count);

static inline uint32_t ev_stack_ids_add(struct ev_stack_ids *known, struct ev_stack **stacks,
					size_t *count, size_t *room, uint32_t parent,
					uint32_t place)
{
	if (!parent)
		known->depth = 0;
	struct ev_stack_path *last = &known->path[known->depth++ % EV_PATH_LENGTH];
	if (last->id && last->parent == parent && last->place == place)
		return last->id;
	uint32_t id = parent + 1;
	if (id >= *count || (*stacks)[id].parent != parent || (*stacks)[id].place != place)
		id = ev_stack_ids_search(known, stacks, count, room, parent, place);
	*last = (struct ev_stack_path){ parent, place, id };
	return id;
}

#endif
