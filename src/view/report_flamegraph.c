/* A profile becomes a picture: every function a box, as wide as its share, on top of who called it;
 * threads of one name stand on a box of their own. One event, an SVG file without scripts: a
 * browser shows a box's figures while the pointer rests on it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "export.h"

enum { WIDTH = 1200, MARGIN = 10, ROW = 17, LETTER = 7, HEAD = 62, FOOT = 34 };
#define LEAST_WIDTH 0.1 /* of a box that is drawn */

/* Somebody's stack and its weight. */
struct strip {
	uint32_t comm, stack;
	uint64_t weight;
};
struct box {
	uint32_t comm; /* of a box without a frame */
	uint32_t frame, depth;
	uint64_t from, weight;
};
struct picture {
	FILE *out;
	const struct ev_report *report;
	size_t event;
	bool by_period;
	uint64_t total;
	EV_ARRAY(struct strip) strips;
	EV_ARRAY(struct box) boxes;
	EV_ARRAY(uint32_t) path;
	uint32_t deepest;
	uint64_t too_narrow;
	struct ev_arena scratch;
};

/* ---- boxes ------------------------------------------------------------------------------------
 */

static int by_comm_and_stack(const void *one, const void *other)
{
	const struct strip *a = one, *b = other;
	if (a->comm != b->comm)
		return a->comm < b->comm ? -1 : 1;
	return a->stack < b->stack ? -1 : a->stack > b->stack;
}

static void find_strips(struct picture *picture)
{
	const struct ev_named *named = picture->report->named;
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		const struct ev_tag *tag = &named->profile->tags.items[cell->tag];
		uint64_t weight = picture->by_period ? cell->period : cell->samples;
		if (tag->event != picture->event || !weight ||
		    !ev_table_passes(picture->report->table, named, cell))
			continue;
		*ev_array_add(&picture->strips) = (struct strip){ tag->comm, cell->stack, weight };
		picture->total += weight;
	}
	if (picture->strips.count)
		qsort(picture->strips.items, picture->strips.count, sizeof(struct strip),
		      by_comm_and_stack);
}

/* Boxes that are open, from the bottom: thread name, then frames. */
struct open_box {
	uint32_t stack; /* 0: the thread name's */
	struct box box;
};
struct tower {
	EV_ARRAY(struct open_box) open;
};

static void close_boxes(struct picture *picture, struct tower *tower, size_t keep, uint64_t at)
{
	while (tower->open.count > keep) {
		struct box box = tower->open.items[--tower->open.count].box;
		box.weight = at - box.from;
		if ((double)box.weight / (double)picture->total * WIDTH < LEAST_WIDTH) {
			picture->too_narrow++;
			continue;
		}
		if (box.depth > picture->deepest)
			picture->deepest = box.depth;
		*ev_array_add(&picture->boxes) = box;
	}
}

/* Stacks come in the order of a walk, so that those that begin alike stand side by side. */
static void find_boxes(struct picture *picture)
{
	const struct ev_stack *stacks = picture->report->named->stacks.items;
	struct tower tower = { 0 };
	uint64_t at = 0;
	uint32_t comm = 0;
	for (size_t i = 0; i < picture->strips.count; i++) {
		const struct strip *strip = &picture->strips.items[i];
		size_t keep = 1;
		picture->path.count = 0;
		for (uint32_t s = strip->stack; s; s = stacks[s].parent)
			*ev_array_add(&picture->path) = s;
		if (!tower.open.count || strip->comm != comm) {
			comm = strip->comm;
			close_boxes(picture, &tower, 0, at);
			*ev_array_add(&tower.open) =
				(struct open_box){ 0, { comm, UINT32_MAX, 0, at, 0 } };
		}
		while (keep < tower.open.count && keep <= picture->path.count &&
		       tower.open.items[keep].stack ==
			       picture->path.items[picture->path.count - keep])
			keep++;
		close_boxes(picture, &tower, keep, at);
		for (size_t depth = keep; depth <= picture->path.count; depth++) {
			uint32_t stack = picture->path.items[picture->path.count - depth];
			*ev_array_add(&tower.open) = (struct open_box){
				stack, { comm, stacks[stack].place, (uint32_t)depth, at, 0 }
			};
		}
		at += strip->weight;
	}
	close_boxes(picture, &tower, 0, at);
	ev_array_done(&tower.open);
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

static void put_text(FILE *out, const char *text, size_t letters)
{
	size_t shown = 0;
	for (; *text; text++) {
		/* A character of several bytes is one. */
		if (((unsigned char)*text & 0xc0) != 0x80 && ++shown > letters)
			return;
		switch (*text) {
		case '&':
			fputs("&amp;", out);
			break;
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '"':
			fputs("&quot;", out);
			break;
		default:
			putc(*text, out);
		}
	}
}

/* Whose code: told by colours that also differ in lightness. */
static const char *kind_of(const struct picture *picture, const struct box *box)
{
	if (box->frame == UINT32_MAX)
		return "t";
	const struct ev_frame *frame = &picture->report->named->frames.items[box->frame];
	return frame->kernel     ? "k"
	       : frame->python   ? "p"
	       : frame->inlined  ? "i"
	       : frame->resolved ? "u"
				 : "n";
}

static const char *name_of(struct picture *picture, const struct box *box)
{
	const struct ev_named *named = picture->report->named;
	if (box->frame != UINT32_MAX)
		return ev_export_name(named, &named->frames.items[box->frame], &picture->scratch);
	const char *name = ev_strings_text(named->profile->strings, box->comm);
	return *name ? ev_report_safe(&picture->scratch, name) : "[unknown]";
}

static void put_weight(const struct picture *picture, uint64_t weight)
{
	char text[64];
	if (picture->by_period && ev_export_is_time(picture->report, picture->event))
		fprintf(picture->out, "%s ms",
			ev_format_fixed(text, sizeof(text), (double)weight / 1e6, 3));
	else
		fprintf(picture->out, "%" PRIu64 "%s", weight,
			picture->by_period ? ""
			: weight == 1      ? " sample"
					   : " samples");
	fprintf(picture->out, ", %s%%",
		ev_format_fixed(text, sizeof(text), ev_percent(weight, picture->total), 2));
}

static void put_number(FILE *out, const char *name, double value)
{
	char text[64];
	fprintf(out, " %s=\"%s\"", name, ev_format_fixed(text, sizeof(text), value, 2));
}

static void draw_box(struct picture *picture, const struct box *box)
{
	const struct ev_named *named = picture->report->named;
	double scale = (double)WIDTH / (double)picture->total;
	double x = MARGIN + (double)box->from * scale, width = (double)box->weight * scale;
	double y = HEAD + (double)(picture->deepest - box->depth) * ROW;
	const char *name = name_of(picture, box);
	fputs("<g><title>", picture->out);
	put_text(picture->out, name, SIZE_MAX);
	if (box->frame != UINT32_MAX) {
		fputs(" (", picture->out);
		put_text(picture->out,
			 ev_report_safe(&picture->scratch,
					ev_strings_text(named->profile->strings,
							named->object_names
								[named->frames.items[box->frame]
									 .object])),
			 SIZE_MAX);
		fputs(")", picture->out);
	}
	fputs(": ", picture->out);
	put_weight(picture, box->weight);
	fprintf(picture->out, "</title><rect class=\"%s\"", kind_of(picture, box));
	put_number(picture->out, "x", x);
	put_number(picture->out, "y", y);
	put_number(picture->out, "width", width);
	fprintf(picture->out, " height=\"%d\" rx=\"1\"/>", ROW - 1);
	size_t letters = width > 6 ? (size_t)(width - 6) / LETTER : 0;
	if (letters >= 3) {
		fputs("<text", picture->out);
		put_number(picture->out, "x", x + 3);
		put_number(picture->out, "y", y + 12);
		putc('>', picture->out);
		put_text(picture->out, name, letters);
		fputs("</text>", picture->out);
	}
	fputs("</g>\n", picture->out);
	ev_arena_reset(&picture->scratch);
}

static void draw_frame_of_picture(struct picture *picture)
{
	const char *event = ev_report_event(picture->report, picture->event, &picture->scratch);
	const char *simulated = ev_report_simulated(picture->report);
	int height = HEAD + ((int)picture->deepest + 1) * ROW + FOOT;
	fprintf(picture->out,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
		"viewBox=\"0 0 %d %d\" role=\"img\">\n",
		WIDTH + 2 * MARGIN, height, WIDTH + 2 * MARGIN, height);
	fputs("<style>\n"
	      "svg { background: #fff; font: 12px ui-monospace, monospace; }\n"
	      "text { fill: #111; pointer-events: none; }\n"
	      "h1, .head { font-size: 15px; }\n"
	      "rect { stroke: #fff; stroke-width: .5; }\n"
	      "g:hover rect { stroke: #000; stroke-width: 1.5; }\n"
	      ".t { fill: #ddd; } .u { fill: #f3c66b; } .i { fill: #fbe7bd; }\n"
	      ".k { fill: #84b5de; } .n { fill: #bbb; } .p { fill: #9ed19a; }\n"
	      "@media (prefers-color-scheme: dark) {\n"
	      "svg { background: #16181c; } .head, .foot { fill: #eee; }\n"
	      "rect { stroke: #16181c; } g:hover rect { stroke: #fff; } }\n"
	      "</style>\n",
	      picture->out);
	fprintf(picture->out, "<text class=\"head\" x=\"%d\" y=\"24\">", MARGIN);
	put_text(picture->out, ev_report_safe(&picture->scratch, event), SIZE_MAX);
	fputs(": ", picture->out);
	put_weight(picture, picture->total);
	fprintf(picture->out, "</text>\n<text class=\"foot\" x=\"%d\" y=\"44\">", MARGIN);
	put_text(picture->out,
		 ev_report_safe(&picture->scratch,
				ev_export_origin(picture->report, &picture->scratch)),
		 (size_t)WIDTH / LETTER);
	fprintf(picture->out, "</text>\n<text class=\"foot\" x=\"%d\" y=\"%d\">", MARGIN,
		height - FOOT / 2);
	fprintf(picture->out,
		"yellow: program, pale: inlined, green: Python, blue: kernel, grey: threads and "
		"what has no "
		"name%s; %" PRIu64 " boxes below %g px are not drawn</text>\n",
		simulated ? "; SIMULATED" : "", picture->too_narrow, LEAST_WIDTH);
	ev_arena_reset(&picture->scratch);
}

int ev_report_flamegraph(FILE *out, const struct ev_report *report,
			 const struct ev_report_options *options, struct ev_err *err)
{
	struct picture picture = { .out = out, .report = report };
	(void)err;
	while (picture.event + 1 < report->table->event_count &&
	       !report->table->total_samples[picture.event])
		picture.event++;
	picture.by_period = ev_export_by_period(report, options, picture.event);
	find_strips(&picture);
	find_boxes(&picture);
	draw_frame_of_picture(&picture);
	for (size_t i = 0; i < picture.boxes.count; i++)
		draw_box(&picture, &picture.boxes.items[i]);
	fputs("</svg>\n", out);
	ev_array_done(&picture.strips);
	ev_array_done(&picture.boxes);
	ev_array_done(&picture.path);
	ev_arena_done(&picture.scratch);
	return 0;
}
