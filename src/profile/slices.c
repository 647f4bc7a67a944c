/* What a counter counted in the slices of time in which it had the hardware becomes an estimate of
 * the whole, with the error of having seen only a part.
 *
 * The estimate is the ratio estimator of survey sampling: R = sum(value) / sum(running), and the
 * total R * enabled. Its variance comes from the residuals value - R * running of the slices:
 *
 *     var(total) = enabled^2 * (1 - f) / (n * mean(running)^2) * sum(residual^2) / (n - 1)
 *
 * with f = running / enabled, the share of the population that was seen (W. G. Cochran, Sampling
 * Techniques, 3rd edition 1977, 6.3 and 6.4, with the finite population correction of 2.6). Slices
 * in which the counter never ran are the part that was not drawn. The kernel draws in turn, not by
 * chance: a program whose phases are long against a slice is covered better than the formula says,
 * one that beats in time with the rotation may fool it. */
#include <math.h>
#include <evprof/figures.h>

/* With fewer, the spread of the slices themselves is hardly known. */
#define SLICES_LEAST 5

void ev_slices_add(struct ev_slices *slices, const struct ev_count *slice)
{
	double value = (double)slice->value, running = (double)slice->running_ns;
	slices->enabled_ns += (double)slice->enabled_ns;
	if (!slice->running_ns)
		return;
	slices->count++;
	slices->values += value;
	slices->running_ns += running;
	slices->values_squared += value * value;
	slices->products += value * running;
	slices->running_squared += running * running;
}

void ev_scaled_add(struct ev_scaled *scaled, const struct ev_slices *slices)
{
	if (!(slices->running_ns > 0)) {
		scaled->is_unknown |= slices->enabled_ns > 0; /* nothing was seen of it */
		return;
	}
	double ratio = slices->values / slices->running_ns;
	double seen = slices->running_ns / slices->enabled_ns, n = (double)slices->count;
	scaled->total += ratio * slices->enabled_ns;
	if (!(seen < 1))
		return;
	/* A bound of 0 for what was never met while it was looked for would be no bound. */
	if (slices->count < SLICES_LEAST || slices->values <= 0) {
		scaled->is_unknown = true;
		return;
	}
	double residuals = slices->values_squared - 2 * ratio * slices->products +
			   ratio * ratio * slices->running_squared;
	double mean_running = slices->running_ns / n;
	residuals = residuals > 0 ? residuals : 0; /* rounding */
	scaled->variance += slices->enabled_ns * slices->enabled_ns * (1 - seen) /
			    (n * mean_running * mean_running) * residuals / (n - 1);
	scaled->degrees += slices->count - 1;
}

void ev_scaled_merge(struct ev_scaled *scaled, const struct ev_scaled *other)
{
	scaled->total += other->total;
	scaled->variance += other->variance;
	scaled->degrees += other->degrees;
	scaled->is_unknown |= other->is_unknown;
}

/* 97.5 % point of Student's t: an expansion about the normal one (Abramowitz and Stegun, Handbook
 * of Mathematical Functions, 26.7.5), within 0.2 % from 4 degrees of freedom on. */
static double student(double degrees)
{
	const double x = 1.959963985, x3 = x * x * x, x5 = x3 * x * x, x7 = x5 * x * x;
	double one = (x3 + x) / 4, two = (5 * x5 + 16 * x3 + 3 * x) / 96;
	double three = (3 * x7 + 19 * x5 + 17 * x3 - 15 * x) / 384;
	return x + (one + (two + three / degrees) / degrees) / degrees;
}

double ev_scaled_error(const struct ev_scaled *scaled)
{
	if (scaled->is_unknown)
		return -1;
	if (!scaled->degrees || scaled->total == 0)
		return 0;
	return student((double)scaled->degrees) * sqrt(scaled->variance) / fabs(scaled->total);
}
