/* What `evprof diff` was asked to compare, and the stages of doing it. */
#ifndef CMD_DIFF_H
#define CMD_DIFF_H

#include <evprof/view.h>
#include "join.h"
#include "options.h"

struct diff_options {
	struct option_list paths;
	const char *compute, *by, *sort, *order, *absolute, *percentage, *separator, *format;
	const char *output, *time;
	bool force, stdio, demangle, baseline_only, children;
	struct ev_filter filter;
	struct ev_symbolizer_options symbols;
	struct ev_diff_options view;
};
/* What was typed, parsed. */
struct diff_plan {
	enum ev_key keys[EV_KEY_COUNT];
	size_t key_count;
	bool by_stack;
	const struct ev_diff_format *format;
	struct ev_difference_options how;
};

struct join_options diff_join_options(const struct diff_options *options,
				      const struct diff_plan *plan);
/* What is compared of each row, as --absolute has it or as the way of comparing wants. */
int diff_choose_measure(const struct diff_options *options, struct diff_plan *plan,
			struct ev_err *err);

/* Everything that is shown; zeroed = empty. */
struct diff_made {
	struct ev_table table;
	struct ev_scatters scatters;
	struct ev_report_part *about;
	double *seconds;
	struct ev_difference *differences;
	struct ev_diff diff; /* points to all of them */
};
/* The joined recordings as the plan has it; the plan and they must outlive it. -EINVAL where a rate
 * is asked for and there is no time. */
int diff_make(struct diff_made *made, const struct diff_plan *plan, const struct joined *joined,
	      bool children, const struct ev_filter *filter, struct ev_err *err);
void diff_made_done(struct diff_made *made);

/* On a terminal, until its person leaves. The recordings may be joined anew in their place. */
int diff_browse(const struct diff_options *options, const struct diff_plan *plan,
		const char *const *paths, struct joined *joined, const struct join_options *held,
		struct ev_err *err);

#endif
