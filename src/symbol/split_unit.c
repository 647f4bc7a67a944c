/* Slices of a package and of the program become an ELF file that is nowhere but in libelf's
 * memory, with the sections of a .dwo file and the program's addresses beside them. That way libdw
 * reads units from packages, which it doesn't know. */
#include <dwarf.h>
#include <fcntl.h>
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "split_ranges.h"
#include "split_unit.h"

enum { SECTION_LIMIT = SPLIT_PARTS + 2 };

struct content {
	const char *name;
	struct span bytes;
};

static const char *const part_names[SPLIT_PARTS] = {
	[SPLIT_INFO] = ".debug_info.dwo",
	[SPLIT_ABBREV] = ".debug_abbrev.dwo",
	[SPLIT_STR_OFFSETS] = ".debug_str_offsets.dwo",
	[SPLIT_RNGLISTS] = ".debug_rnglists.dwo",
	[SPLIT_STR] = ".debug_str.dwo",
};

static bool add_section(Elf *elf, uint32_t name, unsigned type, struct span bytes)
{
	Elf_Scn *section = elf_newscn(elf);
	Elf_Data *data = section ? elf_newdata(section) : NULL;
	GElf_Shdr header;
	if (!data || !gelf_getshdr(section, &header))
		return false;
	data->d_buf = (void *)(uintptr_t)bytes.bytes;
	data->d_size = bytes.size_bytes;
	data->d_type = ELF_T_BYTE;
	data->d_align = 1;
	data->d_version = EV_CURRENT;
	header.sh_name = name;
	header.sh_type = type;
	header.sh_size = bytes.size_bytes;
	return gelf_update_shdr(section, &header);
}

static bool fill(Elf *elf, const struct split_slices *slices, const struct content *contents,
		 size_t count, struct ev_buffer *names)
{
	GElf_Ehdr header;
	uint32_t places[SECTION_LIMIT];
	bool little = (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) != slices->swap;
	if (!gelf_newehdr(elf, slices->wide ? ELFCLASS64 : ELFCLASS32) ||
	    !gelf_getehdr(elf, &header))
		return false;
	ev_buffer_u8(names, 0);
	for (size_t i = 0; i < count; i++) {
		places[i] = (uint32_t)names->size_bytes;
		ev_buffer_add(names, contents[i].name, strlen(contents[i].name) + 1);
	}
	header.e_ident[EI_DATA] = little ? ELFDATA2LSB : ELFDATA2MSB;
	header.e_type = ET_REL;
	header.e_machine = slices->machine;
	header.e_version = EV_CURRENT;
	header.e_shstrndx = (uint16_t)(count + 1);
	if (!gelf_update_ehdr(elf, &header))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!add_section(elf, places[i], SHT_PROGBITS, contents[i].bytes))
			return false;
	return add_section(elf, 0, SHT_STRTAB, (struct span){ names->bytes, names->size_bytes });
}

static bool find_die(struct split_unit *unit, uint64_t id)
{
	Dwarf_CU *cu = NULL;
	Dwarf_Half version;
	uint8_t type;
	while (!dwarf_get_units(unit->dwarf, cu, &cu, &version, &type, &unit->die, NULL)) {
		uint64_t found;
		if (type == DW_UT_split_compile &&
		    !dwarf_cu_info(cu, NULL, NULL, NULL, NULL, &found, NULL, NULL) && found == id)
			return true;
	}
	return false;
}

static size_t list_contents(const struct split_slices *slices, const struct split_program *program,
			    struct ev_buffer *moved, struct content *contents)
{
	struct split_base base = { program->base, slices->swap, slices->wide };
	struct span addresses = program->addresses, ranges = program->ranges;
	struct span parts[SPLIT_PARTS];
	size_t count = 0;
	memcpy(parts, slices->parts, sizeof(parts));
	if (base.address && parts[SPLIT_RNGLISTS].size_bytes) {
		if (ev_split_rnglists_move(parts[SPLIT_RNGLISTS], &base, moved))
			parts[SPLIT_RNGLISTS] = (struct span){ moved->bytes, moved->size_bytes };
	} else if (base.address && ranges.size_bytes) {
		ev_split_ranges_move(ranges, &base, moved);
		ranges = (struct span){ moved->bytes, moved->size_bytes };
	}
	for (int part = 0; part < SPLIT_PARTS; part++)
		if (parts[part].size_bytes)
			contents[count++] = (struct content){ part_names[part], parts[part] };
	if (addresses.size_bytes)
		contents[count++] = (struct content){ ".debug_addr.dwo", addresses };
	if (ranges.size_bytes)
		contents[count++] = (struct content){ ".debug_ranges.dwo", ranges };
	return count;
}

bool ev_split_unit_open(struct split_unit *unit, uint64_t id, const struct split_slices *slices,
			const struct split_program *program)
{
	struct content contents[SECTION_LIMIT];
	struct ev_buffer moved = { 0 }, names = { 0 };
	size_t count = list_contents(slices, program, &moved, contents);
	/* libelf wants a descriptor although nothing is written. */
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	*unit = (struct split_unit){ .moved = moved.bytes };
	elf_version(EV_CURRENT);
	unit->elf = fd < 0 ? NULL : elf_begin(fd, ELF_C_WRITE, NULL);
	if (unit->elf && fill(unit->elf, slices, contents, count, &names))
		unit->dwarf = dwarf_begin_elf(unit->elf, DWARF_C_READ, NULL);
	if (fd >= 0)
		close(fd);
	unit->names = names.bytes;
	if (unit->dwarf && find_die(unit, id))
		return true;
	ev_split_unit_close(unit);
	return false;
}

void ev_split_unit_close(struct split_unit *unit)
{
	dwarf_end(unit->dwarf);
	elf_end(unit->elf);
	free(unit->moved);
	free(unit->names);
	*unit = (struct split_unit){ 0 };
}
