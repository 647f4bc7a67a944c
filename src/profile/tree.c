/* The stacks of one row become one call tree: inwards to the leaves or outwards to the roots. */
#include <stdlib.h>
#include "path.h"
#include "table.h"
#include "tree_nodes.h"

/* What a tree is made from. */
struct growing {
	struct ev_tree_nodes nodes;
	const struct ev_table *table;
	const struct ev_named *named;
	const struct ev_row *row;
	uint32_t event;
};

/* The spot of a stack's innermost frame, inside `outer`. */
static struct ev_tree_spot step(struct growing *grow, struct ev_tree_spot outer, uint32_t stack)
{
	uint32_t frame = grow->table->index->canonical[grow->named->stacks.items[stack].place];
	return ev_tree_nodes_step(&grow->nodes, outer, frame);
}

/* From a stack out to its root, under the tree's root. */
static void add_outwards(struct growing *grow, uint32_t stack, uint64_t samples, uint64_t period)
{
	struct ev_tree_spot spot = { 0 };
	for (; stack; stack = grow->named->stacks.items[stack].parent)
		spot = step(grow, spot, stack);
	ev_tree_nodes_weigh(&grow->nodes, spot, samples, period);
}

static bool belongs(const struct growing *grow, const struct ev_cell *cell)
{
	const struct ev_profile *profile = grow->named->profile;
	return grow->table->index->tag_key[cell->tag] == grow->row->tag_key &&
	       profile->tags.items[cell->tag].event == grow->event;
}

static uint32_t key_of_stack(const struct growing *grow, uint32_t stack)
{
	return grow->table->index->frame_key[grow->named->stacks.items[stack].place];
}

/* ---- where to begin ------------------------------------------------------------------------- */

/* The first cell of a stack or behind it. */
static size_t first_cell(const struct ev_named *named, uint32_t stack)
{
	size_t from = 0, to = named->cells.count;
	while (from < to) {
		size_t middle = from + (to - from) / 2;
		if (named->cells.items[middle].stack < stack)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

/* Frame key of every stack that no other of its key encloses; EV_NO_KEY for the others. */
static uint32_t *outermost_keys(const struct ev_table_index *index, const struct ev_named *named)
{
	uint32_t *keys = ev_alloc(named->stacks.count * sizeof(*keys));
	uint32_t *open = ev_alloc(index->frame_key_count * sizeof(*open));
	struct ev_path path = { 0 };
	keys[0] = EV_NO_KEY;
	for (uint32_t i = 1; i < named->stacks.count; i++) {
		size_t shared = ev_path_fork(&path, named->stacks.items, i);
		while (path.depth > shared) {
			uint32_t frame = named->stacks.items[path.stacks[--path.depth]].place;
			if (index->frame_key[frame] != EV_NO_KEY)
				open[index->frame_key[frame]]--;
		}
		ev_path_enter(&path, shared);
		keys[i] = index->frame_key[named->stacks.items[i].place];
		if (keys[i] != EV_NO_KEY && open[keys[i]]++)
			keys[i] = EV_NO_KEY;
	}
	ev_path_done(&path);
	free(open);
	return keys;
}

static void find_inner_ends(struct ev_table_index *index, const struct ev_named *named)
{
	uint32_t *end = ev_alloc(named->stacks.count * sizeof(*end));
	for (uint32_t i = (uint32_t)named->stacks.count; i-- > 1;) {
		uint32_t parent = named->stacks.items[i].parent;
		if (!end[i])
			end[i] = i + 1;
		if (end[parent] < end[i])
			end[parent] = end[i];
	}
	index->inner_end = end;
}

void ev_table_prepare_trees(const struct ev_table *table, const struct ev_named *named)
{
	struct ev_table_index *index = table->index;
	uint32_t *keys;
	size_t count = named->cells.count;
	if (index->starts)
		return;
	if (table->has_children) {
		count = named->stacks.count;
		keys = outermost_keys(index, named);
		find_inner_ends(index, named);
	} else {
		keys = ev_alloc((count + 1) * sizeof(*keys));
		for (size_t i = 0; i < count; i++)
			keys[i] = index->frame_key[named->stacks.items[named->cells.items[i].stack]
							   .place];
	}
	ev_sort_by_key(count, index->frame_key_count, keys, &index->starts, &index->start_end);
	free(keys);
}

/* ---- the walks ------------------------------------------------------------------------------ */

/* Every cell that ends in the row. */
static void each_leaf(struct growing *grow, void (*take)(struct growing *, const struct ev_cell *))
{
	const struct ev_table_index *index = grow->table->index;
	uint32_t key = grow->row->frame_key;
	for (uint32_t i = key ? index->start_end[key - 1] : 0; i < index->start_end[key]; i++) {
		const struct ev_cell *cell = &grow->named->cells.items[index->starts[i]];
		if (belongs(grow, cell))
			take(grow, cell);
	}
}

static void take_outwards(struct growing *grow, const struct ev_cell *cell)
{
	add_outwards(grow, cell->stack, cell->samples, cell->period);
}

static void take_own(struct growing *grow, const struct ev_cell *cell)
{
	struct ev_tree_spot spot = { 0 };
	if (cell->stack)
		spot = step(grow, spot, cell->stack);
	ev_tree_nodes_weigh(&grow->nodes, spot, cell->samples, cell->period);
}

/* A frame that is open inside an outermost frame of the row. */
struct open_frame {
	struct ev_tree_spot spot; /* inwards */
	uint32_t nearest; /* outwards: depth of the innermost frame of the row at or outside it */
	uint64_t samples, period;
};
struct inner_walk {
	struct ev_path path;
	struct open_frame *open; /* one per frame of the path */
	size_t room;
	bool callers;
};

static void close_inner(struct growing *grow, struct inner_walk *walk, size_t shared)
{
	for (size_t depth = walk->path.depth; walk->callers && depth-- > shared;) {
		struct open_frame *frame = &walk->open[depth];
		if (frame->samples || frame->period)
			add_outwards(grow, walk->path.stacks[depth], frame->samples, frame->period);
	}
}

static void open_inner(struct growing *grow, struct inner_walk *walk, size_t shared)
{
	if (walk->path.depth > walk->room) {
		walk->room = walk->path.depth * 2;
		walk->open = ev_realloc(walk->open, walk->room * sizeof(*walk->open));
	}
	for (size_t depth = shared; depth < walk->path.depth; depth++) {
		uint32_t stack = walk->path.stacks[depth];
		struct open_frame *frame = &walk->open[depth];
		*frame = (struct open_frame){ 0 };
		if (!walk->callers)
			frame->spot =
				step(grow, depth ? frame[-1].spot : (struct ev_tree_spot){ 0 },
				     stack);
		else if (key_of_stack(grow, stack) == grow->row->frame_key)
			frame->nearest = (uint32_t)depth;
		else
			frame->nearest = frame[-1].nearest; /* the outermost one is the row's */
	}
}

/* Every cell inside one outermost frame of the row. */
static void walk_inside(struct growing *grow, struct inner_walk *walk, uint32_t start)
{
	const struct ev_named *named = grow->named;
	uint32_t end = grow->table->index->inner_end[start];
	walk->path.base = named->stacks.items[start].parent;
	walk->path.depth = 0;
	for (size_t i = first_cell(named, start); i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		if (cell->stack >= end)
			break;
		if (!belongs(grow, cell))
			continue;
		size_t shared = ev_path_fork(&walk->path, named->stacks.items, cell->stack);
		close_inner(grow, walk, shared);
		ev_path_enter(&walk->path, shared);
		open_inner(grow, walk, shared);
		struct open_frame *top = &walk->open[walk->path.depth - 1];
		if (walk->callers) {
			walk->open[top->nearest].samples += cell->samples;
			walk->open[top->nearest].period += cell->period;
		} else {
			ev_tree_nodes_weigh(&grow->nodes, top->spot, cell->samples, cell->period);
		}
	}
	close_inner(grow, walk, 0);
}

/* Every cell that passes through the row. */
static void each_inside(struct growing *grow, bool callers)
{
	const struct ev_table_index *index = grow->table->index;
	uint32_t key = grow->row->frame_key;
	struct inner_walk walk = { .callers = callers };
	for (uint32_t i = key ? index->start_end[key - 1] : 0; i < index->start_end[key]; i++)
		walk_inside(grow, &walk, index->starts[i]);
	ev_path_done(&walk.path);
	free(walk.open);
}

/* From the roots to where the row's cells end. */
static void take_inwards(struct growing *grow, struct inner_walk *walk, const struct ev_cell *cell)
{
	size_t shared = ev_path_fork(&walk->path, grow->named->stacks.items, cell->stack);
	ev_path_enter(&walk->path, shared);
	open_inner(grow, walk, shared);
	struct ev_tree_spot spot = { 0 };
	if (walk->path.depth)
		spot = walk->open[walk->path.depth - 1].spot;
	ev_tree_nodes_weigh(&grow->nodes, spot, cell->samples, cell->period);
}

/* ---- the whole --------------------------------------------------------------------------------
 */

static struct growing begin(struct ev_tree *tree, const struct ev_table *table,
			    const struct ev_named *named, const struct ev_row *row, uint32_t event,
			    bool fold)
{
	ev_table_prepare_trees(table, named);
	return (struct growing){ .nodes = ev_tree_nodes_begin(tree, fold),
				 .table = table,
				 .named = named,
				 .row = row,
				 .event = event };
}

void ev_tree_of_row(struct ev_tree *tree, const struct ev_table *table,
		    const struct ev_named *named, const struct ev_row *row, uint32_t event,
		    bool callers, bool fold)
{
	struct growing grow = begin(tree, table, named, row, event, fold);
	if (table->has_children)
		each_inside(&grow, callers);
	else
		each_leaf(&grow, callers ? take_outwards : take_own);
	ev_tree_nodes_finish(&grow.nodes, named);
}

void ev_tree_to_row(struct ev_tree *tree, const struct ev_table *table,
		    const struct ev_named *named, const struct ev_row *row, uint32_t event,
		    bool fold)
{
	if (table->has_children) {
		ev_tree_of_row(tree, table, named, row, event, false, fold);
		return;
	}
	struct growing grow = begin(tree, table, named, row, event, fold);
	struct inner_walk walk = { 0 };
	const struct ev_table_index *index = table->index;
	uint32_t key = row->frame_key;
	for (uint32_t i = key ? index->start_end[key - 1] : 0; i < index->start_end[key]; i++) {
		const struct ev_cell *cell = &named->cells.items[index->starts[i]];
		if (belongs(&grow, cell))
			take_inwards(&grow, &walk, cell);
	}
	ev_path_done(&walk.path);
	free(walk.open);
	ev_tree_nodes_finish(&grow.nodes, named);
}
