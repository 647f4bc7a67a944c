/* Steps from frame to frame become the nodes of a call tree, with their totals and in their order.
 * Of calls of a function by itself the first few are nodes; what is deeper is one node that says
 * how deep it goes. */
#include <stdlib.h>
#include <string.h>
#include "tree_nodes.h"

enum { CALLS_KEPT = 4 };

struct ev_tree_nodes ev_tree_nodes_begin(struct ev_tree *tree, bool fold)
{
	*tree = (struct ev_tree){ 0 };
	ev_array_add(&tree->nodes);
	return (struct ev_tree_nodes){ .tree = tree, .fold = fold };
}

static uint32_t child_of(struct ev_tree_nodes *nodes, uint32_t parent, uint32_t frame)
{
	bool added;
	uint32_t *id = ev_map_add(&nodes->ids, (uint64_t)parent << 32 | frame, 0, &added);
	if (added) {
		*id = (uint32_t)nodes->tree->nodes.count;
		struct ev_node *node = ev_array_add(&nodes->tree->nodes);
		node->parent = parent;
		node->frame = frame;
	}
	return *id;
}

/* Here a run of calls ends: in something else, or because it was running itself. */
static void end_run(struct ev_tree_nodes *nodes, struct ev_tree_spot spot)
{
	struct ev_node *node = &nodes->tree->nodes.items[spot.node];
	if (!nodes->fold || spot.calls <= CALLS_KEPT)
		return;
	uint32_t calls = spot.calls - CALLS_KEPT;
	if (!node->calls_least || calls < node->calls_least)
		node->calls_least = calls;
	if (calls > node->calls_most)
		node->calls_most = calls;
}

struct ev_tree_spot ev_tree_nodes_step(struct ev_tree_nodes *nodes, struct ev_tree_spot outer,
				       uint32_t frame)
{
	bool again = outer.node && nodes->tree->nodes.items[outer.node].frame == frame;
	struct ev_tree_spot spot = { .calls = again ? outer.calls + 1 : 1 };
	if (!again)
		end_run(nodes, outer);
	spot.node = nodes->fold && spot.calls > CALLS_KEPT + 1 ? outer.node /* it stands for them */
							       : child_of(nodes, outer.node, frame);
	return spot;
}

void ev_tree_nodes_weigh(struct ev_tree_nodes *nodes, struct ev_tree_spot spot, uint64_t samples,
			 uint64_t period)
{
	if (!samples && !period)
		return;
	nodes->tree->nodes.items[spot.node].samples += samples;
	nodes->tree->nodes.items[spot.node].self += period;
	end_run(nodes, spot);
}

/* ---- totals and order ----------------------------------------------------------------------- */

struct siblings {
	const struct ev_tree *tree;
	const struct ev_named *named;
};

enum { FEW_SIBLINGS = 16 };

static int by_total(const void *one, const void *other, void *context)
{
	const struct siblings *all = context;
	const struct ev_strings *strings = all->named->profile->strings;
	uint32_t left = *(const uint32_t *)one, right = *(const uint32_t *)other;
	const struct ev_node *a = &all->tree->nodes.items[left];
	const struct ev_node *b = &all->tree->nodes.items[right];
	if (a->total != b->total)
		return a->total > b->total ? -1 : 1;
	int order = strcmp(ev_strings_text(strings, all->named->frames.items[a->frame].function),
			   ev_strings_text(strings, all->named->frames.items[b->frame].function));
	return order ? order : left < right ? -1 : left > right;
}

static void sort_siblings(uint32_t *nodes, size_t count, struct siblings *all)
{
	if (count > FEW_SIBLINGS) {
		qsort_r(nodes, count, sizeof(*nodes), by_total, all);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		uint32_t node = nodes[i];
		size_t at = i;
		for (; at && by_total(&nodes[at - 1], &node, all) > 0; at--)
			nodes[at] = nodes[at - 1];
		nodes[at] = node;
	}
}

/* The children of every node become a list; most nodes have one. */
static void link_siblings(struct ev_tree *tree, const struct ev_named *named)
{
	struct siblings all = { tree, named };
	struct ev_node *nodes = tree->nodes.items;
	uint32_t count = (uint32_t)tree->nodes.count;
	uint32_t *list = ev_realloc(NULL, count * sizeof(*list));
	for (uint32_t i = count; i-- > 1;) {
		nodes[i].next = nodes[nodes[i].parent].first_child;
		nodes[nodes[i].parent].first_child = i;
	}
	for (uint32_t i = 0; i < count; i++) {
		uint32_t child = nodes[i].first_child;
		size_t found = 0;
		if (!child || !nodes[child].next)
			continue;
		for (; child; child = nodes[child].next)
			list[found++] = child;
		sort_siblings(list, found, &all);
		nodes[i].first_child = list[0];
		for (size_t k = 0; k < found; k++)
			nodes[list[k]].next = k + 1 < found ? list[k + 1] : 0;
	}
	free(list);
}

static void add_up(struct ev_tree *tree, const struct ev_named *named)
{
	struct ev_node *nodes = tree->nodes.items;
	for (uint32_t i = (uint32_t)tree->nodes.count; i-- > 0;) {
		nodes[i].total += nodes[i].self;
		if (i) {
			nodes[nodes[i].parent].total += nodes[i].total;
			nodes[nodes[i].parent].samples += nodes[i].samples;
		}
	}
	link_siblings(tree, named);
}

void ev_tree_nodes_finish(struct ev_tree_nodes *nodes, const struct ev_named *named)
{
	struct ev_tree *tree = nodes->tree;
	for (size_t i = 1; nodes->fold && i < tree->nodes.count; i++)
		if (tree->nodes.items[i].calls_most == 1) /* one is a call as any other */
			tree->nodes.items[i].calls_least = tree->nodes.items[i].calls_most = 0;
	ev_map_done(&nodes->ids);
	add_up(tree, named);
}

void ev_tree_done(struct ev_tree *tree)
{
	ev_array_done(&tree->nodes);
}
