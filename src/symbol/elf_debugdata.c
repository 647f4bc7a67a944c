/* The packed ELF file in .gnu_debugdata, with the functions that stripping took out of .dynsym's
 * sight, becomes symbols. */
#include <stdlib.h>
#include "elf_symbols.h"
#include "xz.h"

/* Distributions pack a few hundred kilobytes. */
#define UNPACKED_LIMIT ((size_t)64 << 20)

unsigned ev_elf_debugdata_add(struct table *table, const struct image *image)
{
	const struct section *section = ev_image_find(image, ".gnu_debugdata");
	struct ev_buffer unpacked = { 0 };
	struct image inner;
	unsigned found = 0;
	uint8_t *packed;
	size_t size;
	if (!section || ev_image_section(image, section, &packed, &size))
		return 0;
	if (!ev_xz_unpack(packed, size, UNPACKED_LIMIT, &unpacked) &&
	    !ev_image_open_memory(&inner, unpacked.bytes, unpacked.size_bytes)) {
		if (ev_elf_symbols_add(table, &inner, image) & ELF_SYMTAB)
			found = ELF_DEBUGDATA;
		ev_image_close(&inner);
	}
	ev_buffer_done(&unpacked);
	free(packed);
	return found;
}
