/* A list of events while it is made. */
#ifndef CMD_LIST_H
#define CMD_LIST_H

#include <evprof/view.h>

/* Everything the rows point to lives in the catalogue or the arena. */
struct listing {
	struct ev_catalogue catalogue;
	EV_ARRAY(struct ev_list_row) rows;
	struct ev_arena arena;
	struct ev_strings *causes; /* few, for many rows */
	bool one_tracepoint;       /* there are too many to try each */
	size_t tried_tracepoint;   /* row + 1 of the one that was tried */
	const char *fault;         /* of a word that names a probe, or NULL */
	bool verbose;
	struct ev_err refusal; /* of the last word that no row has and that is no event */
};

/* Does a word, text or glob, mean the row: one of its names, or where `by_meaning` what it says of
 * itself? */
bool list_row_matches(const char *word, const struct ev_catalogue_row *row, bool by_meaning);
/* A row of the catalogue, tried on this machine. */
void list_add_row(struct listing *listing, const struct ev_catalogue_row *from);
/* A word that no row has may still be an event: "cycles:u", "r1c2", "uprobe:./prog:f*". */
void list_add_written(struct listing *listing, const char *text);

#endif
