/* Blocks of time in the tags of samples become what an event had weighed in all when each line was
 * last in one of its samples. */
#include <stdlib.h>
#include <evprof/tables.h>

static bool counts(const struct ev_lines *lines, const struct ev_cell *cell, size_t event)
{
	return lines->passes[cell->tag] &&
	       lines->named->profile->tags.items[cell->tag].event == event;
}

/* The last block of each stack that has samples, with all that end further in. */
static uint32_t *last_blocks(const struct ev_lines *lines, size_t event)
{
	const struct ev_named *named = lines->named;
	uint32_t *last = ev_alloc(named->stacks.count * sizeof(*last));
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		uint32_t block = named->profile->tags.items[cell->tag].block;
		if (counts(lines, cell, event) && block > last[cell->stack])
			last[cell->stack] = block;
	}
	for (size_t i = named->stacks.count; i-- > 1;) {
		uint32_t parent = named->stacks.items[i].parent;
		if (last[i] > last[parent])
			last[parent] = last[i];
	}
	return last;
}

uint64_t *ev_lines_reached(const struct ev_lines *lines, size_t event)
{
	const struct ev_named *named = lines->named;
	uint64_t *reached = ev_alloc(lines->lines.count * sizeof(*reached));
	uint32_t *last = last_blocks(lines, event), block_count = 0;
	uint32_t *line_last = ev_alloc(lines->lines.count * sizeof(*line_last));
	for (size_t i = 1; i < named->stacks.count; i++) {
		uint32_t line = lines->line_of[named->stacks.items[i].place];
		if (last[i] > line_last[line])
			line_last[line] = last[i];
	}
	for (size_t i = 0; i < named->profile->tags.count; i++)
		if (named->profile->tags.items[i].block > block_count)
			block_count = named->profile->tags.items[i].block;
	uint64_t *until = ev_alloc(((size_t)block_count + 1) * sizeof(*until));
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		if (counts(lines, cell, event))
			until[named->profile->tags.items[cell->tag].block] += cell->period;
	}
	for (size_t i = 1; i <= block_count; i++)
		until[i] += until[i - 1];
	for (size_t i = 0; i < lines->lines.count; i++)
		reached[i] = line_last[i] ? until[line_last[i]] : 0;
	free(until);
	free(line_last);
	free(last);
	return reached;
}
