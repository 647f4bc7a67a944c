/* What keys do on the browser's table: perf's, where perf has them. */
#include <stdlib.h>
#include <string.h>
#include "browse.h"

/* ---- moving -------------------------------------------------------------------------------------
 */

static void select_item(struct ev_browser *browser, size_t at)
{
	size_t count = browser->items.count;
	browser->selected = !count ? 0 : at < count ? at : count - 1;
	/* The first row stays the first, whichever it becomes. */
	browser->selected_id = browser->selected ? browser->items.items[browser->selected].id : 0;
}

static void key_up(struct ev_browser *browser)
{
	select_item(browser, browser->selected ? browser->selected - 1 : 0);
}

static void key_down(struct ev_browser *browser)
{
	select_item(browser, browser->selected + 1);
}

static void key_page_up(struct ev_browser *browser)
{
	select_item(browser,
		    browser->selected > browser->page ? browser->selected - browser->page : 0);
}

static void key_page_down(struct ev_browser *browser)
{
	select_item(browser, browser->selected + browser->page);
}

static void key_home(struct ev_browser *browser)
{
	select_item(browser, 0);
}

static void key_end(struct ev_browser *browser)
{
	select_item(browser, browser->items.count);
}

/* ---- call chains and code
 * ------------------------------------------------------------------------- */

static void annotate(struct ev_browser *browser)
{
	const struct ev_item *item = ev_browser_selected(browser);
	if (!item)
		return;
	struct ev_browse_place place = ev_browser_place(browser, item);
	browser->code.assembly = false;
	ev_pager_annotate(browser, &place);
}

static void toggle(struct ev_browser *browser, bool whole)
{
	const struct ev_item *item = ev_browser_selected(browser);
	if (!item)
		return;
	browser->selected_id = item->id;
	if (item->has_more)
		ev_browser_toggle(browser, item, whole);
	else if (!browser->report->named->profile->quality.with_stack)
		ev_browser_tell(browser, "no call chains were recorded: evprof record -g does");
	else
		ev_browser_tell(browser, "nothing is below this");
}

static void key_plus(struct ev_browser *browser)
{
	toggle(browser, false);
}

static void key_expand(struct ev_browser *browser)
{
	toggle(browser, true);
}

static void key_collapse(struct ev_browser *browser)
{
	const struct ev_item *item = ev_browser_selected(browser);
	if (item && item->expanded)
		toggle(browser, true);
}

static void key_enter(struct ev_browser *browser)
{
	const struct ev_item *item = ev_browser_selected(browser);
	if (item && item->has_more)
		toggle(browser, false);
	else
		annotate(browser);
}

static void key_expand_all(struct ev_browser *browser)
{
	ev_browser_expand_all(browser, true);
}

static void key_collapse_all(struct ev_browser *browser)
{
	ev_browser_expand_all(browser, false);
}

static void key_callers(struct ev_browser *browser)
{
	browser->wishes.callers = !browser->wishes.callers;
	ev_map_done(&browser->expanded);
	if (!ev_browser_wish(browser))
		ev_browser_tell(browser, browser->wishes.callers
						 ? "call chains go inwards, from the roots (-G)"
						 : "call chains go outwards, from the function");
}

/* ---- the whole table
 * ------------------------------------------------------------------------------ */

static void key_events(struct ev_browser *browser)
{
	ev_browser_turn_events(browser, false);
}

static void key_events_back(struct ev_browser *browser)
{
	ev_browser_turn_events(browser, true);
}

static void key_relative(struct ev_browser *browser)
{
	browser->wishes.relative = !browser->wishes.relative;
	if (!ev_browser_wish(browser))
		ev_browser_tell(browser, browser->wishes.relative ? "shares are of what is shown"
								  : "shares are of everything");
}

static void key_heads(struct ev_browser *browser)
{
	browser->heads_hidden = !browser->heads_hidden;
}

static void key_filter(struct ev_browser *browser)
{
	ev_browser_begin_prompt(browser, EV_PROMPT_FILTER, ev_buffer_text(&browser->filter));
}

static void key_sort(struct ev_browser *browser)
{
	const struct ev_table *table = browser->report->table;
	struct ev_buffer keys = { 0 };
	for (size_t i = 0; i < table->key_count; i++)
		ev_buffer_printf(&keys, "%s%s", i ? "," : "", ev_keys[table->keys[i]].name);
	ev_buffer_u8(&keys, 0);
	ev_browser_begin_prompt(browser, EV_PROMPT_SORT,
				browser->sort ? browser->sort : (const char *)keys.bytes);
	ev_buffer_done(&keys);
}

static void key_any(struct ev_browser *browser)
{
	ev_browser_begin_prompt(browser, EV_PROMPT_KEY, "");
}

static void key_time(struct ev_browser *browser)
{
	ev_browser_begin_prompt(browser, EV_PROMPT_TIME, browser->time ? browser->time : "");
}

static void key_limit(struct ev_browser *browser)
{
	char text[48];
	ev_format_fixed(text, sizeof(text), browser->wishes.percent_limit, 2);
	ev_browser_begin_prompt(browser, EV_PROMPT_LIMIT, text);
}

static void key_header(struct ev_browser *browser)
{
	ev_pager_header(browser);
}

static void key_help(struct ev_browser *browser)
{
	ev_pager_help(browser);
}

/* ---- live views
 * ----------------------------------------------------------------------------------- */

static void key_freeze(struct ev_browser *browser)
{
	const struct ev_browse_source *source = browser->source;
	if (source->freeze)
		ev_browser_tell(browser,
				source->freeze(source->self) ? "frozen: f goes on" : "live again");
}

static void key_space(struct ev_browser *browser)
{
	if (browser->source->freeze)
		key_freeze(browser);
	else
		key_page_down(browser);
}

static void key_zero(struct ev_browser *browser)
{
	const struct ev_browse_source *source = browser->source;
	if (source->zero)
		ev_browser_tell(browser, source->zero(source->self)
						 ? "each refresh begins anew"
						 : "what is older fades with each refresh");
}

static void key_save(struct ev_browser *browser)
{
	const struct ev_browse_source *source = browser->source;
	struct ev_err err = { 0 };
	char said[256] = "";
	if (!source->save)
		return;
	if (source->save(source->self, said, &err))
		browser->trouble = err;
	else
		ev_browser_tell(browser, "%s", said);
}

/* ---- comparisons
 * ---------------------------------------------------------------------------------- */

/* The same comparison, with other rows or columns of it. */
static void show_again(struct ev_browser *browser)
{
	ev_browser_drop_report(browser);
	ev_browser_take_report(browser);
	ev_browser_list(browser);
}

static void key_chance(struct ev_browser *browser)
{
	browser->wishes.all = !browser->wishes.all;
	show_again(browser);
	ev_browser_tell(browser, browser->wishes.all
					 ? "rows that differ by no more than chance too, marked ~"
					 : "only rows that differ by more than chance");
}

static void key_compute(struct ev_browser *browser)
{
	static const struct {
		enum ev_compute compute, next;
		const char *name;
	} ways[] = {
		{ EV_COMPUTE_DELTA_ABS, EV_COMPUTE_DELTA, "the greatest change first" },
		{ EV_COMPUTE_DELTA, EV_COMPUTE_RATIO, "what has grown most first" },
		{ EV_COMPUTE_RATIO, EV_COMPUTE_DELTA_ABS, "new by old" },
		{ EV_COMPUTE_WEIGHTED, EV_COMPUTE_DELTA_ABS, "by weights" },
	};
	size_t at = 0;
	while (at + 1 < EV_LENGTH(ways) && ways[at].compute != browser->wishes.compute)
		at++;
	browser->wishes.compute = ways[at].next;
	if (ev_browser_wish(browser))
		return;
	for (size_t i = 0; i < EV_LENGTH(ways); i++)
		if (ways[i].compute == browser->wishes.compute)
			ev_browser_tell(browser, "%s", ways[i].name);
}

static void key_periods(struct ev_browser *browser)
{
	browser->diff_view.show_period = !browser->diff_view.show_period;
	show_again(browser);
}

/* Of recordings that are compared, or of events side by side. */
static void sort_by(struct ev_browser *browser, size_t at)
{
	size_t count = browser->diff ? browser->diff->part_count : browser->events.count;
	if (at >= count || count < 2) {
		ev_browser_tell(browser,
				count < 2 ? "one event stands here: --group sets several side by "
					    "side"
					  : "there are %zu here, from 0 on",
				count);
		return;
	}
	if (browser->diff)
		browser->wishes.order = at;
	else
		browser->sort_event = at;
	if (!browser->diff)
		show_again(browser);
	else if (ev_browser_wish(browser))
		return;
	ev_browser_tell(browser, "by %s %zu", browser->diff ? "recording" : "event", at);
}

/* ---- other forms
 * ---------------------------------------------------------------------------------- */

static void key_verbose(struct ev_browser *browser)
{
	static const char *const said[EV_VERBOSE_COUNT] = {
		[EV_VERBOSE_NAMES] = "call chains with functions only",
		[EV_VERBOSE_OBJECTS] = "call chains with objects",
		[EV_VERBOSE_NUMBERS] = "call chains with objects, samples and periods",
	};
	browser->verbosity = (browser->verbosity + 1) % EV_VERBOSE_COUNT;
	ev_browser_tell(browser, "%s", said[browser->verbosity]);
}

/* ---- the table
 * ------------------------------------------------------------------------------------ */

enum { HELP_NAME_COLUMNS = 30 };
enum where {
	ANYWHERE,
	LIVE,
	RECORDED, /* also what is compared */
	SINGLE,   /* not that */
	COMPARED,
	UNCOMPARED /* also what is live */
};

/* Rows of one meaning follow one another; the help is made of them. */
static const struct binding {
	uint32_t key;
	const char *name; /* in the help; NULL: like the one before */
	const char *about;
	void (*act)(struct ev_browser *browser);
	enum where where;
} bindings[] = {
	{ EV_PRESS_UP, "arrows, PgUp, PgDn, Home, End", "move", key_up, ANYWHERE },
	{ EV_PRESS_DOWN, NULL, NULL, key_down, ANYWHERE },
	{ EV_PRESS_PAGE_UP, NULL, NULL, key_page_up, ANYWHERE },
	{ EV_PRESS_PAGE_DOWN, NULL, NULL, key_page_down, ANYWHERE },
	{ EV_PRESS_HOME, NULL, NULL, key_home, ANYWHERE },
	{ EV_PRESS_END, NULL, NULL, key_end, ANYWHERE },
	{ EV_PRESS_ENTER, "Enter, Right", "expand or collapse the call chain, else annotate",
	  key_enter, ANYWHERE },
	{ EV_PRESS_RIGHT, NULL, NULL, key_enter, ANYWHERE },
	{ '+', "+", "expand or collapse one level", key_plus, ANYWHERE },
	{ 'e', "e", "expand or collapse all that is below the row", key_expand, ANYWHERE },
	{ 'c', "c", "collapse what is below the row", key_collapse, UNCOMPARED },
	{ 'E', "E", "expand all rows", key_expand_all, ANYWHERE },
	{ 'C', "C", "collapse all rows", key_collapse_all, ANYWHERE },
	{ 'G', "G", "call chains from the function outwards, or from the roots inwards",
	  key_callers, ANYWHERE },
	{ 'a', "a", "annotate: source or instructions of the function, with their weights",
	  annotate, ANYWHERE },
	{ '/', "/", "filter by a text, as you type", key_filter, ANYWHERE },
	{ '=', "=", "filter by any key: KEY=VALUE, KEY~GLOB, KEY!=VALUE", key_any, ANYWHERE },
	{ 't', "t", "zoom into the thread or command, and out again", ev_browser_zoom_thread,
	  ANYWHERE },
	{ 'd', "d", "zoom into the object, and out again", ev_browser_zoom_object, ANYWHERE },
	{ 'k', "k", "zoom into the kernel, and out again", ev_browser_zoom_kernel, ANYWHERE },
	{ 'S', "S", "zoom into the processor socket, and out again", ev_browser_zoom_socket,
	  ANYWHERE },
	{ 'T', "T", "only samples of a time: START,STOP or 10%-50%", key_time, RECORDED },
	{ EV_PRESS_ESCAPE, "Esc, Left, Backspace", "leave what was entered last",
	  ev_browser_zoom_out, ANYWHERE },
	{ EV_PRESS_LEFT, NULL, NULL, ev_browser_zoom_out, ANYWHERE },
	{ EV_PRESS_BACKSPACE, NULL, NULL, ev_browser_zoom_out, ANYWHERE },
	{ EV_PRESS_TAB, "Tab, Shift-Tab", "the next event, the one before", key_events, ANYWHERE },
	{ EV_PRESS_BACK_TAB, NULL, NULL, key_events_back, ANYWHERE },
	{ 'o', "o", "other sort keys, as after -s", key_sort, ANYWHERE },
	{ 'L', "L", "leave out rows below a percentage", key_limit, ANYWHERE },
	{ 'F', "F", "shares of what is shown, or of everything", key_relative, ANYWHERE },
	{ 'H', "H", "titles of the columns, or none", key_heads, ANYWHERE },
	{ 'i', "i", "what is known of the recording, and its quality", key_header, ANYWHERE },
	{ 'm', "m", "a menu of what can be done with the row", ev_menu_of_row, ANYWHERE },
	{ 'V', "V", "call chains with objects, with samples and periods, with neither", key_verbose,
	  ANYWHERE },
	{ 'A', "A", "rows that differ by no more than chance too, or not", key_chance, COMPARED },
	{ 'c', "c", "another way to compare: by change, what has grown, ratio", key_compute,
	  COMPARED },
	{ 'p', "p", "columns with the periods, or none", key_periods, COMPARED },
	{ '0', "0 … 9", "rows by this recording; 0: by the baseline", NULL, COMPARED },
	{ '0', "0 … 9", "rows by this event of those side by side", NULL, ANYWHERE },
	{ 'P', "P", "write what is shown, as far as it is expanded, to perf.hist.N",
	  ev_browser_keep, ANYWHERE },
	{ 'r', "r", "other forms: samples as text, pages, pictures, files for other tools",
	  ev_menu_of_forms, RECORDED },
	{ 's', "s", "another recording of this folder", ev_menu_of_recordings, SINGLE },
	{ 'f', "f, Space", "freeze the screen, and go on; samples are taken all the time",
	  key_freeze, LIVE },
	{ ' ', "Space", "the next page", key_space, RECORDED },
	{ ' ', NULL, NULL, key_space, LIVE },
	{ 'z', "z", "begin anew with each refresh, or let older samples fade", key_zero, LIVE },
	{ 'w', "w", "write what was sampled as a recording", key_save, LIVE },
	{ 'h', "h, ?", "this text", key_help, ANYWHERE },
	{ '?', NULL, NULL, key_help, ANYWHERE },
	{ 'q', "q, Ctrl-C", "leave", NULL, ANYWHERE },
};

static bool is_here(const struct ev_browser *browser, enum where where)
{
	bool live = browser->source->freeze;
	switch (where) {
	case LIVE:
		return live;
	case RECORDED:
		return !live;
	case SINGLE:
		return !live && !browser->diff;
	case COMPARED:
		return browser->diff;
	case UNCOMPARED:
		return !browser->diff;
	case ANYWHERE:
		break;
	}
	return true;
}

static const struct binding *find(const struct ev_browser *browser, uint32_t key)
{
	for (size_t i = 0; i < EV_LENGTH(bindings); i++)
		if (bindings[i].key == key && is_here(browser, bindings[i].where))
			return &bindings[i];
	return NULL;
}

const char *ev_browser_key_about(const struct ev_browser *browser, uint32_t key)
{
	const struct binding *binding = find(browser, key);
	return binding ? binding->about : NULL;
}

/* Keys that have a meaning elsewhere say where. */
void ev_browser_tell_unknown(struct ev_browser *browser, uint32_t key)
{
	static const struct {
		uint32_t key;
		const char *why;
	} known[] = {
		{ 'f', "freezing is of evprof top" },
		{ 'z', "beginning anew with each refresh is of evprof top" },
		{ 'w', "this is a recording already; w is of evprof top" },
		{ 'r', "what runs now has no other forms: w writes a recording" },
		{ 's', "this shows no single recording that another could take the place of" },
		{ 'T', "what runs now has no times to choose: w writes a recording" },
		{ 'A', "chance is told of comparisons: evprof diff; a annotates" },
	};
	for (size_t i = 0; i < EV_LENGTH(known) && !browser->pager; i++)
		if (known[i].key == key) {
			ev_browser_tell(browser, "%s", known[i].why);
			return;
		}
	if (key > ' ' && key < 0x7f)
		ev_browser_tell(browser, "%c does nothing here: ? shows the keys", (char)key);
	else
		ev_browser_tell(browser, "that key does nothing here: ? shows the keys");
}

bool ev_browser_press_table(struct ev_browser *browser, uint32_t key)
{
	const struct binding *binding = find(browser, key);
	if (key >= '0' && key <= '9')
		sort_by(browser, key - '0');
	else if (!binding)
		ev_browser_tell_unknown(browser, key);
	else if (!binding->act)
		return false;
	else
		binding->act(browser);
	return true;
}

void ev_pager_help_line(struct ev_buffer *text, const char *name, const char *about)
{
	size_t columns = ev_text_columns(name);
	int blanks = columns < HELP_NAME_COLUMNS ? (int)(HELP_NAME_COLUMNS - columns) : 0;
	ev_buffer_printf(text, "  %s%*s %s\n", name, blanks, "", about);
}

/* Where a hand that knows perf would do something else. */
static void help_strangers(const struct ev_browser *browser, struct ev_buffer *text)
{
	static const struct {
		const char *name, *about;
		enum where where;
	} differ[] = {
		{ "Enter, Right", "perf opens its menu, which is m here", ANYWHERE },
		{ "Esc, Left", "never leave the program, so perf's question is not asked: q does",
		  ANYWHERE },
		{ "Tab", "events need no list to be chosen from first", RECORDED },
		{ "r", "other forms take the place of perf's scripts", RECORDED },
		{ "f", "perf stops sampling; here only the screen stands still", LIVE },
		{ "Space", "the next page in perf; here as f", LIVE },
		{ "a", "begins with source lines; s shows instructions", ANYWHERE },
		{ "t, k, j, J, c in code", "numbers, line numbers and jumps are always shown",
		  ANYWHERE },
	};
	ev_buffer_printf(text, "\nNot as in perf\n");
	for (size_t i = 0; i < EV_LENGTH(differ); i++)
		if (is_here(browser, differ[i].where))
			ev_pager_help_line(text, differ[i].name, differ[i].about);
}

void ev_pager_help(struct ev_browser *browser)
{
	struct ev_buffer text = { 0 };
	for (size_t i = 0; i < EV_LENGTH(bindings); i++)
		if (bindings[i].name && is_here(browser, bindings[i].where) &&
		    find(browser, bindings[i].key)->name == bindings[i].name)
			ev_pager_help_line(&text, bindings[i].name, bindings[i].about);
	ev_pager_help_lines(&text);
	help_strangers(browser, &text);
	ev_buffer_u8(&text, 0);
	ev_pager_push(browser, "Keys", (char *)text.bytes);
}
