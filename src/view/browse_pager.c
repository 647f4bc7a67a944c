/* Text screens above the table: annotated code, what the recording says of itself, help. */
#include <stdlib.h>
#include <string.h>
#include "browse.h"
#include "diff.h"

enum { LINES_LIMIT = 1000000 };

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

void ev_pager_free(struct ev_pager *pager)
{
	ev_array_done(&pager->lines);
	ev_array_done(&pager->keys);
	free(pager->title);
	free(pager->text);
	free(pager->function);
	free(pager->object);
	free(pager);
}

void ev_pager_pop(struct ev_browser *browser)
{
	struct ev_pager *pager = browser->pager;
	browser->pager = pager->below;
	ev_pager_free(pager);
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

/* Of equally hot lines one follows the other. */
static bool comes_behind(double share, size_t line, double other_share, size_t other_line)
{
	return share < other_share ||
	       (share >= other_share && share <= other_share && line > other_line);
}

void ev_pager_select_hottest(struct ev_pager *pager, enum ev_hottest which)
{
	const char *const *lines = pager->lines.items;
	double here = pager->selected < pager->lines.count ? share_of(lines[pager->selected]) : -1;
	double best = -1;
	size_t at = SIZE_MAX;
	for (size_t i = 0; i < pager->lines.count; i++) {
		double share = share_of(lines[i]);
		bool fits = share > 0;
		if (which == EV_HOTTEST_NEXT && here > 0)
			fits &= comes_behind(share, i, here, pager->selected);
		if (which == EV_HOTTEST_BEFORE && here > 0)
			fits &= comes_behind(here, pager->selected, share, i);
		/* Of those before it, the least hot is next to it. */
		bool better = at == SIZE_MAX ||
			      (which == EV_HOTTEST_BEFORE ? comes_behind(share, i, best, at)
							  : comes_behind(best, at, share, i));
		if (!fits || !better)
			continue;
		best = share;
		at = i;
	}
	if (at != SIZE_MAX)
		pager->selected = at;
	else if (which == EV_HOTTEST_NEXT)
		ev_pager_select_hottest(pager, EV_HOTTEST);
}

void ev_pager_annotate(struct ev_browser *browser, const struct ev_browse_place *place)
{
	struct ev_err err = { 0 };
	char *text = NULL;
	size_t bytes = 0;
	if (!browser->source->annotate || !place->function) {
		ev_browser_tell(browser, "there is no function in this row to annotate");
		return;
	}
	FILE *out = open_memstream(&text, &bytes);
	int rc = browser->source->annotate(browser->source->self, place, &browser->code, out, &err);
	fclose(out);
	if (rc) {
		free(text);
		browser->trouble = err;
		return;
	}
	char *title = ev_printf("%s %s", browser->code.assembly ? "Instructions of" : "Source of",
				ev_text_safe(&browser->scratch, place->function));
	struct ev_pager *pager = ev_pager_push(browser, title, text);
	free(title);
	pager->of_code = true;
	pager->function = ev_strdup(place->function);
	pager->object = place->object ? ev_strdup(place->object) : NULL;
	ev_pager_select_hottest(pager, EV_HOTTEST);
	pager->top = pager->selected > browser->page / 2 ? pager->selected - browser->page / 2 : 0;
}

void ev_pager_show_again(struct ev_browser *browser)
{
	struct ev_pager *old = browser->pager;
	struct ev_browse_place place = { old->function, old->object, browser->events.first };
	ev_pager_annotate(browser, &place);
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
	const char *notes[8];
	size_t count = browser->diff ? ev_diff_notes(browser->diff, browser->events.first,
						     &browser->scratch, notes)
				     : 0;
	for (size_t i = 0; i < count; i++)
		fprintf(out, "Note: %s\n", notes[i]);
	if (browser->source->header)
		browser->source->header(browser->source->self, out);
	fclose(out);
	ev_pager_push(browser, "What is known of the recording", text);
}

/* ---- moving -------------------------------------------------------------------------------------
 */

void ev_pager_search(struct ev_browser *browser, size_t from, bool back)
{
	struct ev_pager *pager = browser->pager;
	const char *part = ev_buffer_text(&browser->search);
	size_t count = pager->lines.count;
	for (size_t i = 0; *part && i < count; i++) {
		size_t at = (from + (back ? count - i : i)) % count;
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

/* Is a line of it marked? Else what is seen moves at once. */
static bool has_mark(const struct ev_pager *pager)
{
	return pager->of_code || pager->chosen;
}

void ev_pager_move(struct ev_pager *pager, uint32_t key, size_t page)
{
	size_t last = pager->lines.count ? pager->lines.count - 1 : 0, at = pager->selected;
	bool onwards = key == EV_PRESS_DOWN || key == EV_PRESS_ENTER || key == ' ' ||
		       key == EV_PRESS_PAGE_DOWN;
	if (!has_mark(pager))
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
		pager->column += EV_PAGER_SIDEWAYS;
		break;
	default:
		break;
	}
	pager->selected = at > last ? last : at;
	keep_in_sight(pager, page);
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
		bool selected = has_mark(pager) && pager->top + i == pager->selected;
		ev_screen_add_coloured(screen, head + i, selected, browser->ascii,
				       pager->lines.items[pager->top + i], pager->column);
		if (selected)
			ev_screen_pad(screen, head + i, EV_STYLE_PLAIN, true, screen->width);
	}
}
