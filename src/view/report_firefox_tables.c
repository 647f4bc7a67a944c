/* Stacks, frames, functions, objects and texts of a profile become the tables that all threads of a
 * processed profile of the Firefox Profiler share, column by column. */
#include <inttypes.h>
#include <stdlib.h>
#include "export.h"
#include "report_firefox.h"

#define NOTHING INT64_MIN /* null */

static uint32_t text(struct firefox *to, const char *words)
{
	return ev_strings_add_text(to->texts, words);
}

/* ---- who is there ------------------------------------------------------------------------------
 */

static uint32_t source_number(struct firefox *to, const char *file)
{
	uint32_t id = text(to, file);
	bool added;
	uint32_t *at = ev_map_add(&to->source_ids, id, 0, &added);
	if (added) {
		*at = (uint32_t)to->sources.count;
		*ev_array_add(&to->sources) = id;
	}
	return *at;
}

static void find_functions(struct firefox *to)
{
	const struct ev_named *named = to->named;
	for (uint32_t i = 0; i < named->frames.count; i++) {
		const struct ev_frame *frame = &named->frames.items[i];
		uint32_t name = text(to, ev_export_name(named, frame, &to->scratch));
		bool added;
		uint32_t *at = ev_map_add(&to->function_ids, name,
					  (uint64_t)frame->object << 32 | frame->file, &added);
		if (added) {
			*at = (uint32_t)to->functions.count;
			*ev_array_add(&to->functions) = i;
		}
		to->function_of[i] = *at;
		if (!to->library_of[frame->object]) {
			*ev_array_add(&to->libraries) = frame->object;
			to->library_of[frame->object] = (uint32_t)to->libraries.count;
		}
		ev_arena_reset(&to->scratch);
	}
}

static void find_depths(struct firefox *to)
{
	const struct ev_named *named = to->named;
	for (uint32_t i = 1; i < named->stacks.count; i++) {
		const struct ev_stack *stack = &named->stacks.items[i];
		uint32_t caller = named->stacks.items[stack->parent].place;
		if (named->frames.items[stack->place].inlined && !to->depth_of[stack->place])
			to->depth_of[stack->place] = stack->parent ? to->depth_of[caller] + 1 : 0;
	}
}

void ev_firefox_number(struct firefox *to)
{
	size_t frames = to->named->frames.count + 1;
	to->texts = ev_strings_open();
	to->function_of = ev_alloc(frames * sizeof(*to->function_of));
	to->depth_of = ev_alloc(frames * sizeof(*to->depth_of));
	to->library_of = ev_alloc((to->named->object_count + 1ul) * sizeof(*to->library_of));
	find_functions(to);
	find_depths(to);
}

void ev_firefox_done(struct firefox *to)
{
	ev_strings_close(to->texts);
	ev_map_done(&to->function_ids);
	ev_map_done(&to->source_ids);
	ev_array_done(&to->functions);
	ev_array_done(&to->libraries);
	ev_array_done(&to->sources);
	ev_arena_done(&to->scratch);
	free(to->function_of);
	free(to->depth_of);
	free(to->library_of);
}

/* ---- columns -----------------------------------------------------------------------------------
 */

struct column {
	const char *name;
	const char *always; /* what every row has, NULL = its value */
	int64_t (*value)(struct firefox *to, uint32_t index);
};

static int64_t stack_frame(struct firefox *to, uint32_t index)
{
	return to->named->stacks.items[index].place;
}

/* How far before it its caller stands; 0 of a root. Stacks begin at 1 here. */
static int64_t stack_prefix(struct firefox *to, uint32_t index)
{
	uint32_t parent = to->named->stacks.items[index].parent;
	return parent ? index - parent : 0;
}

static int64_t frame_category(struct firefox *to, uint32_t index)
{
	if (!index)
		return FIREFOX_OTHER;
	return to->named->frames.items[index].kernel ? FIREFOX_KERNEL : FIREFOX_USER;
}

static int64_t frame_function(struct firefox *to, uint32_t index)
{
	return to->function_of[index];
}

static int64_t frame_depth(struct firefox *to, uint32_t index)
{
	return to->depth_of[index];
}

static int64_t frame_line(struct firefox *to, uint32_t index)
{
	uint32_t line = to->named->frames.items[index].line;
	return line ? line : NOTHING;
}

static const struct ev_frame *frame_of(const struct firefox *to, uint32_t function)
{
	return &to->named->frames.items[to->functions.items[function]];
}

static int64_t function_name(struct firefox *to, uint32_t index)
{
	return text(to, ev_export_name(to->named, frame_of(to, index), &to->scratch));
}

static int64_t function_resource(struct firefox *to, uint32_t index)
{
	return to->library_of[frame_of(to, index)->object] - 1;
}

static int64_t function_source(struct firefox *to, uint32_t index)
{
	const char *file = ev_export_file(to->named, frame_of(to, index), &to->scratch);
	return *file ? source_number(to, file) : NOTHING;
}

static int64_t library_number(struct firefox *to, uint32_t index)
{
	(void)to;
	return index;
}

const char *ev_firefox_library(struct firefox *to, uint32_t index)
{
	uint32_t object = to->libraries.items[index];
	const struct ev_strings *strings = to->named->profile->strings;
	return ev_report_safe(&to->scratch,
			      ev_strings_text(strings, to->named->object_names[object]));
}

static int64_t library_name(struct firefox *to, uint32_t index)
{
	return text(to, ev_firefox_library(to, index));
}

static int64_t source_name(struct firefox *to, uint32_t index)
{
	return to->sources.items[index];
}

static const struct column stack_columns[] = {
	{ "frame", .value = stack_frame },
	{ "prefixOffset", .value = stack_prefix },
};
static const struct column frame_columns[] = {
	{ "address", .always = "-1" },         { "category", .value = frame_category },
	{ "subcategory", .always = "0" },      { "func", .value = frame_function },
	{ "nativeSymbol", .always = "null" },  { "inlineDepth", .value = frame_depth },
	{ "innerWindowID", .always = "null" }, { "line", .value = frame_line },
	{ "column", .always = "null" },        { "originalLocation", .always = "null" },
};
static const struct column function_columns[] = {
	{ "name", .value = function_name },     { "isJS", .always = "false" },
	{ "relevantForJS", .always = "false" }, { "resource", .value = function_resource },
	{ "source", .value = function_source }, { "lineNumber", .always = "null" },
	{ "columnNumber", .always = "null" },   { "originalLocation", .always = "null" },
};
static const struct column symbol_columns[] = {
	{ "libIndex", .always = "null" },
	{ "address", .always = "null" },
	{ "name", .always = "null" },
	{ "functionSize", .always = "null" },
};
static const struct column resource_columns[] = {
	{ "lib", .value = library_number },
	{ "name", .value = library_name },
	{ "host", .always = "null" },
	{ "type", .always = "1" },
};
static const struct column source_columns[] = {
	{ "id", .always = "null" },           { "filename", .value = source_name },
	{ "startLine", .always = "1" },       { "startColumn", .always = "1" },
	{ "sourceMapURL", .always = "null" }, { "content", .always = "null" },
};
static const struct column location_columns[] = {
	{ "source", .always = "null" },
	{ "line", .always = "null" },
	{ "column", .always = "null" },
};

/* ---- tables ------------------------------------------------------------------------------------
 */

static void print_column(struct firefox *to, const struct column *column, size_t first, size_t end)
{
	fprintf(to->out, "\"%s\": [", column->name);
	for (size_t i = first; i < end; i++) {
		int64_t value = column->always ? NOTHING : column->value(to, (uint32_t)i);
		fputs(i > first ? "," : "", to->out);
		if (value == NOTHING)
			fputs(column->always ? column->always : "null", to->out);
		else
			fprintf(to->out, "%" PRId64, value);
		ev_arena_reset(&to->scratch);
	}
	fputs("], ", to->out);
}

/* Rows from the first to the one before the end. */
static void print_table(struct firefox *to, const char *name, const struct column *columns,
			size_t count, size_t first, size_t end)
{
	fprintf(to->out, "    \"%s\": {", name);
	for (size_t i = 0; i < count; i++)
		print_column(to, &columns[i], first, end);
	fprintf(to->out, "\"length\": %zu},\n", end > first ? end - first : 0);
}

void ev_firefox_tables(struct firefox *to)
{
#define TABLE(name, columns, first, end)                                                           \
	print_table(to, name, columns, EV_LENGTH(columns), first, end)
	fputs("  \"shared\": {\n", to->out);
	TABLE("stackTable", stack_columns, 1, to->named->stacks.count);
	TABLE("frameTable", frame_columns, 0, to->named->frames.count);
	TABLE("funcTable", function_columns, 0, to->functions.count);
	TABLE("nativeSymbols", symbol_columns, 0, 0);
	TABLE("resourceTable", resource_columns, 0, to->libraries.count);
	/* Functions have numbered them. */
	TABLE("sources", source_columns, 0, to->sources.count);
	TABLE("sourceLocationTable", location_columns, 0, 0);
#undef TABLE
	fputs("    \"stringArray\": [", to->out);
	for (uint32_t i = 0; i < ev_strings_count(to->texts); i++) {
		fputs(i ? ", " : "", to->out);
		ev_json_text(to->out, ev_strings_text(to->texts, i));
	}
	fputs("]\n  },\n", to->out);
}
