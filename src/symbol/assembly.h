/* Bytes become instructions, whatever the processor, as far as capstone knows it. */
#ifndef SYMBOL_ASSEMBLY_H
#define SYMBOL_ASSEMBLY_H

#include <evprof/symbol.h>

struct machine_code {
	uint16_t machine; /* EM_… */
	bool swap, wide;  /* other byte order than this machine's; 64-bit */
	const uint8_t *bytes;
	size_t size_bytes;
	uint64_t address; /* of the first byte */
};
/* Append what the bytes are; those that are no instruction become ".byte …". Offsets are left to
 * the caller; target_offset holds an address. -ENOTSUP with a sentence. */
int ev_assembly_decode(const struct machine_code *code, enum ev_assembly_style style,
		       struct ev_assembly *out, struct ev_err *err);

#endif
