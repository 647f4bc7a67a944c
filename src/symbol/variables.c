/* A place that was read or written -> the variable or function that is there, from the symbol
 * tables of its file or of the debug file beside it. Read only for objects whose data is asked for.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include "elf_symbols.h"
#include "symbolizer.h"

struct variables {
	bool loaded;
	struct table table; /* by offset in the file, or behind its end as in memory (.bss) */
};
struct variable_list {
	EV_ARRAY(struct variables) objects;
};

/* Code is also read as data. */
static bool is_code(const struct elf_symbol *symbol)
{
	return symbol->type == STT_FUNC || symbol->type == STT_GNU_IFUNC;
}

static bool has_place(const struct image *image, const struct elf_symbol *symbol)
{
	return symbol->section != SHN_UNDEF && symbol->section != SHN_ABS &&
	       symbol->section != SHN_COMMON && symbol->section < image->section_count;
}

static void add(struct table *table, const struct image *image, const struct image *loaded,
		const struct elf_symbol *symbol, const char *name)
{
	uint64_t offset, size_bytes = symbol->size_bytes;
	if (!*name || !has_place(image, symbol) ||
	    (symbol->type != STT_OBJECT && !is_code(symbol)) ||
	    !ev_image_offset(loaded, symbol->value, &offset))
		return;
	/* Without a size (_DYNAMIC): up to the next one, or to the end of its section. */
	const struct section *section = &image->sections[symbol->section];
	uint64_t into = symbol->value - section->address;
	uint64_t limit =
		into < section->size_bytes ? offset + (section->size_bytes - into) : offset;
	/* "environ@@GLIBC_2.2.5" is environ. */
	struct symbol *added =
		ev_symtab_add(table, offset, size_bytes, limit, name, strcspn(name, "@"));
	added->bind = symbol->bind == STB_LOCAL  ? BIND_LOCAL
		      : symbol->bind == STB_WEAK ? BIND_WEAK
						 : BIND_GLOBAL;
	added->label = is_code(symbol);
}

/* Of one image, at their places in `loaded`; whether it has a table of all symbols. */
static bool add_all(struct table *table, const struct image *image, const struct image *loaded)
{
	bool whole = false;
	for (size_t i = 0; i < image->section_count; i++) {
		const struct section *section = &image->sections[i];
		struct elf_symbols symbols;
		if ((section->type != SHT_SYMTAB && section->type != SHT_DYNSYM) ||
		    ev_elf_symbols_read(&symbols, image, section))
			continue;
		whole |= section->type == SHT_SYMTAB;
		for (size_t at = 0; at < symbols.count && !ev_symtab_full(table); at++) {
			struct elf_symbol symbol = ev_elf_symbol(&symbols, at);
			const char *name = ev_elf_symbol_name(&symbols, &symbol);
			add(table, image, loaded, &symbol, name);
		}
		ev_elf_symbols_done(&symbols);
	}
	return whole;
}

static void load(struct ev_symbolizer *symbolizer, const struct object *object, struct table *table)
{
	struct image image, separate;
	const char *trouble;
	char *path, *debug_path;
	if (object->shown.kind != EV_OBJECT_FILE || symbolizer->no_local_files ||
	    ev_object_open(symbolizer, object, &image, &path, &trouble))
		return;
	if (!add_all(table, &image, &image) &&
	    (debug_path = ev_debug_file_find(&image, path, symbolizer->symfs))) {
		if (!ev_image_open(&separate, debug_path)) {
			add_all(table, &separate, &image);
			ev_image_close(&separate);
		}
		free(debug_path);
	}
	ev_symtab_sort(table);
	ev_image_close(&image);
	free(path);
}

bool ev_variable_find(struct ev_symbolizer *symbolizer, struct ev_place place,
		      struct ev_symbol *out, bool *in_code)
{
	if (!symbolizer->variables)
		symbolizer->variables = ev_alloc(sizeof(*symbolizer->variables));
	struct variable_list *list = symbolizer->variables;
	if (place.object >= ev_space_set_object_count(symbolizer->set))
		return false;
	while (list->objects.count <= place.object)
		*ev_array_add(&list->objects) = (struct variables){ 0 };
	struct variables *variables = &list->objects.items[place.object];
	if (!variables->loaded)
		load(symbolizer, ev_space_object(symbolizer->set, place.object), &variables->table);
	variables->loaded = true;
	const struct symbol *found = ev_symtab_find(&variables->table, place.offset);
	if (!found)
		return false;
	const char *name = ev_symtab_name(&variables->table, found);
	*out = (struct ev_symbol){ .function = ev_demangle(&symbolizer->arena, name),
				   .start = found->start,
				   .size_bytes = found->end - found->start };
	*in_code = found->label;
	if (!out->function)
		out->function = name;
	return true;
}

void ev_variables_close(struct variable_list *list)
{
	if (!list)
		return;
	for (size_t i = 0; i < list->objects.count; i++)
		ev_symtab_done(&list->objects.items[i].table);
	ev_array_done(&list->objects);
	free(list);
}
