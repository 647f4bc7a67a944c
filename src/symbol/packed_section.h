/* A section of debug information, which compilers and distributions like to compress. */
#ifndef SYMBOL_PACKED_SECTION_H
#define SYMBOL_PACKED_SECTION_H

#include "image.h"

/* The content of ".debug_x", unpacked in a new buffer; false when there is none. */
bool ev_packed_section_read(const struct image *image, const char *name, uint8_t **bytes,
			    size_t *size_bytes);
/* The same of one section of the image, which may be one of several of a name. */
bool ev_packed_section_unpack(const struct image *image, const struct section *section,
			      uint8_t **bytes, size_t *size_bytes);

#endif
