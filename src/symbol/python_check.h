/* The content of a code object -> a number by which it is known again, as bpf/python_code.bpf.h
 * computes it of the same memory. */
#ifndef SYMBOL_PYTHON_CHECK_H
#define SYMBOL_PYTHON_CHECK_H

#include "python_layout.h"

enum python_part { PYTHON_PART_SELF = 1, PYTHON_PART_NAME, PYTHON_PART_FILE, PYTHON_PART_LINES };

/* What stands in the code object itself: `bytes` are at least those that the layout names. */
uint64_t ev_python_check_self(const struct python_layout *layout, const uint8_t *bytes);
/* Of a string with so many characters of `kind` bytes each; of those `size_bytes` are there. */
uint64_t ev_python_check_text(enum python_part part, uint64_t length, unsigned kind, bool ascii,
			      const uint8_t *bytes, size_t size_bytes);
/* Of a line table. */
uint64_t ev_python_check_lines(uint64_t length, const uint8_t *bytes, size_t size_bytes);
uint32_t ev_python_check_fold(uint64_t hash);

#endif
