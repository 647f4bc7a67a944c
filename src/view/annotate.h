/* What the printers of annotated source share: one section while it is printed as text. */
#ifndef VIEW_ANNOTATE_H
#define VIEW_ANNOTATE_H

#include "report.h"

enum annotate_cell {
	CELL_SAMPLES,
	CELL_PERIOD,
	CELL_TIME, /* the same in ms */
	CELL_CALLED,
	CELL_SELF,
	CELL_CHANGE, /* of the share, in points, from the first event */
	CELL_PYTHON, /* parts of CELL_SELF, where lines are Python's */
	CELL_NATIVE,
	CELL_SYSTEM,
	CELL_MEMORY, /* MiB: all that page faults brought, and what they brought for the line */
	CELL_GROWTH,
	CELL_RATIO
};
struct annotate_column {
	enum annotate_cell cell;
	size_t event; /* or ratio */
	int decimals; /* of a ratio */
	const char *title;
	size_t width;
};
/* What one row of the table has; arrays of one weight per event. NULL: nothing. */
struct annotate_weights {
	const struct ev_weight *self, *called, *native, *system;
	const struct ev_ratio_sums *ratios; /* one per ratio */
	uint64_t reached;                   /* page faults in all until then; 0: not known */
};

struct annotate_section {
	FILE *out;
	const struct ev_annotation *annotation;
	const struct ev_annotate_options *options;
	const struct ev_annotated *it;
	const struct ev_weight *base; /* what shares are of, per event */
	bool called;                  /* a column with what was called, too */
	bool python;                  /* its lines are Python's */
	EV_ARRAY(struct annotate_column) columns;
	size_t cells_width;      /* of all columns, with what is between them */
	struct ev_arena scratch; /* reset after every row */
	struct ev_arena titles;
};

/* Columns for weights as great as `greatest` (per event). */
void ev_annotate_columns(struct annotate_section *section, const struct ev_weight *greatest);
void ev_annotate_heads(struct annotate_section *section);
/* The cells of a row, each with two blanks before it. */
void ev_annotate_cells(struct annotate_section *section, const struct annotate_weights *weights);
/* As many blanks. */
void ev_annotate_no_cells(struct annotate_section *section);
/* The greatest share of an event that is shown, in per cent. */
double ev_annotate_share(const struct annotate_section *section,
			 const struct annotate_weights *weights);

/* A ratio of the section's recording, of these sums; and whether its events are shown. */
struct ev_ratio_value ev_annotate_ratio(const struct ev_annotation *annotation,
					const struct ev_annotated *it,
					const struct ev_ratio_sums *sums, size_t ratio);
bool ev_annotate_has_ratio(const struct ev_annotation *annotation, size_t ratio);

/* Prints text that may hold anything, tabs expanded, up to the terminal's width less `used`. */
void ev_annotate_source(struct annotate_section *section, const char *text, size_t length,
			size_t used);
/* Names as in the recording, safe to print. */
const char *ev_annotate_name(struct annotate_section *section, uint32_t string);

/* The tables of a section: its lines, its instructions. */
void ev_annotate_lines(struct annotate_section *section);
void ev_annotate_code(struct annotate_section *section);

/* Which of `count` rows are shown: `hot` ones and `context` around them, holes of one row filled.
 */
void ev_annotate_choose(bool *shown, const bool *hot, size_t count, uint32_t context);

#endif
