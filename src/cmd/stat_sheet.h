/* One sheet of counts while it is made: its rows, then what there is to say of them. */
#ifndef CMD_STAT_SHEET_H
#define CMD_STAT_SHEET_H

#include "stat.h"

/* Everything it points to lives in the arena. */
struct stat_sheet {
	struct stat_run *run;
	struct ev_arena arena;
	struct ev_stat stat;
	EV_ARRAY(const char *) notes;
	char absence[256];
	const char *complaint; /* said behind the counts, whatever their format */
};

/* A table for people, and no fields or objects for programs. */
bool stat_is_table(const struct stat_run *run);

/* The sheet added to those before, as OpenMetrics. */
void stat_totals_print(struct stat_sheet *sheet);
/* `interval`: of the time since the sheet before; else of all runs. */
void stat_rows_fill(struct stat_sheet *sheet, bool interval);
/* Rows that nobody asked for and that this machine cannot fill are left out: hardware events where
 * there is no hardware (said once instead), and those few CPUs have. */
bool stat_row_is_left_out(struct stat_sheet *sheet, size_t event);

/* `context` is the sheet; the text must live as long. */
void stat_note(void *context, const char *text);
void stat_note_simulation(struct stat_sheet *sheet);
void stat_note_fallbacks(struct stat_sheet *sheet);
void stat_note_run(struct stat_sheet *sheet);
void stat_note_passes(struct stat_sheet *sheet);

#endif
