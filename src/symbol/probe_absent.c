/* Why a program has no function of a name: its calls were replaced by its body, or another library
 * has it. */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>
#include "dwarf_file.h"
#include "probe_files.h"
#include "probe_functions.h"

#define MOST_LIBRARIES 256
/* The search looks at every function; a browser's takes longer than its answer is worth. */
#define DWARF_LIMIT ((uint64_t)512 << 20)

struct inlined_search {
	const char *name;
	bool found;
};

static int look(Dwarf_Die *die, void *context)
{
	struct inlined_search *search = context;
	const char *name = dwarf_diename(die);
	if (!name || strcmp(name, search->name) || !dwarf_func_inline(die))
		return DWARF_CB_OK;
	search->found = true;
	return DWARF_CB_ABORT;
}

bool ev_function_is_inlined(const char *debug_path, const char *name)
{
	/* DWARF knows the last part of ns::f. */
	const char *last = name;
	for (const char *at = name; (at = strstr(at, "::")); at += 2)
		last = at + 2;
	struct inlined_search search = { .name = last };
	struct dwarf_file file;
	if (!debug_path || !ev_dwarf_file_open(&file, debug_path))
		return false;
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	while (file.size_bytes < DWARF_LIMIT && !search.found &&
	       !dwarf_get_units(file.dwarf, unit, &unit, NULL, NULL, &die, NULL))
		dwarf_getfuncs(&die, look, &search, 0);
	ev_dwarf_file_close(&file);
	return search.found;
}

/* ---- a glob -----------------------------------------------------------------------------------
 */

#define NAMED 5

struct inlined_names {
	const char *wanted;
	const char *names[NAMED];
	size_t count;
	struct ev_arena *arena;
};

static int note_inlined(Dwarf_Die *die, void *context)
{
	struct inlined_names *search = context;
	const char *name = dwarf_diename(die);
	if (!name || !ev_glob_match_exact(search->wanted, name) || !dwarf_func_inline(die))
		return DWARF_CB_OK;
	for (size_t i = 0; i < search->count && i < NAMED; i++)
		if (!strcmp(search->names[i], name))
			return DWARF_CB_OK;
	if (search->count < NAMED)
		search->names[search->count] = ev_arena_text(search->arena, name, strlen(name));
	search->count++;
	return DWARF_CB_OK;
}

const char *ev_functions_inlined(const char *debug_path, const char *wanted, struct ev_arena *arena)
{
	struct inlined_names search = { .wanted = wanted, .arena = arena };
	struct dwarf_file file;
	if (!debug_path || !ev_dwarf_file_open(&file, debug_path))
		return "";
	Dwarf_CU *unit = NULL;
	Dwarf_Die die;
	while (file.size_bytes < DWARF_LIMIT &&
	       !dwarf_get_units(file.dwarf, unit, &unit, NULL, NULL, &die, NULL))
		dwarf_getfuncs(&die, note_inlined, &search, 0);
	ev_dwarf_file_close(&file);
	const char *text = "";
	for (size_t i = 0; i < search.count && i < NAMED; i++)
		text = ev_arena_printf(arena, "%s%s'%s'", text, i ? ", " : "",
				       ev_text_safe(arena, search.names[i]));
	return search.count <= NAMED ? text : ev_arena_printf(arena, "%s and others", text);
}

/* ---- imports ----------------------------------------------------------------------------------
 */

static bool defines(const char *path, const char *name)
{
	struct image image;
	uint64_t address;
	if (ev_image_open(&image, path))
		return false;
	bool found = ev_elf_address_of(&image, name, &address);
	ev_image_close(&image);
	return found;
}

static uint64_t word(struct ev_cursor *cursor, bool wide)
{
	return wide ? ev_cursor_u64(cursor) : ev_cursor_u32(cursor);
}

/* The needed libraries of .dynamic, in order. */
static void walk_needed(const struct image *image, const struct section *dynamic, ev_take_name take,
			void *context)
{
	uint8_t *bytes, *names;
	size_t size, names_bytes;
	if (dynamic->link >= image->section_count ||
	    ev_image_section(image, dynamic, &bytes, &size))
		return;
	if (!ev_image_section(image, &image->sections[dynamic->link], &names, &names_bytes)) {
		struct ev_cursor at = ev_cursor_of(bytes, size, image->swap);
		for (unsigned seen = 0; ev_cursor_left(&at) && seen < MOST_LIBRARIES;) {
			uint64_t tag = word(&at, image->wide), value = word(&at, image->wide);
			if (at.bad || tag == DT_NULL)
				break;
			if (tag != DT_NEEDED || value >= names_bytes)
				continue;
			seen++; /* a NUL stands behind the names */
			if (take(context, (char *)names + value))
				break;
		}
		free(names);
	}
	free(bytes);
}

void ev_needed_libraries(const struct image *image, ev_take_name take, void *context)
{
	for (size_t i = 0; i < image->section_count; i++)
		if (image->sections[i].type == SHT_DYNAMIC) {
			walk_needed(image, &image->sections[i], take, context);
			return;
		}
}

struct import_search {
	const char *name, *found;
	struct ev_arena *arena;
};

static int look_in(void *context, const char *needed)
{
	struct import_search *search = context;
	const char *library = ev_library_find(needed, search->arena);
	if (library && defines(library, search->name))
		search->found = ev_arena_text(search->arena, needed, strlen(needed));
	return search->found != NULL;
}

const char *ev_import_find(const struct image *image, const char *name, struct ev_arena *arena)
{
	struct import_search search = { .name = name, .arena = arena };
	ev_needed_libraries(image, look_in, &search);
	return search.found;
}
