/* What the browser shows becomes text in a file: all of it, whatever the screen's size. */
#include <stdlib.h>
#include <string.h>
#include "browse.h"

enum { WIDTH = 1000, HEAD_LINES = 8 };

static void print_line(FILE *out, const struct ev_screen_line *line)
{
	struct ev_buffer text = { 0 };
	for (size_t r = 0; r < line->runs.count; r++)
		ev_buffer_add(&text, line->runs.items[r].text, strlen(line->runs.items[r].text));
	while (text.size_bytes && text.bytes[text.size_bytes - 1] == ' ')
		text.size_bytes--;
	if (text.size_bytes)
		fwrite(text.bytes, 1, text.size_bytes, out);
	putc('\n', out);
	ev_buffer_done(&text);
}

static void print_table(struct ev_browser *browser, FILE *out)
{
	struct ev_screen screen = { 0 };
	bool printed = browser->printed;
	browser->printed = true; /* without what is of keys */
	ev_screen_begin(&screen, WIDTH, HEAD_LINES);
	size_t lines = ev_browser_draw_head(browser, &screen);
	for (size_t i = 0; i < lines; i++)
		print_line(out, &screen.lines[i]);
	for (size_t i = 0; i < browser->items.count; i++) {
		ev_screen_begin(&screen, WIDTH, 1);
		ev_browser_draw_item(browser, &screen, 0, i);
		print_line(out, &screen.lines[0]);
	}
	browser->printed = printed;
	ev_screen_done(&screen);
}

static void print_pager(struct ev_browser *browser, FILE *out)
{
	struct ev_screen screen = { 0 };
	for (size_t i = 0; i < browser->pager->lines.count; i++) {
		ev_screen_begin(&screen, WIDTH, 1);
		ev_screen_add_coloured(&screen, 0, false, browser->ascii,
				       browser->pager->lines.items[i], 0);
		print_line(out, &screen.lines[0]);
	}
	ev_screen_done(&screen);
}

void ev_browser_keep(struct ev_browser *browser)
{
	const struct ev_browse_source *source = browser->source;
	const struct ev_pager *pager = browser->pager;
	struct ev_err err = { 0 };
	char *text = NULL, *name = NULL, said[256] = "";
	size_t bytes = 0;
	if (!source->keep) {
		ev_browser_tell(browser, "nothing can be written from here");
		return;
	}
	FILE *out = open_memstream(&text, &bytes);
	if (pager)
		print_pager(browser, out);
	else
		print_table(browser, out);
	fclose(out);
	if (pager && pager->of_code)
		name = ev_printf("%s.annotation", pager->function);
	int rc = source->keep(source->self,
			      name    ? name
			      : pager ? "perf.text"
				      : "perf.hist",
			      text, bytes, said, &err);
	if (rc)
		browser->trouble = err;
	else
		ev_browser_tell(browser, "%s", said);
	free(name);
	free(text);
}
