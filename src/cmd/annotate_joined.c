/* Recordings that were joined line by line become the annotation of one function, with columns for
 * each of them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "annotate_joined.h"

enum { LINES_BEFORE = 8, LINES_BEHIND = 4 }; /* around those that have samples */

/* Rebuilt, a program is another object; a person means the same function. */
static bool *merge_builds(struct ev_named *named)
{
	struct ev_map known = { 0 };
	bool *built_anew = ev_alloc((named->object_count + 1) * sizeof(*built_anew));
	uint32_t *first = ev_alloc((named->object_count + 1) * sizeof(*first));
	for (uint32_t i = 1; i < named->object_count; i++) {
		bool added;
		uint32_t *id = ev_map_add(&known, named->object_names[i], 0, &added);
		if (added)
			*id = i;
		first[i] = *id;
		built_anew[first[i]] |= !added;
	}
	for (size_t i = 0; i < named->frames.count; i++) {
		struct ev_frame *frame = &named->frames.items[i];
		if (frame->object < named->object_count)
			frame->object = first[frame->object];
	}
	ev_map_done(&known);
	free(first);
	return built_anew;
}

/* Built elsewhere, a function's file has another path: the latest recording's is taken. */
static void merge_paths(struct ev_named *named, struct ev_strings *strings)
{
	struct ev_map known = { 0 };
	for (size_t i = named->frames.count; i-- > 1;) {
		struct ev_frame *frame = &named->frames.items[i];
		const char *path = ev_strings_text(strings, frame->file),
			   *slash = strrchr(path, '/');
		bool added;
		if (!frame->file)
			continue;
		uint32_t last_part = ev_strings_add_text(strings, slash ? slash + 1 : path);
		uint32_t *file = ev_map_add(&known, (uint64_t)frame->function << 32 | last_part,
					    frame->object, &added);
		if (added)
			*file = frame->file;
		frame->file = *file;
	}
	ev_map_done(&known);
}

/* "old cpu-clock" and "new cpu-clock"; of more than two the later ones as "#2 cpu-clock". */
static void name_events(struct annotate_joined *it, bool apart)
{
	const struct ev_recording *whole = &it->joined.recording;
	size_t count = it->joined.count;
	for (size_t r = 0; r < (apart ? count : 1); r++) {
		for (size_t e = 0; e < whole->event_count; e++) {
			struct ev_recorded_event *event = ev_recording_add_event(&it->recording);
			const char *name = whole->events[e].name;
			event->attr = whole->events[e].attr;
			if (!apart)
				event->name = name;
			else if (count == 2 || !r)
				event->name = ev_arena_printf(&it->recording.arena, "%s %s",
							      r ? "new" : "old", name);
			else
				event->name =
					ev_arena_printf(&it->recording.arena, "#%zu %s", r, name);
		}
	}
	it->recording.hostname = whole->hostname;
	it->recording.written_s = it->joined.parts[count - 1].loaded.recording->written_s;
}

int annotate_join(struct annotate_joined *it, const char *const *paths, size_t count,
		  const struct join_options *how, struct ev_err *err)
{
	struct join_options options = *how;
	*it = (struct annotate_joined){ 0 };
	options.flags |= EV_SYMBOL_LINES | EV_SYMBOL_INLINES;
	options.by_line = options.load.stacks = options.load.python_lines = true;
	int rc = join(&it->joined, paths, count, &options, err);
	if (rc)
		return rc;
	it->is_open = true;
	it->built_anew = merge_builds(it->joined.named);
	merge_paths(it->joined.named, it->joined.profile->strings);
	name_events(it, options.events_apart);
	return 0;
}

void annotate_joined_done(struct annotate_joined *it)
{
	if (!it->is_open)
		return;
	joined_done(&it->joined);
	free(it->built_anew);
	ev_recording_done(&it->recording);
	*it = (struct annotate_joined){ 0 };
}

/* ---- a function ---------------------------------------------------------------------------------
 */

/* The event of the place in every recording, and the last of those by which most of the function
 * is known: what decides which file it is in. */
static void choose_events(struct annotating *shown, const struct ev_browse_place *place,
			  size_t width)
{
	size_t count = shown->lines.event_count;
	shown->events = ev_alloc(count * sizeof(*shown->events));
	for (size_t e = 0; e < count; e++) {
		shown->events[e] = e % width == place->event;
		if (shown->events[e])
			shown->event = e;
	}
}

static int choose_function(struct annotating *shown, const struct ev_browse_place *place,
			   size_t width, struct ev_err *err)
{
	int rc = annotate_choose_function(shown, place->function, place->object, err);
	while (!rc && shown->event >= width) {
		uint32_t function = shown->annotation.sections.items[0].function;
		if (ev_line_function_weight(&shown->lines, function,
					    EV_MEASURE_CALLED)[shown->event]
			    .samples)
			break;
		shown->event -= width;
		rc = annotate_choose_function(shown, place->function, place->object, err);
	}
	return rc;
}

/* How far the function reaches is not known of many builds: what has samples, and some around. */
static void extend(const struct annotating *shown, struct ev_annotated *section)
{
	const struct ev_line_function *function = &shown->lines.functions.items[section->function];
	for (uint32_t i = 0; i < function->line_count; i++) {
		const struct ev_line *line = &shown->lines.lines.items[function->first_line + i];
		if (line->file != section->file || !line->line)
			continue;
		if (!section->first || line->line < section->first)
			section->first = line->line;
		if (line->line > section->last)
			section->last = line->line;
	}
	if (!section->first)
		return;
	section->is_about = true;
	section->first = section->first > LINES_BEFORE ? section->first - LINES_BEFORE : 1;
	section->last = section->last < UINT32_MAX - LINES_BEHIND ? section->last + LINES_BEHIND
								  : section->last;
}

static void print(struct annotate_joined *it, struct annotating *shown, FILE *out)
{
	struct ev_annotation *annotation = &shown->annotation;
	struct ev_annotated *section = &annotation->sections.items[0];
	const struct ev_strings *strings = it->joined.named->profile->strings;
	uint32_t object = shown->lines.functions.items[section->function].object;
	extend(shown, section);
	if (section->file) {
		const struct ev_source *source =
			ev_sources_find(annotation->sources,
					ev_strings_text(strings, section->file));
		section->source_is_newer = !source->trouble && it->recording.written_s &&
					   source->changed_s > it->recording.written_s;
	}
	ev_annotate_text.section(out, annotation, &shown->options->view, section, true);
	if (it->built_anew[object])
		fputs("# of several builds: a line is that of its number in each of them\n", out);
}

int annotate_print_joined(struct annotate_joined *it, struct annotate_options *options,
			  const struct ev_browse_place *place, FILE *out, struct ev_err *err)
{
	struct annotating shown = { .options = options };
	size_t width = it->joined.recording.event_count ? it->joined.recording.event_count : 1;
	int rc = ev_lines_build(&shown.lines, it->joined.named, false, &options->filter, err);
	if (!rc) {
		choose_events(&shown, place, width);
		shown.annotation.report = (struct ev_report){
			.recording = &it->recording,
			.named = it->joined.named,
			.stacks_loaded = true,
		};
		shown.annotation.lines = &shown.lines;
		shown.annotation.events = shown.events;
		shown.annotation.compared = it->recording.event_count > width;
		shown.annotation.sources = ev_sources_open(&options->source);
		rc = choose_function(&shown, place, width, err);
	}
	if (!rc)
		print(it, &shown, out);
	annotate_done(&shown);
	return rc;
}
