/* Cells whose tags tell a part of the recording's time become the scatter of rows: how much each
 * changed from one part to the next. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "parts.h"
#include "path.h"
#include "profile.h"
#include "table.h"

/* ---- steps from part to part ------------------------------------------------------------------
 */

/* A row on its walk through the parts, of most of which it has nothing. */
struct walk {
	double now, last; /* period in this part, and in the last one it was in */
	uint32_t part;    /* that one + 1; 0 = none yet */
	bool open;        /* has something in this part */
};

static void step(struct ev_scatter *scatter, struct ev_parts *parts, size_t to, double by)
{
	parts->pool[to] += by * by;
	if (parts->leaps[to])
		return;
	scatter->steps += by * by;
	scatter->products += by * (parts->all[to] - parts->all[to - 1]);
}

/* The part is over. */
static void settle(struct ev_scatter *scatter, struct walk *walk, struct ev_parts *parts,
		   size_t part)
{
	if (!parts->count)
		return;
	if (walk->part && walk->part == part) {
		step(scatter, parts, part, walk->now - walk->last);
	} else {
		if (walk->part)
			step(scatter, parts, walk->part, -walk->last);
		if (part)
			step(scatter, parts, part, walk->now);
	}
	walk->last = walk->now;
	walk->part = (uint32_t)part + 1;
	walk->now = 0;
	walk->open = false;
}

/* The recording is over. */
static void finish(struct ev_scatter *scatter, const struct walk *walk, struct ev_parts *parts)
{
	if (walk->part && walk->part < parts->count)
		step(scatter, parts, walk->part, -walk->last);
}

/* ---- rows ------------------------------------------------------------------------------------ */

struct collecting {
	struct ev_scatters *out;
	const struct ev_table *table;
	const struct ev_named *named;
	struct ev_parts *parts;
	size_t count;    /* of cells that pass */
	uint32_t *order; /* cells by tag key, event, part; then by stack, as they stand */
	struct ev_map rows;
	struct walk *self, *children;
	EV_ARRAY(size_t) touched, touched_children; /* [row * events + event] in this part */
	uint32_t *open_count;                       /* per frame key: how often it is on the path */
	EV_ARRAY(struct ev_scatter) sums;           /* of each open frame */
};

static int by_part(const void *one, const void *other, void *context)
{
	const struct collecting *it = context;
	const struct ev_cell *cells = it->named->cells.items;
	uint32_t i = *(const uint32_t *)one, j = *(const uint32_t *)other;
	const struct ev_tag *tags = it->named->profile->tags.items;
	const struct ev_tag *a = &tags[cells[i].tag], *b = &tags[cells[j].tag];
	uint32_t left = it->table->index->tag_key[cells[i].tag];
	uint32_t right = it->table->index->tag_key[cells[j].tag];
	if (left != right)
		return left < right ? -1 : 1;
	if (a->event != b->event)
		return a->event < b->event ? -1 : 1;
	size_t part = ev_part_of(&it->parts[a->event], a),
	       later = ev_part_of(&it->parts[b->event], b);
	if (part != later)
		return part < later ? -1 : 1;
	return i < j ? -1 : i > j;
}

/* The row's place in both arrays; SIZE_MAX for what is filtered out. */
static size_t place_of(const struct collecting *it, uint32_t tag_key, uint32_t frame_key,
		       uint32_t event)
{
	const uint32_t *row =
		frame_key == EV_NO_KEY ? NULL : ev_map_find(&it->rows, tag_key, frame_key);
	return row ? *row * it->out->event_count + event : SIZE_MAX;
}

static void close_frames(struct collecting *it, const struct ev_path *path, size_t shared,
			 uint32_t tag_key, uint32_t event)
{
	for (size_t depth = path->depth; depth-- > shared;) {
		uint32_t frame = it->named->stacks.items[path->stacks[depth]].place;
		uint32_t key = it->table->index->frame_key[frame];
		const struct ev_scatter *sum = &it->sums.items[depth];
		if (key != EV_NO_KEY && !--it->open_count[key]) {
			size_t place = place_of(it, tag_key, key, event);
			struct ev_scatter *row = &it->out->children[place];
			struct walk *walk = &it->children[place];
			row->samples += sum->samples;
			row->period += sum->period;
			row->squares += sum->squares;
			walk->now += sum->period;
			if (!walk->open)
				*ev_array_add(&it->touched_children) = place;
			walk->open = true;
		}
		if (depth) {
			struct ev_scatter *outer = &it->sums.items[depth - 1];
			outer->samples += sum->samples;
			outer->period += sum->period;
			outer->squares += sum->squares;
		}
	}
}

static void open_frames(struct collecting *it, const struct ev_path *path, size_t shared)
{
	while (it->sums.count < path->depth)
		ev_array_add(&it->sums);
	for (size_t depth = shared; depth < path->depth; depth++) {
		uint32_t frame = it->named->stacks.items[path->stacks[depth]].place;
		uint32_t key = it->table->index->frame_key[frame];
		if (key != EV_NO_KEY)
			it->open_count[key]++;
		it->sums.items[depth] = (struct ev_scatter){ 0 };
	}
}

static void take_cell(struct collecting *it, struct ev_path *path, const struct ev_cell *cell,
		      uint32_t tag_key, uint32_t event)
{
	uint32_t leaf = it->table->index->frame_key[it->named->stacks.items[cell->stack].place];
	size_t place = place_of(it, tag_key, leaf, event);
	if (place != SIZE_MAX) {
		ev_scatter_add(&it->out->self[place], cell);
		it->self[place].now += (double)cell->period;
		if (!it->self[place].open)
			*ev_array_add(&it->touched) = place;
		it->self[place].open = true;
	}
	if (!it->out->children)
		return;
	if (!cell->stack) { /* no frame to open */
		if (place == SIZE_MAX)
			return;
		ev_scatter_add(&it->out->children[place], cell);
		it->children[place].now += (double)cell->period;
		if (!it->children[place].open)
			*ev_array_add(&it->touched_children) = place;
		it->children[place].open = true;
		return;
	}
	size_t shared = ev_path_fork(path, it->named->stacks.items, cell->stack);
	close_frames(it, path, shared, tag_key, event);
	ev_path_enter(path, shared);
	open_frames(it, path, shared);
	ev_scatter_add(&it->sums.items[path->depth - 1], cell);
}

/* Cells of one tag key, event and part. */
static void end_part(struct collecting *it, struct ev_path *path, uint32_t tag_key, uint32_t event,
		     size_t part)
{
	struct ev_parts *parts = &it->parts[event];
	close_frames(it, path, 0, tag_key, event);
	path->depth = 0;
	for (size_t i = 0; i < it->touched.count; i++)
		settle(&it->out->self[it->touched.items[i]], &it->self[it->touched.items[i]], parts,
		       part);
	for (size_t i = 0; i < it->touched_children.count; i++)
		settle(&it->out->children[it->touched_children.items[i]],
		       &it->children[it->touched_children.items[i]], parts, part);
	it->touched.count = it->touched_children.count = 0;
}

static void sort_cells(struct collecting *it)
{
	const struct ev_named *named = it->named;
	for (uint32_t i = 0; i < named->cells.count; i++)
		if (it->table->index->tag_key[named->cells.items[i].tag] != EV_NO_KEY)
			it->order[it->count++] = i;
	if (it->count)
		qsort_r(it->order, it->count, sizeof(*it->order), by_part, it);
}

static void collect(struct collecting *it)
{
	const struct ev_named *named = it->named;
	const struct ev_tag *tags = named->profile->tags.items;
	struct ev_path path = { 0 };
	size_t count = it->count, places = it->table->row_count * it->out->event_count;
	for (size_t i = 0; i < count; i++) {
		const struct ev_cell *cell = &named->cells.items[it->order[i]];
		const struct ev_tag *tag = &tags[cell->tag], *next = NULL;
		uint32_t key = it->table->index->tag_key[cell->tag], next_key = EV_NO_KEY;
		take_cell(it, &path, cell, key, tag->event);
		if (i + 1 < count) {
			uint32_t next_tag = named->cells.items[it->order[i + 1]].tag;
			next = &tags[next_tag];
			next_key = it->table->index->tag_key[next_tag];
		}
		size_t part = ev_part_of(&it->parts[tag->event], tag);
		if (!next || next_key != key || next->event != tag->event ||
		    ev_part_of(&it->parts[next->event], next) != part)
			end_part(it, &path, key, tag->event, part);
	}
	for (size_t i = 0; i < places; i++) {
		struct ev_parts *parts = &it->parts[i % it->out->event_count];
		finish(&it->out->self[i], &it->self[i], parts);
		if (it->out->children)
			finish(&it->out->children[i], &it->children[i], parts);
	}
	ev_path_done(&path);
}

/* Rows with few samples do not tell their own variance: together they do. */
static void find_designs(struct ev_scatters *scatters, size_t count)
{
	for (size_t e = 0; e < scatters->event_count; e++) {
		struct ev_scatter_all *all = &scatters->all[e];
		double samples = 0, parts = 0;
		for (size_t i = 0; i < count; i++) {
			double of_samples, of_parts;
			ev_scatter_variances(&scatters->self[i * scatters->event_count + e], all,
					     &of_samples, &of_parts);
			samples += of_samples;
			parts += of_parts;
		}
		all->design = samples > 0 && parts > samples ? parts / samples : 1;
	}
}

static void open_scatters(struct ev_scatters *scatters, const struct ev_table *table, size_t count,
			  bool children)
{
	size_t events = table->event_count;
	*scatters = (struct ev_scatters){
		.event_count = events,
		.self = ev_alloc((count * events + 1) * sizeof(struct ev_scatter)),
		.all = ev_alloc(events * sizeof(struct ev_scatter_all)),
	};
	if (children)
		scatters->children = ev_alloc((count * events + 1) * sizeof(struct ev_scatter));
}

void ev_table_scatters(struct ev_scatters *scatters, const struct ev_table *table,
		       const struct ev_named *named)
{
	size_t places = table->row_count * table->event_count + 1;
	open_scatters(scatters, table, table->row_count, table->has_children);
	struct ev_parts *parts = ev_parts_find(scatters, table, named);
	struct collecting it = {
		.out = scatters,
		.table = table,
		.named = named,
		.parts = parts,
		.order = ev_alloc((named->cells.count + 1) * sizeof(*it.order)),
		.self = ev_alloc(places * sizeof(*it.self)),
		.children = table->has_children ? ev_alloc(places * sizeof(*it.children)) : NULL,
		.open_count =
			ev_alloc((table->index->frame_key_count + 1) * sizeof(*it.open_count)),
	};
	for (uint32_t i = 0; i < table->row_count; i++)
		*ev_map_add(&it.rows, table->rows[i].tag_key, table->rows[i].frame_key, NULL) = i;
	sort_cells(&it);
	/* Once to see how far steps usually go, own samples only, and once for the sums. */
	struct ev_scatter *children = scatters->children;
	scatters->children = NULL;
	collect(&it);
	scatters->children = children;
	for (size_t e = 0; e < scatters->event_count; e++)
		ev_parts_find_leaps(&parts[e], &scatters->all[e]);
	memset(scatters->self, 0, places * sizeof(*scatters->self));
	memset(it.self, 0, places * sizeof(*it.self));
	collect(&it);
	find_designs(scatters, table->row_count);
	ev_map_done(&it.rows);
	ev_array_done(&it.touched);
	ev_array_done(&it.touched_children);
	ev_array_done(&it.sums);
	free(it.open_count);
	free(it.order);
	free(it.self);
	free(it.children);
	free(parts);
}

/* ---- stacks ---------------------------------------------------------------------------------- */

/* The steps of one stack, whose periods by event and part are given. */
static void step_stack(struct ev_scatter *own, struct ev_parts *parts, const double *periods,
		       size_t events)
{
	for (size_t e = 0; e < events; e++) {
		const double *of = &periods[e * EV_BLOCK_COUNT];
		for (size_t p = 1; own[e].samples && p < parts[e].count; p++)
			step(&own[e], &parts[e], p, of[p] - of[p - 1]);
	}
}

static void collect_stacks(struct ev_scatters *scatters, const struct ev_table *table,
			   const struct ev_named *named, struct ev_parts *parts)
{
	size_t events = scatters->event_count;
	const struct ev_tag *tags = named->profile->tags.items;
	double *periods = ev_alloc(events * EV_BLOCK_COUNT * sizeof(*periods));
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		uint32_t event = tags[cell->tag].event;
		struct ev_scatter *own = &scatters->self[cell->stack * events];
		if (ev_table_passes(table, named, cell)) {
			ev_scatter_add(&own[event], cell);
			periods[event * EV_BLOCK_COUNT +
				ev_part_of(&parts[event], &tags[cell->tag])] +=
				(double)cell->period;
		}
		if (i + 1 < named->cells.count && cell[1].stack == cell->stack)
			continue;
		step_stack(own, parts, periods, events);
		memset(periods, 0, events * EV_BLOCK_COUNT * sizeof(*periods));
	}
	free(periods);
}

void ev_stack_scatters(struct ev_scatters *scatters, const struct ev_table *table,
		       const struct ev_named *named)
{
	size_t places = named->stacks.count * table->event_count + 1;
	open_scatters(scatters, table, named->stacks.count, false);
	struct ev_parts *parts = ev_parts_find(scatters, table, named);
	collect_stacks(scatters, table, named, parts);
	for (size_t e = 0; e < scatters->event_count; e++)
		ev_parts_find_leaps(&parts[e], &scatters->all[e]);
	memset(scatters->self, 0, places * sizeof(*scatters->self));
	collect_stacks(scatters, table, named, parts);
	find_designs(scatters, named->stacks.count);
	free(parts);
}

void ev_scatters_done(struct ev_scatters *scatters)
{
	free(scatters->self);
	free(scatters->children);
	free(scatters->all);
	*scatters = (struct ev_scatters){ 0 };
}
