/* A report that is moved in: recordings and live profiles behind the browser of the view. */
#ifndef CMD_BROWSE_H
#define CMD_BROWSE_H

#include <evprof/view_browse.h>
#include "annotate.h"
#include "join.h"
#include "report.h"

/* What is shown now, and what it is made of. */
struct browse_shown {
	struct report_options options; /* as wished */
	struct report_plan plan;
	struct report_made made;
	struct ev_report report;
	struct ev_named *named;
	char **filters; /* texts that the plan points to */
	size_t filter_count;
	char *sort, *time;
};
struct browse {
	const struct report_options *base; /* as typed */
	struct loaded *loaded;             /* one recording; NULL: */
	const struct joined *joined;       /* several */
	bool may_load;                     /* from its file again, for what was not kept */
	struct load_options held;          /* what was kept */
	char *held_time;
	struct ev_symbolizer *symbolizer; /* NULL with several */
	struct ev_named *named;           /* with several theirs */
	unsigned flags;                   /* that it was named with */
	bool by_line;
	struct browse_shown *shown;
	struct ev_named *lines_named; /* by line, for annotations; NULL until there is one */
	const struct ev_profile *lines_profile; /* of this profile */
	struct ev_report_part *parts;
	struct ev_browse_source source;
	struct ev_arena arena;
};

/* Either of both. Both are borrowed; the recording may be loaded anew in its place. `held`: what
 * it was loaded with. */
void browse_open(struct browse *browse, const struct report_options *base, struct loaded *loaded,
		 const struct joined *joined, const struct load_options *held);
/* The profile of `loaded` was replaced: what was made of the one before is not used any more. */
void browse_forget(struct browse *browse);
void browse_close(struct browse *browse);
/* What the options say as wishes. */
struct ev_browse_wishes browse_wishes(const struct report_options *options);

/* All of `report` on a terminal, until its person leaves. */
int report_browse(const struct report_options *options, const struct report_plan *plan,
		  struct loaded *loaded, const struct joined *joined, struct ev_err *err);
/* Options and plan are for a browser on this terminal: neither another output nor text is wanted.
 */
bool report_browses(const struct report_options *options, const struct report_plan *plan);
/* What a browser wants from the loading walk besides the plan's. */
void browse_load_options(struct load_options *load);

#endif
