/* Which of the traced functions may call themselves: those that are left when, again and again, all
 * are taken away that call none of the others or are called by none. */
#include <stdlib.h>
#include <evprof/symbol_calls.h>

struct call_edge {
	uint32_t from, to;
};
struct call_edges {
	struct call_edge *items;
	size_t count, room;
};

static void find_edges(const struct ev_call_points *points, struct call_edges *edges)
{
	struct ev_map known = { 0 };
	for (size_t i = 0; i < points->count; i++) {
		const struct ev_call_point *point = &points->items[i];
		/* Points of one file share its path. */
		*ev_map_add(&known, point->address, (uintptr_t)point->path, NULL) = (uint32_t)i;
	}
	for (size_t i = 0; i < points->count; i++) {
		const struct ev_call_point *point = &points->items[i];
		for (size_t k = 0; k < point->callee_count; k++) {
			const uint32_t *to =
				ev_map_find(&known, point->callees[k], (uintptr_t)point->path);
			if (to)
				*ev_array_add(edges) = (struct call_edge){ (uint32_t)i, *to };
		}
	}
	ev_map_done(&known);
}

void ev_call_points_ready(struct ev_call_points *points)
{
	struct call_edges edges = { 0 };
	bool shrank = true;
	find_edges(points, &edges);
	for (size_t i = 0; i < points->count; i++)
		points->items[i].recursive = true;
	uint8_t *seen = ev_alloc(points->count + 1);
	while (shrank) {
		shrank = false;
		for (size_t i = 0; i < points->count; i++)
			seen[i] = 0;
		for (size_t i = 0; i < edges.count; i++) {
			const struct call_edge *edge = &edges.items[i];
			if (!points->items[edge->from].recursive ||
			    !points->items[edge->to].recursive)
				continue;
			seen[edge->from] |= 1;
			seen[edge->to] |= 2;
		}
		for (size_t i = 0; i < points->count; i++) {
			shrank |= points->items[i].recursive && seen[i] != 3;
			points->items[i].recursive &= seen[i] == 3;
		}
	}
	free(seen);
	ev_array_done(&edges);
}
