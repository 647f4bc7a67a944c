/* A profile becomes one page that asks nobody for anything: its style, its script and the data that
 * the script draws stand in it. Names are data, which the page shows as text and nothing else. */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "diff_html.h"
#include "export.h"
#include "report_findings.h"
#include "report_html.h"
#include "report_html_page.h"

/* What a page holds of stacks and of their weights over time, at most; functions and code come to
 * that. What stacks do not need is left for times. */
#define STACKS_BYTES 2000000
#define TIMES_BYTES 1000000
#define HEAT_BYTES 300000
#define LEAST_PARTS 64 /* of the time, while there are stacks to leave out instead */
#define LEAST_STACKS_BYTES 150000
#define CODE_BYTES 600000

uint32_t ev_html_number(struct ev_html_numbers *numbers, uint32_t item)
{
	bool added;
	uint32_t *number = ev_map_add(&numbers->known, item, 0, &added);
	if (added) {
		*number = (uint32_t)numbers->items.count;
		*ev_array_add(&numbers->items) = item;
	}
	return *number;
}

static void numbers_done(struct ev_html_numbers *numbers)
{
	ev_map_done(&numbers->known);
	ev_array_done(&numbers->items);
}

void ev_html_text(struct ev_html_page *page, const char *text)
{
	const char *safe = ev_report_safe(&page->scratch, text ? text : "");
	size_t length = strnlen(safe, EV_HTML_NAME_BYTES + 1);
	if (length > EV_HTML_NAME_BYTES) {
		/* Not within a character. */
		for (length = EV_HTML_NAME_BYTES; (safe[length] & 0xc0) == 0x80; length--)
			;
		safe = ev_arena_printf(&page->scratch, "%.*s…", (int)length, safe);
	}
	ev_json_text(page->out, safe);
	ev_arena_reset(&page->scratch);
}

static void put_fact(struct ev_html_page *page, const char *name, const char *text, bool *first)
{
	if (!text || !*text)
		return;
	fprintf(page->out, "%s[\"%s\",", *first ? "" : ",", name);
	ev_html_text(page, text);
	putc(']', page->out);
	*first = false;
}

static const char *command_of(const struct ev_recording *recording, struct ev_arena *arena)
{
	const char *text = "";
	for (size_t i = 0; i < recording->cmdline_count && strlen(text) < EV_HTML_NAME_BYTES; i++)
		text = ev_arena_printf(arena, "%s%s%s", text, i ? " " : "", recording->cmdline[i]);
	return text;
}

static void put_facts(struct ev_html_page *page)
{
	const struct ev_recording *recording = page->report->recording;
	const struct ev_profile *profile = page->report->named->profile;
	struct ev_arena texts = { 0 };
	bool first = true;
	char text[64];
	fputs("\"facts\":[", page->out);
	put_fact(page, "Recording", page->report->path, &first);
	put_fact(page, "Command", recording ? command_of(recording, &texts) : NULL, &first);
	put_fact(page, "Host", recording ? recording->hostname : NULL, &first);
	put_fact(page, "Kernel", recording ? recording->osrelease : NULL, &first);
	put_fact(page, "Processor", recording ? recording->cpudesc : NULL, &first);
	if (!page->diff && profile->last_time_ns > profile->first_time_ns) {
		uint64_t ns = profile->last_time_ns - profile->first_time_ns;
		ev_format_fixed(text, sizeof(text), (double)ns / 1e9, 3);
		put_fact(page, "First to last sample", ev_arena_printf(&texts, "%s s", text),
			 &first);
	}
	put_fact(page, "Simulated", ev_report_simulated(page->report), &first);
	put_fact(page, "Partial", page->report->partial, &first);
	fputs("],\n", page->out);
	ev_arena_done(&texts);
}

static void put_quality(struct ev_html_page *page)
{
	char *text = NULL, *rest, *line;
	size_t size_bytes;
	bool first = true;
	FILE *lines = open_memstream(&text, &size_bytes);
	fputs("\"quality\":[", page->out);
	if (lines) {
		ev_print_quality(lines, page->report, "");
		fclose(lines);
	}
	for (rest = text; (line = strsep(&rest, "\n"));) {
		if (!*line)
			continue;
		fputs(first ? "" : ",", page->out);
		ev_html_text(page, line);
		first = false;
	}
	free(text);
	if (page->diff)
		ev_html_diff_notes(page);
	fputs("],\n", page->out);
}

/* Before frames are written, which findings number. */
static void put_findings(struct ev_html_page *page)
{
	struct ev_findings findings = { 0 };
	if (page->diff)
		return;
	ev_findings_find(&findings, page->report);
	fputs("\"findings\":[", page->out);
	for (size_t i = 0; i < findings.items.count; i++) {
		const struct ev_finding *finding = &findings.items.items[i];
		fprintf(page->out, "%s{\"event\":%zu,\"text\":", i ? ",\n" : "", finding->event);
		ev_html_text(page, finding->text);
		if (finding->command) {
			fputs(",\"command\":", page->out);
			ev_html_text(page, finding->command);
		}
		if (finding->view)
			fprintf(page->out, ",\"view\":\"%s\"", finding->view);
		if (finding->view && !strcmp(finding->view, "function"))
			fprintf(page->out, ",\"frame\":%" PRIu32,
				ev_html_number(&page->frames, finding->frame));
		if (finding->search) {
			fputs(",\"search\":", page->out);
			ev_json_text(page->out, finding->search);
		}
		putc('}', page->out);
	}
	fputs("],\n", page->out);
	ev_findings_done(&findings);
}

static void put_nodes(struct ev_html_page *page)
{
	const struct ev_html_node *nodes = page->stacks.nodes.items;
	fputs("\"nodes\":{\"parents\":[", page->out);
	for (size_t i = 0; i < page->stacks.nodes.count; i++)
		fprintf(page->out, "%s%" PRIu32, i ? "," : "", nodes[i].parent);
	/* The root has the number of a frame too, which nobody looks at. */
	fputs("],\n\"frames\":[0", page->out);
	for (size_t i = 1; i < page->stacks.nodes.count; i++)
		fprintf(page->out, ",%" PRIu32, ev_html_number(&page->frames, nodes[i].frame));
	fputs("]},\n", page->out);
}

/* Python's perf trampolines write names of their own. */
static bool is_python(const struct ev_named *named, const struct ev_frame *frame)
{
	return frame->python ||
	       !strncmp(ev_strings_text(named->profile->strings, frame->function), "py::", 4);
}

/* Whose code: 'k'ernel, 'i'nlined, 'u'ser, 'p'ython, 'w'aiting, 'n'ot known, 'x' left
 * out. */
static char kind_of(const struct ev_named *named, uint32_t index)
{
	if (index == EV_HTML_LEFT_OUT)
		return 'x';
	const struct ev_frame *frame = &named->frames.items[index];
	const char *name = ev_strings_text(named->profile->strings, frame->function);
	if (is_python(named, frame))
		return 'p';
	if (!strncmp(name, "[waiting: ", 10))
		return 'w';
	return frame->kernel ? 'k' : frame->inlined ? 'i' : frame->resolved ? 'u' : 'n';
}

/* [name, object, kind, file, line] of each. */
static void put_frames(struct ev_html_page *page)
{
	const struct ev_named *named = page->report->named;
	static const struct ev_frame nothing;
	struct ev_arena names = { 0 };
	fputs("\"frames\":[", page->out);
	for (size_t i = 0; i < page->frames.items.count; i++) {
		uint32_t index = page->frames.items.items[i];
		bool left_out = index == EV_HTML_LEFT_OUT;
		const struct ev_frame *frame = left_out ? &nothing : &named->frames.items[index];
		fputs(i ? ",\n[" : "[", page->out);
		ev_html_text(page,
			     left_out ? "[left out: small]" : ev_export_name(named, frame, &names));
		fprintf(page->out, ",%" PRIu32 ",\"%c\",%" PRIu32 ",%" PRIu32 "]",
			ev_html_number(&page->objects, frame->object), kind_of(named, index),
			ev_html_number(&page->files, frame->file), frame->line);
		ev_arena_reset(&names);
	}
	fputs("],\n", page->out);
	ev_arena_done(&names);
}

static void put_strings(struct ev_html_page *page, const char *name,
			const struct ev_html_numbers *ids)
{
	const struct ev_strings *strings = page->report->named->profile->strings;
	fprintf(page->out, "\"%s\":[", name);
	for (size_t i = 0; i < ids->items.count; i++) {
		fputs(i ? ",\n" : "", page->out);
		ev_html_text(page, ev_strings_text(strings, ids->items.items[i]));
	}
	fputs("],\n", page->out);
}

static void put_objects(struct ev_html_page *page)
{
	struct ev_arena names = { 0 };
	fputs("\"objects\":[", page->out);
	for (size_t i = 0; i < page->objects.items.count; i++) {
		fputs(i ? ",\n" : "", page->out);
		ev_html_text(page,
			     ev_export_object(page->report, page->objects.items.items[i], &names));
	}
	fputs("],\n", page->out);
	ev_arena_done(&names);
}

static void put_threads(struct ev_html_page *page)
{
	const struct ev_strings *strings = page->report->named->profile->strings;
	fputs("\"threads\":[", page->out);
	for (size_t i = 0; i < page->threads.items.count; i++) {
		const struct ev_html_thread *thread = &page->threads.items.items[i];
		fputs(i ? ",\n[" : "[", page->out);
		ev_html_text(page, ev_strings_text(strings, thread->comm));
		fprintf(page->out, ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 "]", thread->pid,
			thread->tid, thread->merged);
	}
	fputs("],\n", page->out);
}

/* The columns of the time that there are at most, and how many one part of it has. */
static void put_time(struct ev_html_page *page)
{
	const struct ev_profile *profile = page->report->named->profile;
	const char *why = ev_html_timeless(page->report);
	if (page->diff)
		return;
	fputs("\"time\":{", page->out);
	if (why) {
		fputs("\"why\":", page->out);
		ev_html_text(page, why);
	} else {
		char from[64], column[64];
		ev_format_fixed(from, sizeof(from), (double)profile->blocks_from_ns / 1e9, 9);
		ev_format_fixed(column, sizeof(column), (double)profile->block_ns / 1e9, 9);
		fprintf(page->out,
			"\"from_s\":%s,\"column_s\":%s,\"columns\":%d,\"grain\":%" PRIu32
			",\"heat_grain\":%" PRIu32,
			from, column, EV_PAGE_COLUMNS, page->cells.grain, page->heat.grain);
	}
	fputs("},\n", page->out);
}

/* What the script reads; see its first lines. */
static void put_data(struct ev_html_page *page)
{
	char least[64];
	fputs("{\"evprof\":\"" EV_VERSION "\",\n", page->out);
	put_facts(page);
	put_quality(page);
	put_time(page);
	ev_html_events(page);
	put_findings(page);
	put_nodes(page);
	if (page->diff)
		ev_html_diff(page);
	ev_html_code(page, CODE_BYTES);
	put_frames(page);
	put_objects(page);
	put_strings(page, "files", &page->files);
	put_threads(page);
	fprintf(page->out,
		"\"stacks_loaded\":%s,\"left_out\":{\"stacks\":%" PRIu64 ",\"below\":%s}}",
		page->report->stacks_loaded ? "true" : "false", page->stacks.left_out,
		ev_format_fixed(least, sizeof(least), page->stacks.least, 9));
}

/* JSON that no browser takes for markup: < stands in strings only. */
static int put_script_data(FILE *out, struct ev_html_page *page, struct ev_err *err)
{
	char *text = NULL;
	size_t size_bytes = 0;
	page->out = open_memstream(&text, &size_bytes);
	if (!page->out)
		return ev_fail(err, ENOMEM, "no memory for the page");
	put_data(page);
	fclose(page->out);
	for (char *at = text, *end; at; at = end ? end + 1 : NULL) {
		end = strchr(at, '<');
		if (!end) {
			fputs(at, out);
			break;
		}
		fwrite(at, 1, (size_t)(end - at), out);
		fputs("\\u003c", out);
	}
	free(text);
	return 0;
}

/* The page up to a mark, and past it. */
static const char *put_until(FILE *out, const char *page, const char *mark)
{
	const char *end = strstr(page, mark);
	if (!end) {
		fputs(page, out);
		return "";
	}
	fwrite(page, 1, (size_t)(end - page), out);
	return end + strlen(mark);
}

static void choose(struct ev_html_page *page)
{
	const struct ev_report *report = page->report;
	bool timed = !page->diff && !ev_html_timeless(report);
	uint64_t limit_bytes = STACKS_BYTES;
	ev_html_threads_find(&page->threads, report);
	/* Rather fewer of the small stacks than parts of the time too long to see anything. */
	for (;; limit_bytes /= 4) {
		ev_html_stacks_find(&page->stacks, report, &page->threads, limit_bytes);
		uint64_t stacks_bytes =
			page->stacks.bytes < STACKS_BYTES ? page->stacks.bytes : STACKS_BYTES;
		ev_html_cells_find(&page->cells, report, &page->threads, &page->stacks, timed,
				   TIMES_BYTES + STACKS_BYTES - stacks_bytes);
		if (page->cells.grain <= EV_PAGE_COLUMNS / LEAST_PARTS ||
		    limit_bytes < LEAST_STACKS_BYTES)
			break;
		ev_html_cells_done(&page->cells);
		ev_html_stacks_done(&page->stacks);
	}
	if (timed)
		ev_html_cells_heat(&page->heat, report, &page->threads, HEAT_BYTES);
}

int ev_html_print(FILE *out, struct ev_html_page *page, struct ev_err *err)
{
	const char *rest = report_html_page;
	choose(page);
	rest = put_until(out, rest, "@STYLE@");
	fputs(report_html_style, out);
	rest = put_until(out, rest, "@DATA@");
	int ret = put_script_data(out, page, err);
	rest = put_until(out, rest, "@SCRIPT@");
	fputs(report_html_script, out);
	fputs(rest, out);
	ev_html_cells_done(&page->cells);
	ev_html_cells_done(&page->heat);
	ev_html_stacks_done(&page->stacks);
	ev_html_threads_done(&page->threads);
	numbers_done(&page->frames);
	numbers_done(&page->objects);
	numbers_done(&page->files);
	ev_arena_done(&page->scratch);
	return ret;
}

int ev_report_html(FILE *out, const struct ev_report *report,
		   const struct ev_report_options *options, struct ev_err *err)
{
	struct ev_html_page page = { .report = report };
	(void)options;
	return ev_html_print(out, &page, err);
}
