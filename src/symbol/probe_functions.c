/* Every symbol table that belongs to a program becomes one list of its functions, looked up by name
 * and not, as for profiles, by address. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <evprof/symbol.h>
#include "probe_functions.h"
#include "symbolizer.h"
#include "xz.h"

#define UNPACKED_LIMIT ((size_t)64 << 20)
#define NEAREST 3

/* ---- reading ----------------------------------------------------------------------------------
 */

static void add_symbol(struct probe_functions *functions, const struct image *image,
		       const struct image *loaded, const struct elf_symbol *symbol,
		       const char *name)
{
	bool label = symbol->type == STT_NOTYPE;
	uint64_t address = symbol->value, offset, at;
	if (!*name || (symbol->type != STT_FUNC && symbol->type != STT_GNU_IFUNC && !label))
		return;
	if (symbol->section == SHN_UNDEF) {
		if (symbol->type == STT_FUNC)
			*ev_array_add(&functions->imports) = name;
		return;
	}
	if (label && (symbol->section >= image->section_count || *name == '$' ||
		      !(image->sections[symbol->section].flags & SHF_EXECINSTR)))
		return;
	if (image->machine == EM_ARM)
		address &= ~(uint64_t)1; /* Thumb */
	/* Code that the file does not hold can't be probed. */
	if (!ev_image_offset(loaded, address, &offset) || !ev_image_address(loaded, offset, &at) ||
	    at != address)
		return;
	*ev_array_add(functions) = (struct probe_function){
		.name = name,
		.offset = offset,
		.address = address,
		.size_bytes = symbol->size_bytes,
		.bind = symbol->bind,
		.indirect = symbol->type == STT_GNU_IFUNC,
		.label = label,
	};
}

/* True when there was a .symtab. */
static bool read_tables(struct probe_functions *functions, const struct image *image,
			const struct image *loaded)
{
	bool whole = false, exported = false;
	for (size_t i = 0; i < image->section_count; i++) {
		const struct section *section = &image->sections[i];
		bool *seen = section->type == SHT_SYMTAB   ? &whole
			     : section->type == SHT_DYNSYM ? &exported
							   : NULL;
		struct elf_symbols symbols;
		/* One of each: a file that repeats them means no good. */
		if (!seen || *seen || ev_elf_symbols_read(&symbols, image, section))
			continue;
		*seen = true;
		*ev_array_add(&functions->tables) = symbols;
		for (size_t at = 0; at < symbols.count; at++) {
			struct elf_symbol symbol = ev_elf_symbol(&symbols, at);
			add_symbol(functions, image, loaded, &symbol,
				   ev_elf_symbol_name(&symbols, &symbol));
		}
	}
	return whole;
}

static bool read_packed(struct probe_functions *functions, const struct image *image)
{
	const struct section *section = ev_image_find(image, ".gnu_debugdata");
	struct image inner;
	uint8_t *packed;
	size_t size;
	bool whole = false;
	if (!section || ev_image_section(image, section, &packed, &size))
		return false;
	if (!ev_xz_unpack(packed, size, UNPACKED_LIMIT, &functions->unpacked) &&
	    !ev_image_open_memory(&inner, functions->unpacked.bytes,
				  functions->unpacked.size_bytes)) {
		whole = read_tables(functions, &inner, image);
		ev_image_close(&inner);
	}
	free(packed);
	return whole;
}

void ev_probe_functions_read(struct probe_functions *functions, const struct image *image,
			     const char *path)
{
	struct image separate;
	*functions = (struct probe_functions){ 0 };
	const struct section *info = ev_image_find(image, ".debug_info");
	bool dwarf = info && info->type != SHT_NOBITS && info->size_bytes;
	bool whole = read_tables(functions, image, image);
	if (whole && dwarf) {
		functions->debug_path = ev_strdup(path);
		return;
	}
	functions->debug_path = ev_debug_file_find(image, path, NULL);
	if (functions->debug_path && !ev_image_open(&separate, functions->debug_path)) {
		if (!whole)
			whole = read_tables(functions, &separate, image);
		ev_image_close(&separate);
	}
	if (!whole)
		read_packed(functions, image);
}

void ev_probe_functions_done(struct probe_functions *functions)
{
	for (size_t i = 0; i < functions->tables.count; i++)
		ev_elf_symbols_done(&functions->tables.items[i]);
	ev_array_done(&functions->tables);
	ev_array_done(&functions->imports);
	ev_array_done(functions);
	ev_buffer_done(&functions->unpacked);
	free(functions->debug_path);
	functions->debug_path = NULL;
}

/* ---- names ------------------------------------------------------------------------------------
 */

/* The name without its @VERSION. */
static const char *plain(const char *name, struct ev_arena *scratch)
{
	const char *version = strchr(name, '@');
	return version && version != name ? ev_arena_text(scratch, name, (size_t)(version - name))
					  : name;
}

bool ev_probe_function_is(const struct probe_function *function, const char *wanted,
			  struct ev_arena *scratch)
{
	const char *name = plain(function->name, scratch);
	if (ev_glob_match_exact(wanted, name))
		return true;
	if (name[0] != '_' || (name[1] != 'Z' && name[1] != 'R' && name[1] != 'D'))
		return false;
	const char *shown = ev_demangle(scratch, name);
	if (shown == name)
		return false;
	return ev_glob_match_exact(wanted, shown) ||
	       !strcmp(wanted, ev_demangle_whole(scratch, name));
}

struct near {
	const char *name;
	unsigned distance;
};

/* f.isra.0 and what is longer by a word are what was meant more often than a typing error. */
static unsigned distance_of(const char *name, const char *wanted, unsigned limit)
{
	size_t length = strlen(wanted), other = strlen(name);
	if (!strncmp(name, wanted, length) && name[length] == '.')
		return 0;
	unsigned distance = limit;
	if (other < length + limit && length < other + limit)
		distance = ev_edit_distance(wanted, name, limit);
	if (distance > 2 && length >= 4 && strstr(name, wanted))
		return 2;
	return distance;
}

const char *ev_probe_functions_near(const struct probe_functions *functions, const char *wanted,
				    struct ev_arena *arena)
{
	struct near best[NEAREST] = { 0 };
	struct ev_arena scratch = { 0 };
	size_t count = 0;
	unsigned limit = 2 + (unsigned)(strlen(wanted) > 64 ? 64 : strlen(wanted)) / 4;
	if (strpbrk(wanted, "*?["))
		return "";
	for (size_t i = 0; i < functions->count; i++) {
		const char *linkage = plain(functions->items[i].name, &scratch);
		const char *name = ev_demangle(&scratch, linkage);
		unsigned distance = distance_of(name, wanted, limit);
		size_t at = count;
		for (size_t k = 0; k < count; k++)
			if (!strcmp(best[k].name, name))
				distance = limit;
		if (distance >= limit || functions->items[i].indirect || strstr(name, ".cold"))
			continue;
		while (at > 0 && best[at - 1].distance > distance)
			at--;
		if (at == NEAREST)
			continue;
		size_t last = count < NEAREST ? count++ : NEAREST - 1;
		memmove(&best[at + 1], &best[at], (last - at) * sizeof(*best));
		best[at] = (struct near){ ev_arena_text(arena, name, strlen(name)), distance };
		ev_arena_reset(&scratch);
	}
	ev_arena_done(&scratch);
	const char *text = "";
	for (size_t i = 0; i < count; i++)
		text = ev_arena_printf(arena, "%s%s%s", text, i ? ", " : "",
				       ev_text_safe(arena, best[i].name));
	return text;
}
