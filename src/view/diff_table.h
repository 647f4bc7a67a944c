/* One table of differences, while it is printed. */
#ifndef VIEW_DIFF_TABLE_H
#define VIEW_DIFF_TABLE_H

#include "diff.h"
#include "folded_line.h"

enum ev_diff_cell {
	EV_DIFF_MARK,
	EV_DIFF_CHANGE,
	EV_DIFF_HALF, /* of the change's interval */
	EV_DIFF_FIGURE,
	EV_DIFF_PERIOD,
	EV_DIFF_FORMULA,
	EV_DIFF_KEY,
	EV_DIFF_STACK
};
struct ev_diff_column {
	enum ev_diff_cell kind;
	size_t at; /* recording, or key of the table */
	const char *title;
	size_t width;
	bool is_text; /* to the left */
};
struct ev_diff_printing {
	FILE *out;
	const struct ev_diff *diff;
	const struct ev_diff_options *options;
	const struct ev_difference *difference;
	size_t event;
	double scale; /* figures are shown by so many */
	const char *unit;
	EV_ARRAY(struct ev_diff_column) columns;
	struct ev_folded_line line;
	struct ev_arena titles, scratch; /* scratch: of one row */
};

static inline bool ev_diff_is_share(const struct ev_diff_printing *it)
{
	return it->diff->how.measure == EV_MEASURE_SHARE;
}

/* Unit and columns, as wide as they must be: out, diff, options, difference and event are set. */
void ev_diff_begin(struct ev_diff_printing *it);
void ev_diff_end(struct ev_diff_printing *it);
/* Rows that stand out, or all. */
bool ev_diff_is_shown(const struct ev_diff_printing *it, const struct ev_difference_row *row);
/* The cells of a row beside one another, in colour where that is asked for; and their titles. */
void ev_diff_print_cells(struct ev_diff_printing *it, const struct ev_difference_row *row);
void ev_diff_print_titles(struct ev_diff_printing *it);

/* A share in per cent, a weight in its unit; in the scratch arena, as all texts of a row. */
const char *ev_diff_figure(struct ev_diff_printing *it, double value, bool sign);
const char *ev_diff_cell(struct ev_diff_printing *it, const struct ev_difference_row *row,
			 const struct ev_diff_column *column);

#endif
