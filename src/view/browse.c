/* The life of a browser: what it holds, and where a key goes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "browse.h"

const char *ev_buffer_text(const struct ev_buffer *buffer)
{
	return buffer->size_bytes ? (const char *)buffer->bytes : "";
}

void ev_buffer_set(struct ev_buffer *buffer, const char *text)
{
	buffer->size_bytes = 0;
	if (*text)
		ev_buffer_add(buffer, text, strlen(text) + 1);
}

void ev_browser_tell(struct ev_browser *browser, const char *fmt, ...)
{
	va_list args;
	va_start(args, fmt);
	browser->trouble.code = 0;
	vsnprintf(browser->trouble.text, sizeof(browser->trouble.text), fmt, args);
	va_end(args);
}

/* ---- the report ---------------------------------------------------------------------------------
 */

static int ask(struct ev_browser *browser, struct ev_err *err)
{
	const struct ev_report *report = NULL;
	const struct ev_report_options *options = NULL;
	browser->wishes.sort = browser->sort;
	browser->wishes.time = browser->time;
	browser->wishes.filters = (const char *const *)browser->zooms.items;
	browser->wishes.filter_count = browser->zooms.count;
	int rc = browser->source->report(browser->source->self, &browser->wishes, &report, &options,
					 err);
	if (report && options) {
		browser->report = report;
		browser->diff =
			browser->source->diff ? browser->source->diff(browser->source->self) : NULL;
		browser->view = *options;
		browser->view.colour = true;
		browser->view.hierarchy = false;
		browser->view.separator = 0;
		browser->view.percent_limit = browser->wishes.percent_limit;
	}
	return rc;
}

int ev_browser_wish(struct ev_browser *browser)
{
	struct ev_err err = { 0 };
	ev_browser_drop_report(browser);
	int rc = ask(browser, &err);
	ev_browser_take_report(browser);
	ev_browser_list(browser);
	if (rc)
		browser->trouble = err;
	return rc;
}

int ev_browser_refresh(struct ev_browser *browser, struct ev_err *err)
{
	ev_browser_drop_report(browser);
	int rc = ask(browser, err);
	ev_browser_take_report(browser);
	ev_browser_list(browser);
	return rc;
}

int ev_browser_open(struct ev_browser **out, const struct ev_browse_source *source,
		    const struct ev_browse_options *options, struct ev_err *err)
{
	struct ev_browser *browser = ev_alloc(sizeof(*browser));
	const struct ev_browse_wishes *wishes = &options->wishes;
	browser->source = source;
	browser->ascii = options->ascii;
	browser->printed = options->printed;
	browser->diff_view = options->diff;
	browser->verbosity = EV_VERBOSE_OBJECTS;
	browser->wishes = *wishes;
	browser->sort = wishes->sort ? ev_strdup(wishes->sort) : NULL;
	browser->time = wishes->time ? ev_strdup(wishes->time) : NULL;
	for (size_t i = 0; i < wishes->filter_count; i++)
		*ev_array_add(&browser->zooms) = ev_strdup(wishes->filters[i]);
	browser->page = 1;
	if (source->diff) /* shares of a function's own do not tell whether it became slower */
		browser->code.share = EV_SHARE_GLOBAL_PERIOD;
	browser->cells = open_memstream(&browser->cell_text, &browser->cell_bytes);
	int rc = browser->cells ? ask(browser, err) : ev_fail(err, ENOMEM, "no memory is left");
	if (rc) {
		ev_browser_close(browser);
		return rc;
	}
	ev_browser_take_report(browser);
	ev_browser_list(browser);
	*out = browser;
	return 0;
}

void ev_browser_close(struct ev_browser *browser)
{
	if (!browser)
		return;
	while (browser->pager)
		ev_pager_pop(browser);
	ev_browser_drop_report(browser);
	if (browser->cells)
		fclose(browser->cells);
	free(browser->cell_text);
	for (size_t i = 0; i < browser->zooms.count; i++)
		free(browser->zooms.items[i]);
	ev_array_done(&browser->zooms);
	ev_array_done(&browser->items);
	ev_array_done(&browser->trees);
	ev_map_done(&browser->expanded);
	ev_buffer_done(&browser->filter);
	ev_buffer_done(&browser->typed);
	ev_buffer_done(&browser->search);
	ev_arena_done(&browser->scratch);
	free(browser->sort);
	free(browser->time);
	free(browser);
}

/* ---- keys ---------------------------------------------------------------------------------------
 */

bool ev_browser_press(struct ev_browser *browser, uint32_t key)
{
	bool stays = true;
	browser->trouble = (struct ev_err){ 0 };
	if (key == EV_PRESS_INTERRUPT)
		return false;
	if (browser->prompt != EV_PROMPT_NONE)
		ev_browser_press_prompt(browser, key);
	else if (browser->pager)
		ev_pager_press(browser, key);
	else
		stays = ev_browser_press_table(browser, key);
	ev_arena_reset(&browser->scratch);
	return stays && !browser->leaves;
}
