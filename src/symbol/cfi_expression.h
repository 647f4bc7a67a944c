/* The few expressions that compilers, linkers and the C library write into unwind tables. */
#ifndef SYMBOL_CFI_EXPRESSION_H
#define SYMBOL_CFI_EXPRESSION_H

#include "cfi_program.h"

/* A register + offset; what is stored there, plus `beyond`, when it is indirect. For a stub of the
 * procedure linkage table `offset` is the byte of each entry behind its push. */
struct cfi_expression {
	uint64_t number;
	int64_t offset, beyond;
	bool indirect, plt;
};
/* False for one that is none of them. */
bool ev_cfi_expression_read(struct ev_cursor bytes, const struct cfi_machine *machine,
			    struct cfi_expression *expression);

#endif
