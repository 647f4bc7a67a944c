/* The same event counted in several passes over a command: did the passes do the same work? */
#include <math.h>
#include <evprof/figures.h>

/* 99 % of differences of two means of the same thing are within so many of their errors (normal;
 * few runs make the errors themselves uncertain, so it is generous for three runs and more). */
#define DEVIATIONS 3.0

bool ev_passes_compare(const struct ev_running *passes, size_t count, double assumed,
		       struct ev_agreement *out)
{
	struct ev_running all = { 0 };
	*out = (struct ev_agreement){ 0 };
	for (size_t i = 0; i < count; i++) {
		if (!passes[i].count)
			continue;
		bool first = !all.count;
		ev_running_add(&all, passes[i].mean);
		if (first || passes[i].mean < passes[out->lowest].mean)
			out->lowest = i;
		if (first || passes[i].mean > passes[out->highest].mean)
			out->highest = i;
	}
	if (all.count < 2)
		return false;
	const struct ev_running *low = &passes[out->lowest], *high = &passes[out->highest];
	double mean = all.mean > 0 ? all.mean : 1;
	out->spread = (high->mean - low->mean) / mean;
	out->noise = assumed;
	if (low->count > 1 && high->count > 1) {
		double a = ev_running_relative_error(low) * low->mean;
		double b = ev_running_relative_error(high) * high->mean;
		out->noise = DEVIATIONS * sqrt(a * a + b * b) / mean;
	}
	out->agree = out->spread <= out->noise;
	return true;
}
