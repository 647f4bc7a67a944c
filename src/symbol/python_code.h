/* One code object out of the memory of a Python interpreter. */
#ifndef SYMBOL_PYTHON_CODE_H
#define SYMBOL_PYTHON_CODE_H

#include "python_layout.h"

struct python_code_reader {
	const struct python_layout *layout;
	const struct ev_python_memory *memory;
	uint64_t code_type; /* 0: not known, and anything is taken for one */
	struct ev_arena *arena;
	uint64_t kept_bytes, limit_bytes; /* in the arena, about */
};
/* 0; -EFAULT: the memory can't be read, -EINVAL: no code object is there. Names and lines live as
 * long as the arena. */
int ev_python_code_read(struct python_code_reader *reader, uint64_t address,
			struct ev_python_code *code);

#endif
