/* A profile becomes the processed profile of the Firefox Profiler (profiler.firefox.com; its
 * docs-developer/CHANGELOG-formats.md): tables of stacks, frames, functions and texts that all
 * threads share, column by column, and for every thread and event its samples with their times.
 * The version is one that later readers bring up to their own. */
#include <inttypes.h>
#include <stdlib.h>
#include "export.h"
#include "timed.h"

enum { FORMAT_VERSION = 66, GECKO_VERSION = 24 };
enum { CATEGORY_USER, CATEGORY_KERNEL, CATEGORY_OTHER };
static const char categories[] =
	"[{\"name\": \"User\", \"color\": \"yellow\", \"subcategories\": [\"Other\"]}, "
	"{\"name\": \"Kernel\", \"color\": \"orange\", \"subcategories\": [\"Other\"]}, "
	"{\"name\": \"Other\", \"color\": \"grey\", \"subcategories\": [\"Other\"]}]";

struct firefox {
	FILE *out;
	const struct ev_report *report;
	const struct ev_report_options *options;
	const struct ev_named *named;
	struct ev_strings *texts;
	struct ev_map function_ids;            /* (name, object << 32 | file) -> index + 1 */
	EV_ARRAY(uint32_t) functions;          /* a frame of each */
	uint32_t *function_of, *depth_of;      /* of frames */
	uint32_t *library_of;                  /* of objects: index + 1 */
	EV_ARRAY(uint32_t) libraries, sources; /* objects; texts of files */
	struct ev_map source_ids;
	struct ev_arena scratch;
};

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
	for (uint32_t i = 1; i < named->stacks.count; i++) {
		const struct ev_stack *stack = &named->stacks.items[i];
		uint32_t caller = named->stacks.items[stack->parent].place;
		if (named->frames.items[stack->place].inlined && !to->depth_of[stack->place])
			to->depth_of[stack->place] = stack->parent ? to->depth_of[caller] + 1 : 0;
	}
}

/* ---- tables ------------------------------------------------------------------------------------
 */

typedef void (*print_value)(struct firefox *to, uint32_t index);

static void print_column(struct firefox *to, const char *name, size_t first, size_t count,
			 print_value print)
{
	fprintf(to->out, "\"%s\": [", name);
	for (size_t i = first; i < count; i++) {
		fputs(i > first ? "," : "", to->out);
		print(to, (uint32_t)i);
	}
	fputs("], ", to->out);
}

static void print_null(struct firefox *to, uint32_t index)
{
	(void)index;
	fputs("null", to->out);
}

static void print_zero(struct firefox *to, uint32_t index)
{
	(void)index;
	putc('0', to->out);
}

static void print_none(struct firefox *to, uint32_t index)
{
	(void)index;
	fputs("-1", to->out);
}

static void print_false(struct firefox *to, uint32_t index)
{
	(void)index;
	fputs("false", to->out);
}

static void print_one(struct firefox *to, uint32_t index)
{
	(void)index;
	putc('1', to->out);
}

static void print_stack_frame(struct firefox *to, uint32_t index)
{
	fprintf(to->out, "%" PRIu32, to->named->stacks.items[index].place);
}

/* How far before it its caller stands; 0 of a root. Stacks begin at 1 here. */
static void print_stack_prefix(struct firefox *to, uint32_t index)
{
	uint32_t parent = to->named->stacks.items[index].parent;
	fprintf(to->out, "%" PRIu32, parent ? index - parent : 0);
}

static void print_frame_category(struct firefox *to, uint32_t index)
{
	const struct ev_frame *frame = &to->named->frames.items[index];
	fprintf(to->out, "%d",
		!index          ? CATEGORY_OTHER
		: frame->kernel ? CATEGORY_KERNEL
				: CATEGORY_USER);
}

static void print_frame_function(struct firefox *to, uint32_t index)
{
	fprintf(to->out, "%" PRIu32, to->function_of[index]);
}

static void print_frame_depth(struct firefox *to, uint32_t index)
{
	fprintf(to->out, "%" PRIu32, to->depth_of[index]);
}

static void print_frame_line(struct firefox *to, uint32_t index)
{
	uint32_t line = to->named->frames.items[index].line;
	if (line)
		fprintf(to->out, "%" PRIu32, line);
	else
		print_null(to, index);
}

static void print_function_name(struct firefox *to, uint32_t index)
{
	const struct ev_frame *frame = &to->named->frames.items[to->functions.items[index]];
	fprintf(to->out, "%" PRIu32, text(to, ev_export_name(to->named, frame, &to->scratch)));
	ev_arena_reset(&to->scratch);
}

static void print_function_resource(struct firefox *to, uint32_t index)
{
	const struct ev_frame *frame = &to->named->frames.items[to->functions.items[index]];
	fprintf(to->out, "%" PRIu32, to->library_of[frame->object] - 1);
}

static void print_function_source(struct firefox *to, uint32_t index)
{
	const struct ev_frame *frame = &to->named->frames.items[to->functions.items[index]];
	const char *file = ev_export_file(to->named, frame, &to->scratch);
	if (*file)
		fprintf(to->out, "%" PRIu32, source_number(to, file));
	else
		print_null(to, index);
	ev_arena_reset(&to->scratch);
}

static void print_library_number(struct firefox *to, uint32_t index)
{
	fprintf(to->out, "%" PRIu32, index);
	(void)to;
}

static const char *library_name(struct firefox *to, uint32_t index)
{
	uint32_t object = to->libraries.items[index];
	const struct ev_strings *strings = to->named->profile->strings;
	return ev_report_safe(&to->scratch,
			      ev_strings_text(strings, to->named->object_names[object]));
}

static void print_library_name(struct firefox *to, uint32_t index)
{
	fprintf(to->out, "%" PRIu32, text(to, library_name(to, index)));
	ev_arena_reset(&to->scratch);
}

static void print_source_name(struct firefox *to, uint32_t index)
{
	fprintf(to->out, "%" PRIu32, to->sources.items[index]);
}

static void print_length(struct firefox *to, size_t length, const char *behind)
{
	fprintf(to->out, "\"length\": %zu}%s\n", length, behind);
}

static void print_tables(struct firefox *to)
{
	const struct ev_named *named = to->named;
	size_t stacks = named->stacks.count, frames = named->frames.count;
	size_t functions = to->functions.count, libraries = to->libraries.count;
	fputs("  \"shared\": {\n    \"stackTable\": {", to->out);
	print_column(to, "frame", 1, stacks, print_stack_frame);
	print_column(to, "prefixOffset", 1, stacks, print_stack_prefix);
	print_length(to, stacks ? stacks - 1 : 0, ",");
	fputs("    \"frameTable\": {", to->out);
	print_column(to, "address", 0, frames, print_none);
	print_column(to, "category", 0, frames, print_frame_category);
	print_column(to, "subcategory", 0, frames, print_zero);
	print_column(to, "func", 0, frames, print_frame_function);
	print_column(to, "nativeSymbol", 0, frames, print_null);
	print_column(to, "inlineDepth", 0, frames, print_frame_depth);
	print_column(to, "innerWindowID", 0, frames, print_null);
	print_column(to, "line", 0, frames, print_frame_line);
	print_column(to, "column", 0, frames, print_null);
	print_column(to, "originalLocation", 0, frames, print_null);
	print_length(to, frames, ",");
	fputs("    \"funcTable\": {", to->out);
	print_column(to, "name", 0, functions, print_function_name);
	print_column(to, "isJS", 0, functions, print_false);
	print_column(to, "relevantForJS", 0, functions, print_false);
	print_column(to, "resource", 0, functions, print_function_resource);
	print_column(to, "source", 0, functions, print_function_source);
	print_column(to, "lineNumber", 0, functions, print_null);
	print_column(to, "columnNumber", 0, functions, print_null);
	print_column(to, "originalLocation", 0, functions, print_null);
	print_length(to, functions, ",");
	fputs("    \"nativeSymbols\": {\"libIndex\": [], \"address\": [], \"name\": [], "
	      "\"functionSize\": [], \"length\": 0},\n    \"resourceTable\": {",
	      to->out);
	print_column(to, "lib", 0, libraries, print_library_number);
	print_column(to, "name", 0, libraries, print_library_name);
	print_column(to, "host", 0, libraries, print_null);
	print_column(to, "type", 0, libraries, print_one);
	print_length(to, libraries, ",");
	fputs("    \"sources\": {", to->out);
	print_column(to, "id", 0, to->sources.count, print_null);
	print_column(to, "filename", 0, to->sources.count, print_source_name);
	print_column(to, "startLine", 0, to->sources.count, print_one);
	print_column(to, "startColumn", 0, to->sources.count, print_one);
	print_column(to, "sourceMapURL", 0, to->sources.count, print_null);
	print_column(to, "content", 0, to->sources.count, print_null);
	print_length(to, to->sources.count, ",");
	fputs("    \"sourceLocationTable\": {\"source\": [], \"line\": [], \"column\": [], "
	      "\"length\": 0},\n    \"stringArray\": [",
	      to->out);
	for (uint32_t i = 0; i < ev_strings_count(to->texts); i++) {
		fputs(i ? ", " : "", to->out);
		ev_json_text(to->out, ev_strings_text(to->texts, i));
	}
	fputs("]\n  },\n", to->out);
}

/* Breakpad's spelling: the first 16 bytes as the numbers of a GUID, and an age. */
static void print_breakpad(FILE *out, const uint8_t id[20])
{
	static const uint8_t order[16] = { 3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15 };
	for (size_t i = 0; i < EV_LENGTH(order); i++)
		fprintf(out, "%02X", id[order[i]]);
	putc('0', out);
}

static void print_libraries(struct firefox *to)
{
	FILE *out = to->out;
	const char *arch = to->report->recording ? to->report->recording->arch : NULL;
	fputs("  \"libs\": [", out);
	for (uint32_t i = 0; i < to->libraries.count; i++) {
		uint32_t object = to->libraries.items[i];
		const struct ev_object *known =
			to->report->spaces ? ev_space_set_object(to->report->spaces, object) : NULL;
		const char *path = ev_export_object(to->report, object, &to->scratch);
		const char *name = library_name(to, i);
		fprintf(out, "%s\n    {\"arch\": ", i ? "," : "");
		ev_json_text(out, arch ? arch : "");
		for (unsigned debug = 0; debug < 2; debug++) {
			fputs(debug ? ", \"debugName\": " : ", \"name\": ", out);
			ev_json_text(out, name);
			fputs(debug ? ", \"debugPath\": " : ", \"path\": ", out);
			ev_json_text(out, path);
		}
		fputs(", \"breakpadId\": \"", out);
		if (known && known->build_id_bytes)
			print_breakpad(out, known->build_id);
		fputs("\", \"codeId\": ", out);
		for (unsigned b = 0; known && b < known->build_id_bytes; b++)
			fprintf(out, "%s%02x", b ? "" : "\"", known->build_id[b]);
		fputs(known && known->build_id_bytes ? "\"}" : "null}", out);
		ev_arena_reset(&to->scratch);
	}
	fputs("\n  ],\n", out);
}

/* ---- threads -----------------------------------------------------------------------------------
 */

static void print_ms(FILE *out, uint64_t time_ns)
{
	fprintf(out, "%" PRIu64 ".%06" PRIu64, time_ns / 1000000, time_ns % 1000000);
}

static void print_samples(struct firefox *to, const struct ev_timed *samples, size_t count)
{
	size_t event = samples->event;
	bool is_time = ev_export_is_time(to->report, event);
	bool by_period = ev_export_by_period(to->report, to->options, event);
	fputs("\"samples\": {\"stack\": [", to->out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "," : "", to->out);
		if (samples[i].stack)
			fprintf(to->out, "%" PRIu32, samples[i].stack - 1);
		else
			fputs("null", to->out);
	}
	fputs("], \"time\": [", to->out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "," : "", to->out);
		print_ms(to->out, samples[i].time_ns);
	}
	fputs("], \"weight\": [", to->out);
	for (size_t i = 0; i < count; i++) {
		fputs(i ? "," : "", to->out);
		if (is_time)
			print_ms(to->out, samples[i].period);
		else
			fprintf(to->out, "%" PRIu64,
				by_period ? samples[i].period : samples[i].samples);
	}
	fprintf(to->out, "], \"weightType\": \"%s\", \"length\": %zu}",
		is_time ? "tracing-ms" : "samples", count);
}

static void print_thread(struct firefox *to, const struct ev_timed *samples, size_t count,
			 bool name_event)
{
	const struct ev_timed *first = samples, *last = &samples[count - 1];
	const char *comm = ev_strings_text(to->named->profile->strings, first->comm);
	comm = ev_report_safe(&to->scratch, *comm ? comm : "[unknown]");
	const char *name = comm;
	if (name_event)
		name = ev_arena_printf(&to->scratch, "%s (%s)", comm,
				       ev_report_safe(&to->scratch,
						      ev_report_event(to->report, first->event,
								      &to->scratch)));
	fputs("    {\"name\": ", to->out);
	ev_json_text(to->out, name);
	fputs(", \"processName\": ", to->out);
	ev_json_text(to->out, comm);
	fprintf(to->out,
		", \"pid\": \"%" PRIu32 "\", \"tid\": %" PRIu32
		", \"isMainThread\": %s, \"processType\": \"default\", ",
		first->pid, first->tid, first->pid == first->tid ? "true" : "false");
	fputs("\"registerTime\": ", to->out);
	print_ms(to->out, first->time_ns);
	fputs(", \"unregisterTime\": ", to->out);
	print_ms(to->out, last->time_ns + to->named->profile->slice_ns);
	fputs(", \"processStartupTime\": 0, \"processShutdownTime\": null, \"pausedRanges\": [], "
	      "\"showMarkersInTimeline\": false, \"markers\": {\"data\": [], \"name\": [], "
	      "\"startTime\": [], \"endTime\": [], \"phase\": [], \"category\": [], \"length\": "
	      "0},\n     ",
	      to->out);
	print_samples(to, samples, count);
	putc('}', to->out);
	ev_arena_reset(&to->scratch);
}

static size_t events_with_samples(const struct ev_report *report)
{
	size_t count = 0;
	for (size_t e = 0; e < report->table->event_count; e++)
		count += report->table->total_samples[e] != 0;
	return count;
}

static void print_threads(struct firefox *to, const ev_timed_list *list)
{
	bool several = events_with_samples(to->report) > 1;
	fputs("  \"threads\": [", to->out);
	for (size_t from = 0, end; from < list->count; from = end) {
		end = ev_timed_end(list, from, true);
		fputs(from ? ",\n" : "\n", to->out);
		print_thread(to, &list->items[from], end - from, several);
	}
	fputs("\n  ],\n", to->out);
}

static void print_meta(struct firefox *to, bool timed)
{
	const struct ev_report *report = to->report;
	const struct ev_recording *recording = report->recording;
	double ms = (double)report->named->profile->slice_ns / 1e6;
	char interval[64];
	fprintf(to->out, "{\n  \"meta\": {\"interval\": %s, \"startTime\": %" PRId64,
		ev_format_fixed(interval, sizeof(interval), ms > 0 ? ms : 1, 6),
		recording ? recording->written_s * 1000 : 0);
	fputs(", \"processType\": 0, \"product\": ", to->out);
	ev_json_text(to->out,
		     ev_arena_printf(&to->scratch, "%s%s", ev_export_origin(report, &to->scratch),
				     timed ? "" : "; no times: samples stand in a row"));
	fputs(", \"oscpu\": ", to->out);
	ev_json_text(to->out, recording && recording->osrelease ? recording->osrelease : "");
	fprintf(to->out,
		", \"stackwalk\": 1, \"version\": %d, \"preprocessedProfileVersion\": %d, "
		"\"symbolicated\": true, \"markerSchema\": [], \"usesOnlyOneStackType\": true, "
		"\"sourceCodeIsNotOnSearchfox\": true, \"sampleUnits\": {\"time\": \"ms\", "
		"\"eventDelay\": \"ms\", \"threadCPUDelta\": \"ns\"},\n    \"categories\": %s},\n",
		GECKO_VERSION, FORMAT_VERSION, categories);
	ev_arena_reset(&to->scratch);
}

int ev_report_firefox(FILE *out, const struct ev_report *report,
		      const struct ev_report_options *options, struct ev_err *err)
{
	struct firefox to = {
		.out = out, .report = report, .options = options, .named = report->named
	};
	size_t frames = report->named->frames.count + 1;
	ev_timed_list list = { 0 };
	bool timed = ev_timed_collect(report, &list);
	(void)err;
	to.texts = ev_strings_open();
	to.function_of = ev_alloc(frames * sizeof(*to.function_of));
	to.depth_of = ev_alloc(frames * sizeof(*to.depth_of));
	to.library_of = ev_alloc((report->named->object_count + 1ul) * sizeof(*to.library_of));
	find_functions(&to);
	print_meta(&to, timed);
	print_libraries(&to);
	print_tables(&to);
	print_threads(&to, &list);
	fputs("  \"counters\": [], \"pages\": [], \"profilerOverhead\": []\n}\n", out);
	ev_strings_close(to.texts);
	ev_map_done(&to.function_ids);
	ev_map_done(&to.source_ids);
	ev_array_done(&to.functions);
	ev_array_done(&to.libraries);
	ev_array_done(&to.sources);
	ev_array_done(&list);
	ev_arena_done(&to.scratch);
	free(to.function_of);
	free(to.depth_of);
	free(to.library_of);
	return 0;
}
