/* Sums that most tables do without, added up by the rows of one that is built, by lines or by
 * instructions: of two counts that were read together, and of what ran in the kernel. */
#include <stdlib.h>
#include "table.h"

static struct ev_ratio_sums *sums_of(struct ev_joints *joints, uint32_t ratio, uint32_t tag,
				     uint32_t stack)
{
	bool added;
	uint32_t *index = ev_map_add(&joints->index, (uint64_t)tag << 32 | stack, ratio, &added);
	if (added) {
		*ev_array_add(&joints->items) =
			(struct ev_joint){ .ratio = ratio, .tag = tag, .stack = stack };
		*index = (uint32_t)joints->items.count;
	}
	return &joints->items.items[*index - 1].sums;
}

void ev_joints_add(struct ev_joints *joints, uint32_t ratio, uint32_t tag, uint32_t stack, double x,
		   double y)
{
	ev_ratio_sums_add(sums_of(joints, ratio, tag, stack), x, y);
}

void ev_joints_merge(struct ev_joints *joints, uint32_t ratio, uint32_t tag, uint32_t stack,
		     const struct ev_ratio_sums *sums)
{
	ev_ratio_sums_merge(sums_of(joints, ratio, tag, stack), sums);
}

void ev_joints_done(struct ev_joints *joints)
{
	ev_array_done(&joints->items);
	ev_map_done(&joints->index);
}

/* (tag key, frame key) -> row + 1. */
static struct ev_map find_rows(const struct ev_table *table)
{
	struct ev_map rows = { 0 };
	for (size_t i = 0; i < table->row_count; i++)
		*ev_map_add(&rows, table->rows[i].tag_key, table->rows[i].frame_key, NULL) =
			(uint32_t)i + 1;
	return rows;
}

/* The row + 1 in which something of this tag that ends in this named stack is counted; 0 when it is
 * filtered out. */
static uint32_t row_of(const struct ev_table *table, const struct ev_named *named,
		       const struct ev_map *rows, uint32_t tag, uint32_t stack)
{
	uint32_t tag_key = table->index->tag_key[tag];
	uint32_t frame_key = table->index->frame_key[named->stacks.items[stack].place];
	const uint32_t *row = NULL;
	if (tag_key != EV_NO_KEY && frame_key != EV_NO_KEY)
		row = ev_map_find(rows, tag_key, frame_key);
	return row ? *row : 0;
}

struct ev_ratio_sums *ev_table_ratio_sums(const struct ev_table *table,
					  const struct ev_named *named,
					  const struct ev_joints *joints, size_t ratio_count)
{
	struct ev_ratio_sums *sums = ev_alloc((table->row_count + 1) * ratio_count * sizeof(*sums));
	struct ev_map rows = find_rows(table);
	const uint32_t *settled = named->profile->settled;
	for (size_t i = 0; i < joints->items.count; i++) {
		const struct ev_joint *joint = &joints->items.items[i];
		uint32_t stack = settled ? settled[joint->stack] : joint->stack;
		uint32_t row = row_of(table, named, &rows, joint->tag, named->stack_of[stack]);
		if (!row)
			continue;
		ev_ratio_sums_merge(&sums[(row - 1) * ratio_count + joint->ratio], &joint->sums);
		ev_ratio_sums_merge(&sums[table->row_count * ratio_count + joint->ratio],
				    &joint->sums);
	}
	ev_map_done(&rows);
	return sums;
}

struct ev_ratio_sums *ev_lines_ratio_sums(const struct ev_lines *lines,
					  const struct ev_joints *joints, size_t ratio_count)
{
	const struct ev_named *named = lines->named;
	size_t count = lines->lines.count;
	struct ev_ratio_sums *sums = ev_alloc((count + 1) * ratio_count * sizeof(*sums));
	const uint32_t *settled = named->profile->settled;
	for (size_t i = 0; i < joints->items.count; i++) {
		const struct ev_joint *joint = &joints->items.items[i];
		uint32_t stack = settled ? settled[joint->stack] : joint->stack;
		uint32_t leaf = named->stack_of[stack], python = ev_stack_python(named, leaf);
		size_t line = lines->line_of[named->stacks.items[leaf].place];
		if (!lines->passes[joint->tag])
			continue;
		if (python && python != leaf) {
			size_t above = lines->line_of[named->stacks.items[python].place];
			ev_ratio_sums_merge(&sums[above * ratio_count + joint->ratio],
					    &joint->sums);
		}
		ev_ratio_sums_merge(&sums[line * ratio_count + joint->ratio], &joint->sums);
		ev_ratio_sums_merge(&sums[count * ratio_count + joint->ratio], &joint->sums);
	}
	return sums;
}

struct ev_ratio_sums *ev_spots_ratio_sums(const struct ev_spots *spots,
					  const struct ev_lines *lines,
					  const struct ev_joints *joints, size_t ratio_count)
{
	const struct ev_profile *profile = lines->named->profile;
	struct ev_ratio_sums *sums =
		ev_alloc((spots->items.count * ratio_count + 1) * sizeof(*sums));
	for (size_t i = 0; i < joints->items.count; i++) {
		const struct ev_joint *joint = &joints->items.items[i];
		uint32_t stack = profile->settled ? profile->settled[joint->stack] : joint->stack;
		const struct ev_place *place =
			&profile->places.items[profile->stacks.items[stack].place];
		if (!stack || !lines->passes[joint->tag])
			continue;
		size_t spot = ev_spots_find(spots, place->object, place->offset);
		ev_ratio_sums_merge(&sums[spot * ratio_count + joint->ratio], &joint->sums);
	}
	return sums;
}

uint64_t *ev_table_kernel_period(const struct ev_table *table, const struct ev_named *named)
{
	uint64_t *periods =
		ev_alloc((table->row_count * table->event_count + 1) * sizeof(*periods));
	struct ev_map rows = find_rows(table);
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		uint32_t frame = named->stacks.items[cell->stack].place;
		uint32_t row = named->frames.items[frame].kernel
				       ? row_of(table, named, &rows, cell->tag, cell->stack)
				       : 0;
		if (row)
			periods[(row - 1) * table->event_count +
				named->profile->tags.items[cell->tag].event] += cell->period;
	}
	ev_map_done(&rows);
	return periods;
}
