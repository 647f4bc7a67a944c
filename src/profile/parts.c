/* Cells become the parts of a recording's time: how many are worth while, what all samples have in
 * each, and between which of them the program goes from one phase to another. */
#include <math.h>
#include <stdlib.h>
#include "parts.h"

/* So many samples in a part and more, so that those that hang together are mostly in one; parts
 * are put together down to the least number that still tells a variance. */
enum { PART_SAMPLES = 64, PARTS_AT_LEAST = 16 };
/* A step whose squares are so many times the usual ones' is from one phase to another. */
#define LEAP 12

static double squares_of(const struct ev_cell *cell)
{
	double period = (double)cell->period;
	return cell->samples ? period * period / (double)cell->samples : 0;
}

void ev_scatter_add(struct ev_scatter *scatter, const struct ev_cell *cell)
{
	scatter->samples += cell->samples;
	scatter->period += (double)cell->period;
	scatter->squares += squares_of(cell);
}

struct ev_parts *ev_parts_find(struct ev_scatters *scatters, const struct ev_table *table,
			       const struct ev_named *named)
{
	uint8_t *counted = ev_table_counted(table, named);
	size_t events = scatters->event_count;
	const struct ev_tag *tags = named->profile->tags.items;
	struct ev_parts *parts = ev_alloc(events * sizeof(*parts));
	uint8_t *has_times = ev_alloc(events);
	for (size_t i = 0; i < named->cells.count; i++)
		has_times[tags[named->cells.items[i].tag].event] |=
			tags[named->cells.items[i].tag].block > 1;
	for (size_t e = 0; e < events; e++) {
		parts[e].count = has_times[e] ? EV_BLOCK_COUNT : 0;
		while (parts[e].count > PARTS_AT_LEAST &&
		       table->total_samples[e] / parts[e].count < PART_SAMPLES) {
			parts[e].count /= 2;
			parts[e].shift++;
		}
	}
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		uint32_t event = tags[cell->tag].event;
		if (!counted[i])
			continue;
		parts[event].all[ev_part_of(&parts[event], &tags[cell->tag])] +=
			(double)cell->period;
		ev_scatter_add(&scatters->all[event].sums, cell);
	}
	for (size_t e = 0; e < events; e++) {
		struct ev_scatter_all *all = &scatters->all[e];
		all->parts = parts[e].count;
	}
	free(has_times);
	free(counted);
	return parts;
}

static int by_size(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;
	return a < b ? -1 : a > b;
}

/* The steps that are far beyond the usual one, and beyond what independent samples do; at most one
 * in four. Then the sums of all, over the others. */
void ev_parts_find_leaps(struct ev_parts *parts, struct ev_scatter_all *all)
{
	double sorted[EV_BLOCK_COUNT];
	size_t steps = parts->count ? parts->count - 1 : 0;
	all->sums.steps = 0;
	all->kept = steps;
	for (size_t i = 0; i < steps; i++)
		sorted[i] = parts->pool[i + 1];
	if (steps)
		qsort(sorted, steps, sizeof(*sorted), by_size);
	double limit = steps ? sorted[steps / 2] : 0;
	limit = LEAP * fmax(limit, 2 * all->sums.squares / (double)(parts->count + 1));
	if (steps)
		limit = fmax(limit, sorted[steps - 1 - steps / 4]);
	for (size_t i = 1; i <= steps; i++) {
		double by = parts->all[i] - parts->all[i - 1];
		parts->leaps[i] = parts->pool[i] > limit;
		all->kept -= parts->leaps[i];
		all->sums.steps += parts->leaps[i] ? 0 : by * by;
	}
	all->sums.products = all->sums.steps;
}
