/* Pairs of numbers become small ids. */
#include <stdlib.h>
#include <evprof/base.h>
#include "intern.h"

static void enter(struct ev_ids *ids, const void *items, ev_ids_hash *hash, uint32_t id)
{
	size_t at = hash(ids, items, id) & (ids->room - 1);
	while (ids->slots[at])
		at = (at + 1) & (ids->room - 1);
	ids->slots[at] = id;
}

static void make_slots(struct ev_ids *ids, size_t count)
{
	size_t room = ids->room ? ids->room : 64;
	while (count * 8 >= room * 5)
		room *= 2;
	if (!ids->seed)
		ids->seed = ev_hash64((uintptr_t)ids ^ (uintptr_t)&room << 20) | 1;
	ids->slots = ev_alloc_touched(room * sizeof(*ids->slots));
	ids->room = room;
}

void ev_ids_reserve(struct ev_ids *ids, size_t count, const void *items, ev_ids_hash *hash)
{
	if (!ev_ids_full(ids, count))
		return;
	free(ids->slots); /* first: the items are enough to fill a new one */
	make_slots(ids, count);
	for (uint32_t id = 1; id < count; id++)
		enter(ids, items, hash, id);
}

void ev_ids_reserve_some(struct ev_ids *ids, size_t used, const void *items, ev_ids_hash *hash)
{
	if (!ev_ids_full(ids, used))
		return;
	uint32_t *old = ids->slots;
	size_t old_room = ids->room;
	make_slots(ids, used);
	for (size_t i = 0; i < old_room; i++)
		if (old[i])
			enter(ids, items, hash, old[i]);
	free(old);
}

void ev_ids_done(struct ev_ids *ids)
{
	free(ids->slots);
	*ids = (struct ev_ids){ 0 };
}

static uint64_t hash_stack(const struct ev_ids *ids, const void *items, uint32_t id)
{
	const struct ev_stack *stack = &((const struct ev_stack *)items)[id];
	return ev_ids_mix(ids, (uint64_t)stack->parent << 32 | stack->place);
}

static uint32_t append_stack(struct ev_stack **stacks, size_t *count, size_t *room, uint32_t parent,
			     uint32_t place)
{
	uint32_t id = (uint32_t)*count;
	if (*count == *room)
		ev_array_grow((void **)stacks, count, room, sizeof(**stacks));
	else
		++*count;
	(*stacks)[id] = (struct ev_stack){ parent, place };
	return id;
}

uint32_t ev_stack_ids_search(struct ev_stack_ids *known, struct ev_stack **stacks, size_t *count,
			     size_t *room, uint32_t parent, uint32_t place)
{
	struct ev_ids *ids = &known->ids;
	if (parent + 1 == *count) /* the newest stack has nothing inside it yet */
		return append_stack(stacks, count, room, parent, place);
	if (ev_ids_full(ids, known->used + 1))
		ev_ids_reserve_some(ids, known->used + 1, *stacks, hash_stack);
	size_t mask = ids->room - 1;
	size_t at = ev_ids_mix(ids, (uint64_t)parent << 32 | place) & mask;
	for (uint32_t id; (id = ids->slots[at]); at = (at + 1) & mask)
		if ((*stacks)[id].parent == parent && (*stacks)[id].place == place)
			return id;
	known->used++;
	return ids->slots[at] = append_stack(stacks, count, room, parent, place);
}

void ev_stack_ids_fill(struct ev_stack_ids *known, const struct ev_stack *stacks, size_t count)
{
	for (uint32_t id = 1; id < count; id++) {
		if (stacks[id].parent + 1 == id)
			continue;
		ev_ids_reserve_some(&known->ids, ++known->used, stacks, hash_stack);
		enter(&known->ids, stacks, hash_stack, id);
	}
}
