/* Sums of samples and their scatter become shares, rates and differences with 95 % intervals. */
#include <math.h>
#include <stdlib.h>
#include "profile.h"

#define NORMAL_95 1.959963984540054

/* ---- variances --------------------------------------------------------------------------------
 */

/* Of a sum over `parts` parts from squared differences of neighbours: each is twice the variance of
 * one part. */
static double of_steps(double steps, const struct ev_scatter_all *all)
{
	return all->kept && steps > 0 ? steps * (double)all->parts / (2 * (double)all->kept) : 0;
}

/* Differences of neighbours overlap, and know less of the variance than as many free ones would
 * (von Neumann, 1941). */
static double degrees_of(const struct ev_scatter_all *all)
{
	double steps = (double)all->kept;
	return all->kept ? 2 * steps * steps / (3 * steps - 1) : 1;
}

struct variances {
	double of_samples, of_parts; /* of the sum; of_samples as if they were independent */
};

/* Of the period of a row less its share of all: what its share scatters by, times all. */
static struct variances share_variances(const struct ev_scatter *row,
					const struct ev_scatter_all *all)
{
	const struct ev_scatter *sums = &all->sums;
	double share = row->period / sums->period;
	double count = (double)sums->samples;
	double squares = row->squares * (1 - 2 * share) + share * share * sums->squares;
	double steps = row->steps - 2 * share * row->products + share * share * sums->steps;
	return (struct variances){
		.of_samples = squares > 0 && count > 1 ? squares * count / (count - 1) : 0,
		.of_parts = of_steps(steps, all),
	};
}

void ev_scatter_variances(const struct ev_scatter *row, const struct ev_scatter_all *all,
			  double *of_samples, double *of_parts)
{
	struct variances both = { 0 };
	if (all->sums.period > 0)
		both = share_variances(row, all);
	*of_samples = both.of_samples;
	*of_parts = both.of_parts;
}

/* ---- single figures ---------------------------------------------------------------------------
 */

struct ev_estimate ev_share_estimate(const struct ev_scatter *row, const struct ev_scatter_all *all)
{
	struct ev_estimate out = { .high = 1, .degrees = 1 };
	double whole = all->sums.period;
	if (!(whole > 0) || !(all->sums.squares > 0))
		return out;
	double share = row->period / whole, freedom = (double)all->sums.samples - 1;
	struct variances both = share_variances(row, all);
	/* A row of few samples knows little of its own scatter: all rows lend half. */
	double of_parts = fmax(both.of_parts, (both.of_parts + both.of_samples * all->design) / 2);
	double variance = fmax(both.of_samples, of_parts) / (whole * whole);
	if (of_parts > both.of_samples) {
		/* Only what is more than of independent samples is uncertain; drawn samples bear
		 * this out. */
		double excess = 1 - both.of_samples / of_parts;
		freedom = fmin(freedom, degrees_of(all) / (excess * excess));
	}
	/* As many independent samples would scatter as much. */
	double worth = variance > 0 && share < 1
			       ? share * (1 - share) / variance
			       : whole * whole / all->sums.squares / fmax(all->design, 1);
	double z = freedom >= 1 ? ev_student_95(freedom) : ev_student_95(1), z2 = z * z;
	double middle = share + z2 / (2 * worth);
	double half = z * sqrt(share * (1 - share) / worth + z2 / (4 * worth * worth));
	out.value = share;
	out.low = fmax(0, fmin(share, (middle - half) / (1 + z2 / worth)));
	out.high = fmin(1, fmax(share, (middle + half) / (1 + z2 / worth)));
	out.degrees = fmax(freedom, 1);
	return out;
}

struct ev_estimate ev_weight_estimate(const struct ev_scatter *row,
				      const struct ev_scatter_all *all)
{
	struct ev_estimate out = { .degrees = 1 };
	double whole = all->sums.period, value = row->period;
	if (!(whole > 0) || !(all->sums.squares > 0))
		return out;
	/* What the row has of all scatters, and so does all. */
	double share = value / whole, freedom = (double)all->sums.samples - 1;
	struct variances both = share_variances(row, all);
	double of_all = share * share * of_steps(all->sums.steps, all);
	double of_parts = of_steps(row->steps, all);
	double variance = fmax(both.of_samples + of_all, of_parts);
	if (of_parts > both.of_samples)
		freedom = fmin(freedom, degrees_of(all));
	double z = freedom >= 1 ? ev_student_95(freedom) : ev_student_95(1), z2 = z * z;
	double unit = all->sums.squares / whole * fmax(all->design, 1), count = 0;
	if (value > 0 && variance > 0) {
		count = value * value / variance;
		unit = value / count;
	} else if (value > 0) { /* the only row of a clock: nothing scatters */
		out = (struct ev_estimate){ value, value, value, fmax(freedom, 1) };
		return out;
	}
	double half = z * sqrt(count + z2 / 4);
	out.value = value;
	out.low = count > 0 ? fmax(0, (count + z2 / 2 - half) * unit) : 0;
	out.high = (count + z2 / 2 + half) * unit;
	out.degrees = fmax(freedom, 1);
	return out;
}

struct ev_estimate ev_estimate_scaled(struct ev_estimate estimate, double by)
{
	return (struct ev_estimate){ estimate.value * by, estimate.low * by, estimate.high * by,
				     estimate.degrees };
}

/* ---- differences ------------------------------------------------------------------------------
 */

/* Two-sided, of Student's t, by way of the normal (Wallace, 1959). */
static double chance_of(double t, double freedom)
{
	double z = (8 * freedom + 1) / (8 * freedom + 3) * sqrt(freedom * log1p(t * t / freedom));
	return erfc(z / sqrt(2));
}

/* `below` and `above` are how far the interval reaches; the end that points to `none`, where the
 * sides are equal, is what the chance is taken of. */
static struct ev_change change_of(double value, double below, double above, double freedom)
{
	struct ev_change change = {
		.value = value, .low = value - below, .high = value + above, .known = true
	};
	double toward = value > 0 ? below : above;
	change.chance = toward > 0
				? chance_of(fabs(value) / toward * ev_student_95(freedom), freedom)
			: value > 0 || value < 0 ? 0
						 : 1;
	return change;
}

struct ev_change ev_change_weighted(struct ev_estimate old, double old_weight,
				    struct ev_estimate new, double new_weight)
{
	double value = new.value *new_weight - old.value *old_weight;
	double new_low = (new.value - new.low) * new_weight;
	double new_high = (new.high - new.value) * new_weight;
	double old_low = (old.value - old.low) * old_weight;
	double old_high = (old.high - old.value) * old_weight;
	return change_of(value, hypot(new_low, old_high), hypot(new_high, old_low),
			 fmin(old.degrees, new.degrees));
}

struct ev_change ev_change_difference(struct ev_estimate old, struct ev_estimate new)
{
	return ev_change_weighted(old, 1, new, 1);
}

/* On the scale of logarithms a ratio is a difference. */
struct ev_change ev_change_ratio(struct ev_estimate old, struct ev_estimate new)
{
	struct ev_change change = { .chance = 1 };
	if (!(old.value > 0) || !(new.value > 0) || !(old.low > 0) || !(new.low > 0))
		return change;
	double below = hypot(log(new.value / new.low), log(old.high / old.value));
	double above = hypot(log(new.high / new.value), log(old.value / old.low));
	change =
		change_of(log(new.value / old.value), below, above, fmin(old.degrees, new.degrees));
	change.value = exp(change.value);
	change.low = exp(change.low);
	change.high = exp(change.high);
	return change;
}

static int by_size(const void *one, const void *other)
{
	double a = *(const double *)one, b = *(const double *)other;
	return a < b ? -1 : a > b;
}

double ev_chances_limit(const double *chances, size_t count, double share)
{
	double *sorted = ev_alloc((count + 1) * sizeof(*sorted)), limit = -1;
	for (size_t i = 0; i < count; i++)
		sorted[i] = chances[i];
	if (count)
		qsort(sorted, count, sizeof(*sorted), by_size);
	for (size_t i = 0; i < count; i++)
		if (sorted[i] <= share * (double)(i + 1) / (double)count)
			limit = sorted[i];
	free(sorted);
	return limit;
}
