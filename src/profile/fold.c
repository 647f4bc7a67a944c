/* Stacks of places become stacks of frames, renumbered in the order of a depth-first walk, and
 * cells that now stand for the same are added up. */
#include <stdlib.h>
#include "intern.h"
#include "named.h"

/* A trie being built: (parent, frame) pairs. */
struct trie {
	struct ev_stack *items;
	size_t count, room;
	struct ev_stack_ids ids;
};

static uint32_t append(struct trie *trie, uint32_t stack, const uint32_t *frames)
{
	for (uint32_t left = *frames++; left; left--)
		stack = ev_stack_ids_add(&trie->ids, &trie->items, &trie->count, &trie->room, stack,
					 *frames++);
	return stack;
}

/* Every stack in every role it has. A stack's parent comes before it, so one walk is enough. */
static void fold(struct trie *trie, const struct ev_profile *profile,
		 const struct ev_place_names *names, const uint8_t *roles, const uint32_t *ends,
		 uint32_t *of[EV_ROLE_COUNT])
{
	for (uint32_t i = 1; i < profile->stacks.count; i++) {
		const struct ev_stack *stack = &profile->stacks.items[i];
		uint32_t outer = 0;
		if (stack->parent)
			outer = of[ev_role_of_parent(profile, names, i)][stack->parent];
		else if (ends && ends[stack->place])
			outer = append(trie, 0, (const uint32_t[]){ 1, ends[stack->place] });
		for (enum ev_role role = 0; role < EV_ROLE_COUNT; role++) {
			if (!(roles[i] & 1 << role))
				continue;
			uint32_t first = names->first[stack->place][role];
			of[role][i] = append(trie, outer, &names->frames.items[first]);
		}
	}
}

uint32_t *ev_stacks_number(struct ev_named *named, const struct ev_stack *old, size_t count)
{
	uint32_t *child = ev_alloc(count * sizeof(*child));
	uint32_t *sibling = ev_alloc(count * sizeof(*sibling));
	struct ev_stack *stacks = ev_alloc(count * sizeof(*stacks));
	for (uint32_t i = (uint32_t)count; i-- > 1;) {
		sibling[i] = child[old[i].parent];
		child[old[i].parent] = i;
	}
	uint32_t at = child[0], next = 1;
	uint32_t *number = child; /* a child is looked at once, then its slot is free */
	number[0] = 0;
	while (at) {
		uint32_t inner = child[at];
		stacks[next] = (struct ev_stack){ number[old[at].parent], old[at].place };
		number[at] = next++;
		if (inner) {
			at = inner;
			continue;
		}
		while (at && !sibling[at])
			at = old[at].parent;
		at = at ? sibling[at] : 0;
	}
	free(sibling);
	named->stacks.items = stacks;
	named->stacks.count = named->stacks.room = count;
	return number;
}

void ev_stacks_fold(struct ev_named *named, const struct ev_place_names *names,
		    const uint8_t *roles, const uint32_t *ends)
{
	const struct ev_profile *profile = named->profile;
	size_t count = profile->stacks.count;
	uint32_t *of[EV_ROLE_COUNT];
	struct trie *trie = ev_alloc(sizeof(*trie));
	ev_array_add(trie);
	for (enum ev_role role = 0; role < EV_ROLE_COUNT; role++)
		of[role] = ev_alloc(count * sizeof(*of[role]));
	fold(trie, profile, names, roles, ends, of);
	ev_ids_done(&trie->ids.ids);
	uint32_t *number = ev_stacks_number(named, trie->items, trie->count);
	named->stack_of = of[EV_ROLE_EXACT];
	for (size_t i = 1; i < count; i++) {
		uint32_t stack = of[EV_ROLE_EXACT][i];
		named->stack_of[i] = number[stack ? stack : of[EV_ROLE_RETURN][i]];
	}
	free(number);
	free(of[EV_ROLE_RETURN]);
	ev_array_done(trie);
	free(trie);
}

static int by_tag(const void *one, const void *other)
{
	const struct ev_cell *a = one, *b = other;
	return a->tag < b->tag ? -1 : a->tag > b->tag;
}

/* Cells of one stack, in place: by tag, equal tags added up. Returns how many are left. */
static size_t merge_tags(struct ev_cell *cells, size_t count)
{
	size_t kept = 0;
	if (count > 1)
		qsort(cells, count, sizeof(*cells), by_tag);
	for (size_t i = 0; i < count; i++) {
		if (kept && cells[kept - 1].tag == cells[i].tag) {
			cells[kept - 1].samples += cells[i].samples;
			cells[kept - 1].period += cells[i].period;
		} else {
			cells[kept++] = cells[i];
		}
	}
	return kept;
}

void ev_cells_fold(struct ev_named *named)
{
	const struct ev_profile *profile = named->profile;
	size_t count = profile->cells.count, kept = 0;
	if (!count)
		return;
	struct ev_cell *cells = ev_alloc(count * sizeof(*cells));
	/* A counting sort: where the cells of every stack begin, then end. */
	size_t stack_count = named->stacks.count;
	uint32_t *end = ev_alloc((stack_count + 1) * sizeof(*end));
	for (size_t i = 0; i < count; i++)
		end[named->stack_of[profile->cells.items[i].stack] + 1]++;
	for (size_t i = 1; i <= stack_count; i++)
		end[i] += end[i - 1];
	for (size_t i = 0; i < count; i++) {
		struct ev_cell cell = profile->cells.items[i];
		cell.stack = named->stack_of[cell.stack];
		cells[end[cell.stack]++] = cell;
	}
	for (size_t i = 0, from = 0; i < stack_count; from = end[i++]) {
		size_t size = end[i] - from;
		if (!size)
			continue;
		for (size_t j = 0; j < size && kept != from; j++)
			cells[kept + j] = cells[from + j];
		kept += merge_tags(&cells[kept], size);
	}
	free(end);
	named->cells.items = ev_realloc(cells, kept * sizeof(*cells));
	named->cells.count = named->cells.room = kept;
}
