/* LZMA, the packing inside of xz: one decoder whose state goes on from chunk to chunk. */
#ifndef SYMBOL_LZMA_H
#define SYMBOL_LZMA_H

#include <evprof/base.h>

#define LZMA_STATES 12
#define LZMA_POSITIONS 16

struct lzma_lengths {
	uint16_t choice, choice2;
	uint16_t low[LZMA_POSITIONS][8], middle[LZMA_POSITIONS][8], high[256];
};
struct lzma {
	unsigned literal_context, literal_position, position_bits; /* lc, lp, pb */
	unsigned state;
	uint32_t last[4]; /* distances used last, minus one */
	uint32_t range, code;
	struct ev_cursor in;
	uint16_t is_match[LZMA_STATES][LZMA_POSITIONS], is_rep[LZMA_STATES], is_rep0[LZMA_STATES],
		is_rep1[LZMA_STATES], is_rep2[LZMA_STATES];
	uint16_t is_rep0_long[LZMA_STATES][LZMA_POSITIONS];
	uint16_t slot[4][64], special[115], align[16];
	struct lzma_lengths match_lengths, rep_lengths;
	uint16_t literal[16 * 0x300];
};

/* Start anew, with the properties as they stand. */
void ev_lzma_reset(struct lzma *lzma);
/* lc, lp, pb out of the byte that holds them; false when it can't be. */
bool ev_lzma_properties(struct lzma *lzma, uint8_t byte);
/* Append `size_bytes` unpacked bytes; `from` is where in `out` the dictionary begins. */
int ev_lzma_decode(struct lzma *lzma, struct ev_cursor in, size_t size_bytes, struct ev_buffer *out,
		   size_t from);

#endif
