/* Rows of one table in several recordings become differences from the first: what changed, by how
 * much, and whether it is more than chance. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <evprof/figures.h>
#include "table.h"

struct comparing {
	struct ev_difference *out;
	const struct ev_table *table;
	const struct ev_named *named;
	const struct ev_scatters *scatters;
	const struct ev_scatter *items; /* self or children of them */
	const struct ev_difference_options *options;
	size_t event, width; /* events of one recording */
	size_t item_count;
};

static size_t column(const struct comparing *it, size_t recording)
{
	return recording * it->width + it->event;
}

static struct ev_estimate figure_of(const struct comparing *it, const struct ev_scatter *scatter,
				    const struct ev_scatter_all *all)
{
	switch (it->options->measure) {
	case EV_MEASURE_SHARE:
		return ev_share_estimate(scatter, all);
	case EV_MEASURE_SECOND:
		return ev_estimate_scaled(ev_weight_estimate(scatter, all),
					  all->seconds > 0 ? 1 / all->seconds : 0);
	default:
		return ev_weight_estimate(scatter, all);
	}
}

static struct ev_change change_of(const struct ev_difference_options *options,
				  struct ev_estimate old, struct ev_estimate new)
{
	switch (options->compute) {
	case EV_COMPUTE_RATIO:
		return ev_change_ratio(old, new);
	case EV_COMPUTE_WEIGHTED:
		return ev_change_weighted(old, options->old_weight, new, options->new_weight);
	default:
		return ev_change_difference(old, new);
	}
}

/* Whether a ratio or weighted difference comes of chance is asked of the plain difference: weights
 * make rows differ that do not. */
static double chance_of(const struct ev_difference_options *options, struct ev_estimate old,
			struct ev_estimate new, const struct ev_change *change)
{
	if (options->compute == EV_COMPUTE_DELTA || options->compute == EV_COMPUTE_DELTA_ABS)
		return change->chance;
	return ev_change_difference(old, new).chance;
}

static bool is_in(const struct comparing *it, size_t item)
{
	const struct ev_scatter *own = &it->items[item * it->scatters->event_count];
	bool any = false;
	for (size_t r = 0; r < it->out->recording_count; r++)
		any |= own[column(it, r)].samples || own[column(it, r)].period > 0;
	return any && (!it->options->baseline_only || own[column(it, 0)].samples);
}

/* Figures that no chance had a part in. */
static void make_exact(struct ev_difference_side *side)
{
	struct ev_change *change = &side->change;
	side->figure.low = side->figure.high = side->figure.value;
	change->low = change->high = change->value;
}

/* Exact figures are equal or not; shares to what double holds. */
static bool differs(const struct ev_difference_side *old, const struct ev_difference_side *new)
{
	double greater = fmax(old->figure.value, new->figure.value);
	return fabs(new->figure.value - old->figure.value) > 1e-9 * greater;
}

static void compare(const struct comparing *it, struct ev_difference_row *row)
{
	const struct ev_scatter *own = &it->items[row->item * it->scatters->event_count];
	for (size_t r = 0; r < it->out->recording_count; r++) {
		struct ev_difference_side *side = &row->sides[r], *old = &row->sides[0];
		const struct ev_scatter *scatter = &own[column(it, r)];
		side->samples = scatter->samples;
		side->period = (uint64_t)(scatter->period + 0.5);
		side->figure = figure_of(it, scatter, &it->scatters->all[column(it, r)]);
		if (!r)
			continue;
		side->presence = old->samples    ? side->samples ? EV_IN_BOTH : EV_IS_GONE
				 : side->samples ? EV_IS_NEW
						 : EV_IN_NEITHER;
		side->change = change_of(it->options, old->figure, side->figure);
		side->change.chance =
			chance_of(it->options, old->figure, side->figure, &side->change);
		if (it->options->exact)
			side->change.chance = differs(old, side) ? 0 : 1;
	}
	for (size_t r = 0; it->options->exact && r < it->out->recording_count; r++)
		make_exact(&row->sides[r]);
}

static bool is_tested(const struct comparing *it, const struct ev_difference_row *row,
		      size_t recording)
{
	return it->options->exact ||
	       row->sides[0].samples + row->sides[recording].samples >= EV_DIFFERENCE_LEAST_SAMPLES;
}

/* Row by row each has its chance; of thousands of rows some differ by chance alone. */
static void find_outstanding(const struct comparing *it, size_t recording)
{
	struct ev_difference *out = it->out;
	double *chances = ev_alloc((out->row_count + 1) * sizeof(*chances));
	size_t count = 0;
	for (size_t i = 0; i < out->row_count; i++)
		if (is_tested(it, &out->rows[i], recording))
			chances[count++] = out->rows[i].sides[recording].change.chance;
	double limit = ev_chances_limit(chances, count, it->options->chance_share);
	for (size_t i = 0; i < out->row_count; i++) {
		struct ev_difference_side *side = &out->rows[i].sides[recording];
		side->stands_out =
			is_tested(it, &out->rows[i], recording) && side->change.chance <= limit;
		out->rows[i].stands_out |= side->stands_out;
	}
	out->tested += count;
	free(chances);
}

/* ---- order ------------------------------------------------------------------------------------
 */

static double rank_of(const struct comparing *it, const struct ev_difference_row *row)
{
	size_t order = it->options->order;
	if (!order || order >= it->out->recording_count)
		return row->sides[0].figure.value;
	const struct ev_difference_side *side = &row->sides[order];
	if (!side->change.known)
		return -INFINITY;
	return it->options->compute == EV_COMPUTE_DELTA_ABS ? fabs(side->change.value)
							    : side->change.value;
}

static const char *name_of(const struct comparing *it, const struct ev_difference_row *row,
			   size_t key)
{
	return ev_row_text(it->table, it->named, &it->table->rows[row->item], key);
}

/* Equal ones by the greater figure, then in the order of the table or of the stacks, which does not
 * depend on chance either. */
static int by_rank(const void *one, const void *other, void *context)
{
	const struct comparing *it = context;
	const struct ev_difference_row *a = one, *b = other;
	double left = rank_of(it, a), right = rank_of(it, b);
	if (left > right || left < right)
		return left > right ? -1 : 1;
	for (size_t r = 0; r < it->out->recording_count; r++)
		if (a->sides[r].period != b->sides[r].period)
			return a->sides[r].period > b->sides[r].period ? -1 : 1;
	for (size_t k = 0; !it->out->of_stacks && k < it->table->key_count; k++) {
		int order = strcmp(name_of(it, a, k), name_of(it, b, k));
		if (order)
			return order;
	}
	return a->item < b->item ? -1 : a->item > b->item;
}

/* ---- the whole --------------------------------------------------------------------------------
 */

void ev_difference_build(struct ev_difference *difference, const struct ev_table *table,
			 const struct ev_named *named, const struct ev_scatters *scatters,
			 bool of_stacks, size_t event, size_t recordings,
			 const struct ev_difference_options *options)
{
	bool children = options->children && scatters->children && !of_stacks;
	struct comparing it = {
		.out = difference,
		.table = table,
		.named = named,
		.scatters = scatters,
		.items = children ? scatters->children : scatters->self,
		.options = options,
		.event = event,
		.width = table->event_count / recordings,
		.item_count = of_stacks ? named->stacks.count : table->row_count,
	};
	*difference = (struct ev_difference){
		.recording_count = recordings,
		.of_stacks = of_stacks,
		.rows = ev_alloc((it.item_count + 1) * sizeof(*difference->rows)),
		.total_samples = ev_alloc(recordings * sizeof(*difference->total_samples)),
		.total_period = ev_alloc(recordings * sizeof(*difference->total_period)),
	};
	size_t count = 0;
	for (uint32_t i = 0; i < it.item_count; i++)
		if (is_in(&it, i))
			difference->rows[count++].item = i;
	difference->row_count = count;
	difference->sides = ev_alloc((count * recordings + 1) * sizeof(*difference->sides));
	for (size_t i = 0; i < count; i++) {
		difference->rows[i].sides = &difference->sides[i * recordings];
		compare(&it, &difference->rows[i]);
	}
	for (size_t r = 0; r < recordings; r++) {
		difference->total_samples[r] = table->total_samples[column(&it, r)];
		difference->total_period[r] = table->total_period[column(&it, r)];
		if (r)
			find_outstanding(&it, r);
	}
	for (size_t i = 0; i < count; i++)
		difference->stand_out += difference->rows[i].stands_out;
	if (count)
		qsort_r(difference->rows, count, sizeof(*difference->rows), by_rank, &it);
}

void ev_difference_done(struct ev_difference *difference)
{
	free(difference->rows);
	free(difference->sides);
	free(difference->total_samples);
	free(difference->total_period);
	*difference = (struct ev_difference){ 0 };
}
