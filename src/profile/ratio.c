/* Two counts of many samples become a ratio and how far it can be trusted. */
#include <math.h>
#include <evprof/tables.h>
#include "profile.h"

#define NORMAL_95 1.959963984540054
/* So many events may have been expected where none was seen (Poisson, 97.5 %). */
#define NONE_SEEN_95 3.688879454113936

void ev_ratio_sums_add(struct ev_ratio_sums *sums, double x, double y)
{
	sums->samples++;
	sums->x += x;
	sums->y += y;
	sums->xx += x * x;
	sums->xy += x * y;
	sums->yy += y * y;
}

void ev_ratio_sums_merge(struct ev_ratio_sums *into, const struct ev_ratio_sums *from)
{
	into->samples += from->samples;
	into->x += from->x;
	into->y += from->y;
	into->xx += from->xx;
	into->xy += from->xy;
	into->yy += from->yy;
}

/* Student's t for 95 %, by the first terms of its expansion about the normal (Abramowitz and
 * Stegun 26.7.5): within 1 % from 3 degrees of freedom on; exact values for fewer. */
double ev_student_95(double freedom)
{
	static const double few[] = { 0, 12.7062, 4.3027 };
	const double z = NORMAL_95, z2 = z * z;
	if (freedom < 3)
		return few[(int)freedom];
	double first = z * (z2 + 1) / 4;
	double second = z * ((5 * z2 + 16) * z2 + 3) / 96;
	double third = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
	return z + (first + (second + third / freedom) / freedom) / freedom;
}

struct ev_ratio_value ev_ratio_estimate(const struct ev_ratio_sums *sums,
					const struct ev_ratio_sums *all, double scale)
{
	struct ev_ratio_value out = { 0 };
	if (!(sums->x > 0))
		return out;
	double count = (double)sums->samples, ratio = sums->y / sums->x, half;
	out.known = true;
	out.value = out.low = out.high = ratio * scale;
	out.few = sums->samples < EV_RATIO_FEW_SAMPLES;
	if (sums->samples < 2)
		return out;
	out.bounded = true;
	if (sums->y > 0) {
		double scatter = sums->yy - 2 * ratio * sums->xy + ratio * ratio * sums->xx;
		double variance = scatter > 0 ? scatter * count / (count - 1) : 0;
		half = ev_student_95(count - 1) * sqrt(variance) / sums->x;
		double whole = all && all->x > 0 ? all->y / all->x : 0;
		out.few |= half > EV_RATIO_FEW_OWN * ratio && half > EV_RATIO_FEW_ALL * whole;
		out.low = half < ratio ? (ratio - half) * scale : 0;
	} else { /* none seen: no scatter to go by */
		half = NONE_SEEN_95 / sums->x;
	}
	out.high = (ratio + half) * scale;
	return out;
}

struct ev_ratio_value ev_ratio_exact(const struct ev_ratio_sums *sums, double scale)
{
	struct ev_ratio_value out = { 0 };
	if (!(sums->x > 0))
		return out;
	out.known = true;
	out.value = out.low = out.high = sums->y / sums->x * scale;
	return out;
}
