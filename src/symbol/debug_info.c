/* An address becomes source lines and inlined frames: an index of the units' ranges, and of each
 * unit no more than an address asks for. */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>
#include "debug_info.h"
#include "debug_missing.h"
#include "debug_split.h"
#include "debug_unit.h"
#include "dwarf_file.h"

#define RANGE_LIMIT ((size_t)16 << 20)
#define INLINE_LIMIT 256

struct debug_info {
	struct dwarf_file file;
	Dwarf *dwarf; /* of the file */
	EV_ARRAY(struct unit) units;
	EV_ARRAY(struct address_range) ranges; /* sorted; of = unit */
	struct ev_map paths;                   /* text in the file -> id of the whole path */
	struct ev_strings *whole_paths;        /* made when first needed */
	struct debug_split *split;             /* the package of its .dwo files */
	char *lacks;                           /* a file that belongs to it and is not here */
};

static int by_low(const void *one, const void *other)
{
	const struct address_range *a = one, *b = other;
	return a->low < b->low ? -1 : a->low > b->low;
}

static void add_range(struct debug_info *debug, uint64_t low, uint64_t high, size_t unit)
{
	if (low < high && low && debug->ranges.count < RANGE_LIMIT)
		*ev_array_add(&debug->ranges) = (struct address_range){ low, high, (uint32_t)unit };
}

/* DWARF 2 has no lists of ranges: a unit in several pieces tells them in .debug_aranges alone, and
 * where that is missing by its functions. */
static void index_old_units(struct debug_info *debug, size_t first)
{
	Dwarf_Aranges *aranges = NULL;
	size_t count = 0, before = debug->ranges.count;
	if (dwarf_getaranges(debug->dwarf, &aranges, &count))
		count = 0;
	for (size_t i = 0; i < count; i++) {
		Dwarf_Addr start;
		Dwarf_Word length;
		Dwarf_Off offset;
		Dwarf_Arange *arange = dwarf_onearange(aranges, i);
		if (!arange || dwarf_getarangeinfo(arange, &start, &length, &offset))
			continue;
		for (size_t unit = first; unit < debug->units.count; unit++)
			if (dwarf_dieoffset(&debug->units.items[unit].die) == offset)
				add_range(debug, start, start + length, unit);
	}
	for (size_t i = first; before == debug->ranges.count && i < debug->units.count; i++) {
		struct unit *unit = &debug->units.items[i];
		ev_debug_unit_find(unit, 0);
		for (size_t k = 0; k < unit->ranges.count; k++)
			add_range(debug, unit->ranges.items[k].low, unit->ranges.items[k].high, i);
	}
}

static void index_units(struct debug_info *debug)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Die die;
	Dwarf_Half version;
	uint8_t type;
	EV_ARRAY(Dwarf_Die) old = { 0 };
	while (!dwarf_get_units(debug->dwarf, cu, &cu, &version, &type, &die, NULL)) {
		if (type != DW_UT_compile && type != DW_UT_skeleton)
			continue;
		if (version < 3) {
			*ev_array_add(&old) = die;
			continue;
		}
		Dwarf_Addr base, low, high;
		ptrdiff_t at = 0;
		bool first = true;
		while (debug->ranges.count < RANGE_LIMIT &&
		       (at = dwarf_ranges(&die, at, &base, &low, &high)) > 0) {
			if (low >= high || !low)
				continue;
			if (first)
				*ev_array_add(&debug->units) =
					(struct unit){ .die = die, .scopes = die };
			first = false;
			*ev_array_add(&debug->ranges) =
				(struct address_range){ low, high,
							(uint32_t)(debug->units.count - 1) };
		}
	}
	size_t older = debug->units.count;
	for (size_t i = 0; i < old.count; i++)
		*ev_array_add(&debug->units) =
			(struct unit){ .die = old.items[i], .scopes = old.items[i] };
	if (old.count)
		index_old_units(debug, older);
	ev_array_done(&old);
	if (debug->ranges.count)
		qsort(debug->ranges.items, debug->ranges.count, sizeof(*debug->ranges.items),
		      by_low);
}

struct debug_info *ev_debug_open(const char *path, const char *program, const char *symfs)
{
	struct debug_info *debug = ev_alloc(sizeof(*debug));
	if (ev_dwarf_file_open(&debug->file, path)) {
		debug->dwarf = debug->file.dwarf;
		index_units(debug);
		debug->split = ev_debug_split_open(debug->dwarf, path, program, symfs);
		debug->lacks = ev_debug_shared_missing(debug->dwarf, debug->file.elf);
		ev_dwarf_file_settle(&debug->file);
	}
	if (!debug->ranges.count) {
		ev_debug_close(debug);
		return NULL;
	}
	return debug;
}

void ev_debug_close(struct debug_info *debug)
{
	if (!debug)
		return;
	for (size_t i = 0; i < debug->units.count; i++)
		ev_debug_unit_done(&debug->units.items[i]);
	ev_array_done(&debug->units);
	ev_array_done(&debug->ranges);
	ev_map_done(&debug->paths);
	ev_strings_close(debug->whole_paths);
	ev_debug_split_close(debug->split);
	ev_dwarf_file_close(&debug->file);
	free(debug->lacks);
	free(debug);
}

bool ev_debug_function(const struct debug_info *debug, const char *name, uint64_t most,
		       uint64_t *address)
{
	return debug->file.is_unlinked &&
	       ev_unlinked_function(&debug->file.unlinked, name, most, address);
}

static struct unit *unit_at(struct debug_info *debug, uint64_t address)
{
	size_t low = 0, high = debug->ranges.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (debug->ranges.items[middle].low <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (unsigned tries = 0; low > 0 && tries < 8; low--, tries++)
		if (address < debug->ranges.items[low - 1].high)
			return &debug->units.items[debug->ranges.items[low - 1].of];
	return NULL;
}

static const char *name_of(Dwarf_Die *die)
{
	static const unsigned names[] = { DW_AT_linkage_name, DW_AT_MIPS_linkage_name, DW_AT_name };
	for (size_t i = 0; i < EV_LENGTH(names); i++) {
		Dwarf_Attribute attribute;
		if (!dwarf_attr_integrate(die, names[i], &attribute))
			continue;
		/* A string of another file, in a form that libdw does not follow there. */
		if (dwarf_whatform(&attribute) == DW_FORM_strp_sup)
			continue;
		const char *name = dwarf_formstring(&attribute);
		if (name && *name)
			return name;
	}
	return NULL;
}

static uint32_t number_of(Dwarf_Die *die, unsigned name)
{
	Dwarf_Attribute attribute;
	Dwarf_Word value;
	if (!dwarf_attr(die, name, &attribute) || dwarf_formudata(&attribute, &value) ||
	    value > UINT32_MAX)
		return 0;
	return (uint32_t)value;
}

/* Compilers name files from the folder that they ran in: the same short path may be another file's
 * in the next unit. */
static const char *whole_path(struct debug_info *debug, struct unit *unit, const char *path)
{
	Dwarf_Attribute attribute;
	if (!path || *path == '/' || !*path)
		return path;
	bool added;
	uint64_t unit_number = (uint64_t)(unit - debug->units.items);
	uint32_t *id = ev_map_add(&debug->paths, (uint64_t)(uintptr_t)path, unit_number, &added);
	if (!debug->whole_paths)
		debug->whole_paths = ev_strings_open();
	if (added) {
		const char *folder =
			dwarf_formstring(dwarf_attr(&unit->die, DW_AT_comp_dir, &attribute));
		while (!strncmp(path, "./", 2))
			path += 2;
		char *whole = folder && *folder == '/' ? ev_printf("%s/%s", folder, path)
						       : ev_strdup(path);
		*id = ev_strings_add_text(debug->whole_paths, whole);
		free(whole);
	}
	return ev_strings_text(debug->whole_paths, *id);
}

/* Where the function that `inlined` stands for was called from. Numbers of files are of the table
 * of the program's own unit: what a .dwo file holds of lines is for its units of types. */
static void call_site(struct debug_info *debug, struct unit *unit, Dwarf_Die *inlined,
		      struct debug_frame *frame)
{
	Dwarf_Files *files;
	size_t count;
	frame->line = number_of(inlined, DW_AT_call_line);
	uint32_t file = number_of(inlined, DW_AT_call_file);
	if (!dwarf_getsrcfiles(&unit->die, &files, &count) && file < count)
		frame->file = whole_path(debug, unit, dwarf_filesrc(files, file, NULL, NULL));
}

static void line_at(struct debug_info *debug, struct unit *unit, uint64_t address,
		    struct debug_frame *frame)
{
	int line = 0;
	Dwarf_Line *row = dwarf_getsrc_die(&unit->die, address);
	if (!row)
		return;
	frame->file = whole_path(debug, unit, dwarf_linesrc(row, NULL, NULL));
	if (!dwarf_lineno(row, &line) && line > 0)
		frame->line = (uint32_t)line;
}

const char *ev_debug_lacks(const struct debug_info *debug)
{
	return debug->lacks;
}

/* Functions of a unit whose debug info lies in a .dwo file, or in a package of them, are found
 * there. */
static void find_scopes(struct debug_info *debug, struct unit *unit)
{
	Dwarf_Die split;
	uint8_t type;
	uint64_t id;
	if (unit->entered || !unit->die.cu)
		return;
	if (!dwarf_cu_info(unit->die.cu, NULL, &type, NULL, &split, &id, NULL, NULL) &&
	    type == DW_UT_skeleton) {
		if (split.addr || ev_debug_split_find(debug->split, &unit->die, id, &split))
			unit->scopes = split;
		else if (!debug->lacks)
			debug->lacks = ev_debug_split_name(&unit->die);
	}
}

/* Where a function's own text begins, if that is in the file where the frame is. */
static uint32_t declared_at(struct debug_info *debug, struct unit *unit, Dwarf_Die *function,
			    const char *file)
{
	Dwarf_Attribute attribute;
	Dwarf_Word number, line;
	Dwarf_Files *files;
	Dwarf_Die of;
	size_t count;
	if (!file ||
	    dwarf_formudata(dwarf_attr_integrate(function, DW_AT_decl_line, &attribute), &line) ||
	    line > UINT32_MAX ||
	    dwarf_formudata(dwarf_attr_integrate(function, DW_AT_decl_file, &attribute), &number))
		return 0;
	/* The number is one of the unit that the attribute was found in. */
	if (attribute.cu && attribute.cu == unit->scopes.cu)
		of = unit->die;
	else if (!attribute.cu ||
		 !dwarf_cu_die(attribute.cu, &of, NULL, NULL, NULL, NULL, NULL, NULL))
		return 0;
	if (dwarf_getsrcfiles(&of, &files, &count) || number >= count)
		return 0;
	const char *path = whole_path(debug, unit, dwarf_filesrc(files, number, NULL, NULL));
	return path && !strcmp(path, file) ? (uint32_t)line : 0;
}

size_t ev_debug_find(struct debug_info *debug, uint64_t address, unsigned flags,
		     struct debug_frame *out, size_t limit)
{
	bool lines = flags & EV_SYMBOL_LINES;
	struct unit *unit = unit_at(debug, address);
	if (!unit || !limit)
		return 0;
	struct debug_frame place = { 0 };
	if (lines || flags & EV_SYMBOL_DECLARED)
		ev_dwarf_file_need_lines(&debug->file);
	if (lines)
		line_at(debug, unit, address, &place);
	find_scopes(debug, unit);
	struct function *function = ev_debug_unit_find(unit, address);
	Dwarf_Die chain[INLINE_LIMIT];
	size_t depth = 0, count = 0;
	if (function && flags & EV_SYMBOL_INLINES)
		depth = ev_debug_function_inlines(function, address, chain, INLINE_LIMIT);
	/* With too little room the outermost frame, the real function, must not be lost. */
	for (; depth > 0 && count + 1 < limit; depth--, count++) {
		Dwarf_Die *inlined = &chain[depth - 1];
		out[count] = place;
		out[count].function = name_of(inlined);
		out[count].inlined = true;
		if (flags & EV_SYMBOL_DECLARED)
			out[count].declared = declared_at(debug, unit, inlined, place.file);
		place = (struct debug_frame){ 0 };
		if (lines)
			call_site(debug, unit, inlined, &place);
	}
	for (; lines && depth > 0; depth--)
		call_site(debug, unit, &chain[depth - 1], &place);
	if (function) {
		place.function = name_of(&function->die);
		if (flags & EV_SYMBOL_DECLARED)
			place.declared = declared_at(debug, unit, &function->die, place.file);
		place.start = function->low;
		place.end = function->high;
	}
	out[count] = place;
	return count + 1;
}
