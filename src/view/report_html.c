/* A profile becomes one page that asks nobody for anything: its style, its script and the data that
 * the script draws stand in it. Names are data, which the page shows as text and nothing else. */
#include <errno.h>
#include <inttypes.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "export.h"
#include "report_html.h"
#include "report_html_page.h"

/* Of stacks in a page, and of functions of all its events, at most. */
#define STACKS_BYTES 3800000
#define FUNCTIONS_BYTES 800000

/* Numbers for what the page names, from 0 on, in the order of asking. */
struct numbers {
	struct ev_map known;
	EV_ARRAY(uint32_t) items;
};

static uint32_t number_of(struct numbers *numbers, uint32_t item)
{
	bool added;
	uint32_t *number = ev_map_add(&numbers->known, item, 0, &added);
	if (added) {
		*number = (uint32_t)numbers->items.count;
		*ev_array_add(&numbers->items) = item;
	}
	return *number;
}

static void numbers_done(struct numbers *numbers)
{
	ev_map_done(&numbers->known);
	ev_array_done(&numbers->items);
}

struct page {
	FILE *out;
	const struct ev_report *report;
	struct ev_html_stacks stacks;
	struct numbers frames, objects, files, threads;
	struct ev_arena scratch;
};

/* Safe to show: what could change how the text around it is read is spelled out. */
static void put_text(struct page *page, const char *text)
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

static void put_fact(struct page *page, const char *name, const char *text, bool *first)
{
	if (!text || !*text)
		return;
	fprintf(page->out, "%s[\"%s\",", *first ? "" : ",", name);
	put_text(page, text);
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

static void put_facts(struct page *page)
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
	if (profile->last_time_ns > profile->first_time_ns) {
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

static void put_quality(struct page *page)
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
		put_text(page, line);
		first = false;
	}
	free(text);
	fputs("],\n", page->out);
}

/* One number of every cell of an event. */
static uint64_t cell_node(struct page *page, const struct ev_html_cell *cell)
{
	(void)page;
	return cell->node;
}
static uint64_t cell_thread(struct page *page, const struct ev_html_cell *cell)
{
	return number_of(&page->threads, cell->thread);
}
static uint64_t cell_samples(struct page *page, const struct ev_html_cell *cell)
{
	(void)page;
	return cell->samples;
}
static uint64_t cell_period(struct page *page, const struct ev_html_cell *cell)
{
	(void)page;
	return cell->period;
}
static const struct {
	const char *name;
	uint64_t (*number)(struct page *page, const struct ev_html_cell *cell);
} cell_lists[] = {
	{ "nodes", cell_node },
	{ "threads", cell_thread },
	{ "samples", cell_samples },
	{ "period", cell_period },
};

static void put_cells(struct page *page, size_t event)
{
	for (size_t list = 0; list < EV_LENGTH(cell_lists); list++) {
		const char *between = "";
		fprintf(page->out, ",\"%s\":[", cell_lists[list].name);
		for (size_t i = 0; i < page->stacks.cells.count; i++) {
			const struct ev_html_cell *cell = &page->stacks.cells.items[i];
			if (cell->event != event)
				continue;
			fprintf(page->out, "%s%" PRIu64, between,
				cell_lists[list].number(page, cell));
			between = ",";
		}
		putc(']', page->out);
	}
}

/* One number of every function. */
static void put_sums(struct page *page, const struct ev_html_functions *functions, const char *name,
		     size_t offset)
{
	fprintf(page->out, ",\"%s\":[", name);
	for (size_t i = 0; i < functions->items.count; i++) {
		uint64_t sum;
		memcpy(&sum, (const char *)&functions->items.items[i] + offset, sizeof(sum));
		fprintf(page->out, "%s%" PRIu64, i ? "," : "", sum);
	}
	putc(']', page->out);
}

static void put_functions(struct page *page, size_t event)
{
	struct ev_html_functions functions = { 0 };
	size_t sharing = 0;
	for (size_t e = 0; e < page->report->table->event_count; e++)
		sharing += page->report->table->total_samples[e] > 0;
	ev_html_functions_find(&functions, page->report, event, FUNCTIONS_BYTES / sharing);
	fprintf(page->out, ",\"functions\":{\"all\":%zu,\"frames\":[", functions.all);
	for (size_t i = 0; i < functions.items.count; i++)
		fprintf(page->out, "%s%" PRIu32, i ? "," : "",
			number_of(&page->frames, functions.items.items[i].frame));
	putc(']', page->out);
	put_sums(page, &functions, "self_samples", offsetof(struct ev_html_function, self_samples));
	put_sums(page, &functions, "self_period", offsetof(struct ev_html_function, self_period));
	put_sums(page, &functions, "children_samples",
		 offsetof(struct ev_html_function, children_samples));
	put_sums(page, &functions, "children_period",
		 offsetof(struct ev_html_function, children_period));
	putc('}', page->out);
	ev_html_functions_done(&functions);
}

static void put_events(struct page *page)
{
	const struct ev_table *table = page->report->table;
	struct ev_arena names = { 0 };
	const char *between = "";
	fputs("\"events\":[", page->out);
	for (size_t e = 0; e < table->event_count; e++) {
		if (!table->total_samples[e])
			continue;
		fprintf(page->out, "%s{\"name\":", between);
		put_text(page, ev_report_event(page->report, e, &names));
		fprintf(page->out,
			",\"is_time\":%s,\"total_samples\":%" PRIu64 ",\"total_period\":%" PRIu64,
			ev_export_is_time(page->report, e) || ev_report_waits(page->report, e)
				? "true"
				: "false",
			table->total_samples[e], table->total_period[e]);
		put_cells(page, e);
		put_functions(page, e);
		putc('}', page->out);
		between = ",\n";
	}
	fputs("],\n", page->out);
	ev_arena_done(&names);
}

static void put_nodes(struct page *page)
{
	const struct ev_html_node *nodes = page->stacks.nodes.items;
	fputs("\"nodes\":{\"parents\":[", page->out);
	for (size_t i = 0; i < page->stacks.nodes.count; i++)
		fprintf(page->out, "%s%" PRIu32, i ? "," : "", nodes[i].parent);
	/* The root has the number of a frame too, which nobody looks at. */
	fputs("],\n\"frames\":[0", page->out);
	for (size_t i = 1; i < page->stacks.nodes.count; i++)
		fprintf(page->out, ",%" PRIu32, number_of(&page->frames, nodes[i].frame));
	fputs("]},\n", page->out);
}

/* Whose code: 'k'ernel, 'p'ython, 'i'nlined, 'u'ser, 'n'ot known, 'x' left out. */
static char kind_of(const struct ev_named *named, uint32_t index)
{
	if (index == EV_HTML_LEFT_OUT)
		return 'x';
	const struct ev_frame *frame = &named->frames.items[index];
	return frame->kernel     ? 'k'
	       : frame->python   ? 'p'
	       : frame->inlined  ? 'i'
	       : frame->resolved ? 'u'
				 : 'n';
}

/* [name, object, kind, file, line] of each. */
static void put_frames(struct page *page)
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
		put_text(page,
			 left_out ? "[left out: small]" : ev_export_name(named, frame, &names));
		fprintf(page->out, ",%" PRIu32 ",\"%c\",%" PRIu32 ",%" PRIu32 "]",
			number_of(&page->objects, frame->object), kind_of(named, index),
			number_of(&page->files, frame->file), frame->line);
		ev_arena_reset(&names);
	}
	fputs("],\n", page->out);
	ev_arena_done(&names);
}

static void put_strings(struct page *page, const char *name, const struct numbers *ids)
{
	const struct ev_strings *strings = page->report->named->profile->strings;
	fprintf(page->out, "\"%s\":[", name);
	for (size_t i = 0; i < ids->items.count; i++) {
		fputs(i ? ",\n" : "", page->out);
		put_text(page, ev_strings_text(strings, ids->items.items[i]));
	}
	fputs("],\n", page->out);
}

static void put_objects(struct page *page)
{
	struct ev_arena names = { 0 };
	fputs("\"objects\":[", page->out);
	for (size_t i = 0; i < page->objects.items.count; i++) {
		fputs(i ? ",\n" : "", page->out);
		put_text(page,
			 ev_export_object(page->report, page->objects.items.items[i], &names));
	}
	fputs("],\n", page->out);
	ev_arena_done(&names);
}

/* What the script reads; see its first lines. */
static void put_data(struct page *page)
{
	char least[64];
	fputs("{\"evprof\":\"" EV_VERSION "\",\n", page->out);
	put_facts(page);
	put_quality(page);
	put_events(page);
	put_nodes(page);
	put_frames(page);
	put_objects(page);
	put_strings(page, "files", &page->files);
	put_strings(page, "threads", &page->threads);
	fprintf(page->out,
		"\"stacks_loaded\":%s,\"left_out\":{\"stacks\":%" PRIu64 ",\"below\":%s}}",
		page->report->stacks_loaded ? "true" : "false", page->stacks.left_out,
		ev_format_fixed(least, sizeof(least), page->stacks.least, 9));
}

/* JSON that no browser takes for markup: < stands in strings only. */
static int put_script_data(FILE *out, struct page *page, struct ev_err *err)
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

int ev_report_html(FILE *out, const struct ev_report *report,
		   const struct ev_report_options *options, struct ev_err *err)
{
	struct page page = { .report = report };
	const char *rest = report_html_page;
	int ret;
	(void)options;
	ev_html_stacks_find(&page.stacks, report, STACKS_BYTES);
	rest = put_until(out, rest, "@STYLE@");
	fputs(report_html_style, out);
	rest = put_until(out, rest, "@DATA@");
	ret = put_script_data(out, &page, err);
	rest = put_until(out, rest, "@SCRIPT@");
	fputs(report_html_script, out);
	fputs(rest, out);
	ev_html_stacks_done(&page.stacks);
	numbers_done(&page.frames);
	numbers_done(&page.objects);
	numbers_done(&page.files);
	numbers_done(&page.threads);
	ev_arena_done(&page.scratch);
	return ret;
}
