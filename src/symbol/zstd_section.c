/* The zstd frames of a compressed section become its bytes. */
#include <stdlib.h>
#include <zstd.h>
#include "zstd_section.h"

/* Newer than the headers of libelf 0.188. */
enum { PACKED_BY_ZSTD = 2 };
/* Debug information is packed to a tenth at best, tables of zeros to less. */
enum { RATIO_LIMIT = 2000 };

static bool is_packed(Elf_Scn *section, GElf_Chdr *packed)
{
	GElf_Shdr header;
	return gelf_getshdr(section, &header) && header.sh_flags & SHF_COMPRESSED &&
	       gelf_getchdr(section, packed) && packed->ch_type == PACKED_BY_ZSTD;
}

bool ev_zstd_section_is(Elf_Scn *section)
{
	GElf_Chdr packed;
	return is_packed(section, &packed);
}

uint8_t *ev_zstd_section_unpack(Elf *elf, Elf_Scn *section, uint64_t limit_bytes,
				size_t *size_bytes)
{
	GElf_Chdr packed;
	size_t head = gelf_getclass(elf) == ELFCLASS32 ? sizeof(Elf32_Chdr) : sizeof(Elf64_Chdr);
	if (!is_packed(section, &packed))
		return NULL;
	Elf_Data *data = elf_rawdata(section, NULL);
	/* The size is the file's word. */
	if (!data || !data->d_buf || data->d_size <= head || !packed.ch_size ||
	    packed.ch_size > limit_bytes || packed.ch_size / RATIO_LIMIT > data->d_size)
		return NULL;
	uint8_t *bytes = ev_realloc(NULL, packed.ch_size);
	size_t size = ZSTD_decompress(bytes, packed.ch_size, (const uint8_t *)data->d_buf + head,
				      data->d_size - head);
	if (ZSTD_isError(size) || size != packed.ch_size) {
		free(bytes);
		return NULL;
	}
	*size_bytes = size;
	return bytes;
}
