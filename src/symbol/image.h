/* The outline of an ELF file: segments, sections, build-id. Everything is read through bounds; no
 * header of the file is believed. */
#ifndef SYMBOL_IMAGE_H
#define SYMBOL_IMAGE_H

#include <elf.h>
#include <evprof/base.h>

struct segment { /* PT_LOAD */
	uint64_t offset, address, file_bytes, memory_bytes;
	bool executable;
};
struct section {
	const char *name; /* "" when it has none */
	uint32_t type, link, info;
	uint64_t flags, address, offset, size_bytes, align_bytes, entry_bytes;
};
struct image {
	int fd;
	bool has_fd;           /* false for an image in memory, and for a zeroed one */
	const uint8_t *memory; /* borrowed */
	uint64_t size_bytes;
	uint16_t type, machine;
	bool swap, wide; /* other byte order; 64-bit */
	uint64_t entry;  /* address where the program begins, 0 = none */
	struct segment *segments;
	size_t segment_count;
	struct section *sections;
	size_t section_count;
	uint8_t build_id[20];
	size_t build_id_bytes;
	uint8_t *names; /* of the sections */
};

/* 0; -errno of opening, -ENOEXEC when it is no ELF file that can be read. */
int ev_image_open(struct image *image, const char *path);
int ev_image_open_memory(struct image *image, const void *bytes, size_t size_bytes);
/* Bytes of the file in a new buffer; -EIO when it has not so many, -EFBIG when they are absurdly
 * many. */
int ev_image_read(const struct image *image, uint64_t offset, uint64_t size_bytes, uint8_t **bytes);
/* The content of a section, empty for one that takes no space in the file. */
int ev_image_section(const struct image *image, const struct section *section, uint8_t **bytes,
		     size_t *size_bytes);
const struct section *ev_image_find(const struct image *image, const char *name);
/* Between addresses of the symbol table and offsets in the file; false where nothing is loaded. */
bool ev_image_offset(const struct image *image, uint64_t address, uint64_t *offset);
bool ev_image_address(const struct image *image, uint64_t offset, uint64_t *address);
/* A zeroed image is closed. */
void ev_image_close(struct image *image);

#endif
