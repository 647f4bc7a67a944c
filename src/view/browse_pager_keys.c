/* What keys do on a text screen above the browser's table: perf's, where perf's annotation has
 * them. */
#include <stdlib.h>
#include <string.h>
#include "browse.h"

/* ---- code: how it is shown ---------------------------------------------------------------------
 */

static void key_source(struct ev_browser *browser)
{
	bool before = browser->code.assembly;
	struct ev_pager *old = browser->pager;
	browser->code.assembly = !before;
	ev_pager_show_again(browser);
	if (browser->pager == old) /* there is none, and why is told */
		browser->code.assembly = before;
}

static void key_bytes(struct ev_browser *browser)
{
	if (!browser->code.assembly) {
		ev_browser_tell(browser, "bytes are of instructions: s shows them");
		return;
	}
	browser->code.raw_bytes = !browser->code.raw_bytes;
	ev_pager_show_again(browser);
}

static bool is_of_all(enum ev_annotate_share share)
{
	return share == EV_SHARE_GLOBAL_PERIOD || share == EV_SHARE_GLOBAL_HITS;
}

static bool is_of_hits(enum ev_annotate_share share)
{
	return share == EV_SHARE_LOCAL_HITS || share == EV_SHARE_GLOBAL_HITS;
}

static void show_share(struct ev_browser *browser, bool of_all, bool of_hits)
{
	browser->code.share = of_hits  ? of_all ? EV_SHARE_GLOBAL_HITS : EV_SHARE_LOCAL_HITS
			      : of_all ? EV_SHARE_GLOBAL_PERIOD
				       : EV_SHARE_LOCAL_PERIOD;
	ev_pager_show_again(browser);
	ev_browser_tell(browser, "shares are of %s, by %s", of_all ? "everything" : "the function",
			of_hits ? "samples" : "what they stand for");
}

static void key_whole(struct ev_browser *browser)
{
	enum ev_annotate_share share = browser->code.share;
	show_share(browser, !is_of_all(share), is_of_hits(share));
}

static void key_hits(struct ev_browser *browser)
{
	enum ev_annotate_share share = browser->code.share;
	show_share(browser, is_of_all(share), !is_of_hits(share));
}

static void key_file(struct ev_browser *browser)
{
	const struct ev_pager *pager = browser->pager;
	for (size_t i = 0; i < pager->lines.count; i++) {
		if (strncmp(pager->lines.items[i], "File: ", 6))
			continue;
		ev_browser_tell(browser, "%s", pager->lines.items[i]);
		return;
	}
	ev_browser_tell(browser, "which file this was made of is not known here: s shows source "
				 "lines with it");
}

/* ---- code: moving -------------------------------------------------------------------------------
 */

static void key_hottest(struct ev_browser *browser)
{
	ev_pager_select_hottest(browser->pager, EV_HOTTEST);
}

static void key_next_hottest(struct ev_browser *browser)
{
	ev_pager_select_hottest(browser->pager, EV_HOTTEST_NEXT);
}

static void key_hottest_before(struct ev_browser *browser)
{
	ev_pager_select_hottest(browser->pager, EV_HOTTEST_BEFORE);
}

/* The word of an instruction that an address ends: "jne  1234", "call  5678 <malloc>"; NULL
 * without. */
static const char *target_of(const char *line, const char **name)
{
	static const char *const arrows[] = { "\342\206\221", "\342\206\223", "\342\206\222" };
	const char *at = NULL;
	for (size_t i = 0; i < EV_LENGTH(arrows) && !at; i++)
		at = strstr(line, arrows[i]);
	if (!at)
		return NULL;
	*name = strchr(at, '<');
	const char *end = *name ? *name : at + strlen(at);
	*name += *name != NULL;
	while (end > at && end[-1] == ' ')
		end--;
	while (end > at && strchr("0123456789abcdefx", end[-1]))
		end--;
	return end;
}

/* Does an instruction's line begin with this address? It stands before the first colon. */
static bool is_at(const char *line, uint64_t address)
{
	const char *colon = strchr(line, ':'), *from = colon;
	while (from && from > line && strchr("0123456789abcdef", from[-1]))
		from--;
	return from && from < colon && strtoull(from, NULL, 16) == address;
}

/* To where an instruction jumps, or into what it calls. */
static void key_target(struct ev_browser *browser)
{
	struct ev_pager *pager = browser->pager;
	const char *name = NULL, *line = NULL, *target;
	if (pager->selected < pager->lines.count)
		line = pager->lines.items[pager->selected];
	target = line && browser->code.assembly ? target_of(line, &name) : NULL;
	if (!target) {
		ev_browser_tell(browser,
				browser->code.assembly
					? "this instruction goes nowhere else"
					: "jumps and calls are of instructions: s shows them");
		return;
	}
	uint64_t address = strtoull(target, NULL, 16);
	for (size_t i = 0; address && i < pager->lines.count; i++) {
		if (!is_at(pager->lines.items[i], address))
			continue;
		pager->selected = i;
		return;
	}
	if (!name) {
		ev_browser_tell(browser, "that is outside of this function, and has no name here");
		return;
	}
	char *function = ev_arena_text(&browser->scratch, name, strcspn(name, ">"));
	char *at = strstr(function, "@plt");
	if (at)
		*at = 0;
	struct ev_browse_place place = { function, NULL, browser->events.first };
	ev_pager_annotate(browser, &place);
}

/* The function of the row above or below, in place of this one. */
static void turn(struct ev_browser *browser, bool back)
{
	size_t at = browser->selected;
	while (back ? at-- > 0 : ++at < browser->items.count) {
		const struct ev_item *item = &browser->items.items[at];
		struct ev_browse_place place = ev_browser_place(browser, item);
		if (item->node || !place.function)
			continue;
		browser->selected = at;
		browser->selected_id = at ? item->id : 0;
		ev_pager_pop(browser);
		ev_pager_annotate(browser, &place);
		return;
	}
	ev_browser_tell(browser, "this is the %s function of the table", back ? "first" : "last");
}

static void key_before(struct ev_browser *browser)
{
	turn(browser, true);
}

static void key_after(struct ev_browser *browser)
{
	turn(browser, false);
}

/* ---- every text screen --------------------------------------------------------------------------
 */

static void key_back(struct ev_browser *browser)
{
	ev_pager_pop(browser);
}

static void key_left(struct ev_browser *browser)
{
	struct ev_pager *pager = browser->pager;
	if (pager->column)
		pager->column -= EV_PAGER_SIDEWAYS;
	else
		ev_pager_pop(browser);
}

static void key_search(struct ev_browser *browser)
{
	ev_browser_begin_prompt(browser, EV_PROMPT_SEARCH, "");
}

static void key_search_on(struct ev_browser *browser)
{
	ev_pager_search(browser, browser->pager->selected + 1, false);
}

static void key_search_back(struct ev_browser *browser)
{
	const struct ev_pager *pager = browser->pager;
	if (*ev_buffer_text(&browser->search))
		ev_pager_search(browser, pager->selected + pager->lines.count - 1, true);
	else
		ev_browser_begin_prompt(browser, EV_PROMPT_SEARCH_BACK, "");
}

static void key_help(struct ev_browser *browser)
{
	struct ev_pager *pager = browser->pager;
	if (pager->of_code || pager->chosen)
		ev_pager_help(browser);
}

/* ---- the table
 * ------------------------------------------------------------------------------------ */

enum where { ANY_TEXT, CODE };

/* As the table of browse_keys.c. Those that act not have what they would show in sight. */
static const struct {
	uint32_t key;
	const char *name, *about;
	void (*act)(struct ev_browser *browser);
	enum where where;
	const char *excuse;
} bindings[] = {
	{ EV_PRESS_ENTER, "Enter", "where an instruction jumps to, or what it calls", key_target,
	  CODE, NULL },
	{ 's', "s", "source lines, or instructions", key_source, CODE, NULL },
	{ 'H', "H", "the hottest line", key_hottest, CODE, NULL },
	{ EV_PRESS_TAB, "Tab, Shift-Tab", "the next hottest line, the one before", key_next_hottest,
	  CODE, NULL },
	{ EV_PRESS_BACK_TAB, NULL, NULL, key_hottest_before, CODE, NULL },
	{ '<', "<, >", "the function of the row above, below", key_before, CODE, NULL },
	{ '>', NULL, NULL, key_after, CODE, NULL },
	{ 'p', "p", "shares of the function, or of everything", key_whole, CODE, NULL },
	{ 'b', "b", "shares by what samples stand for, or by samples", key_hits, CODE, NULL },
	{ 'o', "o", "the bytes of instructions, or none", key_bytes, CODE, NULL },
	{ 'l', "l", "the source file, in full", key_file, CODE, NULL },
	{ '/', "/, n, N", "search, search on, search back", key_search, ANY_TEXT, NULL },
	{ 'n', NULL, NULL, key_search_on, ANY_TEXT, NULL },
	{ 'N', NULL, NULL, key_search_back, ANY_TEXT, NULL },
	{ 'P', "P", "write this text into a file", ev_browser_keep, ANY_TEXT, NULL },
	{ 'r', "r", "other forms of the recording", ev_menu_of_forms, ANY_TEXT, NULL },
	{ EV_PRESS_LEFT, "Right, Left", "sideways", key_left, ANY_TEXT, NULL },
	{ 'q', "q, Esc", "back", key_back, ANY_TEXT, NULL },
	{ EV_PRESS_ESCAPE, NULL, NULL, key_back, ANY_TEXT, NULL },
	{ EV_PRESS_BACKSPACE, NULL, NULL, key_back, ANY_TEXT, NULL },
	{ '?', NULL, NULL, key_help, ANY_TEXT, NULL },
	{ 'h', NULL, NULL, key_help, ANY_TEXT, NULL },
	{ 't', NULL, NULL, NULL, CODE, "samples, weights and shares stand side by side already" },
	{ 'k', NULL, NULL, NULL, CODE, "line numbers stand before every line already" },
	{ 'j', NULL, NULL, NULL, CODE, "jumps have their arrows already; Enter follows one" },
	{ 'J', NULL, NULL, NULL, CODE, "what is jumped to has a mark; / finds who jumps there" },
	{ 'O', NULL, NULL, NULL, CODE, "every instruction has its address already" },
	{ 'f', NULL, NULL, NULL, CODE, "addresses are full ones already" },
	{ 'c', NULL, NULL, NULL, CODE,
	  "cycles of branches are a report's: evprof report -s sym_from,sym_to,cycles" },
};

static void choose(struct ev_browser *browser)
{
	struct ev_pager *menu = browser->pager;
	if (menu->selected >= menu->lines.count)
		return;
	/* It is gone before what was chosen is done, which may show another text. */
	browser->choice = menu;
	browser->pager = menu->below;
	menu->chosen(browser, menu->selected);
	browser->choice = NULL;
	ev_pager_free(menu);
}

void ev_pager_press(struct ev_browser *browser, uint32_t key)
{
	const struct ev_pager *pager = browser->pager;
	if (pager->chosen && (key == EV_PRESS_ENTER || key == EV_PRESS_RIGHT)) {
		choose(browser);
		return;
	}
	for (size_t i = 0; i < EV_LENGTH(bindings); i++) {
		if (bindings[i].key != key || (bindings[i].where == CODE && !pager->of_code))
			continue;
		if (bindings[i].act)
			bindings[i].act(browser);
		else
			ev_browser_tell(browser, "%s", bindings[i].excuse);
		return;
	}
	if (key < EV_PRESS_ENTER && key != ' ')
		ev_browser_tell_unknown(browser, key);
	else
		ev_pager_move(browser->pager, key, browser->page ? browser->page : 1);
}

void ev_pager_help_lines(struct ev_buffer *text)
{
	ev_buffer_printf(text, "\nIn annotated code\n");
	for (size_t i = 0; i < EV_LENGTH(bindings); i++)
		if (bindings[i].name)
			ev_pager_help_line(text, bindings[i].name, bindings[i].about);
}
