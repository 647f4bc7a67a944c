/* A named profile becomes the rows of a flat table, by any keys, in order and with totals. */
#include <stdlib.h>
#include <string.h>
#include "table.h"

/* ---- keys of frames and tags ---------------------------------------------------------------- */

/* What parts rows: a value of each key, and what equal names are told apart by. */
enum { TUPLE_LIMIT = 2 * EV_KEY_COUNT, MAP_COUNT = TUPLE_LIMIT / 2 };

/* Numbers become one, by pairs. */
static uint32_t intern_tuple(struct ev_map maps[MAP_COUNT], const uint32_t *values, size_t count,
			     uint32_t *next)
{
	uint64_t so_far = 0;
	bool added = false;
	uint32_t *id = NULL;
	for (size_t i = 0, level = 0; i < count; level++) {
		uint64_t pair = values[i++];
		pair = i < count ? pair << 32 | values[i++] : pair << 32;
		id = ev_map_add(&maps[level], pair, so_far, &added);
		if (added)
			*id = i < count ? (uint32_t)maps[level].count : (*next)++;
		so_far = *id;
	}
	return *id;
}

struct building {
	struct ev_table *table;
	const struct ev_named *named;
	struct ev_table_index *index;
	struct ev_arena scratch;
	struct ev_sieve sieve;
	struct ev_owners owners;
	EV_ARRAY(uint32_t) frame_values; /* per frame key, one for each key in its order */
	EV_ARRAY(uint32_t) tag_values;
	uint32_t *frame_sample; /* a frame of each frame key */
	uint32_t *hidden;       /* per frame key: its object's name, which parts equal symbols */
	bool part_by_object;    /* symbols without objects are asked for */
};

static void keep_values(const struct ev_table *table, const uint32_t *row, uint32_t **items,
			size_t *count, size_t *room)
{
	for (size_t k = 0; k < table->key_count; k++) {
		if (*count == *room)
			ev_array_grow((void **)items, count, room, sizeof(**items));
		else
			++*count;
		(*items)[*count - 1] = row[k];
	}
}

static void find_frame_keys(struct building *build)
{
	const struct ev_named *named = build->named;
	struct ev_table_index *index = build->index;
	struct ev_table *table = build->table;
	struct ev_map maps[MAP_COUNT] = { 0 };
	size_t frame_count = named->frames.count;
	index->frame_key = ev_alloc(frame_count * sizeof(*index->frame_key));
	build->frame_sample = ev_alloc(frame_count * sizeof(*build->frame_sample));
	build->hidden = ev_alloc(frame_count * sizeof(*build->hidden));
	for (uint32_t i = 0; i < frame_count; i++) {
		uint32_t values[TUPLE_LIMIT] = { 0 }, row[EV_KEY_COUNT] = { 0 };
		size_t count = 0;
		for (size_t k = 0; k < table->key_count; k++)
			if (ev_keys[table->keys[k]].of_frame)
				values[count++] = row[k] =
					ev_frame_value(named, i, table->keys[k], &build->scratch);
		uint32_t object = named->object_names[named->frames.items[i].object];
		if (build->part_by_object)
			values[count++] = object;
		if (!count)
			count = 1;
		uint32_t before = index->frame_key_count;
		uint32_t key = intern_tuple(maps, values, count, &index->frame_key_count);
		if (index->frame_key_count != before) {
			keep_values(table, row, &build->frame_values.items,
				    &build->frame_values.count, &build->frame_values.room);
			build->frame_sample[key] = i;
			build->hidden[key] = object;
		}
		index->frame_key[i] = ev_sieve_frame(&build->sieve, i) ? key : EV_NO_KEY;
	}
	for (size_t i = 0; i < EV_LENGTH(maps); i++)
		ev_map_done(&maps[i]);
}

static void find_tag_keys(struct building *build)
{
	const struct ev_named *named = build->named;
	struct ev_table_index *index = build->index;
	struct ev_table *table = build->table;
	struct ev_map maps[MAP_COUNT] = { 0 };
	size_t tag_count = named->profile->tags.count;
	index->tag_key = ev_alloc(tag_count * sizeof(*index->tag_key));
	index->tag_sample = ev_alloc(tag_count * sizeof(*index->tag_sample));
	ev_owners_find(&build->owners, named);
	build->sieve.owners = &build->owners;
	for (uint32_t i = 0; i < tag_count; i++) {
		const struct ev_tag *tag = &named->profile->tags.items[i];
		uint32_t values[TUPLE_LIMIT] = { 0 }, row[EV_KEY_COUNT] = { 0 };
		size_t count = 0;
		for (size_t k = 0; k < table->key_count; k++)
			if (!ev_keys[table->keys[k]].of_frame) {
				values[count++] = row[k] =
					ev_tag_value(named, tag, table->keys[k], &build->owners,
						     &build->scratch);
				if (table->keys[k] == EV_KEY_SYMBOL_FROM)
					values[count++] =
						ev_tag_value(named, tag, EV_KEY_OBJECT_FROM,
							     &build->owners, &build->scratch);
			}
		uint32_t before = index->tag_key_count;
		uint32_t key = intern_tuple(maps, values, count ? count : 1, &index->tag_key_count);
		if (index->tag_key_count != before) {
			keep_values(table, row, &build->tag_values.items, &build->tag_values.count,
				    &build->tag_values.room);
			index->tag_sample[key] = i;
		}
		index->tag_key[i] = ev_sieve_tag(&build->sieve, tag) ? key : EV_NO_KEY;
	}
	for (size_t i = 0; i < EV_LENGTH(maps); i++)
		ev_map_done(&maps[i]);
}

/* ---- rows ----------------------------------------------------------------------------------- */

static void finish_rows(struct building *build, struct ev_rows *rows)
{
	struct ev_table *table = build->table;
	uint64_t *weights = rows->weights.items;
	table->rows = rows->rows.items;
	table->row_count = rows->rows.count;
	build->index->weights = weights;
	size_t keys = table->key_count;
	uint32_t *values = ev_alloc((table->row_count * keys + 1) * sizeof(*values));
	build->index->values = values;
	for (size_t i = 0; i < table->row_count; i++) {
		struct ev_row *row = &table->rows[i];
		uint64_t *own = &weights[i * EV_WEIGHT_COUNT * table->event_count];
		row->samples = own + EV_SELF_SAMPLES * table->event_count;
		row->period = own + EV_SELF_PERIOD * table->event_count;
		if (table->has_children) {
			row->children_samples = own + EV_ALL_SAMPLES * table->event_count;
			row->children = own + EV_ALL_PERIOD * table->event_count;
		}
		row->frame = build->frame_sample[row->frame_key];
		row->values = &values[i * keys];
		for (size_t k = 0; k < table->key_count; k++)
			row->values[k] =
				ev_keys[table->keys[k]].of_frame
					? build->frame_values.items[row->frame_key * keys + k]
					: build->tag_values.items[row->tag_key * keys + k];
	}
	ev_rows_order(table, build->named->profile->strings,
		      build->part_by_object ? build->hidden : NULL);
}

/* ---- totals --------------------------------------------------------------------------------- */

/* Whether any frame of a stack passes, for every stack. */
static uint8_t *stacks_that_pass(const struct ev_table *table, const struct ev_named *named)
{
	const uint32_t *frame_key = table->index->frame_key;
	uint8_t *pass = ev_alloc(named->stacks.count);
	pass[0] = frame_key[0] != EV_NO_KEY;
	for (size_t i = 1; i < named->stacks.count; i++) {
		const struct ev_stack *stack = &named->stacks.items[i];
		pass[i] = frame_key[stack->place] != EV_NO_KEY ||
			  (stack->parent && pass[stack->parent]);
	}
	return pass;
}

uint8_t *ev_table_counted(const struct ev_table *table, const struct ev_named *named)
{
	bool absolute = table->index->absolute;
	uint8_t *counted = ev_alloc(named->cells.count + 1);
	uint8_t *pass = table->has_children && !absolute ? stacks_that_pass(table, named) : NULL;
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		bool counts = absolute;
		if (!counts && pass)
			counts = table->index->tag_key[cell->tag] != EV_NO_KEY && pass[cell->stack];
		else if (!counts)
			counts = ev_table_passes(table, named, cell);
		counted[i] = counts;
	}
	free(pass);
	return counted;
}

static void add_totals(struct ev_table *table, const struct ev_named *named)
{
	uint8_t *counted = ev_table_counted(table, named);
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		uint32_t event = named->profile->tags.items[cell->tag].event;
		if (counted[i]) {
			table->total_samples[event] += cell->samples;
			table->total_period[event] += cell->period;
		}
	}
	free(counted);
}

/* ---- the whole ------------------------------------------------------------------------------ */

static void find_canonical(struct ev_table_index *index, const struct ev_named *named)
{
	struct ev_map seen = { 0 };
	index->canonical = ev_alloc(named->frames.count * sizeof(*index->canonical));
	ev_map_reserve(&seen, named->frames.count);
	for (uint32_t i = 0; i < named->frames.count; i++) {
		index->canonical[i] = i; /* of a path of branches every line is a step */
		if (named->profile->has_history)
			continue;
		const struct ev_frame *frame = &named->frames.items[i];
		bool added;
		uint32_t *first = ev_map_add(&seen, (uint64_t)frame->function << 32 | frame->object,
					     (uint64_t)frame->inlined << 1 | frame->kernel, &added);
		if (added)
			*first = i;
		index->canonical[i] = *first;
	}
	ev_map_done(&seen);
}

int ev_table_build(struct ev_table *table, struct ev_named *named, const enum ev_key *keys,
		   size_t key_count, bool children, const struct ev_filter *filter,
		   struct ev_err *err)
{
	struct building build = { .table = table, .named = named };
	struct ev_rows rows = { 0 };
	bool symbols = false, objects = false;
	*table = (struct ev_table){ .key_count = key_count, .has_children = children };
	int rc = ev_sieve_open(&build.sieve, filter, named, err);
	if (rc)
		return rc;
	build.index = table->index = ev_alloc(sizeof(*table->index));
	for (size_t k = 0; k < key_count; k++) {
		table->keys[k] = keys[k];
		build.index->by_frame |= ev_keys[keys[k]].of_frame;
		symbols |= keys[k] == EV_KEY_SYMBOL || keys[k] == EV_KEY_SYMBOL_TO;
		objects |= keys[k] == EV_KEY_OBJECT || keys[k] == EV_KEY_OBJECT_TO;
	}
	build.part_by_object = symbols && !objects;
	table->event_count = named->profile->event_count ? named->profile->event_count : 1;
	table->total_samples =
		ev_arena_take(&table->arena, table->event_count * sizeof(*table->total_samples));
	table->total_period =
		ev_arena_take(&table->arena, table->event_count * sizeof(*table->total_period));
	find_frame_keys(&build);
	find_tag_keys(&build);
	find_canonical(build.index, named);
	ev_rows_collect(&rows, named, build.index, table->event_count, children);
	finish_rows(&build, &rows);
	ev_array_done(&build.frame_values);
	table->index->absolute = filter && filter->absolute;
	add_totals(table, named);
	free(build.frame_sample);
	free(build.hidden);
	ev_array_done(&build.tag_values);
	ev_owners_done(&build.owners);
	ev_sieve_done(&build.sieve);
	ev_arena_done(&build.scratch);
	return 0;
}

void ev_table_done(struct ev_table *table)
{
	struct ev_table_index *index = table->index;
	if (index) {
		free(index->frame_key);
		free(index->tag_key);
		free(index->canonical);
		free(index->cells);
		free(index->cell_end);
		free(index->starts);
		free(index->start_end);
		free(index->inner_end);
		free(index->weights);
		free(index->values);
		free(index->tag_sample);
		free(index);
	}
	free(table->rows);
	ev_arena_done(&table->arena);
	*table = (struct ev_table){ 0 };
}

char ev_row_level(const struct ev_table *table, const struct ev_named *named,
		  const struct ev_row *row, size_t key)
{
	const struct ev_tag *tag =
		&named->profile->tags.items[table->index->tag_sample[row->tag_key]];
	if (key >= table->key_count)
		return 0;
	return ev_key_level(named, tag, row->frame, table->keys[key]);
}

const char *ev_row_text(const struct ev_table *table, const struct ev_named *named,
			const struct ev_row *row, size_t key)
{
	return key < table->key_count ? ev_strings_text(named->profile->strings, row->values[key])
				      : "";
}

bool ev_table_passes(const struct ev_table *table, const struct ev_named *named,
		     const struct ev_cell *cell)
{
	return table->index->tag_key[cell->tag] != EV_NO_KEY &&
	       table->index->frame_key[named->stacks.items[cell->stack].place] != EV_NO_KEY;
}
