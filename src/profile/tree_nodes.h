/* A call tree that grows by paths through it. */
#ifndef PROFILE_TREE_NODES_H
#define PROFILE_TREE_NODES_H

#include <evprof/profile.h>
#include <evprof/tables.h>

struct ev_tree_nodes {
	struct ev_tree *tree;
	struct ev_map ids; /* (parent node, frame) -> node */
	bool fold;         /* deep recursion becomes one node */
};
/* Where a path stands: a node, and how many calls of its function by itself led there, its own
 * included. Zeroes: at the root. */
struct ev_tree_spot {
	uint32_t node, calls;
};

struct ev_tree_nodes ev_tree_nodes_begin(struct ev_tree *tree, bool fold);
struct ev_tree_spot ev_tree_nodes_step(struct ev_tree_nodes *nodes, struct ev_tree_spot outer,
				       uint32_t frame);
/* What ends there. */
void ev_tree_nodes_weigh(struct ev_tree_nodes *nodes, struct ev_tree_spot spot, uint64_t samples,
			 uint64_t period);
/* Totals, and children by falling total. */
void ev_tree_nodes_finish(struct ev_tree_nodes *nodes, const struct ev_named *named);

#endif
