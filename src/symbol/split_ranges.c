/* Range lists that count from the base address of their unit, which only the unit in the program
 * knows, become lists that need none: in DWARF 5 each begins with the base, before that each
 * address is made absolute. */
#include <string.h>
#include "frame_section.h"
#include "split_ranges.h"

enum { /* entries of a list: DWARF 5, 7.25 */
       LIST_END,
       LIST_BASE_INDEX,
       LIST_START_INDEX_END_INDEX,
       LIST_START_INDEX_LENGTH,
       LIST_OFFSET_PAIR,
       LIST_BASE,
       LIST_START_END,
       LIST_START_LENGTH,
};
enum { HEAD_BYTES = 12 };
#define LISTS_LIMIT ((size_t)64 << 20)

static void add_address(struct ev_buffer *out, const struct split_base *base, uint64_t address)
{
	if (base->wide)
		ev_buffer_u64(out, base->swap ? ev_swap64(address) : address);
	else
		ev_buffer_u32(out, base->swap ? ev_swap32((uint32_t)address) : (uint32_t)address);
}

static void set_word(uint8_t *at, const struct split_base *base, uint32_t value)
{
	value = base->swap ? ev_swap32(value) : value;
	memcpy(at, &value, sizeof(value));
}

/* Past the list that begins here. */
static void skip_list(struct ev_cursor *at, size_t address_bytes)
{
	while (!at->bad) {
		switch (ev_cursor_u8(at)) {
		case LIST_END:
			return;
		case LIST_BASE_INDEX:
			ev_leb(at);
			break;
		case LIST_START_INDEX_END_INDEX:
		case LIST_START_INDEX_LENGTH:
		case LIST_OFFSET_PAIR:
			ev_leb(at);
			ev_leb(at);
			break;
		case LIST_BASE:
			ev_cursor_skip(at, address_bytes);
			break;
		case LIST_START_END:
			ev_cursor_skip(at, 2 * address_bytes);
			break;
		case LIST_START_LENGTH:
			ev_cursor_skip(at, address_bytes);
			ev_leb(at);
			break;
		default:
			at->bad = true;
		}
	}
}

/* The lists that the table in the head points at, each behind its base. */
static bool move_lists(struct span lists, const struct split_base *base, uint32_t count,
		       struct ev_buffer *out)
{
	size_t limit = lists.size_bytes * SPLIT_RANGES_GROWTH;
	struct ev_cursor table = ev_cursor_of(lists.bytes, lists.size_bytes, base->swap);
	struct ev_cursor body;
	ev_cursor_skip(&table, HEAD_BYTES);
	body = table;
	for (uint32_t i = 0; i < count; i++) {
		struct ev_cursor list = body;
		ev_cursor_skip(&list, ev_cursor_u32(&table));
		struct ev_cursor end = list;
		skip_list(&end, base->wide ? 8 : 4);
		if (end.bad || out->size_bytes > limit)
			return false;
		set_word(out->bytes + HEAD_BYTES + (size_t)i * 4, base,
			 (uint32_t)(out->size_bytes - HEAD_BYTES));
		ev_buffer_u8(out, LIST_BASE);
		add_address(out, base, base->address);
		ev_buffer_add(out, list.at, (size_t)(end.at - list.at));
	}
	set_word(out->bytes, base, (uint32_t)(out->size_bytes - 4));
	return true;
}

bool ev_split_rnglists_move(struct span lists, const struct split_base *base, struct ev_buffer *out)
{
	struct ev_cursor at = ev_cursor_of(lists.bytes, lists.size_bytes, base->swap);
	uint32_t length = ev_cursor_u32(&at);
	uint16_t version = ev_cursor_u16(&at);
	uint8_t address_bytes = ev_cursor_u8(&at);
	uint8_t segment_bytes = ev_cursor_u8(&at);
	uint32_t count = ev_cursor_u32(&at);
	*out = (struct ev_buffer){ 0 };
	if (at.bad || length == UINT32_MAX || version != 5 || segment_bytes ||
	    address_bytes != (base->wide ? 8 : 4) || count > ev_cursor_left(&at) / 4 ||
	    lists.size_bytes > LISTS_LIMIT)
		return false;
	ev_buffer_add(out, lists.bytes, HEAD_BYTES + (size_t)count * 4);
	if (move_lists(lists, base, count, out))
		return true;
	ev_buffer_done(out);
	return false;
}

void ev_split_ranges_move(struct span lists, const struct split_base *base, struct ev_buffer *out)
{
	struct ev_cursor at = ev_cursor_of(lists.bytes, lists.size_bytes, base->swap);
	size_t address_bytes = base->wide ? 8 : 4;
	uint64_t selects = base->wide ? UINT64_MAX : UINT32_MAX;
	uint64_t added = base->address;
	*out = (struct ev_buffer){ 0 };
	if (lists.size_bytes > LISTS_LIMIT)
		return;
	while (ev_cursor_left(&at) >= 2 * address_bytes) {
		uint64_t low = base->wide ? ev_cursor_u64(&at) : ev_cursor_u32(&at);
		uint64_t high = base->wide ? ev_cursor_u64(&at) : ev_cursor_u32(&at);
		bool end = !low && !high;
		if (low == selects) /* of another base, until the end of the list */
			added = 0;
		else if (end)
			added = base->address;
		bool moved = !end && low != selects;
		add_address(out, base, moved ? low + added : low);
		add_address(out, base, moved ? high + added : high);
	}
}
