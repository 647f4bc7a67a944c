/* The section .note.stapsdt becomes markers: SystemTap's format, which every tool that knows USDT
 * reads and <sys/sdt.h> writes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "stapsdt.h"

#define OWNER "stapsdt"
#define NOTE_TYPE 3

static uint64_t word(struct ev_cursor *cursor, bool wide)
{
	return wide ? ev_cursor_u64(cursor) : ev_cursor_u32(cursor);
}

/* Names and descriptions take multiples of four bytes. */
static struct ev_cursor padded(struct ev_cursor *cursor, uint32_t size_bytes)
{
	struct ev_cursor part = ev_cursor_part(cursor, size_bytes);
	size_t padding = -(size_t)size_bytes & 3;
	/* The last may go without. */
	ev_cursor_skip(cursor, padding < ev_cursor_left(cursor) ? padding : ev_cursor_left(cursor));
	return part;
}

static bool marker_parse(struct ev_cursor description, uint64_t base, bool wide,
			 struct marker *marker)
{
	*marker = (struct marker){ .address = word(&description, wide) };
	uint64_t linked_base = word(&description, wide);
	marker->semaphore = word(&description, wide);
	marker->provider = ev_cursor_text(&description);
	marker->name = ev_cursor_text(&description);
	if (description.bad || !*marker->provider || !*marker->name)
		return false;
	uint64_t moved = base ? base - linked_base : 0;
	marker->address += moved;
	if (marker->semaphore)
		marker->semaphore += moved;
	return true;
}

int ev_markers_parse(struct markers *markers, const void *notes, size_t size_bytes, uint64_t base,
		     bool wide, bool swap)
{
	struct ev_cursor at = ev_cursor_of(notes, size_bytes, swap);
	while (ev_cursor_left(&at)) {
		uint32_t name_bytes = ev_cursor_u32(&at), description_bytes = ev_cursor_u32(&at);
		uint32_t type = ev_cursor_u32(&at);
		struct ev_cursor name = padded(&at, name_bytes);
		struct ev_cursor description = padded(&at, description_bytes);
		struct marker marker;
		if (at.bad || name.bad || description.bad)
			return -ENOEXEC;
		if (type != NOTE_TYPE || name_bytes != sizeof(OWNER) ||
		    memcmp(name.at, OWNER, sizeof(OWNER)))
			continue;
		if (!marker_parse(description, base, wide, &marker))
			return -ENOEXEC;
		*ev_array_add(markers) = marker;
	}
	return markers->count ? 0 : -ENOENT;
}

int ev_markers_read(struct markers *markers, const struct image *image)
{
	*markers = (struct markers){ 0 };
	const struct section *section = ev_image_find(image, ".note.stapsdt");
	const struct section *base = ev_image_find(image, ".stapsdt.base");
	size_t size;
	if (!section || section->type != SHT_NOTE)
		return -ENOENT;
	int rc = ev_image_section(image, section, &markers->notes, &size);
	if (!rc)
		rc = ev_markers_parse(markers, markers->notes, size, base ? base->address : 0,
				      image->wide, image->swap);
	if (rc)
		ev_markers_done(markers);
	return rc;
}

void ev_markers_done(struct markers *markers)
{
	ev_array_done(markers);
	free(markers->notes);
	markers->notes = NULL;
}
