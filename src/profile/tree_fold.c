/* Deep recursion in a call tree becomes one node: of calls of a function by itself the first few
 * are kept, what is deeper is one node that says how deep it goes. */
#include <stdlib.h>
#include "table.h"

enum { CALLS_KEPT = 4 };

struct folding {
	struct ev_tree *tree;
	EV_ARRAY(struct ev_node) nodes; /* the new ones */
	struct ev_map ids;              /* (new parent, frame) -> new node */
	uint32_t *become;               /* old node -> new node */
	uint32_t *run;                  /* old node -> calls of it in a row, its own included */
};

static bool is_needed(const struct folding *fold)
{
	for (size_t i = 1; i < fold->tree->nodes.count; i++)
		if (fold->run[i] > CALLS_KEPT + 1)
			return true;
	return false;
}

static void find_runs(struct folding *fold)
{
	const struct ev_node *nodes = fold->tree->nodes.items;
	for (size_t i = 1; i < fold->tree->nodes.count; i++) {
		uint32_t parent = nodes[i].parent;
		bool again = parent && nodes[parent].frame == nodes[i].frame;
		fold->run[i] = again ? fold->run[parent] + 1 : 1;
	}
}

/* Samples of a node without those of its children. */
static uint64_t *own_samples(const struct ev_tree *tree)
{
	uint64_t *own = ev_alloc(tree->nodes.count * sizeof(*own));
	for (size_t i = 0; i < tree->nodes.count; i++)
		own[i] = tree->nodes.items[i].samples;
	for (size_t i = 1; i < tree->nodes.count; i++)
		own[tree->nodes.items[i].parent] -= tree->nodes.items[i].samples;
	return own;
}

static uint32_t new_node(struct folding *fold, uint32_t old)
{
	const struct ev_node *node = &fold->tree->nodes.items[old];
	uint32_t parent = fold->become[node->parent];
	bool added;
	if (fold->run[old] > CALLS_KEPT + 1)
		return parent; /* it is the node that stands for them */
	uint32_t *id = ev_map_add(&fold->ids, (uint64_t)parent << 32 | node->frame, 0, &added);
	if (added) {
		*id = (uint32_t)fold->nodes.count;
		struct ev_node *fresh = ev_array_add(&fold->nodes);
		fresh->parent = parent;
		fresh->frame = node->frame;
	}
	return *id;
}

/* Here a run of calls ends: in something else, or because it was running itself. */
static void end_run(struct folding *fold, uint32_t old)
{
	struct ev_node *node = &fold->nodes.items[fold->become[old]];
	if (fold->run[old] <= CALLS_KEPT)
		return;
	uint32_t calls = fold->run[old] - CALLS_KEPT;
	if (!node->calls_least || calls < node->calls_least)
		node->calls_least = calls;
	if (calls > node->calls_most)
		node->calls_most = calls;
}

void ev_tree_fold(struct ev_tree *tree, const struct ev_named *named)
{
	size_t count = tree->nodes.count;
	struct folding fold = {
		.tree = tree,
		.become = ev_alloc(count * sizeof(*fold.become)),
		.run = ev_alloc(count * sizeof(*fold.run)),
	};
	find_runs(&fold);
	if (is_needed(&fold)) {
		uint64_t *own = own_samples(tree);
		ev_array_add(&fold.nodes);
		fold.nodes.items[0].self = tree->nodes.items[0].self;
		fold.nodes.items[0].samples = own[0];
		for (uint32_t i = 1; i < count; i++) {
			const struct ev_node *node = &tree->nodes.items[i];
			fold.become[i] = new_node(&fold, i);
			fold.nodes.items[fold.become[i]].self += node->self;
			fold.nodes.items[fold.become[i]].samples += own[i];
			if (own[i] || node->self)
				end_run(&fold, i);
			if (fold.run[i] == 1 && node->parent)
				end_run(&fold, node->parent);
		}
		free(own);
		ev_tree_done(tree);
		tree->nodes.items = fold.nodes.items;
		tree->nodes.count = fold.nodes.count;
		tree->nodes.room = fold.nodes.room;
		ev_tree_add_up(tree, named);
	}
	ev_map_done(&fold.ids);
	free(fold.become);
	free(fold.run);
}
