/* The entries of .eh_frame become ranges of code, one for each function. Their format is that of
 * the Linux Standard Base, "Exception Frames". */
#include <stdlib.h>
#include <string.h>
#include "eh_frame.h"

#define RANGE_LIMIT ((size_t)4 << 20)

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
       POINTER_UNKNOWN = 0xff,
};

struct frames {
	const struct image *image;
	const uint8_t *bytes;
	size_t size_bytes;
	uint64_t address;
	size_t cie; /* the last one looked at, and how its entries write pointers */
	uint8_t encoding;
	bool cie_known;
};

static void skip_leb(struct ev_cursor *at)
{
	while (!at->bad && ev_cursor_u8(at) & 0x80)
		;
}

static uint64_t pointer(struct ev_cursor *at, const struct frames *frames, uint8_t encoding)
{
	unsigned format = encoding & POINTER_FORMAT & ~POINTER_SIGNED;
	bool negative = encoding & POINTER_SIGNED;
	if (format == POINTER_NATIVE)
		format = frames->image->wide ? POINTER_U8 : POINTER_U4;
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

/* How the entries of one CIE, whose bytes behind the id `at` holds, write their addresses. */
static uint8_t encoding_of(const struct frames *frames, struct ev_cursor at)
{
	uint8_t encoding = POINTER_NATIVE, version = ev_cursor_u8(&at);
	const char *augmentation = ev_cursor_text(&at);
	if (!augmentation || (version != 1 && version != 3 && version != 4))
		return POINTER_UNKNOWN;
	if (*augmentation && *augmentation != 'z')
		return POINTER_UNKNOWN;
	if (version == 4)
		ev_cursor_skip(&at, 2); /* sizes of addresses and segments */
	skip_leb(&at);
	skip_leb(&at);
	if (version == 1)
		ev_cursor_u8(&at);
	else
		skip_leb(&at);
	if (*augmentation)
		skip_leb(&at);
	for (const char *letter = augmentation; *letter && !at.bad; letter++) {
		if (*letter == 'R')
			encoding = ev_cursor_u8(&at);
		else if (*letter == 'L')
			ev_cursor_u8(&at);
		else if (*letter == 'P')
			pointer(&at, frames, ev_cursor_u8(&at) & POINTER_FORMAT);
		else if (!strchr("zSBG", *letter))
			return POINTER_UNKNOWN;
	}
	return at.bad ? POINTER_UNKNOWN : encoding;
}

/* The next entry of [at, size): its bytes behind the length; false at the end. */
static bool next_entry(const struct frames *frames, size_t *at, struct ev_cursor *entry,
		       size_t *begins)
{
	struct ev_cursor head =
		ev_cursor_of(frames->bytes + *at, frames->size_bytes - *at, frames->image->swap);
	uint64_t length = ev_cursor_u32(&head);
	if (length == UINT32_MAX)
		length = ev_cursor_u64(&head);
	if (head.bad || length > ev_cursor_left(&head))
		return false;
	*begins = frames->size_bytes - ev_cursor_left(&head);
	*entry = ev_cursor_of(frames->bytes + *begins, (size_t)length, frames->image->swap);
	*at = *begins + (size_t)length;
	return true;
}

static uint8_t encoding_at(struct frames *frames, size_t at)
{
	struct ev_cursor entry;
	size_t begins, from = at;
	if (frames->cie_known && frames->cie == at)
		return frames->encoding;
	frames->cie = at;
	frames->cie_known = true;
	frames->encoding = POINTER_UNKNOWN;
	if (next_entry(frames, &from, &entry, &begins) && ev_cursor_u32(&entry) == 0)
		frames->encoding = encoding_of(frames, entry);
	return frames->encoding;
}

static void add_range(struct code_ranges *ranges, struct frames *frames, struct ev_cursor entry,
		      size_t begins)
{
	uint32_t back = ev_cursor_u32(&entry);
	if (entry.bad || !back || back > begins)
		return; /* a CIE */
	uint8_t encoding = encoding_at(frames, begins - back);
	uint8_t base = encoding & POINTER_BASE;
	if (encoding & POINTER_INDIRECT || (base && base != POINTER_RELATIVE))
		return;
	uint64_t start = pointer(&entry, frames, encoding), offset;
	if (base)
		start += frames->address + begins + sizeof(back);
	uint64_t size = pointer(&entry, frames, encoding & POINTER_FORMAT & ~POINTER_SIGNED);
	if (!frames->image->wide)
		start &= UINT32_MAX;
	if (entry.bad || !size || size > frames->image->size_bytes ||
	    !ev_image_offset(frames->image, start, &offset) || offset > UINT64_MAX - size)
		return;
	*ev_array_add(&ranges->items) =
		(struct code_range){ .start = offset, .end = offset + size };
}

/* By start, then by end: ends first, and the order of starts keeps it. */
static void sort_ranges(struct code_ranges *ranges)
{
	size_t count = ranges->items.count;
	struct code_range *items = ranges->items.items;
	struct ev_keyed *order = ev_realloc(NULL, count * sizeof(*order));
	for (uint32_t i = 0; i < count; i++)
		order[i] = (struct ev_keyed){ items[i].end, i };
	ev_sort_keyed(order, count);
	for (size_t i = 0; i < count; i++)
		order[i].key = items[order[i].id].start;
	ev_sort_keyed(order, count);
	ev_order_items(items, sizeof(*items), order, count);
	free(order);
}

void ev_code_ranges_read(struct code_ranges *ranges, const struct image *image)
{
	const struct section *section = ev_image_find(image, ".eh_frame");
	struct frames frames = { .image = image };
	struct ev_cursor entry;
	uint8_t *bytes;
	*ranges = (struct code_ranges){ 0 };
	if (!section || ev_image_section(image, section, &bytes, &frames.size_bytes))
		return;
	frames.bytes = bytes;
	frames.address = section->address;
	/* An empty entry ends what one object file brought, not the section. */
	for (size_t at = 0, begins; at < frames.size_bytes && ranges->items.count < RANGE_LIMIT;) {
		if (!next_entry(&frames, &at, &entry, &begins))
			break;
		add_range(ranges, &frames, entry, begins);
	}
	free(bytes);
	if (ranges->items.count)
		sort_ranges(ranges);
}

struct code_range *ev_code_ranges_find(const struct code_ranges *ranges, uint64_t offset)
{
	size_t low = 0, high = ranges->items.count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (ranges->items.items[middle].start <= offset)
			low = middle + 1;
		else
			high = middle;
	}
	struct code_range *found = low ? &ranges->items.items[low - 1] : NULL;
	return found && offset < found->end ? found : NULL;
}

void ev_code_ranges_done(struct code_ranges *ranges)
{
	ev_array_done(&ranges->items);
}
