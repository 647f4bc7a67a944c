/* A place becomes function, file and line, from what the recording carries or from the files here.
 */
#include <inttypes.h>
#include <string.h>
#include "symbolizer.h"

/* ---- what the tables say ----------------------------------------------------------------------
 */

/* A function that the file only unwinds is called after its place in it. */
static void make_up(struct names *names, const struct object *object, struct code_range *range,
		    struct found *found)
{
	uint64_t address = range->start;
	const char *name = object->shown.name;
	if (!range->name) {
		name += *name == '['; /* of [vdso] */
		ev_image_address(&names->outline, range->start, &address);
		range->name = ev_arena_printf(&names->arena, "[%.*s+0x%" PRIx64 "]",
					      (int)strcspn(name, "]"), name, address);
	}
	*found = (struct found){ range->name, range->start, range->end - range->start, true };
}

static bool find_in_file(struct names *names, const struct object *object, uint64_t at,
			 struct found *found)
{
	const struct symbol *symbol = ev_symtab_find(&names->table, at);
	struct code_range *range = ev_code_ranges_find(&names->ranges, &names->outline, at);
	/* A symbol without a size does not reach into the next function. */
	if (range && (!symbol || (symbol->open && symbol->start < range->start)))
		make_up(names, object, range, found);
	else if (symbol)
		*found = (struct found){ ev_symtab_name(&names->table, symbol), symbol->start,
					 symbol->end - symbol->start, false };
	return found->linkage;
}

static bool find_name(struct ev_symbolizer *symbolizer, struct names *names,
		      const struct object *object, uint64_t at, struct found *found)
{
	*found = (struct found){ 0 };
	switch (object->shown.kind) {
	case EV_OBJECT_KERNEL:
		return ev_kernel_find(symbolizer, false, at, found);
	case EV_OBJECT_MODULE:
		return ev_kernel_find(symbolizer, true, at, found) ||
		       ev_module_find(symbolizer, names, object, at, found);
	case EV_OBJECT_BPF:
		*found = (struct found){ object->shown.path, object->shown.start,
					 object->size_bytes, false };
		return true;
	case EV_OBJECT_END:
		*found = (struct found){ object->shown.name, object->shown.start,
					 object->size_bytes, false };
		return true;
	case EV_OBJECT_JIT: {
		const struct jit_code *code =
			object->dump ? ev_jitdump_find(object->dump, at) : NULL;
		if (code)
			*found = (struct found){ ev_jitdump_name(object->dump, code), code->offset,
						 code->size_bytes, false };
		if (object->dump)
			return code;
		const struct perf_map_entry *entry = ev_perf_map_find(&names->map, at);
		if (entry)
			*found = (struct found){ entry->name, entry->start, entry->size_bytes,
						 false };
		return entry;
	}
	default:
		return find_in_file(names, object, at, found);
	}
}

/* ---- names ------------------------------------------------------------------------------------
 */

/* "memcpy@@GLIBC_2.14" is memcpy; "memcpy@plt" is its stub and stays. */
static const char *without_version(struct names *names, const char *name)
{
	const char *at = strchr(name, '@');
	if (!at || at == name || !strcmp(at, "@plt"))
		return name;
	return ev_arena_text(&names->arena, name, (size_t)(at - name));
}

/* The readable name, made once for each. *linkage becomes NULL when it is the same. */
static const char *readable(struct names *names, const char **linkage)
{
	if (!names->linkages)
		names->linkages = ev_strings_open();
	uint32_t id = ev_strings_add_text(names->linkages, *linkage);
	while (names->shown.count <= id)
		ev_array_add(&names->shown);
	const char **shown = &names->shown.items[id];
	const char *kept = ev_strings_text(names->linkages, id);
	if (!*shown)
		*shown = ev_demangle(&names->arena, without_version(names, kept));
	*linkage = *shown == kept || !strcmp(*shown, kept) ? NULL : kept;
	return *shown;
}

static void set_function(struct names *names, struct ev_symbol *symbol, const char *linkage,
			 bool code_name, unsigned flags)
{
	symbol->linkage = linkage;
	symbol->function = linkage;
	if (linkage && !(flags & EV_SYMBOL_MANGLED) && code_name)
		symbol->function = readable(names, &symbol->linkage);
	else
		symbol->linkage = NULL;
}

/* ---- places -----------------------------------------------------------------------------------
 */

static void set_frame(struct ev_symbol *symbol, const struct carried_frame *frame, unsigned flags)
{
	bool mangled = flags & EV_SYMBOL_MANGLED && frame->linkage;
	symbol->function = mangled ? frame->linkage : frame->function;
	symbol->linkage = mangled ? NULL : frame->linkage;
	if (flags & EV_SYMBOL_LINES) {
		symbol->file = frame->file;
		symbol->line = frame->line;
	}
}

/* Frames out of the recording; 0 when it knows nothing of the place. */
static size_t find_carried(const struct carried *carried, const struct names *names, uint64_t at,
			   unsigned flags, struct ev_symbol *out, size_t limit)
{
	const struct carried_object *object = names->carried;
	const struct carried_place *place = object ? ev_carried_place(object, at) : NULL;
	const struct carried_function *function = object ? ev_carried_function(object, at) : NULL;
	size_t count = 0;
	if (place) {
		const struct carried_frame *frames = &carried->frames.items[place->first_frame];
		bool inlines = flags & EV_SYMBOL_INLINES;
		uint32_t last = place->frame_count - 1;
		for (uint32_t i = 0; inlines && i < last && count + 1 < limit; i++, count++) {
			out[count] = (struct ev_symbol){ .inlined = true };
			set_frame(&out[count], &frames[i], flags);
		}
		struct carried_frame around = frames[last];
		if (!inlines) { /* the line of the place itself */
			around.file = frames[0].file;
			around.line = frames[0].line;
		}
		out[count] = (struct ev_symbol){ 0 };
		set_frame(&out[count++], &around, flags);
	} else if (function) {
		struct carried_frame only = { .function = function->function,
					      .linkage = function->linkage };
		out[count] = (struct ev_symbol){ 0 };
		set_frame(&out[count++], &only, flags);
	}
	if (function) {
		struct ev_symbol *around_it = &out[count - 1];
		around_it->start = function->start;
		around_it->size_bytes = function->end - function->start;
		around_it->made_up = function->made_up && (!around_it->function || !place);
		if (around_it->made_up)
			around_it->function = function->function;
	}
	return count;
}

/* The numbering that the object's debug info uses. */
static struct debug_info *debug_of(struct ev_symbolizer *symbolizer, struct names *names,
				   const struct object *object, uint64_t at,
				   const struct found *found, uint64_t *address)
{
	if (object->shown.kind == EV_OBJECT_MODULE && found->linkage)
		return ev_module_debug(symbolizer, names, object, at, found, address);
	if (object->shown.kind == EV_OBJECT_KERNEL) {
		*address = at + symbolizer->kernel.vmlinux_shift;
		return ev_names_debug(symbolizer, &symbolizer->kernel.vmlinux);
	}
	if (object->shown.kind != EV_OBJECT_FILE || !ev_image_address(&names->outline, at, address))
		return NULL;
	return ev_names_debug(symbolizer, names);
}

static void find_dumped_line(const struct jitdump *dump, uint64_t at, struct debug_frame *frame)
{
	const struct jit_code *code = ev_jitdump_find(dump, at);
	const struct jit_line *line = code ? ev_jitdump_line(dump, code, at) : NULL;
	if (!line)
		return;
	frame->file = ev_strings_text(dump->files, line->file);
	frame->line = line->line;
}

static size_t find_here(struct ev_symbolizer *symbolizer, struct names *names,
			const struct object *object, uint64_t at, unsigned flags,
			struct ev_symbol *out, size_t limit)
{
	struct found found;
	uint64_t address = 0, start;
	bool named = find_name(symbolizer, names, object, at, &found);
	bool generated = object->shown.kind == EV_OBJECT_JIT || object->shown.kind == EV_OBJECT_END;
	struct debug_frame frames[CARRIED_FRAMES];
	size_t count = 0;
	frames[0] = (struct debug_frame){ 0 };
	if (generated && object->dump && flags & EV_SYMBOL_LINES) {
		find_dumped_line(object->dump, at, &frames[0]);
	} else if (flags & (EV_SYMBOL_LINES | EV_SYMBOL_INLINES)) {
		struct debug_info *debug =
			debug_of(symbolizer, names, object, at, &found, &address);
		if (debug)
			count = ev_debug_find(debug, address, flags, frames,
					      limit < CARRIED_FRAMES ? limit : CARRIED_FRAMES);
	}
	if (!count)
		count = 1; /* of nothing but the table's name */
	for (size_t i = 0; i < count; i++) {
		bool last = i == count - 1;
		out[i] = (struct ev_symbol){ .inlined = frames[i].inlined };
		if (last && named && found.made_up && frames[i].function)
			named = false; /* its debug info knows better */
		out[i].made_up = last && named && found.made_up;
		set_function(names, &out[i], last && named ? found.linkage : frames[i].function,
			     !generated && !out[i].made_up, flags);
		if (flags & EV_SYMBOL_LINES) {
			out[i].file = frames[i].file;
			out[i].line = frames[i].line;
			out[i].declared = frames[i].declared;
		}
	}
	struct ev_symbol *around = &out[count - 1];
	const struct debug_frame *frame = &frames[count - 1];
	if (named) {
		around->start = found.start;
		around->size_bytes = found.size_bytes;
	} else if (frame->end && ev_image_offset(&names->outline, frame->start, &start)) {
		around->start = start;
		around->size_bytes = frame->end - frame->start;
	}
	if (!around->function || around->made_up)
		names->missed = true;
	return count;
}

/* An address is a line itself, of callers too. */
static size_t find_python(const struct ev_symbolizer *symbolizer, const struct object *object,
			  uint64_t at, unsigned flags, struct ev_symbol *out)
{
	struct ev_python_line line;
	*out = (struct ev_symbol){ .python = at != EV_PYTHON_NATIVE };
	if (at == EV_PYTHON_NATIVE || at == EV_PYTHON_ANY)
		out->function = object->shown.name;
	if (!ev_python_line_find(symbolizer->python, at, &line))
		return 1;
	out->function = flags & EV_SYMBOL_MANGLED ? line.name : line.label;
	out->linkage = flags & EV_SYMBOL_MANGLED ? NULL : line.name;
	out->start = at - at % EV_PYTHON_BLOCK_LINES;
	out->size_bytes = EV_PYTHON_BLOCK_LINES;
	out->file = line.file;
	out->declared = line.first_line;
	if (flags & EV_SYMBOL_LINES)
		out->line = line.line;
	return 1;
}

size_t ev_symbolize(struct ev_symbolizer *symbolizer, struct ev_place place, unsigned flags,
		    struct ev_symbol *out, size_t limit)
{
	if (!limit)
		return 0;
	uint64_t at = place.offset;
	if (!(flags & EV_SYMBOL_EXACT) && at)
		at--; /* a return address: the call is before it */
	struct names *names = ev_names_at_hand(symbolizer, place.object);
	const struct object *object = ev_space_object(symbolizer->set, place.object);
	if (object->shown.kind == EV_OBJECT_PYTHON)
		return find_python(symbolizer, object, place.offset, flags, out);
	unsigned wanted = flags & (EV_SYMBOL_LINES | EV_SYMBOL_INLINES);
	size_t carried = find_carried(&symbolizer->carried, names, at, flags, out, limit);
	bool local = !symbolizer->no_local_files || symbolizer->kallsyms_path ||
		     symbolizer->vmlinux_path || object->shown.kind == EV_OBJECT_BPF ||
		     object->shown.kind == EV_OBJECT_END;
	/* What is here is asked when the recording knows less than is wanted; the names that it
	 * carries win all the same. */
	if (carried && out[carried - 1].made_up)
		names->missed = true;
	unsigned known = carried && names->carried->skipped ? 0 : symbolizer->carried.flags;
	if (flags & EV_SYMBOL_DECLARED || (flags & EV_SYMBOL_UNSEEN && carried && !out[0].file))
		known = 0;
	if (carried && !(wanted & ~known))
		return carried;
	if (!local)
		return carried ? carried : (out[0] = (struct ev_symbol){ 0 }, 1);
	size_t here = find_here(symbolizer, names, object, at, flags, out, limit);
	if (carried && !out[0].file && here == 1)
		return find_carried(&symbolizer->carried, names, at, flags, out, limit);
	return here;
}
