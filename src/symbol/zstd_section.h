/* Sections that were compressed with zstd, which libelf 0.188 leaves as they are. */
#ifndef SYMBOL_ZSTD_SECTION_H
#define SYMBOL_ZSTD_SECTION_H

#include <gelf.h>
#include <evprof/base.h>

/* Is it packed that way? */
bool ev_zstd_section_is(Elf_Scn *section);
/* Its content in a new buffer; NULL when it is damaged, or has more than `limit` bytes. */
uint8_t *ev_zstd_section_unpack(Elf *elf, Elf_Scn *section, uint64_t limit_bytes,
				size_t *size_bytes);

#endif
