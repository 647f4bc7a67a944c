/* One table of a text report, while it is printed. */
#ifndef VIEW_REPORT_BLOCK_H
#define VIEW_REPORT_BLOCK_H

#include "report.h"

/* A column as it is shown in one table. */
struct ev_shown {
	enum ev_field field;
	size_t key;   /* of the table, for EV_FIELD_KEY */
	size_t ratio; /* of the report, for EV_FIELD_RATIO */
	const char *title;
	size_t width;
	bool half;  /* of the 95 % interval of the share that `field` is */
	bool fixed; /* by -w: longer texts are cut */
	/* EV_FIELD_RATIO: a value, half of its interval, and a mark, each below its like. */
	int decimals;
	size_t value_width, half_width, mark_width;
};

/* The events beside one another in each of its number columns. */
struct ev_block {
	FILE *out;
	const struct ev_report *report;
	const struct ev_report_options *options;
	struct ev_events events;
	size_t shown; /* of them, those that do more than tell */
	EV_ARRAY(struct ev_shown) columns;
	const struct ev_row **rows;
	size_t row_count;
	bool has_few; /* a ratio was printed that few samples speak for */
	struct ev_arena titles;
	struct ev_arena scratch; /* of one row */
};

enum { EV_PID_WIDTH = 7, EV_COMMAND_WIDTH = 7 };

/* Fills in rows and columns, as wide as they must be. */
void ev_block_begin(struct ev_block *block);
void ev_block_done(struct ev_block *block);
/* What stands above a column, in its width. */
void ev_block_print_title(struct ev_block *block, const struct ev_shown *column);
/* A row's text in a key column, safe to print; in the scratch arena. */
const char *ev_block_key_text(struct ev_block *block, const struct ev_shown *column,
			      const struct ev_row *row);
/* Text in a column of its width; not padded where it is the last one. */
void ev_block_print_text(struct ev_block *block, const struct ev_shown *column, const char *text,
			 bool last);
void ev_block_print_cell(struct ev_block *block, const struct ev_shown *column,
			 const struct ev_row *row, bool last);
/* A number of an event in its part of the column's width; NULL where there is none. */
void ev_block_print_number(struct ev_block *block, const struct ev_shown *column, size_t event,
			   const uint64_t *number);
/* The rows by their keys one below another, with the columns of numbers of the block before them,
 * and the heads of these. */
void ev_block_print_hierarchy(struct ev_block *block);
/* All rows, each with its call chains. */
void ev_block_print_rows(struct ev_block *block);
/* Columns under one title: the events, or 1. */
size_t ev_block_fields(const struct ev_block *block, const struct ev_shown *column);
/* How wide the parts of a ratio column must be: for all rows, and for one more. */
void ev_block_measure_ratio(struct ev_block *block, struct ev_shown *column);
void ev_block_widen_ratio(const struct ev_block *block, struct ev_shown *column,
			  const struct ev_ratio_value *ratio);
void ev_block_print_ratio(struct ev_block *block, const struct ev_shown *column,
			  const struct ev_ratio_value *ratio);

#endif
