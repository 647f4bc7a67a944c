/* Two recordings become one page: their stacks as one tree, what each weighs in either, and of
 * functions whether they differ by more than chance. */
#include <errno.h>
#include <inttypes.h>
#include "diff.h"
#include "diff_html.h"

static const char *const measures[] = {
	[EV_MEASURE_SHARE] = "share",
	[EV_MEASURE_SECOND] = "second",
	[EV_MEASURE_TOTAL] = "total",
};

/* Functions that the page names, by object and name: the number of one of their frames + 1. */
static void find_functions(struct ev_map *functions, const struct ev_html_page *page)
{
	for (size_t i = 0; i < page->frames.items.count; i++) {
		uint32_t index = page->frames.items.items[i];
		if (index == EV_HTML_LEFT_OUT)
			continue;
		const struct ev_frame *frame = &page->report->named->frames.items[index];
		uint32_t *number = ev_map_add(functions, frame->object, frame->function, NULL);
		if (!*number)
			*number = (uint32_t)i + 1;
	}
}

static bool is_told(const struct ev_difference_row *row, size_t newer)
{
	return row->sides[0].samples + row->sides[newer].samples >= EV_DIFFERENCE_LEAST_SAMPLES;
}

/* [number of a frame, event, does it stand out] of those with samples enough to tell. */
static void put_verdicts(struct ev_html_page *page)
{
	const struct ev_diff *diff = page->diff;
	const struct ev_table *table = diff->table;
	struct ev_map functions = { 0 };
	const char *between = "";
	bool by_function = false;
	for (size_t i = 0; i < table->key_count; i++)
		by_function |= table->keys[i] == EV_KEY_SYMBOL;
	find_functions(&functions, page);
	fputs("\"verdicts\":[", page->out);
	for (size_t e = 0; e < diff->width && by_function; e++) {
		const struct ev_difference *difference = &diff->differences[e];
		for (size_t i = 0; i < difference->row_count && !difference->of_stacks; i++) {
			const struct ev_difference_row *row = &difference->rows[i];
			uint32_t index = table->rows[row->item].frame;
			const struct ev_frame *frame = &diff->named->frames.items[index];
			const uint32_t *number =
				ev_map_find(&functions, frame->object, frame->function);
			if (!number || !is_told(row, page->newer))
				continue;
			fprintf(page->out, "%s[%" PRIu32 ",%zu,%d]", between, *number - 1, e,
				row->sides[page->newer].stands_out);
			between = ",";
		}
	}
	putc(']', page->out);
	ev_map_done(&functions);
}

void ev_html_diff(struct ev_html_page *page)
{
	const struct ev_diff *diff = page->diff;
	fputs("\"diff\":{\"old\":", page->out);
	ev_html_text(page, diff->parts[0].path);
	fputs(",\"new\":", page->out);
	ev_html_text(page, diff->parts[page->newer].path);
	fprintf(page->out, ",\"measure\":\"%s\",", measures[diff->how.measure]);
	put_verdicts(page);
	fputs("},\n", page->out);
}

void ev_html_diff_notes(struct ev_html_page *page)
{
	struct ev_arena arena = { 0 };
	for (size_t e = 0; e < page->diff->width; e++) {
		const char *notes[8];
		size_t count = ev_diff_has_event(page->diff, e)
				       ? ev_diff_notes(page->diff, e, &arena, notes)
				       : 0;
		for (size_t i = 0; i < count; i++) {
			putc(',', page->out);
			ev_html_text(page, ev_arena_printf(&arena, "Note: %s: %s",
							   ev_diff_event(page->diff, e, &arena),
							   notes[i]));
		}
	}
	ev_arena_done(&arena);
}

int ev_diff_html(FILE *out, const struct ev_diff *diff, const struct ev_diff_options *options,
		 struct ev_err *err)
{
	(void)options;
	if (diff->part_count != 2)
		return ev_fail(err, EINVAL,
			       "a page compares two recordings, not %zu: give two, or --format "
			       "text",
			       diff->part_count);
	struct ev_report report = {
		.recording = diff->recording,
		.named = diff->named,
		.table = diff->table,
		.parts = diff->parts,
		.part_count = diff->part_count,
		.stacks_loaded = true,
	};
	struct ev_html_page page = { .report = &report, .diff = diff, .newer = 1 };
	return ev_html_print(out, &page, err);
}
