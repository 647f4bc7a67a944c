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
static const char *search_needed(const struct image *image, const struct section *dynamic,
				 const char *name, struct ev_arena *arena)
{
	uint8_t *bytes, *names;
	size_t size, names_bytes;
	const char *found = NULL;
	if (dynamic->link >= image->section_count ||
	    ev_image_section(image, dynamic, &bytes, &size))
		return NULL;
	if (!ev_image_section(image, &image->sections[dynamic->link], &names, &names_bytes)) {
		struct ev_cursor at = ev_cursor_of(bytes, size, image->swap);
		for (unsigned seen = 0; ev_cursor_left(&at) && !found && seen < MOST_LIBRARIES;) {
			uint64_t tag = word(&at, image->wide), value = word(&at, image->wide);
			if (at.bad || tag == DT_NULL)
				break;
			if (tag != DT_NEEDED || value >= names_bytes)
				continue;
			seen++; /* a NUL stands behind the names */
			const char *library = ev_library_find((char *)names + value, arena);
			if (library && defines(library, name))
				found = ev_arena_text(arena, (char *)names + value,
						      strlen((char *)names + value));
		}
		free(names);
	}
	free(bytes);
	return found;
}

const char *ev_import_find(const struct image *image, const char *name, struct ev_arena *arena)
{
	for (size_t i = 0; i < image->section_count; i++)
		if (image->sections[i].type == SHT_DYNAMIC)
			return search_needed(image, &image->sections[i], name, arena);
	return NULL;
}
