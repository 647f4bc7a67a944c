/* Files that are linked only when they are loaded: kernel modules. Their sections get addresses
 * here, and their DWARF those of what it tells of. */
#ifndef SYMBOL_UNLINKED_H
#define SYMBOL_UNLINKED_H

#include "elf_symbols.h"
#include "image.h"

struct unlinked {
	struct image image;
	struct ev_buffer unpacked; /* what the file holds, where it is packed */
	struct elf_symbols symbols;
	uint64_t *addresses; /* of each section; 0 for those that are no code */
};
/* false when it is no such file; then it is closed. */
bool ev_unlinked_open(struct unlinked *file, const char *path);
/* A section's content, unpacked and filled in, in a new buffer; NULL when there is nothing to be
 * filled in, or more than `limit` bytes. */
uint8_t *ev_unlinked_section(const struct unlinked *file, size_t index, uint64_t limit_bytes,
			     size_t *size_bytes);
/* Where a function begins, in the numbering of the DWARF: of those with the name the one whose size
 * is nearest to, and not above, `most`. */
bool ev_unlinked_function(const struct unlinked *file, const char *name, uint64_t most,
			  uint64_t *address);
/* Sections are asked for no more: the descriptor is given back. Takes a zeroed one. */
void ev_unlinked_settle(struct unlinked *file);
/* Takes a zeroed one. */
void ev_unlinked_close(struct unlinked *file);

#endif
