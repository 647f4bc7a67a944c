/* Cells become the weights of rows: what ends in a function (self) and what passes through it
 * (children), for every combination of keys. */
#include <stdlib.h>
#include <string.h>
#include "path.h"
#include "table.h"

void ev_sort_by_key(size_t count, size_t key_count, const uint32_t *keys, uint32_t **ids,
		    uint32_t **end)
{
	*ids = ev_alloc((count ? count : 1) * sizeof(**ids));
	*end = ev_alloc((key_count + 1) * sizeof(**end));
	for (size_t i = 0; i < count; i++)
		if (keys[i] != EV_NO_KEY)
			(*end)[keys[i] + 1]++;
	for (size_t k = 1; k <= key_count; k++)
		(*end)[k] += (*end)[k - 1];
	/* Begins become ends while the ids are filled in. */
	for (uint32_t i = 0; i < count; i++)
		if (keys[i] != EV_NO_KEY)
			(*ids)[(*end)[keys[i]]++] = i;
}

struct rows {
	struct ev_rows *out;
	const struct ev_named *named;
	struct ev_table_index *index;
	size_t event_count;
	/* Per frame key: its row among the rows of the tag key at hand. */
	struct latest {
		uint32_t tag_key, row; /* tag_key + 1 */
	} * latest;
	uint32_t *open_count; /* per frame key: how often it is on the path */
};

static uint32_t row_of(struct rows *rows, uint32_t tag_key, uint32_t frame_key)
{
	struct latest *latest = &rows->latest[frame_key];
	if (latest->tag_key == tag_key + 1)
		return latest->row;
	latest->tag_key = tag_key + 1;
	latest->row = (uint32_t)rows->out->rows.count;
	struct ev_row *row = ev_array_add(&rows->out->rows);
	row->tag_key = tag_key;
	row->frame_key = frame_key;
	row->depth = UINT32_MAX;
	for (size_t i = 0; i < EV_WEIGHT_COUNT * rows->event_count; i++)
		*ev_array_add(&rows->out->weights) = 0;
	return latest->row;
}

static uint64_t *weight_of(struct rows *rows, uint32_t row, unsigned which)
{
	return &rows->out->weights
			.items[((size_t)row * EV_WEIGHT_COUNT + which) * rows->event_count];
}

static void add_self(struct rows *rows, uint32_t row, uint32_t event, const struct ev_cell *cell)
{
	weight_of(rows, row, EV_SELF_SAMPLES)[event] += cell->samples;
	weight_of(rows, row, EV_SELF_PERIOD)[event] += cell->period;
}

/* What was collected under each open frame: samples, then period, of every event. */
struct sums {
	uint64_t *items;
	size_t width; /* numbers per frame */
	size_t room;  /* frames */
};

static void cover_sums(struct sums *sums, size_t depth)
{
	if (depth <= sums->room)
		return;
	sums->room = depth * 2;
	sums->items = ev_realloc(sums->items, sums->room * sums->width * sizeof(*sums->items));
}

/* Close the frames that are deeper than `shared`: a frame's sum goes to its row, unless the same
 * function encloses it, and to the frame outside it. */
static void close_frames(struct rows *rows, struct ev_path *path, struct sums *sums, size_t shared,
			 uint32_t tag_key)
{
	for (size_t depth = path->depth; depth-- > shared;) {
		uint32_t frame = rows->named->stacks.items[path->stacks[depth]].place;
		uint32_t key = rows->index->frame_key[frame];
		const uint64_t *sum = &sums->items[depth * sums->width];
		if (key != EV_NO_KEY && !--rows->open_count[key]) {
			uint32_t row = row_of(rows, tag_key, key);
			uint64_t *all = weight_of(rows, row, EV_ALL_SAMPLES);
			if (depth < rows->out->rows.items[row].depth)
				rows->out->rows.items[row].depth = (uint32_t)depth;
			for (size_t i = 0; i < sums->width; i++)
				all[i] += sum[i];
		}
		for (size_t i = 0; depth && i < sums->width; i++)
			sums->items[(depth - 1) * sums->width + i] += sum[i];
	}
}

static void open_frames(struct rows *rows, struct ev_path *path, struct sums *sums, size_t shared)
{
	cover_sums(sums, path->depth);
	for (size_t depth = shared; depth < path->depth; depth++) {
		uint32_t frame = rows->named->stacks.items[path->stacks[depth]].place;
		uint32_t key = rows->index->frame_key[frame];
		if (key != EV_NO_KEY)
			rows->open_count[key]++;
		memset(&sums->items[depth * sums->width], 0, sums->width * sizeof(*sums->items));
	}
}

/* The rows of one tag key in a table with children. */
static void add_with_children(struct rows *rows, uint32_t tag_key, struct ev_path *path,
			      struct sums *sums)
{
	const struct ev_named *named = rows->named;
	const struct ev_table_index *index = rows->index;
	uint32_t from = tag_key ? index->cell_end[tag_key - 1] : 0;
	for (uint32_t i = from; i < index->cell_end[tag_key]; i++) {
		const struct ev_cell *cell = &named->cells.items[index->cells[i]];
		uint32_t event = named->profile->tags.items[cell->tag].event;
		uint32_t leaf = index->frame_key[named->stacks.items[cell->stack].place];
		if (leaf != EV_NO_KEY) {
			uint32_t row = row_of(rows, tag_key, leaf);
			add_self(rows, row, event, cell);
			if (!cell->stack) { /* no frame to open */
				weight_of(rows, row, EV_ALL_SAMPLES)[event] += cell->samples;
				weight_of(rows, row, EV_ALL_PERIOD)[event] += cell->period;
				continue;
			}
		} else if (!cell->stack) {
			continue;
		}
		size_t shared = ev_path_fork(path, named->stacks.items, cell->stack);
		close_frames(rows, path, sums, shared, tag_key);
		ev_path_enter(path, shared);
		open_frames(rows, path, sums, shared);
		uint64_t *top = &sums->items[(path->depth - 1) * sums->width];
		top[event] += cell->samples;
		top[rows->event_count + event] += cell->period;
	}
	close_frames(rows, path, sums, 0, tag_key);
	path->depth = 0;
}

static void add_self_only(struct rows *rows, uint32_t tag_key)
{
	const struct ev_named *named = rows->named;
	const struct ev_table_index *index = rows->index;
	uint32_t from = tag_key ? index->cell_end[tag_key - 1] : 0;
	for (uint32_t i = from; i < index->cell_end[tag_key]; i++) {
		const struct ev_cell *cell = &named->cells.items[index->cells[i]];
		uint32_t leaf = index->frame_key[named->stacks.items[cell->stack].place];
		if (leaf != EV_NO_KEY)
			add_self(rows, row_of(rows, tag_key, leaf),
				 named->profile->tags.items[cell->tag].event, cell);
	}
}

static void sort_cells(const struct ev_named *named, struct ev_table_index *index)
{
	uint32_t *keys = ev_alloc((named->cells.count + 1) * sizeof(*keys));
	for (size_t i = 0; i < named->cells.count; i++)
		keys[i] = index->tag_key[named->cells.items[i].tag];
	ev_sort_by_key(named->cells.count, index->tag_key_count, keys, &index->cells,
		       &index->cell_end);
	free(keys);
}

void ev_rows_collect(struct ev_rows *out, const struct ev_named *named,
		     struct ev_table_index *index, size_t event_count, bool children)
{
	struct rows rows = {
		.out = out,
		.named = named,
		.index = index,
		.event_count = event_count,
		.latest = ev_alloc(index->frame_key_count * sizeof(*rows.latest)),
		.open_count = ev_alloc(index->frame_key_count * sizeof(*rows.open_count)),
	};
	struct ev_path path = { 0 };
	struct sums sums = { .width = 2 * event_count };
	sort_cells(named, index);
	for (uint32_t tag_key = 0; tag_key < index->tag_key_count; tag_key++) {
		if (children)
			add_with_children(&rows, tag_key, &path, &sums);
		else
			add_self_only(&rows, tag_key);
	}
	ev_path_done(&path);
	free(sums.items);
	free(rows.latest);
	free(rows.open_count);
	ev_array_fit(&out->rows);
	ev_array_fit(&out->weights);
}
