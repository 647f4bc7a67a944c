/* What is typed at the bottom of the browser: a filter that takes effect at once, and texts that do
 * when they are done. */
#include <stdlib.h>
#include <string.h>
#include "browse.h"

enum { TYPED_LIMIT = 4096 };

static void filter(struct ev_browser *browser, const char *text)
{
	ev_buffer_set(&browser->filter, text);
	browser->selected_id = 0; /* the first match */
	ev_browser_list(browser);
}

static void search(struct ev_browser *browser, const char *text)
{
	ev_buffer_set(&browser->search, text);
	if (browser->pager && *text)
		ev_pager_search(browser, browser->pager->selected, false);
}

static void search_back(struct ev_browser *browser, const char *text)
{
	ev_buffer_set(&browser->search, text);
	if (browser->pager && *text)
		ev_pager_search(browser, browser->pager->selected, true);
}

/* One of the wishes becomes another text; where there is no such report, it becomes what it was. */
static void wish(struct ev_browser *browser, char **wish_, const char *text)
{
	char *before = *wish_;
	*wish_ = *text ? ev_strdup(text) : NULL;
	if (!ev_browser_wish(browser)) {
		free(before);
		return;
	}
	struct ev_err why = browser->trouble;
	free(*wish_);
	*wish_ = before;
	ev_browser_wish(browser);
	browser->trouble = why;
}

static void sort(struct ev_browser *browser, const char *text)
{
	wish(browser, &browser->sort, text);
}

static void choose_time(struct ev_browser *browser, const char *text)
{
	wish(browser, &browser->time, text);
}

static void add_key(struct ev_browser *browser, const char *text)
{
	if (!*text)
		return;
	*ev_array_add(&browser->zooms) = ev_strdup(text);
	if (!ev_browser_wish(browser))
		return;
	struct ev_err why = browser->trouble;
	free(browser->zooms.items[--browser->zooms.count]);
	ev_browser_wish(browser);
	browser->trouble = why;
}

static void limit(struct ev_browser *browser, const char *text)
{
	char *end;
	double percent = strtod(text, &end);
	if (end == text || *end || !(percent >= 0 && percent <= 100)) {
		ev_browser_tell(browser, "that is no percentage");
		return;
	}
	browser->wishes.percent_limit = percent;
	ev_browser_wish(browser);
}

static const struct {
	const char *title;
	void (*done)(struct ev_browser *browser, const char *text);
	bool at_once; /* also called with every key */
} prompts[] = {
	[EV_PROMPT_FILTER] = { "Only rows with: ", filter, true },
	[EV_PROMPT_SORT] = { "Sort by: ", sort, false },
	[EV_PROMPT_KEY] = { "Only KEY=VALUE: ", add_key, false },
	[EV_PROMPT_TIME] = { "Only the time START,STOP: ", choose_time, false },
	[EV_PROMPT_LIMIT] = { "Leave out rows below %: ", limit, false },
	[EV_PROMPT_SEARCH] = { "Search: ", search, false },
	[EV_PROMPT_SEARCH_BACK] = { "Search back: ", search_back, false },
};

const char *ev_prompt_title(enum ev_prompt prompt)
{
	return prompts[prompt].title;
}

void ev_browser_begin_prompt(struct ev_browser *browser, enum ev_prompt prompt, const char *text)
{
	ev_buffer_set(&browser->typed, text);
	browser->prompt = prompt;
}

/* ---- typing -------------------------------------------------------------------------------------
 */

static void encode(char out[5], uint32_t point)
{
	size_t more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
	static const uint8_t first[] = { 0, 0xc0, 0xe0, 0xf0 };
	out[0] = (char)(first[more] | point >> (6 * more));
	for (size_t i = 1; i <= more; i++)
		out[i] = (char)(0x80 | (point >> (6 * (more - i)) & 0x3f));
	out[more + 1] = 0;
}

static void type(struct ev_browser *browser, uint32_t point)
{
	char character[5];
	if (point < ' ' || (point >= 0x7f && point < 0xa0) || (point >= 0xd800 && point < 0xe000) ||
	    browser->typed.size_bytes > TYPED_LIMIT)
		return;
	encode(character, point);
	if (browser->typed.size_bytes)
		browser->typed.size_bytes--; /* its NUL */
	ev_buffer_add(&browser->typed, character, strlen(character) + 1);
}

static void take_back(struct ev_buffer *typed)
{
	size_t length = typed->size_bytes ? typed->size_bytes - 1 : 0;
	while (length && ((typed->bytes[length - 1]) & 0xc0) == 0x80)
		length--;
	length -= length > 0;
	typed->size_bytes = length ? length + 1 : 0;
	if (length)
		typed->bytes[length] = 0;
}

void ev_browser_press_prompt(struct ev_browser *browser, uint32_t key)
{
	enum ev_prompt prompt = browser->prompt;
	enum { CLEAR = 'u' & 0x1f }; /* Ctrl-U */
	if (key == EV_PRESS_ESCAPE) {
		browser->prompt = EV_PROMPT_NONE;
		if (prompts[prompt].at_once)
			prompts[prompt].done(browser, "");
		return;
	}
	if (key == EV_PRESS_BACKSPACE)
		take_back(&browser->typed);
	else if (key == CLEAR)
		ev_buffer_set(&browser->typed, "");
	else if (key < EV_PRESS_ENTER)
		type(browser, key);
	else if (key != EV_PRESS_ENTER && key != EV_PRESS_DOWN)
		return;
	bool over = key == EV_PRESS_ENTER || key == EV_PRESS_DOWN;
	if (over)
		browser->prompt = EV_PROMPT_NONE;
	if (over || prompts[prompt].at_once)
		prompts[prompt].done(browser, ev_buffer_text(&browser->typed));
}
