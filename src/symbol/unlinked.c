/* The sections of a file that is not linked yet become addresses, one behind another, and what its
 * DWARF leaves to the linker becomes those. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "module_code.h"
#include "packed_section.h"
#include "unlinked.h"

#define SECTION_LIMIT ((size_t)1 << 14)
#define FIRST_ADDRESS ((uint64_t)1 << 16) /* 0 stands for what was left out */
#define LAST_ADDRESS ((uint64_t)1 << 31)  /* as 32-bit files have no more */

/* What a relocation does with the number that is there: only those of numbers that are data. */
enum { SET, ADD, SUBTRACT };
static const struct relocates {
	uint16_t machine;
	uint8_t bytes, how;
	uint16_t type;
} relocates[] = {
	{ EM_X86_64, 8, SET, 1 },      { EM_X86_64, 4, SET, 10 },     { EM_386, 4, SET, 1 },
	{ EM_AARCH64, 8, SET, 257 },   { EM_AARCH64, 4, SET, 258 },   { EM_ARM, 4, SET, 2 },
	{ EM_PPC64, 8, SET, 38 },      { EM_PPC64, 4, SET, 1 },       { EM_PPC, 4, SET, 1 },
	{ EM_S390, 8, SET, 22 },       { EM_S390, 4, SET, 4 },        { EM_RISCV, 8, SET, 2 },
	{ EM_RISCV, 4, SET, 1 },       { EM_RISCV, 1, ADD, 33 },      { EM_RISCV, 2, ADD, 34 },
	{ EM_RISCV, 4, ADD, 35 },      { EM_RISCV, 8, ADD, 36 },      { EM_RISCV, 1, SUBTRACT, 37 },
	{ EM_RISCV, 2, SUBTRACT, 38 }, { EM_RISCV, 4, SUBTRACT, 39 }, { EM_RISCV, 8, SUBTRACT, 40 },
	{ EM_RISCV, 1, SET, 54 },      { EM_RISCV, 2, SET, 55 },      { EM_RISCV, 4, SET, 56 },
};

static bool is_code(const struct section *section)
{
	uint64_t code = SHF_ALLOC | SHF_EXECINSTR;
	return (section->flags & code) == code;
}

static bool place_sections(struct unlinked *file)
{
	uint64_t end = FIRST_ADDRESS;
	if (file->image.section_count > SECTION_LIMIT)
		return false;
	file->addresses = ev_alloc((file->image.section_count + 1) * sizeof(*file->addresses));
	for (size_t i = 0; i < file->image.section_count; i++) {
		const struct section *section = &file->image.sections[i];
		uint64_t align = section->align_bytes ? section->align_bytes : 1;
		if (!is_code(section))
			continue;
		if (align & (align - 1) || align > MODULE_BYTES ||
		    section->size_bytes > MODULE_BYTES || end > LAST_ADDRESS)
			return false;
		file->addresses[i] = (end + align - 1) & ~(align - 1);
		end = file->addresses[i] + section->size_bytes;
	}
	return end < LAST_ADDRESS;
}

bool ev_unlinked_open(struct unlinked *file, const char *path)
{
	*file = (struct unlinked){ 0 };
	bool good = !ev_module_image(&file->image, path, &file->unpacked) &&
		    file->image.type == ET_REL && place_sections(file);
	const struct section *table = NULL;
	for (size_t i = 0; good && i < file->image.section_count && !table; i++)
		if (file->image.sections[i].type == SHT_SYMTAB)
			table = &file->image.sections[i];
	if (table && !ev_elf_symbols_read(&file->symbols, &file->image, table))
		return true;
	ev_unlinked_close(file);
	return false;
}

static uint64_t address_of(const struct unlinked *file, const struct elf_symbol *symbol)
{
	uint64_t base =
		symbol->section < file->image.section_count ? file->addresses[symbol->section] : 0;
	return base + symbol->value;
}

static const struct relocates *known(uint16_t machine, uint32_t type)
{
	for (size_t i = 0; i < EV_LENGTH(relocates); i++)
		if (relocates[i].machine == machine && relocates[i].type == type)
			return &relocates[i];
	return NULL;
}

static uint64_t number_at(const uint8_t *bytes, size_t count, bool little)
{
	uint64_t number = 0;
	for (size_t i = 0; i < count; i++)
		number = number << 8 | bytes[little ? count - 1 - i : i];
	return number;
}

static void fill_in(const struct unlinked *file, const struct section *list, uint8_t *bytes,
		    size_t size_bytes)
{
	const struct image *image = &file->image;
	bool little = (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) != image->swap;
	bool addends = list->type == SHT_RELA;
	size_t word = image->wide ? 8 : 4, entry = word * (addends ? 3 : 2), size;
	uint8_t *entries;
	if (ev_image_section(image, list, &entries, &size))
		return;
	for (size_t i = 0; i + entry <= size; i += entry) {
		uint64_t where = number_at(entries + i, word, little);
		uint64_t info = number_at(entries + i + word, word, little);
		uint32_t type = image->wide ? (uint32_t)info : (uint32_t)(info & 0xff);
		const struct relocates *as = known(image->machine, type);
		if (!as || where > size_bytes || as->bytes > size_bytes - where)
			continue;
		struct elf_symbol symbol =
			ev_elf_symbol(&file->symbols, image->wide ? info >> 32 : info >> 8);
		uint64_t there = number_at(bytes + where, as->bytes, little);
		uint64_t value = address_of(file, &symbol);
		if (addends)
			value += number_at(entries + i + 2 * word, word, little);
		else if (as->how == SET)
			value += there;
		value = as->how == ADD        ? there + value
			: as->how == SUBTRACT ? there - value
					      : value;
		for (size_t k = 0; k < as->bytes; k++, value >>= 8)
			bytes[where + (little ? k : as->bytes - 1 - k)] = (uint8_t)value;
	}
	free(entries);
}

uint8_t *ev_unlinked_section(const struct unlinked *file, size_t index, uint64_t limit_bytes,
			     size_t *size_bytes)
{
	const struct image *image = &file->image;
	const struct section *section = &image->sections[index], *list = NULL;
	uint8_t *bytes;
	/* One of a name, as one is read. */
	if (index >= image->section_count || ev_image_find(image, section->name) != section)
		return NULL;
	for (size_t i = 0; i < image->section_count && !list; i++)
		if (image->sections[i].info == index &&
		    (image->sections[i].type == SHT_RELA || image->sections[i].type == SHT_REL))
			list = &image->sections[i];
	if (!list || (section->flags & SHF_COMPRESSED
			      ? !ev_packed_section_unpack(image, section, &bytes, size_bytes)
			      : ev_image_section(image, section, &bytes, size_bytes) != 0))
		return NULL;
	if (*size_bytes > limit_bytes) {
		free(bytes);
		return NULL;
	}
	fill_in(file, list, bytes, *size_bytes);
	return bytes;
}

bool ev_unlinked_function(const struct unlinked *file, const char *name, uint64_t most,
			  uint64_t *address)
{
	struct elf_symbol found;
	if (!ev_elf_function_of(&file->symbols, name, most, &found) ||
	    found.section >= file->image.section_count || !file->addresses[found.section])
		return false;
	*address = address_of(file, &found);
	return true;
}

void ev_unlinked_settle(struct unlinked *file)
{
	if (file->image.has_fd)
		close(file->image.fd);
	file->image.has_fd = false;
}

void ev_unlinked_close(struct unlinked *file)
{
	ev_elf_symbols_done(&file->symbols);
	ev_image_close(&file->image);
	ev_buffer_done(&file->unpacked);
	free(file->addresses);
	*file = (struct unlinked){ 0 };
}
