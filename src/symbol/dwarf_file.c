/* A path becomes DWARF that libdw reads: sections that are needed are unpacked, the others left
 * out. */
#include <fcntl.h>
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

static void give(Elf_Data *data, GElf_Shdr *header, uint8_t *bytes, size_t size)
{
	data->d_buf = bytes;
	data->d_size = size;
	data->d_type = ELF_T_BYTE;
	header->sh_size = size;
	header->sh_flags &= ~(uint64_t)SHF_COMPRESSED;
}

/* Packed with zlib libdw knows; what a linker would have filled in it does not. */
static bool make(struct dwarf_file *file, Elf_Scn *section, GElf_Shdr *header, bool zstd,
		 uint64_t *left_bytes)
{
	size_t size;
	uint8_t *bytes = file->is_unlinked
				 ? ev_unlinked_section(&file->unlinked, elf_ndxscn(section),
						       *left_bytes, &size)
				 : NULL;
	if (!bytes && zstd)
		bytes = ev_zstd_section_unpack(file->elf, section, *left_bytes, &size);
	Elf_Data *data = bytes ? elf_getdata(section, NULL) : NULL;
	if (!data) {
		free(bytes);
		return false;
	}
	*ev_array_add(&file->unpacked) = bytes;
	*left_bytes -= size;
	give(data, header, bytes, size);
	return true;
}

/* libdw remembers where the section's bytes are, and does not look at them yet. */
static bool put_off(struct dwarf_file *file, Elf_Scn *section, GElf_Shdr *header)
{
	enum { RATIO_LIMIT = 1100, FEW_BYTES = 4096 };
	GElf_Chdr packed;
	Elf_Data *data = header->sh_flags & SHF_COMPRESSED ? elf_getdata(section, NULL) : NULL;
	if (!data || !data->d_buf || file->lines.packed || !gelf_getchdr(section, &packed) ||
	    packed.ch_type != ELFCOMPRESS_ZLIB || packed.ch_size < FEW_BYTES ||
	    packed.ch_size / RATIO_LIMIT > data->d_size || packed.ch_size > UNPACKED_LIMIT)
		return false;
	file->lines.packed = data->d_buf;
	file->lines.packed_bytes = data->d_size;
	file->lines.bytes = ev_alloc(packed.ch_size);
	file->lines.size_bytes = packed.ch_size;
	give(data, header, file->lines.bytes, packed.ch_size);
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
		bool debug = !strncmp(name, ".debug_", 7);
		if (!file->is_unlinked && !strcmp(name, ".debug_line") &&
		    put_off(file, section, &header)) {
			gelf_update_shdr(section, &header);
			continue;
		}
		bool needed = is_needed(name), zstd = needed && ev_zstd_section_is(section);
		if (needed && (!debug || !(zstd || file->is_unlinked)))
			continue;
		bool made = needed && make(file, section, &header, zstd, &left_bytes);
		if (!made && (!needed || zstd))
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
	GElf_Ehdr header;
	if (!gelf_getehdr(file->elf, &header) || header.e_type == ET_REL)
		file->is_unlinked = ev_unlinked_open(&file->unlinked, path);
	if (file->unlinked.unpacked.size_bytes) {
		elf_end(file->elf);
		file->elf = elf_memory((char *)file->unlinked.unpacked.bytes,
				       file->unlinked.unpacked.size_bytes);
	}
	if (file->elf) {
		prepare(file);
		file->dwarf = dwarf_begin_elf(file->elf, DWARF_C_READ, NULL);
	}
	if (file->dwarf)
		return true;
	ev_dwarf_file_close(file);
	return false;
}

/* A file of this one section, for libelf to unpack. */
static Elf_Data *unpack_alone(Elf *alone, int class, const struct dwarf_file *file)
{
	GElf_Ehdr header;
	GElf_Shdr lines;
	Elf_Scn *section = gelf_newehdr(alone, class) ? elf_newscn(alone) : NULL;
	Elf_Data *data = section ? elf_newdata(section) : NULL;
	if (!data || !gelf_getehdr(alone, &header) || !gelf_getshdr(section, &lines))
		return NULL;
	memcpy(header.e_ident, elf_getident(file->elf, NULL), EI_NIDENT);
	header.e_version = EV_CURRENT;
	data->d_buf = (void *)(uintptr_t)file->lines.packed;
	data->d_size = file->lines.packed_bytes;
	data->d_type = ELF_T_BYTE;
	data->d_align = 1;
	data->d_version = EV_CURRENT;
	lines.sh_type = SHT_PROGBITS;
	lines.sh_flags = SHF_COMPRESSED;
	lines.sh_size = data->d_size;
	if (!gelf_update_ehdr(alone, &header) || !gelf_update_shdr(section, &lines) ||
	    elf_compress(section, 0, 0) < 0)
		return NULL;
	return elf_getdata(section, NULL);
}

void ev_dwarf_file_need_lines(struct dwarf_file *file)
{
	/* libelf wants a descriptor although nothing is written. */
	int fd = file->lines.packed ? open("/dev/null", O_RDWR | O_CLOEXEC) : -1;
	Elf *alone = fd < 0 ? NULL : elf_begin(fd, ELF_C_WRITE, NULL);
	Elf_Data *data = alone ? unpack_alone(alone, gelf_getclass(file->elf), file) : NULL;
	/* Without it the section is all zeros, which have no lines. */
	if (data && data->d_buf && data->d_size == file->lines.size_bytes)
		memcpy(file->lines.bytes, data->d_buf, data->d_size);
	elf_end(alone);
	if (fd >= 0)
		close(fd);
	file->lines.packed = NULL;
}

void ev_dwarf_file_settle(struct dwarf_file *file)
{
	if (file->elf)
		elf_cntl(file->elf, ELF_C_FDDONE);
	if (file->has_fd)
		close(file->fd);
	file->has_fd = false;
	ev_unlinked_settle(&file->unlinked);
}

void ev_dwarf_file_close(struct dwarf_file *file)
{
	dwarf_end(file->dwarf);
	elf_end(file->elf);
	for (size_t i = 0; i < file->unpacked.count; i++)
		free(file->unpacked.items[i]);
	ev_array_done(&file->unpacked);
	free(file->lines.bytes);
	ev_unlinked_close(&file->unlinked);
	if (file->has_fd)
		close(file->fd);
	*file = (struct dwarf_file){ 0 };
}
