/* The symbol tables of an ELF file become functions at file offsets. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "elf_symbols.h"

int ev_elf_symbols_read(struct elf_symbols *symbols, const struct image *image,
			const struct section *section)
{
	*symbols = (struct elf_symbols){ .wide = image->wide, .swap = image->swap };
	symbols->entry_bytes = image->wide ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	if (section->link >= image->section_count)
		return -ENOEXEC;
	const struct section *names = &image->sections[section->link];
	size_t size;
	int code = ev_image_section(image, section, &symbols->entries, &size);
	if (!code)
		code = ev_image_section(image, names, &symbols->names, &symbols->names_bytes);
	if (code) {
		ev_elf_symbols_done(symbols);
		return code;
	}
	symbols->count = size / symbols->entry_bytes;
	return 0;
}

struct elf_symbol ev_elf_symbol(const struct elf_symbols *symbols, size_t index)
{
	struct elf_symbol symbol = { 0 };
	if (index >= symbols->count)
		return symbol;
	struct ev_cursor at = ev_cursor_of(symbols->entries + index * symbols->entry_bytes,
					   symbols->entry_bytes, symbols->swap);
	symbol.name = ev_cursor_u32(&at);
	if (!symbols->wide) {
		symbol.value = ev_cursor_u32(&at);
		symbol.size_bytes = ev_cursor_u32(&at);
	}
	uint8_t info = ev_cursor_u8(&at);
	symbol.type = ELF64_ST_TYPE(info);
	symbol.bind = ELF64_ST_BIND(info);
	symbol.visibility = ELF64_ST_VISIBILITY(ev_cursor_u8(&at));
	symbol.section = ev_cursor_u16(&at);
	if (symbols->wide) {
		symbol.value = ev_cursor_u64(&at);
		symbol.size_bytes = ev_cursor_u64(&at);
	}
	return symbol;
}

const char *ev_elf_symbol_name(const struct elf_symbols *symbols, const struct elf_symbol *symbol)
{
	/* A NUL stands behind what was read. */
	return symbol->name < symbols->names_bytes ? (const char *)symbols->names + symbol->name
						   : "";
}

bool ev_elf_function_of(const struct elf_symbols *symbols, const char *name, uint64_t most,
			struct elf_symbol *found)
{
	bool any = false;
	for (size_t i = 0; i < symbols->count; i++) {
		struct elf_symbol symbol = ev_elf_symbol(symbols, i);
		if (symbol.type != STT_FUNC || symbol.section == SHN_UNDEF ||
		    symbol.size_bytes > most || !symbol.size_bytes ||
		    (any && symbol.size_bytes <= found->size_bytes) ||
		    strcmp(ev_elf_symbol_name(symbols, &symbol), name))
			continue;
		*found = symbol;
		any = true;
	}
	return any;
}

void ev_elf_symbols_done(struct elf_symbols *symbols)
{
	free(symbols->entries);
	free(symbols->names);
	*symbols = (struct elf_symbols){ 0 };
}

/* $a, $t, $d, $x: where the assembler changes between instruction sets and data. */
static bool is_mapping_symbol(uint16_t machine, const char *name)
{
	if (machine != EM_ARM && machine != EM_AARCH64 && machine != EM_RISCV)
		return false;
	return name[0] == '$' && name[1] && strchr("atdx", name[1]) &&
	       (!name[2] || name[2] == '.' || machine == EM_RISCV);
}

/* Is it code, and has it a place in the file? */
static bool is_function(const struct image *image, const struct elf_symbol *symbol,
			const char *name)
{
	if (!*name || symbol->section == SHN_UNDEF || symbol->section == SHN_ABS ||
	    symbol->section == SHN_COMMON)
		return false;
	if (symbol->type != STT_FUNC && symbol->type != STT_GNU_IFUNC && symbol->type != STT_NOTYPE)
		return false;
	if (is_mapping_symbol(image->machine, name))
		return false;
	bool known = symbol->section < image->section_count;
	bool code = known && image->sections[symbol->section].flags & SHF_EXECINSTR;
	if (symbol->type == STT_NOTYPE)
		return code && symbol->visibility != STV_HIDDEN &&
		       symbol->visibility != STV_INTERNAL;
	return code || symbol->section == SHN_XINDEX;
}

static void add_symbol(struct table *table, const struct image *image, const struct image *loaded,
		       const struct elf_symbol *symbol, const char *name, bool old)
{
	uint64_t offset, address = symbol->value;
	if (image->machine == EM_ARM && symbol->type == STT_FUNC)
		address &= ~(uint64_t)1; /* Thumb */
	if (!ev_image_offset(loaded, address, &offset))
		return;
	uint64_t limit = offset;
	if (symbol->section < image->section_count) {
		const struct section *section = &image->sections[symbol->section];
		uint64_t into = address - section->address;
		if (into < section->size_bytes)
			limit = offset + (section->size_bytes - into);
	}
	struct symbol *added =
		ev_symtab_add(table, offset, symbol->size_bytes, limit, name, strlen(name));
	added->bind = symbol->bind == STB_LOCAL  ? BIND_LOCAL
		      : symbol->bind == STB_WEAK ? BIND_WEAK
						 : BIND_GLOBAL;
	added->label = symbol->type == STT_NOTYPE;
	const char *version = strchr(name, '@');
	added->old = old || (version && version != name && version[1] != '@');
}

/* .gnu.version marks the symbols of .dynsym that programs linked today don't get. */
static uint8_t *read_versions(const struct image *image, size_t *count)
{
	const struct section *section = ev_image_find(image, ".gnu.version");
	uint8_t *versions = NULL;
	size_t size = 0;
	if (!section || ev_image_section(image, section, &versions, &size))
		size = 0;
	*count = size / 2;
	return versions;
}

static bool is_old(const struct image *image, const uint8_t *versions, size_t count, size_t at)
{
	if (at >= count)
		return false;
	struct ev_cursor cursor = ev_cursor_of(versions + at * 2, 2, image->swap);
	return ev_cursor_u16(&cursor) & 0x8000;
}

unsigned ev_elf_symbols_add(struct table *table, const struct image *image,
			    const struct image *loaded)
{
	unsigned found = 0;
	for (size_t i = 0; i < image->section_count; i++) {
		const struct section *section = &image->sections[i];
		struct elf_symbols symbols;
		unsigned bit = section->type == SHT_SYMTAB   ? ELF_SYMTAB
			       : section->type == SHT_DYNSYM ? ELF_DYNSYM
							     : 0;
		/* One of each: a file that repeats them means no good. */
		if (!bit || found & bit || ev_elf_symbols_read(&symbols, image, section))
			continue;
		found |= bit;
		size_t version_count = 0;
		uint8_t *versions = bit == ELF_DYNSYM ? read_versions(image, &version_count) : NULL;
		for (size_t at = 0; at < symbols.count && !ev_symtab_full(table); at++) {
			struct elf_symbol symbol = ev_elf_symbol(&symbols, at);
			const char *name = ev_elf_symbol_name(&symbols, &symbol);
			if (is_function(image, &symbol, name))
				add_symbol(table, image, loaded, &symbol, name,
					   is_old(image, versions, version_count, at));
		}
		free(versions);
		ev_elf_symbols_done(&symbols);
	}
	return found;
}

bool ev_elf_address_of(const struct image *image, const char *name, uint64_t *address)
{
	bool found = false;
	for (size_t i = 0; i < image->section_count && !found; i++) {
		const struct section *section = &image->sections[i];
		struct elf_symbols symbols;
		if ((section->type != SHT_SYMTAB && section->type != SHT_DYNSYM) ||
		    ev_elf_symbols_read(&symbols, image, section))
			continue;
		for (size_t at = 0; at < symbols.count && !found; at++) {
			struct elf_symbol symbol = ev_elf_symbol(&symbols, at);
			found = symbol.section != SHN_UNDEF &&
				!strcmp(ev_elf_symbol_name(&symbols, &symbol), name);
			if (found)
				*address = symbol.value;
		}
		ev_elf_symbols_done(&symbols);
	}
	return found;
}
