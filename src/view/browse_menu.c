/* Menus of the browser: what can be done with a row, other recordings, other forms of what is
 * shown. A menu is a text screen of which a line is chosen. */
#include <stdlib.h>
#include <string.h>
#include "browse.h"

static struct ev_pager *push(struct ev_browser *browser, const char *title, struct ev_buffer *text,
			     void (*chosen)(struct ev_browser *browser, size_t line))
{
	ev_buffer_u8(text, 0);
	struct ev_pager *menu = ev_pager_push(browser, title, (char *)text->bytes);
	if (menu->lines.count && !*menu->lines.items[menu->lines.count - 1])
		menu->lines.count--;
	menu->chosen = chosen;
	return menu;
}

/* ---- a row --------------------------------------------------------------------------------------
 */

static void press(struct ev_browser *browser, size_t line)
{
	browser->leaves = !ev_browser_press_table(browser, browser->choice->keys.items[line]);
}

void ev_menu_of_row(struct ev_browser *browser)
{
	static const uint32_t keys[] = { '+', 'e', 'a', 't', 'd', 'k', 'S', '/', '=', 'T', 'A', 'c',
					 'o', 'V', 'P', 's', 'r', 'f', 'z', 'w', 'i', '?', 'q' };
	const struct ev_item *item = ev_browser_selected(browser);
	struct ev_browse_place place = { 0 };
	struct ev_buffer text = { 0 };
	EV_ARRAY(uint32_t) shown = { 0 };
	if (item)
		place = ev_browser_place(browser, item);
	for (size_t i = 0; i < EV_LENGTH(keys); i++) {
		const char *about = ev_browser_key_about(browser, keys[i]);
		const char *of = keys[i] == 'a'   ? place.function
				 : keys[i] == 'd' ? place.object
						  : NULL;
		if (!about || (strchr("+eat", (int)keys[i]) && !item))
			continue;
		if (keys[i] == 'c' && !browser->diff) /* e collapses too */
			continue;
		ev_buffer_printf(&text, "  %c  %s%s%s\n", (char)keys[i], about, of ? ": " : "",
				 of ? ev_text_safe(&browser->scratch, of) : "");
		*ev_array_add(&shown) = keys[i];
	}
	struct ev_pager *menu = push(browser, "What to do here: Enter does", &text, press);
	for (size_t i = 0; i < shown.count; i++)
		*ev_array_add(&menu->keys) = shown.items[i];
	ev_array_done(&shown);
}

/* ---- recordings ---------------------------------------------------------------------------------
 */

/* What was chosen of one recording, another may not have. */
static void forget_wishes(struct ev_browser *browser)
{
	free(browser->sort);
	free(browser->time);
	browser->sort = browser->time = NULL;
	for (size_t i = 0; i < browser->zooms.count; i++)
		free(browser->zooms.items[i]);
	browser->zooms.count = 0;
	ev_map_done(&browser->expanded);
	browser->selected_id = 0;
	browser->events.count = 0;
}

static void switch_to(struct ev_browser *browser, size_t line)
{
	const struct ev_browse_source *source = browser->source;
	const char *const *paths;
	struct ev_err err = { 0 };
	if (line >= source->recordings(source->self, &paths)) {
		ev_browser_tell(browser, "the folder has changed meanwhile");
		return;
	}
	char *path = ev_strdup(paths[line]);
	ev_browser_drop_report(browser);
	int rc = source->switch_to(source->self, path, &err);
	while (!rc && browser->pager)
		ev_pager_pop(browser);
	if (!rc)
		forget_wishes(browser);
	ev_browser_wish(browser);
	if (rc)
		browser->trouble = err;
	free(path);
}

void ev_menu_of_recordings(struct ev_browser *browser)
{
	const struct ev_browse_source *source = browser->source;
	const char *const *paths = NULL;
	struct ev_buffer text = { 0 };
	if (!source->recordings || !source->switch_to) {
		ev_browser_tell(browser, "what is shown here is no single recording: there is no "
					 "other in its place");
		return;
	}
	size_t count = source->recordings(source->self, &paths);
	for (size_t i = 0; i < count; i++)
		ev_buffer_printf(&text, "  %s\n", ev_text_safe(&browser->scratch, paths[i]));
	if (count)
		push(browser, "Recordings in this folder: Enter shows one", &text, switch_to);
	else
		ev_browser_tell(browser, "there is no other recording in this folder");
}

/* ---- forms --------------------------------------------------------------------------------------
 */

/* Screens have no tabs. */
static char *without_tabs(const char *text)
{
	struct ev_buffer out = { 0 };
	for (size_t column = 0; *text; text++, column++) {
		if (*text == '\t') {
			size_t blanks = 8 - column % 8;
			ev_buffer_printf(&out, "%*s", (int)blanks, "");
			column += blanks - 1;
		} else {
			ev_buffer_u8(&out, (uint8_t)*text);
		}
		if (*text == '\n')
			column = SIZE_MAX;
	}
	ev_buffer_u8(&out, 0);
	return (char *)out.bytes;
}

static void show_form(struct ev_browser *browser, size_t line)
{
	const struct ev_browse_source *source = browser->source;
	struct ev_err err = { 0 };
	char *text = NULL, said[256] = "";
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	int rc = source->form(source->self, line, &browser->wishes, out, said, &err);
	fclose(out);
	if (rc)
		browser->trouble = err;
	else if (*said)
		ev_browser_tell(browser, "%s", said);
	if (!rc && bytes)
		ev_pager_push(browser, source->forms[line].about, without_tabs(text));
	free(text);
}

void ev_menu_of_forms(struct ev_browser *browser)
{
	const struct ev_browse_source *source = browser->source;
	struct ev_buffer text = { 0 };
	if (!source->form || !source->form_count) {
		ev_browser_tell(browser, source->freeze
						 ? "w writes a recording, which has other forms"
						 : "there are no other forms of this here");
		return;
	}
	for (size_t i = 0; i < source->form_count; i++)
		ev_buffer_printf(&text, "  %-12s %s\n", source->forms[i].name,
				 source->forms[i].about);
	push(browser, "Other forms of what is shown: Enter makes one", &text, show_form);
}
