/* The headers of an ELF file of either class and byte order become segments, sections and a
 * build-id. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "build_id.h"
#include "image.h"
#include "regular_file.h"

/* No section of symbols or strings is that big; a sparse file could claim it. */
#define READ_LIMIT ((uint64_t)512 << 20)
#define SEGMENT_LIMIT 4096
#define NOTES_LIMIT ((uint64_t)1 << 20)

int ev_image_read(const struct image *image, uint64_t offset, uint64_t size_bytes, uint8_t **bytes)
{
	*bytes = NULL;
	if (offset > image->size_bytes || size_bytes > image->size_bytes - offset)
		return -EIO;
	if (size_bytes > READ_LIMIT)
		return -EFBIG;
	uint8_t *copy = ev_realloc(NULL, size_bytes + 1);
	int code = 0;
	if (image->memory)
		memcpy(copy, image->memory + offset, size_bytes);
	else
		code = ev_regular_read_at(image->fd, offset, copy, size_bytes);
	if (code) {
		free(copy);
		return code;
	}
	copy[size_bytes] = 0;
	*bytes = copy;
	return 0;
}

int ev_image_section(const struct image *image, const struct section *section, uint8_t **bytes,
		     size_t *size_bytes)
{
	bool absent = section->type == SHT_NOBITS || section->flags & SHF_COMPRESSED;
	*size_bytes = absent ? 0 : section->size_bytes;
	return ev_image_read(image, absent ? 0 : section->offset, *size_bytes, bytes);
}

/* An address, offset or size: 4 or 8 bytes by the class. */
static uint64_t word(struct ev_cursor *cursor, bool wide)
{
	return wide ? ev_cursor_u64(cursor) : ev_cursor_u32(cursor);
}

struct header {
	uint64_t segments_at, sections_at;
	uint16_t segment_bytes, segment_count, section_bytes, section_count, names;
};

static int read_header(struct image *image, struct header *header)
{
	uint8_t *bytes;
	uint64_t size = image->size_bytes < 64 ? image->size_bytes : 64;
	int code = ev_image_read(image, 0, size, &bytes);
	if (code)
		return code;
	bool elf = size >= 52 && !memcmp(bytes, ELFMAG, SELFMAG) &&
		   (bytes[EI_CLASS] == ELFCLASS32 || bytes[EI_CLASS] == ELFCLASS64) &&
		   (bytes[EI_DATA] == ELFDATA2LSB || bytes[EI_DATA] == ELFDATA2MSB);
	if (elf) {
		image->wide = bytes[EI_CLASS] == ELFCLASS64;
		image->swap =
			bytes[EI_DATA] !=
			(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB);
		struct ev_cursor at = ev_cursor_of(bytes, size, image->swap);
		ev_cursor_skip(&at, EI_NIDENT);
		image->type = ev_cursor_u16(&at);
		image->machine = ev_cursor_u16(&at);
		ev_cursor_skip(&at, 4);
		image->entry = word(&at, image->wide);
		header->segments_at = word(&at, image->wide);
		header->sections_at = word(&at, image->wide);
		ev_cursor_skip(&at, 6); /* flags, header size */
		header->segment_bytes = ev_cursor_u16(&at);
		header->segment_count = ev_cursor_u16(&at);
		header->section_bytes = ev_cursor_u16(&at);
		header->section_count = ev_cursor_u16(&at);
		header->names = ev_cursor_u16(&at);
		elf = !at.bad;
	}
	free(bytes);
	return elf ? 0 : -ENOEXEC;
}

static void read_notes(struct image *image, uint64_t offset, uint64_t size_bytes)
{
	uint8_t *notes;
	if (image->build_id_bytes || size_bytes > NOTES_LIMIT ||
	    ev_image_read(image, offset, size_bytes, &notes))
		return;
	image->build_id_bytes =
		ev_build_id_in_notes(notes, size_bytes, image->swap, image->build_id);
	free(notes);
}

static void read_segments(struct image *image, const struct header *header)
{
	size_t entry = image->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t count =
		header->segment_count < SEGMENT_LIMIT ? header->segment_count : SEGMENT_LIMIT;
	uint8_t *bytes;
	if (header->segment_bytes < entry ||
	    ev_image_read(image, header->segments_at, count * header->segment_bytes, &bytes))
		return;
	image->segments = ev_alloc(count * sizeof(*image->segments));
	for (size_t i = 0; i < count; i++) {
		struct ev_cursor at =
			ev_cursor_of(bytes + i * header->segment_bytes, entry, image->swap);
		struct segment segment = { 0 };
		uint32_t type = ev_cursor_u32(&at), flags = 0;
		if (image->wide)
			flags = ev_cursor_u32(&at);
		segment.offset = word(&at, image->wide);
		segment.address = word(&at, image->wide);
		word(&at, image->wide); /* physical address */
		segment.file_bytes = word(&at, image->wide);
		segment.memory_bytes = word(&at, image->wide);
		if (!image->wide)
			flags = ev_cursor_u32(&at);
		segment.executable = flags & PF_X;
		if (type == PT_LOAD)
			image->segments[image->segment_count++] = segment;
		else if (type == PT_NOTE)
			read_notes(image, segment.offset, segment.file_bytes);
	}
	free(bytes);
}

static struct section section_of(const struct image *image, const uint8_t *bytes, size_t entry,
				 uint32_t *name)
{
	struct ev_cursor at = ev_cursor_of(bytes, entry, image->swap);
	struct section section = { .name = "" };
	*name = ev_cursor_u32(&at);
	section.type = ev_cursor_u32(&at);
	section.flags = word(&at, image->wide);
	section.address = word(&at, image->wide);
	section.offset = word(&at, image->wide);
	section.size_bytes = word(&at, image->wide);
	section.link = ev_cursor_u32(&at);
	section.info = ev_cursor_u32(&at);
	section.align_bytes = word(&at, image->wide);
	section.entry_bytes = word(&at, image->wide);
	return section;
}

static void name_sections(struct image *image, const uint32_t *names, uint32_t table)
{
	size_t size;
	if (table >= image->section_count ||
	    ev_image_section(image, &image->sections[table], &image->names, &size))
		return;
	for (size_t i = 0; i < image->section_count; i++) /* a NUL stands behind the table */
		if (names[i] < size)
			image->sections[i].name = (const char *)image->names + names[i];
}

static void read_sections(struct image *image, const struct header *header)
{
	size_t entry = image->wide ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);
	uint8_t *bytes;
	uint32_t name, table = header->names;
	if (!header->sections_at || header->section_bytes < entry ||
	    ev_image_read(image, header->sections_at, entry, &bytes))
		return;
	/* Numbers too big for the header stand in the first section. */
	struct section first = section_of(image, bytes, entry, &name);
	free(bytes);
	uint64_t count = header->section_count ? header->section_count : first.size_bytes;
	if (table == SHN_XINDEX)
		table = first.link;
	if (count > image->size_bytes / header->section_bytes ||
	    ev_image_read(image, header->sections_at, count * header->section_bytes, &bytes))
		return;
	image->sections = ev_alloc(count * sizeof(*image->sections));
	image->section_count = count;
	uint32_t *names = ev_alloc(count * sizeof(*names));
	for (size_t i = 0; i < count; i++)
		image->sections[i] =
			section_of(image, bytes + i * header->section_bytes, entry, &names[i]);
	name_sections(image, names, table);
	for (size_t i = 0; i < count; i++)
		if (image->sections[i].type == SHT_NOTE)
			read_notes(image, image->sections[i].offset, image->sections[i].size_bytes);
	free(names);
	free(bytes);
}

static int read_image(struct image *image)
{
	struct header header = { 0 };
	int code = read_header(image, &header);
	if (code) {
		ev_image_close(image);
		return code == -EIO || code == -EFBIG ? -ENOEXEC : code;
	}
	read_segments(image, &header);
	read_sections(image, &header);
	return 0;
}

int ev_image_open(struct image *image, const char *path)
{
	struct stat status;
	int fd = ev_regular_open(path, &status);
	*image = (struct image){ .fd = fd, .has_fd = fd >= 0 };
	if (fd < 0)
		return fd;
	image->size_bytes = (uint64_t)status.st_size;
	return read_image(image);
}

int ev_image_open_memory(struct image *image, const void *bytes, size_t size_bytes)
{
	*image = (struct image){ .memory = bytes, .size_bytes = size_bytes };
	return read_image(image);
}

const struct section *ev_image_find(const struct image *image, const char *name)
{
	for (size_t i = 0; i < image->section_count; i++)
		if (!strcmp(image->sections[i].name, name))
			return &image->sections[i];
	return NULL;
}

bool ev_image_offset(const struct image *image, uint64_t address, uint64_t *offset)
{
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct segment *segment = &image->segments[i];
		if (address < segment->address ||
		    address - segment->address >= segment->memory_bytes)
			continue;
		*offset = address - segment->address + segment->offset;
		return true;
	}
	return false;
}

bool ev_image_address(const struct image *image, uint64_t offset, uint64_t *address)
{
	/* The page at a border is in the file ranges of two segments: code is meant. */
	const struct segment *best = NULL;
	for (size_t i = 0; i < image->segment_count; i++) {
		const struct segment *segment = &image->segments[i];
		if (offset < segment->offset || offset - segment->offset >= segment->file_bytes)
			continue;
		if (!best || (segment->executable && !best->executable))
			best = segment;
	}
	if (best)
		*address = offset - best->offset + best->address;
	return best;
}

void ev_image_close(struct image *image)
{
	if (image->has_fd)
		close(image->fd);
	free(image->segments);
	free(image->sections);
	free(image->names);
	*image = (struct image){ 0 };
}
