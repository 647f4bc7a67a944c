/* Annotations made by hand: stacks are written as functions with their lines, root first.
 *   main@5;work@12       line 12 of work, called by line 5 of main
 *   work@12;~in@3        line 3 of in, inlined at line 12 of work
 *   work                 without a line
 * All lines are of one source file that the test writes. */
#ifndef INVENTED_ANNOTATION_H
#define INVENTED_ANNOTATION_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/view.h>

struct invented {
	struct ev_profile *profile;
	struct ev_named named;
	struct ev_recording recording;
	struct ev_lines lines, files;
	struct ev_spots spots;
	struct ev_annotation annotation;
	struct ev_annotate_options options;
	bool *events;
	char path[64]; /* of the source */
	char *text;
	size_t text_bytes;
};

static inline void invented_open(struct invented *it, const char *source)
{
	*it = (struct invented){ .profile = ev_profile_open() };
	it->options = (struct ev_annotate_options){ .min_percent = 0.5, .context = 1 };
	ev_recording_add_event(&it->recording)->name = "cycles";
	strcpy(it->path, "/tmp/evprof-view-XXXXXX");
	int fd = mkstemp(it->path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, source, strlen(source)), strlen(source));
	close(fd);
	it->named.profile = it->profile;
	it->named.object_count = 2;
	it->named.object_names = ev_alloc(2 * sizeof(uint32_t));
	it->named.object_names[0] = ev_strings_add_text(it->profile->strings, "[unknown]");
	it->named.object_names[1] = ev_strings_add_text(it->profile->strings, "prog");
	ev_array_add(&it->named.frames)->function =
		ev_strings_add_text(it->profile->strings, "[unknown]");
	ev_array_add(&it->named.stacks);
}

static inline uint32_t invented_frame(struct invented *it, const char *word)
{
	struct ev_frame frame = { .object = 1, .resolved = true, .inlined = *word == '~' };
	const char *line = strchr(word, '@');
	word += *word == '~';
	frame.function = ev_strings_add(it->profile->strings, word,
					line ? (size_t)(line - word) : strlen(word));
	if (line) {
		frame.file = ev_strings_add_text(it->profile->strings, it->path);
		frame.line = (uint32_t)atoi(line + 1);
	}
	for (uint32_t i = 1; i < it->named.frames.count; i++) {
		const struct ev_frame *other = &it->named.frames.items[i];
		if (other->function == frame.function && other->line == frame.line &&
		    other->inlined == frame.inlined)
			return i;
	}
	*ev_array_add(&it->named.frames) = frame;
	return (uint32_t)it->named.frames.count - 1;
}

/* Stacks have to come in the order of a depth-first walk. */
static inline void invented_add_to(struct invented *it, uint32_t event, const char *words,
				   uint64_t samples, uint64_t period)
{
	struct ev_tag tag = { .event = event };
	char *copy = ev_strdup(words), *rest = copy;
	uint32_t stack = 0;
	for (char *word; (word = strsep(&rest, ";"));) {
		uint32_t frame = invented_frame(it, word), i;
		for (i = 1; i < it->named.stacks.count; i++)
			if (it->named.stacks.items[i].parent == stack &&
			    it->named.stacks.items[i].place == frame)
				break;
		if (i == it->named.stacks.count)
			*ev_array_add(&it->named.stacks) = (struct ev_stack){ stack, frame };
		stack = i;
	}
	*ev_array_add(&it->named.cells) =
		(struct ev_cell){ ev_profile_tag(it->profile, &tag), stack, samples, period };
	it->profile->quality.samples += samples;
	free(copy);
}

static inline void invented_add(struct invented *it, const char *words, uint64_t samples)
{
	invented_add_to(it, 0, words, samples, samples * 1000);
}

static inline uint32_t invented_function(struct invented *it, const char *name)
{
	for (uint32_t i = 0; i < it->lines.functions.count; i++)
		if (!strcmp(ev_strings_text(it->profile->strings,
					    it->lines.functions.items[i].name),
			    name))
			return i;
	fail_msg("there is no function %s", name);
	return 0;
}

static inline void invented_finish(struct invented *it)
{
	assert_int_equal(ev_lines_build(&it->lines, &it->named, false, NULL, NULL), 0);
	assert_int_equal(ev_lines_build(&it->files, &it->named, true, NULL, NULL), 0);
	it->events = ev_alloc(it->lines.event_count);
	for (size_t e = 0; e < it->lines.event_count; e++)
		it->events[e] = true;
	it->annotation.report = (struct ev_report){ .recording = &it->recording,
						    .path = "perf.data",
						    .named = &it->named };
	it->annotation.sources = ev_sources_open(NULL);
	it->annotation.lines = &it->lines;
	it->annotation.events = it->events;
	it->options.quiet = true;
}

/* A section of a function, or of the whole file where `name` is NULL. */
static inline struct ev_annotated *invented_section(struct invented *it, const char *name,
						    uint32_t first, uint32_t last)
{
	struct ev_annotated *section = ev_array_add(&it->annotation.sections);
	section->lines = name ? &it->lines : &it->files;
	section->file = ev_strings_add_text(it->profile->strings, it->path);
	if (name)
		section->function = invented_function(it, name);
	else
		for (uint32_t i = 0; i < it->files.functions.count; i++)
			if (it->files.functions.items[i].name == section->file)
				section->function = i;
	section->first = first;
	section->last = last;
	return section;
}

static inline const char *invented_print(struct invented *it, bool json)
{
	free(it->text);
	FILE *out = open_memstream(&it->text, &it->text_bytes);
	const struct ev_annotate_format *format = json ? &ev_annotate_json : &ev_annotate_text;
	format->begin(out, &it->annotation, &it->options);
	for (size_t i = 0; i < it->annotation.sections.count; i++)
		format->section(out, &it->annotation, &it->options,
				&it->annotation.sections.items[i], !i);
	format->end(out, &it->annotation, &it->options);
	fclose(out);
	return it->text;
}

static inline void invented_done(struct invented *it)
{
	unlink(it->path);
	for (size_t i = 0; i < it->annotation.sections.count; i++) {
		struct ev_annotated *section = &it->annotation.sections.items[i];
		for (size_t c = 0; c < section->code.count; c++) {
			ev_assembly_done(&section->code.items[c].assembly);
			ev_array_done(&section->code.items[c].frames);
			free(section->code.items[c].first);
		}
		ev_array_done(&section->code);
	}
	ev_array_done(&it->annotation.sections);
	ev_sources_close(it->annotation.sources);
	ev_lines_done(&it->lines);
	ev_lines_done(&it->files);
	ev_array_done(&it->named.frames);
	ev_array_done(&it->named.stacks);
	ev_array_done(&it->named.cells);
	free(it->named.object_names);
	free(it->events);
	ev_profile_close(it->profile);
	ev_recording_done(&it->recording);
	free(it->text);
}

static inline void expect(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("'%s' is not in:\n%s", part, text);
}

static inline void refuse(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("'%s' is in:\n%s", part, text);
}

#endif
