/* Text screens above the table: annotated code, what the recording says of itself, help. */
#include <stdlib.h>
#include <string.h>
#include "browse.h"

enum { LINES_LIMIT = 1000000, SIDEWAYS = 8 };

/* ---- life ---------------------------------------------------------------------------------------
 */

static void cut_lines(struct ev_pager *pager)
{
	for (char *at = pager->text, *end; *at && pager->lines.count < LINES_LIMIT; at = end + 1) {
		end = strchrnul(at, '\n');
		*ev_array_add(&pager->lines) = at;
		if (!*end)
			break;
		*end = 0;
	}
}

struct ev_pager *ev_pager_push(struct ev_browser *browser, const char *title, char *text)
{
	struct ev_pager *pager = ev_alloc(sizeof(*pager));
	pager->title = ev_strdup(title);
	pager->text = text;
	pager->below = browser->pager;
	cut_lines(pager);
	browser->pager = pager;
	return pager;
}

void ev_pager_pop(struct ev_browser *browser)
{
	struct ev_pager *pager = browser->pager;
	browser->pager = pager->below;
	ev_array_done(&pager->lines);
	free(pager->title);
	free(pager->text);
	free(pager->function);
	free(pager->object);
	free(pager);
}

/* ---- annotated code
 * ------------------------------------------------------------------------------
 */

/* The first share in a line of a table, "12.34%"; < 0: it has none. */
static double share_of(const char *line)
{
	for (const char *at = line; (at = strchr(at, '%')); at++) {
		const char *from = at;
		while (from > line && (from[-1] == '.' || (from[-1] >= '0' && from[-1] <= '9')))
			from--;
		if (at - from >= 4 && at[-3] == '.')
			return strtod(from, NULL);
	}
	return -1;
}

/* The hottest line that is less hot than the selected one, or the hottest. */
static void select_hottest(struct ev_pager *pager, bool next)
{
	double limit = next && pager->selected < pager->lines.count
			       ? share_of(pager->lines.items[pager->selected])
			       : 1000;
	double best = -1;
	size_t at = pager->selected;
	for (size_t i = 0; i < pager->lines.count; i++) {
		double share = share_of(pager->lines.items[i]);
		bool follows = next && share >= limit && share <= limit && i > pager->selected;
		if ((share < limit || follows) && share > best) {
			best = share;
			at = i;
		}
	}
	if (best > 0)
		pager->selected = at;
	else if (next)
		select_hottest(pager, false);
}

void ev_pager_annotate(struct ev_browser *browser, const struct ev_browse_place *place,
		       bool assembly)
{
	struct ev_err err = { 0 };
	char *text = NULL;
	size_t bytes = 0;
	if (!browser->source->annotate || !place->function) {
		ev_browser_tell(browser, "there is no function in this row to annotate");
		return;
	}
	FILE *out = open_memstream(&text, &bytes);
	int rc = browser->source->annotate(browser->source->self, place, assembly, out, &err);
	fclose(out);
	if (rc) {
		free(text);
		browser->trouble = err;
		return;
	}
	char *title = ev_printf("%s %s", assembly ? "Instructions of" : "Source of",
				ev_text_safe(&browser->scratch, place->function));
	struct ev_pager *pager = ev_pager_push(browser, title, text);
	free(title);
	pager->of_code = true;
	pager->assembly = assembly;
	pager->function = ev_strdup(place->function);
	pager->object = place->object ? ev_strdup(place->object) : NULL;
	select_hottest(pager, false);
	pager->top = pager->selected > browser->page / 2 ? pager->selected - browser->page / 2 : 0;
}

/* The same function the other way. */
static void turn_code(struct ev_browser *browser)
{
	struct ev_pager *old = browser->pager;
	struct ev_browse_place place = { old->function, old->object, browser->events.first };
	if (!old->of_code)
		return;
	ev_pager_annotate(browser, &place, !old->assembly);
	if (browser->pager == old)
		return;
	browser->pager->below = old->below;
	struct ev_pager *new = browser->pager;
	browser->pager = old;
	ev_pager_pop(browser);
	browser->pager = new;
}

void ev_pager_header(struct ev_browser *browser)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	ev_print_quality(out, browser->report, "");
	if (browser->source->header)
		browser->source->header(browser->source->self, out);
	fclose(out);
	ev_pager_push(browser, "What is known of the recording", text);
}

/* ---- moving -------------------------------------------------------------------------------------
 */

void ev_pager_search(struct ev_browser *browser, size_t from)
{
	struct ev_pager *pager = browser->pager;
	const char *part = ev_buffer_text(&browser->search);
	for (size_t i = 0; *part && i < pager->lines.count; i++) {
		size_t at = (from + i) % pager->lines.count;
		if (!ev_text_has(pager->lines.items[at], part))
			continue;
		pager->selected = at;
		return;
	}
	ev_browser_tell(browser, *part ? "there is no such text here" : "search with /");
}

static void keep_in_sight(struct ev_pager *pager, size_t lines)
{
	if (pager->selected < pager->top)
		pager->top = pager->selected;
	if (lines && pager->selected >= pager->top + lines)
		pager->top = pager->selected - lines + 1;
}

static void move(struct ev_pager *pager, uint32_t key, size_t page)
{
	size_t last = pager->lines.count ? pager->lines.count - 1 : 0, at = pager->selected;
	bool onwards = key == EV_PRESS_DOWN || key == EV_PRESS_ENTER || key == ' ' ||
		       key == EV_PRESS_PAGE_DOWN;
	if (!pager->of_code) /* no line is marked: what is seen moves at once */
		at = onwards ? pager->top + page - 1 : pager->top;
	switch (key) {
	case EV_PRESS_UP:
		at -= at > 0;
		break;
	case EV_PRESS_DOWN:
	case EV_PRESS_ENTER:
		at++;
		break;
	case EV_PRESS_PAGE_UP:
		at -= page < at ? page : at;
		break;
	case ' ':
	case EV_PRESS_PAGE_DOWN:
		at += page;
		break;
	case EV_PRESS_HOME:
		at = 0;
		break;
	case EV_PRESS_END:
		at = last;
		break;
	case EV_PRESS_RIGHT:
		pager->column += SIDEWAYS;
		break;
	default:
		break;
	}
	pager->selected = at > last ? last : at;
	keep_in_sight(pager, page);
}

void ev_pager_press(struct ev_browser *browser, uint32_t key)
{
	struct ev_pager *pager = browser->pager;
	switch (key) {
	case EV_PRESS_LEFT:
		if (pager->column) {
			pager->column -= SIDEWAYS;
			break;
		}
		ev_pager_pop(browser);
		break;
	case 'q':
	case EV_PRESS_ESCAPE:
	case EV_PRESS_BACKSPACE:
		ev_pager_pop(browser);
		break;
	case '/':
		ev_browser_begin_prompt(browser, EV_PROMPT_SEARCH, "");
		break;
	case 'n':
		ev_pager_search(browser, pager->selected + 1);
		break;
	case 's':
		turn_code(browser);
		break;
	case 'H':
		select_hottest(pager, false);
		break;
	case EV_PRESS_TAB:
		select_hottest(pager, true);
		break;
	case '?':
	case 'h':
		if (pager->of_code)
			ev_pager_help(browser);
		break;
	default:
		move(pager, key, browser->page ? browser->page : 1);
		break;
	}
}

/* ---- drawing ------------------------------------------------------------------------------------
 */

void ev_pager_draw(struct ev_browser *browser, struct ev_screen *screen)
{
	struct ev_pager *pager = browser->pager;
	size_t head = screen->height >= 4, foot = screen->height >= 3;
	size_t lines = screen->height - head - foot;
	browser->page = lines;
	keep_in_sight(pager, lines);
	if (head) {
		ev_screen_add(screen, 0, EV_STYLE_BAR, false, browser->ascii, pager->title);
		ev_screen_pad(screen, 0, EV_STYLE_BAR, false, screen->width);
	}
	for (size_t i = 0; i < lines && pager->top + i < pager->lines.count; i++) {
		bool selected = pager->of_code && pager->top + i == pager->selected;
		ev_screen_add_coloured(screen, head + i, selected, browser->ascii,
				       pager->lines.items[pager->top + i], pager->column);
		if (selected)
			ev_screen_pad(screen, head + i, EV_STYLE_PLAIN, true, screen->width);
	}
}
