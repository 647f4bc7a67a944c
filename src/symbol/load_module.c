/* The file of a kernel module becomes a table of its functions by where they are in memory: the
 * kernel puts the sections with code one behind another, from the module's address on. Its debug
 * info, which knows no place in memory, is asked for those functions. */
#include <stdlib.h>
#include <string.h>
#include "elf_symbols.h"
#include "module_code.h"

/* A module's sections that are given back once it has begun are not among those that stay. */
static bool stays(const struct section *section)
{
	uint64_t code = SHF_ALLOC | SHF_EXECINSTR;
	return (section->flags & code) == code && strncmp(section->name, ".init", 5) != 0;
}

static bool place_sections(const struct image *image, uint64_t *places)
{
	uint64_t end = 0;
	for (size_t i = 0; i < image->section_count; i++) {
		const struct section *section = &image->sections[i];
		uint64_t align = section->align_bytes ? section->align_bytes : 1;
		if (!stays(section))
			continue;
		if (align & (align - 1) || align > MODULE_BYTES ||
		    section->size_bytes > MODULE_BYTES || end > MODULE_BYTES)
			return false;
		places[i] = (end + align - 1) & ~(align - 1);
		end = places[i] + section->size_bytes;
	}
	return true;
}

static void add_functions(struct table *table, const struct image *image,
			  const struct section *list, const uint64_t *places)
{
	struct elf_symbols symbols;
	if (ev_elf_symbols_read(&symbols, image, list))
		return;
	for (size_t i = 0; i < symbols.count && !ev_symtab_full(table); i++) {
		struct elf_symbol symbol = ev_elf_symbol(&symbols, i);
		const char *name = ev_elf_symbol_name(&symbols, &symbol);
		if (symbol.type != STT_FUNC || !*name || symbol.section >= image->section_count ||
		    !stays(&image->sections[symbol.section]))
			continue;
		uint64_t size = image->sections[symbol.section].size_bytes;
		uint64_t place = places[symbol.section];
		if (symbol.value >= size)
			continue;
		struct symbol *added = ev_symtab_add(table, place + symbol.value, symbol.size_bytes,
						     place + size, name, strlen(name));
		added->bind = symbol.bind == STB_LOCAL  ? BIND_LOCAL
			      : symbol.bind == STB_WEAK ? BIND_WEAK
							: BIND_GLOBAL;
	}
	ev_elf_symbols_done(&symbols);
}

static void load(const struct ev_symbolizer *symbolizer, struct names *names,
		 const struct object *object)
{
	struct ev_buffer unpacked = { 0 };
	struct ev_arena scratch = { 0 };
	struct image image;
	const char *trouble;
	names->module = NO_MODULE_FILE;
	if (!ev_module_open(symbolizer, &object->shown, &image, &unpacked, NULL, &trouble)) {
		/* Other machines put jump tables before the code, as large as they turn out. */
		bool known = image.type == ET_REL &&
			     (image.machine == EM_X86_64 || image.machine == EM_386);
		uint64_t *places =
			ev_arena_take(&scratch, (image.section_count + 1) * sizeof(*places));
		known = known && place_sections(&image, places);
		for (size_t i = 0; known && i < image.section_count; i++)
			if (image.sections[i].type == SHT_SYMTAB) {
				add_functions(&names->table, &image, &image.sections[i], places);
				break;
			}
		ev_symtab_sort(&names->table);
		if (names->table.symbols.count)
			names->module = MODULE_FILE;
		ev_image_close(&image);
	}
	ev_arena_done(&scratch);
	ev_buffer_done(&unpacked);
}

bool ev_module_find(const struct ev_symbolizer *symbolizer, struct names *names,
		    const struct object *object, uint64_t address, struct found *found)
{
	if (names->module == NOT_LOOKED_FOR)
		load(symbolizer, names, object);
	if (names->module != MODULE_FILE || address < object->shown.start)
		return false;
	const struct symbol *symbol = ev_symtab_find(&names->table, address - object->shown.start);
	if (!symbol)
		return false;
	*found = (struct found){ ev_symtab_name(&names->table, symbol),
				 object->shown.start + symbol->start, symbol->end - symbol->start,
				 false };
	return true;
}

static void find_debug(const struct ev_symbolizer *symbolizer, struct names *names,
		       const struct object *object)
{
	struct ev_buffer unpacked = { 0 };
	struct image image;
	const char *trouble;
	char *path;
	names->module_debug = true;
	if (!ev_module_open(symbolizer, &object->shown, &image, &unpacked, &path, &trouble)) {
		char *debug_path = ev_image_has_dwarf(&image)
					   ? ev_strdup(path)
					   : ev_debug_file_find(&image, path, symbolizer->symfs);
		if (debug_path)
			names->debug_path =
				ev_arena_text(&names->arena, debug_path, strlen(debug_path));
		free(debug_path);
		free(path);
		ev_image_close(&image);
	}
	ev_buffer_done(&unpacked);
}

struct debug_info *ev_module_debug(const struct ev_symbolizer *symbolizer, struct names *names,
				   const struct object *object, uint64_t at,
				   const struct found *found, uint64_t *address)
{
	if (!names->module_debug)
		find_debug(symbolizer, names, object);
	struct debug_info *debug = ev_names_debug(symbolizer, names);
	if (!debug || !ev_debug_function(debug, found->linkage, found->size_bytes, address))
		return NULL;
	*address += at - found->start;
	return debug;
}
