/* The machine code of a section: how far its lines reach, and its instructions with the lines they
 * were made of. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "annotate.h"

enum {
	FRAME_LIMIT = 64,        /* at one instruction */
	LOOK_LIMIT = 1 << 16,    /* places of a function that are looked at */
	SCAN_LIMIT = 1000,       /* sections whose code is looked through for its lines */
	CODE_LIMIT = 1 << 20,    /* instructions of one section */
	UNKNOWN_BYTES = 1 << 10, /* shown of code in no known function */
};

static bool is_kernel(const struct annotating *it, uint32_t object)
{
	enum ev_object_kind kind = ev_space_set_object(it->loaded->spaces, object)->kind;
	return kind == EV_OBJECT_KERNEL || kind == EV_OBJECT_MODULE;
}

/* ---- extent -----------------------------------------------------------------------------------
 */

struct extent {
	const char *function, *file;
	uint32_t first, last;
	uint32_t declared; /* 0: not known */
};

enum { HEAD_LIMIT = 100 }; /* lines between a function's name and its first code */

static void widen(struct extent *extent, const struct ev_symbol *frames, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct ev_symbol *frame = &frames[i];
		if (!frame->line || !frame->file || !frame->function ||
		    strcmp(frame->function, extent->function) || strcmp(frame->file, extent->file))
			continue;
		if (!extent->first || frame->line < extent->first)
			extent->first = frame->line;
		if (frame->line > extent->last)
			extent->last = frame->line;
		if (frame->declared)
			extent->declared = frame->declared;
	}
}

static unsigned flags_of(const struct annotating *it)
{
	return EV_SYMBOL_LINES | EV_SYMBOL_EXACT | EV_SYMBOL_UNSEEN |
	       (it->options->inlined ? EV_SYMBOL_INLINES : 0u) |
	       (it->options->demangle ? 0u : EV_SYMBOL_MANGLED);
}

static void find_extent(struct annotating *it, struct ev_annotated *section)
{
	const struct ev_strings *strings = it->lines.named->profile->strings;
	uint32_t spot = it->spots.example[section->function];
	struct ev_symbol frames[FRAME_LIMIT];
	struct extent extent = {
		.function =
			ev_strings_text(strings, it->lines.functions.items[section->function].name),
		.file = ev_strings_text(strings, section->file),
	};
	if (!spot || !section->file)
		return;
	struct ev_place place = it->spots.items.items[spot - 1].place;
	if (!place.object || (is_kernel(it, place.object) && !it->options->symbols.vmlinux))
		return; /* asking for other places would read all of the kernel's symbols */
	size_t count = ev_symbolize(it->symbolizer, place, flags_of(it) | EV_SYMBOL_DECLARED,
				    frames, FRAME_LIMIT);
	uint64_t start = frames[count - 1].start, size = frames[count - 1].size_bytes;
	widen(&extent, frames, count);
	uint64_t step = size / LOOK_LIMIT + 1;
	if (it->annotation.sections.count > SCAN_LIMIT)
		size = 0;
	for (uint64_t at = 0; at < size; at += step) {
		place.offset = start + at;
		count = ev_symbolize(it->symbolizer, place, flags_of(it), frames, FRAME_LIMIT);
		widen(&extent, frames, count);
	}
	if (extent.declared && extent.declared < extent.first &&
	    extent.first - extent.declared <= HEAD_LIMIT)
		extent.first = extent.declared;
	section->first = extent.first;
	section->last = extent.last;
}

/* ---- extent of Python -------------------------------------------------------------------------
 */

/* Columns before the text of a line; -1 for one without text. */
static int indent_of(const struct ev_source *source, uint32_t line, const char **text,
		     size_t *length)
{
	int indent = 0;
	*text = ev_source_line(source, line, length);
	for (; *text && *length && (**text == ' ' || **text == '\t'); ++*text, --*length)
		indent += **text == '\t' ? 8 - indent % 8 : 1;
	return *text && *length && **text != '#' && **text != '\r' ? indent : -1;
}

static bool begins_with(const char *text, size_t length, const char *word)
{
	return length >= strlen(word) && !memcmp(text, word, strlen(word));
}

/* The last line of what is defined at `first`: those after its head are indented further. Found by
 * the text, which may have changed since; 0 where no definition stands there. */
static uint32_t end_of_definition(const struct ev_source *source, uint32_t first)
{
	const char *text;
	size_t length;
	int indent = indent_of(source, first, &text, &length);
	uint32_t head = first, last;
	while (indent >= 0 && length && *text == '@' && head < source->line_count)
		if (indent_of(source, ++head, &text, &length) < 0)
			length = 0;
	if (indent < 0 ||
	    (!begins_with(text, length, "def ") && !begins_with(text, length, "async ") &&
	     !begins_with(text, length, "class ")))
		return 0;
	last = head;
	for (uint32_t line = head + 1; line <= source->line_count; line++) {
		int here = indent_of(source, line, &text, &length);
		/* A head may go on to ")" or "):" where it began. */
		if (here >= 0 && here <= indent && !begins_with(text, length, ")"))
			break;
		if (here >= 0)
			last = line;
	}
	return last;
}

static void find_python_extent(struct annotating *it, struct ev_annotated *section)
{
	const struct ev_strings *strings = it->lines.named->profile->strings;
	const struct ev_line_function *function =
		&section->lines->functions.items[section->function];
	const struct ev_named *named = section->lines->named;
	const struct ev_source *source =
		ev_sources_find(it->annotation.sources, ev_strings_text(strings, section->file));
	uint32_t first = 0;
	for (size_t i = 0; i < named->frames.count && !first; i++)
		if (section->lines->line_of[i] >= function->first_line &&
		    section->lines->line_of[i] < function->first_line + function->line_count)
			first = named->frames.items[i].declared;
	section->first = first;
	section->last = first ? end_of_definition(source, first) : 0;
}

static void check_age(struct annotating *it, struct ev_annotated *section)
{
	const struct ev_strings *strings = it->lines.named->profile->strings;
	uint32_t spot = section->lines->by_file ? 0 : it->spots.example[section->function];
	if (!section->file)
		return;
	if (section->lines->functions.items[section->function].python) {
		const struct ev_source *text =
			ev_sources_find(it->annotation.sources,
					ev_strings_text(strings, section->file));
		int64_t written_s = it->loaded->recording->written_s;
		section->source_is_newer =
			!text->trouble && written_s && text->changed_s > written_s;
		return;
	}
	if (!spot)
		return;
	const struct ev_source *source =
		ev_sources_find(it->annotation.sources, ev_strings_text(strings, section->file));
	uint32_t object = it->spots.items.items[spot - 1].place.object;
	if (source->trouble || !object)
		return;
	if (it->age.object != object) {
		it->age.object = object;
		it->age.known = ev_object_changed(it->symbolizer, object, &it->age.changed_s);
	}
	section->source_is_newer = it->age.known && source->changed_s > it->age.changed_s;
}

void annotate_extend(struct annotating *it, struct ev_annotated *section)
{
	const struct ev_strings *strings = it->lines.named->profile->strings;
	if (section->lines->by_file) {
		const struct ev_source *source =
			ev_sources_find(it->annotation.sources,
					ev_strings_text(strings, section->file));
		section->first = source->line_count ? 1 : 0;
		section->last = source->line_count;
	} else if (section->lines->functions.items[section->function].python) {
		find_python_extent(it, section);
	} else {
		find_extent(it, section);
	}
	check_age(it, section);
}

/* ---- instructions -----------------------------------------------------------------------------
 */

static void find_frames(struct annotating *it, struct ev_annotated_code *code)
{
	size_t count = code->assembly.items.count;
	struct ev_symbol frames[FRAME_LIMIT];
	code->first = ev_alloc((count + 1) * sizeof(*code->first));
	for (size_t i = 0; i < count; i++) {
		struct ev_place place = { code->object, code->assembly.items.items[i].offset };
		size_t found =
			ev_symbolize(it->symbolizer, place, flags_of(it), frames, FRAME_LIMIT);
		for (size_t f = 0; f < found; f++)
			*ev_array_add(&code->frames) = frames[f];
		code->first[i + 1] = (uint32_t)code->frames.count;
	}
}

static bool is_covered(const struct ev_annotated *section, struct ev_place place)
{
	for (size_t i = 0; i < section->code.count; i++) {
		const struct ev_annotated_code *code = &section->code.items[i];
		const struct ev_instruction *items = code->assembly.items.items;
		size_t count = code->assembly.items.count;
		if (code->object == place.object && count && place.offset >= items[0].offset &&
		    place.offset < items[count - 1].offset + items[count - 1].size_bytes)
			return true;
	}
	return false;
}

/* The function around a place, to the end; where none is known, what follows the place. */
static int read_around(struct annotating *it, struct ev_annotated *section, struct ev_place place,
		       struct ev_err *err)
{
	enum ev_assembly_style style = it->options->style && !strcmp(it->options->style, "intel")
					       ? EV_ASSEMBLY_INTEL
					       : EV_ASSEMBLY_ATT;
	struct ev_symbol frames[FRAME_LIMIT];
	size_t count = ev_symbolize(it->symbolizer, place, flags_of(it), frames, FRAME_LIMIT);
	struct ev_annotated_code code = { .object = place.object };
	struct ev_place start = { place.object, frames[count - 1].start };
	uint64_t size = frames[count - 1].size_bytes;
	if (!size || place.offset < start.offset || place.offset - start.offset >= size) {
		start = place;
		size = UNKNOWN_BYTES;
	}
	int rc = ev_assembly_read(it->symbolizer, start, size, style, &code.assembly, err);
	if (rc)
		return rc;
	find_frames(it, &code);
	*ev_array_add(&section->code) = code;
	return 0;
}

void annotate_read_code(struct annotating *it, struct ev_annotated *section)
{
	const struct ev_spots *spots = &it->spots;
	size_t from = section->function ? spots->function_end[section->function - 1] : 0;
	size_t end = spots->function_end[section->function], instructions = 0;
	if (from == end)
		section->code_trouble = "all of it was inlined: its instructions are in the "
					"functions that it was inlined into";
	for (size_t i = from; i < end; i++) {
		struct ev_place place = spots->items.items[spots->by_function[i]].place;
		struct ev_err err = { 0 };
		if (is_covered(section, place))
			continue;
		if (instructions >= CODE_LIMIT) {
			section->code_trouble = "there are too many to show them all";
			return;
		}
		if (read_around(it, section, place, &err)) {
			section->code_trouble = ev_arena_printf(&it->arena, "%s", err.text);
			return;
		}
		instructions += section->code.items[section->code.count - 1].assembly.items.count;
	}
}

void annotate_forget_code(struct ev_annotated *section)
{
	for (size_t i = 0; i < section->code.count; i++) {
		ev_assembly_done(&section->code.items[i].assembly);
		ev_array_done(&section->code.items[i].frames);
		free(section->code.items[i].first);
	}
	ev_array_done(&section->code);
}
