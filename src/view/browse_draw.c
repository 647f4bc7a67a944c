/* The browser's table on a screen: a title, how far it can be trusted, columns, rows, and below
 * them a line that says what can be done, or what is being typed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "browse.h"

enum {
	MARK_COLUMNS = 2,  /* + and - before rows */
	SHARE_COLUMNS = 8, /* of a node */
	NAME_ROOM = 24     /* what deep nodes leave for their names, at least */
};

/* ---- text made in memory ------------------------------------------------------------------------
 */

/* What was printed to `cells` since the last time. */
static const char *printed(struct ev_browser *browser)
{
	fflush(browser->cells);
	size_t bytes = browser->cell_bytes;
	const char *text = ev_arena_text(&browser->scratch, browser->cell_text, bytes);
	rewind(browser->cells);
	return text;
}

static void add(struct ev_browser *browser, struct ev_screen *screen, size_t line,
		enum ev_style style, const char *text)
{
	ev_screen_add(screen, line, style, false, browser->ascii, text);
}

/* ---- head --------------------------------------------------------------------------------------
 */

static void print_events(struct ev_browser *browser)
{
	const struct ev_report *report = browser->report;
	uint64_t samples = 0, period = 0;
	char number[32];
	bool first = true;
	for (size_t i = 0; i < browser->events.count; i++) {
		size_t e = browser->events.first + i;
		if (ev_report_only_tells(report, e) && browser->events.count > 1)
			continue;
		fprintf(browser->cells, "%s%s", first ? "" : ", ",
			ev_report_event(report, e, &browser->scratch));
		first = false;
		samples += report->table->total_samples[e];
		period += report->table->total_period[e];
	}
	fprintf(browser->cells, "  %s samples", ev_format_grouped(number, sizeof(number), samples));
	fprintf(browser->cells, "  %s %s",
		ev_report_waits(report, browser->events.first) ? "ns" : "events",
		ev_format_grouped(number, sizeof(number), period));
}

static void draw_title(struct ev_browser *browser, struct ev_screen *screen, size_t line)
{
	fprintf(browser->cells, "%s  ", ev_text_safe(&browser->scratch, browser->source->title));
	if (browser->diff)
		ev_browser_print_compared_title(browser);
	else
		print_events(browser);
	if (browser->source->status) {
		fputs("  ", browser->cells);
		browser->source->status(browser->source->self, browser->cells);
	}
	add(browser, screen, line, EV_STYLE_BAR, printed(browser));
	ev_screen_pad(screen, line, EV_STYLE_BAR, false, screen->width);
}

/* Which of the samples are shown, and the quality of all of them. */
static void draw_quality(struct ev_browser *browser, struct ev_screen *screen, size_t line)
{
	const struct ev_browse_wishes *wishes = &browser->wishes;
	for (size_t i = 0; i < wishes->filter_count; i++)
		fprintf(browser->cells, "[%s] ",
			ev_text_safe(&browser->scratch, wishes->filters[i]));
	if (wishes->time && *wishes->time)
		fprintf(browser->cells, "[time %s] ",
			ev_text_safe(&browser->scratch, wishes->time));
	if (*ev_buffer_text(&browser->filter))
		fprintf(browser->cells, "[/%s: %zu] ",
			ev_text_safe(&browser->scratch, ev_buffer_text(&browser->filter)),
			browser->items.count);
	const char *shown = printed(browser);
	ev_print_quality(browser->cells, browser->report, "");
	char *quality = (char *)printed(browser), *end = strchr(quality, '\n');
	if (end)
		*end = 0;
	add(browser, screen, line, EV_STYLE_WARM, shown);
	add(browser, screen, line, !strncmp(quality, "Simulated", 9) ? EV_STYLE_HOT : EV_STYLE_DIM,
	    quality);
	if (end && end[1] && !browser->printed)
		add(browser, screen, line, EV_STYLE_DIM, " (more: i)");
}

static void draw_heads(struct ev_browser *browser, struct ev_screen *screen, size_t line)
{
	struct ev_block *block = &browser->block;
	fprintf(browser->cells, "%*s", MARK_COLUMNS, "");
	if (browser->diff)
		ev_browser_print_compared_heads(browser);
	for (size_t c = 0; !browser->diff && c < block->columns.count; c++) {
		fputs(c ? "  " : "", browser->cells);
		ev_block_print_title(block, &block->columns.items[c]);
	}
	ev_arena_reset(&block->scratch);
	add(browser, screen, line, EV_STYLE_HEAD, printed(browser));
	ev_screen_pad(screen, line, EV_STYLE_HEAD, false, screen->width);
}

/* ---- items --------------------------------------------------------------------------------------
 */

static const char *mark_of(const struct ev_browser *browser, const struct ev_item *item)
{
	return !item->has_more || browser->printed ? "  " : item->expanded ? "- " : "+ ";
}

static void print_row(struct ev_browser *browser, const struct ev_item *item)
{
	struct ev_block *block = &browser->block;
	fputs(mark_of(browser, item), browser->cells);
	if (browser->diff)
		ev_browser_print_compared(browser, item->row);
	for (size_t c = 0; !browser->diff && c < block->columns.count; c++) {
		fputs(c ? "  " : "", browser->cells);
		ev_block_print_cell(block, &block->columns.items[c], block->rows[item->row],
				    c + 1 == block->columns.count);
		ev_arena_reset(&block->scratch);
	}
}

/* "12.34%" of the event, or what it was, is and by how much it changed. */
static void print_share(struct ev_browser *browser, const struct ev_node *node, uint64_t before)
{
	uint64_t total = browser->report->table->total_period[browser->events.first];
	double percent = ev_percent(node->total, total);
	const char *colour = percent >= 5 ? "\33[31m" : percent >= 0.5 ? "\33[32m" : "";
	char share[48];
	if (browser->diff)
		ev_browser_print_compared_node(browser, before, node->total);
	else
		fprintf(browser->cells, "%s%s%%\33[m  ", colour,
			ev_format_fixed(share, sizeof(share), percent, 2));
}

static void print_node(struct ev_browser *browser, const struct ev_item *item, size_t width)
{
	const struct ev_named *named = browser->report->named;
	uint64_t before = 0;
	const struct ev_node *node = ev_browser_node(browser, item, &before);
	const struct ev_frame *frame = &named->frames.items[node->frame];
	size_t room = width > SHARE_COLUMNS + NAME_ROOM ? width - SHARE_COLUMNS - NAME_ROOM : 0;
	size_t indent = MARK_COLUMNS + 2 * (size_t)item->depth;
	char samples[32], period[32]; /* of a comparison: the periods */
	fprintf(browser->cells, "%*s%s", (int)(indent < room ? indent : room), "",
		mark_of(browser, item));
	print_share(browser, node, before);
	if (browser->verbosity >= EV_VERBOSE_NUMBERS && browser->diff)
		fprintf(browser->cells, "(%s -> %s)  ",
			ev_format_grouped(samples, sizeof(samples), before),
			ev_format_grouped(period, sizeof(period), node->total));
	else if (browser->verbosity >= EV_VERBOSE_NUMBERS)
		fprintf(browser->cells, "(%s samples, %s)  ",
			ev_format_grouped(samples, sizeof(samples), node->samples),
			ev_format_grouped(period, sizeof(period), node->total));
	fputs(ev_report_safe(&browser->scratch,
			     ev_strings_text(named->profile->strings, frame->function)),
	      browser->cells);
	if (frame->inlined)
		fputs(" (inlined)", browser->cells);
	if (node->calls_most)
		fputs(" (calls itself on and on)", browser->cells);
	if (frame->object < named->object_count && browser->verbosity >= EV_VERBOSE_OBJECTS)
		fprintf(browser->cells, "\33[2m  %s\33[m",
			ev_report_safe(&browser->scratch,
				       ev_strings_text(named->profile->strings,
						       named->object_names[frame->object])));
}

void ev_browser_draw_item(struct ev_browser *browser, struct ev_screen *screen, size_t line,
			  size_t at)
{
	const struct ev_item *item = &browser->items.items[at];
	bool selected = at == browser->selected && !browser->printed;
	if (item->node)
		print_node(browser, item, screen->width);
	else
		print_row(browser, item);
	ev_screen_add_coloured(screen, line, selected, browser->ascii, printed(browser), 0);
	if (selected)
		ev_screen_pad(screen, line, EV_STYLE_PLAIN, true, screen->width);
	ev_arena_reset(&browser->scratch);
}

static void draw_items(struct ev_browser *browser, struct ev_screen *screen, size_t from,
		       size_t lines)
{
	browser->page = lines;
	if (browser->selected < browser->top)
		browser->top = browser->selected;
	if (lines && browser->selected >= browser->top + lines)
		browser->top = browser->selected - lines + 1;
	size_t last_top = browser->items.count > lines ? browser->items.count - lines : 0;
	if (browser->top > last_top) /* nothing is left empty that could show a row */
		browser->top = last_top;
	for (size_t i = 0; i < lines && browser->top + i < browser->items.count; i++)
		ev_browser_draw_item(browser, screen, from + i, browser->top + i);
	if (!browser->items.count && lines)
		add(browser, screen, from, EV_STYLE_PLAIN,
		    *ev_buffer_text(&browser->filter) ? "  nothing here has that text"
		    : browser->diff ? "  no row differs by more than chance: A shows all"
				    : "  no samples");
}

/* ---- foot ---------------------------------------------------------------------------------------
 */

static void draw_prompt(struct ev_browser *browser, struct ev_screen *screen, size_t line)
{
	add(browser, screen, line, EV_STYLE_BAR, ev_prompt_title(browser->prompt));
	add(browser, screen, line, EV_STYLE_BAR,
	    ev_text_safe(&browser->scratch, ev_buffer_text(&browser->typed)));
	screen->has_cursor = true;
	screen->cursor_line = line;
	screen->cursor_column = screen->lines[line].columns < screen->width
					? screen->lines[line].columns
					: screen->width - 1;
}

static const char *usual_foot(const struct ev_browser *browser)
{
	const struct ev_pager *pager = browser->pager;
	if (pager && pager->chosen)
		return "Enter chooses  / search  q back";
	if (pager && pager->of_code)
		return "? help  s source/instructions  H hottest  / search  q back";
	if (pager)
		return "/ search  q back";
	if (browser->source->freeze)
		return "? help  Enter expand  a annotate  / filter  f freeze  z zero  w save  q "
		       "quit";
	if (browser->diff)
		return "? help  Enter expand  A all rows  / filter  c compute  o sort  q quit";
	return "? help  Enter expand  a annotate  / filter  t thread  d object  q quit";
}

static void draw_foot(struct ev_browser *browser, struct ev_screen *screen, size_t line)
{
	bool is_message = *browser->trouble.text;
	if (browser->prompt != EV_PROMPT_NONE)
		draw_prompt(browser, screen, line);
	else if (is_message)
		add(browser, screen, line, browser->trouble.code ? EV_STYLE_HOT : EV_STYLE_BAR,
		    browser->trouble.text);
	else
		add(browser, screen, line, EV_STYLE_BAR, usual_foot(browser));
	ev_screen_pad(screen, line, EV_STYLE_BAR, false, screen->width);
}

size_t ev_browser_draw_head(struct ev_browser *browser, struct ev_screen *screen)
{
	size_t lines = 0;
	if (screen->height >= 4 || browser->printed)
		draw_title(browser, screen, lines++);
	if (screen->height >= 8 || browser->printed)
		draw_quality(browser, screen, lines++);
	if ((screen->height >= 5 || browser->printed) && !browser->heads_hidden)
		draw_heads(browser, screen, lines++);
	return lines;
}

/* Small screens have rows before all else; the last line is the foot's while something is typed. */
void ev_browser_draw(struct ev_browser *browser, struct ev_screen *screen, size_t width,
		     size_t height)
{
	ev_screen_begin(screen, width, height);
	if (!screen->width || !screen->height)
		return;
	bool asks = browser->prompt != EV_PROMPT_NONE || *browser->trouble.text;
	bool has_foot = screen->height >= 3 || asks;
	size_t from = 0, end = screen->height - has_foot;
	if (browser->pager) {
		ev_pager_draw(browser, screen);
	} else {
		from = ev_browser_draw_head(browser, screen);
		draw_items(browser, screen, from, end > from ? end - from : 0);
	}
	if (has_foot)
		draw_foot(browser, screen, screen->height - 1);
	ev_arena_reset(&browser->scratch);
}
