/* view: a report to move in. Reports and keys become lines of styled text for a screen of any size;
 * whoever has a terminal shows them and hands back what was pressed. Nothing here knows a terminal.
 */
#ifndef EVPROF_VIEW_BROWSE_H
#define EVPROF_VIEW_BROWSE_H

#include <evprof/view.h>

/* ---- what stands on a screen ------------------------------------------------------------------
 */

enum ev_style {
	EV_STYLE_PLAIN,
	EV_STYLE_BAR,  /* titles and the line at the bottom */
	EV_STYLE_HEAD, /* of columns */
	EV_STYLE_HOT,  /* shares of 5 % and more, as in the text report */
	EV_STYLE_WARM, /* of 0.5 % and more */
	EV_STYLE_DIM,
	EV_STYLE_COUNT
};
struct ev_run { /* a piece of a line */
	enum ev_style style;
	bool selected;
	const char *text; /* printable: UTF-8, or ASCII where that was asked for */
	size_t columns;   /* it takes */
};
struct ev_screen_line {
	EV_ARRAY(struct ev_run) runs;
	size_t columns; /* of all of them: never more than the screen has */
};
struct ev_screen {
	struct ev_screen_line *lines; /* `height` of them */
	size_t width, height;
	bool has_cursor; /* something is being typed */
	size_t cursor_line, cursor_column;
	struct ev_arena texts;
};
void ev_screen_done(struct ev_screen *screen);

/* ---- keys -------------------------------------------------------------------------------------
 */

/* What was pressed: a character (a Unicode code point), or one of these above all of them. */
enum ev_press {
	EV_PRESS_ENTER = 0x110000,
	EV_PRESS_ESCAPE,
	EV_PRESS_BACKSPACE,
	EV_PRESS_TAB,
	EV_PRESS_BACK_TAB,
	EV_PRESS_UP,
	EV_PRESS_DOWN,
	EV_PRESS_LEFT,
	EV_PRESS_RIGHT,
	EV_PRESS_PAGE_UP,
	EV_PRESS_PAGE_DOWN,
	EV_PRESS_HOME,
	EV_PRESS_END,
	EV_PRESS_INTERRUPT, /* Ctrl-C */
};

/* ---- the browser ------------------------------------------------------------------------------
 */

/* What a person wants to see, each as it is typed on the command line. */
struct ev_browse_wishes {
	const char *sort;           /* NULL: as it began */
	const char *time;           /* the same; "": all */
	const char *const *filters; /* KEY=VALUE, all of them must hold */
	size_t filter_count;
	double percent_limit;
	bool relative; /* shares of what the filters let through, not of everything */
	bool callers;  /* call chains from the roots inwards, else from the function outwards */
	/* Of a comparison: */
	bool all;                /* rows that differ by no more than chance too */
	enum ev_compute compute; /* how, and by which recording rows go */
	size_t order;
};
struct ev_browse_place {
	const char *function, *object; /* object: its short name, NULL where it is not known */
	size_t event;
};
struct ev_browse_code { /* how it is shown */
	bool assembly;
	bool raw_bytes; /* of instructions */
	enum ev_annotate_share share;
};
/* Another form of what is shown: text to look at, or a file. */
struct ev_browse_form {
	const char *name, *about;
};
/* Where the browser gets what it shows. Functions that are NULL are keys that say so. */
struct ev_browse_source {
	void *self;
	const char *title; /* "evprof report: perf.data" */
	/* The report as wished for; both live until the next call. Where that fails, what was there
	 * before stays, unless another is given all the same. */
	int (*report)(void *self, const struct ev_browse_wishes *wishes,
		      const struct ev_report **report, const struct ev_report_options **options,
		      struct ev_err *err);
	/* A function's source lines or instructions as ev_annotate_text prints them, in colour. */
	int (*annotate)(void *self, const struct ev_browse_place *place,
			const struct ev_browse_code *code, FILE *out, struct ev_err *err);
	void (*header)(void *self, FILE *out); /* what is known of the recording */
	/* Of a comparison, what was compared in the report given last; NULL: it is none. */
	const struct ev_diff *(*diff)(void *self);
	/* Recordings that can take the place of this one: paths that live until the next call. */
	size_t (*recordings)(void *self, const char *const **paths);
	/* One of them does: the title may change, and the report is asked for anew. Where that
	 * fails nothing has changed. */
	int (*switch_to)(void *self, const char *path, struct ev_err *err);
	/* What is wished for in one of `forms`: text to `out`, or a file that `said` names. */
	const struct ev_browse_form *forms;
	size_t form_count;
	int (*form)(void *self, size_t at, const struct ev_browse_wishes *wishes, FILE *out,
		    char said[256], struct ev_err *err);
	/* Text becomes a file of this name, or one like it that is free. */
	int (*keep)(void *self, const char *name, const char *text, size_t size_bytes,
		    char said[256], struct ev_err *err);
	/* Of a live view: one line about itself; stand still, or go on; begin anew with each
	 * refresh, or let what is older fade; keep what there is as a recording, named in `said`.
	 */
	void (*status)(void *self, FILE *out);
	bool (*freeze)(void *self);
	bool (*zero)(void *self);
	int (*save)(void *self, char said[256], struct ev_err *err);
};
struct ev_browse_options {
	struct ev_browse_wishes wishes; /* to begin with; texts are copied */
	bool ascii;                     /* the terminal shows nothing else */
	bool printed;                   /* screens are for paper: nothing on them is of keys */
	struct ev_diff_options diff;    /* of a comparison: its columns */
};
struct ev_browser;
/* -errno with a sentence when there is no report to begin with. `source` is borrowed. */
int ev_browser_open(struct ev_browser **browser, const struct ev_browse_source *source,
		    const struct ev_browse_options *options, struct ev_err *err);
/* The report has changed by itself: it is asked for again. What is selected and expanded stays so
 * as far as it is still there. */
int ev_browser_refresh(struct ev_browser *browser, struct ev_err *err);
/* A sentence at the bottom, until the next key. */
void ev_browser_tell(struct ev_browser *browser, const char *fmt, ...) EV_PRINTF(2, 3);
/* False when that was the key to leave. */
bool ev_browser_press(struct ev_browser *browser, uint32_t key);
/* A screen of this size, filled in; the one before is used again. */
void ev_browser_draw(struct ev_browser *browser, struct ev_screen *screen, size_t width,
		     size_t height);
void ev_browser_close(struct ev_browser *browser);

#endif
