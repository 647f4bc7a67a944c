/* An address in a process at a time -> how it is shown: looked up once for each place, then found
 * by address as long as nothing is mapped anew. */
#include <inttypes.h>
#include <stdlib.h>
#include "script.h"

enum { FRAMES_LIMIT = 64 };

static uint32_t epoch_of(struct ev_script *script, uint32_t pid, uint64_t time_ns)
{
	struct script_epoch *epoch =
		pid == EV_KERNEL_PID ? &script->kernel
				     : &script->processes[pid % EV_LENGTH(script->processes)];
	if (epoch->number && epoch->pid == pid && time_ns >= epoch->span.from_ns &&
	    time_ns < epoch->span.to_ns)
		return epoch->number;
	epoch->span = ev_space_still(script->spaces, pid, time_ns);
	epoch->pid = pid;
	return epoch->number = ++script->last_epoch;
}

/* 0 for modes whose addresses are looked up each time. */
static uint32_t epoch_of_mode(struct ev_script *script, const struct ev_record *record,
			      uint16_t cpumode)
{
	if (cpumode == PERF_RECORD_MISC_KERNEL)
		return epoch_of(script, EV_KERNEL_PID, record->time_ns);
	if (cpumode == PERF_RECORD_MISC_USER)
		return epoch_of(script, record->pid, record->time_ns);
	return 0;
}

/* ---- the text of a place ----------------------------------------------------------------------
 */

static void add(struct ev_buffer *store, const char *text)
{
	ev_buffer_add(store, text, strlen(text));
}

static bool has_file_offsets(const struct ev_object *object)
{
	return object->kind == EV_OBJECT_FILE || object->kind == EV_OBJECT_VDSO;
}

/* What perf calls it: files by their path, generated code by the map that would name it. */
static const char *new_object_name(struct ev_script *script, const struct ev_object *object)
{
	bool named = object->path && *object->path;
	switch (object->kind) {
	case EV_OBJECT_JIT:
		return ev_arena_printf(&script->arena, "/tmp/perf-%u.map", object->pid);
	case EV_OBJECT_FILE:
	case EV_OBJECT_BPF:
		return ev_text_safe(&script->arena, object->path);
	case EV_OBJECT_MODULE: /* as perf: by its file where the header lists that */
		if (!named || !object->build_id_bytes)
			return ev_text_safe(&script->arena, object->name);
		return ev_text_safe(&script->arena, object->path);
	case EV_OBJECT_UNKNOWN:
		return named ? ev_text_safe(&script->arena, object->path) : "[unknown]";
	default:
		return ev_text_safe(&script->arena, object->name);
	}
}

const char *ev_script_object_name(struct ev_script *script, uint32_t object)
{
	while (script->object_names.count <= object)
		ev_array_add(&script->object_names);
	const char **name = &script->object_names.items[object];
	if (!*name)
		*name = new_object_name(script, ev_space_set_object(script->spaces, object));
	return *name;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static void add_line(struct ev_script *script, const struct ev_symbol *symbol, const char *object,
		     uint64_t shown)
{
	struct ev_buffer *store = &script->store;
	if (!symbol->file || !symbol->line) {
		ev_buffer_printf(store, "\n  %s[%" PRIx64 "]", base_of(object), shown);
		return;
	}
	const char *file = ev_text_safe(&script->arena, symbol->file);
	ev_buffer_printf(store, "\n  %s:%u", script->options->full_paths ? file : base_of(file),
			 symbol->line);
}

struct shown {
	uint64_t fields, address; /* address: as printed */
	const char *object;
	uint64_t offset, start; /* of the place and of the function around it */
	bool whole;             /* of a chain: with the address, and the frame's end */
	bool is_file;
};

/* " sym+0x1 (dso)": what stands behind the address of one frame. */
static void add_frame(struct ev_script *script, const struct shown *shown,
		      const struct ev_symbol *symbol)
{
	struct ev_buffer *store = &script->store;
	uint64_t fields = shown->fields;
	if (fields & SCRIPT_BIT(SYM)) {
		add(store, " ");
		add(store, symbol->function ? ev_text_safe(&script->arena, symbol->function)
					    : "[unknown]");
		if (symbol->function && fields & SCRIPT_BIT(SYMOFF))
			ev_buffer_printf(store, "+0x%" PRIx64, shown->offset - shown->start);
	}
	if (fields & SCRIPT_BIT(DSO) && !symbol->inlined) {
		add(store, " (");
		add(store, shown->object);
		if (fields & SCRIPT_BIT(DSOFF) && shown->is_file)
			ev_buffer_printf(store, "+0x%" PRIx64, shown->offset);
		add(store, ")");
	}
	if (fields & SCRIPT_BIT(SRCLINE))
		add_line(script, symbol, shown->object, shown->address);
}

static void add_chain_line(struct ev_script *script, const struct shown *shown,
			   const struct ev_symbol *symbol)
{
	struct ev_buffer *store = &script->store;
	add(store, "\t");
	if (shown->fields & SCRIPT_BIT(IP))
		ev_buffer_printf(store, "%16" PRIx64, shown->address);
	add_frame(script, shown, symbol);
	add(store, symbol->inlined ? " (inlined)\n" : "\n");
}

static bool is_stop(const struct ev_script_options *options, const char *function)
{
	for (size_t i = 0; function && i < options->stop_count; i++)
		if (!strcmp(options->stops[i], function))
			return true;
	return false;
}

static unsigned flags_of(const struct ev_script *script, bool exact, uint64_t fields)
{
	return (exact ? EV_SYMBOL_EXACT : 0u) |
	       (script->options->mangled ? EV_SYMBOL_MANGLED : 0u) |
	       (script->options->inlines ? EV_SYMBOL_INLINES : 0u) |
	       (fields & SCRIPT_BIT(SRCLINE) ? EV_SYMBOL_LINES : 0u);
}

static uint32_t describe(struct ev_script *script, struct ev_place place, uint64_t address,
			 bool exact, uint32_t style)
{
	const struct ev_object *object = ev_space_set_object(script->spaces, place.object);
	struct ev_symbol symbols[FRAMES_LIMIT];
	uint64_t fields = script->styles.items[style];
	size_t count = ev_symbolize(script->symbolizer, place, flags_of(script, exact, fields),
				    symbols, FRAMES_LIMIT);
	struct ev_symbol *around = &symbols[count - 1];
	/* Made-up names say where a function begins; perf's readers know [unknown]. */
	if (around->made_up)
		around->function = NULL;
	struct shown shown = {
		.fields = fields,
		.is_file = has_file_offsets(object),
		.object = ev_script_object_name(script, place.object),
		.offset = place.offset,
		.start = around->start,
	};
	shown.address = shown.is_file ? place.offset : address;
	struct script_place described = { .rest = (uint32_t)script->store.size_bytes,
					  .object = place.object };
	/* The function that was entered, whatever was inlined into it. */
	struct ev_symbol only = *around;
	only.file = symbols[0].file;
	only.line = symbols[0].line;
	add_frame(script, &shown, &only);
	described.rest_bytes = (uint32_t)script->store.size_bytes - described.rest;
	described.lines = (uint32_t)script->store.size_bytes;
	for (size_t i = 0; i < count; i++) {
		add_chain_line(script, &shown, &symbols[i]);
		described.stops |= is_stop(script->options, symbols[i].function);
	}
	described.lines_bytes = (uint32_t)script->store.size_bytes - described.lines;
	if (around->function) {
		described.symbol = ev_text_safe(&script->arena, around->function);
		described.into = place.offset - around->start;
	}
	*ev_array_add(&script->places) = described;
	return (uint32_t)script->places.count; /* +1 */
}

/* Before 4 GiB of text everything known is given up, and found anew where it is needed. */
static void bound(struct ev_script *script)
{
	if (script->store.size_bytes < UINT64_C(256) << 20)
		return;
	script->store.size_bytes = 0;
	script->places.count = 0;
	ev_map_done(&script->place_ids);
	memset(script->recent, 0, sizeof(script->recent));
}

const struct script_place *ev_script_place(struct ev_script *script, const struct ev_record *record,
					   uint64_t address, uint16_t cpumode, bool exact,
					   uint32_t style)
{
	uint64_t epoch = epoch_of_mode(script, record, cpumode);
	uint64_t about = epoch << 8 | style << 1 | exact;
	uint64_t hash = (address ^ about << 40) * UINT64_C(0x9e3779b97f4a7c15);
	_Static_assert(EV_LENGTH(script->recent) == 1 << (64 - 48), "the hash's top bits choose");
	__typeof__(&script->recent[0]) recent = &script->recent[hash >> 48];
	if (epoch && recent->address == address && recent->about == about)
		return &script->places.items[recent->place];
	bound(script);
	struct ev_place place = ev_space_find(script->spaces, &script->cache, record->pid,
					      record->time_ns, address, cpumode);
	bool is_file = has_file_offsets(ev_space_set_object(script->spaces, place.object));
	/* Files show offsets, so that where they are mapped does not matter. */
	uint64_t how = (uint64_t)place.object << 8 | style << 1 | exact;
	uint32_t *known =
		ev_map_add(&script->place_ids, is_file ? place.offset : address, how, NULL);
	if (!*known)
		*known = describe(script, place, address, exact, style);
	recent->address = address;
	recent->about = about;
	recent->place = *known - 1;
	return &script->places.items[recent->place];
}

void ev_script_symbol(struct ev_script *script, const struct ev_record *record, uint64_t address,
		      uint16_t cpumode, bool offset)
{
	const struct script_place *place =
		ev_script_place(script, record, address, cpumode, true, 0);
	if (!place->symbol)
		script_text(&script->out, "[unknown]");
	else
		script_text(&script->out, place->symbol);
	if (place->symbol && offset)
		ev_script_printf(&script->out, "+0x%" PRIx64, place->into);
}
