/* The weights of a page's events become lists of numbers, as short as numbers can be told: node by
 * the distance from the one before, periods in units that all of an event share. */
#include <inttypes.h>
#include <stddef.h>
#include <string.h>
#include "export.h"
#include "report_html.h"

/* Of the functions of all events, at most. */
#define FUNCTIONS_BYTES 600000

struct list {
	const char *name;
	uint64_t (*number)(const struct ev_html_cell *cell);
};

static uint64_t cell_node(const struct ev_html_cell *cell)
{
	return cell->node;
}
static uint64_t cell_thread(const struct ev_html_cell *cell)
{
	return cell->thread;
}
static uint64_t cell_time(const struct ev_html_cell *cell)
{
	return cell->time;
}
static uint64_t cell_samples(const struct ev_html_cell *cell)
{
	return cell->samples;
}
static uint64_t cell_period(const struct ev_html_cell *cell)
{
	return cell->period;
}
static const struct list lists[] = {
	{ "nodes", cell_node },      { "threads", cell_thread }, { "times", cell_time },
	{ "samples", cell_samples }, { "period", cell_period },
};

/* Cells of one event. */
struct span {
	const struct ev_html_cell *items;
	size_t count;
};

static struct span span_of(const struct ev_html_cells *cells, size_t event)
{
	size_t from = 0, end;
	while (from < cells->items.count && cells->items.items[from].event < event)
		from++;
	for (end = from; end < cells->items.count && cells->items.items[end].event == event;)
		end++;
	return (struct span){ cells->items.items + from, end - from };
}

/* Numbers beyond what a page's script can tell exactly stay what they are: doubles. */
static void put_list(struct ev_html_page *page, struct span cells, const struct list *list,
		     uint64_t unit)
{
	int64_t before = 0;
	fprintf(page->out, ",\"%s\":[", list->name);
	for (size_t i = 0; i < cells.count; i++) {
		uint64_t number = list->number(&cells.items[i]);
		fputs(i ? "," : "", page->out);
		if (list->number == cell_node) {
			fprintf(page->out, "%" PRId64, (int64_t)number - before);
			before = (int64_t)number;
		} else {
			fprintf(page->out, "%" PRIu64,
				list->number == cell_period ? number / unit : number);
		}
	}
	putc(']', page->out);
}

static void put_heat(struct ev_html_page *page, size_t event)
{
	struct span cells = span_of(&page->heat, event);
	uint64_t unit = ev_html_unit(cells.items, cells.count);
	fprintf(page->out, ",\"heat\":{\"unit\":%" PRIu64, unit);
	for (size_t i = 1; i < EV_LENGTH(lists); i++)
		put_list(page, cells, &lists[i], unit);
	putc('}', page->out);
}

static void put_cells(struct ev_html_page *page, size_t event)
{
	struct span cells = span_of(&page->cells, event);
	uint64_t unit = ev_html_unit(cells.items, cells.count);
	fprintf(page->out, ",\"unit\":%" PRIu64, unit);
	for (size_t i = 0; i < EV_LENGTH(lists); i++)
		if (lists[i].number != cell_time || page->cells.grain)
			put_list(page, cells, &lists[i], unit);
	if (page->heat.grain && page->heat.grain < page->cells.grain)
		put_heat(page, event);
}

/* One number of every function. */
static void put_sums(struct ev_html_page *page, const struct ev_html_functions *functions,
		     const char *name, size_t offset)
{
	fprintf(page->out, ",\"%s\":[", name);
	for (size_t i = 0; i < functions->items.count; i++) {
		uint64_t sum;
		memcpy(&sum, (const char *)&functions->items.items[i] + offset, sizeof(sum));
		fprintf(page->out, "%s%" PRIu64, i ? "," : "", sum);
	}
	putc(']', page->out);
}

static void put_functions(struct ev_html_page *page, size_t event)
{
	struct ev_html_functions functions = { 0 };
	size_t sharing = 0;
	for (size_t e = 0; e < page->report->table->event_count; e++)
		sharing += page->report->table->total_samples[e] > 0;
	ev_html_functions_find(&functions, page->report, event,
			       FUNCTIONS_BYTES / (sharing ? sharing : 1));
	fprintf(page->out, ",\"functions\":{\"all\":%zu,\"frames\":[", functions.all);
	for (size_t i = 0; i < functions.items.count; i++)
		fprintf(page->out, "%s%" PRIu32, i ? "," : "",
			ev_html_number(&page->frames, functions.items.items[i].frame));
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

static void put_event(struct ev_html_page *page, size_t event)
{
	const struct ev_table *table = page->report->table;
	fprintf(page->out, "\"total_samples\":%" PRIu64 ",\"total_period\":%" PRIu64,
		table->total_samples[event], table->total_period[event]);
	put_cells(page, event);
	put_functions(page, event);
}

/* Of a difference also what was before, and by how much a weight counts of either. */
static void put_older(struct ev_html_page *page, size_t event)
{
	const struct ev_table *table = page->report->table;
	size_t width = page->diff->width, newer = page->newer * width + event;
	char text[64];
	fputs(",\"old\":{", page->out);
	put_event(page, event);
	fputs("},\"factors\":[", page->out);
	for (size_t side = 0; side < 2; side++) {
		size_t at = side ? newer : event, part = side ? page->newer : 0;
		double samples = 1, period = 1;
		if (page->diff->how.measure == EV_MEASURE_SHARE) {
			samples = table->total_samples[at] ? 1.0 / (double)table->total_samples[at]
							   : 0;
			period =
				table->total_period[at] ? 1.0 / (double)table->total_period[at] : 0;
		} else if (page->diff->how.measure == EV_MEASURE_SECOND) {
			samples = period =
				page->diff->seconds[part] > 0 ? 1 / page->diff->seconds[part] : 0;
		}
		ev_format_fixed(text, sizeof(text), samples, 18);
		fprintf(page->out, "%s{\"samples\":%s", side ? "," : "", text);
		ev_format_fixed(text, sizeof(text), period, 24);
		fprintf(page->out, ",\"period\":%s}", text);
	}
	putc(']', page->out);
}

static size_t event_width(const struct ev_html_page *page)
{
	return page->diff ? page->diff->width : page->report->table->event_count;
}

static bool has_samples(const struct ev_html_page *page, size_t event)
{
	const struct ev_table *table = page->report->table;
	return page->diff ? table->total_samples[page->newer * page->diff->width + event] ||
				    table->total_samples[event]
			  : table->total_samples[event] != 0;
}

/* Names alone: there is nothing to show of them, and that is told. */
static void put_silent_events(struct ev_html_page *page)
{
	struct ev_arena names = { 0 };
	const char *between = "";
	fputs("\"silent_events\":[", page->out);
	for (size_t e = 0; e < event_width(page); e++) {
		if (has_samples(page, e) || ev_report_only_tells(page->report, e))
			continue;
		fputs(between, page->out);
		ev_html_text(page, ev_report_event(page->report, e, &names));
		between = ",";
	}
	fputs("],\n", page->out);
	ev_arena_done(&names);
}

void ev_html_events(struct ev_html_page *page)
{
	size_t width = event_width(page);
	struct ev_arena names = { 0 };
	const char *between = "";
	put_silent_events(page);
	fputs("\"events\":[", page->out);
	for (size_t e = 0; e < width; e++) {
		size_t newer = page->diff ? page->newer * width + e : e;
		if (!has_samples(page, e))
			continue;
		bool is_time =
			ev_export_is_time(page->report, e) || ev_report_waits(page->report, e);
		fprintf(page->out, "%s{\"name\":", between);
		ev_html_text(page, ev_report_event(page->report, e, &names));
		fprintf(page->out, ",\"index\":%zu,\"is_time\":%s,%s", e,
			is_time ? "true" : "false",
			ev_report_waits(page->report, e) ? "\"waits\":true," : "");
		put_event(page, newer);
		if (page->diff)
			put_older(page, e);
		putc('}', page->out);
		between = ",\n";
	}
	fputs("],\n", page->out);
	ev_arena_done(&names);
}
