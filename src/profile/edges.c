/* The stacks of a profile become the calls between rows of its table. */
#include <stdlib.h>
#include "table.h"

struct finding {
	struct ev_edges *edges;
	const struct ev_table *table;
	const struct ev_named *named;
	const bool *wanted;
	uint32_t *row_of;           /* frame key -> row + 1 */
	struct ev_map ids;          /* (caller, callee) -> edge + 1 */
	EV_ARRAY(size_t) last_cell; /* per edge: in which cell it was seen last, + 1 */
};

static uint32_t row_at(const struct finding *find, uint32_t stack)
{
	uint32_t key = find->table->index->frame_key[find->named->stacks.items[stack].place];
	return key == EV_NO_KEY ? 0 : find->row_of[key];
}

static void add_call(struct finding *find, uint32_t caller, uint32_t callee, uint32_t stack,
		     size_t index)
{
	const struct ev_cell *cell = &find->named->cells.items[index];
	bool added;
	uint32_t *id = ev_map_add(&find->ids, (uint64_t)caller << 32 | callee, 0, &added);
	if (added) {
		*ev_array_add(&find->edges->items) = (struct ev_edge){ .caller = caller - 1,
								       .callee = callee - 1,
								       .inlined = true };
		*ev_array_add(&find->last_cell) = 0;
		*id = (uint32_t)find->edges->items.count;
	}
	struct ev_edge *edge = &find->edges->items.items[*id - 1];
	uint32_t frame = find->named->stacks.items[stack].place;
	edge->inlined &= find->named->frames.items[frame].inlined;
	if (find->last_cell.items[*id - 1] == index + 1)
		return;
	find->last_cell.items[*id - 1] = index + 1;
	edge->samples += cell->samples;
	edge->period += cell->period;
}

/* From the leaf outwards; what the filters leave out is not there, neither as caller nor as callee.
 */
static void add_stack(struct finding *find, size_t index)
{
	uint32_t stack = find->named->cells.items[index].stack, callee_stack = 0, callee = 0;
	for (; stack; stack = find->named->stacks.items[stack].parent) {
		uint32_t caller = row_at(find, stack);
		if (!caller)
			continue;
		if (callee && caller != callee &&
		    (!find->wanted || find->wanted[caller - 1] || find->wanted[callee - 1]))
			add_call(find, caller, callee, callee_stack, index);
		callee = caller;
		callee_stack = stack;
	}
}

void ev_edges_find(struct ev_edges *edges, const struct ev_table *table,
		   const struct ev_named *named, uint32_t event, const bool *wanted)
{
	struct finding find = {
		.edges = edges,
		.table = table,
		.named = named,
		.wanted = wanted,
		.row_of = ev_alloc((table->index->frame_key_count + 1) * sizeof(*find.row_of)),
	};
	*edges = (struct ev_edges){ 0 };
	for (uint32_t i = 0; i < table->row_count; i++)
		find.row_of[table->rows[i].frame_key] = i + 1;
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		if (named->profile->tags.items[cell->tag].event == event &&
		    table->index->tag_key[cell->tag] != EV_NO_KEY)
			add_stack(&find, i);
	}
	ev_map_done(&find.ids);
	ev_array_done(&find.last_cell);
	free(find.row_of);
}

void ev_edges_done(struct ev_edges *edges)
{
	ev_array_done(&edges->items);
}
