/* The stubs through which a program calls its libraries become symbols "name@plt". */
#include <stdlib.h>
#include <string.h>
#include "elf_symbols.h"

#define RELOCATION_LIMIT ((size_t)4 << 20)
/* Those of large programs' data are many, and few of them count. */
enum { AT_ONCE = 4096, LOOKED_AT_MAX = 32 << 20 };

/* Where a machine's stubs stand in .plt when they follow the order of the relocations. */
static const struct layout {
	uint16_t machine;
	uint16_t header_bytes, entry_bytes;
} layouts[] = {
	{ EM_AARCH64, 32, 16 }, { EM_ARM, 20, 12 },  { EM_RISCV, 32, 16 },
	{ EM_386, 16, 16 },     { EM_S390, 32, 32 }, { EM_LOONGARCH, 32, 16 },
};

struct relocation {
	uint64_t place, symbol, addend;
};

static uint64_t word(struct ev_cursor *cursor, bool wide)
{
	return wide ? ev_cursor_u64(cursor) : ev_cursor_u32(cursor);
}

static struct relocation next_relocation(struct ev_cursor *at, const struct image *image,
					 bool addends)
{
	struct relocation relocation = { .place = word(at, image->wide) };
	uint64_t info = word(at, image->wide);
	relocation.symbol = image->wide ? info >> 32 : info >> 8;
	if (addends)
		relocation.addend = word(at, image->wide);
	return relocation;
}

static void add_entry(struct table *table, const struct image *image,
		      const struct elf_symbols *symbols, const struct relocation *relocation,
		      uint64_t address, uint64_t size_bytes)
{
	uint64_t offset;
	char stub[64];
	if (!ev_image_offset(image, address, &offset))
		return;
	struct elf_symbol symbol = ev_elf_symbol(symbols, relocation->symbol);
	const char *name = relocation->symbol ? ev_elf_symbol_name(symbols, &symbol) : "";
	if (!*name) { /* an indirect function of the file itself */
		const struct symbol *own = NULL;
		uint64_t at;
		if (ev_image_offset(image, relocation->addend, &at))
			own = ev_symtab_find(table, at);
		snprintf(stub, sizeof(stub), "*ABS*+0x%llx",
			 (unsigned long long)relocation->addend);
		name = own && own->start == at ? ev_symtab_name(table, own) : stub;
	}
	struct ev_buffer text = { 0 };
	ev_buffer_add(&text, name, strlen(name));
	ev_buffer_add(&text, "@plt", 4);
	ev_symtab_add(table, offset, size_bytes, 0, (const char *)text.bytes, text.size_bytes);
	ev_buffer_done(&text);
}

/* x86-64: every stub is a jump through a word of the GOT, and that word's relocation names the
 * function, whatever the linker's order and layout. */
static void add_jumps(struct table *table, const struct image *image, const struct section *section,
		      const struct elf_symbols *symbols, const struct ev_map *by_place,
		      const struct relocation *relocations)
{
	uint8_t *code;
	size_t size;
	if (ev_image_section(image, section, &code, &size))
		return;
	size_t slot = !strcmp(section->name, ".plt.got") ? 8 : 16;
	if (section->entry_bytes == 8 || section->entry_bytes == 16)
		slot = section->entry_bytes;
	for (size_t at = 0; at + slot <= size && !ev_symtab_full(table); at += slot) {
		for (size_t jump = at; jump + 6 <= at + slot; jump++) {
			if (code[jump] != 0xff || code[jump + 1] != 0x25)
				continue;
			int32_t distance =
				(int32_t)((uint32_t)code[jump + 2] | (uint32_t)code[jump + 3] << 8 |
					  (uint32_t)code[jump + 4] << 16 |
					  (uint32_t)code[jump + 5] << 24);
			uint64_t place = section->address + jump + 6 + (uint64_t)(int64_t)distance;
			const uint32_t *index = ev_map_find(by_place, place, 0);
			if (index)
				add_entry(table, image, symbols, &relocations[*index],
					  section->address + at, slot);
			break;
		}
	}
	free(code);
}

struct relocation_list {
	EV_ARRAY(struct relocation) items;
	struct ev_map by_place;
};

static void add_relocation(struct relocation_list *list, struct relocation relocation,
			   bool named_only)
{
	if (named_only && !relocation.symbol)
		return;
	*ev_map_add(&list->by_place, relocation.place, 0, NULL) = (uint32_t)list->items.count;
	*ev_array_add(&list->items) = relocation;
}

static void read_relocations(struct relocation_list *list, const struct image *image,
			     const struct section *section, bool named_only)
{
	bool addends = section->type == SHT_RELA;
	uint64_t entry = (image->wide ? 8 : 4) * (addends ? 3 : 2);
	bool absent = section->type == SHT_NOBITS || section->flags & SHF_COMPRESSED;
	uint64_t left = absent ? 0 : section->size_bytes / entry;
	if (left > LOOKED_AT_MAX)
		left = LOOKED_AT_MAX;
	for (uint64_t from = section->offset, size; left; left -= size / entry, from += size) {
		uint8_t *bytes;
		size = (left < AT_ONCE ? left : AT_ONCE) * entry;
		if (ev_image_read(image, from, size, &bytes))
			return;
		struct ev_cursor at = ev_cursor_of(bytes, size, image->swap);
		while (ev_cursor_left(&at) && list->items.count < RELOCATION_LIMIT)
			add_relocation(list, next_relocation(&at, image, addends), named_only);
		free(bytes);
	}
}

static void add_in_order(struct table *table, const struct image *image,
			 const struct elf_symbols *symbols, const struct relocation_list *list)
{
	const struct section *section = ev_image_find(image, ".plt");
	const struct layout *layout = NULL;
	for (size_t i = 0; i < EV_LENGTH(layouts); i++)
		if (layouts[i].machine == image->machine)
			layout = &layouts[i];
	if (!section || !layout || section->size_bytes < layout->header_bytes)
		return;
	size_t room = (section->size_bytes - layout->header_bytes) / layout->entry_bytes;
	for (size_t i = 0; i < list->items.count && i < room && !ev_symtab_full(table); i++)
		add_entry(table, image, symbols, &list->items.items[i],
			  section->address + layout->header_bytes + i * layout->entry_bytes,
			  layout->entry_bytes);
}

unsigned ev_elf_plt_add(struct table *table, const struct image *image)
{
	static const char *const stubs[] = { ".plt", ".plt.sec", ".plt.got" };
	struct relocation_list list = { 0 };
	struct elf_symbols symbols;
	const struct section *named = NULL;
	for (size_t i = 0; i < image->section_count; i++)
		if (image->sections[i].type == SHT_DYNSYM)
			named = &image->sections[i];
	if (!named || ev_elf_symbols_read(&symbols, image, named))
		return 0;
	size_t before = table->symbols.count;
	bool jumps = image->machine == EM_X86_64;
	for (size_t i = 0; i < image->section_count; i++) {
		const char *name = image->sections[i].name;
		bool data = !strcmp(name, ".rela.dyn"); /* mostly of pointers in data */
		if (!strcmp(name, ".rela.plt") || !strcmp(name, ".rel.plt") || (jumps && data))
			read_relocations(&list, image, &image->sections[i], data);
	}
	for (size_t i = 0; jumps && i < EV_LENGTH(stubs); i++) {
		const struct section *section = ev_image_find(image, stubs[i]);
		if (section)
			add_jumps(table, image, section, &symbols, &list.by_place,
				  list.items.items);
	}
	if (!jumps)
		add_in_order(table, image, &symbols, &list);
	ev_array_done(&list.items);
	ev_map_done(&list.by_place);
	ev_elf_symbols_done(&symbols);
	return table->symbols.count > before ? ELF_PLT : 0;
}
