/* Code of several recordings at once, for what is moved in on a terminal. */
#ifndef CMD_ANNOTATE_JOINED_H
#define CMD_ANNOTATE_JOINED_H

#include <evprof/view_browse.h>
#include "annotate.h"
#include "join.h"

/* Zeroed = none. */
struct annotate_joined {
	struct joined joined; /* line by line, with the stacks */
	bool is_open;
	bool *built_anew;              /* per object: the recordings have more than one of it */
	struct ev_recording recording; /* its events, by the names that columns have */
};
/* Loads the recordings as `how` has it, but line by line. With events apart their columns are
 * compared. */
int annotate_join(struct annotate_joined *it, const char *const *paths, size_t count,
		  const struct join_options *how, struct ev_err *err);
/* The function of the place, of samples that pass options->filter, by lines. */
int annotate_print_joined(struct annotate_joined *it, struct annotate_options *options,
			  const struct ev_browse_place *place, FILE *out, struct ev_err *err);
void annotate_joined_done(struct annotate_joined *it);

#endif
