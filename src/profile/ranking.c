/* Rows in the order of their weight become the question whether more samples would keep it. */
#include <math.h>
#include <stdlib.h>
#include "profile.h"
#include "table.h"

#define NORMAL_95 1.959963984540054

typedef uint16_t row_bits; /* of EV_RANKING_LIMIT rows */

/* What samples that are in only one of two neighbours say. */
struct pair {
	double ahead, behind; /* period in the first, the second */
	double squares_ahead, squares_behind;
};

static double squares_of(const struct ev_cell *cell)
{
	double period = (double)cell->period;
	return cell->samples ? period * period / (double)cell->samples : 0;
}

/* The rows of every frame key, whatever the tag; and of every tag key, whatever the frame. */
static void find_bits(const struct ev_row *const *rows, size_t count, row_bits *of_frame,
		      row_bits *of_tag)
{
	for (size_t i = 0; i < count; i++) {
		of_frame[rows[i]->frame_key] |= (row_bits)(1u << i);
		of_tag[rows[i]->tag_key] |= (row_bits)(1u << i);
	}
}

static row_bits *bits_of_stacks(const struct ev_table *table, const struct ev_named *named,
				const row_bits *of_frame)
{
	row_bits *bits = ev_alloc(named->stacks.count * sizeof(*bits));
	for (size_t i = 0; i < named->stacks.count; i++) {
		const struct ev_stack *stack = &named->stacks.items[i];
		uint32_t key = table->index->frame_key[stack->place];
		bits[i] = key == EV_NO_KEY ? 0 : of_frame[key];
		if (i && stack->parent && table->has_children)
			bits[i] |= bits[stack->parent];
	}
	return bits;
}

static void add_cell(struct pair *pairs, row_bits in, size_t count, const struct ev_cell *cell)
{
	for (size_t i = 0; i + 1 < count; i++) {
		unsigned both = in >> i & 3;
		if (both == 1) {
			pairs[i].ahead += (double)cell->period;
			pairs[i].squares_ahead += squares_of(cell);
		} else if (both == 2) {
			pairs[i].behind += (double)cell->period;
			pairs[i].squares_behind += squares_of(cell);
		}
	}
}

/* By how many times the samples must grow for the order to be known; 0 when it is. */
static double needed(const struct pair *pair, double period, double squares, double design)
{
	double ahead = pair->ahead - pair->behind;
	if (!(pair->behind > 0)) /* the second is part of the first */
		return 0;
	double share = ahead / period;
	double variance = pair->squares_ahead + pair->squares_behind -
			  2 * share * (pair->squares_ahead - pair->squares_behind) +
			  share * share * squares;
	double half = NORMAL_95 * sqrt(variance * design);
	if (ahead > half)
		return 0;
	return ahead > 0 ? half / ahead * (half / ahead) : INFINITY;
}

size_t ev_ranking_find(const struct ev_table *table, const struct ev_named *named,
		       const struct ev_row *const *rows, size_t count, size_t event, double design,
		       struct ev_unsettled out[EV_RANKING_LIMIT])
{
	const struct ev_table_index *index = table->index;
	struct pair pairs[EV_RANKING_LIMIT] = { 0 };
	double period = 0, squares = 0;
	size_t found = 0;
	if (count > EV_RANKING_LIMIT)
		count = EV_RANKING_LIMIT;
	if (count < 2)
		return 0;
	row_bits *of_frame = ev_alloc((index->frame_key_count + 1) * sizeof(*of_frame));
	row_bits *of_tag = ev_alloc((index->tag_key_count + 1) * sizeof(*of_tag));
	find_bits(rows, count, of_frame, of_tag);
	row_bits *of_stack = bits_of_stacks(table, named, of_frame);
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		uint32_t tag_key = index->tag_key[cell->tag];
		if (named->profile->tags.items[cell->tag].event != event)
			continue;
		period += (double)cell->period;
		squares += squares_of(cell);
		if (tag_key != EV_NO_KEY)
			add_cell(pairs, of_stack[cell->stack] & of_tag[tag_key], count, cell);
	}
	for (size_t i = 0; i + 1 < count; i++) {
		double times = needed(&pairs[i], period, squares, design);
		if (!(times > 0))
			continue;
		if (found && out[found - 1].last == i) {
			out[found - 1].last = i + 1;
			out[found - 1].times = fmax(out[found - 1].times, times);
		} else {
			out[found++] = (struct ev_unsettled){ i, i + 1, times };
		}
	}
	free(of_frame);
	free(of_tag);
	free(of_stack);
	return found;
}
