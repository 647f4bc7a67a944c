/* Ranges put one over another become a treap of disjoint segments. Nodes are copied on the way down
 * unless they were made in the same batch, so earlier trees keep their shape. */
#include <stdlib.h>
#include "segments.h"

static struct ev_segment *node_of(const struct ev_segments *segments, uint32_t node)
{
	return &segments->nodes.items[node];
}

static uint64_t priority(const struct ev_segments *segments, uint32_t node)
{
	return ev_hash64(node_of(segments, node)->start ^ segments->seed);
}

static uint32_t node_new(struct ev_segments *segments, uint64_t start, uint64_t end, uint32_t value)
{
	struct ev_segment *node = ev_array_add(&segments->nodes);
	*node = (struct ev_segment){
		.start = start, .end = end, .value = value, .batch = segments->batch
	};
	return (uint32_t)(segments->nodes.count - 1);
}

/* A node that may be changed: itself when it is of this batch, else a copy. */
static uint32_t node_own(struct ev_segments *segments, uint32_t node)
{
	if (node_of(segments, node)->batch == segments->batch)
		return node;
	struct ev_segment copy = *node_of(segments, node);
	uint32_t own = node_new(segments, copy.start, copy.end, copy.value);
	node_of(segments, own)->left = copy.left;
	node_of(segments, own)->right = copy.right;
	return own;
}

/* Two trees: segments that start before `at`, and the others. */
static void split(struct ev_segments *segments, uint32_t tree, uint64_t at, uint32_t *before,
		  uint32_t *others)
{
	if (!tree) {
		*before = *others = 0;
		return;
	}
	uint32_t node = node_own(segments, tree), inner;
	if (node_of(segments, node)->start < at) {
		split(segments, node_of(segments, node)->right, at, &inner, others);
		node_of(segments, node)->right = inner;
		*before = node;
	} else {
		split(segments, node_of(segments, node)->left, at, before, &inner);
		node_of(segments, node)->left = inner;
		*others = node;
	}
}

/* One tree of two; every segment of `one` starts before those of `other`. */
static uint32_t merge(struct ev_segments *segments, uint32_t one, uint32_t other)
{
	if (!one || !other)
		return one | other;
	if (priority(segments, one) >= priority(segments, other)) {
		uint32_t node = node_own(segments, one);
		uint32_t right = merge(segments, node_of(segments, node)->right, other);
		node_of(segments, node)->right = right;
		return node;
	}
	uint32_t node = node_own(segments, other);
	uint32_t left = merge(segments, one, node_of(segments, node)->left);
	node_of(segments, node)->left = left;
	return node;
}

/* Cut the last segment of a tree off at `end`; what it had, its old end, is returned in *cut. */
static uint32_t shorten_last(struct ev_segments *segments, uint32_t tree, uint64_t end,
			     struct ev_segment *cut)
{
	uint32_t last = tree;
	while (last && node_of(segments, last)->right)
		last = node_of(segments, last)->right;
	*cut = last ? *node_of(segments, last) : (struct ev_segment){ 0 };
	if (!last || cut->end <= end)
		return tree;
	uint32_t top = node_own(segments, tree), at = top;
	while (node_of(segments, at)->right) {
		uint32_t right = node_own(segments, node_of(segments, at)->right);
		node_of(segments, at)->right = right;
		at = right;
	}
	node_of(segments, at)->end = end;
	return top;
}

void ev_segments_begin(struct ev_segments *segments)
{
	if (!segments->nodes.count) {
		ev_array_add(&segments->nodes); /* node 0 is no node */
		segments->seed = ev_hash64((uintptr_t)segments->nodes.items);
	}
	segments->batch++;
}

uint32_t ev_segments_insert(struct ev_segments *segments, uint32_t tree, uint64_t start,
			    uint64_t end, uint32_t value)
{
	if (start >= end)
		return tree;
	uint32_t before, others, covered, after;
	struct ev_segment cut, last;
	split(segments, tree, start, &before, &others);
	split(segments, others, end, &covered, &after);
	before = shorten_last(segments, before, start, &cut);
	/* What sticks out behind the new segment: of the one cut in front, or of the last covered.
	 */
	shorten_last(segments, covered, UINT64_MAX, &last);
	if (covered)
		cut = last;
	if (cut.end > end) {
		uint32_t rest = node_new(segments, end, cut.end, cut.value);
		after = merge(segments, rest, after);
	}
	uint32_t node = node_new(segments, start, end, value);
	return merge(segments, merge(segments, before, node), after);
}

const struct ev_segment *ev_segments_find(const struct ev_segments *segments, uint32_t tree,
					  uint64_t address, uint64_t *low, uint64_t *high)
{
	while (tree) {
		const struct ev_segment *node = node_of(segments, tree);
		if (address < node->start) {
			if (node->start < *high)
				*high = node->start;
			tree = node->left;
		} else if (address >= node->end) {
			if (node->end > *low)
				*low = node->end;
			tree = node->right;
		} else {
			if (node->start > *low)
				*low = node->start;
			if (node->end < *high)
				*high = node->end;
			return node;
		}
	}
	return NULL;
}

void ev_segments_done(struct ev_segments *segments)
{
	ev_array_done(&segments->nodes);
	*segments = (struct ev_segments){ 0 };
}
