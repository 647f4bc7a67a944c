/* What the printers of differences share. */
#ifndef VIEW_DIFF_H
#define VIEW_DIFF_H

#include "report.h"

int ev_diff_text(FILE *out, const struct ev_diff *diff, const struct ev_diff_options *options,
		 struct ev_err *err);
int ev_diff_folded(FILE *out, const struct ev_diff *diff, const struct ev_diff_options *options,
		   struct ev_err *err);
int ev_diff_html(FILE *out, const struct ev_diff *diff, const struct ev_diff_options *options,
		 struct ev_err *err);
int ev_diff_json(FILE *out, const struct ev_diff *diff, const struct ev_diff_options *options,
		 struct ev_err *err);

/* What makes the recordings hard to compare (length, rate, machine, losses), a sentence each, into
 * an array of the arena; how many there are. */
size_t ev_diff_notes(const struct ev_diff *diff, size_t event, struct ev_arena *arena,
		     const char *notes[8]);
/* Name of an event of the whole. */
const char *ev_diff_event(const struct ev_diff *diff, size_t event, struct ev_arena *arena);
/* Whether any recording has samples of it. */
bool ev_diff_has_event(const struct ev_diff *diff, size_t event);
/* An event that was recorded and never happened differs from one that was not looked at. */
bool ev_diff_was_recorded(const struct ev_diff *diff, size_t part, size_t event);
/* The recording without which there is nothing to compare: it did not record the event; or NULL. */
const char *ev_diff_absence(const struct ev_diff *diff, size_t event);

#endif
