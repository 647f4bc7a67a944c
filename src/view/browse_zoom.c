/* Keys of the browser that leave only a part of the samples: a thread, an object, the kernel; and
 * those that lead out again. */
#include <stdlib.h>
#include <string.h>
#include "browse.h"

/* Commas separate values, so that one of the text is marked. */
static char *filter_of(enum ev_key key, const char *text)
{
	struct ev_buffer filter = { 0 };
	ev_buffer_printf(&filter, "%s=", ev_keys[key].name);
	for (; *text; text++) {
		if (*text == ',')
			ev_buffer_u8(&filter, '\\');
		ev_buffer_u8(&filter, (uint8_t)*text);
	}
	ev_buffer_u8(&filter, 0);
	return (char *)filter.bytes;
}

static void drop_zoom(struct ev_browser *browser)
{
	free(browser->zooms.items[--browser->zooms.count]);
}

/* Takes over the text; zooming into where one is already leads out again, as in perf. */
static void zoom(struct ev_browser *browser, char *filter)
{
	size_t last = browser->zooms.count;
	if (last && !strcmp(browser->zooms.items[last - 1], filter)) {
		free(filter);
		drop_zoom(browser);
		ev_browser_wish(browser);
		return;
	}
	*ev_array_add(&browser->zooms) = filter;
	if (ev_browser_wish(browser)) {
		struct ev_err why = browser->trouble;
		drop_zoom(browser);
		ev_browser_wish(browser);
		browser->trouble = why;
	}
}

static void zoom_into(struct ev_browser *browser, const enum ev_key *keys, size_t count,
		      const char *what)
{
	const struct ev_item *item = ev_browser_selected(browser);
	for (size_t i = 0; item && i < count; i++) {
		const char *text = ev_browser_row_text(browser, item, keys[i]);
		if (!text)
			continue;
		zoom(browser, filter_of(keys[i], text));
		return;
	}
	if (item)
		ev_browser_tell(browser, "%s is no column here: o sorts by others", what);
}

void ev_browser_zoom_thread(struct ev_browser *browser)
{
	static const enum ev_key keys[] = { EV_KEY_TID, EV_KEY_PID, EV_KEY_COMM };
	zoom_into(browser, keys, EV_LENGTH(keys), "the thread");
}

void ev_browser_zoom_object(struct ev_browser *browser)
{
	const struct ev_item *item = ev_browser_selected(browser);
	struct ev_browse_place place = { 0 };
	if (item)
		place = ev_browser_place(browser, item);
	if (place.object)
		zoom(browser, filter_of(EV_KEY_OBJECT, place.object));
	else if (item)
		ev_browser_tell(browser, "the object is no column here: o sorts by others");
}

void ev_browser_zoom_kernel(struct ev_browser *browser)
{
	zoom(browser, ev_strdup("dso~[[]kernel*"));
}

void ev_browser_zoom_socket(struct ev_browser *browser)
{
	static const enum ev_key keys[] = { EV_KEY_SOCKET };
	zoom_into(browser, keys, EV_LENGTH(keys), "the socket");
}

/* Out of what was entered last. */
void ev_browser_zoom_out(struct ev_browser *browser)
{
	if (*ev_buffer_text(&browser->filter)) {
		ev_buffer_set(&browser->filter, "");
		ev_browser_list(browser);
	} else if (browser->zooms.count) {
		drop_zoom(browser);
		ev_browser_wish(browser);
	} else {
		ev_browser_tell(browser, "q leaves");
	}
}
