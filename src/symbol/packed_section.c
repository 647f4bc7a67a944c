/* A section of an ELF file, compressed in either way or not at all, becomes its bytes. */
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "packed_section.h"
#include "zstd_section.h"

/* What zlib and zstd make of a byte at most, nearly; and more than any table of calls takes. */
enum { RATIO = 1100 };
#define UNPACKED_LIMIT ((uint64_t)256 << 20)

static Elf *open_elf(const struct image *image)
{
	elf_version(EV_CURRENT);
	if (image->memory)
		return elf_memory((char *)(uintptr_t)image->memory, image->size_bytes);
	return image->has_fd ? elf_begin(image->fd, ELF_C_READ, NULL) : NULL;
}

/* The size is the file's word; ask before it is believed. */
static bool is_sane(uint64_t packed, uint64_t unpacked)
{
	return unpacked <= UNPACKED_LIMIT && unpacked / RATIO <= packed;
}

static bool unpack(Elf_Scn *section, bool by_name)
{
	GElf_Shdr header;
	if (!gelf_getshdr(section, &header))
		return false;
	if (!by_name) {
		GElf_Chdr packed;
		return gelf_getchdr(section, &packed) && is_sane(header.sh_size, packed.ch_size) &&
		       elf_compress(section, 0, 0) >= 0;
	}
	Elf_Data *raw = elf_rawdata(section, NULL);
	if (!raw || raw->d_size < 12 || memcmp(raw->d_buf, "ZLIB", 4))
		return false;
	uint64_t size = 0;
	for (size_t i = 4; i < 12; i++)
		size = size << 8 | ((const uint8_t *)raw->d_buf)[i];
	return is_sane(raw->d_size, size) && elf_compress_gnu(section, 0, 0) >= 0;
}

static bool unpack_into(const struct image *image, size_t index, bool by_name, uint8_t **bytes,
			size_t *size_bytes)
{
	Elf *elf = open_elf(image);
	Elf_Scn *section = elf ? elf_getscn(elf, index) : NULL;
	if (section && !by_name && ev_zstd_section_is(section)) {
		*bytes = ev_zstd_section_unpack(elf, section, UNPACKED_LIMIT, size_bytes);
		elf_end(elf);
		return *bytes;
	}
	Elf_Data *data = section && unpack(section, by_name) ? elf_rawdata(section, NULL) : NULL;
	if (data && (!data->d_buf || !data->d_size || data->d_size > UNPACKED_LIMIT))
		data = NULL;
	if (data) {
		*bytes = ev_realloc(NULL, data->d_size);
		memcpy(*bytes, data->d_buf, data->d_size);
		*size_bytes = data->d_size;
	}
	elf_end(elf);
	return data;
}

bool ev_packed_section_unpack(const struct image *image, const struct section *section,
			      uint8_t **bytes, size_t *size_bytes)
{
	return section->type != SHT_NOBITS && section->flags & SHF_COMPRESSED &&
	       unpack_into(image, (size_t)(section - image->sections), false, bytes, size_bytes);
}

bool ev_packed_section_read(const struct image *image, const char *name, uint8_t **bytes,
			    size_t *size_bytes)
{
	char old[32];
	const struct section *section = ev_image_find(image, name);
	snprintf(old, sizeof(old), ".z%s", name + 1);
	bool by_name = !section;
	if (by_name)
		section = ev_image_find(image, old);
	if (!section || section->type == SHT_NOBITS)
		return false;
	if (by_name)
		return unpack_into(image, (size_t)(section - image->sections), true, bytes,
				   size_bytes);
	if (section->flags & SHF_COMPRESSED)
		return ev_packed_section_unpack(image, section, bytes, size_bytes);
	return !ev_image_section(image, section, bytes, size_bytes) && *size_bytes;
}
