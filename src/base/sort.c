/* Numbered keys -> the same in rising order, a byte of the key at a time: for the long lists of
 * addresses and weights that a comparison at a time takes long over. */
#include <stdlib.h>
#include <string.h>
#include <evprof/base.h>

enum { FEW = 48, DIGITS = 256 };

static void insert(struct ev_keyed *items, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		struct ev_keyed item = items[i];
		size_t at = i;
		for (; at && items[at - 1].key > item.key; at--)
			items[at] = items[at - 1];
		items[at] = item;
	}
}

/* From one array to the other, by one byte of the key. */
static void pass(const struct ev_keyed *from, struct ev_keyed *to, size_t count, unsigned shift)
{
	size_t starts[DIGITS] = { 0 }, next = 0;
	for (size_t i = 0; i < count; i++)
		starts[from[i].key >> shift & (DIGITS - 1)]++;
	for (size_t digit = 0; digit < DIGITS; digit++) {
		size_t size = starts[digit];
		starts[digit] = next;
		next += size;
	}
	for (size_t i = 0; i < count; i++)
		to[starts[from[i].key >> shift & (DIGITS - 1)]++] = from[i];
}

void ev_sort_keyed(struct ev_keyed *items, size_t count)
{
	uint64_t all = ~0ULL, any = 0;
	bool sorted = true;
	for (size_t i = 0; i < count; i++) {
		all &= items[i].key;
		any |= items[i].key;
		sorted = sorted && (!i || items[i - 1].key <= items[i].key);
	}
	if (sorted)
		return;
	if (count < FEW) {
		insert(items, count);
		return;
	}
	struct ev_keyed *from = items, *to = ev_realloc(NULL, count * sizeof(*to)), *spare = to;
	for (unsigned shift = 0; shift < 64; shift += 8) {
		/* A byte that all have alike orders nothing. */
		if (!((all ^ any) >> shift & (DIGITS - 1)))
			continue;
		pass(from, to, count, shift);
		struct ev_keyed *was = from;
		from = to;
		to = was;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(*items));
	free(spare);
}

void ev_order_items(void *items, size_t item_bytes, struct ev_keyed *order, size_t count)
{
	uint8_t *bytes = items, *first = ev_realloc(NULL, item_bytes);
	/* Round after round of items that change places. */
	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = i, from;
		if (order[i].id == i)
			continue;
		memcpy(first, bytes + i * item_bytes, item_bytes);
		for (; (from = order[at].id) != i; at = from) {
			memcpy(bytes + at * item_bytes, bytes + from * item_bytes, item_bytes);
			order[at].id = at;
		}
		memcpy(bytes + at * item_bytes, first, item_bytes);
		order[at].id = at;
	}
	free(first);
}
