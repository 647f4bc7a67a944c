/* The inside of the browser: what is on its table, which text screens lie above it, what is typed.
 */
#ifndef VIEW_BROWSE_H
#define VIEW_BROWSE_H

#include <evprof/view_browse.h>
#include "report_block.h"

/* ---- screen.c: lines of a screen ---------------------------------------------------------------
 */

/* Empty lines of this size. Sizes beyond any screen's are cut. */
void ev_screen_begin(struct ev_screen *screen, size_t width, size_t height);
/* Text at the end of a line, as far as it fits; lines beyond the screen are nowhere. Control
 * characters have been escaped. `ascii`: what is none becomes '?'. */
void ev_screen_add(struct ev_screen *screen, size_t line, enum ev_style style, bool selected,
		   bool ascii, const char *text);
/* Blanks up to a column. */
void ev_screen_pad(struct ev_screen *screen, size_t line, enum ev_style style, bool selected,
		   size_t columns);
/* The same of text with the colours of ev_report_options and ev_annotate_options in it, from a
 * column of it on. */
void ev_screen_add_coloured(struct ev_screen *screen, size_t line, bool selected, bool ascii,
			    const char *text, size_t from);
/* How often a text part is in another, whatever the case of ASCII letters: 0 or 1; "" is in all. */
bool ev_text_has(const char *text, const char *part);

/* ---- what is shown -----------------------------------------------------------------------------
 */

/* A line of the table: a row of the report, or a node of the call tree below it. */
struct ev_item {
	size_t row;    /* index of block.rows */
	uint32_t node; /* of that row's tree; 0: the row itself */
	uint32_t depth;
	uint64_t id; /* the same in the next report: of the names from the row to here */
	bool has_more, expanded;
};
struct ev_row_tree {
	size_t row;
	struct ev_tree tree;
	uint64_t *before; /* of a comparison: what each node had of the baseline; NULL else */
};

enum { EV_PAGER_SIDEWAYS = 8 }; /* columns that a key moves */

/* Lines of text with a title, above the table. */
struct ev_pager {
	char *title;
	char *text; /* lines of it end with NUL */
	EV_ARRAY(const char *) lines;
	size_t top, column, selected;
	bool of_code; /* an annotation of the function */
	char *function, *object;
	/* A menu: what becomes of the line that is chosen. NULL else. */
	void (*chosen)(struct ev_browser *browser, size_t line);
	EV_ARRAY(uint32_t) keys; /* of its lines, where they stand for keys of the table */
	struct ev_pager *below;
};

enum ev_prompt {
	EV_PROMPT_NONE,
	EV_PROMPT_FILTER, /* of what is shown, as it is typed */
	EV_PROMPT_SORT,
	EV_PROMPT_KEY, /* KEY=VALUE */
	EV_PROMPT_TIME,
	EV_PROMPT_LIMIT,
	EV_PROMPT_SEARCH, /* in a pager */
	EV_PROMPT_SEARCH_BACK,
};

enum { EV_VERBOSE_NAMES, EV_VERBOSE_OBJECTS, EV_VERBOSE_NUMBERS, EV_VERBOSE_COUNT };

struct ev_browser {
	const struct ev_browse_source *source;
	struct ev_browse_wishes wishes;
	char *sort, *time;      /* wishes' texts, owned */
	EV_ARRAY(char *) zooms; /* its filters */
	const struct ev_report *report;
	struct ev_report_options view; /* the report's, for a table in colour */
	bool ascii, printed;           /* as the options have them */

	struct ev_events events; /* that are shown */
	struct ev_block block;   /* rows and columns of them; out is `cells` */
	FILE *cells;             /* one cell of a table at a time */
	char *cell_text;
	size_t cell_bytes;
	EV_ARRAY(struct ev_item) items;
	EV_ARRAY(struct ev_row_tree) trees;
	struct ev_map expanded; /* id -> 1 */
	size_t selected, top;   /* of items */
	size_t page;            /* lines that the last screen had for items */
	uint64_t selected_id;   /* 0: stays at the first */
	bool heads_hidden;      /* H */
	unsigned verbosity;     /* V: EV_VERBOSE_…, of call chains */
	size_t sort_event;      /* 0 to 9: of those side by side */

	const struct ev_diff *diff; /* what the report compares; NULL: it does not */
	struct ev_diff_options diff_view;
	struct ev_diff_printing *compared;              /* its columns */
	const struct ev_difference_row **compared_rows; /* for each of block.rows */
	struct ev_browse_code code;                     /* how annotations are shown */

	struct ev_buffer filter; /* text, NUL behind it when not empty */
	enum ev_prompt prompt;
	struct ev_buffer typed;
	struct ev_buffer search;       /* in pagers */
	struct ev_pager *pager;        /* the uppermost, NULL: the table is */
	bool leaves;                   /* chosen from a menu */
	const struct ev_pager *choice; /* the menu that something was chosen from just now */
	struct ev_err trouble; /* told at the bottom until the next key; a message when code 0 */
	struct ev_arena scratch;
};

const char *ev_buffer_text(const struct ev_buffer *buffer); /* "" when empty */
void ev_buffer_set(struct ev_buffer *buffer, const char *text);

/* ---- browse_items.c
 * ------------------------------------------------------------------------------
 */

/* Rows and columns of the report's events. */
void ev_browser_take_report(struct ev_browser *browser);
void ev_browser_drop_report(struct ev_browser *browser);
/* The items as the filter and what is expanded have it; the selected one is found again. */
void ev_browser_list(struct ev_browser *browser);
/* NULL when there is none. */
const struct ev_item *ev_browser_selected(const struct ev_browser *browser);
const struct ev_node *ev_browser_node(const struct ev_browser *browser, const struct ev_item *item,
				      uint64_t *before);
/* A row's text of a key; NULL when the key is not shown. */
const char *ev_browser_row_text(const struct ev_browser *browser, const struct ev_item *item,
				enum ev_key key);
/* The function of an item and its object's short name, NULL where they are not shown. */
struct ev_browse_place ev_browser_place(const struct ev_browser *browser,
					const struct ev_item *item);
/* Expand or collapse what is below an item: one level, or all of it. */
void ev_browser_toggle(struct ev_browser *browser, const struct ev_item *item, bool whole);
void ev_browser_expand_all(struct ev_browser *browser, bool expand);
/* The next events that have samples, or those before. */
void ev_browser_turn_events(struct ev_browser *browser, bool back);

/* ---- browse_diff.c
 * -------------------------------------------------------------------------------
 */

/* The rows and columns of a comparison, in place of the report's. */
void ev_browser_take_diff(struct ev_browser *browser);
void ev_browser_drop_diff(struct ev_browser *browser);
/* A row as text and in colour, its titles, and a node's share before, now, and the change. */
void ev_browser_print_compared(struct ev_browser *browser, size_t row);
void ev_browser_print_compared_heads(struct ev_browser *browser);
void ev_browser_print_compared_node(struct ev_browser *browser, uint64_t before, uint64_t now);
/* Both recordings' trees of a row as one. */
void ev_browser_compare_trees(struct ev_browser *browser, struct ev_row_tree *made);
/* What a row is called, for filters; in the scratch arena where it is a stack. */
bool ev_browser_compared_has(struct ev_browser *browser, size_t row, const char *part);
/* Which event and recordings are shown: into `cells`. */
void ev_browser_print_compared_title(struct ev_browser *browser);
/* The event of the table that is the baseline's, or that of the recording by which rows go. */
size_t ev_browser_compared_event(const struct ev_browser *browser, bool baseline);

/* ---- browse_menu.c
 * -------------------------------------------------------------------------------
 */

/* What can be done with the selected row; other recordings; other forms of what is shown. */
void ev_menu_of_row(struct ev_browser *browser);
void ev_menu_of_recordings(struct ev_browser *browser);
void ev_menu_of_forms(struct ev_browser *browser);

/* ---- browse_print.c
 * ------------------------------------------------------------------------------
 */

/* The table as far as it is expanded, or the text on top of it, into a file. */
void ev_browser_keep(struct ev_browser *browser);

/* ---- browse_draw.c
 * -------------------------------------------------------------------------------
 */

/* Title, quality and titles of columns, as many of `lines` as there are; how many were drawn. */
size_t ev_browser_draw_head(struct ev_browser *browser, struct ev_screen *screen);
void ev_browser_draw_item(struct ev_browser *browser, struct ev_screen *screen, size_t line,
			  size_t at);

/* ---- browse_keys.c
 * -------------------------------------------------------------------------------
 */

/* A key, when nothing is being typed and the table is on top; false: leave. */
bool ev_browser_press_table(struct ev_browser *browser, uint32_t key);
/* What a key of the table does, in words; NULL: nothing here. */
const char *ev_browser_key_about(const struct ev_browser *browser, uint32_t key);
/* "'x' does nothing here", at the bottom. */
void ev_browser_tell_unknown(struct ev_browser *browser, uint32_t key);
/* Report as wished; the message says where that failed. */
int ev_browser_wish(struct ev_browser *browser);
void ev_browser_begin_prompt(struct ev_browser *browser, enum ev_prompt prompt, const char *text);
void ev_browser_press_prompt(struct ev_browser *browser, uint32_t key);
const char *ev_prompt_title(enum ev_prompt prompt);

/* ---- browse_zoom.c
 * -------------------------------------------------------------------------------
 */

/* Into what the selected row is of, or out of it where that was entered last. */
void ev_browser_zoom_thread(struct ev_browser *browser);
void ev_browser_zoom_object(struct ev_browser *browser);
void ev_browser_zoom_kernel(struct ev_browser *browser);
void ev_browser_zoom_socket(struct ev_browser *browser);
/* Out of what was entered last. */
void ev_browser_zoom_out(struct ev_browser *browser);

/* ---- browse_pager.c
 * ------------------------------------------------------------------------------
 */

/* A new one on top; takes over `text`, which malloc gave. */
struct ev_pager *ev_pager_push(struct ev_browser *browser, const char *title, char *text);
void ev_pager_pop(struct ev_browser *browser);
void ev_pager_free(struct ev_pager *pager);
void ev_pager_draw(struct ev_browser *browser, struct ev_screen *screen);
void ev_pager_press(struct ev_browser *browser, uint32_t key); /* browse_pager_keys.c */
/* Lines of help about the keys of text screens. */
void ev_pager_help_lines(struct ev_buffer *text);
void ev_pager_help_line(struct ev_buffer *text, const char *name, const char *about);
void ev_pager_move(struct ev_pager *pager, uint32_t key, size_t page);
/* The next line with what is searched for, or the one before, from a line on, and around. */
void ev_pager_search(struct ev_browser *browser, size_t from, bool back);
/* Source or instructions of a place. */
void ev_pager_annotate(struct ev_browser *browser, const struct ev_browse_place *place);
/* The same function, shown in another way. */
void ev_pager_show_again(struct ev_browser *browser);
/* The hottest line that is less hot than the selected one (back: hotter), or the hottest. */
enum ev_hottest { EV_HOTTEST, EV_HOTTEST_NEXT, EV_HOTTEST_BEFORE };
void ev_pager_select_hottest(struct ev_pager *pager, enum ev_hottest which);
void ev_pager_help(struct ev_browser *browser);
void ev_pager_header(struct ev_browser *browser);

#endif
