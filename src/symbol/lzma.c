/* LZMA's range coder and its model of literals and matches become bytes. The format is that of the
 * LZMA specification by I. Pavlov. */
#include <errno.h>
#include "lzma.h"

#define HALF 1024 /* a probability of one half, of 2048 */
#define SHIFT 5

static void set_all(uint16_t *probabilities, size_t count)
{
	for (size_t i = 0; i < count; i++)
		probabilities[i] = HALF;
}

#define SET_ALL(array) set_all((uint16_t *)(array), sizeof(array) / sizeof(uint16_t))

static void reset_lengths(struct lzma_lengths *lengths)
{
	lengths->choice = lengths->choice2 = HALF;
	SET_ALL(lengths->low);
	SET_ALL(lengths->middle);
	SET_ALL(lengths->high);
}

void ev_lzma_reset(struct lzma *lzma)
{
	lzma->state = 0;
	for (unsigned i = 0; i < 4; i++)
		lzma->last[i] = 0;
	SET_ALL(lzma->is_match);
	SET_ALL(lzma->is_rep);
	SET_ALL(lzma->is_rep0);
	SET_ALL(lzma->is_rep1);
	SET_ALL(lzma->is_rep2);
	SET_ALL(lzma->is_rep0_long);
	SET_ALL(lzma->slot);
	SET_ALL(lzma->special);
	SET_ALL(lzma->align);
	SET_ALL(lzma->literal);
	reset_lengths(&lzma->match_lengths);
	reset_lengths(&lzma->rep_lengths);
}

bool ev_lzma_properties(struct lzma *lzma, uint8_t byte)
{
	lzma->literal_context = byte % 9;
	lzma->literal_position = byte / 9 % 5;
	lzma->position_bits = byte / 45;
	return lzma->position_bits <= 4 && lzma->literal_context + lzma->literal_position <= 4;
}

/* ---- range coder ------------------------------------------------------------------------------
 */

static void normalize(struct lzma *lzma)
{
	if (lzma->range >> 24)
		return;
	lzma->range <<= 8;
	lzma->code = lzma->code << 8 | ev_cursor_u8(&lzma->in);
}

static unsigned bit(struct lzma *lzma, uint16_t *probability)
{
	normalize(lzma);
	uint32_t bound = (lzma->range >> 11) * *probability;
	if (lzma->code < bound) {
		lzma->range = bound;
		*probability += (2048 - *probability) >> SHIFT;
		return 0;
	}
	lzma->range -= bound;
	lzma->code -= bound;
	*probability -= *probability >> SHIFT;
	return 1;
}

static uint32_t direct_bits(struct lzma *lzma, unsigned count)
{
	uint32_t value = 0;
	for (; count; count--) {
		normalize(lzma);
		lzma->range >>= 1;
		unsigned one = lzma->code >= lzma->range;
		if (one)
			lzma->code -= lzma->range;
		value = value << 1 | one;
	}
	return value;
}

static uint32_t tree(struct lzma *lzma, uint16_t *probabilities, unsigned bits)
{
	uint32_t node = 1;
	for (unsigned i = 0; i < bits; i++)
		node = node << 1 | bit(lzma, &probabilities[node]);
	return node - (1u << bits);
}

static uint32_t reverse_tree(struct lzma *lzma, uint16_t *probabilities, unsigned bits)
{
	uint32_t node = 1, value = 0;
	for (unsigned i = 0; i < bits; i++) {
		unsigned one = bit(lzma, &probabilities[node]);
		node = node << 1 | one;
		value |= one << i;
	}
	return value;
}

/* ---- literals and matches ---------------------------------------------------------------------
 */

static uint32_t length_of(struct lzma *lzma, struct lzma_lengths *lengths, unsigned position)
{
	if (!bit(lzma, &lengths->choice))
		return 2 + tree(lzma, lengths->low[position], 3);
	if (!bit(lzma, &lengths->choice2))
		return 10 + tree(lzma, lengths->middle[position], 3);
	return 18 + tree(lzma, lengths->high, 8);
}

static uint32_t distance_of(struct lzma *lzma, uint32_t length)
{
	unsigned kind = length < 6 ? length - 2 : 3;
	uint32_t slot = tree(lzma, lzma->slot[kind], 6);
	if (slot < 4)
		return slot;
	unsigned bits = (slot >> 1) - 1;
	uint32_t distance = (2 | (slot & 1)) << bits;
	if (slot < 14) /* special[0] is used by nobody: the tree's nodes count from 1 */
		return distance + reverse_tree(lzma, &lzma->special[distance - slot], bits);
	distance += direct_bits(lzma, bits - 4) << 4;
	return distance + reverse_tree(lzma, lzma->align, 4);
}

static void literal(struct lzma *lzma, struct ev_buffer *out, size_t from)
{
	size_t position = out->size_bytes - from;
	unsigned before = position ? out->bytes[out->size_bytes - 1] : 0;
	unsigned context = (unsigned)(position & ((1u << lzma->literal_position) - 1))
				   << lzma->literal_context |
			   before >> (8 - lzma->literal_context);
	uint16_t *probabilities = &lzma->literal[context * 0x300];
	unsigned node = 1;
	if (lzma->state >= 7 && lzma->last[0] < position) {
		/* Just after a match, the byte that would have gone on with it is a hint. */
		unsigned hint = out->bytes[out->size_bytes - lzma->last[0] - 1];
		while (node < 0x100) {
			unsigned expected = hint >> 7 & 1;
			hint <<= 1;
			unsigned one = bit(lzma, &probabilities[(1 + expected) << 8 | node]);
			node = node << 1 | one;
			if (one != expected)
				break;
		}
	}
	while (node < 0x100)
		node = node << 1 | bit(lzma, &probabilities[node]);
	ev_buffer_u8(out, (uint8_t)node);
	lzma->state = lzma->state < 4 ? 0 : lzma->state < 10 ? lzma->state - 3 : lzma->state - 6;
}

/* One of the last four distances, and how long; it becomes the first of them. */
static uint32_t repeated(struct lzma *lzma, unsigned position)
{
	unsigned state = lzma->state, which = 0;
	if (!bit(lzma, &lzma->is_rep0[state])) {
		if (!bit(lzma, &lzma->is_rep0_long[state][position])) {
			lzma->state = state < 7 ? 9 : 11;
			return 1;
		}
	} else {
		which = !bit(lzma, &lzma->is_rep1[state])   ? 1
			: !bit(lzma, &lzma->is_rep2[state]) ? 2
							    : 3;
		uint32_t distance = lzma->last[which];
		for (; which; which--)
			lzma->last[which] = lzma->last[which - 1];
		lzma->last[0] = distance;
	}
	lzma->state = state < 7 ? 8 : 11;
	return length_of(lzma, &lzma->rep_lengths, position);
}

static uint32_t match(struct lzma *lzma, unsigned position)
{
	uint32_t length = length_of(lzma, &lzma->match_lengths, position);
	for (unsigned i = 3; i; i--)
		lzma->last[i] = lzma->last[i - 1];
	lzma->last[0] = distance_of(lzma, length);
	lzma->state = lzma->state < 7 ? 7 : 10;
	return length;
}

int ev_lzma_decode(struct lzma *lzma, struct ev_cursor in, size_t size_bytes, struct ev_buffer *out,
		   size_t from)
{
	lzma->in = in;
	lzma->range = UINT32_MAX;
	lzma->code = 0;
	ev_cursor_skip(&lzma->in, 1);
	for (unsigned i = 0; i < 4; i++)
		lzma->code = lzma->code << 8 | ev_cursor_u8(&lzma->in);
	size_t end = out->size_bytes + size_bytes;
	while (out->size_bytes < end && !lzma->in.bad) {
		unsigned position =
			(unsigned)(out->size_bytes - from) & ((1u << lzma->position_bits) - 1);
		if (!bit(lzma, &lzma->is_match[lzma->state][position])) {
			literal(lzma, out, from);
			continue;
		}
		uint32_t length = bit(lzma, &lzma->is_rep[lzma->state]) ? repeated(lzma, position)
									: match(lzma, position);
		if (lzma->last[0] >= out->size_bytes - from || length > end - out->size_bytes)
			return -EINVAL;
		for (; length; length--)
			ev_buffer_u8(out, out->bytes[out->size_bytes - lzma->last[0] - 1]);
	}
	return lzma->in.bad ? -EINVAL : 0;
}
