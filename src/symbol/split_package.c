/* The index of a .dwp file turns the number of a unit into its slices of the sections: DWARF
 * 5, 7.3.5, and GNU's version 2 of DWARF 4, which differs in the head and in the numbers of
 * sections. Units of types (.debug_tu_index) hold no code and are not looked for. A .dwo file has
 * no index: there the unit itself tells its number. */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "image.h"
#include "packed_section.h"
#include "split_package.h"

enum { COLUMN_LIMIT = 16, ROW_WORD_BYTES = 4 };
/* Of sections that the unit is looked for in. */
#define UNPACKED_LIMIT ((size_t)256 << 20)

/* A section, and its number in the index. */
struct part {
	const char *name;
	uint32_t numbers[2]; /* in version 2 and in version 5; 0 = not there */
};
static const struct part parts[SPLIT_PARTS] = {
	[SPLIT_INFO] = { ".debug_info.dwo", { 1, 1 } },
	[SPLIT_ABBREV] = { ".debug_abbrev.dwo", { 3, 3 } },
	[SPLIT_STR_OFFSETS] = { ".debug_str_offsets.dwo", { 6, 6 } },
	[SPLIT_RNGLISTS] = { ".debug_rnglists.dwo", { 0, 8 } },
	[SPLIT_STR] = { ".debug_str.dwo", { 0, 0 } },
};

struct split_package {
	struct image image;
	uint8_t *map;
	struct span sections[SPLIT_PARTS];
	uint8_t *unpacked[SPLIT_PARTS];
	uint8_t *index; /* NULL in a .dwo file */
	uint64_t id;    /* of the unit in a .dwo file */
	bool later;     /* version 5 */
	uint32_t column_count, unit_count, slot_count;
	const uint8_t *ids, *rows, *columns, *offsets, *sizes;
};

/* Mapped, since such files have gigabytes of which a report touches little. */
static struct span content_of(struct split_package *package, const struct section *section,
			      uint8_t **unpacked)
{
	struct image *image = &package->image;
	struct span span = { 0 };
	if (section->type == SHT_NOBITS)
		return span;
	if (section->flags & SHF_COMPRESSED) {
		if (ev_packed_section_unpack(image, section, unpacked, &span.size_bytes))
			span.bytes = *unpacked;
	} else if (section->offset <= image->size_bytes &&
		   section->size_bytes <= image->size_bytes - section->offset) {
		span = (struct span){ package->map + section->offset, section->size_bytes };
	}
	return span;
}

static void find_section(struct split_package *package, enum split_part part)
{
	const struct section *section = ev_image_find(&package->image, parts[part].name);
	if (section)
		package->sections[part] = content_of(package, section, &package->unpacked[part]);
}

static bool read_index(struct split_package *package)
{
	size_t size;
	if (!ev_packed_section_read(&package->image, ".debug_cu_index", &package->index, &size))
		return false;
	struct ev_cursor at = ev_cursor_of(package->index, size, package->image.swap);
	struct ev_cursor head = at;
	uint32_t version = ev_cursor_u32(&at);
	package->later = ev_cursor_u16(&head) == 5;
	if (!package->later && version != 2)
		return false;
	package->column_count = ev_cursor_u32(&at);
	package->unit_count = ev_cursor_u32(&at);
	package->slot_count = ev_cursor_u32(&at);
	uint64_t slots = package->slot_count;
	uint64_t cells = (uint64_t)package->unit_count * package->column_count;
	if (at.bad || !slots || slots & (slots - 1) || !package->column_count ||
	    package->column_count > COLUMN_LIMIT || cells > size)
		return false;
	package->ids = ev_cursor_bytes(&at, slots * 8);
	package->rows = ev_cursor_bytes(&at, slots * ROW_WORD_BYTES);
	package->columns = ev_cursor_bytes(&at, (size_t)package->column_count * ROW_WORD_BYTES);
	package->offsets = ev_cursor_bytes(&at, cells * ROW_WORD_BYTES);
	package->sizes = ev_cursor_bytes(&at, cells * ROW_WORD_BYTES);
	return !at.bad;
}

/* Does the head of a unit have this number? Before DWARF 5 that stands inside, and types have
 * sections of another name. */
static bool is_unit(struct ev_cursor at, bool wide, uint64_t id)
{
	uint16_t version = ev_cursor_u16(&at);
	uint8_t type = ev_cursor_u8(&at);
	ev_cursor_skip(&at, 1 + (wide ? 8 : 4)); /* size of addresses, abbreviations */
	if (version == 4)
		return !at.bad;
	return version == 5 && type == DW_UT_split_compile && ev_cursor_u64(&at) == id && !at.bad;
}

static bool has_unit(const struct split_package *package, struct span info, uint64_t id)
{
	struct ev_cursor at =
		ev_cursor_of(info.bytes, info.bytes ? info.size_bytes : 0, package->image.swap);
	while (ev_cursor_left(&at)) {
		uint64_t size_bytes = ev_cursor_u32(&at);
		bool wide = size_bytes == UINT32_MAX;
		if (wide)
			size_bytes = ev_cursor_u64(&at);
		if (is_unit(at, wide, id))
			return true;
		ev_cursor_skip(&at, size_bytes);
	}
	return false;
}

/* Units of types, which the linker may throw away, have sections of their own with the same name.
 */
static bool find_unit(struct split_package *package, uint64_t id)
{
	const struct image *image = &package->image;
	size_t unpacked_bytes = 0;
	for (size_t i = 0; i < image->section_count && unpacked_bytes < UNPACKED_LIMIT; i++) {
		if (strcmp(image->sections[i].name, parts[SPLIT_INFO].name))
			continue;
		uint8_t *unpacked = NULL;
		struct span info = content_of(package, &image->sections[i], &unpacked);
		if (has_unit(package, info, id)) {
			package->sections[SPLIT_INFO] = info;
			package->unpacked[SPLIT_INFO] = unpacked;
			package->id = id;
			return true;
		}
		unpacked_bytes += unpacked ? info.size_bytes : 0;
		free(unpacked);
	}
	return false;
}

static struct split_package *open_mapped(const char *path)
{
	struct split_package *package = ev_alloc(sizeof(*package));
	struct image *image = &package->image;
	if (!ev_image_open(image, path) && image->size_bytes) {
		void *map = mmap(NULL, image->size_bytes, PROT_READ, MAP_PRIVATE, image->fd, 0);
		package->map = map == MAP_FAILED ? NULL : map;
	}
	if (package->map)
		return package;
	ev_split_package_close(package);
	return NULL;
}

/* With its other sections; NULL when there is nothing to be found in it. Programs have thousands of
 * .dwo files: none is kept open. */
static struct split_package *completed(struct split_package *package, bool good)
{
	for (int part = 0; good && part < SPLIT_PARTS; part++)
		if (!package->sections[part].bytes)
			find_section(package, (enum split_part)part);
	close(package->image.fd);
	package->image.has_fd = false;
	if (good && package->sections[SPLIT_INFO].size_bytes)
		return package;
	ev_split_package_close(package);
	return NULL;
}

struct split_package *ev_split_package_open(const char *path)
{
	struct split_package *package = open_mapped(path);
	return package ? completed(package, read_index(package)) : NULL;
}

struct split_package *ev_split_package_open_file(const char *path, uint64_t id)
{
	struct split_package *package = open_mapped(path);
	return package ? completed(package, find_unit(package, id)) : NULL;
}

static uint32_t word(const struct split_package *package, const uint8_t *table, size_t index)
{
	struct ev_cursor at =
		ev_cursor_of(table + index * ROW_WORD_BYTES, ROW_WORD_BYTES, package->image.swap);
	return ev_cursor_u32(&at);
}

/* Row of a unit, counted from 1; 0 when it is not there. */
static uint32_t row_of(const struct split_package *package, uint64_t id)
{
	uint64_t mask = package->slot_count - 1;
	uint64_t slot = id & mask, step = (id >> 32 & mask) | 1;
	for (uint32_t tries = 0; tries < package->slot_count; tries++) {
		struct ev_cursor at = ev_cursor_of(package->ids + slot * 8, 8, package->image.swap);
		uint32_t row = word(package, package->rows, slot);
		if (!row || row > package->unit_count)
			return 0;
		if (ev_cursor_u64(&at) == id)
			return row;
		slot = (slot + step) & mask;
	}
	return 0;
}

static struct span slice(struct span whole, uint32_t offset, uint32_t size_bytes)
{
	if (!size_bytes || offset > whole.size_bytes || size_bytes > whole.size_bytes - offset)
		return (struct span){ 0 };
	return (struct span){ whole.bytes + offset, size_bytes };
}

static void cut_row(const struct split_package *package, uint32_t row, struct split_slices *slices)
{
	for (size_t column = 0; column < package->column_count; column++) {
		uint32_t number = word(package, package->columns, column);
		size_t cell = (size_t)(row - 1) * package->column_count + column;
		for (int part = 0; part < SPLIT_PARTS; part++)
			if (number && parts[part].numbers[package->later] == number)
				slices->parts[part] = slice(package->sections[part],
							    word(package, package->offsets, cell),
							    word(package, package->sizes, cell));
	}
}

bool ev_split_package_find(struct split_package *package, uint64_t id, struct split_slices *slices)
{
	uint32_t row = package->index ? row_of(package, id) : package->id == id;
	*slices = (struct split_slices){ .machine = package->image.machine,
					 .swap = package->image.swap,
					 .wide = package->image.wide };
	if (!row)
		return false;
	if (package->index) {
		slices->parts[SPLIT_STR] = package->sections[SPLIT_STR];
		cut_row(package, row, slices);
	} else {
		memcpy(slices->parts, package->sections, sizeof(slices->parts));
	}
	return slices->parts[SPLIT_INFO].size_bytes && slices->parts[SPLIT_ABBREV].size_bytes;
}

void ev_split_package_close(struct split_package *package)
{
	if (!package)
		return;
	if (package->map)
		munmap(package->map, package->image.size_bytes);
	for (int part = 0; part < SPLIT_PARTS; part++)
		free(package->unpacked[part]);
	free(package->index);
	ev_image_close(&package->image);
	free(package);
}
