/* The functions that an ELF file names. */
#ifndef SYMBOL_ELF_SYMBOLS_H
#define SYMBOL_ELF_SYMBOLS_H

#include "image.h"
#include "table.h"

enum { ELF_SYMTAB = 1, ELF_DYNSYM = 2, ELF_PLT = 4, ELF_DEBUGDATA = 8, ELF_GO = 16 };

/* Add the functions of .symtab and .dynsym, at their offsets in the file `loaded` (the same image,
 * or the program of which `image` is the separate debug file); which of them there are, as ELF_…
 * bits. */
unsigned ev_elf_symbols_add(struct table *table, const struct image *image,
			    const struct image *loaded);
/* Add the entries of the procedure linkage table as "name@plt". The table is sorted, and is to be
 * sorted again. */
unsigned ev_elf_plt_add(struct table *table, const struct image *image);
/* Add what .gnu_debugdata holds, an ELF file of the left out symbols, packed with xz. */
unsigned ev_elf_debugdata_add(struct table *table, const struct image *image);
/* Add what Go's runtime knows of the program, stripped or not. */
unsigned ev_elf_go_add(struct table *table, const struct image *image);
/* The section with that; NULL when the program is not Go's. */
const struct section *ev_go_table_find(const struct image *image);

/* The address of a symbol of any kind in .symtab or .dynsym; false when there is none. */
bool ev_elf_address_of(const struct image *image, const char *name, uint64_t *address);

/* One entry of a symbol table section, in the byte order of this machine. */
struct elf_symbol {
	uint64_t value, size_bytes;
	uint32_t name;
	uint16_t section;
	uint8_t type, bind, visibility;
};
struct elf_symbols {
	uint8_t *entries, *names;
	size_t count, entry_bytes, names_bytes;
	bool wide, swap;
};
/* 0 or -errno. */
int ev_elf_symbols_read(struct elf_symbols *symbols, const struct image *image,
			const struct section *section);
struct elf_symbol ev_elf_symbol(const struct elf_symbols *symbols, size_t index);
/* Its name without end ("" when it lies outside of the strings). */
const char *ev_elf_symbol_name(const struct elf_symbols *symbols, const struct elf_symbol *symbol);
/* Of the functions with this name the one whose size is nearest to, and not above, `most`; false
 * when there is none. */
bool ev_elf_function_of(const struct elf_symbols *symbols, const char *name, uint64_t most,
			struct elf_symbol *found);
void ev_elf_symbols_done(struct elf_symbols *symbols);

#endif
