/* A browser over an invented report, and what is on its screen as text. */
#ifndef BROWSED_H
#define BROWSED_H

#include "invented_report.h"
#include <errno.h>
#include <evprof/view_browse.h>

struct browsed {
	struct invented it;
	struct ev_browse_source source;
	struct ev_browse_options options;
	struct ev_browser *browser;
	struct ev_screen screen;
	/* What it was asked for last. */
	size_t asked;
	char wished[256];
	bool refuses; /* reports, from now on */
	char annotated[128];
	char text[1 << 16];
};

static inline int browsed_report(void *self, const struct ev_browse_wishes *wishes,
				 const struct ev_report **report,
				 const struct ev_report_options **options, struct ev_err *err)
{
	struct browsed *on = self;
	on->asked++;
	snprintf(on->wished, sizeof(on->wished), "sort %s time %s limit %g%s%s",
		 wishes->sort ? wishes->sort : "-", wishes->time ? wishes->time : "-",
		 wishes->percent_limit, wishes->relative ? " relative" : "",
		 wishes->callers ? " callers" : "");
	for (size_t i = 0; i < wishes->filter_count; i++) {
		size_t length = strlen(on->wished);
		snprintf(on->wished + length, sizeof(on->wished) - length, " [%s]",
			 wishes->filters[i]);
	}
	if (on->refuses)
		return ev_fail(err, EINVAL, "there is no such report");
	*report = &on->it.report;
	*options = &on->it.options;
	return 0;
}

static inline int browsed_annotate(void *self, const struct ev_browse_place *place,
				   const struct ev_browse_code *code, FILE *out, struct ev_err *err)
{
	struct browsed *on = self;
	snprintf(on->annotated, sizeof(on->annotated), "%s %s %s",
		 code->assembly ? "asm" : "source", place->function,
		 place->object ? place->object : "-");
	if (on->refuses)
		return ev_fail(err, ENOENT, "there is no source");
	fputs("Function: it\n\n", out);
	for (int i = 1; i <= 60; i++)
		fprintf(out, "%4d  \33[31m%d.00%%\33[m  line %d of %s\n", i, i == 40 ? 50 : i % 7,
			i, place->function);
	return 0;
}

/* After invented_finish. */
static inline void browsed_open(struct browsed *on)
{
	on->source = (struct ev_browse_source){ .self = on,
						.title = "evprof report: it",
						.report = browsed_report,
						.annotate = browsed_annotate };
	on->it.report.stacks_loaded = true;
	assert_int_equal(ev_browser_open(&on->browser, &on->source, &on->options, NULL), 0);
}

static inline void browsed_done(struct browsed *on)
{
	ev_browser_close(on->browser);
	ev_screen_done(&on->screen);
	invented_done(&on->it);
}

/* A screen of this size: lines end with \n, without blanks before it; what is selected stands
 * between > and <. */
static inline const char *browsed_draw(struct browsed *on, size_t width, size_t height)
{
	size_t at = 0;
	ev_browser_draw(on->browser, &on->screen, width, height);
	assert_int_equal(on->screen.height, height);
	for (size_t i = 0; i < height; i++) {
		const struct ev_screen_line *line = &on->screen.lines[i];
		size_t columns = 0;
		bool selected = false;
		for (size_t r = 0; r < line->runs.count; r++) {
			const struct ev_run *run = &line->runs.items[r];
			if (run->selected && !selected)
				on->text[at++] = '>';
			selected |= run->selected;
			assert_int_equal(ev_text_columns(run->text), run->columns);
			columns += run->columns;
			assert_true(at + strlen(run->text) + 8 < sizeof(on->text));
			memcpy(on->text + at, run->text, strlen(run->text));
			at += strlen(run->text);
		}
		assert_int_equal(columns, line->columns);
		assert_true(columns <= width);
		while (at && on->text[at - 1] == ' ')
			at--;
		if (selected)
			on->text[at++] = '<';
		on->text[at++] = '\n';
	}
	on->text[at] = 0;
	return on->text;
}

/* The keys one after another: a character is itself, ^E Enter, ^X Escape, ^U ^D ^L ^R arrows, ^B
 * Backspace, ^T Tab, ^S Shift-Tab, ^H Home, ^N End, ^P ^Q pages. */
static inline bool browsed_press(struct browsed *on, const char *keys)
{
	static const struct {
		char letter;
		uint32_t key;
	} named[] = {
		{ 'E', EV_PRESS_ENTER },     { 'X', EV_PRESS_ESCAPE },
		{ 'U', EV_PRESS_UP },        { 'D', EV_PRESS_DOWN },
		{ 'L', EV_PRESS_LEFT },      { 'R', EV_PRESS_RIGHT },
		{ 'B', EV_PRESS_BACKSPACE }, { 'T', EV_PRESS_TAB },
		{ 'S', EV_PRESS_BACK_TAB },  { 'H', EV_PRESS_HOME },
		{ 'N', EV_PRESS_END },       { 'P', EV_PRESS_PAGE_UP },
		{ 'Q', EV_PRESS_PAGE_DOWN }, { 'C', EV_PRESS_INTERRUPT },
	};
	bool stays = true;
	for (; *keys && stays; keys++) {
		uint32_t key = (uint8_t)*keys;
		if (key == '^') {
			keys++;
			for (size_t i = 0; i < EV_LENGTH(named); i++)
				if (named[i].letter == *keys)
					key = named[i].key;
		}
		stays = ev_browser_press(on->browser, key);
	}
	return stays;
}

#define assert_shows(on, part) assert_non_null(strstr(browsed_draw(on, 80, 24), part))
#define assert_shows_not(on, part) assert_null(strstr(browsed_draw(on, 80, 24), part))

/* start calls main, which calls work and mid; mid calls work and read. */
static inline void browsed_small(struct browsed *on, const char *keys, bool children)
{
	*on = (struct browsed){ 0 };
	invented_open(&on->it);
	invented_add(&on->it, "start;main;work", 10, 1000);
	invented_add(&on->it, "start;main;mid;work", 6, 600);
	invented_add(&on->it, "start;main;mid;lib:read;k:sys_read", 3, 300);
	invented_add(&on->it, "start;main;mid;~tiny", 1, 100);
	on->it.profile->quality.with_stack = 20;
	invented_finish(&on->it, keys, children, NULL);
	on->it.options.chains = EV_CHAIN_GRAPH;
	on->it.options.order = children ? EV_CHAIN_CALLER : EV_CHAIN_CALLEE;
	browsed_open(on);
}

#endif
