/* A path becomes DWARF that libdw reads: sections that are needed are unpacked, the others left
 * out. */
#include <gelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "dwarf_file.h"
#include "regular_file.h"
#include "zstd_section.h"

/* Of all sections of a file. */
#define UNPACKED_LIMIT ((uint64_t)2 << 30)

/* libdw unpacks every packed section at once, needed or not; these are needed. */
static bool is_needed(const char *section)
{
	static const char *const needed[] = {
		"info", "abbrev", "line",     "line_str", "str",     "str_offsets",
		"addr", "ranges", "rnglists", "types",    "aranges",
	};
	const char *name = !strncmp(section, ".debug_", 7)    ? section + 7
			   : !strncmp(section, ".zdebug_", 8) ? section + 8
							      : NULL;
	for (size_t i = 0; name && i < EV_LENGTH(needed); i++)
		if (!strcmp(name, needed[i]))
			return true;
	return !name;
}

/* Packed with zlib libdw knows. */
static bool unpack(struct dwarf_file *file, Elf_Scn *section, GElf_Shdr *header,
		   uint64_t *left_bytes)
{
	size_t size;
	uint8_t *bytes = ev_zstd_section_unpack(file->elf, section, *left_bytes, &size);
	Elf_Data *data = bytes ? elf_getdata(section, NULL) : NULL;
	if (!data) {
		free(bytes);
		return false;
	}
	*ev_array_add(&file->unpacked) = bytes;
	*left_bytes -= size;
	data->d_buf = bytes;
	data->d_size = size;
	data->d_type = ELF_T_BYTE;
	header->sh_size = size;
	header->sh_flags &= ~(uint64_t)SHF_COMPRESSED;
	return true;
}

static void prepare(struct dwarf_file *file)
{
	Elf *elf = file->elf;
	size_t names;
	uint64_t left_bytes = UNPACKED_LIMIT;
	if (elf_kind(elf) != ELF_K_ELF || elf_getshdrstrndx(elf, &names))
		return;
	for (Elf_Scn *section = NULL; (section = elf_nextscn(elf, section));) {
		GElf_Shdr header;
		const char *name = gelf_getshdr(section, &header)
					   ? elf_strptr(elf, names, header.sh_name)
					   : NULL;
		if (!name)
			continue;
		bool needed = is_needed(name), zstd = needed && ev_zstd_section_is(section);
		if (needed && (!zstd || strncmp(name, ".debug_", 7)))
			continue;
		if (!needed || !unpack(file, section, &header, &left_bytes))
			header.sh_type = SHT_NOBITS; /* in memory, not in the file */
		gelf_update_shdr(section, &header);
	}
}

bool ev_dwarf_file_open(struct dwarf_file *file, const char *path)
{
	struct stat status;
	int fd = ev_regular_open(path, &status);
	*file = (struct dwarf_file){ .fd = fd, .has_fd = fd >= 0 };
	if (fd < 0)
		return false;
	file->size_bytes = (uint64_t)status.st_size;
	elf_version(EV_CURRENT);
	/* Mapped, not read: of a gigabyte of debug info a report touches a few pages. */
	file->elf = elf_begin(fd, ELF_C_READ_MMAP, NULL);
	if (file->elf) {
		prepare(file);
		file->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
	}
	if (file->dwarf)
		return true;
	ev_dwarf_file_close(file);
	return false;
}

void ev_dwarf_file_settle(struct dwarf_file *file)
{
	if (file->elf)
		elf_cntl(file->elf, ELF_C_FDDONE);
	if (file->has_fd)
		close(file->fd);
	file->has_fd = false;
}

void ev_dwarf_file_close(struct dwarf_file *file)
{
	dwarf_end(file->dwarf);
	elf_end(file->elf);
	for (size_t i = 0; i < file->unpacked.count; i++)
		free(file->unpacked.items[i]);
	ev_array_done(&file->unpacked);
	if (file->has_fd)
		close(file->fd);
	*file = (struct dwarf_file){ 0 };
}
