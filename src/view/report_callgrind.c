/* A profile becomes a callgrind file (valgrind's manual, "Callgrind Format Specification"): what
 * each line of a function cost itself, and what it spent in the functions that it called. Calls
 * of a function that is running already are left out, so that what leads into a function adds up to
 * what it and its callees cost, recursion or not. How often functions were called
 * samples do not tell: calls=1 stands for that, since readers take calls=0 for no call at all. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "export.h"

struct function {
	uint32_t name, object, file; /* string ids, but for the object */
	bool resolved;
	uint32_t first_cost, first_call; /* index + 1 of the first of its lists */
};
/* What a line costs itself, or what it spends in a function. The figures of all events stand in
 * `costs`, at index * events.count. */
struct cost {
	uint32_t line, callee; /* callee: index of functions, of calls only */
	uint32_t next;         /* of the same function, index + 1 */
};
struct sheet {
	FILE *out;
	const struct ev_report *report;
	const struct ev_named *named;
	EV_ARRAY(size_t) events; /* that have samples */
	bool *by_period;         /* per one of these */
	EV_ARRAY(struct function) functions;
	uint32_t *function_of; /* per frame */
	struct ev_map by_names, by_line, by_call;
	EV_ARRAY(struct cost) items;
	EV_ARRAY(uint64_t) costs;
	uint64_t *totals;
	struct ev_map printed; /* names that were, which then are numbers */
	struct ev_arena scratch;
};

/* ---- adding up --------------------------------------------------------------------------------
 */

static void find_functions(struct sheet *sheet)
{
	const struct ev_named *named = sheet->named;
	sheet->function_of = ev_alloc(named->frames.count * sizeof(uint32_t));
	for (size_t i = 0; i < named->frames.count; i++) {
		const struct ev_frame *frame = &named->frames.items[i];
		struct function one = {
			frame->function, frame->object, frame->file, frame->resolved, 0, 0
		};
		/* Addresses without a symbol are one function. */
		bool is_address = !frame->resolved &&
				  *ev_strings_text(named->profile->strings, frame->function) != '[';
		bool added;
		uint32_t *at = ev_map_add(&sheet->by_names,
					  (uint64_t)(is_address ? 0 : one.name) << 32 | one.object,
					  (uint64_t)one.file << 1 | one.resolved, &added);
		if (added) {
			*at = (uint32_t)sheet->functions.count;
			*ev_array_add(&sheet->functions) = one;
		}
		sheet->function_of[i] = *at;
	}
}

/* The figures of a line, or of its calls of a function; made when they are new. */
static uint64_t *figures(struct sheet *sheet, uint32_t frame, uint32_t callee, bool is_call)
{
	uint32_t line = sheet->named->frames.items[frame].line;
	uint32_t function = sheet->function_of[frame];
	struct function *of = &sheet->functions.items[function];
	bool added;
	uint32_t *at = ev_map_add(is_call ? &sheet->by_call : &sheet->by_line,
				  (uint64_t)function << 32 | line, callee, &added);
	if (added) {
		uint32_t *first = is_call ? &of->first_call : &of->first_cost;
		*at = (uint32_t)sheet->items.count;
		*ev_array_add(&sheet->items) = (struct cost){ line, callee, *first };
		*first = (uint32_t)sheet->items.count;
		for (size_t e = 0; e < sheet->events.count; e++)
			*ev_array_add(&sheet->costs) = 0;
	}
	return sheet->costs.items + *at * sheet->events.count;
}

/* The function that a stack ends in runs further out in it already. */
static bool is_recursive(const struct sheet *sheet, uint32_t stack)
{
	const struct ev_stack *stacks = sheet->named->stacks.items;
	uint32_t callee = sheet->function_of[stacks[stack].place];
	for (uint32_t at = stacks[stack].parent; at; at = stacks[at].parent)
		if (sheet->function_of[stacks[at].place] == callee)
			return true;
	return false;
}

static void add_up(struct sheet *sheet)
{
	const struct ev_named *named = sheet->named;
	size_t events = sheet->events.count, count = named->stacks.count;
	uint64_t *inside = ev_alloc((count * events + 1) * sizeof(*inside));
	memset(inside, 0, (count * events + 1) * sizeof(*inside));
	for (size_t i = 0; i < named->cells.count; i++) {
		const struct ev_cell *cell = &named->cells.items[i];
		uint32_t event = named->profile->tags.items[cell->tag].event;
		if (!ev_table_passes(sheet->report->table, named, cell))
			continue;
		for (size_t e = 0; e < events; e++)
			if (sheet->events.items[e] == event)
				inside[cell->stack * events + e] +=
					sheet->by_period[e] ? cell->period : cell->samples;
	}
	for (size_t s = 0; s < count; s++) {
		uint64_t *of = NULL;
		for (size_t e = 0; e < events; e++) {
			if (!inside[s * events + e])
				continue;
			if (!of)
				of = figures(sheet, named->stacks.items[s].place, 0, false);
			of[e] += inside[s * events + e];
			sheet->totals[e] += inside[s * events + e];
		}
	}
	for (size_t s = count; s-- > 1;) {
		uint32_t parent = named->stacks.items[s].parent;
		uint64_t *of = NULL;
		bool counts = parent && !is_recursive(sheet, (uint32_t)s);
		for (size_t e = 0; e < events; e++) {
			uint64_t weight = inside[s * events + e];
			if (!weight)
				continue;
			if (parent)
				inside[parent * events + e] += weight;
			if (counts && !of)
				of = figures(sheet, named->stacks.items[parent].place,
					     sheet->function_of[named->stacks.items[s].place],
					     true);
			if (of)
				of[e] += weight;
		}
	}
	free(inside);
}

/* ---- printing ---------------------------------------------------------------------------------
 */

/* "fn=(7) main", and from then on "fn=(7)". Spaces: 0 objects, 1 files, 2 functions. */
static void print_name(struct sheet *sheet, const char *what, uint32_t space, uint32_t number,
		       const char *text)
{
	bool added;
	ev_map_add(&sheet->printed, space, number, &added);
	fprintf(sheet->out, "%s=(%" PRIu32 ")%s%s\n", what, number + 1, added ? " " : "",
		added ? text : "");
}

static void print_names(struct sheet *sheet, uint32_t number, const char *prefix)
{
	const struct function *function = &sheet->functions.items[number];
	const struct ev_frame frame = { .function = function->name,
					.object = function->object,
					.file = function->file,
					.resolved = function->resolved };
	const char *file = ev_export_file(sheet->named, &frame, &sheet->scratch);
	char what[8];
	snprintf(what, sizeof(what), "%sob", prefix);
	print_name(sheet, what, 0, function->object,
		   ev_export_object(sheet->report, function->object, &sheet->scratch));
	snprintf(what, sizeof(what), "%s", *prefix ? "cfi" : "fl");
	print_name(sheet, what, 1, function->file, *file ? file : "???");
	snprintf(what, sizeof(what), "%sfn", prefix);
	print_name(sheet, what, 2, number, ev_export_name(sheet->named, &frame, &sheet->scratch));
	ev_arena_reset(&sheet->scratch);
}

static void print_figures(const struct sheet *sheet, uint32_t line, size_t index)
{
	fprintf(sheet->out, "%" PRIu32, line);
	for (size_t e = 0; e < sheet->events.count; e++)
		fprintf(sheet->out, " %" PRIu64,
			sheet->costs.items[index * sheet->events.count + e]);
	putc('\n', sheet->out);
}

static void print_function(struct sheet *sheet, uint32_t number)
{
	const struct function *function = &sheet->functions.items[number];
	if (!function->first_cost && !function->first_call)
		return;
	putc('\n', sheet->out);
	print_names(sheet, number, "");
	for (uint32_t at = function->first_cost; at; at = sheet->items.items[at - 1].next)
		print_figures(sheet, sheet->items.items[at - 1].line, at - 1);
	for (uint32_t at = function->first_call; at; at = sheet->items.items[at - 1].next) {
		print_names(sheet, sheet->items.items[at - 1].callee, "c");
		fputs("calls=1 0\n", sheet->out);
		print_figures(sheet, sheet->items.items[at - 1].line, at - 1);
	}
}

/* Words without blanks, for they stand in a row. */
static void print_event_names(struct sheet *sheet)
{
	fputs("events:", sheet->out);
	for (size_t e = 0; e < sheet->events.count; e++) {
		const char *name =
			ev_report_event(sheet->report, sheet->events.items[e], &sheet->scratch);
		putc(' ', sheet->out);
		for (name = ev_report_safe(&sheet->scratch, name); *name; name++)
			putc(*name == ' ' ? '_' : *name, sheet->out);
		if (sheet->by_period[e] && ev_export_is_time(sheet->report, sheet->events.items[e]))
			fputs("_ns", sheet->out);
	}
	fputs("\nsummary:", sheet->out);
	for (size_t e = 0; e < sheet->events.count; e++)
		fprintf(sheet->out, " %" PRIu64, sheet->totals[e]);
	putc('\n', sheet->out);
}

int ev_report_callgrind(FILE *out, const struct ev_report *report,
			const struct ev_report_options *options, struct ev_err *err)
{
	struct sheet sheet = { .out = out, .report = report, .named = report->named };
	const struct ev_table *table = report->table;
	(void)err;
	sheet.by_period = ev_alloc((table->event_count + 1) * sizeof(bool));
	sheet.totals = ev_alloc((table->event_count + 1) * sizeof(uint64_t));
	for (size_t e = 0; e < table->event_count; e++) {
		if (!table->total_samples[e])
			continue;
		sheet.totals[sheet.events.count] = 0;
		sheet.by_period[sheet.events.count] = ev_export_by_period(report, options, e);
		*ev_array_add(&sheet.events) = e;
	}
	find_functions(&sheet);
	add_up(&sheet);
	const char *origin = ev_export_origin(report, &sheet.scratch);
	fprintf(out, "# callgrind format\nversion: 1\ncreator: evprof %s\ncmd: %s\n", EV_VERSION,
		ev_report_safe(&sheet.scratch, origin));
	fputs("desc: samples; calls are all 1, for samples do not tell how often functions were "
	      "called\n"
	      "positions: line\n",
	      out);
	print_event_names(&sheet);
	for (uint32_t i = 0; i < sheet.functions.count; i++)
		print_function(&sheet, i);
	ev_map_done(&sheet.by_names);
	ev_map_done(&sheet.by_line);
	ev_map_done(&sheet.by_call);
	ev_map_done(&sheet.printed);
	ev_array_done(&sheet.functions);
	ev_array_done(&sheet.items);
	ev_array_done(&sheet.costs);
	ev_array_done(&sheet.events);
	ev_arena_done(&sheet.scratch);
	free(sheet.function_of);
	free(sheet.by_period);
	free(sheet.totals);
	return 0;
}
