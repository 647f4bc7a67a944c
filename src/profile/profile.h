/* What the files of this stage know of the profile beyond its public face. */
#ifndef PROFILE_PROFILE_H
#define PROFILE_PROFILE_H

#include <evprof/figures.h>
#include <evprof/profile.h>

/* Give back the memory of the search tables; the next addition makes them again. */
void ev_profile_forget_index(struct ev_profile *profile);

/* Half of Student's 95 % interval. */
double ev_student_95(double freedom);

/* Of the period of a row less its share of all. */
void ev_scatter_variances(const struct ev_scatter *row, const struct ev_scatter_all *all,
			  double *of_samples, double *of_parts);

/* Sums of both. */
void ev_quality_merge(struct ev_quality *into, const struct ev_quality *from);

/* Samples that `quality` counts; see ev_profile.is_member. */
static inline uint64_t ev_cell_samples(const struct ev_profile *profile, const struct ev_cell *cell)
{
	if (!profile->is_member.count)
		return cell->samples;
	uint32_t event = profile->tags.items[cell->tag].event;
	bool again = event < profile->is_member.count && profile->is_member.items[event];
	return again ? 0 : cell->samples;
}

#endif
