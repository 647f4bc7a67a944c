/* The table that Go's runtime finds its functions in, and that no stripping takes out, becomes
 * symbols. Its layouts are those of Go 1.2, 1.16, 1.18 and 1.20 (the standard library's
 * debug/gosym reads them all). */
#include <stdlib.h>
#include <string.h>
#include "elf_symbols.h"

enum {
	MAGIC_1_2 = 0xfffffffb,
	MAGIC_1_16 = 0xfffffffa,
	MAGIC_1_18 = 0xfffffff0,
	MAGIC_1_20 = 0xfffffff1,
	HEAD_BYTES = 8, /* magic, two of 0, size of an instruction, size of a pointer */
};

struct go_table {
	const struct image *image;
	const uint8_t *bytes;
	size_t size_bytes;
	uint32_t magic;
	uint8_t pointer_bytes;
	uint64_t count;     /* of functions */
	uint64_t text;      /* address that the later layouts count from */
	uint64_t names;     /* where in the table names are, */
	uint64_t functions; /* and functions with their list in front */
	uint64_t list;
};

const struct section *ev_go_table_find(const struct image *image)
{
	const struct section *section = ev_image_find(image, ".gopclntab");
	return section ? section : ev_image_find(image, ".data.rel.ro.gopclntab");
}

static struct ev_cursor from(const struct go_table *go, uint64_t offset)
{
	struct ev_cursor at = ev_cursor_of(go->bytes, go->size_bytes, go->image->swap);
	ev_cursor_skip(&at, offset);
	return at;
}

static uint64_t pointer(const struct go_table *go, struct ev_cursor *at)
{
	return go->pointer_bytes == 8 ? ev_cursor_u64(at) : ev_cursor_u32(at);
}

static bool is_later(const struct go_table *go)
{
	return go->magic == MAGIC_1_18 || go->magic == MAGIC_1_20;
}

/* In a program that may lie anywhere the address is only in the relocation of its place. */
static uint64_t relocated(const struct image *image, uint64_t address)
{
	uint64_t found = 0;
	for (size_t i = 0; i < image->section_count && image->wide && !found; i++) {
		uint8_t *bytes;
		size_t size;
		if (image->sections[i].type != SHT_RELA ||
		    ev_image_section(image, &image->sections[i], &bytes, &size))
			continue;
		struct ev_cursor at = ev_cursor_of(bytes, size, image->swap);
		while (ev_cursor_left(&at) >= sizeof(Elf64_Rela) && !found) {
			bool here = ev_cursor_u64(&at) == address;
			ev_cursor_u64(&at);
			uint64_t addend = ev_cursor_u64(&at);
			found = here ? addend : 0;
		}
		free(bytes);
	}
	return found;
}

static bool read_head(struct go_table *go, const struct section *section)
{
	struct ev_cursor at = from(go, 0);
	go->magic = ev_cursor_u32(&at);
	uint16_t zero = ev_cursor_u16(&at);
	ev_cursor_u8(&at);
	go->pointer_bytes = ev_cursor_u8(&at);
	if (at.bad || zero || (go->pointer_bytes != 4 && go->pointer_bytes != 8))
		return false;
	go->count = pointer(go, &at);
	if (go->magic == MAGIC_1_2) {
		go->list = HEAD_BYTES + go->pointer_bytes;
		return !at.bad;
	}
	if (go->magic != MAGIC_1_16 && !is_later(go))
		return false;
	pointer(go, &at); /* files */
	if (is_later(go)) {
		uint64_t place = section->address + (uint64_t)(at.at - go->bytes);
		go->text = pointer(go, &at);
		if (!go->text)
			go->text = relocated(go->image, place);
	}
	go->names = pointer(go, &at);
	for (int i = 0; i < 3; i++) /* units, files, tables by address */
		pointer(go, &at);
	go->functions = go->list = pointer(go, &at);
	return !at.bad && (!is_later(go) || go->text);
}

/* The list has begins and places of functions in turn, and the end of the last one. */
static uint64_t add_functions(struct go_table *go, struct table *table)
{
	size_t word = is_later(go) ? 4 : go->pointer_bytes;
	struct ev_cursor list = from(go, go->list);
	uint64_t added = 0;
	if (go->count > ev_cursor_left(&list) / (2 * word))
		return 0;
	uint64_t start = go->text + (word == 4 ? ev_cursor_u32(&list) : ev_cursor_u64(&list));
	for (uint64_t i = 0; i < go->count && !ev_symtab_full(table); i++) {
		uint64_t place = word == 4 ? ev_cursor_u32(&list) : ev_cursor_u64(&list);
		uint64_t end = go->text + (word == 4 ? ev_cursor_u32(&list) : ev_cursor_u64(&list));
		uint64_t offset, address = start;
		start = end;
		struct ev_cursor function = from(go, go->functions);
		ev_cursor_skip(&function, place);
		ev_cursor_skip(&function, word); /* where it begins */
		struct ev_cursor text = from(go, go->names);
		ev_cursor_skip(&text, ev_cursor_u32(&function));
		const char *name = ev_cursor_text(&text);
		if (function.bad || !name || !*name || end <= address ||
		    !ev_image_offset(go->image, address, &offset))
			continue;
		ev_symtab_add(table, offset, end - address, 0, name, strlen(name))->bind =
			BIND_GLOBAL;
		added++;
	}
	return added;
}

unsigned ev_elf_go_add(struct table *table, const struct image *image)
{
	const struct section *section = ev_go_table_find(image);
	struct go_table go = { .image = image };
	uint8_t *bytes;
	if (!section || ev_image_section(image, section, &bytes, &go.size_bytes))
		return 0;
	go.bytes = bytes;
	bool found = read_head(&go, section) && add_functions(&go, table);
	free(bytes);
	return found ? ELF_GO : 0;
}
