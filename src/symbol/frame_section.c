/* The bytes of .eh_frame or .debug_frame become entries. Their formats are those of the Linux
 * Standard Base, "Exception Frames", and of DWARF 5, 6.4.1. */
#include <stdlib.h>
#include <string.h>
#include "frame_section.h"
#include "packed_section.h"

enum { /* how a pointer is written */
       POINTER_NATIVE = 0x00,
       POINTER_U2 = 0x02,
       POINTER_U4 = 0x03,
       POINTER_U8 = 0x04,
       POINTER_SIGNED = 0x08,
       POINTER_FORMAT = 0x0f,
       POINTER_RELATIVE = 0x10, /* to where it stands */
       POINTER_BASE = 0x70,
       POINTER_INDIRECT = 0x80,
};
/* Compilers write six bytes. Each function begins with them again, so they may not be many. */
enum { ORIGIN_PROGRAM_BYTES = 256 };

bool ev_frame_section_open(struct frame_section *section, const struct image *image, bool debug)
{
	*section =
		(struct frame_section){ .debug = debug, .swap = image->swap, .wide = image->wide };
	if (debug)
		return ev_packed_section_read(image, ".debug_frame", &section->bytes,
					      &section->size_bytes);
	const struct section *found = ev_image_find(image, ".eh_frame");
	if (!found || ev_image_section(image, found, &section->bytes, &section->size_bytes))
		return false;
	section->address = found->address;
	return section->size_bytes;
}

uint64_t ev_leb(struct ev_cursor *at)
{
	uint64_t value = 0;
	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = ev_cursor_u8(at);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
}

int64_t ev_leb_signed(struct ev_cursor *at)
{
	uint64_t value = 0;
	for (unsigned shift = 0;; shift += 7) {
		uint8_t byte = ev_cursor_u8(at);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if (byte & 0x40 && shift + 7 < 64)
			value |= UINT64_MAX << (shift + 7);
		return (int64_t)value;
	}
}

static uint64_t number(struct ev_cursor *at, uint8_t encoding, bool wide)
{
	unsigned format = encoding & POINTER_FORMAT & ~POINTER_SIGNED;
	bool negative = encoding & POINTER_SIGNED;
	if (format == POINTER_NATIVE)
		format = wide ? POINTER_U8 : POINTER_U4;
	switch (format) {
	case POINTER_U2: {
		uint16_t value = ev_cursor_u16(at);
		return negative ? (uint64_t)(int64_t)(int16_t)value : value;
	}
	case POINTER_U4: {
		uint32_t value = ev_cursor_u32(at);
		return negative ? (uint64_t)(int64_t)(int32_t)value : value;
	}
	case POINTER_U8:
		return ev_cursor_u64(at);
	default:
		at->bad = true;
		return 0;
	}
}

uint64_t ev_frame_section_pointer(const struct frame_section *section,
				  const struct frame_origin *origin, struct ev_cursor *at)
{
	uint64_t here = section->address + (uint64_t)(at->at - section->bytes);
	uint8_t encoding = origin->encoding, base = encoding & POINTER_BASE;
	uint64_t value = number(at, encoding, origin->address_bytes == 8);
	if (encoding & POINTER_INDIRECT || (base && base != POINTER_RELATIVE))
		at->bad = true;
	value += base ? here : 0;
	return section->wide ? value : value & UINT32_MAX;
}

/* What the letters of the augmentation stand for. */
static bool read_augmentation(const struct frame_section *section, const char *letters,
			      struct frame_origin *origin, struct ev_cursor *at)
{
	if (!*letters)
		return true;
	if (*letters != 'z')
		return false; /* without a size no one knows where the program begins */
	struct ev_cursor data = ev_cursor_part(at, ev_leb(at));
	origin->sized = true;
	for (; *letters; letters++) {
		if (*letters == 'R')
			origin->encoding = ev_cursor_u8(&data);
		else if (*letters == 'L')
			ev_cursor_u8(&data);
		else if (*letters == 'P')
			number(&data, ev_cursor_u8(&data) & POINTER_FORMAT, section->wide);
		else if (*letters == 'S')
			origin->signal = true;
		else if (!strchr("zBG", *letters))
			return false;
	}
	return !data.bad;
}

static bool read_origin(const struct frame_section *section, struct frame_origin *origin,
			struct ev_cursor at)
{
	uint8_t version = ev_cursor_u8(&at);
	const char *augmentation = ev_cursor_text(&at);
	if (!augmentation || (version != 1 && version != 3 && version != 4))
		return false;
	origin->address_bytes = section->wide ? 8 : 4;
	if (version == 4) {
		origin->address_bytes = ev_cursor_u8(&at);
		if (ev_cursor_u8(&at) || (origin->address_bytes != 8 && origin->address_bytes != 4))
			return false; /* addresses in segments */
	}
	origin->code_unit = ev_leb(&at);
	origin->data_unit = ev_leb_signed(&at);
	origin->ra = version == 1 ? ev_cursor_u8(&at) : ev_leb(&at);
	if (!read_augmentation(section, augmentation, origin, &at))
		return false;
	origin->program = at;
	return !at.bad && ev_cursor_left(&at) <= ORIGIN_PROGRAM_BYTES;
}

/* The entry at *at: its bytes behind the length and the id; false at the end. An id is that of an
 * origin, or says where the origin stands. */
static bool next_entry(const struct frame_section *section, size_t *at, struct ev_cursor *entry,
		       bool *is_origin, uint64_t *origin)
{
	struct ev_cursor head =
		ev_cursor_of(section->bytes + *at, section->size_bytes - *at, section->swap);
	uint64_t length = ev_cursor_u32(&head);
	bool wide = length == UINT32_MAX;
	if (wide)
		length = ev_cursor_u64(&head);
	if (head.bad || length > ev_cursor_left(&head))
		return false;
	*entry = ev_cursor_part(&head, (size_t)length);
	*at = section->size_bytes - ev_cursor_left(&head);
	uint64_t begins = (uint64_t)(entry->at - section->bytes);
	bool wide_id = wide && section->debug;
	uint64_t id = wide_id ? ev_cursor_u64(entry) : ev_cursor_u32(entry);
	if (section->debug) {
		*is_origin = id == (wide_id ? UINT64_MAX : UINT32_MAX);
		*origin = id;
	} else {
		*is_origin = !id;
		*origin = id <= begins ? begins - id : UINT64_MAX;
	}
	return true;
}

const struct frame_origin *ev_frame_section_origin(struct frame_section *section, size_t at)
{
	struct frame_origin *origin = &section->origin;
	struct ev_cursor entry;
	uint64_t unused;
	size_t from = at;
	bool is_origin = false;
	if (!section->origin_known || origin->at != at) {
		*origin = (struct frame_origin){ .at = at };
		section->origin_known = true;
		origin->good = at < section->size_bytes &&
			       next_entry(section, &from, &entry, &is_origin, &unused) &&
			       is_origin && read_origin(section, origin, entry);
	}
	return origin->good ? origin : NULL;
}

static bool read_function(struct frame_section *section, struct ev_cursor at, uint64_t origin_at,
			  struct frame_function *function)
{
	const struct frame_origin *origin =
		origin_at < section->size_bytes
			? ev_frame_section_origin(section, (size_t)origin_at)
			: NULL;
	if (!origin)
		return false;
	function->origin = (size_t)origin_at;
	function->start = ev_frame_section_pointer(section, origin, &at);
	function->size_bytes = number(&at, origin->encoding & POINTER_FORMAT & ~POINTER_SIGNED,
				      origin->address_bytes == 8);
	if (origin->sized)
		ev_cursor_skip(&at, ev_leb(&at));
	function->program = at;
	return !at.bad && function->size_bytes &&
	       function->start <= UINT64_MAX - function->size_bytes;
}

bool ev_frame_section_next(struct frame_section *section, size_t *at,
			   struct frame_function *function)
{
	struct ev_cursor entry;
	uint64_t origin;
	bool is_origin;
	/* An empty entry ends what one object file brought, not the section. */
	while (*at < section->size_bytes) {
		function->at = *at;
		if (!next_entry(section, at, &entry, &is_origin, &origin))
			break;
		if (!is_origin && !entry.bad && read_function(section, entry, origin, function))
			return true;
	}
	*at = section->size_bytes;
	return false;
}

void ev_frame_section_close(struct frame_section *section)
{
	free(section->bytes);
	*section = (struct frame_section){ 0 };
}
