/* Guessed callers become callers, or go. A function that calls nobody may leave no trace on the
 * stack, so that a walk over frame pointers misses who called it; only the link register knows:
 *
 *   leaf ─────────────▶ its caller ─────────▶ the caller's caller
 *          link register         frame pointers
 *
 * In a function that has called somebody, the register holds an address of that function itself. So
 * the guess is right where it points into another function than the one that was running. */
#include <stdlib.h>
#include "intern.h"
#include "named.h"

/* The function at a place, as far as it is known. */
struct extent {
	uint64_t start;
	bool looked_up, known;
};

struct settling {
	struct ev_profile *profile;
	const struct ev_namer *namer;
	struct extent (*extents)[EV_ROLE_COUNT]; /* per place */
	struct ev_stack *stacks;                 /* the new ones */
	size_t count, room;
	struct ev_stack_ids ids;
};

static const struct extent *extent_of(struct settling *settling, uint32_t place, enum ev_role role)
{
	struct extent *extent = &settling->extents[place][role];
	struct ev_symbol symbols[2] = { 0 };
	if (extent->looked_up)
		return extent;
	settling->namer->symbolize(settling->namer->context, settling->profile->places.items[place],
				   role == EV_ROLE_EXACT ? EV_SYMBOL_EXACT : 0, symbols,
				   EV_LENGTH(symbols));
	*extent = (struct extent){ symbols[0].start, true, symbols[0].function != NULL };
	return extent;
}

static bool is_caller(struct settling *settling, uint32_t guess, uint32_t running)
{
	const struct ev_place *places = settling->profile->places.items;
	const struct extent *here = extent_of(settling, running, EV_ROLE_EXACT);
	const struct extent *there = extent_of(settling, guess, EV_ROLE_RETURN);
	return here->known && there->known &&
	       (here->start != there->start || places[running].object != places[guess].object);
}

static uint32_t add(struct settling *settling, uint32_t parent, uint32_t place)
{
	return ev_stack_ids_add(&settling->ids, &settling->stacks, &settling->count,
				&settling->room, parent, place);
}

void ev_links_settle(struct ev_profile *profile, const struct ev_namer *namer)
{
	if (!profile->has_guesses)
		return;
	struct settling *settling = ev_alloc(sizeof(*settling));
	const struct ev_stack *old = profile->stacks.items;
	uint32_t *now = ev_alloc(profile->stacks.count * sizeof(*now));
	*settling = (struct settling){ .profile = profile, .namer = namer };
	settling->extents = ev_alloc(profile->places.count * sizeof(*settling->extents));
	settling->stacks = ev_alloc(profile->stacks.count * sizeof(*settling->stacks));
	settling->room = profile->stacks.count;
	settling->count = 1;
	for (uint32_t i = 1; i < profile->stacks.count; i++) {
		uint32_t parent = now[old[i].parent], guess = old[old[i].parent].place;
		now[i] = parent;
		if (old[i].place & EV_PLACE_GUESSED)
			continue; /* whether it stays, its callee decides */
		if (guess & EV_PLACE_GUESSED &&
		    is_caller(settling, guess & ~EV_PLACE_GUESSED, old[i].place))
			parent = add(settling, parent, guess & ~EV_PLACE_GUESSED);
		now[i] = add(settling, parent, old[i].place);
	}
	for (size_t i = 0; i < profile->cells.count; i++)
		profile->cells.items[i].stack = now[profile->cells.items[i].stack];
	free(profile->stacks.items);
	profile->stacks.items = settling->stacks;
	profile->stacks.count = settling->count;
	profile->stacks.room = settling->room;
	profile->has_guesses = false;
	ev_ids_done(&settling->ids.ids);
	free(settling->extents);
	free(settling);
	free(profile->settled);
	profile->settled = now;
}
