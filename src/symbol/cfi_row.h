/* Rules as rows of eight bytes, and back. */
#ifndef SYMBOL_CFI_ROW_H
#define SYMBOL_CFI_ROW_H

#include "cfi_program.h"

struct cfi_rows {
	EV_ARRAY(struct ev_cfi_row) rows;
	EV_ARRAY(struct ev_cfi_rule) others;
};

/* A new last row, unless the one before says the same and is not earlier than `from` in the list.
 */
void ev_cfi_rows_add(struct cfi_rows *rows, const struct cfi_machine *machine, uint32_t offset,
		     const struct ev_cfi_rule *rule, size_t from);
struct ev_cfi_rule ev_cfi_row_rule(const struct cfi_rows *rows, const struct cfi_machine *machine,
				   const struct ev_cfi_row *row);
/* [from, to), as far as no row begins in it, is where threads begin: if nothing is known of it, or
 * `whatever` is. */
void ev_cfi_rows_begin(struct ev_cfi_rows *rows, uint32_t from, uint32_t to, bool whatever);
void ev_cfi_rows_free(struct cfi_rows *rows);

#endif
