/* A report that is moved in: recordings and live profiles behind the browser of the view. */
#ifndef CMD_BROWSE_H
#define CMD_BROWSE_H

#include <evprof/view_browse.h>
#include "annotate_joined.h"
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
	struct report_options own;         /* the same of another recording, once there is one */
	char *input;                       /* that one's path */
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
	struct annotate_joined code;            /* of several, once it is asked for */
	struct ev_report_part *parts;
	bool was_shown; /* something was, since it was opened */
	bool on_screen; /* the terminal is the browser's */
	char **others;  /* recordings of this folder, as browse_recordings told them last */
	size_t other_count;
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

/* What was typed, with the wishes in its place, and what is shown of it. */
int browse_plan(struct browse_shown *shown, const struct report_options *base,
		const struct ev_browse_wishes *wishes, struct ev_err *err);
void browse_shown_close(struct browse_shown *shown);

/* Files that the browser writes or offers: browse_files.c. */
int browse_keep(void *self, const char *name, const char *text, size_t size_bytes, char said[256],
		struct ev_err *err);
size_t browse_recordings(void *self, const char *const **paths);
void browse_recordings_done(struct browse *browse);
int browse_switch(void *self, const char *path, struct ev_err *err);
/* A path like `name` that nothing has, made as an empty file; free() it. NULL with a sentence. */
char *browse_free_name(const char *name, bool numbered, int *fd, struct ev_err *err);

/* Other forms of what is shown, which evprof itself makes as a process of its own: browse_forms.c.
 */
const struct ev_browse_form *browse_forms(size_t *count);
int browse_form(void *self, size_t at, const struct ev_browse_wishes *wishes, FILE *out,
		char said[256], struct ev_err *err);
/* Those of comparisons. `words`: the command but for the program, NULL behind the last; what it
 * prints becomes `out`, and where it fails the sentence. */
int browse_run(const char *const *words, FILE *out, struct ev_err *err);
/* Instructions of a function in several recordings: browse_code.c. */
struct browse_code {
	const char *const *paths;
	size_t count;
	const struct ev_browse_place *place;
	const struct ev_browse_code *code;
	const char *event, *time, *symfs; /* NULL: as annotate chooses */
};
int browse_print_code(const struct browse_code *of, FILE *out, struct ev_err *err);
/* Where a form is written: a path that nothing has. free() it. */
char *browse_form_path(const char *form, struct ev_err *err);

/* All of `report` on a terminal, until its person leaves. */
int report_browse(const struct report_options *options, const struct report_plan *plan,
		  struct loaded *loaded, const struct joined *joined, struct ev_err *err);
/* Options and plan are for a browser on this terminal: neither another output nor text is wanted.
 */
bool report_browses(const struct report_options *options, const struct report_plan *plan);
/* What a browser wants from the loading walk besides the plan's. */
void browse_load_options(struct load_options *load);

#endif
